"""Previews: an invoice is made, counted, shown, and taken back with all that it left."""

import copy

from . import coupons, invoice_items, invoices, subscriptions
from .calls import call
from .customers import ADDRESS, address_of, blank, existing
from .errors import invalid
from .forms import (EVERYWHERE, array, boolean, choice, clearable, currency, decimal, fields,
                    integer, metadata, required, text)

ITEM = fields(
    amount=integer, currency=currency, description=text, discountable=boolean, quantity=integer,
    metadata=clearable(metadata), period=invoice_items.PERIOD, tax_rates=clearable(array(text)),
    tax_behavior=invoice_items.BEHAVIOR, unit_amount_decimal=decimal)
DETAILS = fields(address=clearable(fields(**ADDRESS)),
                 tax_exempt=clearable(choice("exempt", "none", "reverse")))


@call("POST", "/v1/invoices/create_preview", customer=text, subscription=text, currency=currency,
      invoice_items=array(ITEM, 250), customer_details=DETAILS,
      automatic_tax=fields(enabled=required(boolean)), **EVERYWHERE)
def create(world, params):
    make = of_subscription if "subscription" in params else of_items
    shown = copy.deepcopy(make(world, params))
    if not params.keys() & {"customer", "subscription"}:
        shown["customer"] = None
    for step in reversed(world.undo):
        step()
    world.undo, world.told, world.guards = [], [], set()
    return shown


def of_subscription(world, params):
    """Its next period."""
    if params.keys() - {"subscription", "customer"}:
        raise invalid("The double previews a subscription as it is, or items.", "subscription")
    subscription = world["subscription"].get(params["subscription"], "subscription")
    if params.get("customer", subscription["customer"]) != subscription["customer"]:
        raise invalid("The subscription is another customer's.", "customer")
    if subscription["status"] in subscriptions.OVER or subscription["cancel_at"]:
        raise invalid("No upcoming invoices for customer: "
                      f"{subscription['customer']}", code="invoice_upcoming_none")
    start, _, lines = subscriptions.upcoming(world, subscription)
    customer = world["customer"].get(subscription["customer"])
    invoice = invoices.make(
        world, customer, subscription["currency"], billing_reason="upcoming",
        default_tax_rates=subscription["default_tax_rates"],
        discounts=coupons.running(world, subscription, start),
        id=world.new_id("upcoming_in"), period_start=subscriptions.period_of(subscription)[0],
        period_end=start, parent={
            "quote_details": None, "type": "subscription_details", "subscription_details": {
                "metadata": subscription["metadata"], "subscription": subscription["id"]}})
    invoice["automatic_tax"]["enabled"] = subscription["automatic_tax"]["enabled"]
    for line in lines:
        subscriptions.add(world, invoice, subscription, line)
    invoices.count(world, invoice)
    return invoice


def of_items(world, params):
    """What some items would come to, tax and all, for a customer or for an address."""
    if not params.get("invoice_items"):
        raise invalid("You must pass invoice_items or a subscription.", "invoice_items",
                      "parameter_missing")
    customer = existing(world, params["customer"]) if "customer" in params \
        else world["customer"].add(blank(world))
    details = params.get("customer_details", {})
    if "address" in details:
        customer["address"] = address_of(details["address"])
    customer["tax_exempt"] = details.get("tax_exempt") or customer["tax_exempt"]
    code = params.get("currency") or params["invoice_items"][0].get("currency") \
        or customer["currency"] or "usd"
    invoice = invoices.make(world, customer, code, id=world.new_id("upcoming_in"))
    invoice["automatic_tax"]["enabled"] = params.get("automatic_tax", {}).get("enabled", False)
    for item in params["invoice_items"]:
        invoice_items.make(world, customer, item, invoice)
    invoices.count(world, invoice)
    return invoice
