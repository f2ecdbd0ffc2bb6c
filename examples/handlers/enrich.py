#!/usr/bin/env python3
"""A handler in Python: adds a total to each order and sends it on.

Needs Python 3 alone. In the configuration:

    [[handlers]]
    event_type = "order.*"
    kind = "subprocess"
    command = ["python3", "examples/handlers/enrich.py", "orders.enriched"]
"""
import json
import sys


def handle(request, topic):
    """The answer to one record, without its id."""
    try:
        order = json.loads(request["value"])
        total = sum(item["count"] * item["price"] for item in order["items"])
    except (KeyError, TypeError, ValueError) as why:
        # Trying again would not help: to the dead letter queue.
        return {"outcome": "reject", "error": type(why).__name__, "reason": "no readable order"}
    if not order["items"]:
        return {"outcome": "skip", "reason": "an empty order"}
    order["total"] = total
    event = {"topic": topic, "value": order, "headers": request["headers"]}
    return {"outcome": "success", "emit": [event]}


def main():
    topic = sys.argv[1]
    # readline, not iteration: that one reads ahead and would wait for more.
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        answer = {"id": request["id"], **handle(request, topic)}
        # One write a line. stdout is for answers alone; print what you like to stderr.
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    # stdin has ended: the worker stops, and so does this process.


if __name__ == "__main__":
    main()
