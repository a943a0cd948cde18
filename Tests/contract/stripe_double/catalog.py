"""Products and prices."""

from decimal import Decimal

from . import money
from .calls import call
from .errors import invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, currency, decimal,
                    either, fields, integer, merged, metadata, required, span, text)
from .lists import includable, newest_first, page, search, span_of

BEHAVIOR = choice("exclusive", "inclusive", "unspecified")
INTERVAL = choice("day", "week", "month", "year")
RECURRING = fields(interval=required(INTERVAL), interval_count=integer,
                   usage_type=choice("licensed", "metered"), meter=text)
TIER = fields(up_to=required(either(choice("inf"), integer)), flat_amount=integer,
              flat_amount_decimal=decimal, unit_amount=integer, unit_amount_decimal=decimal)
PRODUCT_DATA = fields(name=required(text), metadata=metadata, tax_code=text, unit_label=text)


def make_product(world, name, **more):
    now = world.now()
    product = {
        "id": world.new_id("prod", 14), "object": "product", "active": True, "created": now,
        "default_price": None, "description": None, "images": [], "livemode": world.live,
        "marketing_features": [], "metadata": {}, "name": name, "package_dimensions": None,
        "shippable": None, "statement_descriptor": None, "tax_code": None, "type": "service",
        "unit_label": None, "updated": now, "url": None, **more}
    if product["id"] in world["product"]:
        raise invalid("Product already exists.", "id", "resource_already_exists")
    world["product"].add(product)
    world.tell("product.created", product)
    return product


def exact(amount, in_decimals):
    """(whole minor units or None, text) of the one that is given."""
    if in_decimals is None:
        return amount, None if amount is None else str(amount)
    value = Decimal(in_decimals)
    return int(value) if value == int(value) else None, f"{value.normalize():f}"


def make_price(world, product, given, tiers=None, active=True):
    unit, unit_decimal = exact(given.get("unit_amount"), given.get("unit_amount_decimal"))
    if unit_decimal is None and not tiers:
        raise invalid("You must provide one of `unit_amount` or `unit_amount_decimal`.",
                      "unit_amount", "parameter_missing")
    if unit is not None and unit < 0:
        raise invalid("This value must be greater than or equal to 0.", "unit_amount",
                      "parameter_invalid_integer")
    recurring = given.get("recurring")
    price = {
        "id": world.new_id("price"), "object": "price", "active": active,
        "billing_scheme": "tiered" if tiers else "per_unit", "created": world.now(),
        "currency": given["currency"], "custom_unit_amount": None, "livemode": world.live,
        "lookup_key": given.get("lookup_key"), "metadata": merged({}, given.get("metadata", {})),
        "nickname": given.get("nickname"), "product": product["id"],
        "recurring": recurring and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": recurring.get("meter"), "trial_period_days": None,
            "usage_type": recurring.get("usage_type", "licensed")},
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": given.get("tiers_mode"),
        "transform_quantity": given.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": unit, "unit_amount_decimal": unit_decimal}
    world["price"].add(price)
    world.secret(price["id"])["tiers"] = tiers
    world.tell("price.created", price)
    return price


def tier_of(given):
    flat, flat_decimal = exact(given.get("flat_amount"), given.get("flat_amount_decimal"))
    unit, unit_decimal = exact(given.get("unit_amount"), given.get("unit_amount_decimal"))
    return {"flat_amount": flat, "flat_amount_decimal": flat_decimal, "unit_amount": unit,
            "unit_amount_decimal": unit_decimal,
            "up_to": None if given["up_to"] == "inf" else given["up_to"]}


@includable("price", "tiers")
def tiers_of(world, price):
    return world.secret(price["id"])["tiers"]


def amount_of(world, price, quantity):
    """What so many of it cost, in whole minor units."""
    tiers = world.secret(price["id"])["tiers"]
    divided = price["transform_quantity"]
    if divided:
        up = divided["round"] == "up"
        quantity = -(-quantity // divided["divide_by"]) if up else quantity // divided["divide_by"]
    if not tiers:
        return money.rounded(Decimal(price["unit_amount_decimal"]) * quantity)
    total, below = Decimal(0), 0
    for tier in tiers:
        top = tier["up_to"]
        within = top is None or quantity <= top
        if price["tiers_mode"] == "graduated":
            part = max((quantity if within else top) - below, 0)
        else:
            part = quantity if within else 0
        if part or (within and below == 0):
            total += Decimal(tier["unit_amount_decimal"] or 0) * part
            total += Decimal(tier["flat_amount_decimal"] or 0)
        if within:
            return money.rounded(total)
        below = top
    raise invalid("The quantity is above the last tier.", "quantity")


SHARED = dict(active=boolean, description=clearable(text), metadata=clearable(metadata),
              url=clearable(text), images=clearable(array(text)), tax_code=clearable(text),
              unit_label=clearable(text), statement_descriptor=text, shippable=boolean)


def fitting(params, *without):
    return {name: value for name, value in params.items()
            if name not in ("expand", "metadata", *without)}


@call("POST", "/v1/products", name=required(text), id=text,
      **{**SHARED, "metadata": metadata, "images": array(text)}, **EVERYWHERE)
def create_product(world, params):
    return make_product(world, metadata=merged({}, params.get("metadata", {})),
                        **fitting(params))


@call("GET", "/v1/products/search", query=required(text), limit=integer, page=text, **EVERYWHERE)
def find_products(world, params):
    return search(world, "product", params, "/v1/products/search", ("active", "name"))


@call("GET", "/v1/products/:id", **EVERYWHERE)
def retrieve_product(world, params, id):
    return world["product"].get(id)


@call("POST", "/v1/products/:id", name=text, default_price=text, **SHARED, **EVERYWHERE)
def update_product(world, params, id):
    product = world["product"].get(id)
    if "default_price" in params:
        world["price"].get(params["default_price"], "default_price")
    with world.changing(product, "product.updated"):
        product.update(fitting(params), updated=world.now())
        product["images"] = product["images"] or []
        if "metadata" in params:
            product["metadata"] = merged(product["metadata"], params["metadata"])
    return product


@call("GET", "/v1/products", active=boolean, created=span, ids=array(text), **PAGES, **EVERYWHERE)
def list_products(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["product"]) if within(row["created"])
                 and params.get("active") in (None, row["active"])
                 and ("ids" not in params or row["id"] in params["ids"])),
                params, "/v1/products", "product")


@call("POST", "/v1/prices", currency=required(currency), product=text, product_data=PRODUCT_DATA,
      unit_amount=integer, unit_amount_decimal=decimal, recurring=RECURRING, nickname=text,
      lookup_key=text, metadata=metadata, tax_behavior=BEHAVIOR, active=boolean,
      billing_scheme=choice("per_unit", "tiered"), tiers=array(TIER),
      tiers_mode=choice("graduated", "volume"),
      transform_quantity=fields(divide_by=required(integer), round=required(choice("down", "up"))),
      **EVERYWHERE)
def create_price(world, params):
    tiers = None
    if params.get("billing_scheme") == "tiered":
        if not params.get("tiers") or "tiers_mode" not in params:
            raise invalid("A tiered price needs `tiers` and `tiers_mode`.", "tiers",
                          "parameter_missing")
        tiers = [tier_of(tier) for tier in params["tiers"]]
    return make_price(world, product_of(world, params), params, tiers, params.get("active", True))


def product_of(world, given):
    if "product_data" in given:
        data = given["product_data"]
        return make_product(world, metadata=merged({}, data.get("metadata", {})), **fitting(data))
    if "product" not in given:
        raise invalid("Missing required param: product.", "product", "parameter_missing")
    return world["product"].get(given["product"], "product")


@call("GET", "/v1/prices/search", query=required(text), limit=integer, page=text, **EVERYWHERE)
def find_prices(world, params):
    return search(world, "price", params, "/v1/prices/search",
                  ("active", "currency", "lookup_key", "product", "type"))


@call("GET", "/v1/prices/:id", **EVERYWHERE)
def retrieve_price(world, params, id):
    return world["price"].get(id)


@call("POST", "/v1/prices/:id", active=boolean, nickname=clearable(text),
      metadata=clearable(metadata), lookup_key=text, tax_behavior=BEHAVIOR, **EVERYWHERE)
def update_price(world, params, id):
    price = world["price"].get(id)
    with world.changing(price, "price.updated"):
        price.update(fitting(params))
        if "metadata" in params:
            price["metadata"] = merged(price["metadata"], params["metadata"])
    return price


@call("GET", "/v1/prices", active=boolean, created=span, currency=currency, product=text,
      lookup_keys=array(text), type=choice("one_time", "recurring"),
      recurring=fields(interval=INTERVAL, usage_type=choice("licensed", "metered"), meter=text),
      **PAGES, **EVERYWHERE)
def list_prices(world, params):
    within = span_of(params.get("created"))

    def fits(row):
        return (within(row["created"])
                and all(params.get(name) in (None, row[name])
                        for name in ("active", "currency", "product", "type"))
                and ("lookup_keys" not in params or row["lookup_key"] in params["lookup_keys"])
                and all((row["recurring"] or {}).get(name) == value
                        for name, value in params.get("recurring", {}).items()))
    return page(filter(fits, newest_first(world["price"])), params, "/v1/prices", "price")
