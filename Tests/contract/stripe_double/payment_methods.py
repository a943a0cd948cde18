"""Payment methods: cards, as the test cards behave."""

import datetime
import hashlib

from . import cards
from .calls import call
from .customers import ADDRESS, address_of, existing
from .errors import card_error, invalid, missing
from .forms import (EVERYWHERE, PAGES, choice, clearable, fields, integer, merged, metadata,
                    required, text)
from .lists import newest_first, page

DETAILS = fields(address=clearable(fields(**ADDRESS)), email=clearable(text),
                 name=clearable(text), phone=clearable(text))
REDISPLAY = choice("always", "limited", "unspecified")
TYPES = choice("card", "link", "sepa_debit", "us_bank_account", "paypal", "ideal", "bancontact")


def details_of(given):
    given = given or {}
    return {"address": address_of(given.get("address") or {}), "email": given.get("email"),
            "name": given.get("name"), "phone": given.get("phone"), "tax_id": None}


def make(world, card, expiry=(12, 2049), billing=None, customer=None, meta=None):
    """A new method of a test card. How its bank behaves stays with it, whoever uses it."""
    method = {
        "id": world.new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": details_of(billing),
        "card": {"brand": card.brand, "checks": {
                     "address_line1_check": None, "address_postal_code_check": None,
                     "cvc_check": "pass"},
                 "country": card.country, "display_brand": card.brand, "exp_month": expiry[0],
                 "exp_year": expiry[1], "fingerprint": fingerprint(card), "funding": card.funding,
                 "generated_from": None, "last4": card.last4,
                 "networks": {"available": [card.brand], "preferred": None},
                 "regulated_status": "unregulated",
                 "three_d_secure_usage": {"supported": True}, "wallet": None},
        "created": world.now(), "customer": customer, "livemode": world.live,
        "metadata": meta or {},
        "type": "card"}
    world["payment_method"].add(method)
    world.secrets[method["id"]] = {
        "charge": card.charge, "ask": card.ask, "after": card.after, "attach": card.attach,
        "ready": False, "used": False}
    return method


def fingerprint(card):
    return hashlib.sha256(card.number.encode()).hexdigest()[:16]


def card_of(number):
    number = number.replace(" ", "")
    if not number.isdigit() or not cards.luhn(number):
        raise card_error("incorrect_number", "Your card number is incorrect.", param="number")
    if number not in cards.BY_NUMBER:
        raise card_error("card_declined", "Your card was declined. Your request was in test mode, "
                         "but used a non test card. For a list of valid test cards, visit: "
                         "https://stripe.com/docs/testing.", "test_mode_live_card", param="number")
    return cards.BY_NUMBER[number]


def right_expiry(world, given):
    month, year = given["exp_month"], given["exp_year"]
    year += 2000 if year < 100 else 0
    if not 1 <= month <= 12:
        raise card_error("invalid_expiry_month", "Your card's expiration month is invalid.",
                         param="exp_month")
    now = datetime.datetime.fromtimestamp(world.now(), datetime.timezone.utc)
    if not (now.year, now.month) <= (year, month) <= (now.year + 50, 12):
        raise card_error("invalid_expiry_year", "Your card's expiration year is invalid.",
                         param="exp_year")
    return month, year


def usable(world, identifier, param="payment_method"):
    """A method by id; a test card's name makes a new one."""
    card = cards.by_token(identifier)
    if card:
        return make(world, card)
    if identifier not in world["payment_method"]:
        raise missing("PaymentMethod", identifier, param)
    method = world["payment_method"].get(identifier, param)
    if world.secret(identifier)["used"] and method["customer"] is None:
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was "
            "detached from a Customer. It may not be used again. To use a PaymentMethod multiple "
            "times, you must attach it to a Customer first.", param)
    return method


def attach(world, identifier, customer):
    return join(world, usable(world, identifier), customer)


def join(world, method, customer):
    if method["customer"] not in (None, customer["id"]):
        raise invalid("The payment method you provided has already been attached to a customer.")
    refusal = world.secret(method["id"])["attach"]
    if refusal:
        raise card_error(refusal[0], refusal[2], refusal[1])
    if method["customer"] is None:
        with world.changing(method, "payment_method.attached"):
            method["customer"] = customer["id"]
    return method


def detach(world, method):
    customer = world["customer"].rows.get(method["customer"])
    with world.changing(method):
        method["customer"] = None
    world.secret(method["id"])["used"] = True
    world.tell("payment_method.detached", method, {"customer": customer and customer["id"]})
    settings = customer and customer["invoice_settings"]
    if settings and settings["default_payment_method"] == method["id"]:
        with world.changing(customer, "customer.updated"):
            settings["default_payment_method"] = None


@call("POST", "/v1/payment_methods", type=required(TYPES), billing_details=DETAILS,
      card=fields(number=text, exp_month=integer, exp_year=integer, cvc=text, token=text),
      allow_redisplay=REDISPLAY, metadata=metadata, **EVERYWHERE)
def create(world, params):
    given = params.get("card")
    if params["type"] != "card" or not given:
        raise invalid("Missing required param: card.", "card", "parameter_missing")
    expiry = (12, 2049)
    if "token" in given:
        card = cards.by_token(given["token"])
        if not card:
            raise missing("token", given["token"], "card[token]")
    else:
        for name in ("number", "exp_month", "exp_year"):
            if name not in given:
                raise invalid(f"Missing required param: card[{name}].", f"card[{name}]",
                              "parameter_missing")
        card, expiry = card_of(given["number"]), right_expiry(world, given)
    method = make(world, card, expiry, params.get("billing_details"))
    method["metadata"] = merged({}, params.get("metadata", {}))
    method["allow_redisplay"] = params.get("allow_redisplay", "unspecified")
    return method


@call("GET", "/v1/payment_methods/:id", **EVERYWHERE)
def retrieve(world, params, id):
    if id not in world["payment_method"]:
        raise missing("PaymentMethod", id, "payment_method", 404)
    return world["payment_method"].get(id)


@call("POST", "/v1/payment_methods/:id", billing_details=DETAILS, metadata=clearable(metadata),
      card=fields(exp_month=integer, exp_year=integer), allow_redisplay=REDISPLAY, **EVERYWHERE)
def update(world, params, id):
    method = retrieve(world, {}, id)
    if method["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    with world.changing(method, "payment_method.updated"):
        method["card"].update(params.get("card", {}))
        if "billing_details" in params:
            method["billing_details"].update(
                {**details_of(params["billing_details"])} if params["billing_details"] else {})
        if "metadata" in params:
            method["metadata"] = merged(method["metadata"], params["metadata"])
        method["allow_redisplay"] = params.get("allow_redisplay", method["allow_redisplay"])
    return method


@call("POST", "/v1/payment_methods/:id/attach", customer=required(text), **EVERYWHERE)
def attach_call(world, params, id):
    return attach(world, id, existing(world, params["customer"]))


@call("POST", "/v1/payment_methods/:id/detach", **EVERYWHERE)
def detach_call(world, params, id):
    method = retrieve(world, {}, id)
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment "
                      "is impossible.")
    detach(world, method)
    return method


def owned_by(world, customer, params, url):
    rows = [row for row in newest_first(world["payment_method"])
            if row["customer"] == customer["id"] and params.get("type") in (None, row["type"])
            and params.get("allow_redisplay") in (None, row["allow_redisplay"])]
    return page(rows, params, url, "PaymentMethod")


@call("GET", "/v1/payment_methods", customer=text, type=TYPES, allow_redisplay=REDISPLAY,
      **PAGES, **EVERYWHERE)
def listing(world, params):
    if "customer" not in params:
        return page([], params, "/v1/payment_methods", "PaymentMethod")
    return owned_by(world, existing(world, params["customer"]), params, "/v1/payment_methods")


@call("GET", "/v1/customers/:customer/payment_methods", type=TYPES, allow_redisplay=REDISPLAY,
      **PAGES, **EVERYWHERE)
def of_customer(world, params, customer):
    return owned_by(world, world["customer"].get(customer), params,
                    f"/v1/customers/{customer}/payment_methods")


@call("GET", "/v1/customers/:customer/payment_methods/:id", **EVERYWHERE)
def one_of_customer(world, params, customer, id):
    world["customer"].get(customer)
    method = retrieve(world, {}, id)
    if method["customer"] != customer:
        raise missing("PaymentMethod", id, "payment_method", 404)
    return method
