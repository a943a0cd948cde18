"""Calculations of Stripe Tax, by the percentages of the double's settings: by country, or by country
and state, as "US-NY"; where states have their own an address has to name one."""

from decimal import Decimal

from . import money
from .calls import call
from .customers import ADDRESS, address_of
from .errors import invalid
from .forms import (EVERYWHERE, array, choice, clearable, currency, fields, integer, metadata,
                    required, text)

TAX_TYPES = {"US": "sales_tax", "CA": "gst", "AU": "gst", "NZ": "gst"}
BEHAVIORS = choice("exclusive", "inclusive")
EXEMPT = choice("customer_exempt", "none", "reverse_charge")
DETAILS = fields(
    address=fields(**{**ADDRESS, "country": required(text)}),
    address_source=choice("billing", "shipping"), ip_address=text,
    tax_ids=array(fields(type=required(choice("eu_vat", "gb_vat")), value=required(text))),
    taxability_override=EXEMPT)
LINE = fields(amount=required(integer), metadata=metadata, product=text, quantity=integer,
              reference=text, tax_behavior=BEHAVIORS, tax_code=text)
OVERRIDES = {"none": "none", "exempt": "customer_exempt", "reverse": "reverse_charge"}


@call("POST", "/v1/tax/calculations", currency=required(currency), customer=text,
      customer_details=DETAILS, line_items=required(array(LINE)), tax_date=integer, **EVERYWHERE)
def create(world, params):
    if ("customer" in params) == ("customer_details" in params):
        raise invalid("You must specify either `customer` or `customer_details`, and not both.",
                      "customer", "parameter_missing")
    if not world.settings["automatic_tax_percent"]:
        raise invalid("Stripe Tax has not been activated on your account. Please visit the Tax "
                      "settings to activate it.", code="taxes_calculation_failed")
    details = customer_details(world, params)
    percent = percentage(world, details["address"])
    lines = [line(world, given, percent, details["taxability_override"])
             for given in params["line_items"]]
    if len({one["reference"] for one in lines}) < len(lines):
        raise invalid("References of line items must be unique.", "line_items")
    exclusive = [one for one in lines if one["tax_behavior"] == "exclusive"]
    added = sum(one["amount_tax"] for one in exclusive)
    return {
        "id": world.new_id("taxcalc"), "object": "tax.calculation",
        "amount_total": sum(one["amount"] for one in lines) + added,
        "currency": params["currency"], "customer": params.get("customer"),
        "customer_details": details, "expires_at": world.now() + 90 * 86400, "livemode": world.live,
        "ship_from_details": None, "shipping_cost": None, "tax_amount_exclusive": added,
        "tax_amount_inclusive": sum(one["amount_tax"] for one in lines) - added,
        "tax_breakdown": [breakdown(one, percent, details) for one in lines],
        "tax_date": params.get("tax_date", world.now())}


def customer_details(world, params):
    given = params.get("customer_details", {})
    address, override = given.get("address"), given.get("taxability_override", "none")
    if "customer" in params:
        customer = world["customer"].get(params["customer"], "customer")
        address, override = customer["address"], OVERRIDES[customer["tax_exempt"]]
    if not (address or {}).get("country"):
        raise unrecognized()
    return {"address": address_of(address), "address_source": given.get("address_source", "billing"),
            "ip_address": given.get("ip_address"), "tax_ids": given.get("tax_ids", []),
            "taxability_override": override}


def percentage(world, address):
    """None: nothing is collected there."""
    percents, country = world.settings["automatic_tax_percent"], address["country"]
    if country in percents:
        return Decimal(str(percents[country]))
    if not any(place.startswith(f"{country}-") for place in percents):
        return None
    if not address["state"] or not address["postal_code"]:
        raise unrecognized()
    found = percents.get(f"{country}-{address['state']}")
    return None if found is None else Decimal(str(found))


def unrecognized():
    return invalid("We could not determine the customer's tax location based on the provided "
                   "customer address.", "customer_details[address]",
                   "customer_tax_location_invalid")


def line(world, given, percent, override):
    behavior = given.get("tax_behavior", "exclusive")
    part = money.inclusive_part if behavior == "inclusive" else money.percent_of
    taxed = percent is not None and override == "none"
    return {"amount": given["amount"], "tax_behavior": behavior,
            "reference": given.get("reference") or world.new_id("L"),
            "amount_tax": part(given["amount"], percent) if taxed else 0}


def breakdown(one, percent, details):
    reason = {"customer_exempt": "customer_exempt", "reverse_charge": "reverse_charge"}.get(
        details["taxability_override"], "not_collecting" if percent is None else "standard_rated")
    taxed, country = reason == "standard_rated", details["address"]["country"]
    inclusive = one["tax_behavior"] == "inclusive"
    return {
        "amount": one["amount_tax"], "inclusive": inclusive, "taxability_reason": reason,
        "taxable_amount": 0 if not taxed else one["amount"] - inclusive * one["amount_tax"],
        "tax_rate_details": {
            "country": country, "flat_amount": None,
            "percentage_decimal": str(percent.normalize()) if taxed else "0",
            "rate_type": "percentage" if taxed else None,
            "state": details["address"]["state"] if country in ("US", "CA") else None,
            "tax_type": TAX_TYPES.get(country, "vat") if taxed or percent else None}}
