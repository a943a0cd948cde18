"""Plans that change: versions, plans of a customer's own, migrations, time zones."""

import datetime
import json
import zoneinfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import test_clock_service_pb2 as clock_pb
from tally.v1 import usage_service_pb2 as usage_pb

import checkout
from tally_client import new_id, refusal
from test_buying import MONTH, changed, publish, tally, totals
from test_clock import move
from test_walkthrough import buy, check, get, new_customer, track

MIGRATED = attach_pb.MIGRATION_OUTCOME_MIGRATED


def credits(name, amount, included, overage):
    return catalog_pb.Plan(
        plan_id=f"plans_{name}", name=name.capitalize(), group=f"plans_{name}",
        price=catalog_pb.BasePrice(amount=amount, interval=MONTH),
        items=[catalog_pb.PlanItem(
            feature_id="test_messages", included=included,
            reset=catalog_pb.ResetInterval(interval=MONTH),
            usage_price=catalog_pb.UsagePrice(amount=overage))])


@pytest.fixture(scope="module")
def shop(client):
    """Each plan in two versions."""
    for amount, included, overage in [("20", 10, "1"), ("30", 20, "2")]:
        publish(client, credits("pro", amount, included, overage),
                credits("team", amount, included, overage))
    return client


def price(amount, interval=MONTH):
    return attach_pb.PlanCustomization(
        price=catalog_pb.BasePrice(amount=amount, interval=interval))


def current(client, customer_id):
    return next(subscription for subscription in get(client, customer_id).subscriptions
                if subscription.plan_id.startswith("plans_"))


def with_card(client, server):
    """A new customer with a card on file."""
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    return customer_id


def test_the_catalog_shows_each_version(shop):
    catalog = shop.call("GetCatalog", catalog_service_pb.GetCatalogRequest(
        all_versions=True)).catalog
    versions = [(plan.version, plan.price.amount) for plan in catalog.plans
                if plan.plan_id == "plans_pro"]
    assert versions == [(1, "20"), (2, "30")]
    latest = shop.call("GetCatalog", catalog_service_pb.GetCatalogRequest()).catalog
    assert [plan.version for plan in latest.plans if plan.plan_id == "plans_pro"] == [2]


def test_a_version_is_bought_and_moved(shop, server):
    customer_id = with_card(shop, server)
    request = attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="plans_pro", version=1, request_id=new_id("r"))
    assert shop.call("Attach", request).outcome == attach_pb.ATTACH_OUTCOME_ACTIVE
    track(shop, customer_id, 4)
    assert current(shop, customer_id).plan_version == 1
    changed(shop, customer_id, plan_id="plans_pro", version=2)
    subscription = current(shop, customer_id)
    assert subscription.plan_version == 2 and not subscription.HasField("custom_plan")


def test_a_plan_of_its_own_survives_a_kill(own_client, own_server):
    client, server = own_client, own_server
    publish(client, credits("pro", "20", 10, "1"))
    customer_id = new_customer(client)
    request = attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="plans_pro", request_id=new_id("r"),
        customize=price("15.50"))
    reply = client.call("Attach", request)
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED
    assert reply.invoice.total.minor_units == 1550
    shown = checkout.browser(server.ca_file).open(reply.payment_url).read().decode()
    assert "15.50" in shown
    assert checkout.pay(reply.payment_url, server.ca_file).status == 200
    before = get(client, customer_id)
    custom = current(client, customer_id).custom_plan
    assert (custom.plan_id, custom.price.amount, len(custom.items)) == ("plans_pro", "15.5", 1)
    server.kill()
    server.start()
    assert get(client, customer_id) == before
    move(client, 31, customer_id)
    assert totals(client, customer_id) == [1550, 1550]


def test_an_archived_plan_stays_with_whoever_has_it_or_is_paying_for_it(own_client, own_server):
    client, server = own_client, own_server
    plan = credits("pro", "20", 10, "1")
    default = catalog_pb.Plan(plan_id="plans_hello", name="Hello", group="plans_pro",
                              auto_enable=True)
    publish(client, plan, default)
    early = new_customer(client)
    attach = attach_pb.AttachRequest(customer_id=early, plan_id="plans_pro", request_id=new_id("r"))
    page = client.call("Attach", attach).payment_url
    for one in (plan, default):
        one.archived = True
    reply = client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", plans=[plan, default])))
    assert [(one.id, one.revision) for one in reply.changes] == [
        ("plans_pro", 1), ("plans_hello", 1)]
    assert checkout.pay(page, server.ca_file).status == 200
    late = new_customer(client)
    server.kill()
    server.start()
    shown = {one.plan_id: (one.archived, one.revision, one.version) for one in client.call(
        "GetCatalog", catalog_service_pb.GetCatalogRequest(all_versions=True)).catalog.plans}
    assert shown["plans_pro"] == shown["plans_hello"] == (True, 1, 1)
    held = {one.plan_id for one in get(client, early).subscriptions}
    assert {"plans_pro", "plans_hello"} <= held
    assert not {one.plan_id for one in get(client, late).subscriptions} & held
    refused = refusal(client.call, "PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", deleted_plan_ids=["plans_pro"])))
    assert refused.reason == "IN_USE" and "archive it instead" in refused.message
    denied = check(client, late, feature_id="test_messages", with_preview=True)
    assert not denied.allowed
    assert "plans_pro" not in [one.plan_id for one in denied.preview.plans]
    # Another default takes its place, and it can't come back beside that one.
    publish(client, catalog_pb.Plan(plan_id="plans_hi", name="Hi", group="plans_pro",
                                    auto_enable=True))
    default.archived = False
    refused = refusal(client.call, "PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", plans=[default])))
    assert refused.fields == ["catalog.plans[0].auto_enable"]
    request = attach_pb.AttachRequest(
        customer_id=late, plan_id="plans_pro", request_id=new_id("r"))
    assert checkout.pay(
        client.call("Attach", request).payment_url, server.ca_file).status == 200
    for customer_id in (early, late):
        move(client, 31, customer_id)
        assert totals(client, customer_id) == [2000, 2000]


def migrate(client, customer_id, **more):
    return client.call("MigrateCustomer", attach_pb.MigrateCustomerRequest(
        customer_id=customer_id, plan_id="plans_team", **more)).subscriptions


@pytest.mark.parametrize("used, left, renewal", [(5, 15, 3000), (20, 0, 4000)])
def test_a_migration_bills_old_overage_at_the_old_price(shop, server, used, left, renewal):
    customer_id = with_card(shop, server)
    shop.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="plans_team", version=1, request_id=new_id("r"),
        reset_billing_cycle=True))
    shop.call("UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
        customer_id=customer_id, plan_id="test_pro", request_id=new_id("r"),
        cancel_action=attach_pb.CANCEL_ACTION_IMMEDIATELY,
        proration_behavior=attach_pb.PRORATION_BEHAVIOR_NONE))
    track(shop, customer_id, used)
    before = get(shop, customer_id)
    assert [part.outcome for part in migrate(shop, customer_id, dry_run=True)] == [MIGRATED]
    assert get(shop, customer_id) == before
    assert [part.from_version for part in migrate(shop, customer_id)] == [1]
    assert not migrate(shop, customer_id)
    balance = check(shop, customer_id, feature_id="test_messages").balance
    assert balance.remaining == left
    move(shop, 31, customer_id)
    assert totals(shop, customer_id)[-1] == renewal


def test_the_command_moves_everybody(shop, server, tally):
    customers = [with_card(shop, server) for _ in range(2)]
    for customer_id in customers:
        shop.call("Attach", attach_pb.AttachRequest(
            customer_id=customer_id, plan_id="plans_pro", version=1, request_id=new_id("r")))
    code, said = tally("catalog", "migrate", "plans_pro", "--from", "1", "--dry-run", "--json")
    assert code == 0
    told = {line["customer_id"]: line["outcome"] for line in map(json.loads, said.splitlines())}
    assert all(told[customer_id] == "migrated" for customer_id in customers)
    code, said = tally("catalog", "migrate", "plans_pro", "--from", "1")
    assert code == 0 and " moved, " in said.splitlines()[-1]
    assert all(current(shop, customer_id).plan_version == 2 for customer_id in customers)
    code, said = tally("catalog", "migrate", "plans_pro", "--from", "1")
    assert code == 0 and said.startswith("0 moved, ")


def test_a_deal_from_a_file(shop, server, tally, tmp_path):
    deal = tmp_path / "deal.json"
    deal.write_text('{"price": {"amount": "12", "interval": "month"}}')
    customer_id = with_card(shop, server)
    shop.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="plans_pro", request_id=new_id("r")))
    code, said = tally(
        "subscription", "change", customer_id, "plans_pro", "--customize", str(deal), "--preview")
    assert code == 0, said
    code, said = tally(
        "subscription", "change", customer_id, "plans_pro", "--customize", str(deal))
    assert code == 0, said
    assert current(shop, customer_id).custom_plan.price.amount == "12"
    assert tally("subscription", "change", customer_id)[0] == 64


def sunday(year, month, number):
    """The day of a month's so many'th Sunday."""
    first = datetime.date(year, month, 1)
    return 1 + (6 - first.weekday()) % 7 + 7 * (number - 1)


YEAR = datetime.date.today().year + 1
SPRING, AUTUMN = sunday(YEAR, 3, 2), sunday(YEAR, 11, 1)
# Local times in New York: a month after each an hour is skipped, or comes twice.
ANCHORS = [
    (f"{YEAR}-02-{SPRING:02}T02:30", [f"{YEAR}-03-{SPRING:02}T03:00", f"{YEAR}-04-{SPRING:02}T02:30"]),
    (f"{YEAR}-10-{AUTUMN:02}T01:30", [f"{YEAR}-11-{AUTUMN:02}T01:30", f"{YEAR}-12-{AUTUMN:02}T01:30"]),
]


def seconds(local, zone):
    moment = datetime.datetime.fromisoformat(local).replace(tzinfo=zone)
    return int(moment.timestamp())


@pytest.mark.parametrize("start, resets", ANCHORS)
def test_months_by_the_clocks_of_new_york(shop, server, start, resets):
    zone = zoneinfo.ZoneInfo("America/New_York")
    customer_id = new_customer(shop)
    shop.call("UpdateCustomer", customers_pb.UpdateCustomerRequest(
        customer_id=customer_id, time_zone="America/New_York", request_id=new_id("r")))
    shop.call("AdvanceTestClock", clock_pb.AdvanceTestClockRequest(
        customer_id=customer_id, time=Timestamp(seconds=seconds(start, zone))))
    buy(shop, server, customer_id, "plans_pro")
    for reset in resets:
        balance = check(shop, customer_id, feature_id="test_messages").balance
        assert balance.next_reset_time.seconds // 60 == seconds(reset, zone) // 60
        shop.call("AdvanceTestClock", clock_pb.AdvanceTestClockRequest(
            customer_id=customer_id, time=balance.next_reset_time))


@pytest.mark.parametrize(
    "name", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_days_of_a_year_by_the_clocks_of_a_zone(client, name):
    zone = zoneinfo.ZoneInfo(name)
    year = datetime.date.today().year
    begin = datetime.datetime(year, 1, 1, tzinfo=zone)
    end = datetime.datetime(year + 1, 1, 1, tzinfo=zone)
    reply = client.call("AggregateEvents", usage_pb.AggregateEventsRequest(
        selection=usage_pb.EventSelection(
            start_time=Timestamp(seconds=int(begin.timestamp())),
            end_time=Timestamp(seconds=int(end.timestamp()))),
        bin=usage_pb.EVENT_BIN_DAY, time_zone=name))
    days = [datetime.datetime(year, 1, 1, tzinfo=zone) + datetime.timedelta(days=day)
            for day in range((datetime.date(year + 1, 1, 1) - datetime.date(year, 1, 1)).days)]
    assert [bin.seconds for bin in reply.bin_start_times] == [
        int(day.timestamp()) for day in days]
