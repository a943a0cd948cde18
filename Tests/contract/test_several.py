"""Several plans in one purchase, and plans that end with another one."""

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb

import checkout
from tally_client import new_id
from test_buying import (  # noqa: F401
    ACTIVE, PAGE, REFUSED, SCHEDULED, USAGE, amounts, credit, customer_on, plan, publish, said,
    same_cost, tally, totals)
from test_clock import move
from test_walkthrough import get

IN_USE = customer_pb.SUBSCRIPTION_STATUS_ACTIVE


@pytest.fixture(scope="module")
def shop(client):
    publish(client, plan("pro", "20"), plan("premium", "50"),
            plan("extra", "20", add_on=True), plan("addon", "30", add_on=True))
    return client


def asked(customer_id, *names, **more):
    return attach_pb.MultiAttachRequest(
        customer_id=customer_id, request_id=new_id("r"),
        plans=[attach_pb.PlanToAttach(plan_id=f"buying_{name}") for name in names], **more)


def several(client, request):
    """MultiAttach at the cost that a preview told."""
    before = get(client, request.customer_id)
    preview = client.call("PreviewMultiAttach", attach_pb.PreviewMultiAttachRequest(
        multi_attach=request)).preview
    assert get(client, request.customer_id) == before
    request.quote_time.CopyFrom(preview.quote_time)
    reply = client.call("MultiAttach", request)
    same_cost(preview, reply)
    return reply


def in_use(client, customer_id):
    return sorted(each.plan_id for each in get(client, customer_id).subscriptions
                  if each.status == IN_USE and each.plan_id.startswith("buying_"))


def paid(client, server, *names):
    """A new customer who has paid for plans on one page."""
    customer_id = customer_on(client, 4)
    reply = several(client, asked(customer_id, *names))
    assert reply.outcome == PAGE and not reply.subscriptions
    assert checkout.pay(reply.payment_url, server.ca_file).status == 200
    return customer_id


def test_one_page_sells_all_of_it(shop, server):
    customer_id = customer_on(shop, 4)
    reply = several(shop, asked(customer_id, "addon", "pro"))
    assert reply.outcome == PAGE and amounts(reply.invoice) == [2000, 3000]
    again = shop.call("MultiAttach", asked(customer_id, "pro", "addon"))
    assert again.payment_url == reply.payment_url
    opened = checkout.fetch(checkout.browser(server.ca_file), reply.payment_url)
    assert "Pro and Addon" in opened.body and "50.00" in opened.body
    assert "Renews at 50.00 USD each month until they are cancelled" in opened.body
    assert checkout.pay(reply.payment_url, server.ca_file).status == 200
    assert in_use(shop, customer_id) == ["buying_addon", "buying_pro"]
    assert totals(shop, customer_id) == [5000]
    move(shop, 30, customer_id)
    assert totals(shop, customer_id) == [5000, 5000]


def test_an_upgrade_and_an_add_on_are_one_charge(shop, server):
    customer_id = paid(shop, server, "pro")
    request = asked(customer_id, "premium", "extra")
    reply = several(shop, request)
    assert reply.outcome == ACTIVE and amounts(reply.invoice) == [-2000, 5000, 2000]
    assert [each.plan_id for each in reply.subscriptions] == ["buying_premium", "buying_extra"]
    assert shop.call("MultiAttach", request).replayed
    assert totals(shop, customer_id) == [2000, 5000]


def test_a_declined_charge_changes_nothing(shop, server):
    customer_id = paid(shop, server, "pro")
    page = shop.call("SetupPayment", attach_pb.SetupPaymentRequest(
        customer_id=customer_id, request_id=new_id("r")))
    assert checkout.pay(page.url, server.ca_file,
                        card="4000000000000341").status == 200
    before = get(shop, customer_id).subscriptions
    reply = shop.call("MultiAttach", asked(customer_id, "premium", "extra"))
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_DECLINED and reply.decline_code
    assert get(shop, customer_id).subscriptions == before
    assert in_use(shop, customer_id) == ["buying_pro"]


def test_a_cheaper_plan_follows_and_the_others_are_paid(shop, server):
    customer_id = paid(shop, server, "premium")
    reply = several(shop, asked(customer_id, "pro", "extra"))
    assert reply.outcome == ACTIVE and amounts(reply.invoice) == [2000]
    assert [each.status for each in reply.subscriptions] == [
        customer_pb.SUBSCRIPTION_STATUS_SCHEDULED, IN_USE]
    assert several(shop, asked(customer_id, "pro")).outcome == SCHEDULED
    move(shop, 30, customer_id)
    assert totals(shop, customer_id) == [5000, 2000, 4000]


def test_an_add_on_ends_with_an_upgrade(shop, server):
    customer_id = paid(shop, server, "pro", "extra")
    move(shop, 15, customer_id)
    reply = shop.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="buying_premium", request_id=new_id("r"),
        remove_plan_ids=["buying_extra"]))
    assert reply.outcome == ACTIVE and reply.subscription.plan_id == "buying_premium"
    assert sorted(amounts(reply.invoice)) == [-1000, -1000, 2500]
    assert in_use(shop, customer_id) == ["buying_premium"]


def test_what_cannot_be_had_together_is_refused_whole(shop, server):
    customer_id = paid(shop, server, "pro")
    for names, path in [(("premium", "premium"), "plans[1].plan_id"), ((), "plans")]:
        with pytest.raises(grpc.RpcError) as caught:
            shop.call("MultiAttach", asked(customer_id, *names))
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert path in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        shop.call("MultiAttach", asked(customer_id, "extra", "pro"))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert in_use(shop, customer_id) == ["buying_pro"] and totals(shop, customer_id) == [2000]


def test_the_command_buys_several_and_ends_others(tally, shop, server):  # noqa: F811
    customer_id = paid(shop, server, "pro")
    several = ("attach", customer_id, "buying_premium", "buying_extra")
    code, shown = tally(*several, "--preview")
    assert code == 0 and said(shown)[0] == "would be charged now:"
    assert "50.00 USD due" in said(shown)
    code, shown = tally(*several)
    lines = said(shown)
    assert code == 0
    assert lines[0].startswith(f"active: {customer_id} has buying_premium, paid until")
    assert lines[1].startswith(f"active: {customer_id} has buying_extra, paid until")
    assert tally(*several, "--immediately")[0] == USAGE
    assert tally(*several)[0] == REFUSED
    code, shown = tally("attach", customer_id, "buying_addon", "--remove", "buying_extra")
    assert code == 0 and shown.startswith(f"active: {customer_id} has buying_addon")
    assert in_use(shop, customer_id) == ["buying_addon", "buying_premium"]
    assert totals(shop, customer_id) == [2000, 5000, 1000]
