#!/usr/bin/env python3
"""A service behind a handler of kind http: prices an order and replies with an event.

Needs Python 3 alone. Listens on the port that it is given (0: a free one), and prints its address.
In the configuration:

    [[handlers]]
    event_type = "order.*"
    kind = "http"
    url = "http://127.0.0.1:8090/price"
    reply_to = "orders.priced"
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            order = json.loads(body)
            order["total"] = sum(item["count"] * item["price"] for item in order["items"])
        except (KeyError, TypeError, ValueError):
            # A status that is neither success nor retry: to the dead letter queue.
            return self.answer(422, b"no readable order\n", {"Content-Type": "text/plain"})
        # The same record may come twice: the reply has the id of the event that it answers.
        reply = {
            "Content-Type": "application/json",
            "ce-specversion": "1.0",
            "ce-type": "order.priced",
            "ce-source": "/prices",
            "ce-id": self.headers.get("ce-id", self.headers["Idempotency-Key"]),
        }
        return self.answer(200, json.dumps(order).encode(), reply)

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service)
    print(f"http://127.0.0.1:{server.server_port}/price", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
