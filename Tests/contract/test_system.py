"""How the server stands, and who has which plan: in JSON under the methods' own names."""

import time
from datetime import datetime, timezone

from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import system_service_pb2 as system_pb

import pricing
from tally_client import TallyClient, refusal
from test_json_calls import https, post
from test_keys import create
from test_walkthrough import attach, new_customer

STATUS = "/tally.v1.SystemService/GetStatus"


def test_the_server_says_how_it_stands(own_server):
    began = datetime.now(timezone.utc).timestamp()
    with TallyClient(own_server, own_server.key) as client, https(own_server) as http:
        pricing.publish(client)
        before = post(http, own_server.key, STATUS, {}).json()["customer_count"]
        customers = [new_customer(client) for _ in range(20)]
        for customer_id in customers:
            attach(client, customer_id, "test_free")
        first = post(http, own_server.key, STATUS, {}).json()
        assert first["environment"] == "sandbox" and first["has_test_clock"] is True
        assert first["version"] and first["customer_count"] == before + 20
        start = datetime.fromisoformat(first["start_time"]).timestamp()
        assert abs(start - began) < 60
        calls = first["calls"]
        assert calls["count"] >= 41 and calls["errors"] == 0
        assert 0 < calls["p50_micros"] <= calls["p99_micros"] and calls["calls_per_second"] > 0
        log = first["log"]
        assert log["records"] >= 40 and log["bytes"] > 0 and log["records_waiting"] == 0
        assert 0 < log["sync_p50_micros"] <= log["sync_p99_micros"]
        assert "backup" not in first and "snapshot" not in first
        assert {one["name"]: one["healthy"] for one in first["conditions"]} == {
            "storage": True, "backup": True, "webhooks": True}
        assert first["payment_provider"] == {"kind": "sandbox", "open_effects": 0}
        for _ in range(10):
            post(http, own_server.key, "Check", {"customer_id": "nobody", "feature_id": "x"})
        end = time.monotonic() + 5
        while time.monotonic() < end:
            later = post(http, own_server.key, STATUS, {}).json()["calls"]
            if later["errors"] == 10:
                break
        assert later["errors"] == 10 and later["count"] >= calls["count"] + 11
        # The same over gRPC.
        told = client.call("GetStatus", system_pb.GetStatusRequest())
        assert told.customer_count == before + 20 and told.version == first["version"]
        narrow = create(client, name="narrow", scopes=["usage:write"]).secret
        assert post(http, narrow, STATUS, {}).json()["metadata"] == {"scope": "catalog:read"}


def test_plans_are_counted(own_server):
    with TallyClient(own_server, own_server.key) as client, https(own_server) as http:
        pricing.publish(client)
        for plan, count in [("test_free", 7), ("test_unlimited", 3)]:
            for _ in range(count):
                attach(client, new_customer(client), plan)
        where = "/tally.v1.CatalogService/CountPlanCustomers"
        assert post(http, own_server.key, where, {}).json() == {"plans": [
            {"plan_id": "test_free", "revision": 1, "customer_count": 7, "subscription_count": 7},
            {"plan_id": "test_unlimited", "revision": 1, "customer_count": 3,
             "subscription_count": 3}]}


def test_the_second_editor_is_told(own_server):
    with TallyClient(own_server, own_server.key) as client, https(own_server) as http:
        pricing.publish(client)
        seen = post(http, own_server.key, "GetCatalog", {}).json()
        catalog = seen["catalog"]
        expected = seen["catalog_sequence"]

        def publish(name, expected):
            catalog["plans"][0]["name"] = name
            return post(http, own_server.key, "PublishCatalog", {
                "catalog": catalog, "expected_sequence": expected})
        assert publish("Mine", expected).status_code == 200
        refused = publish("Theirs", expected)
        assert refused.status_code == 409
        assert refused.json()["reason"] == "CATALOG_CHANGED"
        now = refused.json()["metadata"]["catalog_sequence"]
        said = refusal(client.call, "PublishCatalog", catalog_pb.PublishCatalogRequest(
            catalog=pricing.catalog(), expected_sequence=expected))
        assert said.reason == "CATALOG_CHANGED"
        assert publish("Theirs", int(now)).status_code == 200
