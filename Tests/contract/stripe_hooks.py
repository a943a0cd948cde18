"""A receiver of Stripe's webhooks that reads them with Stripe's own library."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe


class StripeReceiver:
    def __init__(self, context=None):
        """With a `context` it wants TLS."""
        self.status, self.received, self.secret, self.endpoint = 200, [], None, None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append((self.headers["stripe-signature"], body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        port = self.server.server_address[1]
        self.url = f"https://localhost:{port}/stripe" if context \
            else f"http://127.0.0.1:{port}/stripe"
        if context:
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def verified(self, secret=None):
        """All that came, as the library reads them, or its error."""
        return [stripe.Webhook.construct_event(body, header, secret or self.secret)
                for header, body in self.received]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
