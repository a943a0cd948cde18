"""The JSON API's door over the wire: bad input by a table, pages of other servers, traces, logs."""

import json
import subprocess

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from tally.v1 import entitlement_service_pb2 as check_pb

import pricing
from json_client import JSONClient
from tally_client import TallyClient
from tally_server import BINARY, ROOT, TallyServer
from test_tls import wait_for
from test_walkthrough import attach, get, new_customer

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
ORIGIN = "https://shop.example.com"


@pytest.fixture(scope="module")
def door(tmp_path_factory, certificates):
    """A server that lets a page call, refuses retries, and logs each call as JSON."""
    server = TallyServer(tmp_path_factory.mktemp("door"), certificates)
    server.environment = {
        "TALLY_CORS_ORIGINS": ORIGIN, "TALLY_IDEMPOTENCY": "refuse", "TALLY_LOG_FORMAT": "json",
        "TALLY_ACCESS_LOG": "1000"}
    server.start()
    client = TallyClient(server, server.key)
    pricing.publish(client)
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    try:
        yield server, client, customer_id
    finally:
        client.close()
        server.kill()


def revoked_key(server):
    def key(*words):
        return subprocess.run([BINARY, "key", *words, "--data", server.data, "--json"], cwd=ROOT,
                              capture_output=True, text=True, timeout=30, check=True).stdout
    made = json.loads(key("create"))
    key("revoke", made["id"])
    return made["key"]


TRACKED = '{"customer_id": "%s", "feature_id": "test_messages", "value": 1}'
JSON_TYPE = {"content-type": "application/json"}
BAD = [
    # what, method, path, key, headers, body, status and code
    ("wrong method", "GET", "balances.track", None, {}, TRACKED, "405 method_not_allowed"),
    ("wrong method", "PUT", "balances.track", None, {}, TRACKED, "405 method_not_allowed"),
    ("unknown route", "POST", "balances.trak", None, {}, TRACKED, "404 not_found"),
    ("form", "POST", "balances.track", None,
     {"content-type": "application/x-www-form-urlencoded"}, TRACKED, "415 unsupported_media_type"),
    ("text", "POST", "balances.track", None, {"content-type": "text/plain"}, TRACKED,
     "415 unsupported_media_type"),
    ("no JSON", "POST", "balances.track", None, {}, "{" + TRACKED, "400 invalid_inputs"),
    ("cut short", "POST", "balances.track", None, {}, TRACKED[:-1], "400 invalid_inputs"),
    ("two documents", "POST", "balances.track", None, {}, TRACKED + TRACKED, "400 invalid_inputs"),
    ("a list", "POST", "balances.track", None, {}, "[" + TRACKED + "]", "400 invalid_inputs"),
    ("a key twice", "POST", "balances.track", None, {},
     '{"value": 2, ' + TRACKED[1:], "400 invalid_inputs"),
    ("too deep", "POST", "balances.track", None, {},
     '{"properties": ' + '{"a": ' * 70 + "1" + "}" * 70 + ", " + TRACKED[1:],
     "400 invalid_inputs"),
    ("a text for a number", "POST", "balances.track", None, {},
     TRACKED.replace(": 1}", ': "1"}'), "400 invalid_inputs"),
    ("a number for a text", "POST", "balances.track", None, {},
     TRACKED.replace('"test_messages"', "5"), "400 invalid_inputs"),
    ("not finite", "POST", "balances.track", None, {},
     TRACKED.replace(": 1}", ": 1e400}"), "400 invalid_inputs"),
    ("no UTF-8", "POST", "balances.track", None, {},
     TRACKED.replace("test_messages", "test\udcff"), "400 invalid_inputs"),
    ("nobody", "POST", "balances.track", None, {}, TRACKED.replace("%s", "nobody"),
     "404 customer_not_found"),
    ("an old version", "POST", "balances.track", None, {"x-api-version": "nonsense"}, TRACKED,
     "400 invalid_api_version"),
    ("no key", "POST", "balances.track", "", {}, TRACKED, "401 no_secret_key"),
    ("an unknown key", "POST", "balances.track", "tally_sk_sandbox_" + "x" * 43, {}, TRACKED,
     "401 invalid_secret_key"),
    ("the other environment's prefix", "POST", "balances.track", "tally_sk_live_" + "x" * 43, {},
     TRACKED, "401 invalid_secret_key"),
    ("a revoked key", "POST", "balances.track", "revoked", {}, TRACKED, "401 invalid_secret_key"),
    ("a basic key", "POST", "balances.track", "", {"authorization": "Basic YTpi"}, TRACKED,
     "401 no_secret_key"),
    ("an oversized body", "POST", "balances.track", None, {},
     '{"x": "' + "y" * (1 << 21) + '", ' + TRACKED[1:], "413 request_too_large"),
    ("an oversized key of a retry", "POST", "balances.track", None,
     {"idempotency-key": "k" * 64}, TRACKED, "400 invalid_inputs"),
]


def test_bad_input_has_its_status_and_code_and_changes_nothing(door, capsys):
    server, client, customer_id = door
    revoked = revoked_key(server)
    before = get(client, customer_id)
    wrong = []
    for what, method, path, key, headers, body, outcome in BAD:
        data = body.replace("%s", customer_id).encode("utf-8", "surrogateescape")
        with JSONClient(server) as http:
            answer = http.send(
                method, f"/v1/{path}", data, revoked if key == "revoked" else key,
                {**JSON_TYPE, **headers})
        fine = answer.brief == outcome and set(answer.json) == {"message", "code", "env"} \
            and answer.json["message"] and answer.headers["content-type"] == "application/json"
        if "authorization" not in headers and answer.status == 401:
            fine = fine and answer.headers["www-authenticate"].startswith("Bearer")
        if answer.status == 405:
            fine = fine and answer.headers["allow"] == "POST"
        if not fine:
            wrong.append((what, outcome, answer.brief, answer.text[:200]))
    assert not wrong
    after = get(client, customer_id)
    assert after == before
    # And the same, well said, counts.
    with JSONClient(server) as http:
        assert http.send("POST", "/v1/balances.track", (TRACKED % customer_id).encode(),
                         headers=JSON_TYPE).status == 200
    assert get(client, customer_id) != before


def test_a_page_may_call_with_what_it_may_have(door):
    server, client, customer_id = door
    with JSONClient(server) as http:
        asked = http.send("OPTIONS", "/v1/check", key="", headers={
            "origin": ORIGIN, "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type"})
        assert asked.status == 204 and asked.text == ""
        assert asked.headers["access-control-allow-origin"] == ORIGIN
        assert "authorization" in asked.headers["access-control-allow-headers"]
        stranger = http.send("OPTIONS", "/v1/check", key="", headers={
            "origin": "https://evil.example.com", "access-control-request-method": "POST"})
        assert stranger.status == 204
        assert "access-control-allow-origin" not in stranger.headers
        body = {"customer_id": customer_id}
        secret = http.post("customers.get", body, origin=ORIGIN)
        assert secret.brief == "403 insufficient_scopes"
        minted = http.post("keys.mint", body).json
        seen = http.post("customers.get", {}, key=minted["access_token"], origin=ORIGIN)
        assert seen.status == 200 and seen.json["id"] == customer_id
        assert seen.headers["access-control-allow-origin"] == ORIGIN
        # It uses, and can't take back what was used.
        used = {"feature_id": "test_messages"}
        for method, asked in [
                ("balances.track", {**used, "value": -1}),
                ("balances.batch_track", [{**used, "value": 1}, {**used, "value": -0.5}]),
                ("balances.check", {**used, "required_balance": -1, "send_event": True}),
                ("balances.finalize", {"lock_id": "x", "action": "confirm", "override_value": -1})]:
            refused = http.post(method, asked, key=minted["access_token"])
            assert refused.brief == "403 insufficient_scopes", method
            assert "must not be negative" in refused.json["message"]
        assert http.post("balances.track", {**used, "customer_id": customer_id, "value": -1}
                         ).status == 200


def test_a_retry_is_refused_where_the_setting_says_so(door):
    server, client, customer_id = door
    body = {"customer_id": customer_id, "feature_id": "test_messages", "value": 2}
    with JSONClient(server) as http:
        assert http.post("balances.track", body, idempotency_key="once").status == 200
        before = get(client, customer_id)
        again = http.post("balances.track", body, idempotency_key="once")
        assert again.brief == "409 duplicate_idempotency_key"
    assert get(client, customer_id) == before


def lines(server):
    return [json.loads(line) for line in server.log.read_text().splitlines()
            if line.startswith("{")]


def test_calls_are_logged_as_json_with_their_trace(door):
    server, client, customer_id = door
    with JSONClient(server) as http:
        missing = http.post("customers.get", {"customer_id": "nobody"}, traceparent=TRACEPARENT)
        assert missing.headers["traceparent"] == TRACEPARENT
    with pytest.raises(grpc.RpcError) as caught:
        stub = client.channel.unary_unary(
            "/tally.v1.EntitlementService/Check",
            request_serializer=check_pb.CheckRequest.SerializeToString)
        stub(check_pb.CheckRequest(customer_id="nobody", feature_id="test_messages"),
             metadata=[("traceparent", TRACEPARENT)], timeout=10)
    infos = [info for detail in rpc_status.from_call(caught.value).details
             for info in [error_details_pb2.RequestInfo()] if detail.Unpack(info)]
    assert [info.request_id for info in infos] == [TRACE]

    def traced():
        return [line for line in lines(server) if line.get("trace") == TRACE]

    wait_for(lambda: len(traced()) >= 2)
    by_status = {line["status"]: line for line in traced()}
    assert by_status["404"]["method"] == "POST /v1/customers.get"
    assert by_status["NOT_FOUND"]["method"] == "/tally.v1.EntitlementService/Check"
    for line in traced():
        assert line["message"] == "call" and line["level"] == "info"
        assert line["principal"].startswith("sandbox/") and int(line["us"]) > 0
        assert set(line) >= {"time", "level", "logger", "message"}
    assert not any(server.key in json.dumps(line) for line in lines(server))


def test_the_page_for_prometheus_has_what_an_operator_needs(door):
    from test_metrics import page
    server, client, customer_id = door
    with JSONClient(server) as http:
        http.post("customers.get", {"customer_id": customer_id})
    seen = page(server)
    assert seen("http_requests_total", route="customers.get", status="200") >= 1
    assert seen("http_request_duration_seconds_count", route="customers.get") >= 1
    assert seen("tally_customers", environment="sandbox") >= 1
    assert seen("tally_effects_open", environment="sandbox") == 0
    assert seen("tally_log_records_waiting", environment="sandbox") == 0
    assert seen("tally_log_sync_seconds_count", environment="sandbox") >= 1
    assert 1 << 20 < seen("process_resident_memory_bytes") < 1 << 32
    assert seen("process_cpu_seconds_total") > 0 and seen("process_open_fds") > 5
