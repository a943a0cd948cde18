"""Invoices: what they are and what becomes of them. Their calls stand in `invoice_calls`."""

from . import coupons, money, payment_intents, tax_rates
from .customers import require_location
from .errors import StripeError, invalid
from .lists import includable, newest_first, page

HOW_TO_GO_ON = ("This payment requires additional user action before it can be completed "
                "successfully. Payment can be completed using the PaymentIntent associated with "
                "the invoice. For more details see: "
                "https://stripe.com/docs/billing/subscriptions/overview#requires-action")
PAYERS = {}  # what a subscription does when its invoice is paid or isn't, by name


def make(world, customer, code, **more):
    identifier, now = more.pop("id", None) or world.new_id("in"), world.now()
    invoice = {
        "id": identifier, "object": "invoice", "account_country": "US",
        "account_name": "Double", "account_tax_ids": None, "amount_due": 0,
        "amount_overpaid": 0, "amount_paid": 0, "amount_remaining": 0, "amount_shipping": 0,
        "application": None, "attempt_count": 0, "attempted": False, "auto_advance": False,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None,
                          "provider": None, "status": None},
        "automatically_finalizes_at": None, "billing_reason": "manual",
        "collection_method": "charge_automatically", "created": now, "currency": code,
        "custom_fields": None, "customer": customer["id"],
        "customer_address": customer["address"], "customer_email": customer["email"],
        "customer_name": customer["name"], "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"], "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [], "default_payment_method": None, "default_source": None,
        "default_tax_rates": [], "description": None, "discounts": [], "due_date": None,
        "effective_at": None, "ending_balance": None, "footer": None, "from_invoice": None,
        "hosted_invoice_url": None, "invoice_pdf": None,
        "issuer": {"type": "self"}, "last_finalization_error": None, "latest_revision": None,
        "lines": None, "livemode": world.live, "metadata": {}, "next_payment_attempt": None,
        "number": None, "on_behalf_of": None, "parent": None,
        "payment_settings": {"default_mandate": None, "payment_method_options": None,
                             "payment_method_types": None},
        "period_end": now, "period_start": now, "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0, "receipt_number": None, "rendering": None,
        "shipping_cost": None, "shipping_details": None, "starting_balance": 0,
        "statement_descriptor": None, "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "subtotal": 0, "subtotal_excluding_tax": 0, "test_clock": None, "total": 0,
        "total_discount_amounts": [], "total_excluding_tax": 0, "total_pretax_credit_amounts": [],
        "total_taxes": [], "webhooks_delivered_at": now, **more}
    world["invoice"].add(invoice)
    world.secret(identifier)["lines"] = []
    count(world, invoice)
    return invoice


def listed(world, invoice, params=None):
    """The lines, the ten first of them where nobody asked for more."""
    lines = world.secret(invoice["id"])["lines"]
    result = page(lines, params or {}, f"/v1/invoices/{invoice['id']}/lines", "line_item")
    return {**result, "total_count": len(lines)}


def rates_of(world, invoice, line):
    if invoice["automatic_tax"]["enabled"]:
        return tax_rates.automatic(world, world["customer"].rows.get(invoice["customer"]),
                                   behavior_of(world, line))
    return (world.secret(line["id"]).get("tax_rates")
            or [world["tax_rate"].get(rate["id"]) for rate in invoice["default_tax_rates"]])


def behavior_of(world, line):
    """Whether tax is within: what the line says, or its price."""
    details = (line["pricing"] or {}).get("price_details")
    price = details and world["price"].rows.get(details["price"])
    return world.secret(line["id"]).get("tax_behavior") or (price and price["tax_behavior"])


def count(world, invoice):
    """All of a draft's sums, from its lines."""
    if invoice["status"] != "draft":
        return
    customer = world["customer"].rows.get(invoice["customer"])
    lines, entries = world.secret(invoice["id"])["lines"], []
    off = coupons.take_off(world, list(map(world.guarded, lines)), invoice["discounts"])
    for line in lines:
        net = line["amount"] - sum(one["amount"] for one in line["discount_amounts"])
        line["taxes"] = world.secret(line["id"]).get("taxes") or tax_rates.taxes(
            net, rates_of(world, invoice, line), invoice["customer_tax_exempt"])
        entries += line["taxes"]
    subtotal = sum(line["amount"] for line in lines)
    extra, whole = tax_rates.exclusive_sum(entries), tax_rates.whole_sum(entries)
    total = subtotal - sum(one["amount"] for one in off) + extra
    invoice.update(
        lines=listed(world, invoice), subtotal=subtotal, total=total,
        subtotal_excluding_tax=subtotal - (whole - extra), total_excluding_tax=total - whole,
        total_taxes=tax_rates.together(entries), total_discount_amounts=off)
    if invoice["automatic_tax"]["enabled"]:
        located = bool(((customer or {}).get("address") or {}).get("country"))
        invoice["automatic_tax"].update(
            liability={"type": "self"}, provider="stripe",
            status="complete" if located else "requires_location_inputs")
    invoice["starting_balance"] = customer["balance"] if customer else 0
    due, _ = due_of(invoice)
    invoice.update(amount_due=due, amount_remaining=due)


def due_of(invoice):
    """(what is due now, the customer's balance after it). Credit is used up first; a sum below
    what a card can be charged waits on the balance for the next invoice."""
    owed = invoice["total"] + invoice["starting_balance"]
    if owed < money.minimum(invoice["currency"]) and not (
            invoice["collection_method"] == "send_invoice" and owed > 0):
        return 0, owed
    return owed, 0


def finalize(world, invoice, paid_by=None):
    """`paid_by`: the intent that paid it all already, on a checkout page, which takes no credit."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft "
                      "invoice.", code="invoice_not_editable")
    if not world.secret(invoice["id"])["lines"]:
        raise invalid("You cannot finalize an invoice without line items.",
                      code="invoice_no_customer_line_items")
    customer = world["customer"].get(invoice["customer"], "customer")
    if invoice["automatic_tax"]["enabled"]:
        require_location(world, customer)
    count(world, invoice)
    due, balance = due_of(invoice)
    if paid_by:
        due, balance = paid_by["amount"], invoice["starting_balance"]
    now, number = world.now(), customer["next_invoice_sequence"]
    with world.changing(customer, "customer.updated"):
        customer["next_invoice_sequence"] = number + 1
        customer["balance"], customer["currency"] = balance, invoice["currency"]
    page_of_it = f"{world.base}/i/{invoice['id']}"
    with world.changing(invoice, "invoice.finalized"):
        invoice.update(
            status="open", number=f"{customer['invoice_prefix']}-{number:04}",
            amount_due=due, amount_remaining=due, ending_balance=balance, effective_at=now,
            hosted_invoice_url=page_of_it, invoice_pdf=f"{page_of_it}/pdf")
        invoice["status_transitions"]["finalized_at"] = now
    if due == 0:
        settle(world, invoice, 0)
        return invoice
    open_payment(world, invoice, due, paid_by or payment_intents.make(
        world, due, invoice["currency"], invoice["customer"],
        method=default_method(world, invoice), description=invoice["description"]))
    if paid_by:
        when_paid(world, paid_by)
    return invoice


def open_payment(world, invoice, due, intent):
    payment = {
        "id": world.new_id("inpay"), "object": "invoice_payment", "amount_paid": None,
        "amount_requested": due, "created": world.now(), "currency": invoice["currency"],
        "invoice": invoice["id"], "is_default": True, "livemode": world.live,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"}, "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None}}
    world["invoice_payment"].add(payment)


def payment_of(world, invoice):
    for payment in world["invoice_payment"]:
        if payment["invoice"] == invoice["id"] and payment["is_default"]:
            return payment
    return None


def intent_of(world, invoice):
    payment = payment_of(world, invoice)
    return payment and world["payment_intent"].get(payment["payment"]["payment_intent"])


def settle(world, invoice, amount):
    now = world.now()
    with world.changing(invoice, "invoice.updated", "invoice.paid", "invoice.payment_succeeded"):
        invoice.update(status="paid", amount_paid=amount, amount_remaining=0, attempted=True,
                       next_payment_attempt=None, auto_advance=False)
        invoice["status_transitions"]["paid_at"] = now
    for payer in PAYERS.values():
        payer(world, invoice)


def when_paid(world, intent):
    """An intent succeeded: pay, the hosted page or the bank's page, whoever confirmed it."""
    for payment in world["invoice_payment"]:
        if payment["payment"]["payment_intent"] == intent["id"] and payment["status"] == "open":
            with world.changing(payment, "invoice_payment.paid"):
                payment.update(status="paid", amount_paid=intent["amount_received"])
                payment["status_transitions"]["paid_at"] = world.now()
            settle(world, world["invoice"].get(payment["invoice"]), intent["amount_received"])


payment_intents.WHO_IS_TOLD.append(when_paid)


def default_method(world, invoice):
    customer = world["customer"].rows.get(invoice["customer"])
    details = (invoice["parent"] or {}).get("subscription_details")
    subscription = details and world["subscription"].rows.get(details["subscription"])
    return (invoice["default_payment_method"]
            or (subscription and subscription["default_payment_method"])
            or (customer and customer["invoice_settings"]["default_payment_method"]))


def collect(world, invoice, method, off_session=True):
    """A try to be paid: the refusal to answer, or None."""
    intent = intent_of(world, invoice)
    error = payment_intents.attempt(world, intent, method, off_session)
    if invoice["status"] == "paid":
        with world.changing(invoice):
            invoice["attempt_count"] += 1
        return None
    if intent["status"] == "processing":
        with world.changing(invoice, "invoice.updated"):
            invoice["attempt_count"] += 1
            invoice["attempted"] = True
        return None
    waits = intent["status"] == "requires_action"
    events = ["invoice.payment_action_required"] if waits else []
    with world.changing(invoice, "invoice.updated", *events, "invoice.payment_failed"):
        invoice["attempt_count"] += 1
        invoice["attempted"] = True
    if waits:
        return StripeError(402, HOW_TO_GO_ON, code="invoice_payment_intent_requires_action",
                           kind="card_error", kept=True, payment_intent=intent)
    return error


def void(world, invoice):
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid("You can only pass in open invoices. This invoice isn't open.",
                      code=None)
    intent = intent_of(world, invoice)
    if intent and intent["status"] not in ("canceled", "succeeded"):
        payment_intents.cancelled(world, intent, "void_invoice")
        payment = payment_of(world, invoice)
        with world.changing(payment):
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = world.now()
    with world.changing(invoice, "invoice.voided", "invoice.updated"):
        invoice.update(status="void", next_payment_attempt=None)
        invoice["status_transitions"]["voided_at"] = world.now()
    # What of the customer's balance went into it comes back.
    customer = world["customer"].rows.get(invoice["customer"])
    moved = invoice["ending_balance"] - invoice["starting_balance"]
    if customer and moved:
        with world.changing(customer, "customer.updated"):
            customer["balance"] -= moved
    return invoice


@includable("invoice", "payments")
def payments_of(world, invoice):
    rows = [row for row in newest_first(world["invoice_payment"])
            if row["invoice"] == invoice["id"]]
    return page(rows, {}, f"/v1/invoice_payments?invoice={invoice['id']}", "invoice_payment")


@includable("invoice", "confirmation_secret")
def confirmation_secret(world, invoice):
    intent = intent_of(world, invoice)
    return intent and {"client_secret": intent["client_secret"], "type": "payment_intent"}
