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


THREE_D_SECURE = "4000 0025 0000 3155"


@pytest.mark.parametrize("typed, told", [
    ({"expiry": "13 / 49"}, "The month is 01 to 12."),
    ({"expiry": "01 / 20"}, "This card has expired."),
    ({"expiry": "soon"}, "Write it as MM / YY."),
    ({"expiry": ""}, "Enter the expiry date."),
    ({"cvc": "12"}, "The code has 3 digits."),
    ({"cvc": ""}, "Enter the security code."),
    ({"name": ""}, "Enter the name on the card."),
    ({"card": "4111 1111 1111 1111"}, "This sandbox takes test cards only."),
    ({"card": "4242 4242 4242 4243"}, "This is not a card number."),
])
def test_what_is_wrong_is_told_beside_its_field_and_the_rest_is_kept(
        client, server, customer_id, typed, told):
    url = attach(client, customer_id, "test_pro").payment_url
    page = checkout.pay(url, server.ca_file, **{"name": "Grace Hopper", **typed})
    assert page.status == 422 and told in page.body, page.body
    fields = checkout.Form(page.body).fields
    assert fields["card"] == fields["cvc"] == ""
    for name, value in {"expiry": "12 / 49", "name": "Grace Hopper", **typed}.items():
        assert name in ("card", "cvc") or fields[name] == value
    assert "4242" not in page.body.split("<details>")[0]
    assert not has_pro(client, customer_id)


@pytest.mark.parametrize("expiry, month, year", [
    ("12 / 49", 12, 2049), ("0149", 1, 2049), ("7/2049", 7, 2049), (" 02/49 ", 2, 2049)])
def test_the_card_on_file_is_known_by_its_end_and_its_last_month(
        client, server, customer_id, expiry, month, year):
    buy(client, server, customer_id, "test_pro", expiry=expiry)
    card = get(client, customer_id).payment_method
    assert (card.brand, card.last4) == ("visa", "4242")
    assert (card.expiry_month, card.expiry_year) == (month, year)


def test_a_bank_is_asked_before_anything_is_bought(client, server, customer_id):
    url = attach(client, customer_id, "test_pro").payment_url
    for answer in ("fail", "complete"):
        asked = checkout.pay(url, server.ca_file, THREE_D_SECURE)
        assert asked.status == 200 and "Complete authentication" in asked.body
        assert not has_pro(client, customer_id)
        answered = checkout.answer_bank(url, server.ca_file, asked.body, answer)
        assert answered.status == (402 if answer == "fail" else 200)
        assert has_pro(client, customer_id) == (answer == "complete")
    card = get(client, customer_id).payment_method
    assert (card.last4, card.expiry_month, card.expiry_year) == ("3155", 12, 2049)
    assert attach(client, customer_id, "test_max").outcome == attach_pb.ATTACH_OUTCOME_ACTIVE


def test_a_bank_cannot_be_answered_for_another_card(client, server, customer_id):
    url = attach(client, customer_id, "test_pro").payment_url
    for token in ("sandbox_card_0002", "sandbox_card_1234", ""):
        page = checkout.fetch(checkout.browser(server.ca_file), url,
                              {"token": token, "authentication": "complete"})
        assert page.status == 422
    assert not has_pro(client, customer_id)


@pytest.mark.parametrize("card, code", [
    ("4000002760003184", "authentication_required"), ("4000000000000069", "expired_card")])
def test_cards_that_fail_later_say_why(client, server, customer_id, card, code):
    url = attach(client, customer_id, "test_pro").payment_url
    page = checkout.pay(url, server.ca_file, card)
    if "Complete authentication" in page.body:
        page = checkout.answer_bank(url, server.ca_file, page.body, "complete")
    assert page.status == 200 and has_pro(client, customer_id)
    reply = attach(client, customer_id, "test_max")
    assert (reply.outcome, reply.decline_code) == (attach_pb.ATTACH_OUTCOME_DECLINED, code)


def test_a_test_card_can_be_filled_in(client, server, customer_id):
    url = attach(client, customer_id, "test_pro").payment_url
    page = checkout.open_page(url + "?card=4000002500003155", server.ca_file)
    fields = checkout.Form(page.body).fields
    assert fields["card"] == THREE_D_SECURE and fields["cvc"] == "123"
    assert checkout.Form(checkout.open_page(url, server.ca_file).body).fields["card"] == ""
