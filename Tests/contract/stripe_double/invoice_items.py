"""Invoice items, and the invoices' lines that they become."""

from . import invoices, money
from .calls import call
from .catalog import BEHAVIOR, amount_of
from .customers import existing
from .errors import invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, clearable, currency, decimal, fields,
                    integer, merged, metadata, required, span, text)
from .lists import newest_first, page, span_of
from decimal import Decimal

PERIOD = fields(start=required(integer), end=required(integer))
SHARED = dict(amount=integer, description=text, discountable=boolean, metadata=clearable(metadata),
              period=PERIOD, quantity=integer, unit_amount_decimal=decimal,
              tax_rates=clearable(array(text)), tax_behavior=BEHAVIOR,
              pricing=fields(price=text),
              price_data=fields(currency=required(currency), product=required(text),
                                unit_amount=integer, unit_amount_decimal=decimal,
                                tax_behavior=BEHAVIOR))


def priced(world, params, code):
    """(amount, quantity, pricing, currency) of what the item costs."""
    quantity = params.get("quantity", 1)
    ways = [name for name in ("amount", "unit_amount_decimal", "pricing", "price_data")
            if name in params]
    if len(ways) != 1:
        raise invalid("You must provide exactly one of amount, unit_amount_decimal, pricing or "
                      "price_data.", "amount", "parameter_missing")
    if ways == ["pricing"]:
        price = world["price"].get(params["pricing"].get("price", ""), "pricing[price]")
        if price["type"] != "one_time":
            raise invalid("The price specified is set to `type=recurring` but this field only "
                          "accepts prices with `type=one_time`.", "pricing[price]")
        return (amount_of(world, price, quantity), quantity,
                pricing(price["unit_amount_decimal"], price["id"], price["product"]),
                price["currency"])
    if ways == ["price_data"]:
        from .catalog import make_price
        data = params["price_data"]
        product = world["product"].get(data["product"], "price_data[product]")
        price = make_price(world, product, data, active=False)
        return (amount_of(world, price, quantity), quantity,
                pricing(price["unit_amount_decimal"], price["id"], product["id"]),
                data["currency"])
    if not code:
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    if ways == ["amount"]:
        if "quantity" in params:
            raise invalid("You may not specify `quantity` together with `amount`.", "quantity")
        return params["amount"], 1, pricing(str(params["amount"])), code
    unit = params["unit_amount_decimal"]
    return money.rounded(Decimal(unit) * quantity), quantity, pricing(unit), code


def pricing(unit, price=None, product=None):
    return {"price_details": {"price": price, "product": product} if price else None,
            "type": "price_details", "unit_amount_decimal": unit}


def make(world, customer, params, invoice=None):
    code = params.get("currency") or (invoice and invoice["currency"])
    amount, quantity, price, code = priced(world, params, code)
    if invoice and invoice["currency"] != code:
        raise invalid(f"The invoice item's currency ({code}) doesn't match the invoice's "
                      f"({invoice['currency']}).", "currency")
    money.right(amount, code)
    now = world.now()
    period = params.get("period") or {"start": now, "end": now}
    if period["end"] < period["start"]:
        raise invalid("The period's end must not be before its start.", "period[end]")
    item = {
        "id": world.new_id("ii"), "object": "invoiceitem", "amount": amount, "currency": code,
        "customer": customer["id"], "date": now, "description": params.get("description"),
        "discountable": params.get("discountable", amount > 0), "discounts": [],
        "frozen_fields": None, "invoice": invoice and invoice["id"], "livemode": world.live,
        "metadata": merged({}, params.get("metadata", {})), "net_amount": amount,
        "parent": None, "period": period, "pricing": price, "proration": False,
        "proration_details": None, "quantity": quantity, "quantity_decimal": str(quantity),
        "tax_rates": rates_of(world, params),
        "test_clock": None}
    world["invoiceitem"].add(item)
    world.secret(item["id"])["tax_behavior"] = params.get("tax_behavior")
    world.tell("invoiceitem.created", item)
    if invoice:
        add_line(world, invoice, item)
    return item


def rates_of(world, params):
    return [world["tax_rate"].get(rate, f"tax_rates[{at}]")
            for at, rate in enumerate(params.get("tax_rates") or [])]


def add_line(world, invoice, item, parent=None):
    line = {
        "id": world.new_id("il"), "object": "line_item", "invoice": invoice["id"],
        "livemode": world.live, "taxes": [], "discount_amounts": [], "discounts": [],
        "pretax_credit_amounts": [], "subscription": None,
        "parent": parent or {
            "invoice_item_details": {
                "invoice_item": item["id"], "proration": False,
                "proration_details": {"credited_items": None}, "subscription": None},
            "subscription_item_details": None, "type": "invoice_item_details"}}
    fill(line, item)
    world["line_item"].add(line)
    held = world.secrets.get(item.get("id"), {})
    world.secret(line["id"]).update(tax_rates=item["tax_rates"],
                                    tax_behavior=held.get("tax_behavior"))
    lines = world.secret(invoice["id"])["lines"]
    lines.append(line)
    world.undo.append(lambda: lines.remove(line))
    return line


def fill(line, item):
    for name in ("amount", "currency", "description", "discountable", "metadata", "period",
                 "pricing", "quantity", "quantity_decimal"):
        line[name] = item[name]
    line["subtotal"] = item["amount"]


def draft(world, identifier, param="invoice"):
    invoice = world["invoice"].get(identifier, param)
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer editable.", param, "invoice_not_editable")
    return invoice


def line_of(world, item):
    if item["invoice"] is None:
        return None
    for line in world.secret(item["invoice"])["lines"]:
        if (line["parent"]["invoice_item_details"] or {}).get("invoice_item") == item["id"]:
            return line
    return None


@call("POST", "/v1/invoiceitems", customer=text, invoice=text, currency=currency,
      **{**SHARED, "tax_rates": array(text)}, **EVERYWHERE)
def create(world, params):
    if "customer" not in params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = existing(world, params["customer"])
    invoice = draft(world, params["invoice"]) if "invoice" in params else None
    if invoice and invoice["customer"] != customer["id"]:
        raise invalid(f"The customer ({customer['id']}) doesn't match the invoice's "
                      f"({invoice['customer']}).", "customer")
    if not invoice:
        return make(world, customer, params)
    with world.changing(invoice, "invoice.updated"):
        item = make(world, customer, params, invoice)
        invoices.count(world, invoice)
    return item


@call("GET", "/v1/invoiceitems/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["invoiceitem"].get(id)


@call("POST", "/v1/invoiceitems/:id", **{**SHARED, **EVERYWHERE})
def update(world, params, id):
    item = world["invoiceitem"].get(id)
    invoice = draft(world, item["invoice"]) if item["invoice"] else None
    with world.changing(item):  # no event tells of it
        if {"amount", "unit_amount_decimal", "pricing", "price_data"} & params.keys():
            item["amount"], item["quantity"], item["pricing"], _ = priced(
                world, params, item["currency"])
            item["net_amount"], item["quantity_decimal"] = item["amount"], str(item["quantity"])
        for name in ("description", "discountable", "period"):
            item[name] = params.get(name, item[name])
        if "metadata" in params:
            item["metadata"] = merged(item["metadata"], params["metadata"])
        if "tax_rates" in params:
            item["tax_rates"] = rates_of(world, params)
        if "tax_behavior" in params:
            world.secret(item["id"])["tax_behavior"] = params["tax_behavior"]
    if invoice:
        line = line_of(world, item)
        world.secret(line["id"]).update(
            tax_rates=item["tax_rates"],
            tax_behavior=world.secret(item["id"]).get("tax_behavior"))
        with world.changing(line), world.changing(invoice, "invoice.updated"):
            fill(line, item)
            invoices.count(world, invoice)
    return item


def remove(world, item):
    line = line_of(world, item)
    if line:
        lines = world.secret(item["invoice"])["lines"]
        at = lines.index(line)
        lines.remove(line)
        world.undo.append(lambda: lines.insert(at, line))
    world["invoiceitem"].remove(item["id"])
    world.tell("invoiceitem.deleted", item)


@call("DELETE", "/v1/invoiceitems/:id")
def delete(world, params, id):
    item = world["invoiceitem"].get(id)
    if item["invoice"]:
        invoice = draft(world, item["invoice"])
        with world.changing(invoice, "invoice.updated"):
            remove(world, item)
            invoices.count(world, invoice)
    else:
        remove(world, item)
    return {"id": id, "object": "invoiceitem", "deleted": True}


@call("GET", "/v1/invoiceitems", customer=text, invoice=text, pending=boolean, created=span,
      **PAGES, **EVERYWHERE)
def listing(world, params):
    within = span_of(params.get("created"))
    return page((row for row in newest_first(world["invoiceitem"]) if within(row["date"])
                 and params.get("customer") in (None, row["customer"])
                 and params.get("invoice") in (None, row["invoice"])
                 and params.get("pending") in (None, row["invoice"] is None)),
                params, "/v1/invoiceitems", "invoiceitem")
