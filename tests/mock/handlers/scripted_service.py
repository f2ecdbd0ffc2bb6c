"""An HTTP service that does what a request's body says, and keeps a journal.

Arguments: a journal file, and for TLS a certificate and its key. Prints its port. Bodies:

    200, 404, 503 …        that status
    after:S:STATUS         the first time STATUS with Retry-After: S, then 200
    date:S:STATUS          the same as an HTTP date
    refused                STATUS 429 with Retry-After: 1, always
    slow:S                 200 after S seconds
    reply                  200 with a CloudEvent
    long:N                 200 with N bytes
    close                  closes the connection without a response
"""
import email.utils
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
seen = {}
running = 0


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global running
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("latin-1")
        with lock:
            key = self.headers["Idempotency-Key"]
            seen[key] = seen.get(key, 0) + 1
            calls = seen[key]
            running += 1
            with open(sys.argv[1], "a", encoding="utf-8") as journal:
                entry = {"path": self.path, "method": self.command, "body": body, "calls": calls,
                         "running": running, "time": time.time(), "port": self.client_address[1],
                         "headers": [[n.lower(), v] for n, v in self.headers.items()]}
                journal.write(json.dumps(entry) + "\n")
        try:
            self.respond(body.split(":"), calls)
        finally:
            with lock:
                running -= 1

    do_PUT = do_POST

    def respond(self, words, calls):
        if words[0] in ("after", "date") and calls == 1:
            seconds = int(words[1])
            when = str(seconds) if words[0] == "after" else email.utils.formatdate(
                time.time() + seconds, usegmt=True)
            return self.answer(int(words[2]), b"later", {"Retry-After": when})
        if words[0] == "refused":
            return self.answer(429, b"never", {"Retry-After": "1"})
        if words[0] == "slow":
            time.sleep(float(words[1]))
        if words[0] == "reply":
            return self.answer(200, b'{"priced":true}', {
                "Content-Type": "application/json", "ce-specversion": "1.0",
                "ce-type": "order%20priced", "ce-id": "r-1", "ce-source": "/test"})
        if words[0] == "long":
            return self.answer(200, b"x" * int(words[1]), {})
        if words[0] == "close":
            self.close_connection = True
            return None
        return self.answer(int(words[0]) if words[0].isdigit() else 200, b"", {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Service)
if len(sys.argv) > 2:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()
