"""What a worker costs that has nothing to do."""

import time

from figures import Case
from processes import Void, cpu_seconds, peak_kib

PARTITIONS = 48


def run(rig, _options):
    settle, seconds = rig.size(5, 2), rig.size(30, 4)
    case = Case(f"idle, {PARTITIONS} partitions assigned", "% of one core", "cpu_percent")
    topic = rig.empty(partitions=PARTITIONS)

    def measured(process, is_up, watch=None):
        watcher = None
        try:
            is_up(process)
            watcher = watch() if watch else None
            time.sleep(settle)
            if watcher:
                watcher.wait_for_line("root_supervisor")
            before = cpu_seconds(process.pid)
            time.sleep(seconds)
            if process.child.poll() is not None:
                raise Void(f"{process.what()} ended:\n{process.tail()}")
            cpu_s = cpu_seconds(process.pid) - before
            return {"cpu_percent": 100 * cpu_s / seconds, "cpu_s": cpu_s,
                    "rss_kib": peak_kib(process.pid)}
        finally:
            process.kill()
            if watcher:
                watcher.kill()

    def is_assigned(process):
        process.wait_for_line("assigned")

    def watched():
        worker, watch = rig.watched_worker(topic)
        return measured(worker, is_assigned, watch)

    rig.rotate(case, {
        "worker": lambda: measured(rig.product_worker(topic), is_assigned),
        "worker, inspect watch beside it": watched,
        "bare loop": lambda: measured(rig.start("bare_drain", topic, records=0), lambda _: None)})
    case.measure("CPU of one core, %, worker", case.values("worker", "cpu_percent"), most=1)
    case.measure("CPU of one core, %, that inspect watch costs the worker",
                 [with_it - without for with_it, without in
                  zip(case.values("worker, inspect watch beside it", "cpu_percent"),
                      case.values("worker", "cpu_percent"))], most=1)
    case.notes.append(f"over {seconds} s, {settle} s after the start")
    yield case
    rig.drop(topic)
