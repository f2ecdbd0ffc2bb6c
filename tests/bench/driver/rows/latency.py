"""From the intended send time to the handler at a steady rate, and what a worker costs then."""

from figures import Case

RATE = 20_000


def run(rig, _options):
    seconds, warm_up = rig.size(30, 4), rig.size(5, 1)
    case = Case(f"{RATE:,} msg/s open loop, {seconds} s, linger 1 ms", "ms (P50)", "p50_ms")

    def measured(program, **given):
        topic = rig.empty()
        topic.records = RATE * seconds
        consumer = rig.start(program, topic, records=topic.records, skip=RATE * warm_up, **given)
        try:
            consumer.wait_for_line("ready=1")
            sender = rig.start("bare_produce", topic, rate=RATE, seconds=seconds, linger__ms=1)
            sent = sender.wait()
            figures = dict(consumer.wait())
        finally:
            consumer.kill()
        topic.checksum = sent["checksum"]
        rig.check(program, topic, figures)
        rig.drop(topic)
        for name in ("p50", "p99", "p999", "max"):
            figures[f"{name}_ms"] = figures.pop(f"{name}_us") / 1000
        figures["cpu_s"] = figures["run_cpu_s"]
        figures["cpu_percent"] = 100 * figures["run_cpu_s"] / figures["seconds"]
        figures["mib"] = figures["rss_kib"] / 1024
        figures["late_max_ms"] = sent["late_max_us"] / 1000
        del figures["rate"]
        return figures

    rig.rotate(case, {"worker": lambda: measured("worker", handler="latency"),
                      "bare loop": lambda: measured("bare_latency")})
    for name, metric, most in [("P50", "p50_ms", 1.3), ("P99", "p99_ms", 1.5),
                               ("P99.9", "p999_ms", 2)]:
        for who in ("worker", "bare loop"):
            case.measure(f"{name}, ms, {who}", case.values(who, metric))
        case.ratio(f"{name}, worker ÷ bare", metric, "worker", "bare loop", most=most)
    case.measure("CPU of one core, %, worker", case.values("worker", "cpu_percent"))
    case.ratio("CPU, worker ÷ bare", "cpu_percent", "worker", "bare loop", most=1.5)
    case.measure("peak memory, MiB, worker", case.values("worker", "mib"), most=48)
    case.notes.append(f"CPU time and latencies without the first {warm_up} s; producer, broker and "
                      "consumer share the machine")
    yield case
