"""Coupons, and the discounts that subscriptions have of them: an import reads both. Where several
apply, each takes off what the ones before it left."""

from . import money, periods
from .calls import call
from .errors import invalid
from .forms import (EVERYWHERE, PAGES, choice, clearable, currency, decimal, fields, integer,
                    merged, metadata, span, text)
from .lists import newest_first, page, span_of
from .tax_rates import number


@call("POST", "/v1/coupons", id=text, percent_off=decimal, amount_off=integer, currency=currency,
      duration=choice("forever", "once", "repeating"), duration_in_months=integer, name=text,
      metadata=clearable(metadata), max_redemptions=integer, redeem_by=integer, **EVERYWHERE)
def create(world, params):
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("You must pass either `percent_off` or `amount_off`.", "percent_off",
                      "parameter_missing")
    if "amount_off" in params and "currency" not in params:
        raise invalid("You must pass currency when passing amount_off.", "currency",
                      "parameter_missing")
    percent = number(params["percent_off"]) if "percent_off" in params else None
    if not 0 < (percent or 1) <= 100 or params.get("amount_off", 1) < 1:
        raise invalid("A coupon takes something off, and 100 % at most.", "percent_off")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise invalid("`duration_in_months` is for `repeating` coupons, which need it.",
                      "duration_in_months")
    coupon = {
        "id": params.get("id") or world.new_id("", 8)[1:], "object": "coupon",
        "amount_off": params.get("amount_off"), "created": world.now(),
        "currency": params.get("currency"), "duration": duration,
        "duration_in_months": params.get("duration_in_months"), "livemode": world.live,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged({}, params.get("metadata", {})), "name": params.get("name"),
        "percent_off": percent, "redeem_by": params.get("redeem_by"), "times_redeemed": 0,
        "valid": True}
    if coupon["id"] in world["coupon"]:
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    world["coupon"].add(coupon)
    world.tell("coupon.created", coupon)
    return coupon


@call("GET", "/v1/coupons/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["coupon"].get(id)


@call("DELETE", "/v1/coupons/:id")
def delete(world, params, id):
    """Who has it keeps it."""
    coupon = world["coupon"].get(id)
    with world.changing(coupon, "coupon.deleted"):
        coupon["valid"] = False
    world["coupon"].remove(id)
    world.secret(id)["deleted"] = coupon
    return {"id": id, "object": "coupon", "deleted": True}


@call("GET", "/v1/coupons", created=span, **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["coupon"]) if within(row["created"])),
                params, "/v1/coupons", "coupon")


GIVEN = fields(coupon=text, discount=text)


def give(world, subscription, given):
    """The subscription's discounts, instead of those that it has."""
    kept = []
    for at, one in enumerate(given or []):
        if "discount" in one:
            kept.append(world["discount"].get(one["discount"], f"discounts[{at}][discount]")["id"])
            continue
        coupon = world["coupon"].get(one.get("coupon", ""), f"discounts[{at}][coupon]")
        if coupon["currency"] not in (None, subscription["currency"]):
            raise invalid("The coupon is in another currency.", f"discounts[{at}][coupon]")
        kept.append(make(world, subscription, coupon)["id"])
    for gone in set(subscription["discounts"]) - set(kept):
        drop(world, gone)
    subscription["discounts"] = kept


def make(world, subscription, coupon):
    start = world.now()
    discount = {
        "id": world.new_id("di"), "object": "discount", "checkout_session": None,
        "customer": subscription["customer"], "invoice": None, "invoice_item": None,
        "end": periods.after(start, "month", coupon["duration_in_months"])
        if coupon["duration"] == "repeating" else None, "promotion_code": None,
        "source": {"coupon": coupon["id"], "type": "coupon"}, "start": start,
        "subscription": subscription["id"], "subscription_item": None}
    with world.changing(coupon):
        coupon["times_redeemed"] += 1
    world["discount"].add(discount)
    world.tell("customer.discount.created", discount)
    return discount


def drop(world, identifier):
    world.tell("customer.discount.deleted", world["discount"].get(identifier))


def coupon_of(world, discount):
    identifier = world["discount"].get(discount)["source"]["coupon"]
    return world["coupon"].rows.get(identifier) or world.secret(identifier)["deleted"]


def running(world, subscription, at):
    """Those that a charge at that moment has."""
    return [one for one in subscription["discounts"]
            if (world["discount"].get(one)["end"] or at + 1) > at]


def used(world, subscription, at):
    """After a charge: what was for once, or is over, is gone."""
    kept = [one for one in running(world, subscription, at)
            if coupon_of(world, one)["duration"] != "once"]
    for gone in set(subscription["discounts"]) - set(kept):
        drop(world, gone)
    subscription["discounts"] = kept


def take_off(world, lines, discounts):
    """Sets each line's `discount_amounts`; answers the sums, as an invoice has them."""
    left = [line["amount"] for line in lines]
    for line in lines:
        line["discounts"], line["discount_amounts"] = list(discounts), []
    sums = []
    for discount in discounts:
        coupon = coupon_of(world, discount)
        if coupon["percent_off"] is not None:
            parts = [money.percent_of(max(rest, 0), coupon["percent_off"]) for rest in left]
        else:
            parts = money.spread(min(coupon["amount_off"], sum(max(rest, 0) for rest in left)),
                                 [max(rest, 0) for rest in left])
        for at, (line, part) in enumerate(zip(lines, parts)):
            left[at] -= part
            line["discount_amounts"].append({"amount": part, "discount": discount})
        sums.append({"amount": sum(parts), "discount": discount})
    return sums
