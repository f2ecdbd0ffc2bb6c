"""A backlog that is larger than the memory, and what the bound on memory costs."""

from figures import Case

UNBOUND = {"consumer__memory_budget_mib": 4_096}


def run(rig, options):
    fetch = rig.fetch_settings()
    mib = rig.size(2_048, 128)
    # As large as a batch gets that a broker takes by default: 8 MB become 0.8 MB.
    topic = rig.filled(f"{mib} MiB, values to 1 MB, 10 : 1", mib=mib, values="mixed",
                       skew=0, partitions=40, compression__codec="lz4", batch__size=8_000_000,
                       message__max__bytes=9_000_000)
    case = Case(f"backlog of {mib} MiB, 40 partitions, values to 1 MB, 10 : 1, handler of 50 ms")
    slow = {"handler": "wait", "wait_us": 50_000}
    rig.rotate(case, {
        "worker": lambda: with_mib(rig.drain("worker", topic, **slow)),
        "worker, budget 4096 MiB": lambda: with_mib(rig.drain("worker", topic, **slow, **UNBOUND)),
        "bare loop, no wait": lambda: with_mib(rig.drain("bare_drain", topic, **fetch))})
    case.measure("peak memory, MiB, worker", case.values("worker", "mib"), most=300)
    yield case
    rig.drop(topic)

    topic = rig.filled("200 bytes", records=options.records or rig.size(2_000_000, 50_000))
    case = Case("what fits: drain of 200-byte records, bound and unbound")
    rig.rotate(case, {
        "worker": lambda: rig.drain("worker", topic, handler="checksum"),
        "worker, budget 4096 MiB": lambda: rig.drain("worker", topic, handler="checksum",
                                                     **UNBOUND)})
    case.ratio("records/s, bound ÷ unbound", "rate", "worker", "worker, budget 4096 MiB",
               least=0.8)
    yield case
    rig.drop(topic)


def with_mib(figures):
    return {**figures, "mib": figures["rss_kib"] / 1024}
