"""The product's producer: as fast as it goes, and at a rate against three brokers."""

import itertools
import json

from figures import Case
from processes import Void

RATE = 20_000
COUNT = itertools.count(1)


def load_test(rig, topic, rate, seconds, brokers=1):
    """`ingest load-test` with its defaults; every event has to be in the topic afterwards."""
    report = rig.scratch / f"load-{next(COUNT)}.json"
    process = rig.product(topic, "ingest", "load-test", "--rate", rate, "--duration", seconds,
                          "--report", report, brokers=brokers)
    figures = dict(process.wait())
    told = json.loads(report.read_text())
    acknowledged = told["acknowledged"]
    if acknowledged != told["sent"] or rig.count(topic) != acknowledged:
        raise Void(f"{told['sent']} sent, {acknowledged} acknowledged, {rig.count(topic)} there")
    return {"rate": acknowledged / told["seconds"], "records": acknowledged,
            "seconds": told["seconds"], "cpu_s": figures["cpu_s"], "rss_kib": figures["rss_kib"],
            "cpu_us": 1e6 * figures["cpu_s"] / acknowledged,
            "cpu_percent": 100 * figures["cpu_s"] / told["seconds"]}


def bare(rig, topic, rate, seconds, brokers=1, **given):
    """A plain producer with the same records."""
    figures = dict(rig.start("bare_produce", topic, brokers, rate=rate, seconds=seconds,
                             values="text", **given).wait())
    if rig.count(topic) != figures["acknowledged"]:
        raise Void(f"{figures['acknowledged']} acknowledged, {rig.count(topic)} there")
    if rate == 0:
        figures["rate"] = figures["in_time_rate"]
    # The records are made before the first one is sent.
    figures["cpu_s"] = figures["run_cpu_s"]
    return {**figures, "cpu_us": 1e6 * figures["cpu_s"] / figures["records"],
            "cpu_percent": 100 * figures["cpu_s"] / figures["seconds"]}


def on_new_topic(rig, run, rate, seconds, brokers=1, **given):
    topic = rig.empty(brokers)
    figures = run(rig, topic, rate, seconds, brokers, **given)
    rig.drop(topic)
    return figures


def run(rig, _options):
    seconds = rig.size(10, 2)
    case = Case("ingest load-test --rate 0, 200 bytes, lz4")
    same = {"compression__codec": "lz4", "linger__ms": 5, "headers": "load"}
    rig.rotate(case, {
        "load-test": lambda: on_new_topic(rig, load_test, 0, seconds),
        "bare loop": lambda: on_new_topic(rig, bare, 0, seconds, **same),
        "bare, tenant's header alone": lambda: on_new_topic(rig, bare, 0, seconds,
                                                            **{**same, "headers": "one"})})
    case.ratio("records/s, load-test ÷ bare", "rate", "load-test", "bare loop", least=0.9)
    case.ratio("CPU a record, load-test ÷ bare", "cpu_us", "load-test", "bare loop")
    case.notes.append("the bare loop sends the same eight headers; all are idempotent, linger 5 ms")
    yield case

    seconds = rig.size(15, 3)
    case = Case(f"produce {RATE:,} msg/s to three brokers, {seconds} s", "% of one core",
                "cpu_percent")
    rig.rotate(case, {
        "load-test": lambda: on_new_topic(rig, load_test, RATE, seconds, 3),
        "bare, linger 1 ms": lambda: on_new_topic(rig, bare, RATE, seconds, 3, linger__ms=1,
                                                  headers="load"),
        "bare, linger 1 ms, one in flight": lambda: on_new_topic(
            rig, bare, RATE, seconds, 3, linger__ms=1, headers="load",
            max__in__flight__requests__per__connection=1)})
    case.measure("CPU of one core, %, load-test", case.values("load-test", "cpu_percent"), most=40)
    case.notes.append("replication factor 3, min.insync.replicas 2, all on this machine")
    yield case
