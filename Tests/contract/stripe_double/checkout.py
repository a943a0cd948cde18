"""Checkout sessions in payment and setup mode, and what happens on their page."""

from . import invoices, money, payment_intents, setup_intents, tax_rates
from .calls import call
from .catalog import BEHAVIOR, INTERVAL, amount_of, make_price, product_of
from .customers import address_of, blank, existing, require_location
from .errors import StripeError, invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, currency, decimal,
                    fields, integer, merged, metadata, required, span, text)
from .lists import includable, newest_first, page, span_of
from .payment_intents import FUTURE

DAY = 86400
LINE = fields(
    price=text, quantity=integer, tax_rates=array(text), metadata=metadata,
    price_data=fields(
        currency=required(currency), product=text, unit_amount=integer,
        unit_amount_decimal=decimal, tax_behavior=BEHAVIOR,
        product_data=fields(name=required(text), description=text, metadata=metadata,
                            tax_code=text, images=array(text), unit_label=text),
        recurring=fields(interval=required(INTERVAL), interval_count=integer)))
AUTO = choice("auto", "never")


def right_lines(world, session, params):
    if params["mode"] == "setup":
        if "line_items" in params:
            raise invalid("You can not pass `line_items` in `setup` mode.", "line_items")
        return []
    if not params.get("line_items"):
        raise invalid("You must provide `line_items` in `payment` mode.", "line_items",
                      "parameter_missing")
    return [make_line(world, session, line, f"line_items[{at}]")
            for at, line in enumerate(params["line_items"])]


def make_line(world, session, given, at):
    if ("price" in given) == ("price_data" in given):
        raise invalid("You must specify either `price` or `price_data`.", f"{at}[price]",
                      "parameter_missing")
    if "price" in given:
        price = world["price"].get(given["price"], f"{at}[price]")
    else:
        price = make_price(world, product_of(world, given["price_data"]), given["price_data"],
                           active=False)
    if price["type"] != "one_time":
        raise invalid("You specified `payment` mode but passed a recurring price. Either switch to "
                      "`subscription` mode or use only one-time prices.", f"{at}[price]")
    if "quantity" not in given:
        raise invalid("Quantity is required.", f"{at}[quantity]", "parameter_missing")
    rates = ([world["tax_rate"].get(rate, f"{at}[tax_rates][{n}]")
              for n, rate in enumerate(given.get("tax_rates", []))])
    if session["currency"] not in (None, price["currency"]):
        raise invalid("All line items must have the same currency.", f"{at}[price_data][currency]")
    session["currency"] = price["currency"]
    amount = amount_of(world, price, given["quantity"])
    line = {"id": world.new_id("li"), "object": "item", "amount_discount": 0,
            "amount_subtotal": amount, "amount_tax": 0, "amount_total": amount,
            "currency": price["currency"], "price": price, "quantity": given["quantity"],
            "description": world["product"].get(price["product"])["name"],
            "metadata": given.get("metadata") or {}, "taxes": []}
    world.secret(line["id"])["tax_rates"] = rates
    return line


def count(world, session, customer):
    """Sums and taxes, from the lines."""
    lines, entries = world.secret(session["id"])["lines"], []
    for line in lines:
        rates = world.secret(line["id"])["tax_rates"]
        if session["automatic_tax"]["enabled"]:
            rates = tax_rates.automatic(world, customer, line["price"]["tax_behavior"])
        taxes = tax_rates.taxes(line["amount_subtotal"], rates,
                                (customer or {}).get("tax_exempt", "none"))
        entries += taxes
        line["amount_tax"] = tax_rates.whole_sum(taxes)
        line["amount_total"] = line["amount_subtotal"] + tax_rates.exclusive_sum(taxes)
    if session["mode"] == "setup":
        return
    session["amount_subtotal"] = sum(line["amount_subtotal"] for line in lines)
    session["amount_total"] = sum(line["amount_total"] for line in lines)
    session["total_details"] = {"amount_discount": 0, "amount_shipping": 0,
                                "amount_tax": tax_rates.whole_sum(entries)}


CREATE = dict(
    mode=required(choice("payment", "setup", "subscription")), success_url=text, cancel_url=text,
    customer=text, customer_email=text, customer_creation=choice("always", "if_required"),
    client_reference_id=text, currency=currency, expires_at=integer, line_items=array(LINE),
    metadata=metadata, allowed_payment_method_types=array(choice("card", "link")),
    locale=choice("auto", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt"),
    ui_mode=choice("hosted_page"), billing_address_collection=choice("auto", "required"),
    automatic_tax=fields(enabled=required(boolean)),
    customer_update=fields(address=AUTO, name=AUTO, shipping=AUTO),
    invoice_creation=fields(enabled=required(boolean), invoice_data=fields(
        description=text, footer=text, metadata=metadata)),
    payment_intent_data=fields(setup_future_usage=FUTURE, description=text, metadata=metadata,
                               receipt_email=text),
    setup_intent_data=fields(description=text, metadata=metadata),
    saved_payment_method_options=fields(
        payment_method_save=choice("disabled", "enabled"),
        allow_redisplay_filters=array(choice("always", "limited", "unspecified"))),
    submit_type=choice("auto", "book", "donate", "pay", "subscribe"),
    tax_id_collection=fields(enabled=required(boolean)),
    phone_number_collection=fields(enabled=required(boolean)))


@call("POST", "/v1/checkout/sessions", **CREATE, **EVERYWHERE)
def create(world, params):
    if params["mode"] == "subscription":
        raise invalid("The double serves no subscription mode: Tally owns subscriptions.", "mode")
    if "success_url" not in params:
        raise invalid("Missing required param: success_url.", "success_url", "parameter_missing")
    customer = existing(world, params["customer"]) if "customer" in params else None
    session = blank_session(world, params, customer)
    world["checkout.session"].add(session)
    world.secrets[session["id"]] = {"given": params, "lines": []}
    world.secret(session["id"])["lines"] = right_lines(world, session, params)
    check(world, session, params, customer)
    count(world, session, customer)
    if params["mode"] == "setup":
        data = params.get("setup_intent_data", {})
        session["setup_intent"] = setup_intents.make(
            world, customer and customer["id"], merged({}, data.get("metadata", {})),
            data.get("description"))["id"]
    elif session["amount_total"] < money.minimum(session["currency"]):
        least = money.shown(money.minimum(session["currency"]), session["currency"])
        raise invalid(f"The Checkout Session's total amount due must add up to at least {least}",
                      code="amount_too_small")
    return session


def check(world, session, params, customer):
    now = world.now()
    if not 1800 <= session["expires_at"] - now <= DAY:
        raise invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours from "
                      "Checkout Session creation.", "expires_at")
    if customer and "customer_email" in params:
        raise invalid("You may only specify one of these parameters: customer, customer_email.",
                      "customer_email")
    if "customer_update" in params and not customer:
        raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
    for name, mode in (("payment_intent_data", "payment"), ("setup_intent_data", "setup"),
                       ("invoice_creation", "payment")):
        if name in params and params["mode"] != mode:
            raise invalid(f"You can not pass `{name}` in `{params['mode']}` mode.", name)
    if params["mode"] == "setup" and not (
            {"currency", "allowed_payment_method_types"} & params.keys()):
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    by_page = params.get("customer_update", {}).get("address") == "auto"
    if session["automatic_tax"]["enabled"] and customer and not by_page:
        require_location(world, customer)


def blank_session(world, params, customer):
    identifier = f"cs_{'live' if world.live else 'test'}_{world.new_id('', 58)[1:]}"
    creation = params.get("invoice_creation")
    data = (creation or {}).get("invoice_data", {})
    automatic = params.get("automatic_tax", {}).get("enabled", False)
    session = {
        "id": identifier, "object": "checkout.session", "adaptive_pricing": {"enabled": False},
        "after_expiration": None, "allow_promotion_codes": None, "amount_subtotal": None,
        "amount_total": None, "automatic_tax": {
            "enabled": automatic, "liability": {"type": "self"} if automatic else None,
            "provider": "stripe" if automatic else None,
            "status": "requires_location_inputs" if automatic else None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"), "client_secret": None,
        "collected_information": None, "consent": None, "consent_collection": None,
        "created": world.now(), "currency": params.get("currency"), "currency_conversion": None,
        "custom_fields": [], "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": customer and customer["id"],
        "customer_creation": None if customer else params.get(
            "customer_creation", "always" if params["mode"] == "setup" else "if_required"),
        "customer_details": customer and details_of(customer),
        "customer_email": params.get("customer_email"), "discounts": [],
        "expires_at": params.get("expires_at", world.now() + DAY), "invoice": None,
        "invoice_creation": None if params["mode"] == "setup" else {
            "enabled": bool(creation and creation["enabled"]), "invoice_data": {
                "account_tax_ids": None, "custom_fields": None,
                "description": data.get("description"), "footer": data.get("footer"),
                "issuer": None, "metadata": data.get("metadata") or {},
                "rendering_options": None}},
        "livemode": world.live, "locale": params.get("locale"),
        "metadata": merged({}, params.get("metadata", {})), "mode": params["mode"],
        "origin_context": None, "payment_intent": None, "payment_link": None,
        "payment_method_collection": "if_required" if params["mode"] == "payment" else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": params.get("allowed_payment_method_types", ["card"]),
        "payment_status": "no_payment_required" if params["mode"] == "setup" else "unpaid",
        "permissions": None, "phone_number_collection": {
            "enabled": params.get("phone_number_collection", {}).get("enabled", False)},
        "recovered_from": None, "saved_payment_method_options": None, "setup_intent": None,
        "shipping_address_collection": None, "shipping_cost": None, "shipping_options": [],
        "status": "open", "submit_type": params.get("submit_type"), "subscription": None,
        "success_url": params["success_url"], "total_details": None, "ui_mode": "hosted_page",
        "url": f"{world.base}/c/pay/{identifier}", "wallet_options": None}
    if "tax_id_collection" in params:
        session["tax_id_collection"] = {"required": "never", **params["tax_id_collection"]}
    if "allowed_payment_method_types" in params:
        session["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    if "saved_payment_method_options" in params:
        session["saved_payment_method_options"] = {
            "allow_redisplay_filters": None, "payment_method_remove": None,
            "payment_method_save": None, **params["saved_payment_method_options"]}
    return session


def details_of(customer):
    return {"address": customer["address"], "business_name": None, "email": customer["email"],
            "individual_name": None, "name": customer["name"], "phone": customer["phone"],
            "tax_exempt": customer["tax_exempt"], "tax_ids": None}


@includable("checkout.session", "line_items")
def items(world, session, params=None):
    return page(world.secret(session["id"])["lines"], params or {},
                f"/v1/checkout/sessions/{session['id']}/line_items", "item")


def current(world, identifier):
    """A session; one that is over is expired as soon as anybody looks."""
    session = world["checkout.session"].get(identifier, "session")
    if session["status"] == "open" and world.now() >= session["expires_at"]:
        expire(world, session)
    return session


def expire(world, session):
    with world.changing(session, "checkout.session.expired"):
        session.update(status="expired", url=None)


def due(world):
    """By the clock, for `clock` to do."""
    for session in list(world["checkout.session"]):
        current(world, session["id"])


def pay(world, session, method, authentic=None, email=None, name=None, address=None):
    """The customer presses the button, and answers the bank with `authentic`: True, False or, None,
    not yet. Answers the refusal that the page shows, or None."""
    session = current(world, session["id"])
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.")
    customer = payer(world, session, email, name, address)
    count(world, session, customer)
    if session["mode"] == "setup":
        return finish_setup(world, session, method, authentic)
    intent = intent_of(world, session, customer)
    return finish(world, session, intent, payment_intents, method, authentic)


def finish_setup(world, session, method, authentic):
    intent = world["setup_intent"].get(session["setup_intent"])
    if session["customer"] and intent["customer"] is None:
        intent["customer"] = session["customer"]
    return finish(world, session, intent, setup_intents, method, authentic)


def finish(world, session, intent, kind, method, authentic):
    error = None
    if intent["status"] == "requires_action" and method is None:
        if authentic is not None:
            error = kind.authenticate(world, intent, authentic)
    else:
        error = kind.attempt(world, intent, method)
        if intent["status"] == "requires_action" and authentic is not None:
            error = kind.authenticate(world, intent, authentic)
    if intent["status"] in ("succeeded", "processing"):
        complete(world, session, intent)
    return error


def when_arrived(world, intent):
    for session in world["checkout.session"]:
        if session["payment_intent"] == intent["id"]:
            paid = intent["status"] == "succeeded"
            word = "succeeded" if paid else "failed"
            with world.changing(session, f"checkout.session.async_payment_{word}"):
                session["payment_status"] = "paid" if paid else "unpaid"


payment_intents.WHO_IS_TOLD_LATE.append(when_arrived)


def payer(world, session, email, name, address):
    given = world.secret(session["id"])["given"]
    customer = session["customer"] and world["customer"].get(session["customer"])
    if not customer and session["customer_creation"] == "always" or (
            not customer and (session["invoice_creation"] or {}).get("enabled")):
        customer = blank(world)
        customer["email"], customer["name"] = email or session["customer_email"], name
        world["customer"].add(customer)
        world.tell("customer.created", customer)
        session["customer"] = customer["id"]
    update = given.get("customer_update", {})
    takes_address = update.get("address") == "auto" or not session["customer_details"]
    if customer and takes_address and address:
        with world.changing(customer, "customer.updated"):
            customer["address"] = address_of(address)
    if customer and update.get("name") == "auto" and name:
        with world.changing(customer, "customer.updated"):
            customer["name"] = name
    details = details_of(customer) if customer else {
        **dict.fromkeys(details_of(blank(world))), "tax_exempt": "none", "email": email
        or session["customer_email"], "name": name}
    session["customer_details"] = details
    if session["automatic_tax"]["enabled"]:
        if not customer:
            raise invalid("The page needs an address for automatic tax.", "address")
        require_location(world, customer)
        session["automatic_tax"]["status"] = "complete"
    return customer


def intent_of(world, session, customer):
    held, given = world.secret(session["id"]), world.secret(session["id"])["given"]
    if "intent" not in held:
        data = given.get("payment_intent_data", {})
        intent = payment_intents.make(
            world, session["amount_total"], session["currency"], customer and customer["id"],
            merged({}, data.get("metadata", {})), data.get("description"),
            data.get("setup_future_usage"), receipt_email=data.get("receipt_email"))
        held["intent"] = intent["id"]
    return world["payment_intent"].get(held["intent"])


def complete(world, session, intent):
    given = world.secret(session["id"])["given"]
    with world.changing(session, "checkout.session.completed"):
        session.update(status="complete", url=None)
        if session["mode"] == "payment":
            paid = intent["status"] == "succeeded"
            session.update(payment_status="paid" if paid else "unpaid",
                           payment_intent=intent["id"])
            if session["invoice_creation"]["enabled"]:
                session["invoice"] = invoiced(world, session, intent, given)["id"]


def invoiced(world, session, intent, given):
    """The invoice of what was paid, made afterwards."""
    from . import invoice_items
    customer = world["customer"].get(session["customer"])
    data = session["invoice_creation"]["invoice_data"]
    invoice = invoices.make(world, customer, session["currency"], metadata=dict(data["metadata"]),
                            description=data["description"], footer=data["footer"])
    invoice["automatic_tax"]["enabled"] = session["automatic_tax"]["enabled"]
    for line in world.secret(session["id"])["lines"]:
        invoice_items.make(world, customer, {
            "pricing": {"price": line["price"]["id"]}, "quantity": line["quantity"],
            "description": line["description"], "tax_rates": [
                rate["id"] for rate in world.secret(line["id"])["tax_rates"]]}, invoice)
    invoices.count(world, invoice)
    world.tell("invoice.created", invoice)
    invoices.finalize(world, invoice, paid_by=intent)
    return invoice


@call("GET", "/v1/checkout/sessions/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return current(world, id)


@call("POST", "/v1/checkout/sessions/:id", metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    session = current(world, id)
    with world.changing(session):
        if "metadata" in params:
            session["metadata"] = merged(session["metadata"], params["metadata"])
    return session


@call("POST", "/v1/checkout/sessions/:id/expire", **EVERYWHERE)
def expire_call(world, params, id):
    session = current(world, id)
    if session["status"] != "open":
        raise StripeError(400, "Only Checkout Sessions with a status in [\"open\"] can be expired. "
                          f"This Checkout Session has a status of `{session['status']}`.")
    expire(world, session)
    return session


@call("GET", "/v1/checkout/sessions/:id/line_items", **PAGES, **EVERYWHERE)
def line_items(world, params, id):
    return items(world, current(world, id), params)


@call("GET", "/v1/checkout/sessions", customer=text, payment_intent=text, created=span,
      status=choice("complete", "expired", "open"), customer_details=fields(email=required(text)),
      **PAGES, **EVERYWHERE)
def listing(world, params):
    due(world)
    within, email = span_of(params.get("created")), params.get("customer_details", {}).get("email")
    return page((row for row in newest_first(world["checkout.session"]) if within(row["created"])
                 and all(params.get(name) in (None, row[name])
                         for name in ("customer", "payment_intent", "status"))
                 and email in (None, (row["customer_details"] or {}).get("email"))),
                params, "/v1/checkout/sessions", "checkout.session")
