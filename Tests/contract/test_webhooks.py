"""Notifications on their way out: signed, in order, again after a failure or a crash, on request."""

import base64
import json
import os
import random
import ssl
import subprocess
import time

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as customer_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import webhook_service_pb2 as hooks_pb

import checkout
import portal
import pricing
from receiver import Receiver, verified
from tally_client import TallyClient, new_id, refusal
from tally_server import BINARY, ROOT, TallyServer
from test_clock import move
from test_metrics import page as metrics_page
from test_walkthrough import attach, buy, new_customer, track

SECRETS = ["whsec_" + base64.b64encode(os.urandom(32)).decode() for _ in range(2)]


class Bench:
    """A server that tells a receiver."""

    def __init__(self, folder, certificates, **settings):
        self.receiver = Receiver()
        self.server = TallyServer(folder, certificates)
        self.server.environment = {
            "TALLY_WEBHOOKS": "billing", "TALLY_WEBHOOK_BILLING_ENVIRONMENT": "sandbox",
            "TALLY_WEBHOOK_BILLING_URL": self.receiver.url,
            "TALLY_WEBHOOK_BILLING_SECRET": SECRETS[0], **settings}
        self.client = None

    def start(self):
        self.server.start()
        self.client = TallyClient(self.server, self.server.key)
        pricing.publish(self.client)

    def restart(self):
        """kill -9, and again."""
        self.client.close()
        self.server.kill()
        self.server.start()
        self.client = TallyClient(self.server, self.server.key)

    def endpoint(self):
        reply = self.client.call("ListWebhookEndpoints", hooks_pb.ListWebhookEndpointsRequest())
        return reply.endpoints[0]

    def wait_until(self, holds):
        end = time.monotonic() + 20
        while not holds(self.endpoint()):
            assert time.monotonic() < end, self.endpoint()
            time.sleep(0.02)

    def replay(self, **request):
        return self.client.call("ReplayWebhooks", hooks_pb.ReplayWebhooksRequest(
            endpoint="billing", **request)).endpoint

    def close(self):
        if self.client:
            self.client.close()
        self.server.kill()
        self.receiver.close()


@pytest.fixture
def bench(tmp_path, certificates):
    bench = Bench(tmp_path, certificates)
    try:
        bench.start()
        yield bench
    finally:
        bench.close()


def types(messages):
    return [message.type for message in messages]


def test_a_plan_is_one_change_signed_so_that_anybody_can_tell(bench):
    customer = new_customer(bench.client)
    buy(bench.client, bench.server, customer, "test_pro")
    messages = bench.receiver.wait_for(3, customer)
    assert sorted(types(messages)) == [
        "billing.updated", "customer.products.updated", "invoice.paid"]
    told = {message.type: message for message in messages}
    for message in messages:
        assert verified(SECRETS[0], message.headers, message.body)
        assert not verified(SECRETS[1], message.headers, message.body)
        assert not verified(SECRETS[0], message.headers, message.body + b" ")
        assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
        assert message.headers["content-type"] == "application/json"
        assert message.id.startswith("evt_sandbox_0_")
    assert len({message.id for message in messages}) == 3

    product = told["customer.products.updated"].data
    assert product["scenario"] == "new"
    told_of = product["customer"]
    assert (told_of["id"], told_of["env"], told_of["purchases"]) == (customer, "sandbox", [])
    assert [(plan["plan_id"], plan["status"]) for plan in told_of["subscriptions"]] == [
        ("test_pro", "active")]
    assert "acme@example.com" not in json.dumps(product), "nothing personal leaves"
    assert product["updated_product"]["id"] == "test_pro"
    changes = told["billing.updated"].data["plan_changes"]
    assert [(change["action"], change["subscription"]["plan_id"], change["subscription"]["status"])
            for change in changes] == [("activated", "test_pro", "active")]
    invoice = told["invoice.paid"].data["invoice"]
    assert (invoice["total"], invoice["currency"], invoice["status"]) == (20, "usd", "paid")
    assert [line["amount"] for line in invoice["lines"]] == [20]

    attach(bench.client, customer, "test_max")
    changed = bench.receiver.wait_for(6, customer)[3:]
    told = {message.type: message for message in changed}
    assert told["customer.products.updated"].data["scenario"] == "upgrade"
    assert [change["action"] for change in told["billing.updated"].data["plan_changes"]] == [
        "expired", "activated"]


def test_a_cancelled_plan_is_told_with_what_was_different_before(bench):
    customer = new_customer(bench.client)
    buy(bench.client, bench.server, customer, "test_pro")
    bench.receiver.wait_for(3, customer)
    for count, (action, scenario, before) in enumerate([
            (attach_pb.CANCEL_ACTION_END_OF_CYCLE, "cancel", {"canceled_at", "expires_at"}),
            (attach_pb.CANCEL_ACTION_UNCANCEL, "renew", {"canceled_at", "expires_at"})]):
        bench.client.call("UpdateSubscription", attach_pb.UpdateSubscriptionRequest(
            customer_id=customer, cancel_action=action, request_id=new_id("r")))
        messages = bench.receiver.wait_for(5 + 2 * count, customer)[-2:]
        told = {message.type: message.data for message in messages}
        assert told["customer.products.updated"]["scenario"] == scenario
        assert told["customer.products.updated"]["updated_product"]["id"] == "test_pro"
        (change,) = told["billing.updated"]["plan_changes"]
        assert change["action"] == "updated" and set(change["previous_attributes"]) == before
        assert (change["subscription"]["canceled_at"] is None) == (scenario == "renew")


def test_what_is_ahead_is_told_once_also_by_a_clock_that_a_test_moves(bench):
    customer = new_customer(bench.client)
    this_month = time.strftime("%m / %y", time.gmtime())
    catalog = pricing.catalog()
    catalog.plans.append(customer_pb.Plan(
        plan_id="test_plus", name="Plus", group="plus",
        price=customer_pb.BasePrice(amount="9", interval=customer_pb.INTERVAL_MONTH),
        free_trial=customer_pb.FreeTrial(
            duration_length=14, duration_type=customer_pb.TRIAL_UNIT_DAY,
            card_not_required=True)))
    bench.client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(catalog=catalog))
    attach(bench.client, customer, "test_plus")
    checkout.pay(portal.setup(bench.client, customer).url, bench.server.ca_file, expiry=this_month)
    told = bench.receiver.wait_for(3, customer)
    assert types(told)[-1] == "payment_method.expiring"
    card = told[-1].data["payment_method"]
    assert (card["brand"], card["last4"], card["expiry_month"]) == (
        "visa", "4242", time.gmtime().tm_mon)

    move(bench.client, 10, customer)
    bench.restart()
    move(bench.client, 10, customer)
    ending = bench.receiver.wait(lambda messages: [
        message.data for message in messages if message.type == "trial.ending"])
    assert [one["plan_id"] for one in ending] == ["test_plus"]
    assert ending[0]["customer_id"] == customer and ending[0]["trial_ends_at"] > time.time() * 1000
    bench.restart()
    move(bench.client, 1, customer)
    track(bench.client, customer, 0)
    bench.wait_until(lambda endpoint: endpoint.waiting == 0)
    ids = {message.id: message.type for message in bench.receiver.wait_for(4, customer)}
    assert sorted(ids.values()).count("trial.ending") == 1
    assert sorted(ids.values()).count("payment_method.expiring") == 1


def test_thresholds_are_told(bench):
    customer = new_customer(bench.client)
    attach(bench.client, customer, "test_free")
    alert = customer_pb.UsageAlert(
        feature_id="test_messages", enabled=True, threshold=2, name="two",
        measure=customer_pb.USAGE_ALERT_MEASURE_USAGE)
    bench.client.call("UpdateControls", customers_pb.UpdateControlsRequest(
        customer_id=customer, request_id=new_id("r"),
        usage_alerts=customers_pb.UsageAlertList(items=[alert])))
    track(bench.client, customer, 2)
    track(bench.client, customer, 1)
    messages = bench.receiver.wait_for(4, customer)[2:]
    assert [(message.type, message.data) for message in messages] == [
        ("balances.usage_alert_triggered", {
            "customer_id": customer, "feature_id": "test_messages",
            "usage_alert": {"name": "two", "threshold": 2, "threshold_type": "usage"}}),
        ("balances.limit_reached", {
            "customer_id": customer, "feature_id": "test_messages", "limit_type": "included"})]


def place(message):
    """Record and index."""
    return tuple(int(part) for part in message.id.split("_")[3:5])


def sequences(messages):
    return [place(message)[0] for message in messages]


def test_who_is_down_is_told_in_order_once_he_is_back(bench):
    port = bench.receiver.port
    bench.receiver.close()
    customers = [new_customer(bench.client) for _ in range(3)]
    for customer in customers:
        attach(bench.client, customer, "test_free")
    for _ in range(3):
        for customer in customers:
            track(bench.client, customer, 3)
            track(bench.client, customer, -3)
    bench.wait_until(lambda endpoint: endpoint.failed_attempts > 1 and endpoint.waiting >= 15)
    assert bench.endpoint().last_error and bench.endpoint().lag_seconds > 0
    bench.receiver = Receiver(port=port)
    messages = bench.receiver.wait_for(15)
    assert len({message.id for message in messages}) == 15
    for customer in customers:
        own = [message for message in messages if message.customer == customer]
        assert sequences(own) == sorted(sequences(own)) and len(own) == 5
    bench.wait_until(lambda endpoint: endpoint.delivered == 15 and endpoint.waiting == 0)
    assert bench.endpoint().lag_seconds == 0


def test_a_refusal_holds_back_one_customer_only(bench):
    held, free = new_customer(bench.client), new_customer(bench.client)
    bench.receiver.answer = lambda message: 500 if message.customer == held else 200
    for customer in (held, free):
        attach(bench.client, customer, "test_free")
        track(bench.client, customer, 3)
    bench.receiver.wait_for(3, free)
    bench.wait_until(lambda endpoint: endpoint.held_customers == 1 and endpoint.waiting == 3)
    assert bench.endpoint().last_error == "status 500"
    # Nothing but its first was tried.
    assert len({message.id for message in bench.receiver.attempts
                if message.customer == held}) == 1
    bench.receiver.answer = lambda message: 200
    own = bench.receiver.wait_for(3, held)
    assert types(own) == ["customer.products.updated", "billing.updated", "balances.limit_reached"]


def test_nothing_is_lost_nor_renamed_by_a_kill(bench):
    held, free = new_customer(bench.client), new_customer(bench.client)
    bench.receiver.answer = lambda message: 503 if message.customer == held else 200
    for customer in (held, free):
        attach(bench.client, customer, "test_free")
    bench.receiver.wait_for(2, free)
    first = bench.receiver.wait(
        lambda attempts: [message for message in attempts if message.customer == held],
        what=bench.receiver.attempts)[0]
    bench.wait_until(lambda endpoint: endpoint.held_customers == 1)
    cursor = bench.server.data / "sandbox" / "webhooks" / "billing.json"  # once a second
    end = time.monotonic() + 20
    while free in (text := cursor.read_text()) or held not in text:
        assert time.monotonic() < end, text
        time.sleep(0.05)
    bench.restart()
    track(bench.client, held, 3)
    bench.receiver.answer = lambda message: 200
    own = bench.receiver.wait_for(3, held)
    assert own[0].id == first.id and own[0].body == first.body
    assert types(own) == ["customer.products.updated", "billing.updated", "balances.limit_reached"]
    # What was accepted before isn't told again.
    assert len([message for message in bench.receiver.accepted if message.customer == free]) == 2


def test_a_flaky_receiver_and_kills_lose_nothing_and_keep_the_order(bench):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    refused = set()

    def answer(message):
        if message.id in refused or dice.random() < 0.7:
            return 200
        refused.add(message.id)  # once only, for another refusal would take twice as long
        return 503

    bench.receiver.answer = answer
    customers = [new_customer(bench.client) for _ in range(40)]
    for customer in customers:
        attach(bench.client, customer, "test_free")
    for _ in range(3):
        for customer in customers:
            track(bench.client, customer, 3)
            track(bench.client, customer, -3)
        bench.restart()
    wanted = 40 * (2 + 3)

    def complete(messages):
        return len({message.id for message in messages}) == wanted
    bench.receiver.wait(complete)
    for customer in customers:
        first = {}
        for message in bench.receiver.accepted:
            if message.customer == customer:
                first.setdefault(message.id, place(message))
        assert list(first.values()) == sorted(first.values()) and len(first) == 5


def test_what_happens_while_everything_is_down_is_told_later(bench):
    port = bench.receiver.port
    bench.receiver.close()
    customer = new_customer(bench.client)
    attach(bench.client, customer, "test_free")
    bench.restart()
    track(bench.client, customer, 3)
    bench.restart()
    bench.receiver = Receiver(port=port)
    assert types(bench.receiver.wait_for(3, customer)) == [
        "customer.products.updated", "billing.updated", "balances.limit_reached"]


def test_a_replay_tells_again_with_the_same_ids(bench):
    customer = new_customer(bench.client)
    attach(bench.client, customer, "test_free")
    track(bench.client, customer, 3)
    before = bench.receiver.wait_for(3, customer)
    bench.wait_until(lambda endpoint: endpoint.waiting == 0)
    reply = bench.replay(from_sequence=sequences(before)[0])
    assert reply.cursors[0].partition == 0
    messages = bench.receiver.wait_for(6, customer)
    assert [message.id for message in messages[3:]] == [message.id for message in before]
    assert [message.body for message in messages[3:]] == [message.body for message in before]

    bench.replay(from_sequence=sequences(before)[2])
    assert bench.receiver.wait_for(7, customer)[6].id == before[2].id

    bench.replay(since_time=Timestamp(seconds=1_500_000_000))
    again = bench.receiver.wait_for(10, customer)[7:]
    assert [message.id for message in again] == [message.id for message in before]
    bench.wait_until(lambda endpoint: endpoint.waiting == 0)
    bench.replay(since_time=Timestamp(seconds=int(time.time()) + 3600))
    assert bench.endpoint().cursors[0].done_sequence == bench.endpoint().cursors[0].last_sequence


def test_a_replay_never_skips_what_waits(bench):
    customer = new_customer(bench.client)
    bench.receiver.answer = lambda message: 500
    attach(bench.client, customer, "test_free")
    bench.wait_until(lambda endpoint: endpoint.held_customers == 1)
    bench.replay(from_sequence=1_000_000)
    bench.receiver.answer = lambda message: 200
    assert len(bench.receiver.wait_for(2, customer)) == 2


def test_a_replay_wants_a_receiver_and_a_point(bench):
    def replay(**request):
        return refusal(bench.client.call, "ReplayWebhooks",
                       hooks_pb.ReplayWebhooksRequest(**request))
    assert replay(endpoint="nobody", from_sequence=1).reason == "WEBHOOK_ENDPOINT_NOT_FOUND"
    assert replay(endpoint="billing").fields == ["from_sequence"]
    assert replay(endpoint="billing", from_sequence=1, partition=7).fields == ["partition"]


def test_410_is_the_end_until_a_restart(bench):
    customer = new_customer(bench.client)
    bench.receiver.answer = lambda message: 410
    attach(bench.client, customer, "test_free")
    bench.wait_until(lambda endpoint: endpoint.disabled)
    bench.receiver.answer = lambda message: 200
    track(bench.client, customer, 3)
    time.sleep(1.2)
    assert bench.receiver.accepted == []
    assert "410 Gone" in bench.server.log.read_text()
    bench.restart()
    assert len(bench.receiver.wait_for(3, customer)) == 3


def test_secrets_are_rotated_and_never_shown(tmp_path, certificates):
    file = tmp_path / "secrets"
    file.write_text("\n".join(SECRETS) + "\n")
    bench = Bench(tmp_path, certificates, TALLY_WEBHOOK_BILLING_SECRET_FILE=str(file),
                  TALLY_WEBHOOK_BILLING_EVENTS="billing.updated", TALLY_LOG_LEVEL="trace")
    del bench.server.environment["TALLY_WEBHOOK_BILLING_SECRET"]
    try:
        bench.start()
        bench.receiver.answer = lambda message: 500
        customer = new_customer(bench.client)
        attach(bench.client, customer, "test_free")
        bench.wait_until(lambda endpoint: endpoint.failed_attempts > 0)
        bench.receiver.answer = lambda message: 200
        (message,) = bench.receiver.wait_for(1, customer)
        assert message.type == "billing.updated"
        assert message.headers["webhook-signature"].count("v1,") == 2
        assert all(verified(secret, message.headers, message.body) for secret in SECRETS)
        shown = bench.server.log.read_text() + str(bench.endpoint()) + subprocess.run(
            [BINARY, "settings"], env={**os.environ, **bench.server.environment}, text=True,
            capture_output=True, check=True).stdout
        assert "billing" in shown
        for secret in SECRETS:
            assert secret not in shown and secret.removeprefix("whsec_") not in shown
    finally:
        bench.close()


@pytest.mark.parametrize("settings, said", [
    ({"TALLY_WEBHOOK_BILLING_URL": "http://example.com/hook"}, "must be an https:// address"),
    ({"TALLY_WEBHOOK_BILLING_URL": "http://127.0.0.1.example.com/"}, "must be an https:// address"),
    ({"TALLY_WEBHOOK_BILLING_URL": "https://me:word@example.com/"}, "without name and password"),
    ({"TALLY_WEBHOOK_BILLING_SECRET": "hunter2"}, "a secret is whsec_"),
    ({"TALLY_WEBHOOK_BILLING_SECRET_FILE": "nowhere", "TALLY_WEBHOOK_BILLING_SECRET": None},
     "has no secret"),
    ({"TALLY_WEBHOOK_BILLING_EVENTS": "billing.update"}, "billing.updated"),
    ({"TALLY_WEBHOOK_BILLING_ENVIRONMENT": ""}, "environment can be sandbox, live"),
])
def test_settings_that_make_no_sense_are_refused(tmp_path, certificates, settings, said):
    server = TallyServer(tmp_path, certificates)
    given = {
        "TALLY_WEBHOOKS": "billing", "TALLY_WEBHOOK_BILLING_ENVIRONMENT": "sandbox",
        "TALLY_WEBHOOK_BILLING_URL": "https://example.com/hook",
        "TALLY_WEBHOOK_BILLING_SECRET": SECRETS[0], **settings}
    end = subprocess.run(
        server.command(), cwd=ROOT, text=True, capture_output=True, timeout=30,
        env={**os.environ, **{name: value for name, value in given.items() if value is not None}})
    assert end.returncode == 64 and said in end.stderr, end.stderr
    assert "hunter2" not in end.stderr and SECRETS[0] not in end.stderr


def test_the_command_line_lists_and_replays(bench):
    def run(*words):
        return subprocess.run(
            [BINARY, "webhooks", *words, "--server", f"https://localhost:{bench.server.port}",
             "--ca", bench.server.ca_file, "--key-file", bench.server.key_file],
            text=True, capture_output=True)
    customer = new_customer(bench.client)
    attach(bench.client, customer, "test_free")
    before = bench.receiver.wait_for(2, customer)
    bench.wait_until(lambda endpoint: endpoint.waiting == 0)
    listed = run("list")
    assert listed.returncode == 0 and "billing" in listed.stdout, listed.stderr
    assert json.loads(run("list", "--json").stdout)["endpoints"][0]["delivered"] == 2
    replayed = run("replay", "--endpoint", "billing", "--from-sequence",
                   str(sequences(before)[0]))
    assert replayed.returncode == 0, replayed.stderr
    assert "goes on after record" in replayed.stdout
    assert len(bench.receiver.wait_for(4, customer)) == 4
    assert run("replay", "--endpoint", "nobody", "--from-sequence", "1").returncode == 2
    assert run("replay", "--endpoint", "billing").returncode == 64


def test_only_a_receiver_whose_certificate_is_good_is_told(tmp_path, certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    receiver = Receiver(context=context)
    bench = Bench(tmp_path, certificates, TALLY_WEBHOOK_BILLING_URL=receiver.url)
    bench.receiver.close()
    bench.receiver = receiver
    try:
        bench.start()
        customer = new_customer(bench.client)
        attach(bench.client, customer, "test_free")
        bench.wait_until(lambda endpoint: endpoint.failed_attempts > 0)
        assert receiver.attempts == []
        assert "cert" in bench.endpoint().last_error.lower()
        bench.server.environment["TALLY_WEBHOOK_BILLING_CA"] = str(certificates / "ca.pem")
        bench.restart()
        assert len(receiver.wait_for(2, customer)) == 2
    finally:
        bench.close()


def test_partitions_are_told_each_in_its_order(tmp_path, certificates):
    bench = Bench(tmp_path, certificates, TALLY_PARTITIONS="4")
    try:
        bench.start()
        customers = [new_customer(bench.client) for _ in range(12)]
        for customer in customers:
            attach(bench.client, customer, "test_free")
            track(bench.client, customer, 3)
        before = bench.receiver.wait_for(36)
        assert len({message.id.split("_")[2] for message in before}) > 1
        for customer in customers:
            own = [message for message in before if message.customer == customer]
            assert types(own) == [
                "customer.products.updated", "billing.updated", "balances.limit_reached"]
        bench.wait_until(lambda endpoint: endpoint.waiting == 0)
        bench.restart()
        bench.replay(since_time=Timestamp(seconds=1_500_000_000))
        # The kill may have told some again too.
        bench.receiver.wait(lambda accepted: len({message.id for message in accepted[36:]}) == 36)
        assert {message.id for message in bench.receiver.accepted} == {
            message.id for message in before}
    finally:
        bench.close()


def test_metrics_and_health_tell_of_receivers(bench):
    customer = new_customer(bench.client)
    bench.receiver.answer = lambda message: 410
    attach(bench.client, customer, "test_free")
    bench.wait_until(lambda endpoint: endpoint.disabled)
    time.sleep(1.2)
    page = metrics_page(bench.server)
    labels = {"environment": "sandbox", "endpoint": "billing"}
    assert page("tally_webhooks_disabled", **labels) == 1
    assert page("tally_webhooks_failed_attempts_total", **labels) == 1
    assert page("tally_webhooks_delivered_total", **labels) == 0
    assert page("tally_webhooks_lag_seconds", **labels) > 1
    assert page("tally_healthy", environment="sandbox", condition="webhooks") == 0
    assert page("tally_healthy", environment="live", condition="webhooks") == 1
