"""The tables: on the terminal, and in docs/performance.md between its markers."""

import json
import os
import platform
import re
import subprocess
import time

from figures import Case, spread
from rig import ROOT

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def machine(rig):
    """What the figures are of."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        cpu = re.search(r"model name\s*: (.*)", info.read())
    with open("/proc/meminfo", encoding="utf-8") as info:
        memory = int(re.search(r"MemTotal:\s*(\d+)", info.read()).group(1)) // 1024
    versions = (ROOT / "scripts/lib/versions.sh").read_text()

    def version(name):
        return re.search(rf'(?:^{name}_VERSION="?|"{name}\|)([^"|\s]+)', versions,
                         re.MULTILINE).group(1)

    def output(*command):
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, check=False)
        return ended.stdout.strip()

    return {"cores": os.cpu_count(), "cpu": cpu.group(1) if cpu else platform.machine(),
            "memory_mib": memory, "kernel": platform.release(),
            "kafka": version("KAFKA"), "librdkafka": version("librdkafka"), "caf": version("caf"),
            "streamer": output(rig.bin / "streamer", "--version").splitlines()[:1],
            "commit": output("git", "rev-parse", "--short", "HEAD"),
            "changed": bool(output("git", "status", "--porcelain", "--untracked-files=no")),
            "date": time.strftime("%Y-%m-%d"), "quick": rig.quick, "rounds": rig.rounds}


def machine_line(about):
    return (f"{about['cores']} cores ({about['cpu']}), {about['memory_mib'] // 1024} GiB, Linux "
            f"{about['kernel']}; Kafka {about['kafka']} on the same machine, librdkafka "
            f"{about['librdkafka']}, CAF {about['caf']}; commit {about['commit']}"
            f"{' with changes' if about['changed'] else ''}, {about['date']}; medians of "
            f"{about['rounds']} rounds (least–most)")


def figure_rows(case):
    """(who, figure, CPU seconds, peak MiB) of each contender, as text."""
    for who in case.names():
        figures = case.values(who, case.metric)
        memory = [kib / 1024 for kib in case.values(who, "rss_kib")]
        cpu = case.values(who, "cpu_s")
        yield (who, spread(figures) if figures else "–", spread(cpu) if cpu else "–",
               spread(memory) if memory else "–")


def measure_rows(case):
    """(what, median and spread, goal, whether it is reached)."""
    for m in case.measures:
        reached = "" if m["reached"] is None else "yes" if m["reached"] else "NO"
        yield m["what"], spread(m["values"]), m["goal"] or "", reached


def print_case(case):
    print(f"\n{case.name}")
    rows = [("", case.unit, "CPU seconds", "peak memory, MiB"), *figure_rows(case)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    for what, value, goal, reached in measure_rows(case):
        verdict = f", goal {goal}: {'reached' if reached == 'yes' else 'NOT reached'}"
        print(f"  {what}: {value}{verdict if goal else ''}")
    for note in case.notes:
        print(f"  ({note})")


def write_row(out, row, about, cases):
    """`OUT/ROW.json`: every round of it."""
    out.mkdir(parents=True, exist_ok=True)
    data = {"row": row, "machine": about, "cases": [case.json() for case in cases]}
    (out / f"{row}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read_rows(out, rows):
    """What is there of these rows: (row, machine, cases)."""
    for row in rows:
        path = out / f"{row}.json"
        if path.exists():
            data = json.loads(path.read_text())
            yield row, data["machine"], [Case.of(case) for case in data["cases"]]


def markdown(measured, plots):
    machines = {}
    for row, about, _ in measured:
        machines.setdefault(machine_line(about), []).append(row)
    lines = [f"Measured on {line}: {', '.join(rows)}." for line, rows in machines.items()] + [""]
    lines += ["| work | measured | median (least–most) | goal | reached |", "|---|---|---|---|---|"]
    for _, _, cases in measured:
        for case in cases:
            for what, value, goal, reached in measure_rows(case):
                lines.append(f"| {case.name} | {what} | {value} | {goal} | {reached} |")
    lines += ["", "The figures behind them:", "",
              "| work | who | figure | unit | CPU seconds | peak memory, MiB |",
              "|---|---|---|---|---|---|"]
    for _, _, cases in measured:
        for case in cases:
            for who, figure, cpu, memory in figure_rows(case):
                cells = (case.name, who, figure, case.unit, cpu, memory)
                lines.append(f"| {' | '.join(cells)} |")
    notes = [f"- {case.name}: {note}." for _, _, cases in measured for case in cases
             for note in case.notes]
    lines += ["", *notes, ""] if notes else [""]
    lines += [f"![{name}](performance/{name}.svg)" for name in plots]
    return "\n".join(lines)


def write_document(measured, plots):
    """docs/performance.md's figures; the prose around them stays. The plots go beside it."""
    document = ROOT / "docs/performance.md"
    text = document.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document}: the lines '{BEGIN}' and '{END}' are not there")
    folder = document.parent / "performance"
    folder.mkdir(exist_ok=True)
    for name, svg in plots.items():
        (folder / f"{name}.svg").write_text(svg)
    document.write_text(f"{before}{BEGIN}\n{markdown(measured, plots)}\n{END}{after}")
