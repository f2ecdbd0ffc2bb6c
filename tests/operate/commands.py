"""Every command of streamer that a page for operators tells to run, against the binary.

commands.py ROOT BINARY: BINARY is a built streamer.
"""

import functools
import pathlib
import re
import subprocess
import sys

from report import check, finish

root = pathlib.Path(sys.argv[1])
binary = sys.argv[2]
pages = ["docs/runbook.md", "docs/scaling.md", "docs/crashes.md", "docs/security.md", "README.md"]


@functools.cache
def help_of(*words):
    ran = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, timeout=30,
                         check=False)
    return ran.stdout if ran.returncode == 0 else ""


def subcommands(*words):
    """The list of commands below this one; empty where there are none."""
    return help_of(*words).partition("Subcommands:")[2].partition("\n\n")[0]


def problems_of(line):
    """What is wrong with one command line of streamer, comment and placeholders included."""
    words = re.sub(r"\s+#.*", "", line).split()[1:]
    command = []
    while words and re.search(rf"(?m)^  {re.escape(words[0])} ", subcommands(*command)):
        command.append(words.pop(0))
    if words and subcommands(*command) and not words[0].startswith("-"):
        return [f"{line}: no command {words[0]}"]
    known = help_of(*command) + help_of()
    if "--load-test" in words:  # the older spelling of a command
        known += help_of("ingest", "load-test")
    return [f"{line}: no flag {word}" for word in words
            if word.startswith("--") and not re.search(re.escape(word) + r"\b", known)]


for broken in ("streamer process explane", "streamer dlq ls --reasons x", "streamer healthy"):
    check(f"{broken!r} would be found", [] if problems_of(broken) else ["it was not"])
for page in pages:
    text = (root / page).read_text()
    blocks = "\n".join(re.findall(r"(?ms)^```\n(.*?)^```", text))
    lines = re.findall(r"(?m)^(streamer [a-z-]+(?: .*)?)$", blocks)
    lines += [line for line in re.findall(r"`(streamer [a-z-][^`]*)`", text)
              if "…" not in line and "COMMAND" not in line]
    check(f"{page}: {len(lines)} commands", [p for line in lines for p in problems_of(line)])
finish()
