"""Plans in phases: some now, others from later moments on."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import customer_pb2 as customer_pb

import checkout
from tally_client import new_id
from test_buying import (  # noqa: F401
    ACTIVE, PAGE, REFUSED, USAGE, amounts, credit, customer_on, plan, publish, same_cost, tally, totals)
from test_clock import move
from test_walkthrough import get

IN_USE = customer_pb.SUBSCRIPTION_STATUS_ACTIVE
SCHEDULED = customer_pb.SUBSCRIPTION_STATUS_SCHEDULED
CANCELING = customer_pb.SUBSCRIPTION_STATUS_CANCELING
ENDED = customer_pb.SUBSCRIPTION_STATUS_ENDED


@pytest.fixture(scope="module")
def shop(client):
    publish(client, plan("small", "10"), plan("pro", "20"), plan("premium", "50"),
            plan("extra", "20", add_on=True))
    return client


def phase(*names, days=0, months=0):
    found = attach_pb.SchedulePhase(
        plans=[attach_pb.PlanToAttach(plan_id=f"buying_{name}") for name in names])
    if days:
        found.starting_after.interval = catalog_pb.INTERVAL_DAY
        found.starting_after.interval_count = days
    if months:
        found.starting_after.interval = catalog_pb.INTERVAL_MONTH
        found.starting_after.interval_count = months
    return found


def asked(customer_id, *phases, **more):
    return attach_pb.CreateScheduleRequest(
        customer_id=customer_id, request_id=new_id("r"), phases=phases, **more)


def scheduled(client, request):
    """CreateSchedule at the cost that a preview told."""
    before = get(client, request.customer_id)
    preview = client.call("PreviewCreateSchedule", attach_pb.PreviewCreateScheduleRequest(
        create_schedule=request)).preview
    assert get(client, request.customer_id) == before
    request.quote_time.CopyFrom(preview.quote_time)
    reply = client.call("CreateSchedule", request)
    same_cost(preview, reply)
    return reply


def states(client, customer_id):
    return {each.plan_id[len("buying_"):]: each.status
            for each in get(client, customer_id).subscriptions
            if each.plan_id.startswith("buying_")}


def test_one_page_sells_the_first_phase_and_the_others_follow(shop, server):
    customer_id = customer_on(shop, 4)
    reply = scheduled(shop, asked(
        customer_id, phase("small"), phase("premium", days=15),
        phase("premium", "extra", days=15)))
    assert reply.outcome == PAGE and amounts(reply.invoice) == [1000]
    opened = checkout.fetch(checkout.browser(server.ca_file), reply.payment_url)
    assert "Small" in opened.body and "Premium" not in opened.body
    assert checkout.pay(reply.payment_url, server.ca_file).status == 200
    assert states(shop, customer_id) == {
        "small": CANCELING, "premium": SCHEDULED, "extra": SCHEDULED}
    move(shop, 15, customer_id)
    assert totals(shop, customer_id) == [1000, 2000]
    assert states(shop, customer_id) == {
        "small": ENDED, "premium": IN_USE, "extra": SCHEDULED}
    move(shop, 15, customer_id)
    assert totals(shop, customer_id) == [1000, 2000, 7000]


def test_a_retry_charges_nothing_and_what_is_planned_can_be_given_up(shop, server):
    customer_id = customer_on(shop, 4)
    first = scheduled(shop, asked(customer_id, phase("small")))
    assert checkout.pay(first.payment_url, server.ca_file).status == 200
    request = asked(customer_id, phase("pro"), phase("premium", months=1))
    reply = scheduled(shop, request)
    assert reply.outcome == ACTIVE and amounts(reply.invoice) == [-1000, 2000]
    assert [each.plan_id for each in reply.subscriptions] == ["buying_pro", "buying_premium"]
    assert shop.call("CreateSchedule", request).replayed
    forget = attach_pb.DeleteScheduleRequest(customer_id=customer_id, request_id=new_id("r"))
    gone = shop.call("DeleteSchedule", forget)
    assert [(each.plan_id, each.status) for each in gone.subscriptions] == [
        ("buying_pro", IN_USE)]
    assert shop.call("DeleteSchedule", forget).replayed
    with pytest.raises(grpc.RpcError) as refused:
        shop.call("DeleteSchedule", attach_pb.DeleteScheduleRequest(customer_id=customer_id))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    move(shop, 30, customer_id)
    assert totals(shop, customer_id) == [1000, 1000, 2000]


def test_phases_are_in_order(shop):
    customer_id = customer_on(shop, 4)
    late = phase("premium")
    late.start_time.CopyFrom(Timestamp(seconds=1))
    with pytest.raises(grpc.RpcError) as refused:
        shop.call("CreateSchedule", asked(customer_id, phase("small"), late))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert states(shop, customer_id) == {}


def test_the_command_line(shop, server, tally):  # noqa: F811
    customer_id = customer_on(shop, 4)
    page = scheduled(shop, asked(customer_id, phase("small"))).payment_url
    assert checkout.pay(page, server.ca_file).status == 200
    phases = ("--phase", "buying_pro", "--phase", "15days=buying_premium,buying_extra")
    code, shown = tally("schedule", customer_id, *phases, "--preview")
    assert code == 0 and "10.00" in shown
    code, shown = tally("schedule", customer_id, *phases)
    assert code == 0 and "scheduled: buying_premium" in shown
    assert tally("schedule", customer_id, "--delete")[0] == 0
    assert states(shop, customer_id)["premium"] == ENDED
    assert tally("schedule", customer_id, "--delete")[0] == REFUSED
    assert tally("schedule", customer_id)[0] == USAGE
