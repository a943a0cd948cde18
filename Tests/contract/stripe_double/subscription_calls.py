"""The calls about subscriptions."""

from . import coupons, periods, subscriptions
from .calls import call
from .customers import existing, require_owned
from .errors import invalid, missing
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, either, fields, integer,
                    merged, metadata, required, span, text)
from .lists import includable, newest_first, page, search, span_of

BEHAVIOR = choice("always_invoice", "create_prorations", "none")
METHODS = choice("charge_automatically", "send_invoice")
STATES = ("active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused",
          "trialing", "unpaid")
SHARED = dict(
    default_payment_method=text, metadata=clearable(metadata), collection_method=METHODS,
    days_until_due=integer, description=clearable(text), default_tax_rates=clearable(array(text)),
    automatic_tax=fields(enabled=required(boolean)), cancel_at_period_end=boolean,
    discounts=clearable(array(coupons.GIVEN, 20)),
    proration_behavior=BEHAVIOR, off_session=boolean,
    payment_behavior=choice("allow_incomplete", "default_incomplete", "error_if_incomplete",
                            "pending_if_incomplete"))


def change(world, subscription, params):
    for name in ("collection_method", "days_until_due", "description"):
        if name in params:
            subscription[name] = params[name]
    if "default_payment_method" in params:
        require_owned(world, world["customer"].get(subscription["customer"]),
                      params["default_payment_method"], "default_payment_method")
        subscription["default_payment_method"] = params["default_payment_method"]
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = [
            world["tax_rate"].get(rate, f"default_tax_rates[{at}]")
            for at, rate in enumerate(params["default_tax_rates"] or [])]
    if "automatic_tax" in params:
        subscription["automatic_tax"]["enabled"] = params["automatic_tax"]["enabled"]
    if "metadata" in params:
        subscription["metadata"] = merged(subscription["metadata"], params["metadata"])
    if "discounts" in params:
        coupons.give(world, subscription, params["discounts"])
    if "cancel_at_period_end" in params and "cancel_at" in params:
        raise invalid("You cannot set both `cancel_at` and `cancel_at_period_end`.", "cancel_at")
    if "cancel_at_period_end" in params:
        will_end(world, subscription, params["cancel_at_period_end"]
                 and subscriptions.period_of(subscription)[1])
        subscription["cancel_at_period_end"] = params["cancel_at_period_end"]
    if "cancel_at" in params:
        right_end(world, subscription, params)


def right_end(world, subscription, params):
    at = params["cancel_at"]
    if at in ("min_period_end", "max_period_end"):
        at = subscriptions.period_of(subscription)[1]
    if at is not None and at <= world.now():
        raise invalid("`cancel_at` must be in the future.", "cancel_at")
    inside = at is not None and at != subscriptions.period_of(subscription)[1]
    if inside and params.get("proration_behavior") != "none":
        raise invalid("The double serves no prorations: set `proration_behavior` to none, or "
                      "`cancel_at` to the period's end.", "proration_behavior")
    will_end(world, subscription, at)
    subscription["cancel_at_period_end"] = False


def will_end(world, subscription, at):
    subscription["cancel_at"] = at or None
    subscription["canceled_at"] = world.now() if at else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at else None


ITEM = fields(price=required(text), quantity=integer, metadata=metadata)


@call("POST", "/v1/subscriptions", customer=text, items=array(ITEM, 20), trial_period_days=integer,
      trial_end=integer, cancel_at=either(choice("min_period_end", "max_period_end"), integer),
      **SHARED, **EVERYWHERE)
def create(world, params):
    if not params.get("customer") or not params.get("items"):
        name = "items" if params.get("customer") else "customer"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    now, customer = world.now(), existing(world, params["customer"])
    items = [(world["price"].get(item["price"], f"items[{at}][price]"), item.get("quantity", 1),
              item.get("metadata")) for at, item in enumerate(params["items"])]
    trial = params.get("trial_end") or (
        params.get("trial_period_days") and now + 86400 * params["trial_period_days"])
    subscription = started(world, customer, items, now, trial)
    change(world, subscription, params)
    invoice = subscriptions.charge(world, subscription, *subscriptions.period_of(subscription),
                                   "subscription_create")
    if params.get("payment_behavior") == "default_incomplete" and invoice["status"] == "open":
        subscription["status"] = "incomplete"
    elif not subscriptions.collect(world, subscription, invoice):
        if params.get("payment_behavior") == "error_if_incomplete":
            raise invalid("This customer has no attached payment source or default payment method "
                          "that can be charged.", code="resource_missing")
        subscription["status"] = "incomplete"
    world.tell("customer.subscription.created", subscription)
    return subscription


def started(world, customer, items, start, trial=None, now=None):
    """A subscription since `start`, in the period that `now` is in."""
    now = now or start
    trialing = bool(trial and trial > now)
    anchor = trial if trial else start
    subscription = subscriptions.make(
        world, customer, start, anchor, trial_start=start if trial else None, trial_end=trial,
        status="trialing" if trialing else "active")
    recurring = items[0][0]["recurring"] or {"interval": "month", "interval_count": 1}
    period = (start, trial) if trialing else periods.around(anchor, recurring, now)
    subscriptions.fill(world, subscription, items, period)
    return subscription


def seed(world, given):
    """For the control API: one that has run since `start`, its past invoices left out."""
    known = {"customer", "items", "start", "trial_end", *SHARED, "cancel_at", "status"}
    if given.keys() - known:
        raise ValueError(f"unknown: {', '.join(given.keys() - known)}")
    customer = existing(world, given["customer"])
    items = [(world["price"].get(item["price"], "items"), item.get("quantity", 1),
              item.get("metadata")) for item in given["items"]]
    subscription = started(world, customer, items, given.get("start", world.now()),
                           given.get("trial_end"), world.now())
    change(world, subscription, given)
    subscription["status"] = given.get("status", subscription["status"])
    world.tell("customer.subscription.created", subscription)
    return subscription


@call("GET", "/v1/subscriptions/search", query=required(text), limit=integer, page=text,
      **EVERYWHERE)
def find(world, params):
    return search(world, "subscription", params, "/v1/subscriptions/search",
                  ("created", "status"))


@call("GET", "/v1/subscriptions/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["subscription"].get(id)


CHANGED = fields(id=text, price=text, quantity=integer, metadata=clearable(metadata),
                 deleted=boolean)


@call("POST", "/v1/subscriptions/:id", items=array(CHANGED, 20), cancel_at=clearable(either(
    choice("min_period_end", "max_period_end"), integer)), **SHARED, **EVERYWHERE)
def update(world, params, id):
    subscription = world["subscription"].get(id)
    if subscription["status"] in subscriptions.OVER:
        raise invalid("A canceled subscription can only update its cancellation_details and "
                      "metadata.", code="invalid_canceled_subscription_fields")
    if "items" in params and params.get("proration_behavior") != "none":
        raise invalid("The double serves no prorations: set `proration_behavior` to none.",
                      "proration_behavior")
    with world.changing(subscription, "customer.subscription.updated"):
        change(world, subscription, params)
        for at, item in enumerate(params.get("items", [])):
            change_item(world, subscription, item, f"items[{at}]")
    return subscription


def change_item(world, subscription, given, at):
    data = subscription["items"]["data"]
    price = "price" in given and world["price"].get(given["price"], f"{at}[price]")
    if "id" not in given:
        if not price:
            raise invalid(f"Missing required param: {at}[price].", f"{at}[price]",
                          "parameter_missing")
        data.append(subscriptions.item_of(world, subscription, price, given.get("quantity", 1),
                                          subscriptions.period_of(subscription)))
    else:
        item = next((one for one in data if one["id"] == given["id"]), None)
        if item is None:
            raise missing("subscription_item", given["id"], f"{at}[id]")
        if given.get("deleted"):
            data.remove(item)
        elif price:
            item.update(price=price, plan=subscriptions.plan_of(world, price))
        if "quantity" in given:
            item["quantity"] = given["quantity"]
        if "metadata" in given:
            item["metadata"] = merged(item["metadata"], given["metadata"])
    if not data:
        raise invalid("A subscription must have at least one active plan.", at)
    subscription["items"]["total_count"] = len(data)


FEEDBACK = ("customer_service", "low_quality", "missing_features", "other", "switched_service",
            "too_complex", "too_expensive", "unused")


@call("DELETE", "/v1/subscriptions/:id", prorate=boolean, invoice_now=boolean,
      cancellation_details=fields(comment=clearable(text), feedback=clearable(choice(*FEEDBACK))),
      **EVERYWHERE)
def cancel(world, params, id):
    subscription = world["subscription"].get(id)
    if subscription["status"] in subscriptions.OVER:
        raise invalid(f"No such subscription: '{id}'", "id", "resource_missing")
    if params.get("prorate") or params.get("invoice_now"):
        raise invalid("The double serves no prorations and no final invoices.", "prorate")
    subscription["cancellation_details"].update(params.get("cancellation_details", {}))
    subscriptions.end(world, subscription)
    return subscription


@call("GET", "/v1/subscriptions", customer=text, price=text, status=choice(*STATES, "all", "ended"),
      collection_method=METHODS, created=span, current_period_end=span, current_period_start=span,
      **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    starts = span_of(params.get("current_period_start"))
    ends = span_of(params.get("current_period_end"))
    wanted = params.get("status")

    def fits(row):
        start, end = subscriptions.period_of(row)
        state = {None: row["status"] not in subscriptions.OVER, "all": True,
                 "ended": row["status"] in subscriptions.OVER}.get(wanted, row["status"] == wanted)
        prices = {item["price"]["id"] for item in row["items"]["data"]}
        return (state and within(row["created"]) and starts(start) and ends(end)
                and params.get("customer") in (None, row["customer"])
                and params.get("collection_method") in (None, row["collection_method"])
                and params.get("price") in {None, *prices})
    return page(filter(fits, newest_first(world["subscription"])), params, "/v1/subscriptions",
                "subscription")


@call("GET", "/v1/subscription_items", subscription=required(text), **PAGES, **EVERYWHERE)
def list_items(world, params):
    subscription = world["subscription"].get(params["subscription"], "subscription")
    return page(subscription["items"]["data"], params, "/v1/subscription_items",
                "subscription_item")


@includable("customer", "subscriptions")
def of_customer(world, customer):
    return subscriptions.listed_of(world, customer,
                                   f"/v1/customers/{customer['id']}/subscriptions")
