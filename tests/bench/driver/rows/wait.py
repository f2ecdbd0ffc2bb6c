"""Records that wait: asynchronously, one at a time of each key, and blocking in pool threads."""

from figures import Case

KEYS = 1_000
THREADS = 256


def run(rig, options):
    fetch = rig.fetch_settings()
    records = options.records or rig.size(1_500_000, 100_000)
    topic = rig.filled(f"{KEYS} uniform keys", records=records, keys=KEYS, skew=0)
    yield waiting(rig, topic, 1_000, at_least=400_000, beside_bare=fetch)
    rig.drop(topic)
    # The key that happens to have the most records sets when it ends: the more records, the closer
    # to the average.
    topic = rig.filled(f"{KEYS} uniform keys, more records", records=2 * records, keys=KEYS, skew=0)
    yield waiting(rig, topic, 10_000, of_limit=0.9)
    rig.drop(topic)
    # So many keys that the threads are what limits.
    topic = rig.filled("10,000 uniform keys", records=records // 3, keys=10_000, skew=0)
    yield blocking(rig, topic)
    rig.drop(topic)


def waiting(rig, topic, wait_us, at_least=None, of_limit=None, beside_bare=None):
    limit = KEYS * 1e6 / wait_us
    case = Case(f"{wait_us // 1000} ms of asynchronous waiting a record, {KEYS:,} uniform keys")
    waits = {"handler": "wait", "wait_us": wait_us}
    contenders = {"worker": lambda: rig.drain("worker", topic, **waits)}
    if beside_bare:
        # At 10 ms it would take six minutes a round: 8,500 records/s.
        contenders["bare loop, ordered by key"] = (
            lambda: rig.drain("bare_wait", topic, wait_us=wait_us, **beside_bare))
    rig.rotate(case, contenders)
    case.measure("records/s, worker", case.values("worker", "rate"), least=at_least)
    case.measure(f"records/s, worker ÷ limit of the keys ({limit:,.0f})",
                 [rate / limit for rate in case.values("worker", "rate")], least=of_limit)
    if beside_bare:
        case.ratio("records/s, worker ÷ bare", "rate", "worker", "bare loop, ordered by key")
    return case


def blocking(rig, topic):
    case = Case(f"1 ms of blocking waiting a record, {THREADS} pool threads")
    rig.rotate(case, {
        "worker": lambda: rig.drain("worker", topic, handler="block", threads=THREADS,
                                    wait_us=1_000),
        "threads alone": lambda: rig.launch("bench_thread_waits", THREADS, topic.records,
                                            1_000).wait()})
    case.ratio("records/s, worker ÷ threads alone", "rate", "worker", "threads alone", least=0.8)
    case.notes.append(f"handlers.concurrency = {THREADS}")
    return case
