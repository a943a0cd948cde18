"""Seats that are paid for when they are taken: docs/buying.md, seats."""

import threading
import time

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb
from tally.v1 import usage_service_pb2 as usage_pb
from tally.v1 import usage_service_pb2_grpc as usage_grpc

import checkout
from json_client import JSONClient
from tally_client import TallyClient, new_id, refusal
from test_walkthrough import attach, get, new_customer, track

DECLINED_LATER, SLOW = "4000 0000 0000 0341", "4000 0000 0000 0085"


def publish(client):
    month = catalog_pb.INTERVAL_MONTH
    seats = catalog_pb.PlanItem(
        feature_id="seat_users", included=1, prepaid_price=catalog_pb.PrepaidPrice(
            amount="50", interval=month, per_seat=True))
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(
            currency="usd",
            features=[catalog_pb.Feature(feature_id="seat_users", name="Users",
                                         type=catalog_pb.FEATURE_TYPE_ALLOCATED)],
            plans=[catalog_pb.Plan(
                plan_id="seat_team", name="Team", group="seat", items=[seats],
                price=catalog_pb.BasePrice(amount="20", interval=month))])))


@pytest.fixture
def shop(client):
    publish(client)
    return client


def subscribed(client, server, card="4242 4242 4242 4242"):
    """With one seat, which is included, taken."""
    customer_id = new_customer(client)
    reply = attach(client, customer_id, "seat_team")
    assert checkout.pay(reply.payment_url, server.ca_file, card=card).status == 200
    take(client, customer_id)
    return customer_id


def take(client, customer_id, value=1, request_id=None):
    return track(client, customer_id, value, "seat_users", request_id)


def held(customer):
    return next(b.usage for b in customer.balances if b.feature_id == "seat_users")


def paid(customer):
    """In whole units, without the base."""
    return sum(i.total.minor_units for i in customer.invoices
               if i.status == money_pb.INVOICE_STATUS_PAID) / 100 - 20


def test_it_is_answered_when_it_is_paid(shop, server):
    customer_id = subscribed(shop, server, card=SLOW)
    began = time.monotonic()
    take(shop, customer_id)
    assert time.monotonic() - began > 4, "the charge takes five seconds"
    customer = get(shop, customer_id)
    assert (held(customer), paid(customer)) == (2, 50)


def test_declined_takes_nothing(shop, server):
    customer_id = subscribed(shop, server, card=DECLINED_LATER)
    refused = refusal(take, shop, customer_id)
    assert refused.code == grpc.StatusCode.FAILED_PRECONDITION
    assert refused.reason == "PAYMENT_DECLINED" and "card_declined" in refused.message
    with JSONClient(server) as json:
        for route, body in {
                "balances.track": {"feature_id": "seat_users"},
                "entities.create": {"feature_id": "seat_users", "entity_id": "a", "name": "A"},
        }.items():
            answer = json.post(route, {"customer_id": customer_id, **body})
            assert (answer.status, answer.json["code"]) == (402, "invoice_payment_failed"), answer
    customer = get(shop, customer_id)
    assert (held(customer), paid(customer)) == (1, 0)


def test_a_crowd_pays_for_each_seat_once(shop, server):
    customer_id = subscribed(shop, server)
    clients = [TallyClient(server, server.key) for _ in range(3)]

    def some(client):
        for _ in range(2):
            take(client, customer_id)
        take(client, customer_id, -1)

    threads = [threading.Thread(target=some, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    customer = get(shop, customer_id)
    assert held(customer) == 1 + 3
    assert [bought.quantity for bought in customer.subscriptions[-1].quantities] == [4]
    # Those that were freed are credited for what is left of the month, nearly all of it.
    assert abs(paid(customer) - 50 * 3) < 0.02 * 10, customer


def test_killed_while_it_is_charged(own_client, own_server):
    publish(own_client)
    customer_id = subscribed(own_client, own_server, card=SLOW)
    request_id = new_id("r")
    waiting = threading.Thread(
        target=lambda: refusal(take, own_client, customer_id, 1, request_id))
    waiting.start()
    time.sleep(1)
    own_server.kill()
    waiting.join()
    own_server.start()
    client = TallyClient(own_server, own_server.key)
    try:
        for _ in range(2):
            take(client, customer_id, 1, request_id)
        customer = get(client, customer_id)
        assert (held(customer), paid(customer)) == (2, 50)
    finally:
        client.close()


def test_a_stream_goes_on(shop, server):
    """What has to be paid first is told to be sent again; what is behind it doesn't wait."""
    customer_id = subscribed(shop, server, card=SLOW)
    stub = usage_grpc.UsageServiceStub(shop.channel)

    def event(request_id, value, feature_id):
        return usage_pb.StreamTrackRequest(track=usage_pb.TrackRequest(
            customer_id=customer_id, feature_id=feature_id, value=value, request_id=request_id))

    first, second = stub.StreamTrack(iter([
        event("seat", 1, "seat_users"), event("free", -1, "seat_users")]), timeout=20)
    assert (first.request_id, first.refused.reason) == ("seat", "PURCHASE_IN_PROGRESS")
    assert second.tracked.balance.usage == 0
    time.sleep(6)
    (again,) = stub.StreamTrack(iter([event("seat", 2, "seat_users")]), timeout=20)
    assert again.tracked.balance.usage == 2
    assert paid(get(shop, customer_id)) == 50


def test_changed_by_an_entity_and_shown(shop, server):
    customer_id = subscribed(shop, server)
    for entity_id in ("a", "b"):
        shop.call("CreateEntity", customers_pb.CreateEntityRequest(
            customer_id=customer_id, entity_id=entity_id, feature_id="seat_users", name=entity_id,
            request_id=new_id("r")))
    shop.call("DeleteEntity", customers_pb.DeleteEntityRequest(
        customer_id=customer_id, entity_id="a", request_id=new_id("r")))
    customer = get(shop, customer_id)
    assert held(customer) == 2
    assert abs(paid(customer) - 50) < 0.02
    (bought,) = customer.subscriptions[-1].quantities
    assert (bought.feature_id, bought.quantity) == ("seat_users", 2)
    refused = refusal(shop.call, "UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
        customer_id=customer_id, request_id=new_id("r"), quantities=[
            attach_pb.FeatureQuantity(feature_id="seat_users", quantity=9)]))
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT and "by taking it" in str(refused)
