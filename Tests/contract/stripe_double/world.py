"""One Stripe account: its clock, its objects, its events, and what changes them all-or-none.

Objects are dictionaries of exactly the shape that leaves on the wire, other objects in them by id;
`expand` puts them in when they are asked for. What the wire doesn't show stands in `secrets`, by
id.
"""

import copy
import random
import string
import threading
import time
from contextlib import contextmanager

from .errors import missing

API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits


class Clock:
    """The machine's, moved ahead by what the tests say; never back."""

    def __init__(self):
        self.ahead, self.pinned = 0, None

    def now(self):
        return int(self.exact())

    def exact(self):
        return time.time() + self.ahead if self.pinned is None else self.pinned

    @contextmanager
    def at(self, moment):
        """What fell due then is done as if it were then."""
        self.pinned = moment
        try:
            yield
        finally:
            self.pinned = None


class Table:
    """Objects of one kind by id, in order of creation."""

    def __init__(self, world, kind):
        self.world, self.kind, self.rows = world, kind, {}

    def __iter__(self):
        return iter(self.rows.values())

    def __contains__(self, identifier):
        return identifier in self.rows

    def add(self, row):
        """Nothing in it is shared with other rows, which go on changing."""
        row.update(copy.deepcopy(row))
        self.rows[row["id"]] = row

        had_secret = row["id"] in self.world.secrets

        def take_back():
            self.rows.pop(row["id"], None)
            if not had_secret:
                self.world.secrets.pop(row["id"], None)
        self.world.undo.append(take_back)
        self.world.remember(row)
        return row

    def remove(self, identifier):
        row = self.rows.pop(identifier)
        self.world.undo.append(lambda: self.rows.__setitem__(identifier, row))

    def get(self, identifier, param="id"):
        if identifier not in self.rows:
            raise missing(self.kind, identifier, param)
        return self.world.guarded(self.rows[identifier])


class World:
    KINDS = ("account", "charge", "checkout.session", "coupon", "customer", "discount", "dispute",
             "event", "invoice", "invoice_payment", "invoiceitem", "line_item", "payment_intent",
             "payment_method", "price", "product", "refund", "setup_intent", "subscription",
             "tax_rate", "webhook_endpoint")

    def __init__(self, keys=("sk_test_double",), seed=None):
        self.lock = threading.RLock()
        self.clock, self.dice = Clock(), random.Random(seed)
        self.keys = set(keys)
        # An account's data of either kind are apart, and so a double has keys of one kind.
        self.live = any("_live_" in key for key in keys)
        self.tables = {kind: Table(self, kind) for kind in self.KINDS}
        self.secrets = {}  # what the wire doesn't show, by id
        self.index = {}  # older versions of objects, by id, that a slow search still knows
        self.undo, self.told, self.guards = [], [], set()
        self.request = None  # (id, idempotency key) of the call at work
        self.base = "http://127.0.0.1"
        self.settings = {"search_delay_seconds": 0, "automatic_tax_percent": {}}
        self.listeners = []  # called with each event, once it is committed

    def __getitem__(self, kind):
        return self.tables[kind]

    def new_id(self, prefix, length=24):
        return f"{prefix}_" + "".join(self.dice.choices(ALPHABET, k=length))

    def now(self):
        return self.clock.now()

    def secret(self, identifier):
        held = self.secrets.setdefault(identifier, {})
        if f"secret of {identifier}" not in self.guards:
            self.guards.add(f"secret of {identifier}")
            before = {name: list(value) if isinstance(value, list) else value
                      for name, value in held.items()}
            self.undo.append(lambda: self.secrets.__setitem__(identifier, before))
        return held

    def guarded(self, row):
        """A row that may be changed now: it is put back if the call is refused."""
        if row["id"] not in self.guards:
            self.guards.add(row["id"])
            before = copy.deepcopy(row)

            def restore():
                row.clear()
                row.update(before)
            self.undo.append(restore)
        return row

    @contextmanager
    def changing(self, row, *events):
        """Changes an object; `events` are told with what was different before."""
        self.guarded(row)
        before = copy.deepcopy(row)
        yield row
        self.remember(row, before)
        previous = differences(before, row)
        for event in events:
            compares = event.endswith((".updated", ".refunded"))
            if previous or not compares:
                self.tell(event, row, previous if compares else None)

    def remember(self, row, before=None):
        """For a search that lags: each version, and since when."""
        if self.settings["search_delay_seconds"]:
            versions = self.index.setdefault(row["id"], [] if before is None else [(0, before)])
            versions.append((self.clock.exact(), copy.deepcopy(row)))

    def as_searched(self, row):
        """The version that a search knows by now; None for what is too new."""
        seen, until = self.index.get(row["id"]), self.clock.exact()
        if seen is None:
            return row
        until -= self.settings["search_delay_seconds"]
        return next((version for at, version in reversed(seen) if at <= until), None)

    def tell(self, event, row, previous=None):
        """Told when the call is committed, as the object is now."""
        self.told.append((event, copy.deepcopy(row), previous, self.now()))

    @contextmanager
    def at_once(self, request=None):
        """All of it or nothing, but for a refusal that says what is kept (a declined charge)."""
        with self.lock:
            self.undo, self.told, self.guards, self.request = [], [], set(), request
            try:
                yield self
            except BaseException as error:
                if not getattr(error, "kept", False):
                    for step in reversed(self.undo):
                        step()
                    self.told = []
                self._publish()
                raise
            self._publish()

    def _publish(self):
        told, self.told, self.undo = self.told, [], []
        for event, row, previous, at in told:
            self._publish_one(event, row, previous, at)

    def _publish_one(self, name, row, previous, at):
        data = {"object": row}
        if previous is not None:
            data["previous_attributes"] = previous
        identifier, key = self.request or (None, None)
        event = {"id": self.new_id("evt"), "object": "event", "api_version": API_VERSION,
                 "created": at, "data": data, "livemode": self.live, "pending_webhooks": 0,
                 "request": {"id": identifier, "idempotency_key": key}, "type": name}
        self.tables["event"].add(event)
        for listener in self.listeners:
            listener(event)


def differences(before, after):
    """What `previous_attributes` holds: old values of what changed, objects key by key."""
    result = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and "object" not in old:
            result[key] = differences(old, new)
        else:
            result[key] = copy.deepcopy(old)
    return result
