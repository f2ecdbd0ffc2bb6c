"""How long a worker takes to its first record, and to its end in the middle of work."""

import re
import time
import urllib.request

from figures import Case
from processes import Void

IN_FLIGHT = 10_000
# A window of just as many is never quite full: what has ended is on its way back.
ROOM = {"consumer__max_in_flight": 12_000}


def run(rig, _options):
    yield first_record(rig)
    yield orderly_stop(rig)


def first_record(rig):
    case = Case("start to first record", "s", "first_s")
    topic = rig.filled("a few records", records=10_000)

    def worker():
        process = rig.product_worker(topic)
        try:
            # The log handler that is there by default says so of the first record.
            arrived = process.wait_for_line("a record was processed")
        finally:
            process.terminate()
        figures = dict(process.wait())
        return {**figures, "first_s": (arrived - process.started_ns) / 1e9}

    def bare():
        process = rig.start("bare_drain", topic, records=topic.records)
        figures = dict(process.wait())
        rig.check("bare_drain", topic, figures)
        figures.pop("rate")
        return {**figures, "first_s": (figures["first_ns"] - process.started_ns) / 1e9}

    rig.rotate(case, {"worker": worker, "bare loop": bare})
    case.ratio("seconds, worker ÷ bare", "first_s", "worker", "bare loop", most=1.5)
    rig.drop(topic)
    return case


def in_flight(address):
    """Records in flight, as the worker's metrics tell it."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.search(r"^streamer_in_flight_records (\S+)", text, re.MULTILINE)
    return float(found.group(1)) if found else 0


def orderly_stop(rig):
    case = Case(f"SIGTERM to exit, {IN_FLIGHT:,} in flight at 1 ms", "s", "stop_s")
    topic = rig.filled("1000 uniform keys", records=rig.size(1_500_000, 400_000), keys=1_000,
                       skew=0)

    def worker():
        port = 20_000 + time.monotonic_ns() % 10_000
        address = f"127.0.0.1:{port}"
        process = rig.start("worker", topic, do="serve", handler="wait", wait_us=1_000,
                            observability__metrics_addr=address, **ROOM)
        try:
            process.wait_for_line("first_ns=")
            for _ in range(200):
                seen = in_flight(address)
                if seen >= IN_FLIGHT:
                    break
            else:
                raise Void(f"only {seen:.0f} records were in flight at the signal")
            asked = time.monotonic_ns()
            process.terminate()
            figures = dict(process.wait())
        finally:
            process.kill()
        return {"stop_s": (process.ended_ns - asked) / 1e9, "in_flight": seen,
                "cpu_s": figures["cpu_s"], "rss_kib": figures["rss_kib"]}

    rig.rotate(case, {"worker": worker})
    case.measure("seconds", case.values("worker", "stop_s"), most=1)
    rig.drop(topic)
    return case
