"""What every payment provider does alike: the same tests for the sandbox and for Stripe (its
double)."""

import time

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import money_pb2 as money_pb

import checkout
from tally_client import new_id
from test_clock import move
from test_stripe import DECLINED, DONE, PAGE, PAST_DUE, Shop, until
from test_walkthrough import attach, check, get, new_customer

LATER_DECLINED, REFUNDS_LATER, NO_REFUNDS = (
    "4000000000000341", "4000000000007726", "4000000000005126")
SUCCEEDED, FAILED, PENDING = (money_pb.REFUND_STATUS_SUCCEEDED, money_pb.REFUND_STATUS_FAILED,
                              money_pb.REFUND_STATUS_PENDING)


class OfSandbox:
    def __init__(self, client, server):
        self.client, self.server = client, server

    def pay(self, url, card="4242424242424242"):
        """True: it was accepted."""
        page = checkout.open_page(url, self.server.ca_file)
        return page.status == 200 and \
            checkout.pay(url, self.server.ca_file, card=card).status == 200

    def note(self, url):
        pass

    def bought_with_a_card_that_fails_later(self):
        return bought(self, card=LATER_DECLINED)

    def refund_succeeds(self):
        pass


class OfStripe:
    def __init__(self, shop):
        self.shop, self.client = shop, shop.client
        self.sessions = {}  # by address, which a session that is closed has no more

    def note(self, url):
        if url not in self.sessions:
            self.sessions[url] = next(
                s.id for s in self.shop.bench.stripe.checkout.sessions.list({"limit": 100}).data
                if s.url == url)

    def bought_with_a_card_that_fails_later(self):
        """Stripe's card of that kind is declined on its page, too: there it is charged."""
        customer_id = bought(self)
        self.shop.control(f"/payment_methods/{self.shop.method()}", charge="generic_decline")
        return customer_id

    def pay(self, url, card="4242424242424242"):
        self.note(url)
        try:
            place = f"/checkout/{self.sessions[url]}/pay"
            return self.shop.control(place, card=card)["error"] is None
        except AssertionError:
            return False

    def refund_succeeds(self):
        for refund in self.shop.bench.stripe.refunds.list().data:
            if refund.status == "pending":
                self.shop.control(f"/refunds/{refund.id}", status="succeeded")


@pytest.fixture(scope="module")
def stripe_shop(tmp_path_factory, certificates):
    shop = Shop(tmp_path_factory.mktemp("stripe"), certificates)
    yield shop
    shop.close()


@pytest.fixture(params=["sandbox", "stripe"])
def provider(request):
    if request.param == "stripe":
        return OfStripe(request.getfixturevalue("stripe_shop"))
    return OfSandbox(request.getfixturevalue("client"), request.getfixturevalue("server"))


def bought(provider, plan_id="test_pro", **card):
    client, customer_id = provider.client, new_customer(provider.client)
    reply = attach(client, customer_id, plan_id)
    assert reply.outcome == PAGE
    assert provider.pay(reply.payment_url, **card)
    until(lambda: check(client, customer_id, plan_id=plan_id).allowed, plan_id)
    return customer_id


def refund(provider, customer_id, cents):
    provider.client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
        customer_id=customer_id, invoice_id="inv_1", request_id=new_id("r"),
        amount=money_pb.Money(currency="usd", minor_units=cents)))


def test_a_page_is_paid_once(provider):
    client, customer_id = provider.client, new_customer(provider.client)
    reply = attach(client, customer_id, "test_pro")
    assert attach(client, customer_id, "test_pro").payment_url == reply.payment_url
    provider.note(reply.payment_url)
    assert provider.pay(reply.payment_url)
    until(lambda: check(client, customer_id, plan_id="test_pro").allowed, "the plan")
    assert not provider.pay(reply.payment_url)
    customer = get(client, customer_id)
    assert [i.amount_due.minor_units for i in customer.invoices] == [2000]
    assert customer.payment_method.last4 == "4242" and not customer.refunds


def test_a_page_that_another_one_replaces_takes_no_money(provider):
    client, customer_id = provider.client, new_customer(provider.client)
    first = attach(client, customer_id, "test_pro").payment_url
    provider.note(first)
    second = attach(client, customer_id, "test_max").payment_url
    assert first != second and not provider.pay(first)
    assert provider.pay(second)
    until(lambda: check(client, customer_id, plan_id="test_max").allowed, "the plan")
    assert len(get(client, customer_id).invoices) == 1


def test_the_card_on_file_is_charged(provider):
    customer_id = bought(provider)
    reply = attach(provider.client, customer_id, "test_max")
    assert reply.outcome == DONE and reply.invoice.status == money_pb.INVOICE_STATUS_PAID


def test_a_declined_charge_changes_nothing(provider):
    customer_id = provider.bought_with_a_card_that_fails_later()
    reply = attach(provider.client, customer_id, "test_max")
    assert reply.outcome == DECLINED and reply.decline_code
    assert check(provider.client, customer_id, plan_id="test_pro").allowed
    assert not check(provider.client, customer_id, plan_id="test_max").allowed


def test_a_declined_renewal_is_past_due(provider):
    customer_id = provider.bought_with_a_card_that_fails_later()
    move(provider.client, 32, customer_id)
    until(lambda: [s.status for s in get(provider.client, customer_id).subscriptions]
          == [PAST_DUE], "past due")


def test_money_goes_back_at_once_later_or_not_at_all(provider):
    client = provider.client
    for card, status in [("4242424242424242", SUCCEEDED), (REFUNDS_LATER, SUCCEEDED),
                         (NO_REFUNDS, FAILED)]:
        customer_id = bought(provider, card=card)
        refund(provider, customer_id, 700)
        end = time.monotonic() + 20
        while (found := get(client, customer_id).refunds[0].status) == PENDING:
            provider.refund_succeeds()
            assert time.monotonic() < end
            time.sleep(0.1)
        assert found == status, card
        credit = get(client, customer_id).credit_balance.minor_units
        assert credit == (700 if status == FAILED else 0), "what the card can't take is credit"


def test_a_page_for_a_card_alone_charges_nothing(provider):
    client, customer_id = provider.client, new_customer(provider.client)
    reply = client.call("SetupPayment", attach_pb.SetupPaymentRequest(
        customer_id=customer_id, request_id=new_id("r")))
    assert provider.pay(reply.url)
    until(lambda: get(client, customer_id).HasField("payment_method"), "the card")
    assert not get(client, customer_id).invoices
    assert attach(client, customer_id, "test_pro").outcome == DONE
