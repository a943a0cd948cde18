"""Entities, holds, loose balances and limits end to end, and that many callers at once count right."""

import time
from decimal import Decimal

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import catalog_pb2 as pb
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import hold_pb2 as hold_pb
from tally.v1 import property_pb2 as property_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import new_id, refusal

MONTH = pb.ResetInterval(interval=pb.INTERVAL_MONTH)
CATALOG = pb.PricingCatalog(
    currency="usd",
    features=[
        pb.Feature(feature_id="hold_units", name="Units", type=pb.FEATURE_TYPE_METERED,
                   event_names=["hold.used"]),
        pb.Feature(feature_id="hold_calls", name="Calls", type=pb.FEATURE_TYPE_METERED,
                   event_names=["hold.used"]),
        pb.Feature(feature_id="hold_seats", name="Seats", type=pb.FEATURE_TYPE_ALLOCATED),
        pb.Feature(feature_id="hold_sso", name="SSO", type=pb.FEATURE_TYPE_BOOLEAN),
        pb.Feature(feature_id="hold_credits", name="Credits", type=pb.FEATURE_TYPE_CREDIT_SYSTEM,
                   credit_costs=[pb.CreditCost(feature_id="hold_calls", credits="0.2")]),
    ],
    plans=[
        pb.Plan(plan_id="hold_team", name="Team", group="hold", items=[
            pb.PlanItem(feature_id="hold_seats", included=10),
            pb.PlanItem(feature_id="hold_units", included=100, reset=MONTH,
                        entity_feature_id="hold_seats"),
            pb.PlanItem(feature_id="hold_credits", included=50, reset=MONTH,
                        rollover=pb.RolloverRule(max=20, months=3)),
        ], controls=pb.Controls(usage_limits=[pb.UsageLimit(
            feature_id="hold_credits", enabled=True, limit=40, interval=pb.INTERVAL_MONTH)])),
    ])


@pytest.fixture(scope="module")
def client(client):
    client.call("PublishCatalog", catalog_pb.PublishCatalogRequest(catalog=CATALOG))
    return client


@pytest.fixture
def customer(client):
    customer_id = new_id("c")
    client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id))
    return customer_id


def grant(client, customer_id, feature_id, granted=None, **more):
    return client.call("CreateBalance", customers_pb.CreateBalanceRequest(
        customer_id=customer_id, feature_id=feature_id, granted=granted,
        request_id=new_id("r"), **more)).customer


def track(client, customer_id, feature_id, value=1, **more):
    return client.call("Track", usage_pb.TrackRequest(
        customer_id=customer_id, feature_id=feature_id, value=value, request_id=new_id("r"), **more))


def check(client, customer_id, feature_id, required=1, **more):
    return client.call("Check", check_pb.CheckRequest(
        customer_id=customer_id, feature_id=feature_id, required_quantity=required, **more))


def remaining(client, customer_id, feature_id, **more):
    return check(client, customer_id, feature_id, 0, **more).balance.remaining


def entity(client, customer_id, entity_id, **more):
    return client.call("CreateEntity", customers_pb.CreateEntityRequest(
        customer_id=customer_id, entity_id=entity_id, feature_id="hold_seats",
        request_id=new_id("r"), **more)).entity


def attach_team(client, customer_id):
    from tally.v1 import attach_service_pb2 as attach_pb
    client.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="hold_team", request_id=new_id("r")))


def test_a_hold_is_settled_for_less_and_for_more(client, customer):
    grant(client, customer, "hold_units", 20)
    held = check(client, customer, "hold_units", 8, deduct=True, request_id=new_id("r"),
                 hold=hold_pb.HoldRequest(hold_id="job-1"))
    assert held.allowed and held.balance.remaining == 12
    settle = check_pb.SettleHoldRequest(
        customer_id=customer, hold_id="job-1", value=5, request_id=new_id("r"))
    settled = client.call("SettleHold", settle)
    assert (settled.value, settled.balance.remaining, settled.replayed) == (5, 15, False)
    again = client.call("SettleHold", settle)
    assert again.replayed and again.balance.remaining == 15
    track(client, customer, "hold_units", 5, hold=hold_pb.HoldRequest(hold_id="job-2"))
    settled = client.call("SettleHold", check_pb.SettleHoldRequest(
        customer_id=customer, hold_id="job-2", value=11, request_id=new_id("r")))
    assert settled.balance.remaining == 4
    said = refusal(client.call, "SettleHold", check_pb.SettleHoldRequest(
        customer_id=customer, hold_id="job-2", request_id=new_id("r")))
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "HOLD_NOT_FOUND")


def test_an_expired_hold_is_given_back_though_nobody_asks(client, customer):
    grant(client, customer, "hold_units", 20)
    soon = Timestamp()
    soon.FromMilliseconds(int(time.time() * 1000) + 1500)
    track(client, customer, "hold_units", 8,
          hold=hold_pb.HoldRequest(hold_id="job", expire_time=soon))
    said = refusal(client.call, "Track", usage_pb.TrackRequest(
        customer_id=customer, feature_id="hold_units", value=1, request_id=new_id("r"),
        hold=hold_pb.HoldRequest(hold_id="job")))
    assert said.reason == "HOLD_EXISTS"
    got = client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer)).customer
    assert [(hold.hold_id, hold.value) for hold in got.holds] == [("job", 8)]
    time.sleep(2.5)
    got = client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer)).customer
    assert not got.holds and got.balances[0].remaining == 20


def test_entities_have_slices_and_count_as_seats(client, customer):
    attach_team(client, customer)
    for name in ["ann", "bob"]:
        made = entity(client, customer, name, name=name.title())
        assert made.name == name.title() and made.balances
    assert remaining(client, customer, "hold_seats") == 8
    assert remaining(client, customer, "hold_units") == 200
    assert track(client, customer, "hold_units", 80, entity_id="ann").balance.remaining == 20
    assert remaining(client, customer, "hold_units", entity_id="bob") == 100
    assert remaining(client, customer, "hold_units") == 120
    said = refusal(client.call, "Check", check_pb.CheckRequest(
        customer_id=customer, feature_id="hold_units", entity_id="eve"))
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "ENTITY_NOT_FOUND")
    said = refusal(client.call, "CreateEntity", customers_pb.CreateEntityRequest(
        customer_id=customer, entity_id="ann", feature_id="hold_seats", request_id=new_id("r")))
    assert (said.code, said.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ENTITY_EXISTS")
    events = client.call("ListEvents", usage_pb.ListEventsRequest(
        selection=usage_pb.EventSelection(customer_id=customer, properties={
            "$entity_id": property_pb.PropertyValue(string_value="ann")})))
    assert [event.value for event in events.events] == [80]
    client.call("DeleteEntity", customers_pb.DeleteEntityRequest(
        customer_id=customer, entity_id="ann", request_id=new_id("r")))
    assert remaining(client, customer, "hold_seats") == 9
    assert remaining(client, customer, "hold_units") == 100
    page = client.call("ListEntities", customers_pb.ListEntitiesRequest(customer_id=customer))
    assert [entity.entity_id for entity in page.entities] == ["bob"]


def test_pages_of_entities(client, customer):
    names = [f"e{number:02}" for number in range(7)]
    for name in reversed(names):
        entity(client, customer, name)
    seen, token = [], ""
    while True:
        page = client.call("ListEntities", customers_pb.ListEntitiesRequest(
            customer_id=customer, page_size=3, page_token=token))
        seen += [entity.entity_id for entity in page.entities]
        token = page.next_page_token
        if not token:
            break
    assert seen == names


def test_limits_of_a_plan_and_of_a_customer(client, customer):
    attach_team(client, customer)
    assert track(client, customer, "hold_calls", 300).deductions[0].value == 40
    assert check(client, customer, "hold_calls").reason == check_pb.CHECK_REASON_USAGE_LIMIT
    client.call("UpdateControls", customers_pb.UpdateControlsRequest(
        customer_id=customer, request_id=new_id("r"),
        usage_limits=customers_pb.UsageLimitList(items=[pb.UsageLimit(
            feature_id="hold_credits", enabled=True, limit=45, interval=pb.INTERVAL_MONTH)])))
    assert check(client, customer, "hold_calls", 25).allowed
    assert not check(client, customer, "hold_calls", 26).allowed
    said = refusal(client.call, "UpdateControls", customers_pb.UpdateControlsRequest(
        customer_id=customer, request_id=new_id("r"),
        usage_limits=customers_pb.UsageLimitList(items=[
            pb.UsageLimit(feature_id="hold_calls", limit=1, interval=pb.INTERVAL_DAY)] * 2)))
    assert said.fields == ["usage_limits[1].feature_id"]
    said = refusal(client.call, "UpdateControls", customers_pb.UpdateControlsRequest(
        customer_id=customer, request_id=new_id("r"),
        spend_limits=customers_pb.SpendLimitList(items=[
            pb.SpendLimit(feature_id="hold_calls", overage_percentage=1e15)])))
    assert said.fields == ["spend_limits[0].overage_percentage"]


def test_balances_are_corrected_and_taken_away(client, customer):
    made = grant(client, customer, "hold_units", 100, balance_id="gift", reset=MONTH)
    assert made.balances[0].parts[0].balance_id == "gift"
    grant(client, customer, "hold_units", 200)
    of = customers_pb.BalanceFilter(feature_id="hold_units")
    changed = client.call("UpdateBalance", customers_pb.UpdateBalanceRequest(
        customer_id=customer, filter=of, remaining=250, request_id=new_id("r"))).customer
    assert (changed.balances[0].remaining, changed.balances[0].usage) == (250, 50)
    said = refusal(client.call, "CreateBalance", customers_pb.CreateBalanceRequest(
        customer_id=customer, feature_id="hold_units", granted=1, balance_id="gift",
        request_id=new_id("r")))
    assert (said.code, said.reason) == (grpc.StatusCode.ALREADY_EXISTS, "BALANCE_EXISTS")
    gone = client.call("DeleteBalance", customers_pb.DeleteBalanceRequest(
        customer_id=customer, keep_usage=True, request_id=new_id("r"),
        filter=customers_pb.BalanceFilter(feature_id="hold_units", balance_id="gift"))).customer
    assert gone.balances[0].remaining == 150
    said = refusal(client.call, "DeleteBalance", customers_pb.DeleteBalanceRequest(
        customer_id=customer, request_id=new_id("r"),
        filter=customers_pb.BalanceFilter(feature_id="hold_units", balance_id="gift")))
    assert said.reason == "BALANCE_NOT_FOUND"


def test_an_event_feeds_several_features(client, customer):
    grant(client, customer, "hold_units", 10)
    grant(client, customer, "hold_calls", 10)
    fed = client.call("Track", usage_pb.TrackRequest(
        customer_id=customer, event_name="hold.used", value=3, request_id=new_id("r")))
    assert [(part.balance.feature_id, part.balance.remaining) for part in fed.features] == [
        ("hold_units", 7), ("hold_calls", 7)]
    said = refusal(client.call, "Track", usage_pb.TrackRequest(
        customer_id=customer, event_name="nothing", request_id=new_id("r")))
    assert said.reason == "FEATURE_NOT_FOUND"


def test_a_batch_is_all_or_nothing(client, customer):
    grant(client, customer, "hold_units", 10)
    items = [usage_pb.TrackRequest(feature_id="hold_units", value=value,
                                   overage_behavior=usage_pb.OVERAGE_BEHAVIOR_REJECT)
             for value in (4, 4, 4)]
    said = refusal(client.call, "BatchTrack", usage_pb.BatchTrackRequest(
        customer_id=customer, items=items, request_id=new_id("r")))
    assert said.reason == "INSUFFICIENT_BALANCE" and remaining(client, customer, "hold_units") == 10
    batch = usage_pb.BatchTrackRequest(
        customer_id=customer, items=items[:2], request_id=new_id("r"))
    done = client.call("BatchTrack", batch)
    assert [result.balance.remaining for result in done.results] == [6, 2]
    assert client.call("BatchTrack", batch).replayed
    asked = client.call("BatchCheck", check_pb.BatchCheckRequest(customer_id=customer, items=[
        check_pb.CheckRequest(feature_id="hold_units", required_quantity=2),
        check_pb.CheckRequest(feature_id="hold_units", required_quantity=3),
        check_pb.CheckRequest(feature_id="hold_sso"),
        check_pb.CheckRequest(plan_id="hold_team")]))
    assert [answer.allowed for answer in asked.results] == [True, False, False, False]


def test_usage_is_set(client, customer):
    grant(client, customer, "hold_units", 100)
    track(client, customer, "hold_units", 10)
    assert track(client, customer, "hold_units", 30, set_usage=True).balance.remaining == 70


def test_150_checks_at_once_use_up_200_by_twos(client, customer):
    """Exactly 100 of them are allowed."""
    grant(client, customer, "hold_units", 200)
    stub = next(stub for stub in client.stubs if hasattr(stub, "Check"))
    calls = [stub.Check.future(check_pb.CheckRequest(
        customer_id=customer, feature_id="hold_units", required_quantity=2, deduct=True,
        request_id=new_id("r")), timeout=30) for _ in range(150)]
    assert sum(call.result().allowed for call in calls) == 100
    assert remaining(client, customer, "hold_units") == 0


def test_10000_decimal_tracks_at_once_sum_exactly(client, customer):
    grant(client, customer, "hold_units", 1_000_000)
    values = [Decimal(number % 200 + 1) / 100 for number in range(10_000)]
    for start in range(0, len(values), 1000):
        calls = [client.track_later(customer, float(value), "hold_units")
                 for value in values[start:start + 1000]]
        for call in calls:
            call.result()
    left = remaining(client, customer, "hold_units")
    assert Decimal(str(left)) == 1_000_000 - sum(values)


def test_it_all_survives_a_kill(tmp_path, certificates):
    from tally_client import TallyClient
    from tally_server import TallyServer
    server = TallyServer(tmp_path, certificates)
    try:
        server.start()
        client = TallyClient(server, key=server.key)
        client.call("PublishCatalog", catalog_pb.PublishCatalogRequest(catalog=CATALOG))
        customer = new_id("c")
        client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
            customer_id=customer))
        attach_team(client, customer)
        entity(client, customer, "ann", name="Ann")
        grant(client, customer, "hold_units", 5, entity_id="ann", balance_id="gift")
        track(client, customer, "hold_units", 3, entity_id="ann",
              hold=hold_pb.HoldRequest(hold_id="job"))
        track(client, customer, "hold_calls", 10)
        question = customers_pb.GetEntityRequest(customer_id=customer, entity_id="ann")
        before = (client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer)),
                  client.call("GetEntity", question))
        client.close()
        server.kill()
        server.start()
        client = TallyClient(server, key=server.key)
        after = (client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer)),
                 client.call("GetEntity", question))
        assert after == before and before[1].entity.name == "Ann"
        client.close()
    finally:
        server.kill()
