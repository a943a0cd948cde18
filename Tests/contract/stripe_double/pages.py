"""The pages that a customer sees: checkout and a hosted invoice, small and without scripts."""

import html
from urllib.parse import parse_qs, urlsplit

from . import checkout, invoices, money, payment_methods
from .errors import StripeError, invalid

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<h1>{title}</h1><p>{text}</p><p role="alert">{alert}</p>{form}"""
FORM = """<form method="post"><label>Card number <input name="card" required></label>
<label>Expires (MM/YY) <input name="expiry" value="12/49"></label>
<label>Email <input name="email"></label> <label>Country <input name="country" size="2"></label>
<label>The bank asks <select name="authenticate"><option value="true">yes, it's me</option>
<option value="false">no</option></select></label><button>{button}</button></form>"""
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Pages:
    def __init__(self, double):
        self.double, self.world = double, double.world

    def answer(self, method, target, body):
        path = urlsplit(target).path.strip("/").split("/")
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        try:
            if path[:2] == ["c", "pay"] and len(path) == 3:
                return self._checkout(method, path[2], given)
            if path[0] == "i" and len(path) == 2:
                return self._invoice(method, path[1], given)
        except StripeError as error:
            text = PAGE.format(title="Not possible", text="", form="",
                               alert=html.escape(error.error["message"]))
            return error.status, text.encode(), dict(HTML)
        return 404, b"not found", {"Content-Type": "text/plain"}

    def _card(self, given):
        month, _, year = given.get("expiry", "12/49").partition("/")
        if not (month.strip().isdigit() and year.strip().isdigit()):
            raise invalid("Your card's expiration date is incomplete.")
        expiry = payment_methods.right_expiry(
            self.world, {"exp_month": int(month), "exp_year": int(year)})
        return payment_methods.make(self.world, payment_methods.card_of(given.get("card", "")),
                                    expiry, {"email": given["email"]} if "email" in given else None)

    def _checkout(self, method, identifier, given):
        with self.world.at_once():
            session = checkout.current(self.world, identifier)
            error = None
            if method == "POST":
                address = {"country": given["country"]} if given.get("country") else None
                error = checkout.pay(
                    self.world, session, self._card(given), given.get("authenticate") != "false",
                    given.get("email"), address=address)
            if session["status"] == "complete":
                place = session["success_url"].replace("{CHECKOUT_SESSION_ID}", identifier)
                return 303, b"", {**HTML, "Location": place}
            return self._page(error, session["mode"] == "setup", session["amount_total"],
                              session["currency"], session["status"] == "open")

    def _invoice(self, method, identifier, given):
        with self.world.at_once():
            invoice, error = self.world["invoice"].get(identifier), None
            if method == "POST" and invoice["status"] == "open":
                error = pay_invoice(self.world, invoice, self._card(given),
                                    given.get("authenticate") != "false")
            return self._page(error, False, invoice["amount_remaining"], invoice["currency"],
                              invoice["status"] == "open")

    def _page(self, error, setup, amount, currency, is_open):
        text = "Save a card" if setup else money.shown(amount or 0, currency)
        alert = html.escape(error.error["message"]) if error else "" if is_open else "It is over."
        form = FORM.format(button="Save" if setup else "Pay") if is_open else ""
        return (402 if error else 200), PAGE.format(
            title="Checkout", text=text, alert=alert, form=form).encode(), dict(HTML)


def pay_invoice(world, invoice, method, authentic):
    """On the invoice's page: the customer is there and answers the bank."""
    from . import payment_intents
    payment_methods.attach(world, method["id"], world["customer"].get(invoice["customer"]))
    error = invoices.collect(world, invoice, method, off_session=False)
    intent = invoices.intent_of(world, invoice)
    if intent["status"] == "requires_action" and authentic is not None:
        error = payment_intents.authenticate(world, intent, authentic)
    return error
