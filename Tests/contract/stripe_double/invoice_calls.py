"""The calls about invoices and what pays them."""

from . import invoice_items, invoices, tax_rates
from .calls import call
from .customers import existing, require_owned
from .errors import invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, currency, decimal,
                    fields, integer, merged, metadata, required, span, text)
from .lists import newest_first, page, search, span_of
from .payment_methods import usable

METHODS = choice("charge_automatically", "send_invoice")
SHARED = dict(
    auto_advance=boolean, automatic_tax=fields(enabled=required(boolean)),
    collection_method=METHODS, days_until_due=integer, due_date=integer,
    default_payment_method=text, default_tax_rates=clearable(array(text)), description=text,
    footer=text, metadata=clearable(metadata), statement_descriptor=text, effective_at=integer,
    custom_fields=clearable(array(fields(name=required(text), value=required(text)), 4)),
    payment_settings=fields(payment_method_types=clearable(array(
        choice("card", "link", "sepa_debit", "us_bank_account")))))


def change(world, invoice, params):
    for name in ("auto_advance", "collection_method", "due_date", "description", "footer",
                 "custom_fields", "statement_descriptor", "effective_at"):
        if name in params:
            invoice[name] = params[name]
    if invoice["auto_advance"]:
        raise invalid("The double doesn't move invoices on by itself: auto_advance must be false.",
                      "auto_advance")
    if "days_until_due" in params:
        invoice["due_date"] = world.now() + 86400 * params["days_until_due"]
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        raise invalid("You must provide `days_until_due` or `due_date` when `collection_method` is "
                      "`send_invoice`.", "days_until_due", "parameter_missing")
    dated = {"days_until_due", "due_date"} & params.keys()
    if invoice["collection_method"] != "send_invoice" and dated:
        raise invalid("You can only set `days_until_due` or `due_date` if `collection_method` is "
                      "`send_invoice`.", "days_until_due")
    if "default_payment_method" in params:
        require_owned(world, world["customer"].get(invoice["customer"]),
                      params["default_payment_method"], "default_payment_method")
        invoice["default_payment_method"] = params["default_payment_method"]
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = [
            world["tax_rate"].get(rate, f"default_tax_rates[{at}]")
            for at, rate in enumerate(params["default_tax_rates"] or [])]
    if "automatic_tax" in params:
        invoice["automatic_tax"]["enabled"] = params["automatic_tax"]["enabled"]
    if invoice["automatic_tax"]["enabled"] and invoice["default_tax_rates"]:
        raise invalid("You cannot set `default_tax_rates` with automatic tax enabled.",
                      "default_tax_rates")
    if "payment_method_types" in params.get("payment_settings", {}):
        invoice["payment_settings"]["payment_method_types"] = (
            params["payment_settings"]["payment_method_types"])
    if "metadata" in params:
        invoice["metadata"] = merged(invoice["metadata"], params["metadata"])


@call("POST", "/v1/invoices", customer=text, currency=currency,
      pending_invoice_items_behavior=choice("exclude", "include"),
      **{**SHARED, "default_tax_rates": array(text)}, **EVERYWHERE)
def create(world, params):
    if "customer" not in params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = existing(world, params["customer"])
    pending = []
    if params.get("pending_invoice_items_behavior") == "include":
        pending = [item for item in world["invoiceitem"]
                   if item["customer"] == customer["id"] and item["invoice"] is None]
    code = params.get("currency") or (pending and pending[0]["currency"]) \
        or customer["currency"] or "usd"
    invoice = invoices.make(world, customer, code)
    change(world, invoice, params)
    for item in pending:
        if item["currency"] == code:
            with world.changing(item):
                item["invoice"] = invoice["id"]
            invoice_items.add_line(world, invoice, item)
    invoices.count(world, invoice)
    world.tell("invoice.created", invoice)
    return invoice


@call("GET", "/v1/invoices/search", query=required(text), limit=integer, page=text, **EVERYWHERE)
def find(world, params):
    return search(world, "invoice", params, "/v1/invoices/search",
                  ("created", "currency", "customer", "number", "status", "total"))


@call("GET", "/v1/invoices/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["invoice"].get(id)


AFTERWARDS = {"metadata", "description", "auto_advance", "default_payment_method", "expand",
              "payment_settings"}


@call("POST", "/v1/invoices/:id", **SHARED, **EVERYWHERE)
def update(world, params, id):
    invoice = world["invoice"].get(id)
    if invoice["status"] != "draft" and params.keys() - AFTERWARDS:
        name = sorted(params.keys() - AFTERWARDS)[0]
        raise invalid("Finalized invoices can't be updated in this way.", name,
                      "invoice_not_editable")
    with world.changing(invoice, "invoice.updated"):
        change(world, invoice, params)
        invoices.count(world, invoice)
    return invoice


@call("DELETE", "/v1/invoices/:id")
def delete(world, params, id):
    invoice = world["invoice"].get(id)
    if invoice["status"] != "draft":
        raise invalid("You can only delete draft invoices.", code="invoice_not_editable")
    for item in [row for row in world["invoiceitem"] if row["invoice"] == id]:
        invoice_items.remove(world, item)
    world["invoice"].remove(id)
    world.tell("invoice.deleted", invoice)
    return {"id": id, "object": "invoice", "deleted": True}


@call("POST", "/v1/invoices/:id/finalize", auto_advance=boolean, **EVERYWHERE)
def finalize(world, params, id):
    invoice = world["invoice"].get(id)
    change(world, invoice, {name: params[name] for name in ("auto_advance",) if name in params})
    return invoices.finalize(world, invoice)


@call("POST", "/v1/invoices/:id/pay", payment_method=text, off_session=boolean,
      paid_out_of_band=boolean, forgive=boolean, **EVERYWHERE)
def pay(world, params, id):
    invoice = world["invoice"].get(id)
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
        if invoice["status"] == "paid":
            return invoice
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] == "void":
        raise invalid("Invoices with a status of void cannot be paid.")
    if params.get("paid_out_of_band"):
        return out_of_band(world, invoice)
    intent = invoices.intent_of(world, invoice)
    if intent and intent["status"] == "processing":
        raise invalid("This invoice has a payment that is processing.",
                      code="payment_intent_unexpected_state")
    chosen = params.get("payment_method") or invoices.default_method(world, invoice)
    if not chosen:
        raise invalid("There is no `default_payment_method` set on this Customer or Invoice. "
                      "Please create a payment method and set it as the default, or pass one.")
    method = usable(world, chosen)
    if method["customer"] != invoice["customer"]:
        raise invalid(f"The customer does not have a payment method with the ID {method['id']}. "
                      "The payment method must be attached to the customer.", "payment_method",
                      "resource_missing")
    error = invoices.collect(world, invoice, method, params.get("off_session", True))
    if error:
        raise error
    return invoice


def out_of_band(world, invoice):
    from .payment_intents import cancelled
    intent = invoices.intent_of(world, invoice)
    if intent and intent["status"] != "canceled":
        cancelled(world, intent, None)
        payment = invoices.payment_of(world, invoice)
        with world.changing(payment):
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = world.now()
    with world.changing(invoice):
        invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    invoices.settle(world, invoice, invoice["amount_due"])
    return invoice


@call("POST", "/v1/invoices/:id/void", **EVERYWHERE)
def void(world, params, id):
    return invoices.void(world, world["invoice"].get(id))


@call("POST", "/v1/invoices/:id/mark_uncollectible", **EVERYWHERE)
def mark_uncollectible(world, params, id):
    invoice = world["invoice"].get(id)
    if invoice["status"] != "open":
        raise invalid("You can only pass in open invoices. This invoice isn't open.")
    with world.changing(invoice, "invoice.updated", "invoice.marked_uncollectible"):
        invoice["status"] = "uncollectible"
        invoice["status_transitions"]["marked_uncollectible_at"] = world.now()
    return invoice


@call("POST", "/v1/invoices/:id/send", **EVERYWHERE)
def send(world, params, id):
    invoice = world["invoice"].get(id)
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    world.tell("invoice.sent", invoice)
    return invoice


@call("GET", "/v1/invoices/:id/lines", **PAGES, **EVERYWHERE)
def lines(world, params, id):
    return invoices.listed(world, world["invoice"].get(id), params)


LINE = fields(**{name: invoice_items.SHARED[name] for name in (
    "amount", "description", "discountable", "metadata", "period", "quantity", "tax_rates",
    "pricing")}, invoice_item=text, tax_amounts=array(fields(
        amount=required(integer), taxable_amount=required(integer),
        taxability_reason=choice(
            "customer_exempt", "not_collecting", "reduced_rated", "reverse_charge",
            "standard_rated", "zero_rated"),
        tax_rate_data=required(fields(
            display_name=required(text), inclusive=required(boolean),
            percentage=required(decimal), country=text, description=text, jurisdiction=text,
            state=text, tax_type=tax_rates.TYPES))), 10))


@call("POST", "/v1/invoices/:id/add_lines", lines=required(array(LINE)),
      invoice_metadata=clearable(metadata), **EVERYWHERE)
def add_lines(world, params, id):
    invoice = invoice_items.draft(world, id, "id")
    customer = world["customer"].get(invoice["customer"])
    with world.changing(invoice, "invoice.updated"):
        for at, line in enumerate(params["lines"]):
            if "invoice_item" in line:
                item = world["invoiceitem"].get(line["invoice_item"], f"lines[{at}][invoice_item]")
                if item["invoice"] is not None:
                    raise invalid(f"Invoice item {item['id']} is already on an invoice.",
                                  f"lines[{at}][invoice_item]")
                with world.changing(item):
                    item["invoice"] = id
                invoice_items.add_line(world, invoice, item)
            else:
                if line.get("tax_amounts") and line.get("tax_rates"):
                    raise invalid("You cannot set both `tax_amounts` and `tax_rates`.",
                                  f"lines[{at}][tax_amounts]")
                invoice_items.make(world, customer, line, invoice)
                if "tax_amounts" in line:
                    made = world.secret(id)["lines"][-1]
                    world.secret(made["id"])["taxes"] = tax_rates.given(
                        world, line["tax_amounts"])
        if "invoice_metadata" in params:
            invoice["metadata"] = merged(invoice["metadata"], params["invoice_metadata"])
        invoices.count(world, invoice)
    return invoice


@call("GET", "/v1/invoices", customer=text, status=choice(
    "draft", "open", "paid", "uncollectible", "void"), collection_method=METHODS, created=span,
    due_date=span, subscription=text, **PAGES, **EVERYWHERE)
def listing(world, params):
    within, due = span_of(params.get("created")), span_of(params.get("due_date"))

    def fits(row):
        details = (row["parent"] or {}).get("subscription_details") or {}
        return (within(row["created"]) and due(row["due_date"])
                and all(params.get(name) in (None, row[name])
                        for name in ("customer", "status", "collection_method"))
                and params.get("subscription") in (None, details.get("subscription")))
    return page(filter(fits, newest_first(world["invoice"])), params, "/v1/invoices", "invoice")


@call("GET", "/v1/invoice_payments/:id", **EVERYWHERE)
def retrieve_payment(world, params, id):
    return world["invoice_payment"].get(id)


@call("GET", "/v1/invoice_payments", invoice=text, status=choice("canceled", "open", "paid"),
      payment=fields(type=required(choice("payment_intent")), payment_intent=text), created=span,
      **PAGES, **EVERYWHERE)
def list_payments(world, params):
    within, intent = span_of(params.get("created")), params.get("payment", {}).get("payment_intent")
    return page((row for row in newest_first(world["invoice_payment"]) if within(row["created"])
                 and params.get("invoice") in (None, row["invoice"])
                 and params.get("status") in (None, row["status"])
                 and intent in (None, row["payment"]["payment_intent"])),
                params, "/v1/invoice_payments", "invoice_payment")
