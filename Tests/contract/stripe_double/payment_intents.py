"""Payment intents, and what a bank says when one is confirmed."""

import copy

from . import charges, money
from .calls import call
from .customers import existing
from .errors import card_error, invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, currency, either, fields,
                    integer, merged, metadata, required, span, text)
from .lists import newest_first, page, search, span_of
from .payment_methods import join, usable

ASKED = ("authentication_required", "authentication_required",
         "Your card was declined. This transaction requires authentication.")
NOT_SHOWN = ("We are unable to authenticate your payment method. Please choose a different payment "
             "method and try again.")
WHO_IS_TOLD_LATE = []  # the same of one that took days, whether or not it has
WHO_IS_TOLD = []  # called with (world, intent) when an intent has succeeded


def make(world, amount, code, customer, meta=None, description=None, future=None, method=None,
         receipt_email=None):
    if amount < money.minimum(code):
        raise invalid(f"Amount must be at least {money.shown(money.minimum(code), code)}", "amount",
                      "amount_too_small")
    money.right(amount, code)
    if amount > 99_999_999:
        raise invalid("Amount must be no more than 999,999.99", "amount", "amount_too_large")
    identifier = world.new_id("pi")
    intent = {
        "id": identifier, "object": "payment_intent", "amount": amount, "amount_capturable": 0,
        "amount_details": {"tip": {}}, "amount_received": 0, "application": None,
        "application_fee_amount": None, "automatic_payment_methods": None, "canceled_at": None,
        "cancellation_reason": None, "capture_method": "automatic",
        "client_secret": f"{identifier}_{world.new_id('secret')}",
        "confirmation_method": "automatic", "created": world.now(), "currency": code,
        "customer": customer, "description": description, "last_payment_error": None,
        "latest_charge": None, "livemode": world.live, "metadata": dict(meta or {}),
        "next_action": None, "on_behalf_of": None, "payment_method": method,
        "payment_method_options": {"card": {
            "installments": None, "mandate_options": None, "network": None,
            "request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"], "processing": None, "receipt_email": receipt_email,
        "review": None, "setup_future_usage": future, "shipping": None, "source": None,
        "statement_descriptor": None, "statement_descriptor_suffix": None,
        "status": "requires_confirmation" if method else "requires_payment_method",
        "transfer_data": None, "transfer_group": None}
    world["payment_intent"].add(intent)
    world.tell("payment_intent.created", intent)
    return intent


def asks(world, method, off_session):
    secret = world.secret(method["id"])
    return {"never": False, "always": True, "unsaved": not secret["ready"],
            "on_session": not off_session}[secret["ask"]]


def attempt(world, intent, method, off_session=False, authenticated=False, may_ask=True):
    """Confirms. The refusal that its caller answers, or None; the intent says the rest.
    `may_ask`: an intent that waits for its customer, instead of being declined."""
    world.secret(method["id"])["used"] = True
    if asks(world, method, off_session) and not authenticated:
        if may_ask:
            return wait(world, intent, method)
        return decline(world, intent, method, ASKED)
    refused = charges.refusal(world, method)
    if refused:
        return decline(world, intent, method, refused, authenticated)
    if world.secret(method["id"]).get("takes_days"):
        return process(world, intent, method)
    return succeed(world, intent, method, authenticated)


def process(world, intent, method):
    """The bank says in days whether it pays."""
    with world.changing(intent, "payment_intent.processing"):
        intent.update(status="processing", payment_method=method["id"], next_action=None,
                      last_payment_error=None)


def arrive(world, intent, succeeds):
    """The days are over. The session or invoice that it is of says so, too."""
    if intent["status"] != "processing":
        raise unexpected(intent, "let arrive")
    method = world["payment_method"].get(intent["payment_method"])
    if succeeds:
        succeed(world, intent, method, False)
    else:
        decline(world, intent, method, ("card_declined", "insufficient_funds",
                                        "Your account has insufficient funds."))
    for told in WHO_IS_TOLD_LATE:
        told(world, intent)


def succeed(world, intent, method, authenticated):
    charge = charges.make(world, intent, method, None, authenticated)
    with world.changing(intent, "payment_intent.succeeded"):
        intent.update(status="succeeded", amount_received=intent["amount"],
                      payment_method=method["id"], latest_charge=charge["id"],
                      next_action=None, last_payment_error=None)
    if intent["setup_future_usage"] == "off_session":
        world.secret(method["id"])["ready"] = True
    if intent["setup_future_usage"] and intent["customer"]:
        join(world, method, world["customer"].get(intent["customer"]))
    for told in WHO_IS_TOLD:
        told(world, intent)
    befall(world, charge, world.secret(method["id"])["after"])
    return None


def befall(world, charge, what):
    from . import disputes
    if what in ("dispute", "inquiry"):
        disputes.make(world, charge, "fraudulent", inquiry=what == "inquiry")


def wait(world, intent, method):
    with world.changing(intent, "payment_intent.requires_action"):
        intent.update(status="requires_action", payment_method=method["id"],
                      last_payment_error=None,
                      next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {
                          "type": "three_d_secure_redirect",
                          "stripe_js": f"{world.base}/3ds/{intent['id']}",
                          "source": world.new_id("src")}})
    return None


def decline(world, intent, method, refused, authenticated=False):
    code, why, message = refused
    charge = charges.make(world, intent, method, refused, authenticated)
    error = card_error(code, message, why, charge=charge["id"], payment_method=method)
    with world.changing(intent, "payment_intent.payment_failed"):
        intent.update(status="requires_payment_method", payment_method=None, next_action=None,
                      latest_charge=charge["id"], last_payment_error=copy.deepcopy(error.error))
    error.error["payment_intent"] = intent
    return error


def not_authenticated(world, intent):
    """The customer's answer to the bank was no, or none."""
    method = world["payment_method"].get(intent["payment_method"])
    error = card_error("payment_intent_authentication_failure", NOT_SHOWN, payment_method=method)
    error.error["type"] = "invalid_request_error"
    with world.changing(intent, "payment_intent.payment_failed"):
        intent.update(status="requires_payment_method", payment_method=None, next_action=None,
                      last_payment_error=copy.deepcopy(error.error))


def authenticate(world, intent, succeed=True):
    """What the customer does on the bank's page."""
    if intent["status"] != "requires_action":
        raise invalid(f"{intent['id']} waits for nobody: it is {intent['status']}.")
    method = world["payment_method"].get(intent["payment_method"])
    if not succeed:
        return not_authenticated(world, intent)
    return attempt(world, intent, method, authenticated=True)


def unexpected(intent, verb):
    return invalid(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state", payment_intent=intent)


def confirm(world, intent, params):
    if intent["status"] not in ("requires_payment_method", "requires_confirmation",
                                "requires_action"):
        raise unexpected(intent, "confirm")
    chosen = params.get("payment_method") or intent["payment_method"]
    if not chosen:
        raise invalid("You cannot confirm this PaymentIntent because it's missing a payment "
                      "method.", code="payment_intent_unexpected_state", payment_intent=intent)
    method = usable(world, chosen)
    if method["customer"] not in (None, intent["customer"]):
        raise invalid("The provided PaymentMethod cannot be attached. To reuse a PaymentMethod, "
                      "you must attach it to a Customer first.", "payment_method")
    off = params.get("off_session") in (True, "one_off", "recurring")
    error = attempt(world, intent, method, off,
                    may_ask=not off and not params.get("error_on_requires_action"))
    if error:
        raise error
    return intent


OFF_SESSION = either(boolean, choice("one_off", "recurring"))
FUTURE = choice("off_session", "on_session")
CONFIRMING = dict(payment_method=text, off_session=OFF_SESSION, return_url=text,
                  error_on_requires_action=boolean)


@call("POST", "/v1/payment_intents", amount=required(integer), currency=required(currency),
      customer=text, confirm=boolean, description=text, metadata=metadata, receipt_email=text,
      setup_future_usage=FUTURE, allowed_payment_method_types=array(choice("card")),
      automatic_payment_methods=fields(
          enabled=required(boolean), allow_redirects=choice("always", "never")),
      **CONFIRMING, **EVERYWHERE)
def create(world, params):
    customer = params.get("customer") and existing(world, params["customer"])["id"]
    intent = make(world, params["amount"], params["currency"], customer,
                  merged({}, params.get("metadata", {})), params.get("description"),
                  params.get("setup_future_usage"), receipt_email=params.get("receipt_email"))
    if "automatic_payment_methods" in params:
        intent["automatic_payment_methods"] = {
            "allow_redirects": "always", **params["automatic_payment_methods"]}
    if "allowed_payment_method_types" in params:
        intent["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    if "payment_method" in params:
        method = usable(world, params["payment_method"])
        intent["payment_method"] = params["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    return confirm(world, intent, params) if params.get("confirm") else intent


@call("GET", "/v1/payment_intents/search", query=required(text), limit=integer, page=text,
      **EVERYWHERE)
def find(world, params):
    return search(world, "payment_intent", params, "/v1/payment_intents/search",
                  ("amount", "created", "currency", "customer", "status"))


@call("GET", "/v1/payment_intents/:id", client_secret=text, **EVERYWHERE)
def retrieve(world, params, id):
    return world["payment_intent"].get(id, "intent")


@call("POST", "/v1/payment_intents/:id", description=text, metadata=clearable(metadata),
      setup_future_usage=clearable(FUTURE), **EVERYWHERE)
def update(world, params, id):
    intent = world["payment_intent"].get(id, "intent")
    with world.changing(intent):
        if "metadata" in params:
            intent["metadata"] = merged(intent["metadata"], params["metadata"])
        intent["description"] = params.get("description", intent["description"])
        if "setup_future_usage" in params:
            intent["setup_future_usage"] = params["setup_future_usage"]
    return intent


@call("POST", "/v1/payment_intents/:id/confirm", setup_future_usage=clearable(FUTURE),
      **CONFIRMING, **EVERYWHERE)
def confirm_call(world, params, id):
    intent = world["payment_intent"].get(id, "intent")
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params["setup_future_usage"]
    return confirm(world, intent, params)


@call("POST", "/v1/payment_intents/:id/cancel", cancellation_reason=choice(
    "abandoned", "duplicate", "fraudulent", "requested_by_customer"), **EVERYWHERE)
def cancel(world, params, id):
    intent = world["payment_intent"].get(id, "intent")
    if any(row["payment"]["payment_intent"] == id for row in world["invoice_payment"]):
        raise invalid("You cannot cancel PaymentIntents created by invoices. You should instead "
                      "void the invoice.", code="payment_intent_unexpected_state")
    return cancelled(world, intent, params.get("cancellation_reason"))


def cancelled(world, intent, reason):
    if intent["status"] in ("canceled", "succeeded"):
        raise unexpected(intent, "cancel")
    with world.changing(intent, "payment_intent.canceled"):
        intent.update(status="canceled", canceled_at=world.now(), cancellation_reason=reason,
                      next_action=None)
    return intent


@call("GET", "/v1/payment_intents", created=span, customer=text, **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["payment_intent"]) if within(row["created"])
                 and params.get("customer") in (None, row["customer"])),
                params, "/v1/payment_intents", "payment_intent")
