"""Charges: each try of an intent to take money is one."""

import datetime

from . import cards
from .calls import call
from .errors import invalid
from .forms import EVERYWHERE, PAGES, clearable, integer, merged, metadata, required, span, text
from .lists import includable, newest_first, page, search, span_of


def expired(world, method):
    """By the double's clock: a card is good until its month is over."""
    card, now = method["card"], datetime.datetime.fromtimestamp(world.now(), datetime.timezone.utc)
    return (card["exp_year"], card["exp_month"]) < (now.year, now.month)


def refusal(world, method):
    """What the bank says to a charge that needs no further question: None or (code, why, text)."""
    return cards.EXPIRED if expired(world, method) else world.secret(method["id"])["charge"]


def outcome(refused):
    if refused is None:
        return {"advice_code": None, "network_advice_code": None, "network_decline_code": None,
                "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
                "risk_score": 20, "seller_message": "Payment complete.", "type": "authorized"}
    return {"advice_code": "try_again_later", "network_advice_code": None,
            "network_decline_code": "01", "network_status": "declined_by_network",
            "reason": refused[1], "risk_level": "normal", "risk_score": 20,
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined"}


def make(world, intent, method, refused, authenticated=False):
    card = method["card"]
    charge = {
        "id": world.new_id("ch"), "object": "charge", "amount": intent["amount"],
        "amount_captured": 0 if refused else intent["amount"], "amount_refunded": 0,
        "application": None, "application_fee": None, "application_fee_amount": None,
        "balance_transaction": None, "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "DOUBLE", "captured": not refused,
        "created": world.now(), "currency": intent["currency"], "customer": intent["customer"],
        "description": intent["description"], "disputed": False,
        "failure_balance_transaction": None, "failure_code": refused and refused[0],
        "failure_message": refused and refused[2], "fraud_details": {}, "livemode": world.live,
        "metadata": dict(intent["metadata"]), "on_behalf_of": None, "outcome": outcome(refused),
        "paid": not refused, "payment_intent": intent["id"], "payment_method": method["id"],
        "payment_method_details": {"type": "card", "card": {
            "amount_authorized": None if refused else intent["amount"], "brand": card["brand"],
            "checks": card["checks"], "country": card["country"], "exp_month": card["exp_month"],
            "exp_year": card["exp_year"], "fingerprint": card["fingerprint"],
            "funding": card["funding"], "installments": None, "last4": card["last4"],
            "mandate": None, "network": card["brand"], "network_token": {"used": False},
            "regulated_status": "unregulated",
            "three_d_secure": {
                "authentication_flow": "challenge", "electronic_commerce_indicator": "05",
                "exemption_indicator": None, "result": "authenticated", "result_reason": None,
                "transaction_id": world.new_id("", 16)[1:], "version": "2.2.0",
            } if authenticated else None,
            "wallet": None}},
        "receipt_email": intent["receipt_email"], "receipt_number": None,
        "receipt_url": None, "refunded": False, "review": None, "shipping": None, "source": None,
        "source_transfer": None, "statement_descriptor": None, "statement_descriptor_suffix": None,
        "status": "failed" if refused else "succeeded", "transfer_data": None,
        "transfer_group": None}
    if not refused:
        charge["receipt_url"] = f"{world.base}/receipts/{charge['id']}"
    world["charge"].add(charge)
    world.tell("charge.failed" if refused else "charge.succeeded", charge)
    return charge


@includable("charge", "refunds")
def refunds_of(world, charge):
    rows = [row for row in newest_first(world["refund"]) if row["charge"] == charge["id"]]
    return page(rows, {}, f"/v1/charges/{charge['id']}/refunds", "refund")


@call("GET", "/v1/charges/search", query=required(text), limit=integer, page=text, **EVERYWHERE)
def find(world, params):
    return search(world, "charge", params, "/v1/charges/search",
                  ("amount", "created", "currency", "customer", "status"))


@call("GET", "/v1/charges/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["charge"].get(id)


@call("POST", "/v1/charges/:id", description=text, metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    charge = world["charge"].get(id)
    with world.changing(charge, "charge.updated"):
        if "metadata" in params:
            charge["metadata"] = merged(charge["metadata"], params["metadata"])
        charge["description"] = params.get("description", charge["description"])
    return charge


@call("GET", "/v1/charges", created=span, customer=text, payment_intent=text,
      **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["charge"]) if within(row["created"])
                 and params.get("customer") in (None, row["customer"])
                 and params.get("payment_intent") in (None, row["payment_intent"])),
                params, "/v1/charges", "charge")


def charge_of(world, params):
    """The charge that a refund or a dispute is about."""
    if "charge" in params:
        return world["charge"].get(params["charge"], "charge")
    if "payment_intent" not in params:
        raise invalid("One of the following params should be provided for this request: "
                      "payment_intent or charge.", "payment_intent")
    intent = world["payment_intent"].get(params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to "
                      "refund.", "payment_intent", "payment_intent_unexpected_state")
    return world["charge"].get(intent["latest_charge"], "payment_intent")
