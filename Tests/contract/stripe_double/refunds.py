"""Refunds, whole or in part."""

from . import money
from .calls import call
from .charges import charge_of
from .errors import invalid
from .forms import EVERYWHERE, PAGES, choice, clearable, integer, merged, metadata, span, text
from .lists import newest_first, page, span_of


@call("POST", "/v1/refunds", charge=text, payment_intent=text, amount=integer,
      metadata=clearable(metadata), reason=choice(
          "duplicate", "fraudulent", "requested_by_customer"), **EVERYWHERE)
def create(world, params):
    charge = charge_of(world, params)
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} cannot be refunded because it has not succeeded.",
                      code="charge_not_refundable")
    disputes = [row for row in world["dispute"] if row["charge"] == charge["id"]]
    if not all(dispute["is_charge_refundable"] for dispute in disputes):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                      code="charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.",
                      code="charge_already_refunded")
    amount = params.get("amount", left)
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount",
                      "parameter_invalid_integer")
    if amount > left:
        of = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise invalid(f"Refund amount ({money.shown(amount, charge['currency'])}) is greater than "
                      f"{of} ({money.shown(left, charge['currency'])})", "amount")
    return make(world, charge, amount, params)


def make(world, charge, amount, params):
    after = world.secret(charge["payment_method"]).get("after")
    refund = {
        "id": world.new_id("re"), "object": "refund", "amount": amount,
        "balance_transaction": None, "charge": charge["id"], "created": world.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {
            "reference": "7006000000000000", "reference_status": "available",
            "reference_type": "acquirer_reference_number", "type": "refund"}, "type": "card"},
        "metadata": merged({}, params.get("metadata", {})),
        "payment_intent": charge["payment_intent"], "reason": params.get("reason"),
        "receipt_number": None, "source_transfer_reversal": None,
        "status": "pending" if after == "refund_pending" else "succeeded",
        "transfer_reversal": None}
    world["refund"].add(refund)
    world.tell("refund.created", refund)
    give_back(world, charge, amount, "charge.refunded")
    if after == "refund_fails":
        fail(world, refund)
    return refund


def give_back(world, charge, amount, *events):
    with world.changing(charge, *events):
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def settle(world, refund):
    """A pending refund arrives."""
    with world.changing(refund, "refund.updated", "charge.refund.updated"):
        refund["status"] = "succeeded"


def fail(world, refund):
    """The bank sends the money back: the charge isn't refunded any more."""
    with world.changing(refund, "refund.failed", "charge.refund.updated"):
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
    give_back(world, world["charge"].get(refund["charge"]), -refund["amount"])


@call("GET", "/v1/refunds/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["refund"].get(id)


@call("POST", "/v1/refunds/:id", metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    refund = world["refund"].get(id)
    with world.changing(refund, "refund.updated", "charge.refund.updated"):
        if "metadata" in params:
            refund["metadata"] = merged(refund["metadata"], params["metadata"])
    return refund


@call("POST", "/v1/refunds/:id/cancel", **EVERYWHERE)
def cancel(world, params, id):
    raise invalid(f"Refund {id} cannot be canceled: only refunds that wait for the customer can "
                  "be.") if id in world["refund"] else world["refund"].get(id)


@call("GET", "/v1/refunds", charge=text, payment_intent=text, created=span, **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["refund"]) if within(row["created"])
                 and params.get("charge") in (None, row["charge"])
                 and params.get("payment_intent") in (None, row["payment_intent"])),
                params, "/v1/refunds", "refund")
