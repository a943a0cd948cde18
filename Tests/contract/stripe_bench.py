"""The double of Stripe as a fixture, driven by Stripe's own library."""

import copy
import json
import urllib.error
import urllib.request

import pytest
import stripe

import stripe_types
from stripe_double import calls
from stripe_double.server import Double
from stripe_double.webhook_endpoints import EVENTS

KEY = "sk_test_double"
SUCCESS = "https://example.com/thanks"
DRIVEN = set()  # the double's calls that tests made, as (method, path)


def client_of(double, retries=0):
    """The unmodified library; it would report its own timings to Stripe."""
    stripe.enable_telemetry = False
    return stripe.StripeClient(KEY, base_addresses={"api": double.url},
                               max_network_retries=retries).v1


class Bench:
    def __init__(self, **settings):
        self.double = Double(**settings).start()
        self.stripe = client_of(self.double)

    def control(self, place, verb="POST", /, **given):
        body = json.dumps(given).encode() if verb != "GET" else None
        request = urllib.request.Request(f"{self.double.url}/_control{place}", body, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    @property
    def log(self):
        return self.double.log

    def sent_by(self, agent):
        """The requests of a client by its User-Agent, such as "tally": all that it sent, whatever
        was answered, is to pass `stripe_types.faults_of_log(…, answers=False)`."""
        return [entry for entry in self.log if (entry["user_agent"] or "").startswith(agent)]

    def events(self):
        """Types, the oldest first."""
        return [event["type"] for event in self.double.world["event"]]

    def faults(self):
        """Whatever isn't as Stripe's library has it, of all that was asked, answered and told."""
        served = [entry for entry in self.log if entry["status"] in (200, 402)]
        faults = stripe_types.faults_of_log(served)
        for event in self.double.world["event"]:
            faults += [] if event["type"] in EVENTS else [f"{event['type']} isn't in EVENTS"]
            faults += stripe_types.faults_of_answer(copy.deepcopy(event))
            faults += stripe_types.faults_of_answer(event["data"]["object"],
                                                    f"{event['type']}'s {event['id']}")
        return faults

    def close(self):
        self.double.stop()

    # What most tests begin with.

    def customer(self, card="pm_card_visa", **more):
        """With that card as the default."""
        customer = self.stripe.customers.create({"email": "ada@example.com", **more})
        if card:
            method = self.stripe.payment_methods.attach(card, {"customer": customer.id})
            customer = self.stripe.customers.update(customer.id, {
                "invoice_settings": {"default_payment_method": method.id}})
        return customer

    def invoice(self, customer, *amounts, currency="usd", **more):
        """A draft."""
        invoice = self.stripe.invoices.create({
            "customer": customer.id, "auto_advance": False, "currency": currency, **more})
        for amount in amounts:
            self.stripe.invoice_items.create({
                "customer": customer.id, "invoice": invoice.id, "amount": amount,
                "currency": currency, "description": f"A line of {amount}"})
        return self.stripe.invoices.retrieve(invoice.id)

    def intent_of(self, invoice):
        paid = self.stripe.invoices.retrieve(invoice.id, {
            "expand": ["payments.data.payment.payment_intent"]})
        return paid.payments.data[0].payment.payment_intent

    def session(self, **more):
        given = {"mode": "payment", "success_url": SUCCESS, **more}
        if given["mode"] == "payment":
            given.setdefault("line_items", [{"quantity": 1, "price_data": {
                "currency": "usd", "unit_amount": 2000, "product_data": {"name": "Pro"}}}])
        else:
            given.setdefault("currency", "usd")
        return self.stripe.checkout.sessions.create(given)

    def pay(self, session, **given):
        return self.control(f"/checkout/{session.id}/pay", **given)


@pytest.fixture
def bench():
    """Whatever a test does: the double didn't break, and kept to the types of Stripe's library."""
    bench = Bench()
    yield bench
    bench.close()
    DRIVEN.update((entry["method"], found.path) for entry in bench.log
                  if (found := calls.find(entry["method"], entry["path"])[0]))
    broken, faults = bench.double.broken, bench.faults()
    assert not broken, "\n".join(broken)
    assert not faults, "\n".join(faults)


def refused(function, *given, kind=stripe.InvalidRequestError):
    """The library's error."""
    with pytest.raises(kind) as caught:
        function(*given)
    return caught.value
