"""compose.yaml against the compose specification and the binary's settings and flags.

compose.py ROOT BINARY: BINARY is a built streamer.
"""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from compose_spec import PyCompose

from report import check, finish

root = pathlib.Path(sys.argv[1])
binary = sys.argv[2]
compose = yaml.safe_load((root / "compose.yaml").read_text())
services = compose["services"]


def schema_problems(document):
    try:
        PyCompose.from_json(json.dumps(document))
        return []
    except ValueError as error:
        return [str(error)[:300]]


check("compose.yaml: the compose specification", schema_problems(compose))
for what, break_it in {
    "an unknown key": lambda d: d["services"]["worker"].update(stop_grace_perod="1s"),
    "a wrong type": lambda d: d["services"]["worker"].update(read_only=[1]),
    "an unknown condition": lambda d: d["services"]["worker"]["depends_on"]["topics"].update(
        condition="service_helthy"),
}.items():
    broken = copy.deepcopy(compose)
    break_it(broken)
    check(f"{what} would be found", [] if schema_problems(broken) else ["it was not"])

published = {port for service in services.values() for port in service.get("ports", [])}
check("Kafka on 9092, Kafka UI on 8080, Prometheus and Grafana", [
    port for port in ("9092:9092", "8080:8080", "9090:9090", "3000:3000")
    if f"127.0.0.1:{port}" not in published])
check("mounted files are there", [
    volume for service in services.values() for volume in service.get("volumes", [])
    if volume.startswith("./") and not (root / volume.split(":")[0]).exists()])


def waits(service):
    """What a service waits for: name to condition."""
    told = service.get("depends_on", {})
    return ({name: "service_started" for name in told} if isinstance(told, list)
            else {name: how["condition"] for name, how in told.items()})


check("what is depended on is there, and has the health that is waited for", [
    f"{name} on {other}" for name, service in services.items()
    for other, condition in waits(service).items()
    if other not in services
    or condition == "service_healthy" and "healthcheck" not in services[other]])

ours = {name: s for name, s in services.items() if s["image"].startswith("streamer:")}
release = re.search(r"project\(streamer VERSION (\S+)", (root / "CMakeLists.txt").read_text())[1]
check("worker, producer and topics run this version's image",
      [n for n in ("worker", "producer", "topics")
       if ours.get(n, {}).get("image") != f"streamer:{release}"])
check("they have no rights and a read-only root", [
    n for n, s in ours.items()
    if not s["read_only"] or s["cap_drop"] != ["ALL"]
    or s["security_opt"] != ["no-new-privileges:true"]])
check("the worker gets longer than its drain",
      [] if int(services["worker"]["stop_grace_period"].rstrip("s")) > 7 + 5 else ["no"])


def run(arguments, environment):
    with tempfile.TemporaryDirectory() as directory:
        return subprocess.run([binary, *arguments], cwd=directory, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"]} | environment, timeout=60,
                              check=False)


def config_problems(environment):
    ran = run(["config", "check"], environment)
    return [] if ran.returncode == 0 else (ran.stdout + ran.stderr).splitlines()


for name, service in ours.items():
    check(f"{name}: its settings are keys", config_problems(service["environment"]))
check("a setting that is no key would be found",
      [] if config_problems({"KAFKA_KAFKA__BOOTSTRAP_SERVER": "kafka:1"}) else ["it was not"])

load = list(services["producer"]["command"])
load[load.index("--duration") + 1] = "1"
ran = run([*load, "--embedded"], {})
check("producer: its flags are flags", [] if ran.returncode == 0 else ran.stderr.splitlines()[-5:])
for name in ("worker", "topics"):
    ran = run([*services[name]["command"], "--help"], {})
    check(f"{name}: its command is one", [] if ran.returncode == 0 else ran.stderr.splitlines())
finish()
