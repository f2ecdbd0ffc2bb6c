"""Checks that are told as lines, for the scripts of this folder."""

import sys

_failures = 0
_passed = 0


def check(what, problems):
    """One check: `problems` is a list of lines, empty when it holds."""
    global _failures, _passed
    problems = list(problems)
    if problems:
        _failures += 1
        print(f"FAILED: {what}")
        for problem in problems[:20]:
            print(f"    {problem}")
    else:
        _passed += 1
        print(f"ok: {what}")


def finish():
    """Prints the count and ends the program."""
    print(f"{_passed} passed, {_failures} failed")
    sys.exit(1 if _failures else 0)
