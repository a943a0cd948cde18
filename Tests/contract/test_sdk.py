"""Every method of the official SDK (entitlements §11.1), with its strict models, over TLS."""

import datetime
import subprocess

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import rewards_pb2 as rewards_pb
from tally.v1 import test_clock_service_pb2 as clock_pb

import checkout
from sdk import Sdk, refused
from tally_client import TallyClient, new_id
from tally_server import BINARY, ROOT, TallyServer
from test_clock import move

# What this server has no use for, or can't do: each answers 501 and says why.
ABSENT = {
    "licenses.attach", "licenses.release",
    "platform.get_revenue_cat_keys",
    "platform.link_revenue_cat", "platform.sync_revenue_cat",
}
MONTH = {"interval": "month"}


@pytest.fixture(scope="module")
def world(tmp_path_factory, certificates):
    server = TallyServer(tmp_path_factory.mktemp("sdk"), certificates)
    server.start()
    client = TallyClient(server, server.key)
    sdk = Sdk(server)
    define(sdk, client)
    try:
        yield sdk, client, server
    finally:
        client.close()
        server.kill()


def define(sdk, client):
    """The catalog, by the SDK; rewards, which it only lists, by gRPC."""
    for feature_id, more in {
            "messages": {"consumable": True}, "images": {"consumable": True},
            "seats": {"consumable": False}}.items():
        feature = sdk.call("features.create", feature_id=f"sdk_{feature_id}",
                           name=feature_id.title(), type_="metered", **more)
        assert (feature.type, feature.consumable) == ("metered", more["consumable"])
    sdk.call("features.create", feature_id="sdk_sso", name="SSO", type_="boolean")
    credits = sdk.call(
        "features.create", feature_id="sdk_credits", name="Credits", type_="credit_system",
        credit_schema=[{"metered_feature_id": "sdk_images", "credit_cost": 0.2}])
    assert credits.credit_schema[0].credit_cost == 0.2
    ai = sdk.call("features.create", feature_id="sdk_ai", name="AI", type_="ai_credit_system",
                  model_markups={"custom/one": {"input_cost": 5, "output_cost": 15}})
    assert ai.model_markups["custom/one"].output_cost == 15
    monthly = {"feature_id": "sdk_messages", "reset": MONTH}
    sdk.call("plans.create", plan_id="sdk_free", name="Free", group="sdk", auto_enable=True,
             items=[{**monthly, "included": 5}])
    pro = sdk.call("plans.create", plan_id="sdk_pro", name="Pro", group="sdk",
                   price={"amount": 20, "interval": "month"},
                   items=[{**monthly, "included": 100}, {"feature_id": "sdk_sso"},
                          {"feature_id": "sdk_seats", "included": 3},
                          {"feature_id": "sdk_credits", "included": 10, "reset": MONTH},
                          {"feature_id": "sdk_ai", "included": 1, "reset": MONTH}])
    assert (pro.price.amount, pro.price.interval, pro.items[0].included) == (20, "month", 100)
    sdk.call("plans.create", plan_id="sdk_premium", name="Premium", group="sdk",
             price={"amount": 50, "interval": "month"},
             items=[{**monthly, "included": 500, "price": {
                 "amount": 0.1, "interval": "month", "billing_method": "usage_based"}}])
    packs = sdk.call("plans.create", plan_id="sdk_packs", name="Packs", group="sdk_packs",
                     add_on=True, price={"amount": 5, "interval": "month"},
                     items=[{**monthly, "included": 0, "price": {
                         "amount": 8, "interval": "month", "billing_method": "prepaid",
                         "billing_units": 10}}])
    assert packs.items[0].price.billing_method == "prepaid"
    assert packs.items[0].price.billing_units == 10
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(
            currency="usd",
            coupons=[rewards_pb.Coupon(
                coupon_id="sdk_half", name="Half", percentage=50,
                duration=rewards_pb.COUPON_DURATION_ONCE)],
            feature_grants=[rewards_pb.FeatureGrant(
                feature_grant_id="sdk_gift", name="Gift",
                grants=[rewards_pb.GrantedUnits(feature_id="sdk_messages", quantity=25)],
                promotion_codes=[rewards_pb.PromotionCode(code="SDKGIFT")])],
            referral_programmes=[rewards_pb.ReferralProgramme(
                programme_id="sdk_friends", reward_id="sdk_gift",
                redeem_on=rewards_pb.REFERRAL_MOMENT_CUSTOMER_CREATION,
                received_by=rewards_pb.REFERRAL_RECEIVER_ALL)])))


def new_customer(sdk, **more):
    customer_id = new_id("c")
    customer = sdk.call("customers.get_or_create", customer_id=customer_id, **more)
    assert customer.id == customer_id
    return customer_id


def customer_on_the_first(sdk, client):
    """For whom the 1st of a month of 30 days has just begun."""
    customer_id = new_customer(sdk)
    begin = datetime.datetime(
        datetime.date.today().year + 1, 4, 1, tzinfo=datetime.timezone.utc)
    client.call("AdvanceTestClock", clock_pb.AdvanceTestClockRequest(
        customer_id=customer_id, time=Timestamp(seconds=int(begin.timestamp()))))
    return customer_id


def remaining(sdk, customer_id, feature_id="sdk_messages"):
    return sdk.call(
        "customers.get", customer_id=customer_id).balances[feature_id].remaining


def buy(sdk, server, customer_id, plan_id, **more):
    """Through the payment page."""
    reply = sdk.call("billing.attach", customer_id=customer_id, plan_id=plan_id, **more)
    assert reply.payment_url and reply.invoice is None and reply.required_action is None
    page = checkout.pay(reply.payment_url, server.ca_file)
    assert page.status in (200, 303), page


def test_the_main_scenario_costs_what_the_specification_says(world):
    sdk, client, server = world
    customer_id = customer_on_the_first(sdk, client)
    before = sdk.call("billing.preview_attach", customer_id=customer_id, plan_id="sdk_pro")
    assert (before.total, before.subtotal, before.currency) == (20, 20, "usd")
    assert before.redirect_to_checkout and before.checkout_type == "autumn_checkout"
    assert [line.total for line in before.line_items] == [20]
    assert [change.plan_id for change in before.incoming] == ["sdk_pro"]
    assert [change.plan_id for change in before.outgoing] == ["sdk_free"]
    assert before.next_cycle.total == 20
    # What replaces nothing that is paid for has nothing to prorate.
    buy(sdk, server, customer_id, "sdk_pro", proration_behavior="none")

    check = sdk.call("check", customer_id=customer_id, feature_id="sdk_messages")
    assert check.allowed and check.balance.remaining == 100 and check.flag is None
    tracked = sdk.call("track", customer_id=customer_id, feature_id="sdk_messages", value=30)
    assert tracked.value == 30 and tracked.balance.remaining == 70
    assert sdk.call("check", customer_id=customer_id, feature_id="sdk_sso").flag.id
    refusal = sdk.call("check", customer_id=customer_id, feature_id="sdk_messages",
                       required_balance=71)
    assert not refusal.allowed

    # Half of the month is left: 25 of the new plan's, less 10 of the old one's.
    move(client, 15, customer_id)
    asked = {"customer_id": customer_id, "plan_id": "sdk_premium"}
    preview = sdk.call("billing.preview_attach", **asked)
    assert (preview.total, preview.redirect_to_checkout) == (15, False)
    outcome, message = refused(sdk.call, "billing.attach", proration_behavior="none", **asked)
    assert outcome == "400 invalid_inputs" and message.startswith("proration_behavior cannot be")
    assert sorted(line.total for line in preview.line_items) == [-10, 25]
    upgrade = sdk.call("billing.attach", **asked)
    assert upgrade.payment_url is None and upgrade.invoice.status == "paid"
    assert upgrade.invoice.total == preview.total == 15
    assert preview.next_cycle.total == 50

    invoices = sdk.call("invoices.list", customer_id=customer_id)
    assert [invoice.total for invoice in invoices.list] == [15, 20]
    assert invoices.next_cursor is None
    assert [i.amount_paid for i in sdk.call(
        "invoices.list", customer_id=customer_id, status=["paid"]).list] == [15, 20]

    cancel = {"customer_id": customer_id, "plan_id": "sdk_premium",
              "cancel_action": "cancel_end_of_cycle"}
    preview = sdk.call("billing.preview_update", **cancel)
    assert (preview.intent, preview.total) == ("cancel_end_of_cycle", 0)
    assert sdk.call("billing.update", **cancel).invoice is None
    premium = subscription(sdk, customer_id, "sdk_premium")
    assert premium.canceled_at and premium.expires_at == premium.current_period_end
    assert subscription(sdk, customer_id, "sdk_free").status == "scheduled"
    sdk.call("billing.update", **{**cancel, "cancel_action": "uncancel"})
    premium = subscription(sdk, customer_id, "sdk_premium")
    assert premium.canceled_at is None and premium.expires_at is None
    assert subscription(sdk, customer_id, "sdk_free") is None

    portal = sdk.call("billing.open_customer_portal", customer_id=customer_id)
    assert portal.customer_id == customer_id
    assert checkout.open_page(portal.url, server.ca_file).status == 200

    # Half of the month is left, and becomes credit.
    cancel["cancel_action"] = "cancel_immediately"
    preview = sdk.call("billing.preview_update", **cancel)
    ended = sdk.call("billing.update", **cancel)
    assert preview.total == ended.invoice.total == -25
    assert remaining(sdk, customer_id) == 5


def subscription(sdk, customer_id, plan_id):
    plans = sdk.call("customers.get", customer_id=customer_id).subscriptions
    return next((plan for plan in plans if plan.plan_id == plan_id), None)


def test_purchases_of_several_kinds(world):
    sdk, client, server = world
    customer_id = customer_on_the_first(sdk, client)
    setup = sdk.call("billing.setup_payment", customer_id=customer_id)
    assert checkout.pay(setup.url, server.ca_file).status in (200, 303)
    plans = {"customer_id": customer_id, "plans": [
        {"plan_id": "sdk_pro"},
        {"plan_id": "sdk_packs",
         "feature_quantities": [{"feature_id": "sdk_messages", "quantity": 20}]}]}
    preview = sdk.call("billing.preview_multi_attach", **plans)
    assert preview.total == 20 + 5 + 16
    assert [quantity.quantity for change in preview.incoming
            for quantity in change.feature_quantities] == [20]
    reply = sdk.call("billing.multi_attach", **plans)
    assert reply.invoice.total == preview.total and reply.payment_url is None
    assert remaining(sdk, customer_id) == 120
    row = next(part for part in sdk.call(
        "customers.get", customer_id=customer_id).balances["sdk_messages"].breakdown
               if part.plan_id == "sdk_packs")
    assert (row.included_grant, row.prepaid_grant, row.price.billing_method) == (0, 20, "prepaid")

    # Ten more of 8 for ten, at the start of the period (§10.2).
    more = {"customer_id": customer_id, "plan_id": "sdk_packs",
            "feature_quantities": [{"feature_id": "sdk_messages", "quantity": 30}]}
    preview = sdk.call("billing.preview_update", **more)
    assert (preview.intent, preview.total) == ("update_quantity", 8)
    assert sdk.call("billing.update", **more).invoice.total == 8
    # A price of its own (§10.1): 20 to 30.
    dearer = {"customer_id": customer_id, "plan_id": "sdk_pro",
              "customize": {"price": {"amount": 30, "interval": "month"}}}
    assert sdk.call("billing.preview_update", **dearer).intent == "update_plan"
    assert sdk.call("billing.update", **dearer).invoice.total == 10

    half = {"customer_id": new_customer(sdk), "plan_id": "sdk_pro",
            "discounts": [{"reward_id": "sdk_half"}]}
    preview = sdk.call("billing.preview_attach", **half)
    assert (preview.subtotal, preview.total) == (20, 10)
    assert preview.line_items[0].discounts[0].amount_off == 10

    later = customer_on_the_first(sdk, client)
    setup = sdk.call("billing.setup_payment", customer_id=later)
    checkout.pay(setup.url, server.ca_file)
    schedule = sdk.call("billing.create_schedule", customer_id=later, phases=[
        {"plans": [{"plan_id": "sdk_pro"}], "starts_at": "now"},
        {"plans": [{"plan_id": "sdk_premium"}],
         "starting_after": {"duration_type": "month", "duration_count": 1}}])
    assert schedule.status == "created" and schedule.invoice.total == 20
    assert len(schedule.phases) == 2
    length = schedule.phases[1].starts_at - schedule.phases[0].starts_at
    assert abs(length - 30 * 86_400_000) < 1_000
    assert subscription(sdk, later, "sdk_premium").status == "scheduled"


def test_balances_locks_and_usage(world):
    sdk, _, _ = world
    customer_id = new_customer(sdk)
    assert sdk.call("batch_track", request=[
        {"customer_id": customer_id, "feature_id": "sdk_messages", "value": value}
        for value in (1, 2)]).success
    assert remaining(sdk, customer_id) == 2
    assert sdk.call("balances.create", customer_id=customer_id, feature_id="sdk_messages",
                    included_grant=50, balance_id="extra").success
    assert remaining(sdk, customer_id) == 52
    assert sdk.call("balances.update", customer_id=customer_id, feature_id="sdk_messages",
                    balance_id="extra", remaining=30).success
    assert remaining(sdk, customer_id) == 32
    lock = {"lock_id": new_id("lock"), "enabled": True}
    held = sdk.call("check", customer_id=customer_id, feature_id="sdk_messages",
                    required_balance=8, lock=lock)
    assert held.allowed and held.balance.remaining == 24
    assert refused(sdk.sdk.check, customer_id=customer_id, feature_id="sdk_messages",
                   lock=lock)[0] == "409 lock_already_exists"
    assert refused(sdk.sdk.balances.finalize, lock_id=lock["lock_id"], action="release",
                   override_value=1)[0] == "400 invalid_inputs"
    sdk.call("balances.finalize", lock_id=lock["lock_id"], action="confirm", override_value=5)
    assert remaining(sdk, customer_id) == 27
    assert refused(sdk.sdk.balances.finalize, lock_id=lock["lock_id"],
                   action="confirm")[0] == "400 invalid_request"
    again = {"lock_id": new_id("lock"), "enabled": True}
    sdk.call("track", customer_id=customer_id, feature_id="sdk_messages", value=7, lock=again)
    assert remaining(sdk, customer_id) == 20
    sdk.call("balances.finalize", lock_id=again["lock_id"], action="release")
    assert remaining(sdk, customer_id) == 27
    assert sdk.call("balances.delete", customer_id=customer_id, feature_id="sdk_messages",
                    balance_id="extra").success

    sdk.call("balances.create", customer_id=customer_id, feature_id="sdk_ai", included_grant=1)
    tokens = sdk.call("track_tokens", customer_id=customer_id, model_id="custom/one",
                      input_tokens=5_000, output_tokens=2_500)
    assert tokens.value == 0.0625 and tokens.balance.remaining == 0.9375


def test_a_denial_says_which_plans_would_help(world):
    sdk, _, _ = world
    customer_id = new_customer(sdk)
    for asked, scenario in (({"feature_id": "sdk_messages", "required_balance": 6}, "usage_limit"),
                            ({"feature_id": "sdk_sso"}, "feature_flag")):
        check = sdk.call("check", customer_id=customer_id, with_preview=True, **asked)
        assert not check.allowed and check.preview.scenario == scenario
        product = next(p for p in check.preview.products if p.id == "sdk_pro")
        assert (product.name, product.group, product.is_add_on) == ("Pro", "sdk", False)
        assert [item.price for item in product.items if item.type == "price"] == [20]
    assert sdk.call("check", customer_id=customer_id, feature_id="sdk_messages",
                    with_preview=True).preview is None


def test_the_description_names_each_route(world):
    sdk, _, server = world
    document = sdk.http.get(f"https://localhost:{server.port}/openapi.json").json()
    assert document["openapi"] == "3.1.0" and len(document["paths"]) == 57
    attach = document["paths"]["/v1/billing.attach"]["post"]
    body = attach["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["customer_id", "plan_id"]
    refusals = {"400", "401", "403", "404", "409", "415", "429", "500", "503"}
    assert set(attach["responses"]) == {"200"} | refusals
    absent = document["paths"]["/v1/platform.link_revenuecat"]["post"]
    assert set(absent["responses"]) == refusals | {"501"} and absent["description"]


def test_customers_entities_and_events(world):
    sdk, _, server = world
    customer_id = new_customer(sdk, name="Acme", email="acme@example.com", metadata={"a": "b"})
    customer = sdk.call(
        "customers.update", customer_id=customer_id, name="Acme Ltd", metadata={"c": "d"},
        billing_controls={"spend_limits": [
            {"feature_id": "sdk_messages", "enabled": True, "overage_limit": 25}]})
    assert (customer.name, customer.metadata) == ("Acme Ltd", {"a": "b", "c": "d"})
    assert customer.billing_controls.spend_limits[0].overage_limit == 25
    assert sdk.call("customers.update", customer_id=customer_id,
                    metadata={"a": None}).metadata == {"c": "d"}
    page = sdk.call("customers.list", limit=1)
    assert len(page.list) == 1 and page.list[0].id == customer_id and page.next_cursor
    assert sdk.call("customers.list", limit=1,
                    start_cursor=page.next_cursor).list[0].id != customer_id
    assert [c.id for c in sdk.call("customers.list", search=customer_id).list] == [customer_id]
    assert customer_id in [c.id for c in sdk.call(
        "customers.list", plans=[{"id": "sdk_free"}], subscription_status="active").list]

    buy(sdk, server, customer_id, "sdk_pro")
    for name in ("one", "two"):
        entity = sdk.call("entities.create", customer_id=customer_id,
                          entity_id=f"{customer_id}-{name}", feature_id="sdk_seats", name=name)
        assert entity.name == name and entity.customer_id == customer_id
    assert remaining(sdk, customer_id, "sdk_seats") == 1
    entity_id = f"{customer_id}-one"
    assert sdk.call("entities.get", entity_id=entity_id).id == entity_id
    limits = [{"feature_id": "sdk_messages", "enabled": True, "limit": 5, "interval": "month"}]
    entity = sdk.call("entities.update", customer_id=customer_id, entity_id=entity_id,
                      billing_controls={"usage_limits": limits})
    assert entity.billing_controls.usage_limits[0].limit == 5
    assert len(sdk.call("entities.list", customer_id=customer_id).list) == 2
    full = sdk.call("customers.get", customer_id=customer_id, expand=[
        "entities", "invoices", "payment_method", "rewards", "referrals", "trials_used",
        "subscriptions.plan", "balances.feature", "flags.feature"])
    assert len(full.entities) == 2 and [i.total for i in full.invoices] == [20]
    assert {s.plan_id: s.plan.name for s in full.subscriptions} == {"sdk_pro": "Pro"}
    assert full.balances["sdk_credits"].feature.credit_schema[0].credit_cost == 0.2
    assert sdk.call("entities.delete", entity_id=f"{customer_id}-two").success
    assert remaining(sdk, customer_id, "sdk_seats") == 2

    for value in (2, 3):
        sdk.call("track", customer_id=customer_id, feature_id="sdk_messages", value=value,
                 properties={"model": f"m{value}"})
    events = sdk.call("events.list", customer_id=customer_id, limit=1)
    assert [(e.value, e.properties) for e in events.list] == [(3, {"model": "m3"})]
    rest = sdk.call("events.list", customer_id=customer_id, limit=10,
                    start_cursor=events.next_cursor)
    assert [e.value for e in rest.list] == [2]
    for asked in ({}, {"range": "24h"}, {"range": "7d", "bin_size": "week"}):
        sums = sdk.call("events.aggregate", feature_id="sdk_messages",
                        customer_id=customer_id, **asked)
        assert (sums.total["sdk_messages"].sum, sums.total["sdk_messages"].count) == (5, 2)
        assert sum(row.values["sdk_messages"] for row in sums.list) == 5
    grouped = sdk.call("events.aggregate", feature_id=["sdk_messages"], customer_id=customer_id,
                       group_by="properties.model", range="24h")
    assert {"m2": 2, "m3": 3}.items() <= {
        group: total for row in grouped.list
        for group, total in row.grouped_values["sdk_messages"].items() if total}.items()
    assert sdk.call("customers.delete", customer_id=customer_id).success
    assert refused(sdk.sdk.customers.get, customer_id=customer_id)[0] == "404 customer_not_found"


def test_plans_features_and_rewards(world):
    sdk, _, _ = world
    assert sdk.call("features.get", feature_id="sdk_seats").consumable is False
    assert {"sdk_messages", "sdk_ai"} <= {f.id for f in sdk.call("features.list").list}
    assert sdk.call("features.update", feature_id="sdk_images", name="Pictures").name == "Pictures"
    assert sdk.call("plans.get", plan_id="sdk_pro").version == 1
    changed = sdk.call("plans.create", plan_id="sdk_changed", name="Changed", group="sdk_other",
                       price={"amount": 10, "interval": "month"},
                       free_trial={"duration_length": 7, "duration_type": "day"})
    assert changed.free_trial.card_required
    changed = sdk.call("plans.update", plan_id="sdk_changed",
                       price={"amount": 12.5, "interval": "month"})
    assert (changed.price.amount, changed.version, changed.name) == (12.5, 2, "Changed")
    assert changed.free_trial.duration_length == 7
    freed = sdk.call("plans.update", plan_id="sdk_changed", price=None, free_trial=None)
    assert freed.price is None and freed.free_trial is None
    assert sdk.call("plans.get", plan_id="sdk_changed", version=1).price.amount == 10
    customer_id = new_customer(sdk)
    actions = {plan.id: plan.customer_eligibility.attach_action for plan in sdk.call(
        "plans.list", request={"customer_id": customer_id}).list}
    assert actions["sdk_free"] == "none" and actions["sdk_packs"] == "purchase"
    assert actions["sdk_pro"] == "upgrade"
    assert all(plan.customer_eligibility is None for plan in sdk.call("plans.list").list)

    rewards = sdk.call("rewards.list")
    assert [(c.id, c.type, c.value) for c in rewards.coupons if c.id == "sdk_half"] == [
        ("sdk_half", "percentage_discount", 50)]
    granted = sdk.call("rewards.redeem_code", code="SDKGIFT", customer_id=customer_id)
    assert granted.reward_id == "sdk_gift" and granted.entitlements_granted[0].balance == 25
    assert remaining(sdk, customer_id) == 30
    code = sdk.call("referrals.create_code", customer_id=customer_id, program_id="sdk_friends")
    assert len(code.code) == 6 and code.customer_id == customer_id
    friend = new_customer(sdk)
    redeemed = sdk.call("referrals.redeem_code", code=code.code, customer_id=friend)
    assert (redeemed.customer_id, redeemed.reward_id) == (friend, "sdk_gift")
    assert remaining(sdk, friend) == 30 and remaining(sdk, customer_id) == 55


def test_what_is_archived(world):
    sdk, _, _ = world
    feature_id, plan_id = new_id("f"), new_id("p")
    sdk.call("features.create", feature_id=feature_id, name="Faxes", type_="metered",
             consumable=True)
    sdk.call("plans.create", plan_id=plan_id, name="Old", add_on=True,
             items=[{"feature_id": feature_id, "included": 3}])
    customer_id = new_customer(sdk)
    sdk.call("billing.attach", customer_id=customer_id, plan_id=plan_id)

    def listed(**asked):
        return {plan.id: plan.archived for plan in sdk.call("plans.list", request=asked).list}

    assert listed()[plan_id] is False
    # What somebody has can't be deleted, and can be archived.
    outcome, message = refused(sdk.call, "plans.delete", plan_id=plan_id)
    assert outcome == "409 invalid_request" and "archive it instead" in message
    outcome, message = refused(sdk.call, "features.delete", feature_id=feature_id)
    assert outcome == "409 invalid_request" and "archive it instead" in message
    archived = sdk.call("plans.update", plan_id=plan_id, archived=True)
    assert (archived.archived, archived.version, archived.name) == (True, 1, "Old")
    assert sdk.call("features.update", feature_id=feature_id, archived=True).archived
    assert plan_id not in listed() and listed(include_archived=True)[plan_id] is True
    assert plan_id not in listed(customer_id=customer_id)
    assert sdk.call("plans.get", plan_id=plan_id).archived
    assert {f.id: f.archived for f in sdk.call("features.list").list}[feature_id] is True

    # Who has it notices nothing, and who is to have it gets it.
    sdk.call("track", customer_id=customer_id, feature_id=feature_id, value=1)
    assert remaining(sdk, customer_id, feature_id) == 2
    later = new_customer(sdk)
    denied = sdk.call("check", customer_id=later, feature_id=feature_id, with_preview=True)
    assert not denied.allowed and denied.preview.products == []
    sdk.call("billing.attach", customer_id=later, plan_id=plan_id)
    assert remaining(sdk, later, feature_id) == 3
    [held] = [s for s in sdk.call("customers.get", customer_id=later, expand=[
        "subscriptions.plan"]).subscriptions if s.plan_id == plan_id]
    assert held.plan.archived

    assert sdk.call("plans.update", plan_id=plan_id, archived=False).archived is False
    assert sdk.call("features.update", feature_id=feature_id, archived=False).archived is False
    assert listed()[plan_id] is False


REFUSALS = [
    ("check", {"customer_id": "nobody", "feature_id": "sdk_messages"}, "404 customer_not_found"),
    ("check", {"customer_id": "$", "feature_id": "none"}, "404 feature_not_found"),
    ("check", {"customer_id": "$", "feature_id": "sdk_messages", "entity_id": "none"},
     "404 entity_not_found"),
    ("track", {"customer_id": "$", "feature_id": "sdk_messages", "timestamp": 1 << 52},
     "400 invalid_inputs"),
    ("track", {"customer_id": "$"}, "400 invalid_inputs"),
    ("billing.attach", {"customer_id": "$", "plan_id": "none"}, "404 product_not_found"),
    ("billing.attach", {"customer_id": "$", "plan_id": "sdk_free"}, "409 plan_already_attached"),
    ("billing.attach", {"customer_id": "$", "plan_id": "sdk_pro", "tax_rate_id": "t"},
     "400 invalid_inputs"),
    ("billing.attach", {"customer_id": "$", "plan_id": "sdk_pro",
                        "new_billing_subscription": True}, "400 invalid_request"),
    ("billing.attach", {"customer_id": "$", "plan_id": "sdk_pro", "success_url": "ftp://a"},
     "400 invalid_inputs"),
    ("billing.update", {"customer_id": "$", "plan_id": "sdk_pro",
                        "cancel_action": "cancel_immediately"}, "404 cus_product_not_found"),
    ("billing.update", {"customer_id": "$", "plan_id": "sdk_free"}, "400 invalid_inputs"),
    ("features.create", {"feature_id": "sdk_sso", "name": "S", "type_": "boolean"},
     "409 duplicate_feature_id"),
    ("features.create", {"feature_id": "new", "name": "S", "type_": "metered"},
     "400 invalid_inputs"),
    ("features.get", {"feature_id": "none"}, "404 feature_not_found"),
    ("features.update", {"feature_id": "none", "name": "N"}, "404 feature_not_found"),
    ("plans.create", {"plan_id": "sdk_pro", "name": "P"}, "400 product_already_exists"),
    ("plans.create", {"plan_id": "new", "name": "P", "items": [{"feature_id": "none"}]},
     "400 invalid_inputs"),
    ("plans.get", {"plan_id": "none"}, "404 product_not_found"),
    ("plans.update", {"plan_id": "none", "name": "N"}, "404 product_not_found"),
    ("balances.create", {"customer_id": "$", "feature_id": "sdk_messages"}, "400 invalid_inputs"),
    ("balances.delete", {"customer_id": "$", "balance_id": "none"}, "404 not_found"),
    ("entities.create", {"customer_id": "$", "entity_id": "e", "feature_id": "sdk_messages"},
     "400 invalid_inputs"),
    ("entities.get", {"entity_id": "nobody-has-it"}, "404 entity_not_found"),
    ("entities.list", {"start_cursor": "nonsense"}, "400 invalid_inputs"),
    ("customers.get_or_create", {"customer_id": None}, "400 invalid_inputs"),
    ("customers.update", {"customer_id": "$", "new_customer_id": "other"}, "400 invalid_request"),
    ("invoices.list", {"start_cursor": "nonsense"}, "400 invalid_inputs"),
    ("invoices.list", {"customer_id": "nobody"}, "404 customer_not_found"),
    ("customers.list", {"start_cursor": "nonsense"}, "400 invalid_inputs"),
    ("rewards.redeem_code", {"customer_id": "$", "code": "NONE"}, "404 promo_code_not_found"),
    ("referrals.create_code", {"customer_id": "$", "program_id": "none"},
     "404 reward_program_not_found"),
    ("referrals.redeem_code", {"customer_id": "$", "code": "ABCDEF"},
     "404 referral_code_not_found"),
]


@pytest.mark.parametrize("method, asked, outcome", REFUSALS)
def test_what_is_refused_says_so_and_changes_nothing(world, method, asked, outcome):
    sdk, _, _ = world
    customer_id = new_customer(sdk)
    asked = {key: customer_id if value == "$" else value for key, value in asked.items()}
    before = sdk.call("customers.get", customer_id=customer_id)
    assert refused(sdk.call, method, **asked)[0] == outcome
    assert sdk.call("customers.get", customer_id=customer_id) == before


def test_several_cancellations_are_one_invoice(world):
    sdk, client, server = world
    customer_id = customer_on_the_first(sdk, client)
    checkout.pay(sdk.call("billing.setup_payment", customer_id=customer_id).url, server.ca_file)
    sdk.call("billing.attach", customer_id=customer_id, plan_id="sdk_pro")
    sdk.call("billing.attach", customer_id=customer_id, plan_id="sdk_packs")
    move(client, 15, customer_id)
    asked = {"customer_id": customer_id, "updates": [
        {"plan_id": "sdk_pro", "cancel_action": "cancel_immediately"},
        {"plan_id": "sdk_packs", "cancel_action": "cancel_immediately"}]}
    preview = sdk.call("billing.preview_multi_update", **asked)
    assert preview.total == -12.5 and preview.currency == "usd"
    one, = preview.subscriptions
    assert one.plan_ids == ["sdk_pro", "sdk_packs"] and one.total == -12.5
    assert [line.total for line in one.line_items] == [-10, -2.5]
    assert {change.plan_id for change in one.outgoing} == {"sdk_pro", "sdk_packs"}
    key = {"http_headers": {"idempotency-key": new_id("k")}}
    done = sdk.call("billing.multi_update", **asked, **key)
    assert (done.invoice.total, done.payment_url) == (-12.5, None)
    assert sdk.call("billing.multi_update", **asked, **key) == done
    customer = sdk.call("customers.get", customer_id=customer_id)
    assert {s.plan_id for s in customer.subscriptions if s.status == "active"} == {"sdk_free"}
    totals = [i.total for i in sdk.call("invoices.list", customer_id=customer_id).list]
    assert sorted(totals) == [-12.5, 5, 20]
    outcome, message = refused(sdk.call, "billing.multi_update", customer_id=customer_id, updates=[
        {"plan_id": "sdk_free", "cancel_action": "uncancel"},
        {"plan_id": "sdk_free", "cancel_action": "cancel_end_of_cycle"}])
    assert outcome == "400 invalid_inputs" and "updates[1].cancel_action" in message


NOON = 1_790_000_000_000
HISTORY = {"stripe_id": "in_1", "status": "paid", "total": 49.99, "created_at": NOON}


def test_invoices_of_another_system_are_on_record_and_nothing_else(world):
    sdk, client, server = world
    customer_id, other = customer_on_the_first(sdk, client), new_customer(sdk)
    buy(sdk, server, customer_id, "sdk_pro")
    before = sdk.call("customers.get", customer_id=customer_id)
    reply = sdk.call("invoices.insert", invoices=[
        {**HISTORY, "customer_id": customer_id, "plan_ids": ["sdk_pro", "gone"],
         "amount_paid": 49.99, "refunded_amount": 10.5,
         "hosted_invoice_url": "https://pay.example.com/in_1"},
        {**HISTORY, "customer_id": other, "status": "open", "currency": "jpy", "total": 500},
        {**HISTORY, "customer_id": customer_id, "processor_type": "revenuecat",
         "status": "void", "total": -3, "created_at": NOON - 1}])
    first, second, third = reply.invoices
    assert (first.id, first.stripe_id, first.customer_id) == ("in_1", "in_1", customer_id)
    assert (first.total, first.amount_paid, first.refunded_amount) == (49.99, 49.99, 10.5)
    assert (first.plan_ids, first.currency, first.created_at) == (["sdk_pro", "gone"], "usd", NOON)
    assert first.hosted_invoice_url == "https://pay.example.com/in_1"
    assert (second.customer_id, second.total, second.currency) == (other, 500, "jpy")
    assert (second.amount_paid, second.refunded_amount, second.plan_ids) == (None, 0, [])
    assert (third.processor_type, third.status, third.total) == ("revenuecat", "void", -3)

    # Nothing is owed, and nothing else changed: it costs what it cost.
    assert sdk.call("customers.get", customer_id=customer_id) == before
    shown = sdk.call("customers.get", customer_id=customer_id, expand=["invoices"]).invoices
    assert [invoice.total for invoice in shown] == [20, 49.99, -3]
    assert sdk.call("billing.preview_attach", customer_id=customer_id,
                    plan_id="sdk_premium").total == 30

    # The same id again is the same invoice, as it is said now.
    again = sdk.call("invoices.insert", invoices=[
        {**HISTORY, "customer_id": customer_id, "status": "uncollectible", "total": 50}]).invoices
    assert [(invoice.status, invoice.total) for invoice in again] == [("uncollectible", 50)]
    mine = {"customer_id": customer_id}
    listed = sdk.call("invoices.list", **mine)
    assert [(i.total, i.status) for i in listed.list] == [
        (20, "paid"), (50, "uncollectible"), (-3, "void")]
    assert listed.list[1].amount_paid is None and listed.list[1].hosted_invoice_url is None
    for asked, totals in (({"processor_types": ["revenuecat"]}, [-3]),
                          ({"processor_types": ["stripe"]}, [20, 50]),
                          ({"status": ["paid", "void"]}, [20, -3]), ({"limit": 2}, [20, 50])):
        page = sdk.call("invoices.list", **mine, **asked)
        assert [invoice.total for invoice in page.list] == totals, asked
    rest = sdk.call("invoices.list", **mine, limit=2, start_cursor=page.next_cursor)
    assert [i.total for i in rest.list] == [-3] and rest.next_cursor is None
    portal = sdk.call("billing.open_customer_portal", **mine)
    html = checkout.open_page(portal.url, server.ca_file).body
    assert "Invoice in_1" in html and "50.00 USD" in html


@pytest.mark.parametrize("changed, outcome, where", [
    ({"stripe_id": "a b"}, "400 invalid_inputs", "stripe_id must be"),
    ({"total": 1.005}, "400 invalid_inputs", "total must be an amount"),
    ({"currency": "dollars"}, "400 invalid_inputs", "currency must be"),
    ({"refunded_amount": -1}, "400 invalid_inputs", "refunded_amount.minor_units"),
    ({"hosted_invoice_url": "javascript:1"}, "400 invalid_inputs", "hosted_invoice_url must"),
    ({"plan_ids": ["a b"]}, "400 invalid_inputs", "plan_ids[0] must"),
    ({"customer_id": "nobody"}, "404 customer_not_found", "nobody"),
    ({}, "400 invalid_inputs", "stripe_id appears twice"),
])
def test_one_wrong_invoice_and_none_is_recorded(world, changed, outcome, where):
    sdk, _, _ = world
    mine, other = {"customer_id": new_customer(sdk)}, {"customer_id": new_customer(sdk)}
    told, message = refused(sdk.call, "invoices.insert", invoices=[
        {**HISTORY, **other}, {**HISTORY, **mine}, {**HISTORY, **mine, **changed}])
    assert told == outcome and where in message
    if outcome.startswith("400"):
        assert message.startswith("invoices[2]")
    for whose in (mine, other):
        assert sdk.call("invoices.list", **whose).list == []


def test_invoices_of_all_customers_come_newest_first(world):
    sdk, _, _ = world
    customers = [new_customer(sdk) for _ in range(3)]
    # Older than whatever other tests have.
    asked = [{**HISTORY, "customer_id": customers[number % 3], "stripe_id": f"in_{number}",
              "created_at": 1_000_000_000_000 - number, "total": number} for number in range(20)]
    sdk.call("invoices.insert", invoices=asked)
    found, cursor = [], ""
    while cursor is not None:
        page = sdk.call("invoices.list", limit=7, start_cursor=cursor)
        assert len(page.list) == 7 or page.next_cursor is None
        found += [(invoice.created_at, invoice.customer_id, invoice.total)
                  for invoice in page.list]
        cursor = page.next_cursor
    assert found == sorted(found, key=lambda place: -place[0])
    old = [(invoice["created_at"], invoice["customer_id"], invoice["total"]) for invoice in asked]
    assert found[-20:] == old
    assert len(sdk.call("invoices.list", limit=5000).list) == len(found)


def test_entities_of_all_customers_come_newest_first(world):
    sdk, _, _ = world
    mine = []
    for _ in range(3):
        customer_id = new_customer(sdk)
        for number in range(2):
            sdk.call("balances.create", customer_id=customer_id, feature_id="sdk_seats",
                     included_grant=1)
            sdk.call("entities.create", customer_id=customer_id, entity_id=f"e{number}",
                     feature_id="sdk_seats", name=f"Unit {number}")
            mine.append((customer_id, f"e{number}"))
    found, cursor = [], ""
    while cursor is not None:
        page = sdk.call("entities.list", limit=4, start_cursor=cursor)
        assert len(page.list) == 4 or page.next_cursor is None
        found += page.list
        cursor = page.next_cursor
    assert [entity.created_at for entity in found] == sorted(
        (entity.created_at for entity in found), reverse=True)
    places = [(entity.customer_id, entity.id) for entity in found]
    assert set(places[:6]) == set(mine) and len(set(places)) == len(places)
    one = next(entity for entity in found if (entity.customer_id, entity.id) == mine[0])
    alone = sdk.call("entities.get", customer_id=mine[0][0], entity_id="e0")
    assert one.model_dump() == alone.model_dump()


def test_a_customer_without_an_id_is_found_by_the_email(world):
    sdk, _, _ = world
    email = f"{new_id('Ada')}@Example.com"
    first = sdk.call("customers.get_or_create", customer_id=None, email=email, name="Ada")
    assert (first.email, first.name) == (email, "Ada") and first.id.startswith("anon_")
    assert email.split("@")[0].lower() not in first.id
    again = sdk.call("customers.get_or_create", customer_id=None, email=email.lower())
    assert again == first
    other = sdk.call("customers.get_or_create", customer_id=None, email=f"x{email}")
    assert other.id != first.id
    sdk.call("track", customer_id=first.id, feature_id="sdk_messages", value=2)
    assert remaining(sdk, first.id) == 3


DAY = 86_400_000


def imported(sdk, customer_id, *billables, **more):
    return sdk.call("billing.import_", customer_id=customer_id, billables=list(billables), **more)


def test_what_another_system_ran_comes_in_as_it_stands(world):
    sdk, client, server = world
    customer_id = new_id("c")
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 1000)
    began = now - 40 * DAY
    pro = {"billing_cycle_anchor": began, "processor": "stripe", "plan": {
        "plan_id": "sdk_pro", "started_at": began, "quantity": 1, "balances": [
            {"feature_id": "sdk_messages", "usage": 30, "filter": {"interval": "month"}},
            {"feature_id": "sdk_credits", "balance": 4, "next_reset_at": now + 3 * DAY}]}}
    packs = {"plan": {"plan_id": "sdk_packs", "started_at": began, "status": "active",
                      "feature_quantities": [{"feature_id": "sdk_messages", "quantity": 20}]}}
    data = {"name": "Acme", "email": "acme@example.com"}
    dry = imported(sdk, customer_id, pro, packs, customer_data=data, dry_run=True)
    assert dry.customer is None and [f.skipped for f in dry.flashed] == [False, False]
    assert [f.customer_product_id for f in dry.flashed] == [None, None]
    assert refused(sdk.call, "customers.get", customer_id=customer_id)[0] == (
        "404 customer_not_found")

    reply = imported(sdk, customer_id, pro, packs, customer_data=data)
    assert [(f.plan_id, f.processor, f.status, f.skipped) for f in reply.flashed] == [
        ("sdk_pro", "stripe", "active", False), ("sdk_packs", "none", "active", False)]
    assert all(f.customer_product_id for f in reply.flashed)
    customer = reply.customer
    assert (customer.id, customer.name, customer.email) == (customer_id, "Acme", data["email"])
    assert customer.balances["sdk_messages"].remaining == 70 + 20
    assert customer.balances["sdk_credits"].remaining == 4
    assert customer.balances["sdk_credits"].next_reset_at == now + 3 * DAY
    held = subscription(sdk, customer_id, "sdk_pro")
    assert held.started_at == began and held.current_period_start <= now < held.current_period_end
    assert sdk.call("invoices.list", customer_id=customer_id).list == []

    # A second time nothing changes but the name, and what is used meanwhile stays used.
    sdk.call("track", customer_id=customer_id, feature_id="sdk_messages", value=5)
    again = imported(sdk, customer_id, pro, packs, customer_data={"name": "Acme Ltd"})
    assert [(f.skipped, bool(f.reason)) for f in again.flashed] == [(True, True)] * 2
    assert again.customer.balances["sdk_messages"].remaining == 85
    assert again.customer.name == "Acme Ltd"
    outcome, message = refused(sdk.call, "billing.import_", customer_id=customer_id,
                               billables=[packs])
    assert outcome == "400 invalid_request" and "sdk_pro" in message

    # The next period is charged here, once: 20 and 5 + 16.
    checkout.pay(sdk.call("billing.setup_payment", customer_id=customer_id).url, server.ca_file)
    end = subscription(sdk, customer_id, "sdk_pro").current_period_end
    client.call("AdvanceTestClock", clock_pb.AdvanceTestClockRequest(
        customer_id=customer_id, time=Timestamp(seconds=int(end) // 1000 + 60)))
    assert [i.total for i in sdk.call("invoices.list", customer_id=customer_id).list] == [41]


@pytest.mark.parametrize("changed, where", [
    ({"link": {"subscription_id": "sub_1"}}, "billables[0].link can't be taken over here"),
    ({"processor": "revenuecat"}, "billables[0].processor must be"),
    ({"plan": {"plan_id": "sdk_pro", "status": "trialing"}}, "billables[0].plan.status must be"),
    ({"plan": {"plan_id": "sdk_pro"}}, "billables[0].billing_cycle_anchor is required"),
    ({"plan": {"plan_id": "sdk_pro", "quantity": 2}}, "billables[0].plan.quantity must be 1"),
    ({"plan": {"plan_id": "none"}}, "none"),
    ({"plan": {"plan_id": "sdk_pro", "started_at": 1, "balances": [
        {"feature_id": "sdk_messages"}]}}, "billables[0].plan.balances[0].usage or balance"),
    ({"plan": {"plan_id": "sdk_pro", "started_at": 1, "balances": [
        {"feature_id": "sdk_messages", "usage": 1, "next_reset_at": 2}]}},
     "billables[0].plan.balances[0].next_reset_at must be in the future"),
    ({"plan": {"plan_id": "sdk_pro", "started_at": 1, "balances": [
        {"feature_id": "sdk_images", "usage": 1}]}}, "billables[0].plan.balances[0]"),
    ({"plan": {"plan_id": "sdk_pro", "started_at": 1, "balances": [
        {"feature_id": "sdk_messages", "usage": 1,
         "filter": {"billing_behavior": "prepaid"}}]}}, "billing_behavior"),
])
def test_what_an_import_cannot_honour_is_refused_by_name(world, changed, where):
    sdk, _, _ = world
    customer_id = new_id("c")
    outcome, message = refused(
        sdk.call, "billing.import_", customer_id=customer_id, billables=[changed])
    assert outcome[:3] in ("400", "404") and where in message, (outcome, message)
    assert refused(sdk.call, "customers.get", customer_id=customer_id)[0] == (
        "404 customer_not_found")


def test_what_nobody_uses_is_deleted(world):
    sdk, _, _ = world
    feature_id, plan_id = new_id("f"), new_id("p")
    made = {"feature_id": feature_id, "name": "Faxes", "type_": "metered", "consumable": True}
    sdk.call("features.create", **made)
    plan = {"plan_id": plan_id, "name": "Faxes", "add_on": True, "group": plan_id}
    sdk.call("plans.create", **plan, items=[{"feature_id": feature_id, "included": 1}])
    outcome, message = refused(sdk.call, "features.delete", feature_id=feature_id)
    assert outcome == "409 invalid_request" and f'the plan "{plan_id}"' in message
    outcome, message = refused(sdk.call, "features.delete", feature_id="sdk_images")
    assert outcome == "409 invalid_request" and 'the credit system "sdk_credits"' in message

    # Somebody has it; and nothing else is done.
    customer_id = new_customer(sdk)
    sdk.call("billing.attach", customer_id=customer_id, plan_id=plan_id)
    outcome, message = refused(sdk.call, "plans.delete", plan_id=plan_id)
    assert outcome == "409 invalid_request" and customer_id in message
    assert sdk.call("plans.get", plan_id=plan_id).id == plan_id
    sdk.call("customers.delete", customer_id=customer_id)

    # Two versions go together, once, however often it is asked.
    sdk.call("plans.update", plan_id=plan_id, items=[{"feature_id": feature_id, "included": 2}])
    outcome, message = refused(sdk.call, "plans.delete", plan_id=plan_id)
    assert outcome == "400 invalid_request" and "all_versions" in message
    key = {"http_headers": {"idempotency-key": new_id("k")}}
    for _ in range(2):
        assert sdk.call("plans.delete", plan_id=plan_id, all_versions=True, **key).success
    assert refused(sdk.call, "plans.delete", plan_id=plan_id)[0] == "404 product_not_found"
    assert refused(sdk.call, "plans.get", plan_id=plan_id)[0] == "404 product_not_found"
    assert plan_id not in {plan.id for plan in sdk.call("plans.list").list}
    assert sdk.call("features.delete", feature_id=feature_id).success
    assert refused(sdk.call, "features.get", feature_id=feature_id)[0] == "404 feature_not_found"

    # The ids are free, for another type too.
    sdk.call("features.create", feature_id=feature_id, name="Faxes", type_="boolean")
    assert sdk.call("plans.create", **plan, items=[{"feature_id": feature_id}]).version == 1
    sdk.call("billing.attach", customer_id=new_customer(sdk), plan_id=plan_id)


def test_a_retry_gets_the_first_answer_and_charges_nothing(world):
    sdk, client, server = world
    customer_id = customer_on_the_first(sdk, client)
    checkout.pay(sdk.call("billing.setup_payment", customer_id=customer_id).url, server.ca_file)
    asked = {"customer_id": customer_id, "plan_id": "sdk_pro",
             "http_headers": {"idempotency-key": new_id("k")}}
    first = sdk.call("billing.attach", **asked)
    assert sdk.call("billing.attach", **asked) == first and first.invoice.total == 20
    assert len(sdk.call("invoices.list", customer_id=customer_id).list) == 1
    key = {"http_headers": {"idempotency-key": new_id("k")}}
    for _ in range(2):
        sdk.call("batch_track", request=[
            {"customer_id": customer_id, "feature_id": "sdk_messages", "value": 1}] * 3, **key)
    assert remaining(sdk, customer_id) == 97


def test_the_lines_of_the_documentation_run(own_server):
    server = own_server
    subprocess.run(
        [BINARY, "catalog", "apply", "examples/pricing.json"], cwd=ROOT, check=True, env={
            "TALLY_CA": str(server.ca_file), "TALLY_KEY_FILE": str(server.key_file),
            "TALLY_SERVER": f"https://localhost:{server.port}"})
    text = (ROOT / "docs" / "json.md").read_text().partition("## Calling")[0]
    lines = "\n".join(line[4:] for line in text.split("\n") if line.startswith("    "))
    for said, here in ((".dev/sandbox.key", server.key_file), (".dev/ca.pem", server.ca_file),
                       ("7443", server.port)):
        assert said in lines
        lines = lines.replace(said, str(here))
    names = {}
    exec(lines, names)
    assert names["tally"].customers.get(customer_id="acme").id == "acme"


def test_each_method_works_or_says_that_it_is_not_there(world, capsys):
    """Last: the table of what the tests before have seen."""
    sdk, _, server = world
    customer, shop = {"customer_id": "c"}, {"organization_slug": "o", "env": "test"}
    for method, asked in {
            "licenses.attach": {**customer, "plan_id": "p", "entities": []},
            "licenses.release": {**customer, "entity_ids": []},
            "platform.get_revenue_cat_keys": shop, "platform.sync_revenue_cat": shop,
            "platform.link_revenue_cat": {
                **shop, "project_name": "p", "redirect_url": "https://example.com"}}.items():
        outcome, message = refused(sdk.call, method, **asked)
        assert outcome == "501 not_implemented" and message
    customer_id = new_customer(sdk)
    minted = sdk.call("keys.mint", customer_id=customer_id)
    renewing = Sdk(server, minted.refresh_token)
    renewing.outcomes = sdk.outcomes
    assert renewing.call("keys.refresh", request={}).access_token
    assert sdk.call("keys.revoke", customer_id=customer_id).revoked
    table = sdk.table()
    with capsys.disabled():
        print()
        for name, outcome in table:
            print(f"  {name:34} {outcome}")
    assert {name for name, outcome in table if outcome != "works"} == ABSENT
    assert len(table) == 56
