"""A receiver of webhooks on this machine: what a customer of Tally runs, in a few lines."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 20  # seconds


def verified(secret, headers, body):
    """As the Standard Webhooks specification says, with nothing but the standard library."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, given)
               for given in headers["webhook-signature"].split(" "))


class Message:
    def __init__(self, headers, body):
        self.headers, self.body = headers, body
        self.id = headers["webhook-id"]
        self.event = json.loads(body)
        self.type, self.data = self.event["type"], self.event["data"]

    @property
    def customer(self):
        return self.data["customer_id"] if "customer_id" in self.data \
            else self.data["customer"]["id"]


class Receiver:
    """Accepts everything, unless `answer` (of a message) gives another status."""

    def __init__(self, answer=lambda message: 200, port=0, context=None):
        """With a `context` it wants TLS."""
        self.answer, self.attempts, self.accepted = answer, [], []
        self.changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                message = Message({name.lower(): value for name, value in self.headers.items()},
                                  body)
                status = receiver.answer(message)
                with receiver.changed:
                    receiver.attempts.append(message)
                    if 200 <= status < 300:
                        receiver.accepted.append(message)
                    receiver.changed.notify_all()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a server that is killed hangs up
        self.secure = context is not None
        if context:
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return (f"https://localhost:{self.port}/hook" if self.secure
                else f"http://127.0.0.1:{self.port}/hook")

    def wait(self, found, what=None):
        """Until `found` of what was accepted (or `what`) is true; gives that."""
        end = time.monotonic() + PATIENCE
        with self.changed:
            while not (result := found(list(self.accepted if what is None else what))):
                assert self.changed.wait(end - time.monotonic()), \
                    f"{len(self.accepted)} accepted of {len(self.attempts)} attempts"
        return result

    def wait_for(self, count, customer=None):
        def found(messages):
            fitting = [message for message in messages
                       if customer is None or message.customer == customer]
            return fitting if len(fitting) >= count else None
        return self.wait(found)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
