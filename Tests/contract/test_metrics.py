"""What an operator sees: the page for Prometheus, and the access log."""

import http.client
import json
import re
import ssl
import uuid

import pytest

from json_client import JSONClient
from tally_client import TallyClient, refusal
from tally_server import TallyServer
from test_tls import wait_for
from test_walkthrough import attach, check, new_customer, track

SAMPLE = re.compile(r'([a-z_]+)(?:\{([^}]*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="([^"\\\n]*)"(?:,|$)')
SUFFIXES = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


class Page:
    """A page in Prometheus' text format, read as strictly as the format is written."""

    def __init__(self, text):
        assert text.endswith("\n")
        self.kinds, self.samples, name = {}, {}, None
        lines = iter(text.splitlines())
        for line in lines:
            if line.startswith("# HELP "):
                name, words = line.split(" ", 3)[2:]
                assert words.endswith(".") and name not in self.kinds, line
                _, _, same, kind = next(lines).split(" ")
                assert same == name
                self.kinds[name] = kind
                continue
            found = SAMPLE.fullmatch(line)
            assert found and name, line
            assert found[1] in [name + suffix for suffix in SUFFIXES[self.kinds[name]]], line
            labels = LABEL.findall(found[2] or "")
            assert LABEL.sub("", found[2] or "") == "", line
            key = (found[1], *sorted(labels))
            assert key not in self.samples, f"twice: {line}"
            assert len(dict(labels)) == len(labels), line
            self.samples[key] = float(found[3])

    def __call__(self, name, **labels):
        """None: there is no such sample."""
        return self.samples.get((name, *sorted(labels.items())))

    def names(self, kind):
        return [name for name, of in self.kinds.items() if of == kind]


def get(server, key=None, method="GET"):
    context = ssl.create_default_context(cafile=server.ca_file)
    connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
    connection.request(method, "/metrics", headers={"authorization": f"Bearer {key}"} if key else {})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response, body


def page(server):
    response, body = get(server, server.key)
    assert response.status == 200, body
    assert response.getheader("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    return Page(body)


def test_only_for_those_with_a_key(server):
    for key in [None, "tally_sk_sandbox_" + "x" * 43]:
        response, body = get(server, key)
        assert response.status == 401 and "grpc_" not in body
        assert response.getheader("www-authenticate") == "Bearer"
    assert get(server, server.key, "POST")[0].status == 405


def test_every_family_is_described_and_nothing_stands_twice(server, client):
    customer_id = new_customer(client)
    check(client, customer_id, feature_id="test_messages")
    with JSONClient(server) as http:
        assert http.post("customers.get", {"customer_id": customer_id}).status == 200
    seen = page(server)
    assert len(seen.kinds) > 10
    for name in seen.names("counter"):
        assert name.endswith("_total")
    for name in seen.names("histogram"):
        series = {key[1:] for key in seen.samples if key[0] == name + "_count"}
        for labels in series:
            buckets = sorted(
                (float(dict(key[1:])["le"]), value) for key, value in seen.samples.items()
                if key[0] == name + "_bucket"
                and tuple(label for label in key[1:] if label[0] != "le") == labels)
            assert [value for _, value in buckets] == sorted(value for _, value in buckets)
            assert buckets[-1] == (float("inf"), seen.samples[(name + "_count", *labels)])
        assert series


def test_both_environments_are_told_of(server):
    seen = page(server)
    for environment in ["sandbox", "live"]:
        for condition in ["storage", "backup"]:
            assert seen("tally_healthy", environment=environment, condition=condition) == 1
        assert seen("tally_request_window_seconds", environment=environment) == float("inf")
        assert seen("tally_backup_lag_seconds", environment=environment) is None
    assert seen("rpc_slow_calls_running") == seen("rpc_slow_calls_waiting") == 0


def test_counters_move_by_what_was_called(own_server, own_client):
    """On a server of its own: nobody else calls."""
    customer_id = new_customer(own_client)
    attach(own_client, customer_id, "test_unlimited")
    before = page(own_server)
    for _ in range(7):
        check(own_client, customer_id, feature_id="test_messages")
    for _ in range(5):
        track(own_client, customer_id)
    assert refusal(check, own_client, f"nobody-{uuid.uuid4()}").code.name == "INVALID_ARGUMENT"
    labels = {"grpc_service": "tally.v1.EntitlementService", "grpc_method": "Check"}
    tracks = {"grpc_service": "tally.v1.UsageService", "grpc_method": "Track"}

    def moved(after, name, **of):
        return after(name, **of) - (before(name, **of) or 0)

    after = page(own_server)
    assert moved(after, "grpc_server_handled_total", grpc_code="OK", **labels) == 7
    assert moved(after, "grpc_server_handled_total", grpc_code="INVALID_ARGUMENT", **labels) == 1
    assert moved(after, "grpc_server_handled_total", grpc_code="OK", **tracks) == 5
    assert moved(after, "grpc_server_handling_seconds_count", **labels) == 8
    assert moved(after, "grpc_server_handling_seconds_sum", **tracks) > 0
    assert moved(after, "rpc_call_bytes_total", direction="in") > 0
    assert moved(after, "rpc_call_bytes_total", direction="out") > 0
    # The page's own connections.
    assert moved(after, "rpc_connections_opened_total") >= 1
    for name in before.names("counter"):
        for key, value in before.samples.items():
            assert key[0] != name or after.samples[key] >= value, key


# The access log.


def fields(line):
    return dict(re.findall(r"([a-z-]+)=(\S+)", line))


@pytest.fixture
def logging_server(tmp_path, certificates):
    server = TallyServer(tmp_path, certificates)
    server.environment = {"TALLY_ACCESS_LOG": "1000"}
    try:
        server.start()
        yield server
    finally:
        server.kill()


def calls(server):
    return [fields(line) for line in server.log.read_text().splitlines() if line.endswith(" call")]


def test_a_line_for_each_call_and_nothing_secret(logging_server):
    client = TallyClient(logging_server, logging_server.key)
    name = str(uuid.uuid4())
    customer_id = new_customer(client, name=name)
    assert refusal(lambda: check(client, customer_id, feature_id="none")).code.name == "NOT_FOUND"
    stranger = TallyClient(logging_server, "tally_sk_sandbox_" + "s" * 43)
    assert refusal(check, stranger, customer_id).code.name == "UNAUTHENTICATED"
    wait_for(lambda: len(calls(logging_server)) >= 3)
    created, missing, refused = calls(logging_server)[-3:]
    assert created["method"] == "/tally.v1.CustomerService/GetOrCreateCustomer"
    assert created["status"] == "OK" and missing["status"] == "NOT_FOUND"
    assert missing["method"] == refused["method"] == "/tally.v1.EntitlementService/Check"
    assert refused["status"] == "UNAUTHENTICATED" and "principal" not in refused
    assert int(created["us"]) > 0 and int(created["in"]) > 5 and int(created["out"]) > 5
    assert re.fullmatch(r"127\.0\.0\.1:\d+", created["peer"])
    # Whose key it was, by what the key's public id begins with.
    [key] = json.loads((logging_server.data / "sandbox" / "keys.json").read_text())["keys"]
    assert created["principal"] == "sandbox/" + key["id"].removeprefix("key_")[:8]
    text = logging_server.log.read_text()
    for secret in [logging_server.key, key["sha256"], "s" * 43, name, customer_id]:
        assert secret not in text
    client.close()
    stranger.close()


def test_without_the_setting_no_call_is_logged(own_server, own_client):
    for _ in range(3):
        check(own_client, new_customer(own_client), feature_id="test_messages")
    assert own_server.stop() == 0
    assert calls(own_server) == []
