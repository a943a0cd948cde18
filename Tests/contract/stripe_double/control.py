"""The control API, `/_control/…`: JSON in, JSON out. The package's comment lists it."""

import json
import re
from urllib.parse import parse_qs, urlsplit

from . import (cards, checkout, disputes, invoices, pages, payment_intents, payment_methods,
               refunds, setup_intents, subscription_calls, subscriptions, webhook_endpoints)
from .errors import StripeError, invalid
from .world import API_VERSION

ROUTES = []


def route(method, path):
    def register(function):
        ROUTES.append((method, re.compile(path.replace("ID", "([^/]+)") + "$"), function))
        return function
    return register


class Control:
    def __init__(self, double):
        self.double, self.world = double, double.world

    def answer(self, method, target, body):
        parts = urlsplit(target)
        path = parts.path.removeprefix("/_control")
        try:
            given = json.loads(body) if body else {}
            given.update({name: values[0] for name, values in parse_qs(parts.query).items()})
            for verb, pattern, function in ROUTES:
                found = pattern.match(path)
                if found and verb == method:
                    with self.world.at_once():
                        answer = function(self, given, *found.groups())
                    return 200, {"ok": True} if answer is None else answer, {}
        except StripeError as error:
            return error.status, error.body(""), {}
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": {"message": f"{type(error).__name__}: {error}"}}, {}
        return 404, {"error": {"message": f"no {method} {path} in the control API"}}, {}

    def method_of(self, given):
        """The payment method that somebody types in or has: card, or payment_method."""
        if "payment_method" in given:
            return payment_methods.usable(self.world, given["payment_method"])
        card = payment_methods.card_of(given.get("card", "4242424242424242"))
        expiry = tuple(given.get("expiry", (12, 2049)))
        return payment_methods.make(self.world, card, expiry, given.get("billing_details"))


def shown(error):
    """What the customer reads on the page."""
    return error and error.error


# Time.

@route("GET", "/clock")
def clock(control, given):
    return {"now": control.world.now(), "ahead": control.world.clock.ahead}


@route("POST", "/clock")
def move(control, given):
    world = control.world
    by = given["to"] - world.now() if "to" in given else given["advance"]
    if not 0 <= by <= 10 * 366 * 86400:
        raise ValueError("the clock moves ahead, at most ten years")
    world.clock.ahead += by
    checkout.due(world)
    subscriptions.due(world)
    control.double.deliveries.retry()
    return clock(control, given)


@route("POST", "/settings")
def settings(control, given):
    known = control.world.settings
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{name} is no setting: {', '.join(known)}")
        known[name] = value
    return known


# What customers do.

@route("POST", "/checkout/ID/pay")
def pay_session(control, given, identifier):
    world, session = control.world, checkout.current(control.world, identifier)
    method = None if given.get("answer_only") else control.method_of(given)
    if given.get("takes_days"):
        world.secret(method["id"])["takes_days"] = True
    error = checkout.pay(world, session, method, given.get("authenticate"), given.get("email"),
                         given.get("name"), given.get("address"))
    return {"session": session, "error": shown(error)}


@route("POST", "/checkout/ID/expire")
def expire_session(control, given, identifier):
    session = checkout.current(control.world, identifier)
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.")
    checkout.expire(control.world, session)
    return {"session": session}


@route("POST", "/invoices/ID/pay")
def pay_invoice(control, given, identifier):
    invoice = control.world["invoice"].get(identifier)
    if invoice["status"] != "open":
        raise invalid(f"This invoice is {invoice['status']}.")
    error = pages.pay_invoice(control.world, invoice, control.method_of(given),
                              given.get("authenticate"))
    return {"invoice": invoice, "error": shown(error)}


@route("POST", "/invoices/ID/authenticate")
def authenticate_invoice(control, given, identifier):
    invoice = control.world["invoice"].get(identifier)
    intent = invoices.intent_of(control.world, invoice)
    error = payment_intents.authenticate(control.world, intent, given.get("succeed", True))
    return {"invoice": invoice, "error": shown(error)}


@route("POST", "/payment_intents/ID/authenticate")
def authenticate_payment(control, given, identifier):
    intent = control.world["payment_intent"].get(identifier)
    error = payment_intents.authenticate(control.world, intent, given.get("succeed", True))
    return {"payment_intent": intent, "error": shown(error)}


@route("POST", "/payment_intents/ID/arrive")
def arrive(control, given, identifier):
    intent = control.world["payment_intent"].get(identifier)
    payment_intents.arrive(control.world, intent, given.get("succeed", True))
    return intent


@route("POST", "/setup_intents/ID/authenticate")
def authenticate_setup(control, given, identifier):
    intent = control.world["setup_intent"].get(identifier)
    error = setup_intents.authenticate(control.world, intent, given.get("succeed", True))
    return {"setup_intent": intent, "error": shown(error)}


@route("POST", "/subscriptions")
def seed(control, given):
    if "many" in given:
        return {"ids": [subscription_calls.seed(control.world, one)["id"] for one in given["many"]]}
    return subscription_calls.seed(control.world, given)


# What banks do.

@route("POST", "/payment_methods/ID")
def bank(control, given, identifier):
    """The bank changes its mind (`charge`, `ask`), or sends a new card (`expiry`, `last4`), which
    is told as `payment_method.automatically_updated`."""
    world, method = control.world, control.world["payment_method"].get(identifier)
    held = world.secret(identifier)
    refusals = {card.charge[1]: card.charge for card in cards.BY_NUMBER.values() if card.charge}
    if "charge" in given:
        held["charge"] = refusals[given["charge"]] if given["charge"] else None
    if "ask" in given:
        if given["ask"] not in ("never", "always", "unsaved", "on_session"):
            raise ValueError("ask must be never, always, unsaved or on_session")
        held["ask"] = given["ask"]
    if "takes_days" in given:
        held["takes_days"] = given["takes_days"]
    if "expiry" in given or "last4" in given:
        with world.changing(method, "payment_method.automatically_updated"):
            if "expiry" in given:
                method["card"]["exp_month"], method["card"]["exp_year"] = given["expiry"]
            method["card"]["last4"] = given.get("last4", method["card"]["last4"])
    return method


@route("POST", "/disputes")
def dispute(control, given):
    from .charges import charge_of
    return disputes.make(control.world, charge_of(control.world, given),
                         given.get("reason", "fraudulent"), given.get("amount"),
                         given.get("inquiry", False))


@route("POST", "/disputes/ID")
def decide(control, given, identifier):
    return disputes.decide(control.world, control.world["dispute"].get(identifier),
                           given["status"])


@route("POST", "/refunds/ID")
def refund(control, given, identifier):
    found = control.world["refund"].get(identifier)
    {"failed": refunds.fail, "succeeded": refunds.settle}[given["status"]](control.world, found)
    return found


# Webhooks.

@route("GET", "/webhooks")
def webhooks(control, given):
    deliveries = control.double.deliveries
    return {"held": deliveries.held, "counts": deliveries.counts(), "rules": deliveries.rules,
            "deliveries": [one.shown() for one in deliveries.all]}


@route("POST", "/webhooks/hold")
def hold(control, given):
    control.double.deliveries.hold()


@route("POST", "/webhooks/release")
def release(control, given):
    return {"released": control.double.deliveries.release(**given)}


@route("POST", "/webhooks/lose")
def lose(control, given):
    control.double.deliveries.rule(0, given.get("type"), given.get("count", 1))


@route("POST", "/webhooks/repeat")
def repeat(control, given):
    control.double.deliveries.rule(given.get("copies", 2), given.get("type"),
                                   given.get("count", 1))


@route("POST", "/webhooks/redeliver")
def redeliver(control, given):
    event = control.world["event"].get(given["event"])
    control.double.deliveries.redeliver(event, given.get("endpoint"))


@route("POST", "/webhooks/forge")
def forge(control, given):
    """An event that is made up, with whatever is given of `event`."""
    world = control.world
    endpoint = world["webhook_endpoint"].get(given["endpoint"]) if "endpoint" in given \
        else next(iter(world["webhook_endpoint"]))
    event = {"id": world.new_id("evt"), "object": "event", "api_version": API_VERSION,
             "created": world.now(), "data": {"object": {}}, "livemode": world.live,
             "pending_webhooks": 1, "request": None, "type": "ping", **given.get("event", {})}
    return control.double.deliveries.forge(endpoint, event, given).shown()


@route("POST", "/webhooks/retry")
def retry(control, given):
    control.double.deliveries.retry(everything=True)


@route("POST", "/webhooks/pace")
def pace(control, given):
    deliveries = control.double.deliveries
    deliveries.delay_milliseconds = given.get("delay_milliseconds", 0)
    deliveries.sign_seconds_ago = given.get("sign_seconds_ago", 0)


@route("POST", "/webhooks/settle")
def settle(control, given):
    deliveries = control.double.deliveries
    settled = deliveries.settle(min(given.get("seconds", 10), 60))
    return {"settled": settled, "counts": deliveries.counts()}


@route("POST", "/webhook_endpoints/ID/roll")
def roll(control, given, identifier):
    endpoint = control.world["webhook_endpoint"].get(identifier)
    return {"secret": webhook_endpoints.roll(control.world, endpoint,
                                             given.get("keep_seconds", 86400))}


# Faults and the log.

@route("POST", "/faults")
def add_fault(control, given):
    control.double.faults.add(given)


@route("GET", "/faults")
def list_faults(control, given):
    return {"faults": control.double.faults.shown()}


@route("DELETE", "/faults")
def clear_faults(control, given):
    control.double.faults.clear()


@route("DELETE", "/idempotency")
def forget(control, given):
    control.double.keys.forget(given.get("key"))


@route("GET", "/log")
def log(control, given):
    entries = control.double.log
    if "request" in given:
        entries = [entry for entry in entries if entry["id"] == given["request"]]
    return {"requests": entries[int(given.get("after", 0)):]}


@route("GET", "/broken")
def broken(control, given):
    return {"broken": control.double.broken}


@route("DELETE", "/log")
def clear_log(control, given):
    control.double.log.clear()
