"""`tally import autumn`: from one Tally server, through its JSON face, into another one; and from
recorded shapes that Tally's own face never says."""

import http.server
import json
import os
import subprocess
import threading

import pytest
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb

from documentation import run_block
from tally_client import TallyClient
from tally_server import BINARY, ROOT, TallyServer
from test_walkthrough import attach, buy, get, track


class Recorded(http.server.BaseHTTPRequestHandler):
    """Answers of the reference, as its documentation shows them."""
    ANSWERS = {
        "features.list": {"list": [
            {"id": "calls", "name": "Calls", "type": "metered", "consumable": True,
             "archived": False},
            {"id": "holo", "name": "Holograms", "type": "holographic", "consumable": True,
             "archived": False}]},
        "plans.list": {"list": [{
            "id": "starter", "name": "Starter", "description": None, "group": None, "version": 1,
            "add_on": False, "auto_enable": False, "price": None, "archived": False,
            "items": [
                {"feature_id": "calls", "included": 40, "unlimited": False, "price": None,
                 "reset": {"interval": "month"}},
                {"feature_id": "holo", "included": 4, "unlimited": False, "price": None,
                 "reset": {"interval": "month"}}]}]},
        "customers.list": {"list": [{"id": "ada"}, {"id": None}], "next_cursor": None},
        "customers.get": {
            "id": "ada", "name": "Ada", "email": None, "created_at": 1, "metadata": {"tier": 2},
            "subscriptions": [{
                "id": "s1", "plan_id": "starter", "status": "active", "past_due": False,
                "canceled_at": None, "expires_at": None, "trial_ends_at": None,
                "started_at": 1700000000000, "current_period_start": None,
                "current_period_end": None, "quantity": 1, "scope": "customer",
                "plan": {"id": "starter", "version": 1}}],
            "purchases": [], "flags": {}, "trials_used": [], "balances": {
                "calls": {"feature_id": "calls", "granted": 40, "remaining": 12.5, "usage": 27.5,
                          "unlimited": False, "overage_allowed": False, "max_purchase": None,
                          "next_reset_at": 4102444800000, "breakdown": [{
                              "id": "b1", "plan_id": "starter", "included_grant": 40,
                              "prepaid_grant": 0, "remaining": 12.5, "usage": 27.5,
                              "unlimited": False, "price": None, "expires_at": None,
                              "reset": {"interval": "month", "resets_at": 4102444800000}}]}}},
        "entities.list": {"list": [], "next_cursor": None},
    }

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        right = self.headers["authorization"] == "Bearer am_sk_test_right"
        answer = self.ANSWERS.get(self.path.removeprefix("/v1/"))
        status = 200 if right and answer else 404 if right else 401
        body = json.dumps(answer if status == 200 else {
            "message": "Invalid secret key", "code": "invalid_secret_key", "env": "sandbox"})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *given):
        pass


@pytest.fixture
def recorded():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def with_archived(recorded, monkeypatch):
    """The same, where the plan that somebody has was archived, and a feature of it."""
    answers = json.loads(json.dumps(Recorded.ANSWERS))
    answers["plans.list"]["list"][0].update(archived=True, auto_enable=True)
    answers["features.list"]["list"][0]["archived"] = True
    monkeypatch.setattr(Recorded, "ANSWERS", answers)
    return recorded


def run(server, url, key_file, *words):
    done = subprocess.run(
        [BINARY, "import", "autumn", "--url", url, "--autumn-key-file", key_file, *words, "--json",
         "--server", f"https://127.0.0.1:{server.port}", "--ca", server.ca_file, "--key-file",
         server.key_file], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        cwd=ROOT, env=dict(os.environ))
    assert "Fatal error" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr, done.stderr


def test_recorded_shapes(recorded, own_server, own_client, tmp_path):
    key = tmp_path / "autumn.key"
    key.write_text("am_sk_test_right\n")
    code, said, _ = run(own_server, recorded, key)
    assert code == 2 and "--publish" in said
    code, report, said = run(own_server, recorded, key, "--publish", "--apply")
    assert code == 0, (report, said)
    assert 'no kind "holographic"' in said and "holo of plan starter" in said
    ada = get(own_client, "ada")
    assert (ada.name, dict(ada.metadata)) == ("Ada", {"tier": "2"})
    [calls] = [balance for balance in ada.balances if balance.feature_id == "calls"]
    assert (calls.granted, calls.remaining) == (40, 12.5)
    assert calls.next_reset_time.seconds == 4102444800
    code, report, _ = run(own_server, recorded, key, "--apply")
    assert code == 0 and report["brought"] == {"customers": 0, "subscriptions": 0}
    key.write_text("am_sk_test_wrong")
    code, said, _ = run(own_server, recorded, key, "--apply")
    assert code == 2 and "Invalid secret key" in said


def test_archived_plans_come_archived(with_archived, own_server, own_client, tmp_path):
    key = tmp_path / "autumn.key"
    key.write_text("am_sk_test_right")
    code, report, said = run(own_server, with_archived, key, "--publish", "--apply")
    assert code == 0, (report, said)
    assert report["brought"] == {"customers": 1, "subscriptions": 1}
    catalog = own_client.call("GetCatalog", catalog_service_pb.GetCatalogRequest()).catalog
    assert {plan.plan_id: plan.archived for plan in catalog.plans}["starter"]
    assert {one.feature_id: one.archived for one in catalog.features}["calls"]
    ada = get(own_client, "ada")
    assert "starter" in [one.plan_id for one in ada.subscriptions]
    [calls] = [balance for balance in ada.balances if balance.feature_id == "calls"]
    assert (calls.granted, calls.remaining) == (40, 12.5)
    # Nobody else is given it, whatever it was there.
    own_client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id="new"))
    assert "starter" not in [one.plan_id for one in get(own_client, "new").subscriptions]
    code, report, _ = run(own_server, with_archived, key, "--apply")
    assert code == 0 and report["brought"] == {"customers": 0, "subscriptions": 0}


def without_ids(customer):
    """What both servers are to show alike; numbers are each server's own."""
    shown = customer_pb.Customer()
    shown.CopyFrom(customer)
    del shown.invoices[:]
    shown.ClearField("create_time")
    shown.ClearField("payment_method")
    for subscription in shown.subscriptions:
        subscription.ClearField("subscription_id")
    for balance in shown.balances:
        for part in balance.parts:
            part.ClearField("balance_id")
    kept = sorted((one for one in shown.subscriptions
                   if one.status != customer_pb.SUBSCRIPTION_STATUS_ENDED),
                  key=lambda one: (one.plan_id, one.entity_id))
    del shown.subscriptions[:]
    shown.subscriptions.extend(kept)
    return shown


def test_from_one_tally_to_another(own_server, own_client, tmp_path, certificates):
    """Each customer is the same on both, field by field."""
    source, client = own_server, own_client
    for name in ("ann", "ben", "cid"):
        client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
            customer_id=name, name=name.title(), email=f"{name}@example.com",
            metadata={"crm": name}))
    attach(client, "ann", "test_free")
    track(client, "ann", 2)
    buy(client, source, "ben", "test_max")
    track(client, "ben", 130)  # 30 beyond what is included
    buy(client, source, "cid", "test_pro")
    client.call("CreateBalance", customers_pb.CreateBalanceRequest(
        customer_id="cid", feature_id="test_images", granted=9))
    track(client, "cid", 4)

    (tmp_path / "target").mkdir()
    target = TallyServer(tmp_path / "target", certificates)
    target.start()
    there = TallyClient(target, target.key)
    try:
        url = f"https://localhost:{source.port}"
        words = ("--autumn-ca", source.ca_file, "--with-paid")
        code, report, said = run(target, url, source.key_file, *words, "--publish")
        assert code == 0 and not report["applied"], (report, said)
        code, report, said = run(target, url, source.key_file, *words, "--apply")
        assert code == 0 and report["left"] == {"customers": 0, "subscriptions": 0}, report
        for name in ("ann", "ben", "cid"):
            assert without_ids(get(there, name)) == without_ids(get(client, name)), name
        code, report, _ = run(target, url, source.key_file, *words, "--apply")
        assert code == 0 and report["brought"] == {"customers": 0, "subscriptions": 0}
    finally:
        there.close()
        target.kill()


def test_the_documented_way(recorded, own_server, tmp_path):
    (tmp_path / "autumn.key").write_text("am_sk_test_right")
    said = run_block("moving.md", 1, own_server, tmp_path, {}, **{
        "https://api.useautumn.com": recorded})
    assert "brought in    1 customers, 1 subscriptions" in said, said
