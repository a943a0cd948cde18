"""Explanations, previews, plan settings and shadow mode end to end, with stock stubs and the command
line."""

import json
import subprocess

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as pb
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import property_pb2 as property_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import TallyClient, new_id, refusal
from tally_server import BINARY

MONTH = pb.ResetInterval(interval=pb.INTERVAL_MONTH)


def catalog(shadow=True, **settings):
    """Ids of its own: the session's server is shared."""
    return pb.PricingCatalog(
        currency="usd",
        features=[
            pb.Feature(feature_id="x_calls", name="Calls", type=pb.FEATURE_TYPE_METERED),
            pb.Feature(feature_id="x_sso", name="SSO", type=pb.FEATURE_TYPE_BOOLEAN),
            pb.Feature(feature_id="x_seats", name="Seats", type=pb.FEATURE_TYPE_ALLOCATED),
            pb.Feature(feature_id="x_trial", name="Trial", type=pb.FEATURE_TYPE_METERED,
                       shadow=shadow),
            pb.Feature(feature_id="x_credits", name="Credits", type=pb.FEATURE_TYPE_CREDIT_SYSTEM,
                       credit_costs=[pb.CreditCost(feature_id="x_calls", credits="0.2")]),
        ],
        plans=[
            pb.Plan(plan_id="x_free", name="Free", group="x", items=[
                pb.PlanItem(feature_id="x_calls", included=10, reset=MONTH),
                pb.PlanItem(feature_id="x_trial", included=5, reset=MONTH)],
                controls=pb.Controls(usage_limits=[pb.UsageLimit(
                    feature_id="x_calls", enabled=True, limit=8, interval=pb.INTERVAL_DAY)])),
            pb.Plan(plan_id="x_pro", name="Pro", group="x",
                    price=pb.BasePrice(amount="20", interval=pb.INTERVAL_MONTH), items=[
                        pb.PlanItem(feature_id="x_calls", included=100, reset=MONTH),
                        pb.PlanItem(feature_id="x_sso")]),
            pb.Plan(plan_id="x_pack", name="Pack", add_on=True,
                    price=pb.BasePrice(amount="5", interval=pb.INTERVAL_ONE_OFF), items=[
                        pb.PlanItem(feature_id="x_credits", included=50)]),
        ], settings=pb.PricingSettings(**settings) if settings else None)


def publish(client, **more):
    return client.call("PublishCatalog", catalog_pb.PublishCatalogRequest(catalog=catalog(**more)))


@pytest.fixture(scope="module")
def client(client):
    publish(client)
    return client


@pytest.fixture
def customer(client):
    return made(client)


def made(client):
    customer_id = new_id("c")
    client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id))
    client.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="x_free", request_id=new_id("r")))
    return customer_id


def check(client, customer_id, feature_id, required=1, **more):
    return client.call("Check", check_pb.CheckRequest(
        customer_id=customer_id, feature_id=feature_id, required_quantity=required, **more))


def explain(client, customer_id, feature_id, required=1, **more):
    return client.call("ExplainCheck", check_pb.ExplainCheckRequest(
        customer_id=customer_id, feature_id=feature_id, required_quantity=required, **more))


def track(client, customer_id, feature_id, value, **more):
    return client.call("Track", usage_pb.TrackRequest(
        customer_id=customer_id, feature_id=feature_id, value=value, request_id=new_id("r"), **more))


def grant(client, customer_id, feature_id, granted, **more):
    client.call("CreateBalance", customers_pb.CreateBalanceRequest(
        customer_id=customer_id, feature_id=feature_id, granted=granted, request_id=new_id("r"),
        **more))


def rules(pool):
    return [check_pb.CheckRule.Name(rule.rule).removeprefix("CHECK_RULE_") for rule in pool.rules]


def test_an_explanation_is_the_checks_answer_and_how_it_came(client, customer):
    grant(client, customer, "x_calls", 4, balance_id="gift")
    grant(client, customer, "x_credits", 6)
    client.call("CreateEntity", customers_pb.CreateEntityRequest(
        customer_id=customer, entity_id="ada", feature_id="x_seats", request_id=new_id("r")))
    grant(client, customer, "x_calls", 3, entity_id="ada")
    for required in (-2, 0, 1, 8, 9, 14, 500):
        for entity in ("", "ada"):
            told = explain(client, customer, "x_calls", required, entity_id=entity)
            assert told.answer == check(client, customer, "x_calls", required, entity_id=entity)
    told = explain(client, customer, "x_calls", 9)
    own, credits = told.pools
    assert (own.feature_id, own.owned, own.decides) == ("x_calls", True, False)
    assert rules(own) == ["OWNED", "UNLIMITED", "NEGATIVE", "USAGE_LIMIT"]
    assert (own.rules[-1].required_quantity, own.rules[-1].available) == (9, 8)
    limit, = own.limits
    assert (limit.owner, limit.plan_id) == (check_pb.LIMIT_OWNER_PLAN, "x_free")
    assert (limit.usage_limit.limit.limit, limit.usage_limit.headroom) == (8, 8)
    assert limit.usage_limit.end_time.seconds > limit.usage_limit.start_time.seconds
    # 9 calls are 1.8 credits; the daily limit on calls leaves 1.6.
    assert (credits.feature_id, credits.credits, credits.decides) == ("x_credits", "0.2", True)
    assert credits.required_quantity == pytest.approx(1.8)
    assert credits.reason == told.answer.reason == check_pb.CHECK_REASON_USAGE_LIMIT
    assert [(part.balance_id, part.gives) for part in told.parts] == [
        (told.parts[0].balance_id, 8), ("gift", 0), (told.parts[2].balance_id, 0)]
    assert told.missing == 1 and told.part_count == 3
    assert [(part.entity_id, part.balance, part.reason) for part in told.excluded] == [
        ("ada", 3, check_pb.EXCLUDED_PART_REASON_ENTITY_ONLY)]


def test_what_is_explained_is_what_a_deduction_draws(client, customer):
    grant(client, customer, "x_credits", 6)
    track(client, customer, "x_calls", 5)
    told = explain(client, customer, "x_calls", 3)
    drawn = check(client, customer, "x_calls", 3, deduct=True, request_id=new_id("r"))
    assert told.answer.allowed and drawn.allowed
    assert [part.gives for part in told.parts if part.gives] == [3]
    assert drawn.balance.remaining == told.answer.balance.remaining - 3


def test_explaining_is_a_read_and_is_refused_as_a_check_is(client, server, customer):
    for fields, code, reason in [
            ({"customer_id": ""}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
            ({"customer_id": "nobody"}, grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND"),
            ({"feature_id": "nothing"}, grpc.StatusCode.NOT_FOUND, "FEATURE_NOT_FOUND"),
            ({"entity_id": "nobody"}, grpc.StatusCode.NOT_FOUND, "ENTITY_NOT_FOUND"),
            ({"required_quantity": float("nan")}, grpc.StatusCode.INVALID_ARGUMENT,
             "INVALID_ARGUMENT")]:
        request = check_pb.ExplainCheckRequest(
            **{"customer_id": customer, "feature_id": "x_calls", **fields})
        said = refusal(client.call, "ExplainCheck", request)
        assert (said.code, said.reason) == (code, reason)
    stranger = TallyClient(server, "tally_sk_sandbox_unknown")
    said = refusal(stranger.call, "ExplainCheck", check_pb.ExplainCheckRequest(
        customer_id=customer, feature_id="x_calls"))
    assert said.code == grpc.StatusCode.UNAUTHENTICATED
    stranger.close()


def test_a_denial_offers_what_would_help(client, customer):
    denied = check(client, customer, "x_sso", with_preview=True)
    assert not denied.allowed
    assert denied.preview.scenario == check_pb.CHECK_PREVIEW_SCENARIO_FEATURE_FLAG
    assert (denied.preview.feature_id, denied.preview.feature_name) == ("x_sso", "SSO")
    pro, = denied.preview.plans
    assert (pro.plan_id, pro.name, pro.price.amount, pro.revision) == ("x_pro", "Pro", "20", 1)
    denied = check(client, customer, "x_calls", 50, with_preview=True)
    assert denied.preview.scenario == check_pb.CHECK_PREVIEW_SCENARIO_USAGE_LIMIT
    assert [plan.plan_id for plan in denied.preview.plans] == ["x_pack", "x_pro"]
    assert [item.included for item in denied.preview.plans[1].items] == [100]
    assert not check(client, customer, "x_calls", 50).HasField("preview")
    assert not check(client, customer, "x_calls", 1, with_preview=True).HasField("preview")
    deducted = check(client, customer, "x_calls", 50, with_preview=True, deduct=True,
                     request_id=new_id("r"))
    assert deducted.preview == denied.preview and deducted.balance.remaining == 10
    batch = client.call("BatchCheck", check_pb.BatchCheckRequest(customer_id=customer, items=[
        check_pb.CheckRequest(feature_id="x_sso", with_preview=True),
        check_pb.CheckRequest(feature_id="x_sso")]))
    assert [answer.HasField("preview") for answer in batch.results] == [True, False]
    said = refusal(client.call, "Check", check_pb.CheckRequest(
        customer_id=customer, plan_id="x_pro", with_preview=True))
    assert said.fields == ["with_preview"]


def events(client, customer_id, **properties):
    return client.call("ListEvents", usage_pb.ListEventsRequest(selection=usage_pb.EventSelection(
        customer_id=customer_id, properties=properties))).events


def test_shadow_mode_records_and_does_not_enforce(client, customer):
    assert not check(client, customer, "x_trial", 5).shadow
    told = check(client, customer, "x_trial", 7)
    assert (told.allowed, told.shadow) == (True, True)
    assert told.reason == check_pb.CHECK_REASON_INSUFFICIENT_BALANCE
    used = check(client, customer, "x_trial", 7, deduct=True, request_id=new_id("r"))
    assert (used.allowed, used.shadow, used.balance.overage) == (True, True, 2)
    tracked = track(client, customer, "x_trial", 3,
                    overage_behavior=usage_pb.OVERAGE_BEHAVIOR_REJECT)
    assert tracked.balance.overage == 5
    track(client, customer, "x_trial", -1)
    assert [event.value for event in events(client, customer)] == [-1, 3, 7]
    denied = events(client, customer, **{"$shadow": property_pb.PropertyValue(
        string_value="insufficient_balance")})
    assert [event.value for event in denied] == [3, 7]
    said = refusal(client.call, "Track", usage_pb.TrackRequest(
        customer_id=customer, feature_id="x_trial",
        properties={"$shadow": property_pb.PropertyValue(string_value="no")}))
    assert said.code == grpc.StatusCode.INVALID_ARGUMENT
    assert explain(client, customer, "x_trial", 3).answer == check(client, customer, "x_trial", 3)


def test_shadow_mode_off_is_enforced_from_then_on(own_client, own_server):
    publish(own_client)
    customer = made(own_client)
    track(own_client, customer, "x_trial", 9)
    changes = publish(own_client, shadow=False).changes
    assert [(change.kind, change.id) for change in changes] == [("feature", "x_trial")]
    for _ in range(2):
        told = check(own_client, customer, "x_trial")
        assert (told.allowed, told.shadow, told.balance.overage) == (False, False, 4)
        said = refusal(own_client.call, "Track", usage_pb.TrackRequest(
            customer_id=customer, feature_id="x_trial",
            overage_behavior=usage_pb.OVERAGE_BEHAVIOR_REJECT))
        assert said.reason == "INSUFFICIENT_BALANCE"
        own_server.kill()
        own_server.start()


def test_settings_are_published_and_survive(own_client, own_server):
    publish(own_client)
    customer = made(own_client)
    grant(own_client, customer, "x_calls", 20)
    changes = publish(own_client, include_past_due=False, reverse_deduction_order=True).changes
    assert [change.kind for change in changes] == ["settings"]
    assert not publish(own_client).changes
    for _ in range(2):
        settings = own_client.call("GetCatalog", catalog_pb.GetCatalogRequest()).catalog.settings
        assert settings.HasField("include_past_due") and not settings.include_past_due
        assert settings.reverse_deduction_order
        # What never resets goes first now.
        assert [part.balance for part in explain(own_client, customer, "x_calls").parts] == [20, 10]
        own_server.kill()
        own_server.start()


def tally(server, *arguments):
    return subprocess.run(
        [BINARY, *arguments, "--server", f"https://localhost:{server.port}", "--ca", server.ca_file,
         "--key-file", server.key_file], capture_output=True, text=True, timeout=30)


def test_the_command_line_explains(client, server, customer):
    grant(client, customer, "x_credits", 6)
    shown = tally(server, "explain", customer, "x_calls", "9")
    assert shown.returncode == 0, shown.stderr
    for text in ["denied (usage limit)", "do usage limits leave 9? 8 left -> usage limit", "plan x_free",
                 "x_credits at 0.2 a unit: 1.8  <- decides", "missing: 1"]:
        assert text in shown.stdout, shown.stdout
    told = json.loads(tally(server, "explain", customer, "x_calls", "9", "--json").stdout)
    assert told["answer"]["reason"] == "usage_limit" and len(told["parts"]) == 2
    assert tally(server, "explain", customer, "nothing").returncode == 2
    assert tally(server, "explain", customer, "x_calls", "--property", "model").returncode == 64
    shown = tally(server, "explain", customer, "x_calls", "--property", "model=large")
    assert shown.returncode == 0 and "allowed (included)" in shown.stdout, shown.stderr
    offered = tally(server, "check", customer, "x_sso", "--preview")
    assert offered.returncode == 1 and "x_pro: 20 each month" in offered.stdout
    passed = tally(server, "check", customer, "x_trial", "--required", "9")
    assert passed.returncode == 0
    assert "allowed (insufficient balance, but in shadow mode)" in passed.stdout
