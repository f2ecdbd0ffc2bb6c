"""Whether a record costs the same however many partitions, tenants, keys and retries there are."""

import statistics

from figures import Case

FLAT = 1.15
AXES = [
    ("partitions", [1, 12, 48, 96]),
    ("tenants", [1, 8, 100, 1_000, 10_000]),
    ("keys", [10, 1_000, 10_000, 1_000_000]),
]
RETRIES = [0, 1_000, 10_000]
# Waiting retries are in flight: with the default of 10,000 records nothing else would be.
ROOM = {"consumer__max_in_flight": 40_000}
# They wait for longer than the run.
PATIENT = {"retry__initial_backoff_ms": 600_000, "retry__max_backoff_ms": 600_000,
           "retry__max_elapsed_ms": 3_600_000}


def run(rig, options):
    fetch = rig.fetch_settings()
    records = options.records or rig.size(1_000_000, 50_000)
    for axis, points in AXES:
        case = Case(f"scale: CPU a record by {axis}", "µs of CPU a record", "cpu_us")
        topics = {p: rig.filled(f"{p:,} {axis}", records=records, **{axis: p}) for p in points}
        contenders = {}
        for point, topic in topics.items():
            contenders[f"worker, {point:,}"] = (
                lambda t=topic: costed(rig.drain("worker", t, handler="checksum")))
            contenders[f"bare, {point:,}"] = (
                lambda t=topic: costed(rig.drain("bare_drain", t, **fetch)))
        rig.rotate(case, contenders)
        flatness(case, "worker", points)
        flatness(case, "bare", points, bound=False)
        yield case
        for topic in topics.values():
            rig.drop(topic)

    case = Case("scale: CPU a record by waiting retries", "µs of CPU a record", "cpu_us")
    topics = {n: rig.filled(f"{n:,} retries", records=records, keys=100_000, retries=n)
              for n in RETRIES}
    rig.rotate(case, {
        f"worker, {n:,}": lambda t=topic: costed(rig.drain("worker", t, handler="retrying", **ROOM,
                                                            **PATIENT))
        for n, topic in topics.items()})
    flatness(case, "worker", RETRIES)
    case.notes.append("consumer.max_in_flight = 40000, since waiting retries are in flight")
    yield case
    for topic in topics.values():
        rig.drop(topic)


def costed(figures):
    """From the first record to the last: what a start costs is another row's business."""
    return {**figures, "cpu_us": 1e6 * figures["run_cpu_s"] / figures["records"]}


def flatness(case, who, points, bound=True):
    """The dearest point against the cheapest, by their medians."""
    costs = [statistics.median(case.values(f"{who}, {p:,}", "cpu_us")) for p in points]
    case.measure(f"CPU a record, {who}, dearest ÷ cheapest", [max(costs) / min(costs)],
                 most=FLAT if bound else None)
