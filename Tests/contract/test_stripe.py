"""Stripe as the payment provider, against the double of it: from the first page to a renewal that
is declined and recovers, whatever becomes of the webhooks on their way."""

import json
import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb

import checkout
import stripe_types
from conftest import connected
from stripe_bench import KEY, Bench
from tally_client import new_id
from tally_server import BINARY, TallyServer
from test_clock import move
from test_walkthrough import attach, check, get, new_customer

ACTIVE, PAST_DUE = (customer_pb.SUBSCRIPTION_STATUS_ACTIVE,
                    customer_pb.SUBSCRIPTION_STATUS_PAST_DUE)
PAGE, DONE, DECLINED = (attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED, attach_pb.ATTACH_OUTCOME_ACTIVE,
                        attach_pb.ATTACH_OUTCOME_DECLINED)
SECRET = "whsec_" + "0" * 32  # of a rolled endpoint, beside the double's own
PATIENCE = 45  # seconds; what a lost webhook would have told is read within 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < end, f"{what} didn't come: {found!r}"
        time.sleep(0.05)
    return found


class Shop:
    """A server whose sandbox collects by the double, and the double."""

    def __init__(self, folder, certificates):
        self.bench = Bench(webhook_ca=str(certificates / "ca.pem"))
        self.server = TallyServer(folder, certificates)
        self.server.port = free_port()
        self.hook = f"https://localhost:{self.server.port}/webhooks/stripe/sandbox"
        endpoint = self.bench.stripe.webhook_endpoints.create(
            {"url": self.hook, "enabled_events": ["*"]})
        self.secret = endpoint.secret
        self.endpoint = endpoint.id
        self.server.environment = {
            "TALLY_PAYMENTS_SANDBOX": "stripe", "TALLY_STRIPE_SANDBOX_KEY": KEY,
            "TALLY_STRIPE_SANDBOX_WEBHOOK_SECRET": f"{SECRET} {self.secret}",
            "TALLY_STRIPE_SANDBOX_URL": self.bench.double.url}
        self.server.start()
        self.clients = connected(self.server)
        self.client = next(self.clients)

    def close(self):
        self.clients.close()
        self.server.kill()
        self.bench.close()

    def control(self, place, **given):
        return self.bench.control(place, **given)

    def settle(self):
        return self.control("/webhooks/settle", seconds=20)

    def session(self):
        """The page that was opened last."""
        return self.bench.stripe.checkout.sessions.list().data[0]

    def pay(self, url, session=None, **card):
        session = session or self.session()
        assert session.url == url
        return self.control(f"/checkout/{session.id}/pay", **card)

    def subscriptions(self, customer_id):
        return {s.plan_id: s.status for s in get(self.client, customer_id).subscriptions}

    def has(self, customer_id, plan_id, status=ACTIVE, patience=PATIENCE):
        try:
            until(lambda: self.subscriptions(customer_id).get(plan_id) == status,
                  f"{plan_id} of {customer_id}", patience)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{get(self.client, customer_id)}\n"
                                 f"{self.server.log.read_text()}") from None

    def buy(self, customer_id, plan_id, **card):
        reply = attach(self.client, customer_id, plan_id)
        assert reply.outcome == PAGE, reply
        self.pay(reply.payment_url, **card)
        self.has(customer_id, plan_id)

    def intents(self, status="succeeded"):
        return [i for i in self.bench.stripe.payment_intents.list({"limit": 100}).data
                if i.status == status]

    def method(self):
        """The card that paid last."""
        return self.intents()[0].payment_method

    def events(self, outcome):
        request = urllib.request.Request(
            f"https://localhost:{self.server.port}/metrics",
            headers={"authorization": f"Bearer {self.server.key}"})
        page = opened(self.server, request).read().decode()
        name = f'tally_stripe_events_total{{environment="sandbox",outcome="{outcome}"}} '
        return next(int(float(line.removeprefix(name))) for line in page.splitlines()
                    if line.startswith(name))

    def check(self):
        """Each request is one that Stripe's own library could have made, and none shows a key."""
        sent = self.bench.sent_by("tally")
        assert sent and not stripe_types.faults_of_log(sent, answers=False)
        assert not self.bench.control("/broken", "GET")["broken"]
        log = self.server.log.read_text()
        assert KEY not in log and self.secret not in log


def opened(server, request):
    return urllib.request.urlopen(
        request, timeout=10, context=ssl.create_default_context(cafile=server.ca_file))


@pytest.fixture
def shop(tmp_path, certificates):
    shop = Shop(tmp_path, certificates)
    try:
        yield shop
        shop.check()
    finally:
        shop.close()


def in_order(shop, deed):
    deed()
    shop.settle()


def released(**how):
    def deliver(shop, deed):
        shop.control("/webhooks/hold")
        deed()
        shop.control("/webhooks/release", **how)
        shop.settle()
    return deliver


def lost(shop, deed):
    """Nothing is ever delivered: what Stripe lists is read instead."""
    shop.control("/webhooks/lose", count=-1)
    deed()


@pytest.mark.parametrize("deliver", [
    in_order, released(order="reversed"), released(order="in_order", copies=2), lost,
], ids=["in_order", "reversed", "doubled", "lost"])
def test_from_the_page_to_a_renewal_that_recovers(shop, deliver):
    client, customer_id = shop.client, new_customer(shop.client)
    assert not check(client, customer_id, feature_id="test_messages").allowed

    reply = attach(client, customer_id, "test_pro")
    assert reply.outcome == PAGE and reply.payment_url.startswith(shop.bench.double.url)
    assert attach(client, customer_id, "test_pro").payment_url == reply.payment_url
    deliver(shop, lambda: shop.pay(reply.payment_url))
    shop.has(customer_id, "test_pro")
    assert check(client, customer_id, feature_id="test_messages").allowed

    move(client, 10, customer_id)
    upgrade = attach(client, customer_id, "test_max")
    assert upgrade.outcome == DONE, upgrade
    assert 0 < upgrade.invoice.total.minor_units < 9950, "prorated"

    method = shop.method()
    shop.control(f"/payment_methods/{method}", charge="insufficient_funds")
    move(client, 21, customer_id)
    shop.has(customer_id, "test_max", PAST_DUE)
    shop.control(f"/payment_methods/{method}", charge=None)
    move(client, 4, customer_id)
    shop.has(customer_id, "test_max")

    customer = get(client, customer_id)
    paid = [i for i in customer.invoices if i.status == money_pb.INVOICE_STATUS_PAID]
    assert len(paid) == len(customer.invoices) == 3
    assert sorted(i.amount for i in shop.intents()) == \
        sorted(i.amount_due.minor_units for i in paid)
    statuses = [i.status for i in shop.bench.stripe.invoices.list({"limit": 100}).data]
    assert "open" not in statuses and "draft" not in statuses, "nobody can pay them later"
    assert not customer.refunds


def test_a_card_is_declined_with_the_banks_reason(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    method = shop.method()
    shop.control(f"/payment_methods/{method}", charge="insufficient_funds")
    reply = attach(client, customer_id, "test_max")
    assert (reply.outcome, reply.decline_code) == (DECLINED, "insufficient_funds")
    shop.control(f"/payment_methods/{method}", charge=None, ask="always")
    reply = attach(client, customer_id, "test_max")
    assert (reply.outcome, reply.decline_code) == (DECLINED, "authentication_required")
    assert shop.subscriptions(customer_id) == {"test_pro": ACTIVE}
    assert len(shop.intents()) == 1


FAULTS = {
    "500 before it acted": {"do": "answer", "status": 500, "acts": False},
    "500 after it acted": {"do": "answer", "status": 500, "acts": True},
    "500 that is saved": {"do": "answer", "status": 500, "acts": False, "saves": True},
    "429": {"do": "answer", "status": 429, "acts": False},
    "cut before it acted": {"do": "cut", "acts": False},
    "cut after it acted": {"do": "cut", "acts": True},
}
PLACES = {"customer": "/v1/customers$", "page": "/v1/checkout/sessions$", "invoice": "/v1/invoices$",
          "lines": "/add_lines$", "finalize": "/finalize$", "pay": "/pay$"}


def broken(shop, place, fault, count):
    shop.control("/faults", **fault, method="POST", path=PLACES[place], count=count)


@pytest.mark.parametrize("place", PLACES)
def test_whatever_fails_is_charged_once(shop, place):
    client = shop.client
    for number, fault in enumerate(FAULTS.values()):
        customer_id = new_customer(client)
        # More than one request tries by itself: the worker has to come back.
        if place in ("customer", "page"):
            broken(shop, place, fault, 1 + number % 2 * 3)
        shop.buy(customer_id, "test_pro")
        if place not in ("customer", "page"):
            broken(shop, place, fault, 1 + number % 2 * 3)
        reply = attach(client, customer_id, "test_max")
        shop.has(customer_id, "test_max")
        amounts = [i.amount_due.minor_units for i in get(client, customer_id).invoices]
        reference = shop.intents()[0].customer
        paid = [i.amount for i in shop.intents() if i.customer == reference]
        assert reply.outcome == DONE and sorted(paid) == sorted(amounts), (place, fault)


@pytest.mark.parametrize("hours", [1, 25], ids=["key_known", "key_forgotten"])
@pytest.mark.parametrize("saves", [False, True], ids=["unsaved", "saved_500"])
@pytest.mark.parametrize("acts", [True, False], ids=["paid", "not_paid"])
def test_killed_after_sending_and_started_later_nothing_is_charged_twice(
        shop, acts, saves, hours):
    """An hour later Stripe answers what it has saved, if only a 500; a day later it has forgotten
    the key. The call that waited is told that it is pending, and a later one how it ended."""
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    if saves:
        shop.control("/faults", do="answer", status=500, acts=acts, saves=True, method="POST",
                     path=PLACES["pay"], should_retry=False, count=1)
    else:
        shop.control("/faults", do="cut", acts=acts, method="POST", path=PLACES["pay"], count=1)
    shop.control("/faults", do="answer", status=500, path=PLACES["pay"], count=1000)
    # Nor can it be looked up before the process is gone.
    shop.control("/faults", do="answer", status=500, method="GET", path="^/v1/invoices",
                 count=1000)
    before = len(shop.bench.log)
    stub = next(stub for stub in client.stubs if hasattr(stub, "Attach"))
    request = attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="test_max", request_id=new_id("r"))
    waiting = stub.Attach.future(request, timeout=1)
    until(lambda: any(e["path"].endswith("/pay") for e in shop.bench.log[before:]), "the charge")
    began = time.monotonic()
    assert waiting.code() == grpc.StatusCode.DEADLINE_EXCEEDED, "it is pending"
    assert time.monotonic() - began < 3, "the deadline is kept"
    assert shop.subscriptions(customer_id) == {"test_pro": ACTIVE}, "access stays as it was"
    shop.server.kill()
    shop.bench.control("/faults", "DELETE")
    shop.control("/clock", advance=hours * 3600)
    shop.server.start()
    # The same call, again: its answer is the outcome, not another purchase.
    resolved = until(lambda: client.call("Attach", request), "the outcome")
    assert resolved.outcome == DONE, resolved
    shop.has(customer_id, "test_max")
    invoices = get(client, customer_id).invoices
    assert sorted(i.amount for i in shop.intents()) == \
        sorted(i.amount_due.minor_units for i in invoices)
    assert len(shop.bench.stripe.invoices.list().data) == 1


def test_refunds_and_disputes_that_start_at_stripe(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    intent = shop.intents()[0].id
    shop.bench.stripe.refunds.create({"payment_intent": intent, "amount": 500})
    until(lambda: get(client, customer_id).refunds, "the refund")
    refund = get(client, customer_id).refunds[0]
    assert (refund.amount.minor_units, refund.status) == (500, money_pb.REFUND_STATUS_SUCCEEDED)
    # Our own comes back as what it is, not as another one.
    client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
        customer_id=customer_id, invoice_id="inv_1", request_id=new_id("r"),
        amount=money_pb.Money(currency="usd", minor_units=300)))
    until(lambda: [r.status for r in get(client, customer_id).refunds]
          == [money_pb.REFUND_STATUS_SUCCEEDED] * 2, "our refund")
    shop.settle()
    assert len(get(client, customer_id).refunds) == 2
    assert sorted(r.amount for r in shop.bench.stripe.refunds.list().data) == [300, 500], \
        "what was refunded there isn't asked for once more"
    shop.control("/disputes", payment_intent=intent, amount=1200, reason="fraudulent")
    until(lambda: get(client, customer_id).disputes, "the dispute")


def test_refunds_told_again_after_many_count_once(shop):
    """Twenty are remembered; the money is right however many there are, and however often, and in
    whichever order, they are told."""
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    intent = shop.intents()[0].id
    shop.settle()
    seen = len(list(shop.bench.double.world["event"]))
    for cents in range(1, 26):
        shop.bench.stripe.refunds.create({"payment_intent": intent, "amount": cents})
    # Ours among them: 25 more.
    for number in range(25):
        client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
            customer_id=customer_id, invoice_id="inv_1", request_id=new_id("r"),
            amount=money_pb.Money(currency="usd", minor_units=1)))
        until(lambda: all(r.status == money_pb.REFUND_STATUS_SUCCEEDED
                          for r in get(client, customer_id).refunds), f"refund {number}")
    shop.settle()

    def returned():
        return get(client, customer_id).invoices[0].amount_refunded.minor_units
    assert returned() == 325 + 25, get(client, customer_id).refunds
    assert len(shop.bench.stripe.refunds.list({"limit": 100}).data) == 50
    before = get(client, customer_id)
    told = [e["id"] for e in list(shop.bench.double.world["event"])[seen:]
            if e["type"] in ("refund.created", "charge.refunded")]
    assert len(told) == 100
    for event in [*told[:10], *reversed(told)]:
        shop.control("/webhooks/redeliver", event=event, endpoint=shop.endpoint)
    shop.settle()
    assert get(client, customer_id) == before
    shop.server.kill()
    shop.server.start()  # and reads all of Stripe's list again
    time.sleep(2)
    assert get(client, customer_id) == before
    client.call("UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
        customer_id=customer_id, cancel_action=attach_pb.CANCEL_ACTION_IMMEDIATELY,
        request_id=new_id("r")))
    assert get(client, customer_id).credit_balance.minor_units == 2000 - 350


def test_twenty_refunded_at_stripe_and_cancelled_gives_nothing(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    shop.bench.stripe.refunds.create({"payment_intent": shop.intents()[0].id})
    until(lambda: get(client, customer_id).refunds, "the refund")
    client.call("UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
        customer_id=customer_id, cancel_action=attach_pb.CANCEL_ACTION_IMMEDIATELY,
        request_id=new_id("r")))
    assert get(client, customer_id).credit_balance.minor_units == 0


def test_cards_and_customers_change_at_stripe(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    method, customer = shop.method(), shop.intents()[0].customer
    shop.control(f"/payment_methods/{method}", expiry=[4, 2041])
    until(lambda: get(client, customer_id).payment_method.expiry_year == 2041, "the new expiry")
    shop.bench.stripe.payment_methods.detach(method)
    until(lambda: not get(client, customer_id).HasField("payment_method"), "no card")
    shop.bench.stripe.customers.delete(customer)
    shop.settle()
    # Another one is made at Stripe, with another card.
    reply = attach(client, customer_id, "test_max")
    assert reply.outcome == PAGE and shop.session().customer != customer


def test_a_payment_that_is_told_again_after_many_pages_does_not_go_back(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    shop.settle()
    shop.bench.stripe.payment_methods.detach(shop.method())
    until(lambda: not get(client, customer_id).HasField("payment_method"), "no card")
    for number in range(10):  # a customer remembers eight
        reply = attach(client, customer_id, "test_max", success_url=f"https://example.com/{number}")
        assert reply.outcome == PAGE
    assert len(shop.bench.stripe.checkout.sessions.list({"limit": 100}).data) == 11
    told = next(e for e in shop.bench.double.world["event"]
                if e["type"] == "checkout.session.completed")
    shop.control("/webhooks/redeliver", event=told["id"], endpoint=shop.endpoint)
    shop.settle()
    shop.server.kill()
    shop.server.start()  # and reads all of Stripe's list again
    until(lambda: shop.events("recorded") == 0, "a start")
    time.sleep(1)
    assert not get(client, customer_id).refunds
    assert not shop.bench.stripe.refunds.list().data


def test_a_page_that_is_replaced_or_expires_is_closed(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    attach(client, customer_id, "test_pro")
    first = shop.session().id
    second = attach(client, customer_id, "test_max")
    assert shop.bench.stripe.checkout.sessions.retrieve(first).status == "expired"
    shop.control("/clock", advance=25 * 3600)
    shop.settle()
    again = until(lambda: (r := attach(client, customer_id, "test_max")).payment_url
                  != second.payment_url and r, "another page")
    shop.pay(again.payment_url)
    shop.has(customer_id, "test_max")
    assert len(get(client, customer_id).invoices) == 1


@pytest.mark.parametrize("forged", [
    {"secret": "whsec_" + "f" * 32}, {"sign_seconds_ago": 301},
    {"cut_bytes": 1}, {"header": "t=1,v1=00"}, {"header": "nonsense"},
    {"event": {"account": "acct_somebody"}}, {"event": {"livemode": True}},
], ids=str)
def test_what_isnt_stripes_is_refused(shop, forged):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    shop.settle()
    before, refused = get(client, customer_id), shop.events("refused")
    event = {"type": "charge.refunded", "data": {"object": {
        "id": shop.intents()[0].latest_charge, "object": "charge"}}, **forged.pop("event", {})}
    shop.control("/webhooks/forge", event=event, endpoint=shop.endpoint, **forged)
    shop.settle()
    assert shop.events("refused") == refused + 1
    assert get(client, customer_id) == before


def test_unknown_events_are_counted(shop):
    shop.bench.stripe.customers.create({"email": "somebody@example.com"})
    shop.settle()
    assert shop.events("unknown") >= 1 and shop.events("refused") == 0


def test_the_page_for_webhooks_takes_nothing_else(shop):
    for path, method, status in [
            ("/webhooks/stripe/sandbox", "GET", 405), ("/webhooks/stripe/live", "POST", 404),
            ("/webhooks/stripe/sandbox", "POST", 400)]:
        request = urllib.request.Request(
            f"https://localhost:{shop.server.port}{path}", method=method,
            data=b"{}" if method == "POST" else None)
        try:
            assert opened(shop.server, request).status == status
        except urllib.error.HTTPError as error:
            assert error.code == status
    shop.bench.stripe.customers.create({})  # the log needs a request of ours, too
    attach(shop.client, new_customer(shop.client), "test_pro")


def setup(shop, *more):
    return subprocess.run(
        [BINARY, "stripe", "setup", "--environment", "sandbox", "--json", "--public-address",
         "https://billing.example.com", *more], capture_output=True, text=True, timeout=30,
        env={**os.environ, **shop.server.environment})


def test_setup_makes_the_endpoint_once_and_says_what_is_missing(shop, tmp_path):
    secrets = tmp_path / "webhooks.secret"
    shop.server.environment.pop("TALLY_STRIPE_SANDBOX_WEBHOOK_SECRET")
    nowhere = setup(shop)
    assert nowhere.returncode == 1 and "nowhere to keep" in nowhere.stdout, nowhere
    shop.server.environment["TALLY_STRIPE_SANDBOX_WEBHOOK_SECRET_FILE"] = str(secrets)
    made = setup(shop)
    secret = secrets.read_text().strip()
    assert made.returncode == 0 and json.loads(made.stdout)["endpoint"]["state"] == "made", made
    assert secret.startswith("whsec_") and secrets.stat().st_mode & 0o777 == 0o600
    for run in (made, nowhere):
        assert secret not in run.stdout + run.stderr and KEY not in run.stdout + run.stderr
    again = json.loads(setup(shop).stdout)
    assert again["endpoint"]["state"] == "found" and not again["missing"]
    found = [e for e in shop.bench.stripe.webhook_endpoints.list().data
             if e.url == "https://billing.example.com/webhooks/stripe/sandbox"]
    assert len(found) == 1
    shop.server.environment["TALLY_STRIPE_SANDBOX_KEY"] = "sk_test_somebody_elses"
    wrong = setup(shop)
    assert wrong.returncode == 2 and "does not take the secret key" in wrong.stderr, wrong
    shop.server.environment["TALLY_STRIPE_SANDBOX_KEY"] = "sk_live_somebody_elses"
    wrong = setup(shop)
    assert wrong.returncode == 64 and "live payments" in wrong.stderr, wrong


def test_the_portal_leads_to_stripe_for_a_card(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    url = client.call("OpenCustomerPortal", attach_pb.OpenCustomerPortalRequest(
        customer_id=customer_id)).url
    card = checkout.fetch(checkout.browser(shop.server.ca_file), url + "/card")
    assert card.status == 303 and card.location.startswith(shop.bench.double.url)
    shop.pay(card.location, card="5555555555554444")
    until(lambda: get(client, customer_id).payment_method.last4 == "4444", "the other card")
    # No page of ours takes a test card.
    assert checkout.fetch(checkout.browser(shop.server.ca_file), url + "/card",
                          {"card": "4242424242424242"}).status == 303
    page = checkout.fetch(checkout.browser(shop.server.ca_file),
                          f"https://localhost:{shop.server.port}/checkout/eff_1",
                          {"card": "4242424242424242"})
    assert page.status == 200 and "<form" not in page.body


def test_an_invoice_that_was_sent_is_paid_with_the_card_on_file(shop):
    """Nobody types a card on a page of ours where Stripe has one; without one it leads there."""
    client, customer_id = shop.client, new_customer(shop.client)

    def order(plan_id):
        return client.call("Attach", attach_pb.AttachRequest(
            customer_id=customer_id, plan_id=plan_id, request_id=new_id("r"),
            invoice_mode=attach_pb.InvoiceMode(enabled=True))).invoice

    browser = checkout.browser(shop.server.ca_file)
    first = order("test_pro")
    away = checkout.fetch(browser, first.url + "/pay")
    assert away.status == 303 and away.location.startswith(shop.bench.double.url)
    shop.pay(away.location)  # puts the card on file
    until(lambda: get(client, customer_id).HasField("payment_method"), "the card")
    page = checkout.fetch(browser, first.url + "/pay")
    assert page.status == 200 and "ending in 4242" in page.body and "<input" not in page.body

    method = shop.bench.stripe.customers.payment_methods.list(shop.session().customer).data[0].id
    shop.control(f"/payment_methods/{method}", charge="insufficient_funds")
    declined = checkout.fetch(browser, first.url + "/pay", {"pay": "1"})
    assert declined.status == 402 and "declined" in declined.body
    assert not shop.subscriptions(customer_id) and not shop.intents()
    shop.control(f"/payment_methods/{method}", charge=None)
    for _ in range(2):  # pressed twice
        paid = checkout.fetch(browser, first.url + "/pay", {"pay": "1"})
        assert paid.status == 303, paid.body
    shop.has(customer_id, "test_pro")
    (invoice,) = get(client, customer_id).invoices
    assert invoice.status == money_pb.INVOICE_STATUS_PAID
    assert [i.amount for i in shop.intents()] == [invoice.amount_due.minor_units] == [2000]
    assert sorted(i.status for i in shop.bench.stripe.invoices.list().data) == ["paid", "void"]
    # What it paid can go back.
    client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
        customer_id=customer_id, invoice_id=invoice.invoice_id, request_id=new_id("r")))
    until(lambda: [r.amount for r in shop.bench.stripe.refunds.list().data] == [2000], "the refund")


@pytest.mark.parametrize("succeeds", [True, False], ids=["succeeds", "fails"])
def test_a_page_that_is_paid_by_a_method_that_takes_days(shop, succeeds):
    client, customer_id = shop.client, new_customer(shop.client)
    reply = attach(client, customer_id, "test_pro")
    session = shop.session()
    shop.pay(reply.payment_url, takes_days=True)
    shop.settle()
    assert not shop.subscriptions(customer_id), "access stays as it was"
    assert not check(client, customer_id, feature_id="test_messages").allowed
    shop.control("/clock", advance=4 * 86400)
    intent = shop.bench.stripe.checkout.sessions.retrieve(session.id).payment_intent
    shop.control(f"/payment_intents/{intent}/arrive", succeed=succeeds)
    shop.settle()
    assert [t for t in shop.bench.events() if "async" in t] == [
        f"checkout.session.async_payment_{'succeeded' if succeeds else 'failed'}"]
    if not succeeds:
        # The page is closed: another one opens, and pays.
        until(lambda: (r := attach(client, customer_id, "test_pro")).outcome == PAGE
              and r.payment_url != reply.payment_url, "another page")
        shop.pay(shop.session().url)
    shop.has(customer_id, "test_pro")
    (invoice,) = get(client, customer_id).invoices
    assert [i.amount for i in shop.intents()] == [invoice.amount_due.minor_units] == [2000]
    assert not get(client, customer_id).refunds


@pytest.mark.parametrize("succeeds", [True, False], ids=["succeeds", "fails"])
def test_a_renewal_by_a_method_that_takes_days_is_asked_for_once(shop, succeeds):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    shop.control(f"/payment_methods/{shop.method()}", takes_days=True)
    with pytest.raises(grpc.RpcError) as pending:
        move(client, 32, customer_id)
    assert pending.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    processing = until(lambda: shop.intents("processing"), "the charge")[0].id
    time.sleep(3)  # it is looked at again and again
    assert shop.subscriptions(customer_id) == {
        "test_pro": customer_pb.SUBSCRIPTION_STATUS_RENEWING}
    assert check(client, customer_id, feature_id="test_messages").allowed, "access goes on"
    shop.server.kill()
    shop.control("/clock", advance=4 * 86400)
    shop.server.start()
    time.sleep(2)
    asked = [e for e in shop.bench.sent_by("tally") if e["path"].endswith("/pay")]
    assert len(asked) == 1, "what is processing isn't asked for again"
    shop.control(f"/payment_intents/{processing}/arrive", succeed=succeeds)
    shop.has(customer_id, "test_pro", ACTIVE if succeeds else PAST_DUE)
    until(lambda: len(get(client, customer_id).invoices) == 2, "the invoice")
    assert len(shop.intents()) == 1 + succeeds
    assert len(shop.bench.stripe.invoices.list().data) == 1


def test_a_page_offers_what_the_settings_say(shop):
    shop.server.kill()
    shop.server.environment["TALLY_STRIPE_SANDBOX_PAYMENT_METHODS"] = "card,link"
    shop.server.start()
    attach(shop.client, new_customer(shop.client), "test_pro")
    assert shop.session().allowed_payment_method_types == ["card", "link"]
    shop.server.environment["TALLY_STRIPE_SANDBOX_PAYMENT_METHODS"] = "Card;"
    done = setup(shop)
    assert done.returncode == 64 and "payment-methods must be Stripe's names" in done.stderr, done


@pytest.mark.parametrize("erased", [False, True], ids=["changed", "erased"])
def test_who_somebody_is_by_now_is_told_after_a_crash(shop, erased):
    """It is on record that Stripe has yet to be told, and nothing else says so."""
    client, customer_id = shop.client, new_customer(shop.client)
    shop.buy(customer_id, "test_pro")
    cus = shop.intents()[0].customer

    def at_stripe():
        found = shop.bench.stripe.customers.retrieve(cus)
        return found.name, found.email, found.address and found.address.country

    def change(**parts):
        client.call("UpdateCustomer", customers_pb.UpdateCustomerRequest(
            customer_id=customer_id, request_id=new_id("r"), **parts))

    change(name="Acme", email="acme@example.com",
           address=customer_pb.PostalAddress(line1="1 Main St", country="de"))
    until(lambda: at_stripe() == ("Acme", "acme@example.com", "DE"), "the first name")
    shop.control("/faults", do="answer", status=500, method="POST", path="^/v1/customers/cus",
                 count=1000)
    if erased:
        client.call("EraseCustomer", customers_pb.EraseCustomerRequest(
            customer_id=customer_id, request_id=new_id("r")))
    else:
        change(name="Acme & Co", address=customer_pb.PostalAddress())
    time.sleep(0.5)
    shop.server.kill()
    shop.bench.control("/faults", "DELETE")
    assert at_stripe()[0] == "Acme", "it was never told"
    shop.server.start()
    wanted = ("", "", None) if erased else ("Acme & Co", "acme@example.com", None)
    until(lambda: tuple(part or "" for part in at_stripe()[:2]) == wanted[:2]
          and not at_stripe()[2], "what was to be told")
    told = len(shop.bench.sent_by("tally"))
    shop.server.kill()
    shop.server.start()
    shop.has(customer_id, "test_pro")
    time.sleep(1)
    assert not [entry for entry in shop.bench.sent_by("tally")[told:]
                if entry["method"] == "POST"], "once is enough"


def test_who_somebody_is_follows_them_to_stripe(shop):
    """A new name is passed on; what is erased here is erased there; who is deleted here is deleted
    there where the settings say so, whatever fails on the way."""
    client, customer_id = shop.client, new_customer(shop.client)

    def at_stripe():
        return shop.bench.stripe.customers.retrieve(shop.intents()[0].customer)

    shop.buy(customer_id, "test_pro")
    shop.bench.stripe.customers.update(at_stripe().id, {"address": {"country": "FR"}})
    shop.control("/faults", do="answer", status=500, method="POST",
                 path="^/v1/customers/cus", count=4)
    client.call("UpdateCustomer", customers_pb.UpdateCustomerRequest(
        customer_id=customer_id, name="Acme", email="acme@example.com", request_id=new_id("r")))
    until(lambda: (at_stripe().name, at_stripe().email) == ("Acme", "acme@example.com"), "a name")
    assert at_stripe().address.country == "FR", "nobody has given another one here"
    client.call("EraseCustomer", customers_pb.EraseCustomerRequest(
        customer_id=customer_id, request_id=new_id("r")))
    until(lambda: not at_stripe().name and not at_stripe().email, "no name")
    assert not at_stripe().address
    shop.has(customer_id, "test_pro")

    def delete(customer_id):
        return client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(
            customer_id=customer_id, request_id=new_id("r")))

    delete(customer_id)
    assert not at_stripe().to_dict().get("deleted"), "the settings don't say so"
    shop.server.kill()
    shop.server.environment["TALLY_STRIPE_SANDBOX_DELETE_CUSTOMERS"] = "yes"
    shop.server.start()
    other = new_customer(client)
    shop.buy(other, "test_pro")
    shop.control("/faults", do="answer", status=500, method="DELETE", path="^/v1/customers/",
                 count=1000)
    with pytest.raises(grpc.RpcError) as caught:
        delete(other)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert get(client, other).customer_id == other, "nothing is half done"
    shop.bench.control("/faults", "DELETE")
    delete(other)
    assert at_stripe().to_dict().get("deleted")
