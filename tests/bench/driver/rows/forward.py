"""From one topic to another, every output acknowledged: worker and a bare loop that does both."""

from figures import Case
from rows.drain import VARIANTS


def run(rig, options):
    fetch = rig.fetch_settings()
    what, _, plan = VARIANTS[0]
    topic = rig.filled(what, records=options.records or rig.size(2_000_000, 50_000), **plan)
    case = Case("forward to another topic")

    def forwarded(program, **given):
        to = rig.empty()
        figures = rig.drain(program, topic, to=to.name, **given)
        # What arrived is read again: an output that is lost or doubled would have cost nothing.
        to.records, to.checksum = topic.records, topic.checksum
        rig.drain("bare_drain", to)
        rig.drop(to)
        return figures

    rig.rotate(case, {"worker": lambda: forwarded("worker", handler="forward"),
                      "bare loop": lambda: forwarded("bare_forward", **fetch)})
    case.ratio("records/s, worker ÷ bare", "rate", "worker", "bare loop", least=0.8)
    case.ratio("CPU seconds, worker ÷ bare", "cpu_s", "worker", "bare loop")
    case.notes.append("both producers idempotent, lz4, linger 5 ms")
    yield case
    rig.drop(topic)
