"""Tax rates, and what they make of an amount. Automatic tax has the percentages of the double's
settings, by country: Stripe's own tables aren't ours to copy."""

from decimal import Decimal

from . import money
from .calls import call
from .forms import (EVERYWHERE, PAGES, boolean, choice, clearable, decimal, merged, metadata,
                    required, span, text)
from .lists import newest_first, page, span_of

TYPES = choice("gst", "hst", "igst", "jct", "pst", "qst", "rst", "sales_tax", "vat")


def make(world, percentage, display_name="VAT", inclusive=False, **more):
    rate = {
        "id": world.new_id("txr"), "object": "tax_rate", "active": True, "country": None,
        "created": world.now(), "description": None, "display_name": display_name,
        "effective_percentage": percentage, "flat_amount": None, "inclusive": inclusive,
        "jurisdiction": None, "jurisdiction_level": None, "livemode": world.live, "metadata": {},
        "percentage": percentage, "rate_type": "percentage", "state": None, "tax_type": None,
        **more}
    world["tax_rate"].add(rate)
    world.tell("tax_rate.created", rate)
    return rate


def number(text_of_it):
    return float(Decimal(text_of_it))


@call("POST", "/v1/tax_rates", display_name=required(text), inclusive=required(boolean),
      percentage=required(decimal), active=boolean, country=text, description=text,
      jurisdiction=text, state=text, tax_type=TYPES, metadata=metadata, **EVERYWHERE)
def create(world, params):
    more = {name: params[name] for name in (
        "active", "country", "description", "jurisdiction", "state", "tax_type") if name in params}
    return make(world, number(params["percentage"]), params["display_name"], params["inclusive"],
                metadata=merged({}, params.get("metadata", {})), **more)


@call("GET", "/v1/tax_rates/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["tax_rate"].get(id)


@call("POST", "/v1/tax_rates/:id", active=boolean, display_name=text, description=text,
      metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    rate = world["tax_rate"].get(id)
    with world.changing(rate, "tax_rate.updated"):
        for name in ("active", "display_name", "description"):
            rate[name] = params.get(name, rate[name])
        if "metadata" in params:
            rate["metadata"] = merged(rate["metadata"], params["metadata"])
    return rate


@call("GET", "/v1/tax_rates", active=boolean, inclusive=boolean, created=span,
      **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["tax_rate"]) if within(row["created"])
                 and params.get("active") in (None, row["active"])
                 and params.get("inclusive") in (None, row["inclusive"])),
                params, "/v1/tax_rates", "tax_rate")


def automatic(world, customer, behavior=None):
    """The rate of the customer's country by the settings, or none where nothing is collected.
    Prices that don't say are without tax."""
    inclusive = behavior == "inclusive"
    country = ((customer or {}).get("address") or {}).get("country")
    percent = world.settings["automatic_tax_percent"].get(country)
    if percent is None:
        return []
    for rate in world["tax_rate"]:
        if world.secret(rate["id"]).get("automatic") == (country, percent, inclusive):
            return [rate]
    rate = make(world, float(percent), inclusive=inclusive, country=country, active=False,
                tax_type="vat")
    world.secret(rate["id"])["automatic"] = (country, percent, inclusive)
    return [rate]


def taxes(amount, rates, exempt="none"):
    """Entries as a line's `taxes` has them."""
    result = []
    for rate in rates:
        exempted = exempt in ("exempt", "reverse")
        part = money.inclusive_part if rate["inclusive"] else money.percent_of
        tax = 0 if exempted else part(amount, rate["percentage"])
        result.append({
            "amount": tax, "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
            "tax_rate_details": {"tax_rate": rate["id"]},
            "taxability_reason": {"exempt": "customer_exempt", "reverse": "reverse_charge"}.get(
                exempt, "standard_rated"),
            "taxable_amount": amount - tax if rate["inclusive"] else amount,
            "type": "tax_rate_details"})
    return result


def given(world, amounts):
    """Taxes that somebody has worked out, with archived rates found or made for them."""
    return [{
        "amount": amount["amount"],
        "tax_behavior": "inclusive" if amount["tax_rate_data"]["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": archived(world, amount["tax_rate_data"])["id"]},
        "taxability_reason": amount.get("taxability_reason", "standard_rated"),
        "taxable_amount": amount["taxable_amount"], "type": "tax_rate_details"}
        for amount in amounts]


def archived(world, data):
    key = tuple(sorted((name, str(value)) for name, value in data.items()))
    for rate in world["tax_rate"]:
        if world.secret(rate["id"]).get("given") == key:
            return rate
    more = {name: data[name] for name in (
        "country", "description", "jurisdiction", "state", "tax_type") if name in data}
    rate = make(world, number(data["percentage"]), data["display_name"], data["inclusive"],
                active=False, **more)
    world.secret(rate["id"])["given"] = key
    return rate


def together(entries):
    """Summed by rate, as an invoice's `total_taxes` has them."""
    sums = {}
    for entry in entries:
        key = entry["tax_rate_details"]["tax_rate"]
        if key in sums:
            sums[key]["amount"] += entry["amount"]
            sums[key]["taxable_amount"] += entry["taxable_amount"]
        else:
            sums[key] = dict(entry)
    return list(sums.values())


def exclusive_sum(entries):
    return sum(entry["amount"] for entry in entries if entry["tax_behavior"] == "exclusive")


def whole_sum(entries):
    return sum(entry["amount"] for entry in entries)
