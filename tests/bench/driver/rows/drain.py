"""How fast a full topic is read: worker and bare batch loop, the same work on each record."""

from figures import Case

VARIANTS = [
    ("tenant's header alone, 8 tenants", 0.9, {}),
    ("seven CloudEvents headers, 8 tenants", 0.9, {"headers": "seven"}),
    ("tenant's header alone, 1 tenant", 0.7, {"tenants": 1}),
    ("tenant's header alone, 10,000 tenants", 0.7, {"tenants": 10_000}),
]


def run(rig, options):
    fetch = rig.fetch_settings()
    records = options.records or rig.size(2_000_000, 50_000)
    for what, goal, plan in VARIANTS:
        topic = rig.filled(what, records=records, **plan)
        case = Case(f"drain: {what}")
        contenders = {
            "worker": lambda t=topic: rig.drain("worker", t, handler="checksum"),
            "bare loop": lambda t=topic: rig.drain("bare_drain", t, **fetch),
            # For information: more prefetch costs memory and gains what this line shows.
            "bare, librdkafka's fetch defaults": lambda t=topic: rig.drain("bare_drain", t),
        }
        if options.journal:
            # A state folder that cannot be there: no crash journal.
            contenders["worker without journal"] = lambda t=topic: rig.drain(
                "worker", t, handler="checksum", runtime__state_dir="/dev/null/none")
        rig.rotate(case, contenders)
        case.ratio("records/s, worker ÷ bare", "rate", "worker", "bare loop", least=goal)
        case.ratio("CPU seconds, worker ÷ bare", "cpu_s", "worker", "bare loop",
                   most=1.5 if goal == 0.9 and not plan else None)
        if not plan:
            case.notes.append("fetch settings of worker and bare loop: " +
                              ", ".join(f"{name}={value}" for name, value in fetch.items()))
        if options.journal:
            case.ratio("records/s, with ÷ without journal", "rate", "worker",
                       "worker without journal")
            case.ratio("CPU seconds, with ÷ without journal", "cpu_s", "worker",
                       "worker without journal")
        yield case
        rig.drop(topic)
