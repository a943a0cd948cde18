"""Tokens at what they cost, slots that are held open, controls for every feature, entities that wait
for an id: end to end, and over a restart."""

import json
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as pb
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import hold_pb2 as hold_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import TallyClient, new_id, refusal
from tally_server import BINARY, ROOT, TallyServer

MONTH = pb.ResetInterval(interval=pb.INTERVAL_MONTH)
PRICES = {"openai/gpt-5": {"input": 5, "output": "15"}, "other/one": {"input": 1, "output": 1}}
CATALOG = pb.PricingCatalog(
    currency="usd",
    features=[
        pb.Feature(feature_id="ai_credits", name="AI credits",
                   type=pb.FEATURE_TYPE_AI_CREDIT_SYSTEM,
                   provider_markups=[pb.ProviderMarkup(provider="other", percentage=50)],
                   model_markups=[pb.ModelMarkup(
                       model_id="custom/mine", prices=pb.TokenPrices(input="2", output="4"))]),
        pb.Feature(feature_id="orbs", name="Orbs", type=pb.FEATURE_TYPE_CREDIT_SYSTEM,
                   credit_costs=[pb.CreditCost(feature_id="ai_credits", credits="1000")]),
        pb.Feature(feature_id="jobs", name="Jobs", type=pb.FEATURE_TYPE_CONCURRENCY),
        pb.Feature(feature_id="calls", name="Calls", type=pb.FEATURE_TYPE_METERED),
        pb.Feature(feature_id="desks", name="Desks", type=pb.FEATURE_TYPE_ALLOCATED),
    ],
    plans=[
        pb.Plan(plan_id="ai", name="AI", group="ai", items=[
            pb.PlanItem(feature_id="ai_credits", included=10, reset=MONTH)]),
        pb.Plan(plan_id="orbs", name="Orbs", group="ai", items=[
            pb.PlanItem(feature_id="orbs", included=100, reset=MONTH)]),
        pb.Plan(plan_id="three", name="Three", group="jobs", items=[
            pb.PlanItem(feature_id="jobs", included=3)]),
        pb.Plan(plan_id="one", name="One", group="jobs", items=[
            pb.PlanItem(feature_id="jobs", included=1)]),
        pb.Plan(plan_id="desks", name="Desks", group="desks", items=[
            pb.PlanItem(feature_id="desks", included=2),
            pb.PlanItem(feature_id="calls", included=50, reset=MONTH,
                        entity_feature_id="desks")]),
    ])


def write_prices(path, prices):
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"models": prices}))
    draft.rename(path)


@pytest.fixture(scope="module")
def priced(tmp_path_factory, certificates):
    """A server with a price list of its own."""
    folder = tmp_path_factory.mktemp("priced")
    server = TallyServer(folder, certificates)
    server.prices = folder / "prices.json"
    write_prices(server.prices, PRICES)
    server.environment["TALLY_MODEL_PRICES"] = str(server.prices)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def client(priced):
    client = TallyClient(priced, priced.key)
    client.call("PublishCatalog", catalog_pb.PublishCatalogRequest(catalog=CATALOG))
    yield client
    client.close()


@pytest.fixture
def customer(client):
    return made(client)


def made(client, *plans):
    customer_id = new_id("c")
    client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id))
    for plan in plans:
        attach(client, customer_id, plan)
    return customer_id


def attach(client, customer_id, plan_id):
    client.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id=plan_id, request_id=new_id("r")))


def tokens(customer_id, model_id="openai/gpt-5", input=5_000, output=2_500, **more):
    return usage_pb.TrackTokensRequest(
        customer_id=customer_id, model_id=model_id, input_tokens=input, output_tokens=output,
        **{"request_id": new_id("r"), **more})


def hold(client, customer_id, hold_id, count=1, seconds=None, **more):
    expires = None
    if seconds is not None:
        expires = Timestamp()
        expires.FromMilliseconds(int((time.time() + seconds) * 1000))
    return client.call("Check", check_pb.CheckRequest(
        customer_id=customer_id, feature_id="jobs", required_quantity=count, deduct=True,
        request_id=new_id("r"), hold=hold_pb.HoldRequest(hold_id=hold_id, expire_time=expires),
        **more))


def settle(client, customer_id, hold_id, **more):
    return client.call("SettleHold", check_pb.SettleHoldRequest(
        customer_id=customer_id, hold_id=hold_id, request_id=new_id("r"), **more))


def free(client, customer_id):
    return client.call("Check", check_pb.CheckRequest(
        customer_id=customer_id, feature_id="jobs", required_quantity=1))


def said_after(server, start, words):
    end = time.monotonic() + 10
    while words not in server.log.read_text()[start:]:
        assert time.monotonic() < end, server.log.read_text()[start:]
        time.sleep(0.05)


def test_tokens_cost_what_the_list_says(client):
    customer = made(client, "ai")
    first = client.call("TrackTokens", tokens(customer))
    assert (first.cost, first.feature_id, first.replayed) == (0.0625, "ai_credits", False)
    assert first.balance.remaining == 9.9375
    assert [(draw.feature_id, draw.value) for draw in first.deductions] == [("ai_credits", 0.0625)]
    second = client.call("TrackTokens", tokens(customer, input=10_000, output=5_000))
    assert (second.cost, second.balance.remaining) == (0.125, 9.8125)
    marked = client.call("TrackTokens", tokens(customer, "other/one", 1_000_000, 0))
    assert marked.cost == 1.5
    own = client.call("TrackTokens", tokens(customer, "custom/mine", 500_000, 500_000))
    assert own.cost == 3
    cached = client.call("TrackTokens", tokens(
        customer, input=0, output=0, cache_read_tokens=1_000, reasoning_tokens=1_000))
    assert cached.cost == 0.02


def test_orbs_pay_for_tokens(client):
    customer = made(client, "orbs")
    reply = client.call("TrackTokens", tokens(customer))
    assert (reply.cost, reply.balance.feature_id, reply.balance.remaining) == (0.0625, "orbs", 37.5)
    said = refusal(client.call, "TrackTokens", tokens(
        customer, input=1_000_000, overage_behavior=usage_pb.OVERAGE_BEHAVIOR_REJECT))
    assert (said.code, said.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION, "INSUFFICIENT_BALANCE")


def test_a_model_without_a_price_is_refused(client):
    customer = made(client, "ai")
    said = refusal(client.call, "TrackTokens", tokens(customer, "openai/unheard"))
    assert (said.code, said.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["model_id"])
    assert "model-prices" in said.message and "model_markups" in said.message
    for model in ("gpt", "/gpt", "openai/", ""):
        assert refusal(client.call, "TrackTokens", tokens(customer, model)).fields == ["model_id"]
    said = refusal(client.call, "TrackTokens", tokens(customer, feature_id="calls"))
    assert said.fields == ["feature_id"]


def test_a_batch_of_tokens_is_all_or_nothing(client):
    customer = made(client, "ai")

    def item(model_id):
        return tokens("", model_id, request_id="")

    batch = usage_pb.BatchTrackTokensRequest(
        customer_id=customer, items=[item("openai/gpt-5"), item("openai/unheard")],
        request_id=new_id("r"))
    assert refusal(client.call, "BatchTrackTokens", batch).fields == ["items[1].model_id"]
    batch.items[1].model_id = "other/one"
    reply = client.call("BatchTrackTokens", batch)
    assert [result.cost for result in reply.results] == [0.0625, 0.01125]
    assert reply.results[1].balance.remaining == 9.92625
    again = client.call("BatchTrackTokens", batch)
    assert again.replayed and again.results[1].balance.remaining == 9.92625


def test_events_are_summed_by_model(client):
    customer = made(client, "ai")
    for model in ("openai/gpt-5", "other/one", "openai/gpt-5"):
        client.call("TrackTokens", tokens(customer, model))
    start, end = Timestamp(), Timestamp()
    start.FromMilliseconds(int((time.time() - 86_400) * 1000))
    end.FromMilliseconds(int((time.time() + 86_400) * 1000))
    sums = client.call("AggregateEvents", usage_pb.AggregateEventsRequest(
        selection=usage_pb.EventSelection(
            customer_id=customer, start_time=start, end_time=end), property_key="$model"))
    assert {series.value.string_value: (series.total_sum, series.total_count)
            for series in sums.series} == {
                "openai/gpt-5": (0.125, 2), "other/one": (0.01125, 1)}
    listed = client.call("ListEvents", usage_pb.ListEventsRequest(
        selection=usage_pb.EventSelection(customer_id=customer))).events
    assert [event.properties["$input_tokens"].number_value for event in listed] == [5_000] * 3


def test_a_retry_gets_the_first_answer_though_prices_changed(client, priced):
    customer = made(client, "ai")
    request = tokens(customer)
    first = client.call("TrackTokens", request)
    start = len(priced.log.read_text())
    write_prices(priced.prices, {**PRICES, "openai/gpt-5": {"input": 50, "output": 150}})
    try:
        priced.process.send_signal(signal.SIGHUP)
        said_after(priced, start, "new model prices count from now on")
        again = client.call("TrackTokens", request)
        assert again.replayed and again.cost == first.cost == 0.0625
        assert client.call("TrackTokens", tokens(customer)).cost == 0.625
        start = len(priced.log.read_text())
        write_prices(priced.prices, {"openai/gpt-5": {"input": "much", "output": 1}})
        said_after(priced, start, "the new model prices were refused")
        fault = priced.log.read_text()[start:]
        assert "openai/gpt-5" in fault and "input" in fault
        assert client.call("TrackTokens", tokens(customer)).cost == 0.625
    finally:
        start = len(priced.log.read_text())
        write_prices(priced.prices, PRICES)
        said_after(priced, start, "new model prices count from now on")


def test_a_price_list_that_makes_no_sense_keeps_the_server_from_starting(tmp_path, certificates):
    server = TallyServer(tmp_path, certificates)
    prices = tmp_path / "prices.json"
    for content, words in [
            (None, "there is no file"),
            ("{", "line 1"),
            ('{"models": {"a/b": {"input": 1}}}', 'model "a/b", field "output"')]:
        if content is not None:
            prices.write_text(content)
        done = subprocess.run(
            server.command(), env={"TALLY_MODEL_PRICES": str(prices)}, cwd=ROOT,
            capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and words in done.stderr, done.stderr


def test_the_command_line_tracks_tokens(client, priced):
    customer = made(client, "ai")

    def run(*words):
        done = subprocess.run(
            [BINARY, "track-tokens", customer, *words, "--server",
             f"https://127.0.0.1:{priced.port}", "--ca", priced.ca_file, "--key-file",
             priced.key_file], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=30, cwd=ROOT)
        return done.returncode, done.stdout, done.stderr

    counts = ("--input", "5000", "--output", "2500")
    code, out, err = run("openai/gpt-5", *counts, "--json", "--property", "team=a")
    assert code == 0, out + err
    assert json.loads(out)["cost"] == 0.0625
    code, out, _ = run("openai/gpt-5", *counts)
    assert code == 0 and out.startswith("openai/gpt-5 cost 0.0625 ai_credits: 9.875 of 10")
    code, _, err = run("openai/unheard", *counts)
    assert code == 2 and "model_id" in err


def test_slots_are_taken_by_holds_and_given_back(client):
    customer = made(client, "three")
    for number in range(3):
        taken = hold(client, customer, f"job-{number}")
        assert taken.allowed and taken.balance.remaining == 2 - number
    denied = hold(client, customer, "job-3")
    assert not denied.allowed
    assert denied.reason == check_pb.CHECK_REASON_CONCURRENCY_LIMIT
    assert (denied.balance.granted, denied.balance.usage, denied.balance.remaining) == (3, 3, 0)
    assert settle(client, customer, "job-1", value=1).balance.remaining == 1
    assert free(client, customer).allowed
    assert settle(client, customer, "job-0", value=0).balance.remaining == 2
    said = refusal(client.call, "Track", usage_pb.TrackRequest(
        customer_id=customer, feature_id="jobs", value=1, request_id=new_id("r")))
    assert said.fields == ["feature_id"] and "SettleHold" in said.message
    said = refusal(client.call, "Check", check_pb.CheckRequest(
        customer_id=customer, feature_id="jobs", deduct=True, request_id=new_id("r")))
    assert said.fields == ["hold"]


def test_a_slot_comes_back_when_its_hold_expires(client):
    customer = made(client, "one")
    assert hold(client, customer, "job", seconds=1).allowed
    assert not free(client, customer).allowed
    time.sleep(1.2)
    assert free(client, customer).allowed


def test_many_callers_take_no_more_than_there_is(client):
    customer = made(client, "three")
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda n: hold(client, customer, f"job-{n}").allowed, range(60)))
    assert sum(taken) == 3


def test_a_lower_limit_leaves_open_holds_standing(client):
    customer = made(client, "three")
    for number in range(3):
        hold(client, customer, f"job-{number}")
    attach(client, customer, "one")
    shown = free(client, customer)
    assert not shown.allowed and (shown.balance.granted, shown.balance.usage) == (1, 3)
    for number in range(2):
        settle(client, customer, f"job-{number}")
        assert not free(client, customer).allowed
    settle(client, customer, "job-2")
    assert free(client, customer).allowed


def test_controls_for_every_feature(client, customer):
    def update(**lists):
        return client.call("UpdateControls", customers_pb.UpdateControlsRequest(
            customer_id=customer, request_id=new_id("r"), **lists))

    limits = customers_pb.SpendLimitList(items=[
        pb.SpendLimit(enabled=True, overage_percentage=20),
        pb.SpendLimit(feature_id="calls", enabled=True)])
    alerts = customers_pb.UsageAlertList(items=[pb.UsageAlert(
        enabled=True, threshold=80, measure=pb.USAGE_ALERT_MEASURE_USAGE_PERCENTAGE)])
    shown = update(spend_limits=limits, usage_alerts=alerts).customer.controls
    assert list(shown.spend_limits) == list(limits.items)
    assert list(shown.usage_alerts) == list(alerts.items)
    for wrong, field in [
            (pb.SpendLimit(enabled=True, overage_limit=5), "spend_limits[0].feature_id"),
            (pb.SpendLimit(feature_id="jobs", overage_limit=5), "spend_limits[0].feature_id")]:
        said = refusal(lambda: update(spend_limits=customers_pb.SpendLimitList(items=[wrong])))
        assert said.fields == [field]


def create_entity(customer_id, entity_id=""):
    return customers_pb.CreateEntityRequest(
        customer_id=customer_id, entity_id=entity_id, feature_id="desks", request_id=new_id("r"))


def test_an_entity_without_an_id_is_claimed(client):
    customer = made(client, "desks")
    waiting = client.call("CreateEntity", create_entity(customer)).entity
    assert waiting.entity_id == ""
    said = refusal(client.call, "CreateEntity", create_entity(customer))
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ENTITY_ID_REQUIRED")
    assert said.fields == ["entity_id"]
    ada = client.call("CreateEntity", create_entity(customer, "ada")).entity
    assert ada.create_time == waiting.create_time
    client.call("CreateEntity", create_entity(customer, "bob"))
    got = client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer)).customer
    assert {balance.feature_id: (balance.usage, balance.granted) for balance in got.balances} == {
        "desks": (2, 2), "calls": (0, 100)}
    listed = client.call("ListEntities", customers_pb.ListEntitiesRequest(customer_id=customer))
    assert [entity.entity_id for entity in listed.entities] == ["ada", "bob"]


def test_all_of_it_survives_a_kill(client, priced):
    customer = made(client, "ai", "three", "desks")
    request = tokens(customer)
    client.call("TrackTokens", request)
    hold(client, customer, "job-1", 2)
    client.call("CreateEntity", create_entity(customer))
    client.call("UpdateControls", customers_pb.UpdateControlsRequest(
        customer_id=customer, request_id=new_id("r"),
        spend_limits=customers_pb.SpendLimitList(items=[pb.SpendLimit(enabled=False)])))
    get = customers_pb.GetCustomerRequest(customer_id=customer)
    before = client.call("GetCustomer", get)
    catalog = client.call("GetCatalog", catalog_pb.GetCatalogRequest())
    priced.kill()
    priced.start()
    assert client.call("GetCustomer", get) == before
    assert client.call("GetCatalog", catalog_pb.GetCatalogRequest()) == catalog
    again = client.call("TrackTokens", request)
    assert again.replayed and again.cost == 0.0625
    assert hold(client, customer, "job-2", 2).reason == check_pb.CHECK_REASON_CONCURRENCY_LIMIT
    assert client.call("CreateEntity", create_entity(customer, "ada")).entity
