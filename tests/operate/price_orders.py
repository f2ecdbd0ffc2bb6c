#!/usr/bin/env python3
"""The handler of scripts/walkthrough: prices orders by a list that is read anew for each.

price_orders.py TOPIC LIST.json SLOW_TENANT

An order of a product that is not in the list may be priced later: retry. What is no order never: reject.
The prices of one tenant come from a partner who takes half a second for each.
"""
import json
import sys
import time


def handle(request, topic, prices, slow):
    """The answer to one record, without its id."""
    try:
        order = json.loads(request["value"])
        product = order["product"]
    except (KeyError, TypeError, ValueError) as why:
        return {"outcome": "reject", "error": type(why).__name__, "reason": "no readable order"}
    if request["tenant"] == slow:
        time.sleep(0.5)
    with open(prices, encoding="utf-8") as file:
        price = json.load(file).get(product)
    if price is None:
        return {"outcome": "retry", "error": "no_price", "reason": "no price for this product"}
    event = {"topic": topic, "key": request["key"], "value": {**order, "price": price},
             "headers": request["headers"]}
    return {"outcome": "success", "emit": [event]}


def main():
    topic, prices, slow = sys.argv[1:]
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        answer = {"id": request["id"], **handle(request, topic, prices, slow)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
