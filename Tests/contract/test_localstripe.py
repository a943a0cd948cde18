"""Tally against localstripe, which isn't ours: its customers, payment methods and signed webhooks. What
it has none of (checkout sessions, lines added to invoices, idempotency keys, events by type) Tally needs
for money: that is tested against the double. docs/stripe-tests.md says which is which."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import stripe
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import import_service_pb2 as import_pb

from conftest import connected
from stripe_bench import KEY
from tally_client import new_id
from tally_server import TallyServer
from test_stripe import DECLINED, free_port, opened, until
from test_walkthrough import attach, get, new_customer

SECRET = "whsec_" + "a" * 32
COUNTS = ("recorded", "unknown", "refused", "failed")


class Local:
    """localstripe, and a server that collects by it and is told by its webhooks."""

    def __init__(self, folder, certificates):
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("localstripe_server.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            # Whom it trusts when it sends webhooks.
            env={**os.environ, "SSL_CERT_FILE": str(certificates / "ca.pem")})
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        stripe.enable_telemetry = False
        self.stripe = stripe.StripeClient(
            KEY, base_addresses={"api": self.url}, max_network_retries=0).v1
        self.server = TallyServer(folder, certificates)
        self.server.port = free_port()
        self.server.environment = {
            "TALLY_PAYMENTS_SANDBOX": "stripe", "TALLY_STRIPE_SANDBOX_KEY": KEY,
            "TALLY_STRIPE_SANDBOX_WEBHOOK_SECRET": SECRET,
            "TALLY_STRIPE_SANDBOX_DELETE_CUSTOMERS": "yes",
            "TALLY_STRIPE_SANDBOX_URL": self.url}
        self.server.start()
        self.clients = connected(self.server)
        self.client = next(self.clients)

    def hook(self, secret=SECRET):
        body = json.dumps({
            "secret": secret,
            "url": f"https://localhost:{self.server.port}/webhooks/stripe/sandbox"})
        with urllib.request.urlopen(urllib.request.Request(
                f"{self.url}/_config/webhooks/tally", body.encode(),
                {"content-type": "application/json"}), timeout=10) as answer:
            assert answer.status == 200

    def counts(self):
        page = opened(self.server, urllib.request.Request(
            f"https://localhost:{self.server.port}/metrics",
            headers={"authorization": f"Bearer {self.server.key}"})).read().decode()
        name = 'tally_stripe_events_total{environment="sandbox",outcome="%s"} '
        return {outcome: int(float(line.removeprefix(name % outcome)))
                for outcome in COUNTS for line in page.splitlines()
                if line.startswith(name % outcome)}

    def customers(self):
        return self.stripe.customers.list({"limit": 100}).data

    def close(self):
        self.clients.close()
        self.server.kill()
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture
def local(tmp_path, certificates):
    local = Local(tmp_path, certificates)
    try:
        yield local
        assert KEY not in local.server.log.read_text()
    finally:
        local.close()


def test_customers_are_made_once_and_follow(local):
    """By Tally's own client: made before a page is asked for, which localstripe has none of; found
    again by Tally's own name; renamed, erased and deleted there, too."""
    client, customer_id = local.client, new_customer(local.client, "Acme")
    for _ in range(2):
        reply = attach(client, customer_id, "test_pro")
        assert (reply.outcome, reply.decline_code) == (DECLINED, "resource_missing"), reply
    (made,) = local.customers()
    assert (made.name, made.email) == ("Acme", "acme@example.com")
    assert made.metadata["tally_customer"] == customer_id and made.metadata["tally_home"]

    client.call("UpdateCustomer", customers_pb.UpdateCustomerRequest(
        customer_id=customer_id, name="Acme & Co", request_id=new_id("r"),
        address=customer_pb.PostalAddress(line1="1 Main St", country="US")))
    until(lambda: local.customers()[0].name == "Acme & Co", "the name")
    assert local.customers()[0].address.country == "US"
    client.call("EraseCustomer", customers_pb.EraseCustomerRequest(
        customer_id=customer_id, request_id=new_id("r")))
    until(lambda: not local.customers()[0].name and not local.customers()[0].email, "no name")

    local.server.kill()
    local.server.start()
    assert attach(client, customer_id, "test_pro").outcome == DECLINED
    assert [one.id for one in local.customers()] == [made.id]
    client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(
        customer_id=customer_id, request_id=new_id("r")))
    assert not local.customers()


def test_one_that_was_made_and_not_heard_of_is_found(local):
    """As a kill between Stripe's answer and our record leaves it, the name by now another one; what
    another data folder has made for a customer of the same id isn't taken."""
    client, first, customer_id = (local.client, new_customer(local.client),
                                  new_customer(local.client, "Acme & Co"))
    attach(client, first, "test_pro")
    marks = {**local.customers()[0].metadata.to_dict(), "tally_customer": customer_id,
             "tally_created": str(get(client, customer_id).create_time.ToMilliseconds())}
    unheard = local.stripe.customers.create({"name": "Acme", "metadata": marks})
    theirs = local.stripe.customers.create(
        {"name": "Acme", "metadata": {**marks, "tally_home": "home_of_somebody"}})
    attach(client, customer_id, "test_pro")
    assert len(local.customers()) == 3
    assert local.stripe.customers.retrieve(unheard.id).name == "Acme & Co"
    assert local.stripe.customers.retrieve(theirs.id).name == "Acme"


def saved(local, customer_id):
    """A customer with a card on file, made with Stripe's library, who goes on at Tally."""
    theirs = local.stripe.customers.create({"name": "Ada", "email": "ada@example.com"})
    card = local.stripe.payment_methods.attach("pm_card_visa", {"customer": theirs.id})
    local.client.call("ImportCustomer", import_pb.ImportCustomerRequest(
        customer_id=customer_id, source_id=theirs.id, provider_customer_id=theirs.id,
        provider_payment_method_id=card.id, payment_method=customer_pb.PaymentMethod(
            brand=card.card.brand, last4=card.card.last4)))
    return theirs, card


def test_a_card_that_was_saved_there(local):
    """It is on file here, the customer is marked there as ours, and it can be charged off-session; by
    a payment intent, since localstripe's invoices take no lines."""
    customer_id = new_id("customer")
    theirs, card = saved(local, customer_id)
    assert get(local.client, customer_id).payment_method.last4 == "4242"
    until(lambda: local.stripe.customers.retrieve(theirs.id).metadata.to_dict().get("tally_customer")
          == customer_id, "the mark")
    intent = local.stripe.payment_intents.create({
        "amount": 2000, "currency": "usd", "customer": theirs.id, "payment_method": card.id,
        "off_session": True, "confirm": True})
    assert intent.status == "succeeded"


def test_its_webhooks_are_believed_with_the_right_secret_only(local):
    """Signed by localstripe's own code, over TLS."""
    local.hook()
    start = local.counts()
    theirs, _ = saved(local, new_id("customer"))
    until(lambda: local.counts()["unknown"] > start["unknown"], "customer.created")
    assert local.counts()["refused"] == start["refused"] == 0
    local.stripe.customers.delete(theirs.id)
    until(lambda: local.counts()["recorded"] > start["recorded"], "customer.deleted")

    local.hook("whsec_" + "b" * 32)
    before = local.counts()
    customer_id = new_id("customer")
    theirs, _ = saved(local, customer_id)
    local.stripe.customers.delete(theirs.id)
    until(lambda: local.counts()["refused"] >= before["refused"] + 2, "two that are forged")
    time.sleep(1)
    after = local.counts()
    assert {**after, "refused": 0} == {**before, "refused": 0}
    assert get(local.client, customer_id).payment_method.last4 == "4242"
