"""Subscriptions, as far as taking existing ones over needs them: they are read, told to end, and
go on by themselves when the clock moves, as they would at Stripe. Without prorations."""

from . import coupons, invoice_items, invoices, periods
from .catalog import amount_of
from .errors import invalid
from .lists import page

OVER = ("canceled", "incomplete_expired")
RUNNING = ("active", "past_due", "trialing")


def plan_of(world, price):
    """The older shape of a price, which items still have."""
    recurring = price["recurring"]
    return {"id": price["id"], "object": "plan", "active": price["active"],
            "amount": price["unit_amount"], "amount_decimal": price["unit_amount_decimal"],
            "billing_scheme": price["billing_scheme"], "created": price["created"],
            "currency": price["currency"], "interval": recurring["interval"],
            "interval_count": recurring["interval_count"], "livemode": world.live, "metadata": {},
            "meter": recurring["meter"], "nickname": price["nickname"],
            "product": price["product"], "tiers_mode": price["tiers_mode"],
            "transform_usage": price["transform_quantity"], "trial_period_days": None,
            "usage_type": recurring["usage_type"]}


def item_of(world, subscription, price, quantity, period, meta=None):
    metered = price["recurring"]["usage_type"] == "metered"
    item = {
        "id": world.new_id("si", 14), "object": "subscription_item", "billed_until": None,
        "billing_thresholds": None, "created": world.now(), "current_period_start": period[0],
        "current_period_end": period[1], "discounts": [], "metadata": meta or {},
        "plan": plan_of(world, price), "price": price, "subscription": subscription["id"],
        "tax_rates": []}
    if not metered:
        item["quantity"] = quantity
    return item


def make(world, customer, start, anchor, **more):
    identifier = world.new_id("sub")
    subscription = {
        "id": identifier, "object": "subscription", "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": anchor, "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"}, "billing_schedules": [],
        "billing_thresholds": None, "cancel_at": None, "cancel_at_period_end": False,
        "canceled_at": None, "cancellation_details": {
            "comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically", "created": start, "currency": "usd",
        "customer": customer["id"], "days_until_due": None, "default_payment_method": None,
        "default_source": None, "default_tax_rates": [], "description": None, "discounts": [],
        "ended_at": None, "invoice_settings": {"account_tax_ids": None,
                                               "issuer": {"type": "self"}},
        "items": {"object": "list", "data": [], "has_more": False, "total_count": 0,
                  "url": f"/v1/subscription_items?subscription={identifier}"},
        "latest_invoice": None, "livemode": world.live, "metadata": {},
        "next_pending_invoice_item_invoice": None, "on_behalf_of": None,
        "pause_collection": None, "payment_settings": {
            "payment_method_options": None, "payment_method_types": None,
            "save_default_payment_method": "off"},
        "pending_invoice_item_interval": None, "pending_setup_intent": None,
        "pending_update": None, "schedule": None, "start_date": start, "status": "active",
        "test_clock": None, "transfer_data": None, "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None, **more}
    return world["subscription"].add(subscription)


def fill(world, subscription, items, period):
    """`items`: (price, quantity, metadata) each."""
    prices = [price for price, _, _ in items]
    for price in prices:
        if price["type"] != "recurring":
            raise invalid("The price specified is set to `type=one_time` but this field only "
                          "accepts prices with `type=recurring`.", "items[0][price]")
    if len({(price["recurring"]["interval"], price["recurring"]["interval_count"])
            for price in prices}) > 1:
        raise invalid("Currently, all prices on a subscription of the double have the same "
                      "interval.", "items")
    if len({price["currency"] for price in prices}) > 1:
        raise invalid("All prices on a subscription have the same currency.", "items")
    subscription["currency"] = prices[0]["currency"]
    data = [item_of(world, subscription, *item[:2], period, item[2]) for item in items]
    subscription["items"].update(data=data, total_count=len(data))


def recurring_of(subscription):
    return subscription["items"]["data"][0]["price"]["recurring"]


def period_of(subscription):
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def move_to(subscription, start, end):
    for item in subscription["items"]["data"]:
        item.update(current_period_start=start, current_period_end=end)


def charge(world, subscription, start, end, reason):
    """The invoice of a period; paid, unless the bank says no or nobody can be charged."""
    customer = world["customer"].get(subscription["customer"])
    invoice = invoices.make(
        world, customer, subscription["currency"], billing_reason=reason,
        collection_method=subscription["collection_method"],
        default_tax_rates=subscription["default_tax_rates"],
        discounts=coupons.running(world, subscription, start),
        parent={"quote_details": None, "type": "subscription_details", "subscription_details": {
            "metadata": subscription["metadata"], "subscription": subscription["id"]}},
        period_start=period_of(subscription)[0], period_end=start)
    if subscription["days_until_due"]:
        invoice["due_date"] = world.now() + 86400 * subscription["days_until_due"]
    invoice["automatic_tax"]["enabled"] = subscription["automatic_tax"]["enabled"]
    for line in lines_of(world, subscription, start, end):
        add(world, invoice, subscription, line)
    for item in list(world["invoiceitem"]):
        if item["customer"] == customer["id"] and item["invoice"] is None \
                and item["currency"] == invoice["currency"]:
            with world.changing(item):
                item["invoice"] = invoice["id"]
            invoice_items.add_line(world, invoice, item)
    invoices.count(world, invoice)
    world.tell("invoice.created", invoice)
    subscription["latest_invoice"] = invoice["id"]
    invoices.finalize(world, invoice)
    if subscription["status"] != "trialing":
        coupons.used(world, subscription, start)
    return invoice


def lines_of(world, subscription, start, end):
    """(item, amount, quantity, period, words) of each item."""
    trial = subscription["status"] == "trialing"
    for item in subscription["items"]["data"]:
        price, quantity = item["price"], item.get("quantity", 0)
        name = world["product"].get(price["product"])["name"]
        amount = 0 if trial else amount_of(world, price, quantity)
        words = f"Trial period for {name}" if trial else f"{quantity} × {name}"
        yield item, amount, quantity, {"start": start, "end": end}, words


def add(world, invoice, subscription, given):
    item, amount, quantity, period, words = given
    price = item["price"]
    line = {"amount": amount, "currency": price["currency"], "description": words,
            "discountable": True, "metadata": dict(subscription["metadata"]), "period": period,
            "pricing": invoice_items.pricing(price["unit_amount_decimal"], price["id"],
                                             price["product"]),
            "quantity": quantity, "quantity_decimal": str(quantity),
            "tax_rates": item["tax_rates"]}
    made = invoice_items.add_line(world, invoice, line, parent={
        "invoice_item_details": None, "type": "subscription_item_details",
        "subscription_item_details": {
            "invoice_item": None, "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"], "subscription_item": item["id"]}})
    made["subscription"] = subscription["id"]


def collect(world, subscription, invoice):
    """Whether it was paid at once."""
    if invoice["status"] == "open" and subscription["collection_method"] == "send_invoice":
        return True
    if invoice["status"] == "open":
        chosen = invoices.default_method(world, invoice)
        if not chosen:
            with world.changing(invoice, "invoice.payment_failed"):
                invoice["attempted"] = True
            return False
        invoices.collect(world, invoice, world["payment_method"].get(chosen))
    return invoice["status"] == "paid"


def when_paid(world, invoice):
    """A past due or incomplete subscription is active again."""
    details = (invoice["parent"] or {}).get("subscription_details")
    subscription = details and world["subscription"].rows.get(details["subscription"])
    if subscription and subscription["status"] in ("past_due", "incomplete"):
        if subscription["latest_invoice"] == invoice["id"]:
            with world.changing(subscription, "customer.subscription.updated"):
                subscription["status"] = "active"


invoices.PAYERS["subscription"] = when_paid


def end(world, subscription, reason="cancellation_requested", at=None):
    with world.changing(subscription, "customer.subscription.deleted"):
        moment = at or world.now()
        subscription.update(status="canceled", ended_at=moment,
                            canceled_at=subscription["canceled_at"] or moment)
        subscription["cancellation_details"]["reason"] = reason


def due_at(subscription):
    """When something happens next by itself."""
    if subscription["status"] not in RUNNING:
        return None
    ends = period_of(subscription)[1]
    return min(ends, subscription["cancel_at"] or ends)


def due(world):
    """Everything that the clock has passed, each at its own moment, in that order."""
    until = world.now()
    while True:
        waiting = sorted(((due_at(one) or until + 1), one["id"]) for one in world["subscription"])
        waiting = [(at, name) for at, name in waiting if at <= until]
        if not waiting:
            return
        for at, name in waiting:
            with world.clock.at(at):
                go_on(world, world["subscription"].get(name), at)


def go_on(world, subscription, at):
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= at:
        return end(world, subscription, at=at)
    trial_over = subscription["status"] == "trialing"
    with world.changing(subscription, "customer.subscription.updated"):
        if trial_over:
            subscription.update(status="active", billing_cycle_anchor=at)
        until = periods.following(subscription["billing_cycle_anchor"],
                                  recurring_of(subscription), at)
        invoice = charge(world, subscription, at, until, "subscription_cycle")
        move_to(subscription, at, until)
        if not collect(world, subscription, invoice):
            subscription["status"] = "past_due"


def upcoming(world, subscription):
    """(start, end, lines) of what the next period would cost."""
    start = period_of(subscription)[1]
    anchor = start if subscription["status"] == "trialing" \
        else subscription["billing_cycle_anchor"]
    until = periods.following(anchor, recurring_of(subscription), start)
    active = {**subscription, "status": "active"}
    return start, until, list(lines_of(world, active, start, until))


def listed_of(world, customer, url):
    rows = [row for row in world["subscription"]
            if row["customer"] == customer["id"] and row["status"] not in OVER]
    return page(reversed(rows), {}, url, "subscription")
