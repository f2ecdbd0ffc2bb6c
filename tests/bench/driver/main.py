"""scripts/bench: see there."""

import argparse
import importlib
import pathlib
import signal
import sys

import plot
import report
from processes import Void
from rig import ROOT, Rig

ROWS = ["drain", "forward", "wait", "latency", "idle", "scale", "produce", "memory", "start",
        "micro"]


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", add_help=False)
    parser.add_argument("what", choices=[*ROWS, "all", "document"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--journal", action="store_true")
    parser.add_argument("--bootstrap")
    parser.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--out", default=str(ROOT / "build/bench"))
    options = parser.parse_args()
    if options.rounds < 1 or options.records < 0:
        parser.error("--rounds and --records are numbers above 0")
    return options


def measure(rig, row, options, out):
    """One row: its table now, its JSON and plots beside it."""
    about = report.machine(rig)
    cases = []
    for case in importlib.import_module(f"rows.{row}").run(rig, options):
        report.print_case(case)
        sys.stdout.flush()
        cases.append(case)
    report.write_row(out, row, about, cases)
    for name, svg in plot.plots_of(row, cases).items():
        (out / f"{name}.svg").write_text(svg)


def write_document(out):
    measured = list(report.read_rows(out, ROWS))
    if not measured:
        raise SystemExit(f"scripts/bench: nothing is measured in {out}")
    quick = [row for row, about, _ in measured if about["quick"]]
    if quick:
        raise SystemExit(f"scripts/bench: {', '.join(quick)} in {out}: figures of --quick")
    plots = {}
    for row, _, cases in measured:
        plots.update(plot.plots_of(row, cases))
    report.write_document(measured, plots)


def main():
    options = parse_arguments()
    for end in (signal.SIGTERM, signal.SIGHUP):
        # As an exception, so that brokers and programs end with it.
        signal.signal(end, lambda number, _: sys.exit(128 + number))
    out = pathlib.Path(options.out).resolve()
    if options.what == "document":
        write_document(out)
        return 0
    with Rig(options.bin, options.bootstrap, options.quick, options.rounds) as rig:
        print(report.machine_line(report.machine(rig)))
        if options.quick:
            print("--quick: small runs that show that it works; their figures say nothing")
        void = []
        for row in ROWS if options.what == "all" else [options.what]:
            try:
                measure(rig, row, options, out)
            except Void as problem:
                void.append(row)
                print(f"\n{row}: VOID: {problem}")
    print(f"\nJSON and plots: {out}")
    if options.what == "all" and not options.quick and not void:
        write_document(out)
        print("docs/performance.md has the figures")
    return 1 if void else 0


if __name__ == "__main__":
    sys.exit(main())
