"""HTTP: keys, versions, parameters, idempotency, faults, and the log of it all."""

import base64
import json
import socket
import ssl
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from . import (accounts, calls, catalog, charges, checkout, coupons, customers, disputes, forms,
               invoice_calls, invoice_items, payment_intents, payment_methods, previews, refunds,
               setup_intents, subscription_calls, tax_calculations, tax_rates, webhook_endpoints)
from .control import Control
from .deliveries import Deliveries
from .errors import StripeError, invalid
from .faults import Faults
from .idempotency import Keys
from .lists import expanded
from .pages import Pages
from .world import API_VERSION, World

FORM = "application/x-www-form-urlencoded"
LARGEST = 2 << 20

# Importing them is what makes their calls known.
SERVED = (accounts, catalog, charges, checkout, coupons, customers, disputes, invoice_calls,
          invoice_items, payment_intents, payment_methods, previews, refunds, setup_intents,
          subscription_calls, tax_calculations, tax_rates, webhook_endpoints)


class Cut(Exception):
    """The connection is to end without an answer."""


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a client may open many connections at once


class Double:
    """The account and the server in front of it."""

    def __init__(self, port=0, keys=("sk_test_double",), certificate=None, key=None,
                 webhook_ca=None, seed=None):
        self.world = World(keys, seed)
        self.faults, self.keys, self.log = Faults(), Keys(self.world), []
        self.started = False
        self.broken = []  # what the double itself stumbled over
        with self.world.at_once():
            accounts.make(self.world)
        self.deliveries = Deliveries(self.world, webhook_ca)
        self.control, self.pages = Control(self), Pages(self)
        self.server = Listener(("127.0.0.1", port), handler_of(self))
        self.server.handle_error = lambda *_: None  # clients that hang up
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.port}" if certificate \
            else f"http://127.0.0.1:{self.port}"
        self.world.base = self.url

    def start(self):
        self.started = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self):
        if self.started:
            self.server.shutdown()
        self.server.server_close()
        self.deliveries.stop()

    # The way of a call of the API.

    def answer(self, method, target, headers, body):
        """(status, body, headers), or Cut."""
        parts = urlsplit(target)
        entry = {"id": self.world.new_id("req", 14), "at": self.world.now(), "method": method,
                 "path": parts.path, "query": parts.query, "body": body.decode("utf-8", "replace"),
                 "idempotency_key": headers.get("Idempotency-Key"),
                 "stripe_version": headers.get("Stripe-Version"),
                 "content_type": headers.get("Content-Type"),
                 "user_agent": headers.get("User-Agent"), "status": None, "answer": None,
                 "replayed": False, "fault": None}
        with self.world.lock:
            self.log.append(entry)
            fault = self.faults.take(method, parts.path)
            entry["fault"] = fault and fault.given
        answered = self._with_fault(fault, entry, headers)
        entry["status"], entry["answer"] = answered[0], answered[1]
        return answered

    def _with_fault(self, fault, entry, headers):
        if not fault:
            return self._served(entry, headers)
        # What is saved for a key has to get as far as the key.
        acted = fault.do == "slow" or fault.acts or fault.saves
        answered = self._served(entry, headers, fault) if acted else None
        if fault.do == "slow":
            if fault.acts:
                time.sleep(fault.milliseconds / 1000)
            return answered
        if fault.do == "cut":
            entry["status"], entry["answer"] = "cut", answered and answered[1]
            raise Cut
        return fault.status, fault.body(), {"Request-Id": entry["id"], **fault.headers()}

    def _served(self, entry, headers, fault=None):
        more = {"Request-Id": entry["id"], "Stripe-Version": API_VERSION}
        if entry["idempotency_key"]:
            more["Idempotency-Key"] = entry["idempotency_key"]
        try:
            self._authorize(headers.get("Authorization"))
            status, body, own = self._called(entry, headers, fault)
            return status, body, {**more, **own}
        except StripeError as error:
            return error.status, error.body(self._log_url(entry)), {**more, **error.headers}

    def _log_url(self, entry):
        return f"{self.url}/_control/log?request={entry['id']}"

    def _authorize(self, given):
        kind, _, value = (given or "").partition(" ")
        if kind == "Basic":
            value = base64.b64decode(value + "==").decode("utf-8", "replace").partition(":")[0]
        elif kind != "Bearer":
            value = ""
        if not value:
            raise StripeError(401, "You did not provide an API key. You need to provide your API "
                              "key in the Authorization header, using Bearer auth (e.g. "
                              "'Authorization: Bearer YOUR_SECRET_KEY').", executed=False)
        if value not in self.world.keys:
            shown = f"{value[:8]}{'*' * max(len(value) - 12, 0)}{value[-4:]}"
            raise StripeError(401, f"Invalid API Key provided: {shown}", executed=False)

    def _called(self, entry, headers, fault):
        method, path = entry["method"], unquote(entry["path"])
        version = entry["stripe_version"]
        if version not in (None, API_VERSION):
            raise invalid(f"Invalid Stripe API version: {version}. The double speaks "
                          f"{API_VERSION} only.", "Stripe-Version")
        found, ids, known = calls.find(method, path)
        if not found:
            raise StripeError(405 if known else 404, f"Unrecognized request URL ({method}: {path})."
                              " Please see https://stripe.com/docs or we can help at "
                              "https://support.stripe.com/.", executed=False)
        if entry["body"] and not (headers.get("Content-Type") or "").startswith(FORM):
            raise invalid("Invalid request (check that your POST content type is "
                          f"{FORM}). If you have any questions, we can help at "
                          "https://support.stripe.com/.")
        given = forms.tree(entry["query"] if method == "GET" else "&".join(
            filter(None, (entry["query"], entry["body"]))))
        key = entry["idempotency_key"] if method == "POST" else None
        if key:
            return self._once(key, entry, found, ids, given, fault)
        return self._execute(entry, found, ids, given, fault)

    def _once(self, key, entry, found, ids, given, fault):
        with self.world.lock:
            saved = self.keys.begin(key, (entry["method"], entry["path"], given))
        if saved:
            entry["replayed"] = True
            status, body, first = saved
            return status, body, {"Idempotent-Replayed": "true", "Original-Request": first}
        answered = None
        try:
            answered = self._execute(entry, found, ids, given, fault)
            saves = (answered[0], answered[1], entry["id"])
        except StripeError as error:
            saves = error.executed and (error.status, error.body(self._log_url(entry)),
                                        entry["id"]) or None
            raise
        except BaseException:
            saves = None
            raise
        finally:
            if fault and fault.saves:
                saves = (fault.status, fault.body(), entry["id"])
            with self.world.lock:
                self.keys.end(key, saves)
        return answered

    def _execute(self, entry, found, ids, given, fault):
        if fault and fault.do == "slow" and not fault.acts:
            time.sleep(fault.milliseconds / 1000)
        params = forms.checked(given, found.params)
        if fault and fault.saves and not fault.acts:
            return fault.status, fault.body(), {}
        paths = params.pop("expand", None)
        with self.world.at_once((entry["id"], entry["idempotency_key"])):
            answer = found.function(self.world, params, **ids)
            answer = expanded(self.world, answer, paths)
        return 200, answer, {}


def handler_of(double):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        disable_nagle_algorithm = True

        def _body(self):
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST:
                raise Cut
            return self.rfile.read(length)

        def _serve(self):
            try:
                body = self._body()
                if self.path.startswith("/_control/"):
                    status, answer, headers = double.control.answer(
                        self.command, self.path, body)
                elif self.path.startswith("/v1/") or self.path == "/v1":
                    status, answer, headers = double.answer(
                        self.command, self.path, self.headers, body)
                else:
                    status, answer, headers = double.pages.answer(self.command, self.path, body)
            except Cut:
                self._cut()
                return
            except Exception:
                # The double's own fault: a test that looks at `broken` fails, whatever it got.
                double.broken.append(traceback.format_exc())
                status, headers = 500, {}
                answer = {"error": {"type": "api_error", "message": double.broken[-1]}}
            data = answer if isinstance(answer, bytes) else json.dumps(answer, indent=2).encode()
            self.send_response(status)
            self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _cut(self):
            self.close_connection = True
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other side was faster

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

        def log_message(self, *_):
            pass

    return Handler
