"""The customer's own pages: who gets in, what they show and do, what they refuse; cards that expire; the
page for a card alone."""

import ssl
import time
import urllib.parse
from http.client import HTTPSConnection

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb

import checkout
from portal import SHOP, open_portal, post, setup
from tally_client import new_id, refusal
from test_clock import move
from test_walkthrough import attach, buy, check, get, new_customer

LATER = "4000000000000341"


@pytest.fixture
def customer_id(client):
    return new_customer(client)


@pytest.fixture
def subscriber(client, server, customer_id):
    buy(client, server, customer_id, "test_pro")
    return customer_id


def status(client, customer_id):
    return next(s.status for s in get(client, customer_id).subscriptions
                if s.plan_id == "test_pro")


def raw(server, method, url, headers=None, body=None):
    """What no browser's library would send."""
    connection = HTTPSConnection(
        "localhost", server.port, timeout=10,
        context=ssl.create_default_context(cafile=server.ca_file))
    connection.request(method, urllib.parse.urlsplit(url).path, body, headers or {})
    reply = connection.getresponse()
    reply.body = reply.read().decode()
    connection.close()
    return reply


# Who gets in.

def test_an_address_is_a_secret_of_its_own_each_time_and_says_nothing(client, server, subscriber):
    urls = {open_portal(client, subscriber) for _ in range(3)}
    assert len(urls) == 3
    for url in urls:
        assert subscriber not in url and len(url.rsplit("/", 1)[1]) > 80
        assert checkout.open_page(url, server.ca_file).status == 200


def test_nobody_guesses_or_changes_an_address(client, server, subscriber):
    url = open_portal(client, subscriber)
    head, token = url.rsplit("/", 1)
    wrong = ["", "x", token[:-1], token + "A", token[:-4] + "AAAA", "A" * len(token), token[1:],
             "B" + token[1:] if token[0] != "B" else "C" + token[1:], "%00", "..", "x" * 5000]
    for other in wrong:
        assert checkout.open_page(f"{head}/{other}", server.ca_file).status == 404, other
    for path in ("/nothing", "/plans", "/plans/1", "/plans/99/cancel", "/plans/x/cancel", "/card/1",
                 "/invoices/99", "/invoices/99/pay", "/invoices/4294967296", "/invoices/1/more"):
        assert checkout.open_page(url + path, server.ca_file).status == 404, path


def test_an_address_is_of_one_customer_and_goes_with_it(client, server, subscriber):
    url = open_portal(client, subscriber)
    client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(
        customer_id=subscriber, request_id=new_id("r")))
    assert checkout.open_page(url, server.ca_file).status == 404
    time.sleep(0.01)
    client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=subscriber, request_id=new_id("r")))
    assert checkout.open_page(url, server.ca_file).status == 404, "somebody else's by now"


def test_an_address_outlives_a_restart(own_client, own_server):
    customer_id = new_customer(own_client)
    url = open_portal(own_client, customer_id)
    own_server.kill()
    own_server.start()
    assert checkout.open_page(url, own_server.ca_file).status == 200
    assert (own_server.data / "sandbox" / "portal.key").stat().st_mode & 0o777 == 0o600


def test_the_time_of_an_address_is_told(client, customer_id):
    reply = client.call("OpenCustomerPortal", attach_pb.OpenCustomerPortalRequest(
        customer_id=customer_id))
    assert 3500 < reply.expire_time.seconds - time.time() <= 3601


# What it lets others do.

def test_a_page_may_load_and_run_nothing(client, server, subscriber):
    url = open_portal(client, subscriber)
    for path in ("", "/card", "/invoices/1", "/plans/1/cancel"):
        reply = raw(server, "GET", url + path)
        policy = reply.headers["content-security-policy"]
        assert reply.status == 200 and "default-src 'none'" in policy
        assert "unsafe" not in policy and "form-action 'self';" in policy
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["x-frame-options"] == "DENY"
        assert "<script" not in reply.body and "style=" not in reply.body
        assert raw(server, "HEAD", url + path).status == 200
        assert raw(server, "PUT", url + path).status == 405


@pytest.mark.parametrize("headers", [
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example.com"},
    {"origin": "https://localhost.evil.example.com", "sec-fetch-site": "same-origin"}])
def test_a_form_of_another_site_does_nothing(client, server, subscriber, headers):
    url = open_portal(client, subscriber)
    form = {"content-type": "application/x-www-form-urlencoded", **headers}
    number = next(s.subscription_id for s in get(client, subscriber).subscriptions
                  if s.plan_id == "test_pro").removeprefix("sub_")
    path = f"/plans/{number}/cancel"
    assert raw(server, "POST", url + path, form, "").status == 403
    assert raw(server, "POST", url + "/card", form, "card=4242424242424242").status == 403
    assert status(client, subscriber) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    own = {"origin": f"https://localhost:{server.port}", "sec-fetch-site": "same-origin"}
    assert raw(server, "POST", url + path, own, "").status == 303
    assert status(client, subscriber) == customer_pb.SUBSCRIPTION_STATUS_CANCELING


def test_what_customers_are_called_is_shown_and_not_run(client, server):
    customer_id = new_customer(client, name='<img src=x onerror="alert(1)">')
    buy(client, server, customer_id, "test_pro")
    url = open_portal(client, customer_id, return_url='https://a.example.com/"><img/src=x>')
    for path in ("", "/invoices/1"):
        page = checkout.open_page(url + path, server.ca_file)
        assert "<img" not in page.body and "&lt;img src=x onerror" in page.body
        assert "&quot;&gt;&lt;img/src" in page.body or path


# What it does.

def test_a_plan_is_cancelled_at_its_end_and_taken_back(client, server, subscriber):
    url = open_portal(client, subscriber)
    number = next(s.subscription_id for s in get(client, subscriber).subscriptions
                  if s.plan_id == "test_pro").removeprefix("sub_")
    place = f"{url}/plans/{number}"
    assert "Cancel Test Pro?" in checkout.open_page(place + "/cancel", server.ca_file).body
    assert status(client, subscriber) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    answer = post(place + "/cancel", server.ca_file)
    assert (answer.status, answer.location) == (303, urllib.parse.urlsplit(url).path
                                                + "?done=canceled")
    assert status(client, subscriber) == customer_pb.SUBSCRIPTION_STATUS_CANCELING
    assert "Yours until" in checkout.open_page(url, server.ca_file).body
    assert post(place + "/cancel", server.ca_file).status == 404, "it is cancelled already"
    assert post(place + "/resume", server.ca_file).status == 303
    assert status(client, subscriber) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    assert "Renews on" in checkout.open_page(url, server.ca_file).body


@pytest.mark.parametrize("card, code", [
    ("4000 0000 0000 0002", 402), ("1234", 422), ("", 422), ("4242 4242 4242 4242", 303)])
def test_a_card_is_changed_unless_it_is_refused(client, server, customer_id, card, code):
    buy(client, server, customer_id, "test_pro", card="5555 5555 5555 4444")
    url = open_portal(client, customer_id) + "/card"
    assert checkout.pay(url, server.ca_file, card).status == code
    assert get(client, customer_id).payment_method.last4 == ("4242" if code == 303 else "4444")
    assert len(get(client, customer_id).invoices) == 1, "nothing is charged"


def test_a_card_is_changed_once_its_bank_agrees(client, server, subscriber):
    url = open_portal(client, subscriber) + "/card"
    for answer, code, last4 in (("fail", 402, "4242"), ("complete", 303, "3155")):
        asked = checkout.pay(url, server.ca_file, "4000 0025 0000 3155", expiry="03 / 31")
        assert asked.status == 200 and "Your bank asks" in asked.body
        assert checkout.answer_bank(url, server.ca_file, asked.body, answer).status == code
        assert get(client, subscriber).payment_method.last4 == last4
    assert get(client, subscriber).payment_method.expiry_month == 3


def test_a_declined_invoice_is_paid_with_another_card(client, server, customer_id):
    buy(client, server, customer_id, "test_pro", card=LATER)
    move(client, 31, customer_id)
    url = open_portal(client, customer_id)
    page = checkout.open_page(url, server.ca_file).body
    assert "The payment of 20.00 USD failed" in page and "/invoices/2/pay" in page
    # Cards that are tried in vain cost no attempt of the schedule.
    for _ in range(5):
        assert checkout.pay(url + "/invoices/2/pay", server.ca_file, LATER).status == 402
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_PAST_DUE
    answer = checkout.pay(url + "/invoices/2/pay", server.ca_file)
    assert answer.status == 303 and answer.location.endswith("?done=paid")
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    invoices = get(client, customer_id).invoices
    assert [i.status for i in invoices] == [money_pb.INVOICE_STATUS_PAID] * 2
    printed = checkout.open_page(url + "/invoices/2", server.ca_file).body
    assert "Paid with Visa ending in 4242." in printed
    assert post(url + "/invoices/2/pay", server.ca_file).status == 303, "it is paid"


def test_an_invoice_says_what_credit_paid(client, server, customer_id):
    buy(client, server, customer_id, "test_max")
    client.call("UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
        customer_id=customer_id, request_id=new_id("r"),
        cancel_action=attach_pb.CANCEL_ACTION_IMMEDIATELY))
    attach(client, customer_id, "test_pro")
    url = open_portal(client, customer_id)
    assert "Your credit: <b>79.50 USD</b>" in checkout.open_page(url, server.ca_file).body
    credit = checkout.open_page(url + "/invoices/2", server.ca_file).body
    assert "Unused Test Max" in credit and "became your credit" in credit
    paid = checkout.open_page(url + "/invoices/3", server.ca_file).body
    assert "Paid out of your credit" in paid and "-20.00 USD" in paid and "0.00 USD" in paid


# Cards that expire.

@pytest.mark.parametrize("days, outcome", [(0, attach_pb.ATTACH_OUTCOME_ACTIVE),
                                           (62, attach_pb.ATTACH_OUTCOME_DECLINED)])
def test_a_card_can_be_charged_until_its_last_month_is_over(
        client, server, customer_id, days, outcome):
    this_month = time.strftime("%m / %y", time.gmtime())
    assert checkout.pay(setup(client, customer_id).url, server.ca_file,
                        expiry=this_month).status == 200
    if days:
        move(client, days, customer_id)
    reply = attach(client, customer_id, "test_pro")
    assert reply.outcome == outcome
    assert reply.decline_code == ("expired_card" if days else "")
    page = checkout.open_page(open_portal(client, customer_id), server.ca_file).body
    assert (">Expired<" in page) == bool(days)


# A card alone.

def test_a_card_is_put_on_file_and_costs_nothing(client, server, customer_id):
    page = setup(client, customer_id)
    assert page.outcome == attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED
    assert checkout.pay(page.url, server.ca_file).status == 200
    customer = get(client, customer_id)
    assert customer.payment_method.last4 == "4242" and not customer.invoices
    assert checkout.open_page(page.url, server.ca_file).status == 404


def test_setup_payment_with_a_plan_attaches_it_once_the_card_is_saved(client, server, customer_id):
    page = setup(client, customer_id, plan_id="test_pro", success_url=SHOP, request_id="setup-1")
    again = setup(client, customer_id, plan_id="test_pro", success_url=SHOP, request_id="setup-1")
    assert again.url == page.url and again.replayed
    assert not check(client, customer_id, plan_id="test_pro").allowed
    answer = checkout.pay(page.url, server.ca_file)
    assert (answer.status, answer.location) == (303, SHOP)
    assert check(client, customer_id, plan_id="test_pro").allowed
    (invoice,) = get(client, customer_id).invoices
    assert invoice.total.minor_units == 2000 and invoice.status == money_pb.INVOICE_STATUS_PAID


def test_a_card_that_is_declined_for_the_plan_stays_without_it(client, server, customer_id):
    url = setup(client, customer_id, plan_id="test_pro").url
    answer = checkout.pay(url, server.ca_file, LATER)
    assert answer.status == 402 and "The payment was declined" in answer.body
    assert get(client, customer_id).payment_method.last4 == "0341"
    assert not check(client, customer_id, plan_id="test_pro").allowed


def test_nobody_pays_a_price_that_they_were_not_shown(client, server, customer_id):
    url = setup(client, customer_id, plan_id="test_pro").url
    answer = checkout.pay(url, server.ca_file, due="19.00 USD")
    assert answer.status == 409 and "The price has changed" in answer.body
    assert not get(client, customer_id).HasField("payment_method")


def test_a_page_for_a_card_and_its_charge_survive_a_kill(own_client, own_server):
    customer_id = new_customer(own_client)
    url = setup(own_client, customer_id, plan_id="test_pro").url
    own_server.kill()
    own_server.start()
    assert checkout.pay(url, own_server.ca_file).status == 200
    own_server.kill()
    own_server.start()
    assert check(own_client, customer_id, plan_id="test_pro").allowed
    assert len(get(own_client, customer_id).invoices) == 1


def test_what_cannot_be_set_up_is_refused(client, subscriber):
    refused = refusal(lambda: setup(client, subscriber, plan_id="test_pro"))
    assert refused.reason == "PLAN_ALREADY_ATTACHED"
