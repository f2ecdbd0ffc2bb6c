"""The rules by themselves: nanoseconds and allocations a record, by Catch2's benchmarks."""

import subprocess
import xml.etree.ElementTree

from figures import Case
from processes import Void


def run(rig, _options):
    ended = subprocess.run(
        [rig.bin / "bench_micro", "--reporter", "xml", "--benchmark-samples",
         str(rig.size(100, 10))],
        cwd=rig.scratch, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        raise Void(f"bench_micro ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    counts = {}
    for line in ended.stderr.splitlines():
        name, records, allocations = line.split("|")
        counts[name] = (int(records), int(allocations))
    case = Case("rules by themselves", "ns a record", "ns")
    case.rounds.append({})
    for found in xml.etree.ElementTree.fromstring(ended.stdout).iter("BenchmarkResults"):
        name = found.get("name")
        records, allocations = counts[name]
        mean = found.find("mean")
        case.rounds[0][name] = {
            "ns": float(mean.get("value")) / records,
            "ns_least": float(mean.get("lowerBound")) / records,
            "ns_most": float(mean.get("upperBound")) / records,
            "allocations": allocations / records}
        hot = not name.startswith("commit metadata")
        case.measure(f"allocations a record, {name}", [allocations / records],
                     most=0 if hot else None)
    case.notes.append("commit metadata: a record is one commit of one partition, not a record read")
    yield case
