"""The main job, end to end, as the README walks through it."""

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import money_pb2 as money_pb
from tally.v1 import usage_service_pb2 as usage_pb

import checkout
import pricing
from tally_client import new_id


def new_customer(client, name="Acme"):
    customer_id = new_id("customer")
    reply = client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id, name=name, email="acme@example.com", request_id=new_id("r")))
    assert reply.created and reply.customer.customer_id == customer_id
    return customer_id


def get(client, customer_id):
    return client.call(
        "GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer_id)).customer


def attach(client, customer_id, plan_id, request_id=None, **more):
    return client.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id=plan_id, request_id=request_id or new_id("r"), **more))


def check(client, customer_id, **subject):
    return client.call("Check", check_pb.CheckRequest(customer_id=customer_id, **subject))


def track(client, customer_id, value=1, feature_id="test_messages", request_id=None, **more):
    return client.call("Track", usage_pb.TrackRequest(
        customer_id=customer_id, feature_id=feature_id, value=value,
        request_id=request_id or new_id("r"), **more))


def buy(client, server, customer_id, plan_id, **card):
    """Attach, pay on the page, wait until the plan is there."""
    reply = attach(client, customer_id, plan_id)
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED
    paid = checkout.pay(reply.payment_url, server.ca_file, **card)
    assert paid.status == 200, paid
    assert check(client, customer_id, plan_id=plan_id).allowed, "paid, but not granted"
    return reply


@pytest.fixture(scope="module")
def subscriber(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    return customer_id


def test_buy_check_track_denied_and_survive_kill(own_client, own_server):
    client, server = own_client, own_server
    customer_id = new_customer(client)
    assert check(client, customer_id, feature_id="test_messages").reason == \
        check_pb.CHECK_REASON_NOT_INCLUDED

    offer = buy(client, server, customer_id, "test_pro")
    assert offer.payment_url.startswith("https://")
    assert (offer.invoice.total.minor_units, offer.invoice.total.currency) == (2000, "usd")
    assert sum(line.amount.minor_units for line in offer.invoice.lines) == 2000

    asked = check(client, customer_id, feature_id="test_messages")
    assert asked.allowed and asked.reason == check_pb.CHECK_REASON_INCLUDED
    assert asked.balance.remaining == 10
    for left in range(9, -1, -1):
        assert track(client, customer_id).balance.remaining == left
    denied = check(client, customer_id, feature_id="test_messages")
    assert not denied.allowed
    assert denied.reason == check_pb.CHECK_REASON_INSUFFICIENT_BALANCE

    before = get(client, customer_id)
    server.kill()
    server.start()
    assert get(client, customer_id) == before
    assert check(client, customer_id, feature_id="test_messages") == denied


def test_a_customer_shows_what_they_have(client, subscriber):
    customer = get(client, subscriber)
    assert (customer.name, customer.email) == ("Acme", "acme@example.com")
    plans = {s.plan_id: s for s in customer.subscriptions}
    pro = plans["test_pro"]
    assert pro.status == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    assert pro.period_end_time.ToDatetime() > pro.period_start_time.ToDatetime()
    assert {"test_messages", "test_seats", "test_credits"} <= \
        {balance.feature_id for balance in customer.balances}
    assert "test_sso" in {flag.feature_id for flag in customer.flags}
    assert customer.invoices[0].status == money_pb.INVOICE_STATUS_PAID
    assert len(customer.payment_method.last4) == 4


def test_flags_and_plans_are_checked_with_a_reason(client, subscriber):
    flag = check(client, subscriber, feature_id="test_sso")
    assert flag.allowed and flag.reason == check_pb.CHECK_REASON_FLAG
    plan = check(client, subscriber, plan_id="test_pro")
    assert plan.allowed and plan.reason == check_pb.CHECK_REASON_PLAN_ACTIVE
    other = check(client, subscriber, plan_id="test_max")
    assert not other.allowed and other.reason == check_pb.CHECK_REASON_PLAN_NOT_ATTACHED


def test_a_free_plan_is_attached_at_once(client):
    customer_id = new_customer(client)
    reply = attach(client, customer_id, "test_free")
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_ACTIVE and not reply.payment_url
    assert check(client, customer_id, feature_id="test_messages", required_quantity=3).allowed
    assert not check(client, customer_id, feature_id="test_messages", required_quantity=4).allowed


def test_an_upgrade_is_direct_with_a_card_on_file_and_a_downgrade_waits(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    up = attach(client, customer_id, "test_max")
    assert up.outcome == attach_pb.ATTACH_OUTCOME_ACTIVE and not up.payment_url
    assert len(up.invoice.lines) > 0
    assert check(client, customer_id, plan_id="test_max").allowed

    down = attach(client, customer_id, "test_pro")
    assert down.outcome == attach_pb.ATTACH_OUTCOME_SCHEDULED
    still = check(client, customer_id, plan_id="test_max")
    assert still.allowed and still.reason == check_pb.CHECK_REASON_PLAN_CANCELING
    waiting = check(client, customer_id, plan_id="test_pro")
    assert not waiting.allowed and waiting.reason == check_pb.CHECK_REASON_PLAN_SCHEDULED


def test_overage_is_allowed_where_it_has_a_price(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_max")
    assert track(client, customer_id, value=130).balance.overage == 30
    assert check(client, customer_id, feature_id="test_messages").reason == \
        check_pb.CHECK_REASON_OVERAGE


def test_credits_are_drawn_at_the_cost_of_the_feature(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    asked = check(client, customer_id, feature_id="test_images", required_quantity=4)
    assert asked.allowed and asked.required_quantity == 10
    assert track(client, customer_id, feature_id="test_images", value=3).balance.remaining == 2.5
    assert not check(client, customer_id, feature_id="test_images", required_quantity=2).allowed


def test_check_with_deduct_uses_up_once(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    asking = dict(feature_id="test_messages", deduct=True)
    request_id = new_id("r")
    first = check(client, customer_id, required_quantity=4, request_id=request_id, **asking)
    assert first.allowed and first.balance.remaining == 6 and not first.replayed
    again = check(client, customer_id, required_quantity=4, request_id=request_id, **asking)
    assert again.replayed and again.balance == first.balance
    more = check(client, customer_id, required_quantity=7, request_id=new_id("r"), **asking)
    assert not more.allowed
    assert check(client, customer_id, feature_id="test_messages").balance.remaining == 6


def test_a_retried_track_counts_once(own_client, own_server):
    client, server = own_client, own_server
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    request_id = new_id("r")
    first = track(client, customer_id, request_id=request_id)
    assert first.balance.remaining == 2 and not first.replayed
    for restart in (False, True):
        if restart:
            server.kill()
            server.start()
        again = track(client, customer_id, request_id=request_id)
        assert again.replayed
        again.replayed = False
        assert again == first
    assert check(client, customer_id, feature_id="test_messages").balance.remaining == 2


def test_a_retried_attach_charges_once(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    request_id = new_id("r")
    first = attach(client, customer_id, "test_max", request_id)
    again = attach(client, customer_id, "test_max", request_id)
    assert again.replayed and again.invoice == first.invoice
    assert len(get(client, customer_id).invoices) == 2


def test_negative_use_gives_back(client):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    track(client, customer_id, value=3)
    assert track(client, customer_id, value=-2).balance.remaining == 2


def test_small_quantities_add_up_exactly(client):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    for _ in range(10):
        last = track(client, customer_id, value=0.1)
    assert last.balance.remaining == 2


def test_publishing_twice_changes_nothing(client):
    first = pricing.publish(client)
    again = pricing.publish(client)
    assert not again.changes and again.catalog_sequence == first.catalog_sequence
