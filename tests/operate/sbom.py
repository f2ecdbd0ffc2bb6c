"""A bill of materials against the schema of CycloneDX. sbom.py FILE"""

import json
import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = pathlib.Path(sys.argv[1]).read_text()
validator = JsonStrictValidator(SchemaVersion.V1_5)
problem = validator.validate_str(text)
if problem is not None:
    sys.exit(f"not CycloneDX 1.5: {problem}")
broken = json.loads(text)
broken["components"][0]["type"] = "part"
if validator.validate_str(json.dumps(broken)) is None:
    sys.exit("a wrong type of component would not be found")
names = {c["name"] for c in json.loads(text)["components"]}
missing = {"caf", "librdkafka", "hdr_histogram", "opentelemetry-cpp", "libssl3"} - names
if missing or "catch2" in names:
    sys.exit(f"missing: {missing}, or what only tests use is in it")
