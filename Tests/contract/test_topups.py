"""Packs that are bought by themselves when little is left: docs/buying.md, auto top-up."""

import json
import subprocess
import threading
import time

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb

import checkout
import portal
from tally_client import TallyClient, new_id, refusal
from tally_server import BINARY, ROOT
from test_walkthrough import attach, get, new_customer, track
from test_webhooks import bench, types  # noqa: F401 (a fixture)

DECLINED_LATER = "4000 0000 0000 0341"
SLOW = "4000 0000 0000 0085"
PAID = money_pb.INVOICE_STATUS_PAID


def top_up(threshold=20, quantity=100, **more):
    return catalog_pb.AutoTopUp(
        feature_id="test_messages", enabled=True, threshold=threshold, quantity=quantity, **more)


def publish(client):
    packs = catalog_pb.PlanItem(
        feature_id="test_messages", prepaid_price=catalog_pb.PrepaidPrice(
            amount="10", billing_units=100, interval=catalog_pb.INTERVAL_ONE_OFF))
    month = catalog_pb.BasePrice(amount="20", interval=catalog_pb.INTERVAL_MONTH)
    plans = [
        catalog_pb.Plan(plan_id="topup_pro", name="Pro", group="topup", price=month, items=[packs]),
        catalog_pb.Plan(
            plan_id="topup_auto", name="Auto", group="topup", price=month, items=[packs],
            controls=catalog_pb.Controls(auto_topups=[top_up(purchase_limit={
                "interval": catalog_pb.INTERVAL_DAY, "limit": 5})])),
    ]
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", plans=plans)))


def subscribed(client, server, plan_id="topup_pro", card="4242 4242 4242 4242"):
    """With 100 messages."""
    customer_id = new_customer(client)
    reply = attach(client, customer_id, plan_id, quantities=[
        attach_pb.FeatureQuantity(feature_id="test_messages", quantity=100)])
    assert checkout.pay(reply.payment_url, server.ca_file, card=card).status == 200
    return customer_id


def set_top_ups(client, customer_id, *items, **more):
    return client.call("UpdateControls", customers_pb.UpdateControlsRequest(
        customer_id=customer_id, auto_topups=customers_pb.AutoTopUpList(items=items),
        request_id=new_id("r"), **more)).customer


def remaining(customer):
    return next(balance.remaining for balance in customer.balances
                if balance.feature_id == "test_messages")


def totals(customer):
    """Of paid invoices, oldest first."""
    return [invoice.total.minor_units for invoice in reversed(customer.invoices)
            if invoice.status == PAID]


def settled(client, customer_id, count):
    """The customer, once so many invoices are paid."""
    end = time.monotonic() + 20
    while len(totals(customer := get(client, customer_id))) < count:
        assert time.monotonic() < end, customer
        time.sleep(0.02)
    return customer


@pytest.fixture
def shop(client):
    publish(client)
    return client


def test_the_reply_does_not_wait_and_the_packs_come(shop, server):
    customer_id = subscribed(shop, server, card=SLOW)
    set_top_ups(shop, customer_id, top_up())
    began = time.monotonic()
    reply = track(shop, customer_id, 85)
    assert time.monotonic() - began < 4, "the charge takes five seconds"
    assert reply.balance.remaining == 15
    customer = settled(shop, customer_id, 2)
    assert remaining(customer) == 115 and totals(customer) == [3000, 1000]
    track(shop, customer_id, 50)
    assert remaining(get(shop, customer_id)) == 65


def test_it_costs_what_a_top_up_by_hand_costs(shop, server):
    by_hand, by_itself = subscribed(shop, server), subscribed(shop, server)
    set_top_ups(shop, by_itself, top_up(quantity=250))
    track(shop, by_itself, 90)
    shop.call("UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
        customer_id=by_hand, request_id=new_id("r"), quantities=[
            attach_pb.FeatureQuantity(feature_id="test_messages", quantity=250)]))
    track(shop, by_hand, 90)
    one, other = settled(shop, by_hand, 2), settled(shop, by_itself, 2)
    assert remaining(one) == remaining(other) == 310
    assert one.invoices[0].lines == other.invoices[0].lines
    assert one.invoices[0].total == other.invoices[0].total
    assert [bought.quantity for bought in other.subscriptions[-1].quantities] == [400]


def test_a_burst_of_concurrent_tracks_makes_one_charge(shop, server):
    customer_id = subscribed(shop, server)
    set_top_ups(shop, customer_id, top_up(threshold=90, quantity=1000))
    clients = [TallyClient(server, server.key) for _ in range(8)]

    def burst(client):
        for _ in range(10):
            track(client, customer_id, 1)

    threads = [threading.Thread(target=burst, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    customer = settled(shop, customer_id, 2)
    time.sleep(0.3)
    customer = get(shop, customer_id)
    assert totals(customer) == [3000, 10000]
    assert remaining(customer) == 100 + 1000 - 80


def test_killed_right_after_the_track_it_is_charged_once(own_client, own_server):
    publish(own_client)
    customer_id = subscribed(own_client, own_server, card=SLOW)
    set_top_ups(own_client, customer_id, top_up())
    track(own_client, customer_id, 85)
    for _ in range(2):
        own_server.kill()
        own_server.start()
    client = TallyClient(own_server, own_server.key)
    try:
        customer = settled(client, customer_id, 2)
        assert remaining(customer) == 115 and totals(customer) == [3000, 1000]
    finally:
        client.close()


def test_a_plans_own_is_shown_with_its_count(shop, server):
    customer_id = subscribed(shop, server, "topup_auto")
    (shown,) = get(shop, customer_id).auto_topups
    assert shown.plan_id == "topup_auto" and shown.purchase_limit.count == 0
    track(shop, customer_id, 80)
    customer = settled(shop, customer_id, 2)
    (shown,) = customer.auto_topups
    assert (shown.purchase_limit.count, shown.purchase_limit.limit) == (1, 5)
    assert shown.purchase_limit.window_end_time.seconds > time.time() + 80_000
    customer = set_top_ups(shop, customer_id, top_up(threshold=5))
    assert [(one.plan_id, one.threshold) for one in customer.auto_topups] == [("", 5)]
    assert customer.controls.auto_topups[0].threshold == 5
    customer = set_top_ups(shop, customer_id)
    assert [one.plan_id for one in customer.auto_topups] == ["topup_auto"]


def test_refused_with_the_field_that_is_wrong(shop, server):
    customer_id = subscribed(shop, server)
    shop.call("CreateEntity", customers_pb.CreateEntityRequest(
        customer_id=customer_id, entity_id="seat", feature_id="test_seats",
        request_id=new_id("r")))
    refused = refusal(lambda: set_top_ups(shop, customer_id, top_up(), entity_id="seat"))
    assert refused.reason == "INVALID_ARGUMENT" and "auto_topups" in refused.fields
    refused = refusal(set_top_ups, shop, customer_id, top_up(quantity=0))
    assert "auto_topups[0].quantity" in refused.fields
    unknown = catalog_pb.AutoTopUp(feature_id="nothing", enabled=True, quantity=1)
    assert refusal(set_top_ups, shop, customer_id, unknown).reason == "FEATURE_NOT_FOUND"
    assert not get(shop, customer_id).auto_topups


def test_receivers_are_told_in_order(bench):  # noqa: F811
    publish(bench.client)
    customer_id = subscribed(bench.client, bench.server)
    bench.receiver.wait_for(3, customer_id)
    set_top_ups(bench.client, customer_id, top_up())
    track(bench.client, customer_id, 85)
    told = bench.receiver.wait_for(7, customer_id)[3:]
    assert types(told) == [
        "invoice.paid", "billing.auto_topup_succeeded", "customer.products.updated",
        "billing.updated"]
    data = told[1].data
    assert (data["feature_id"], data["quantity"]) == ("test_messages", 100)
    assert data["invoice"] == told[0].data["invoice"] and data["invoice"]["total"] == 10
    assert told[2].data["scenario"] == "update_prepaid_quantity"

    checkout.pay(portal.setup(bench.client, customer_id).url, bench.server.ca_file,
                 card=DECLINED_LATER)
    track(bench.client, customer_id, 100)
    told = bench.receiver.wait_for(9, customer_id)[7:]
    assert types(told) == ["payment.failed", "billing.auto_topup_failed"]
    data = told[1].data
    assert (data["code"], data["suspended"], data["quantity"]) == ("card_declined", False, 100)
    assert data["invoice"]["status"] == "uncollectible"
    customer = get(bench.client, customer_id)
    assert remaining(customer) == 15 and totals(customer) == [3000, 1000]
    assert customer.subscriptions[-1].status == customer_pb.SUBSCRIPTION_STATUS_ACTIVE


def test_the_command_line_sets_and_shows_it(shop, server):
    customer_id = subscribed(shop, server)

    def tally(*words, fails=False):
        done = subprocess.run(
            [BINARY, *words, "--server", f"https://127.0.0.1:{server.port}",
             "--ca", server.ca_file, "--key-file", server.key_file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, cwd=ROOT)
        assert (done.returncode != 0) == fails, done
        return done.stderr if fails else done.stdout

    options = ["--threshold", "20", "--quantity", "100", "--limit", "3", "--per", "day"]
    shown = tally("customer", "top-up", customer_id, "test_messages", *options)
    assert "test_messages  20  100   3 per day" in shown and "customer" in shown
    track(shop, customer_id, 85)
    settled(shop, customer_id, 2)
    assert "3 per day, 1 so far until" in tally("customer", "get", customer_id)
    tally("customer", "top-up", customer_id, "test_images", "--threshold", "0", "--quantity", "1",
          "--off")
    both = json.loads(tally("customer", "get", customer_id, "--json"))["customer"]["auto_topups"]
    assert [one["feature_id"] for one in both] == ["test_messages", "test_images"]
    tally("customer", "top-up", customer_id, "test_images", "--remove")
    assert "nothing is topped up" in tally(
        "customer", "top-up", customer_id, "test_messages", "--remove")
    tally("customer", "top-up", customer_id, "test_messages", fails=True)
    assert "threshold" in tally("customer", "top-up", customer_id, "test_messages",
                                "--threshold", "-1", "--quantity", "1", fails=True)
