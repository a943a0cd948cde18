"""Events on their way to the endpoints: in order, or as a test wants them.

One thread sends what is ready, one after the other. Held back, deliveries wait until they are
released in the order that is asked for. A failed one is tried again when the double's clock has
moved on, or when a test says so.
"""

import http.client
import json
import ssl
import threading
import time
from urllib.parse import urlsplit

from . import signatures
from .webhook_endpoints import secrets_of, wants

PATIENCE = 10  # seconds for one attempt
BACKOFF = (60, 300, 1800, 7200, 18000, 36000, 43200, 43200, 43200, 43200)  # three days
LOCAL = ("127.0.0.1", "localhost", "::1")


class Delivery:
    def __init__(self, event, endpoint, number):
        self.event, self.endpoint, self.number = event, endpoint, number
        self.state = "ready"  # held, ready, sending, delivered, failed, lost
        self.attempts, self.due, self.counted = [], None, True
        self.forged = {}  # what is wrong with it on purpose

    def shown(self):
        return {"number": self.number, "event": self.event["id"], "type": self.event["type"],
                "object": self.event["data"]["object"].get("id"), "endpoint": self.endpoint["id"],
                "state": self.state, "attempts": self.attempts, "due": self.due}


class Deliveries:
    def __init__(self, world, ca_file=None):
        self.world, self.changed = world, threading.Condition(world.lock)
        self.all, self.queue, self.rules, self.held = [], [], [], False
        self.delay_milliseconds, self.sign_seconds_ago, self.stopped = 0, 0, False
        self.ca_file, self.context = ca_file, None
        world.listeners.append(self.told)
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    # With the world's lock held.

    def told(self, event):
        for endpoint in self.world["webhook_endpoint"]:
            if wants(endpoint, event):
                self._arrive(event, endpoint)

    def _arrive(self, event, endpoint):
        copies = 1
        for rule in list(self.rules):
            if rule["type"] in (None, event["type"]) and rule["count"] != 0:
                rule["count"] -= 1
                copies = rule["copies"]
                break
        for _ in range(copies or 1):
            delivery = Delivery(event, endpoint, len(self.all) + 1)
            self.all.append(delivery)
            event["pending_webhooks"] += 1
            if copies == 0:
                delivery.state = "lost"
            elif self.held:
                delivery.state = "held"
            else:
                self.queue.append(delivery)
        self.changed.notify_all()

    def rule(self, copies, kind=None, count=1):
        """The next `count` (-1: all) events of a kind are sent so many times: 0 is lost."""
        self.rules.append({"copies": copies, "type": kind, "count": count})

    def hold(self):
        self.held = True

    def release(self, order="in_order", only=None, drop=(), copies=1, keep_holding=False):
        """Sends what was held: in order, "reversed", "shuffled", or as a list of event ids says."""
        held = [one for one in self.all if one.state == "held"]
        if only is not None:
            held = [one for one in held if one.event["id"] in only or one.event["type"] in only]
        for one in [one for one in held if {one.event["id"], one.event["type"]} & {*drop}]:
            one.state = "lost"
        held = [one for one in held if one.state == "held"]
        if isinstance(order, list):
            held = [one for wanted in order for one in held
                    if wanted in (one.event["id"], one.event["type"])]
        elif order == "reversed":
            held.reverse()
        elif order == "shuffled":
            self.world.dice.shuffle(held)
        for one in held:
            one.state = "ready"
            self.queue += [one] + [self._copy(one) for _ in range(copies - 1)]
        self.held = keep_holding
        self.changed.notify_all()
        return len(held)

    def _copy(self, delivery):
        copy = Delivery(delivery.event, delivery.endpoint, len(self.all) + 1)
        copy.counted = False
        self.all.append(copy)
        return copy

    def redeliver(self, event, endpoint=None):
        """As by hand in Stripe's dashboard; also what was lost."""
        for one in self.world["webhook_endpoint"]:
            if endpoint in (None, one["id"]):
                copy = Delivery(event, one, len(self.all) + 1)
                copy.counted = False
                self.all.append(copy)
                self.queue.append(copy)
        self.changed.notify_all()

    def forge(self, endpoint, event, forged):
        """An event that Stripe never sent: any content, "secret", "header", "cut_bytes",
        "sign_seconds_ago"."""
        delivery = Delivery(event, endpoint, len(self.all) + 1)
        delivery.counted, delivery.forged = False, forged
        self.all.append(delivery)
        self.queue.append(delivery)
        self.changed.notify_all()
        return delivery

    def retry(self, everything=False):
        """Failed deliveries whose time has come, or all of them."""
        for one in self.all:
            if one.state == "failed" and (everything or (
                    one.due is not None and one.due <= self.world.now())):
                one.state = "ready"
                self.queue.append(one)
        self.changed.notify_all()

    def settle(self, seconds):
        """Until nothing is ready or being sent: whether that came true in time."""
        end = time.monotonic() + seconds
        while any(one.state in ("ready", "sending") for one in self.all):
            left = end - time.monotonic()
            if left <= 0 or not self.changed.wait(left):
                return False
        return True

    def counts(self):
        result = {}
        for one in self.all:
            result[one.state] = result.get(one.state, 0) + 1
        return result

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    # The thread.

    def _work(self):
        while True:
            with self.changed:
                while not self.queue and not self.stopped:
                    self.changed.wait()
                if self.stopped:
                    return
                delivery = self.queue.pop(0)
                delivery.state = "sending"
                body, headers = self._message(delivery)
            if self.delay_milliseconds:
                time.sleep(min(self.delay_milliseconds, 60_000) / 1000)
            status, error = self._send(delivery.endpoint["url"], body, headers)
            with self.changed:
                self._note(delivery, status, error)
                self.changed.notify_all()

    def _message(self, delivery):
        forged = delivery.forged
        body = json.dumps(delivery.event, indent=2, ensure_ascii=False).encode()
        at = int(time.time()) - forged.get("sign_seconds_ago", self.sign_seconds_ago)
        secrets = [forged["secret"]] if "secret" in forged \
            else secrets_of(self.world, delivery.endpoint)
        header = forged.get("header", signatures.header(secrets, at, body))
        return body[:len(body) - forged.get("cut_bytes", 0)], {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": header}

    def _send(self, url, body, headers):
        parts = urlsplit(url)
        if parts.hostname not in LOCAL:
            return None, f"{parts.hostname} is not this machine: the double sends nowhere else"
        if parts.scheme == "https":
            self.context = self.context or ssl.create_default_context(cafile=self.ca_file)
            connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=PATIENCE, context=self.context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        try:
            target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(65536)
            return answer.status, None
        except (OSError, http.client.HTTPException) as error:
            return None, f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def _note(self, delivery, status, error):
        delivery.attempts.append({"at": self.world.now(), "status": status, "error": error})
        if status and 200 <= status < 300:
            delivery.state, delivery.due = "delivered", None
            if delivery.counted:
                delivery.event["pending_webhooks"] -= 1
                delivery.counted = False
        else:
            tried = len(delivery.attempts) - 1
            delivery.state = "failed"
            delivery.due = self.world.now() + BACKOFF[tried] if tried < len(BACKOFF) else None
