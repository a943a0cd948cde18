"""The payment page: what it shows, what it takes, what it refuses."""

import pytest
from tally.v1 import attach_service_pb2 as attach_pb

import checkout
from test_walkthrough import attach, buy, check, get, new_customer


@pytest.fixture
def customer_id(client):
    return new_customer(client)


def has_pro(client, customer_id):
    return check(client, customer_id, plan_id="test_pro").allowed


def test_the_page_names_what_is_bought_and_its_price(client, server, customer_id):
    page = checkout.open_page(attach(client, customer_id, "test_pro").payment_url, server.ca_file)
    assert page.status == 200
    assert "Test Pro" in page.body and "20" in page.body


@pytest.mark.parametrize("card, status", [
    ("4000 0000 0000 0002", 402), ("4000000000009995", 402), ("1234", 422), ("", 422)])
def test_a_card_that_is_refused_buys_nothing_and_may_be_changed(
        client, server, customer_id, card, status):
    url = attach(client, customer_id, "test_pro").payment_url
    refused = checkout.pay(url, server.ca_file, card)
    assert refused.status == status and checkout.Form(refused.body).action is not None
    assert not has_pro(client, customer_id)
    assert checkout.pay(url, server.ca_file).status == 200
    assert has_pro(client, customer_id)


def test_a_page_is_paid_once(client, server, customer_id):
    url = buy(client, server, customer_id, "test_pro").payment_url
    assert checkout.open_page(url, server.ca_file).status == 404
    assert len(get(client, customer_id).invoices) == 1


def test_nobody_guesses_a_page(client, server, customer_id):
    url = attach(client, customer_id, "test_pro").payment_url
    for wrong in (url[:-1], url + "0", url.rsplit("/", 1)[0] + "/", url + "/../x"):
        assert checkout.open_page(wrong, server.ca_file).status == 404, wrong


def test_the_customer_comes_back_to_the_shop(client, server, customer_id):
    shop = "https://example.com/thanks?a=1&b=2"
    url = attach(client, customer_id, "test_pro", success_url=shop).payment_url
    paid = checkout.pay(url, server.ca_file)
    assert (paid.status, paid.location) == (303, shop)
    assert has_pro(client, customer_id)


def test_what_customers_type_is_shown_and_not_run(client, server):
    customer_id = new_customer(client, name='<img src=x onerror="alert(1)">')
    page = checkout.open_page(attach(client, customer_id, "test_pro").payment_url, server.ca_file)
    assert "<img src=x" not in page.body
    assert "&lt;img" in page.body


def test_a_later_charge_that_is_declined_changes_nothing(client, server, customer_id):
    buy(client, server, customer_id, "test_pro", card="4000000000000341")
    reply = attach(client, customer_id, "test_max")
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_DECLINED
    assert reply.decline_code == "card_declined"
    assert has_pro(client, customer_id)
    assert not check(client, customer_id, plan_id="test_max").allowed


def test_a_paid_plan_survives_kill(own_client, own_server):
    customer_id = new_customer(own_client)
    url = attach(own_client, customer_id, "test_pro").payment_url
    own_server.kill()
    own_server.start()
    assert checkout.pay(url, own_server.ca_file).status == 200
    own_server.kill()
    own_server.start()
    assert has_pro(own_client, customer_id)
