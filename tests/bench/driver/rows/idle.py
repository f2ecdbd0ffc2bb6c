"""What a worker costs that has nothing to do."""

import time

from figures import Case
from processes import Void, cpu_seconds, peak_kib

PARTITIONS = 48


def run(rig, _options):
    settle, seconds = rig.size(10, 2), rig.size(60, 4)
    case = Case(f"idle, {PARTITIONS} partitions assigned", "% of one core", "cpu_percent")
    topic = rig.empty(partitions=PARTITIONS)

    def measured(process, is_up):
        try:
            is_up(process)
            time.sleep(settle)
            before = cpu_seconds(process.pid)
            time.sleep(seconds)
            if process.child.poll() is not None:
                raise Void(f"{process.what()} ended:\n{process.tail()}")
            cpu_s = cpu_seconds(process.pid) - before
            return {"cpu_percent": 100 * cpu_s / seconds, "cpu_s": cpu_s,
                    "rss_kib": peak_kib(process.pid)}
        finally:
            process.kill()

    rig.rotate(case, {
        "worker": lambda: measured(rig.product_worker(topic),
                                   lambda process: process.wait_for_line("assigned")),
        "bare loop": lambda: measured(rig.start("bare_drain", topic, records=0), lambda _: None)})
    case.measure("CPU of one core, %, worker", case.values("worker", "cpu_percent"), most=1)
    case.notes.append(f"over {seconds} s, {settle} s after the start")
    yield case
    rig.drop(topic)
