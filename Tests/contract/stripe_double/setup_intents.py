"""Setup intents: a method is made ready for charges while its holder is away."""

import copy

from .calls import call
from .customers import existing
from .errors import card_error, invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, fields, merged, metadata,
                    required, span, text)
from .lists import newest_first, page, span_of
from .payment_intents import NOT_SHOWN
from .payment_methods import join, usable


def make(world, customer, meta=None, description=None, usage="off_session", method=None):
    identifier = world.new_id("seti")
    intent = {
        "id": identifier, "object": "setup_intent", "application": None,
        "automatic_payment_methods": None, "cancellation_reason": None,
        "client_secret": f"{identifier}_{world.new_id('secret')}", "created": world.now(),
        "customer": customer, "description": description, "flow_directions": None,
        "last_setup_error": None, "latest_attempt": None, "livemode": world.live, "mandate": None,
        "metadata": dict(meta or {}), "next_action": None, "on_behalf_of": None,
        "payment_method": method,
        "payment_method_options": {"card": {"mandate_options": None, "network": None,
                                            "request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"], "single_use_mandate": None,
        "status": "requires_confirmation" if method else "requires_payment_method",
        "usage": usage}
    world["setup_intent"].add(intent)
    world.tell("setup_intent.created", intent)
    return intent


def attempt(world, intent, method, authenticated=False):
    """As with payments: the refusal to answer, or None."""
    secret = world.secret(method["id"])
    if secret["ask"] in ("always", "unsaved") and not authenticated:
        with world.changing(intent, "setup_intent.requires_action"):
            intent.update(status="requires_action", payment_method=method["id"], next_action={
                "type": "use_stripe_sdk", "use_stripe_sdk": {
                    "type": "three_d_secure_redirect",
                    "stripe_js": f"{world.base}/3ds/{intent['id']}"}})
        return None
    if secret["attach"]:
        code, why, message = secret["attach"]
        return failed(world, intent, card_error(code, message, why, payment_method=method))
    if intent["customer"]:
        join(world, method, world["customer"].get(intent["customer"]))
    secret["ready"], secret["used"] = True, True
    with world.changing(intent, "setup_intent.succeeded"):
        intent.update(status="succeeded", payment_method=method["id"], next_action=None,
                      last_setup_error=None)
    return None


def failed(world, intent, error):
    with world.changing(intent, "setup_intent.setup_failed"):
        intent.update(status="requires_payment_method", payment_method=None, next_action=None,
                      last_setup_error=copy.deepcopy(error.error))
    error.error["setup_intent"] = intent
    return error


def authenticate(world, intent, succeed=True):
    if intent["status"] != "requires_action":
        raise invalid(f"{intent['id']} waits for nobody: it is {intent['status']}.")
    method = world["payment_method"].get(intent["payment_method"])
    if succeed:
        return attempt(world, intent, method, authenticated=True)
    error = card_error("setup_intent_authentication_failure", NOT_SHOWN, payment_method=method)
    error.error["type"] = "invalid_request_error"
    return failed(world, intent, error)


def confirm(world, intent, params):
    if intent["status"] in ("succeeded", "canceled"):
        raise invalid(f"You cannot confirm this SetupIntent because it has already "
                      f"{intent['status']}.", code="setup_intent_unexpected_state",
                      setup_intent=intent)
    chosen = params.get("payment_method") or intent["payment_method"]
    if not chosen:
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.",
                      code="setup_intent_unexpected_state", setup_intent=intent)
    error = attempt(world, intent, usable(world, chosen))
    if error:
        raise error
    return intent


@call("POST", "/v1/setup_intents", customer=text, confirm=boolean, description=text,
      metadata=metadata, payment_method=text, return_url=text,
      allowed_payment_method_types=array(choice("card")), usage=choice("off_session", "on_session"),
      automatic_payment_methods=fields(
          enabled=required(boolean), allow_redirects=choice("always", "never")), **EVERYWHERE)
def create(world, params):
    customer = params.get("customer") and existing(world, params["customer"])["id"]
    method = params.get("payment_method") and usable(world, params["payment_method"])["id"]
    intent = make(world, customer, merged({}, params.get("metadata", {})),
                  params.get("description"), params.get("usage", "off_session"), method)
    if "automatic_payment_methods" in params:
        intent["automatic_payment_methods"] = {
            "allow_redirects": "always", **params["automatic_payment_methods"]}
    if "allowed_payment_method_types" in params:
        intent["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    return confirm(world, intent, {}) if params.get("confirm") else intent


@call("GET", "/v1/setup_intents/:id", client_secret=text, **EVERYWHERE)
def retrieve(world, params, id):
    return world["setup_intent"].get(id, "intent")


@call("POST", "/v1/setup_intents/:id", description=text, metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    intent = world["setup_intent"].get(id, "intent")
    with world.changing(intent):
        if "metadata" in params:
            intent["metadata"] = merged(intent["metadata"], params["metadata"])
        intent["description"] = params.get("description", intent["description"])
    return intent


@call("POST", "/v1/setup_intents/:id/confirm", payment_method=text, return_url=text, **EVERYWHERE)
def confirm_call(world, params, id):
    return confirm(world, world["setup_intent"].get(id, "intent"), params)


@call("POST", "/v1/setup_intents/:id/cancel", cancellation_reason=choice(
    "abandoned", "duplicate", "requested_by_customer"), **EVERYWHERE)
def cancel(world, params, id):
    intent = world["setup_intent"].get(id, "intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise invalid(f"You cannot cancel this SetupIntent because it has a status of "
                      f"{intent['status']}.", code="setup_intent_unexpected_state")
    with world.changing(intent, "setup_intent.canceled"):
        intent.update(status="canceled", next_action=None,
                      cancellation_reason=params.get("cancellation_reason"))
    return intent


@call("GET", "/v1/setup_intents", created=span, customer=text, payment_method=text,
      **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["setup_intent"]) if within(row["created"])
                 and params.get("customer") in (None, row["customer"])
                 and params.get("payment_method") in (None, row["payment_method"])),
                params, "/v1/setup_intents", "setup_intent")
