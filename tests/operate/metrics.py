"""Every metric that an operator's file names, against the catalogue.

metrics.py ROOT PAGE: PAGE is what streamer_metrics_doc printed, or docs/metrics.md.
"""

import json
import pathlib
import re
import sys

import yaml

from report import check, finish

root = pathlib.Path(sys.argv[1])


def read_catalogue(page):
    """Name to (type, {label: permitted values or None})."""
    found = {}
    for line in page.splitlines():
        row = re.match(r"\| `(\w+)` \| (\w+) \| \w+ \|(.*?) ?\| ", line.replace(r"\|", "/"))
        if row:
            labels = {}
            for label, values in re.findall(r"`(\w+)`(?:: ([\w/ ]+))?", row[3]):
                labels[label] = set(values.replace(" ", "").split("/")) if values else None
            found[row[1]] = (row[2], labels)
    return found


catalogue = read_catalogue(pathlib.Path(sys.argv[2]).read_text())
# What Prometheus adds by itself.
added = {"instance": None, "job": None}
foreign = {"up"}


def problems_of(expression):
    """Unknown metrics, labels and label values of one expression."""
    wrong = []
    labels = dict(added)
    for name in re.findall(r"\b((?:streamer|kafka)_[a-z0-9_]+)\b(?!\s*=~|\s*=\")", expression):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if name in catalogue and catalogue[name][0] != "histogram":
            labels |= catalogue[name][1]
        elif base in catalogue and catalogue[base][0] == "histogram" and base != name:
            labels |= catalogue[base][1] | {"le": None}
        else:
            wrong.append(f"{name}: no such metric")
    for label, operator, value in re.findall(r"(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"", expression):
        if label not in labels:
            wrong.append(f"{label}: no label of the metrics in {expression}")
        elif labels[label] and not value.startswith("$"):
            wrong += [f"{label} is never {one}" for one in value.split("|")
                      if one not in labels[label]]
        del operator
    for names in re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", expression):
        wrong += [f"{label.strip()}: no label of the metrics in {expression}"
                  for label in names.split(",") if label.strip() not in labels]
    return wrong


check("the catalogue was read", [] if len(catalogue) > 40 else [f"only {len(catalogue)} metrics"])
for what, expression in {
    "an unknown metric": "rate(streamer_record_total[1m])",
    "a histogram without a suffix": "streamer_end_to_end_duration_seconds",
    "an unknown label": 'streamer_lag_records{status="held"}',
    "an unknown value": 'streamer_lag_records{state="fetching"}',
    "an unknown grouping": "sum by (reason) (streamer_retries_total)",
}.items():
    check(f"{what} would be found", [] if problems_of(expression) else ["it was not"])

rules = [rule for group in yaml.safe_load((root / "docker/prometheus/alerts.yml").read_text())["groups"]
         for rule in group["rules"]]
check("alerts.yml: metrics and labels",
      [f"{r['alert']}: {p}" for r in rules for p in problems_of(r["expr"])])

dashboard = json.loads((root / "docker/grafana/dashboards/streamer.json").read_text())
panels = [p for p in dashboard["panels"] if p["type"] != "row"]
queries = [t["expr"] for p in panels for t in p["targets"]]
queries += [v["query"] for v in dashboard["templating"]["list"]]
check("streamer.json: metrics and labels", [p for q in queries for p in problems_of(q)])
sources = yaml.safe_load(
    (root / "docker/grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
check("streamer.json: panels have ids of their own and the provisioned data source",
      [p["title"] for p in panels if p["datasource"]["uid"] not in {s["uid"] for s in sources}]
      + (["an id twice"] if len({p["id"] for p in dashboard["panels"]}) < len(dashboard["panels"])
         else []))

scaled = yaml.safe_load((root / "k8s/optional/scaledobject.yaml").read_text())
check("scaledobject.yaml: metrics and labels",
      problems_of(scaled["spec"]["triggers"][0]["metadata"]["query"]))

pages = {}
for page in ("docs/runbook.md", "docs/scaling.md"):
    pages[page] = (root / page).read_text()
    named = set(re.findall(r"`((?:streamer|kafka)_[a-z0-9_]+)(?:\{[^`]*\})?`", pages[page]))
    check(f"{page}: metrics", [name for name in sorted(named)
                               if name not in catalogue
                               and re.sub(r"_(bucket|sum|count)$", "", name) not in catalogue])

# Every alert leads to a section with what to run and what to do.
sections = {}
for part in re.split(r"(?m)^## ", pages["docs/runbook.md"])[1:]:
    title, _, body = part.partition("\n")
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    sections[anchor] = body
check("every alert names a section of the runbook, with symptom, commands and remedy", [
    f"{r['alert']}: {r['annotations'].get('runbook')}" for r in rules
    if not (match := re.fullmatch(r"docs/runbook\.md#(.+)", r["annotations"].get("runbook", "")))
    or match[1] not in sections or r["alert"] not in sections[match[1]]
    or "```" not in sections[match[1]] or "Remedy" not in sections[match[1]]])
tested = {case["alertname"] for test in yaml.safe_load(
    (root / "tests/operate/alerts_test.yml").read_text())["tests"]
    for case in test["alert_rule_test"] if case.get("exp_alerts")}
check("every alert is seen firing in alerts_test.yml",
      [r["alert"] for r in rules if r["alert"] not in tested])
check("every alert has a severity, and a summary",
      [r["alert"] for r in rules if r["labels"]["severity"] not in ("page", "ticket")
       or not r["annotations"].get("summary")])
finish()
