"""k8s/ against the Kubernetes schemas, the worker's own settings, and itself.

kubernetes.py ROOT BINARY: BINARY is a built streamer.
"""

import copy
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import kubernetes_validate
import yaml

from report import check, finish

root = pathlib.Path(sys.argv[1])
binary = sys.argv[2]
# The oldest that still gets fixes anywhere, and the newest that the schemas have.
versions = ["1.30", "1.37"]
custom = {"ServiceMonitor", "ScaledObject"}  # their schemas are checked by custom_resources.mjs


def load(folder):
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            found[f"{path.relative_to(root)} {document['kind']}"] = document
    return found


def schema_problems(document):
    problems = []
    for version in versions:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{version}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
    return problems


plain = load(root / "k8s")
optional = load(root / "k8s/optional")
everything = plain | optional
native = {name: d for name, d in everything.items() if d["kind"] not in custom}

for name, document in native.items():
    check(f"{name}: schemas of Kubernetes {' and '.join(versions)}", schema_problems(document))

check("k8s/ needs no extension", [n for n, d in plain.items() if d["kind"] in custom])
check("label app: streamer on everything",
      [n for n, d in everything.items() if d["metadata"].get("labels", {}).get("app") != "streamer"])

# The schema check can fail: a key, a type and a place that are wrong.
deployment = next(d for d in plain.values() if d["kind"] == "Deployment")
for what, break_it in {
    "an unknown key": lambda d: d["spec"].update(replica=2),
    "a wrong type": lambda d: d["spec"].update(replicas="two"),
    "a probe in the wrong place": lambda d: d["spec"]["template"]["spec"].update(
        livenessProbe={"httpGet": {"path": "/", "port": 1}}),
}.items():
    broken = copy.deepcopy(deployment)
    break_it(broken)
    check(f"{what} would be found", [] if schema_problems(broken) else ["it was not"])

configmap = next(d for d in plain.values() if d["kind"] == "ConfigMap")
settings_text = configmap["data"]["streamer.toml"]
settings = tomllib.loads(settings_text)
release = re.search(r"project\(streamer VERSION (\S+)", (root / "CMakeLists.txt").read_text())[1]


def pod_problems(workload):
    spec = workload["spec"]["template"]["spec"]
    container = spec["containers"][0]
    wrong = []

    def must(holds, text):
        if not holds:
            wrong.append(text)

    # 5 s is what a worker waits for what does not end by itself (runtime/system/run_worker.cpp).
    drain_s = settings["consumer"]["drain_timeout_ms"] / 1000
    must(spec["terminationGracePeriodSeconds"] > drain_s + 5, "grace is not longer than the drain")
    must(workload["spec"]["selector"]["matchLabels"] == {"app": "streamer"}, "selector")
    must(workload["spec"]["template"]["metadata"]["labels"]["app"] == "streamer", "pod label")
    must(container["image"] == f"streamer:{release}", f"image is not streamer:{release}")
    must(spec["securityContext"]["runAsNonRoot"] is True, "runAsNonRoot")
    must(container["securityContext"]["readOnlyRootFilesystem"] is True, "read-only root")
    must(container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, "capabilities")
    must(container["securityContext"]["allowPrivilegeEscalation"] is False, "privilege escalation")
    must("limits" in container["resources"] and "requests" in container["resources"], "resources")
    for probe, path in {"startupProbe": "/healthz", "livenessProbe": "/healthz",
                        "readinessProbe": "/readyz"}.items():
        must(container[probe]["httpGet"] == {"path": path, "port": "metrics"}, probe)
    port = container["ports"][0]["containerPort"]
    must(settings["observability"]["metrics_addr"] == f"0.0.0.0:{port}", "metrics_addr and port")
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    volumes = {v["name"]: v for v in spec["volumes"]}
    must(set(mounts) == set(volumes), "volumes that are not mounted, or the other way round")
    must("emptyDir" in volumes["state"], "state is no emptyDir")
    must(settings["runtime"]["state_dir"].startswith(mounts["state"] + "/"), "state_dir")
    must(container["args"][-1] == mounts["config"] + "/streamer.toml", "--config")
    return wrong


for name, document in native.items():
    if document["kind"] in ("Deployment", "StatefulSet"):
        check(f"{name}: probes, grace, limits, rights, volumes", pod_problems(document))


def environment_of(workload):
    made = {}
    for entry in workload["spec"]["template"]["spec"]["containers"][0].get("env", []):
        source = entry.get("valueFrom", {})
        if "configMapKeyRef" in source:
            reference = source["configMapKeyRef"]
            value = configmap["data"].get(reference["key"])
            if value is None and not reference.get("optional"):
                value = f"<no key {reference['key']}>"
        elif "fieldRef" in source:
            value = "streamer-0"
        else:
            value = entry["value"]
        if value is not None:
            made[entry["name"]] = value
    return made


def config_problems(text, environment):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "streamer.toml")
        path.write_text(text)
        ran = subprocess.run([binary, "config", "check", "--config", str(path)], cwd=directory,
                             env={"PATH": os.environ["PATH"]} | environment,
                             capture_output=True, text=True, check=False)
        return [] if ran.returncode == 0 else (ran.stdout + ran.stderr).splitlines()


for name, document in native.items():
    if document["kind"] in ("Deployment", "StatefulSet"):
        check(f"{name}: streamer config check takes the settings",
              config_problems(settings_text, environment_of(document)))
check("a wrong key in the settings would be found",
      [] if config_problems(settings_text.replace("drain_timeout_ms", "drain_ms"), {})
      else ["it was not"])
# What the comments offer is right too.
offered = re.sub(r"(?m)^(\s*)# (\w+ = )", r"\1\2", settings_text)
check("the settings that are commented out are keys", [
    line for line in config_problems(offered.replace("/run/secrets/streamer/ca.crt", "/etc/passwd"),
                                     {"KAFKA_KAFKA__SASL_PASSWORD": "x"})
    if "unknown" in line or "no key" in line])

scaled = next(d for d in optional.values() if d["kind"] == "ScaledObject")
query = scaled["spec"]["triggers"][0]["metadata"]["query"]
check("the ScaledObject counts unfinished records, and what waits for time is not among them",
      [query] if not all(s in query for s in ("unfetched", "queued", "in_flight"))
      or any(s in query for s in ("waiting_retry", "waiting_dlq", "done_uncommitted")) else [])
check("the ScaledObject scales the Deployment",
      [] if scaled["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"] else ["no"])
finish()
