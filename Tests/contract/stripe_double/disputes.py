"""Disputes: what a bank starts. The control API opens and decides them."""

from .calls import call
from .errors import invalid
from .forms import EVERYWHERE, PAGES, clearable, merged, metadata, span, text
from .lists import newest_first, page, span_of

REASONS = ("bank_cannot_process", "credit_not_processed", "customer_initiated", "duplicate",
           "fraudulent", "general", "insufficient_funds", "product_not_received",
           "product_unacceptable", "subscription_canceled", "unrecognized")
EVIDENCE = """access_activity_log billing_address cancellation_policy
    cancellation_policy_disclosure cancellation_rebuttal customer_communication
    customer_email_address customer_name customer_purchase_ip customer_signature
    duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id
    product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation
    service_date service_documentation shipping_address shipping_carrier shipping_date
    shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text""".split()
WEEK = 7 * 86400


def make(world, charge, reason="fraudulent", amount=None, inquiry=False):
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise invalid(f"{charge['id']} can't be disputed: it is {charge['status']}, disputed: "
                      f"{charge['disputed']}.")
    if reason not in REASONS:
        raise invalid(f"{reason} is no reason of disputes: {', '.join(REASONS)}.", "reason")
    warning = "warning_" if inquiry else ""
    network = charge["payment_method_details"]["card"]
    dispute = {
        "id": world.new_id("du"), "object": "dispute", "amount": amount or charge["amount"],
        "balance_transactions": [], "charge": charge["id"], "created": world.now(),
        "currency": charge["currency"], "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {"due_by": world.now() + WEEK, "enhanced_eligibility": {},
                             "has_evidence": False, "past_due": False, "submission_count": 0,
                             "submission_method": "not_submitted"},
        "is_charge_refundable": inquiry, "livemode": world.live, "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": {
            "brand": network["brand"], "case_type": "inquiry" if inquiry else "chargeback",
            "network": network["brand"], "network_reason_code": "83"}, "type": "card"},
        "reason": reason, "status": warning + "needs_response"}
    world["dispute"].add(dispute)
    with world.changing(charge, "charge.updated"):
        charge["disputed"] = True
    world.tell("charge.dispute.created", dispute)
    if not inquiry:
        world.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(world, dispute, status):
    """won, lost or warning_closed."""
    if status not in ("won", "lost", "warning_closed"):
        raise invalid("A dispute ends as won, lost or warning_closed.", "status")
    with world.changing(dispute, "charge.dispute.updated", "charge.dispute.closed"):
        dispute["status"] = status
    if status == "won":
        world.tell("charge.dispute.funds_reinstated", dispute)
    return dispute


@call("GET", "/v1/disputes/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["dispute"].get(id)


@call("POST", "/v1/disputes/:id", metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    dispute = world["dispute"].get(id)
    with world.changing(dispute, "charge.dispute.updated"):
        if "metadata" in params:
            dispute["metadata"] = merged(dispute["metadata"], params["metadata"])
    return dispute


@call("POST", "/v1/disputes/:id/close", **EVERYWHERE)
def close(world, params, id):
    return decide(world, world["dispute"].get(id), "lost")


@call("GET", "/v1/disputes", charge=text, payment_intent=text, created=span, **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["dispute"]) if within(row["created"])
                 and params.get("charge") in (None, row["charge"])
                 and params.get("payment_intent") in (None, row["payment_intent"])),
                params, "/v1/disputes", "dispute")
