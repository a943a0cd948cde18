"""Limits on how often callers may call, over gRPC and JSON alike; and what it is like without."""

import os
import subprocess

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import pricing
from json_client import JSONClient
from tally_client import TallyClient
from tally_server import ROOT, TallyServer
from test_walkthrough import attach, check, get, new_customer, track


@pytest.fixture(scope="module")
def limited(tmp_path_factory, certificates):
    server = TallyServer(tmp_path_factory.mktemp("limited"), certificates)
    server.environment = {
        "TALLY_RATE_LIMITS": "yes", "TALLY_RATE_LIMIT_CHECK": "5/min",
        "TALLY_RATE_LIMIT_TRACK": "3/min", "TALLY_RATE_LIMIT_GENERAL": "1000/s",
        "TALLY_RATE_LIMIT_BILLING": "1000/s"}
    server.start()
    client = TallyClient(server, server.key)
    pricing.publish(client)
    try:
        yield server, client
    finally:
        client.close()
        server.kill()


def statuses(call, count):
    told = []
    for _ in range(count):
        try:
            call()
            told.append("OK")
        except grpc.RpcError as error:
            told.append(error.code().name)
    return told


def test_each_customer_has_a_limit_and_both_faces_count_together(limited):
    server, client = limited
    first, second = new_customer(client), new_customer(client)
    body = {"customer_id": first, "feature_id": "test_messages"}
    with JSONClient(server) as http:
        answers = [http.post("balances.check", body) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].headers["ratelimit-limit"] == "5"
        assert answers[0].headers["ratelimit-policy"] == "5;w=60"
        left = [int(answer.headers["ratelimit-remaining"]) for answer in answers]
        assert left in ([4, 3], [4, 4]), left  # a window may end between them
        told = statuses(lambda: check(client, first, feature_id="test_messages"), 12)
        assert "RESOURCE_EXHAUSTED" in told and told.count("OK") <= 8, told
        over = http.post("balances.check", body)
        if over.status == 429:
            assert over.brief == "429 rate_limit_exceeded"
            assert 1 <= int(over.headers["retry-after"]) <= 60
            assert over.headers["ratelimit-remaining"] == "0"
    assert statuses(lambda: check(client, second, feature_id="test_messages"), 1) == ["OK"]


def test_a_refused_call_changes_nothing_and_says_when_to_come_again(limited):
    server, client = limited
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    counted = statuses(lambda: track(client, customer_id), 12).count("OK")
    assert 3 <= counted <= 6
    [usage] = [balance.usage for balance in get(client, customer_id).balances
               if balance.feature_id == "test_messages"]
    assert usage == counted
    with pytest.raises(grpc.RpcError) as caught:
        for _ in range(12):
            track(client, customer_id)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    details = rpc_status.from_call(caught.value).details
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert details[0].Unpack(info) and info.reason == "RATE_LIMITED"
    assert details[1].Unpack(retry) and 1 <= retry.retry_delay.seconds <= 60


def test_without_the_setting_nobody_is_limited(server, client):
    customer_id = new_customer(client)
    assert statuses(lambda: check(client, customer_id, feature_id="test_messages"), 60) == ["OK"] * 60
    with JSONClient(server) as http:
        answer = http.post("customers.get", {"customer_id": customer_id})
        assert answer.status == 200
        assert not any(name.startswith("ratelimit") for name in answer.headers)


@pytest.mark.parametrize("name, value, words", [
    ("TALLY_RATE_LIMITS", "on", "rate-limits can be yes, no"),
    ("TALLY_RATE_LIMIT_CHECK", "fast", "rate-limit.check must be such as 100/s"),
    ("TALLY_RATE_LIMIT_KEY", "-1/s", "rate-limit.key must be such as 100/s"),
    ("TALLY_CORS_ORIGINS", "https://shop.example.com/", "must be as browsers write it"),
    ("TALLY_CORS_ORIGINS", "*", "must be as browsers write it"),
    ("TALLY_CORS_SECRET_KEYS", "true", "cors-secret-keys can be yes, no"),
    ("TALLY_IDEMPOTENCY", "409", "idempotency can be answer, refuse"),
    ("TALLY_LOG_FORMAT", "xml", "log-format can be text, json"),
])
def test_a_wrong_setting_is_named_and_no_server_starts(
        tmp_path, certificates, name, value, words):
    server = TallyServer(tmp_path, certificates)
    told = subprocess.run(server.command(), env={**os.environ, name: value}, cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert told.returncode == 64 and words in told.stderr, told.stderr
