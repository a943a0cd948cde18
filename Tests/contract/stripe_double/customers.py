"""Customers."""

from .calls import call
from .errors import invalid
from .forms import (EVERYWHERE, PAGES, array, choice, clearable, fields, integer, merged, metadata,
                    required, span, text)
from .lists import newest_first, page, search, span_of

ADDRESS = dict(city=clearable(text), country=clearable(text), line1=clearable(text),
               line2=clearable(text), postal_code=clearable(text), state=clearable(text))
SHIPPING = fields(address=required(fields(**ADDRESS)), name=required(text), phone=clearable(text))
SHARED = dict(
    address=clearable(fields(**ADDRESS)), balance=integer, description=clearable(text),
    email=clearable(text), name=clearable(text), phone=clearable(text),
    metadata=clearable(metadata), invoice_prefix=text, next_invoice_sequence=integer,
    preferred_locales=array(text),
    invoice_settings=fields(default_payment_method=clearable(text), footer=clearable(text)),
    shipping=clearable(SHIPPING),
    tax_exempt=clearable(choice("exempt", "none", "reverse")))


CREATED = dict(tax=fields(ip_address=clearable(text),
                          validate_location=choice("deferred", "immediately")))
UPDATED = dict(tax=fields(ip_address=clearable(text),
                          validate_location=choice("auto", "deferred", "immediately")))


def address_of(given):
    return None if given is None else {name: given.get(name) for name in ADDRESS}


def blank(world):
    return {
        "id": world.new_id("cus", 14), "object": "customer", "address": None, "balance": 0,
        "created": world.now(), "currency": None, "default_source": None, "delinquent": False,
        "description": None, "discount": None, "email": None,
        "invoice_prefix": world.new_id("", 8)[1:].upper(),
        "invoice_settings": {"custom_fields": None, "default_payment_method": None,
                             "footer": None, "rendering_options": None},
        "livemode": world.live, "metadata": {}, "name": None, "next_invoice_sequence": 1,
        "phone": None, "preferred_locales": [], "shipping": None, "tax_exempt": "none",
        "test_clock": None}


def change(world, customer, params):
    for name in ("balance", "description", "email", "name", "phone", "invoice_prefix",
                 "next_invoice_sequence", "preferred_locales"):
        if name in params:
            customer[name] = params[name]
    if "email" in params and params["email"] and "@" not in params["email"]:
        raise invalid(f"Invalid email address: {params['email']}", "email", "email_invalid")
    if "address" in params:
        customer["address"] = address_of(params["address"])
    if "shipping" in params:
        given = params["shipping"]
        customer["shipping"] = given and {
            "address": address_of(given["address"]), "name": given["name"],
            "phone": given.get("phone")}
    if "tax_exempt" in params:
        customer["tax_exempt"] = params["tax_exempt"] or "none"
    if "metadata" in params:
        customer["metadata"] = merged(customer["metadata"], params["metadata"])
    settings = params.get("invoice_settings", {})
    if settings.get("default_payment_method"):
        require_owned(world, customer, settings["default_payment_method"],
                      "invoice_settings[default_payment_method]")
    customer["invoice_settings"].update(settings)
    if params.get("tax", {}).get("validate_location") == "immediately":
        require_location(world, customer)


def require_owned(world, customer, method, param):
    row = world["payment_method"].get(method, param)
    if row["customer"] != customer["id"]:
        raise invalid(
            f"The customer does not have a payment method with the ID {method}. The payment "
            "method must be attached to the customer.", param, "resource_missing")


def require_location(world, customer):
    if not (customer["address"] or {}).get("country"):
        raise invalid(
            "The customer's location isn't recognized. Set a valid customer address in order to "
            "automatically calculate tax.", "customer[address]", "customer_tax_location_invalid")


@call("POST", "/v1/customers", payment_method=text, **CREATED, **SHARED, **EVERYWHERE)
def create(world, params):
    from .payment_methods import attach
    customer = blank(world)
    method, settings = params.pop("payment_method", None), params.get("invoice_settings", {})
    default = settings.pop("default_payment_method", None)
    change(world, customer, params)
    world["customer"].add(customer)
    world.tell("customer.created", customer)
    attached = attach(world, method, customer) if method else None
    if default:
        # A test card's name stands for the method that was just made of it.
        if attached and default == method:
            default = attached["id"]
        require_owned(world, customer, default, "invoice_settings[default_payment_method]")
        with world.changing(customer, "customer.updated"):
            customer["invoice_settings"]["default_payment_method"] = default
    return customer


def existing(world, identifier, param="customer"):
    """For other calls: a customer who was deleted is no more."""
    return world["customer"].get(identifier, param)


@call("GET", "/v1/customers/search", query=required(text), limit=integer, page=text, **EVERYWHERE)
def find(world, params):
    return search(world, "customer", params, "/v1/customers/search",
                  ("created", "email", "name", "phone"))


@call("GET", "/v1/customers/:id", **EVERYWHERE)
def retrieve(world, params, id):
    gone = world.secret(id).get("deleted")
    return gone or world["customer"].get(id)


@call("POST", "/v1/customers/:id", **UPDATED, **SHARED, **EVERYWHERE)
def update(world, params, id):
    customer = world["customer"].get(id)
    with world.changing(customer, "customer.updated"):
        change(world, customer, params)
    return customer


@call("DELETE", "/v1/customers/:id")
def delete(world, params, id):
    from .payment_methods import detach
    from .subscriptions import end
    customer = world["customer"].get(id)
    for subscription in list(world["subscription"]):
        if subscription["customer"] == id and subscription["status"] != "canceled":
            end(world, subscription, "cancellation_requested")
    for method in list(world["payment_method"]):
        if method["customer"] == id:
            detach(world, method)
    world["customer"].remove(id)
    gone = {"id": id, "object": "customer", "deleted": True}
    world.secret(id)["deleted"] = gone
    world.undo.append(lambda: world.secret(id).pop("deleted"))
    world.tell("customer.deleted", customer)
    return gone


@call("GET", "/v1/customers", created=span, email=text, **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["customer"])
                 if within(row["created"]) and params.get("email") in (None, row["email"])),
                params, "/v1/customers", "customer")
