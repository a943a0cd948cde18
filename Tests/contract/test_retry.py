"""Retries, as docs/grpc-service-config.json asks for them, across a kill -9 and a restart."""

import json
import threading
import time

import grpc
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import TallyClient, new_id
from tally_server import ROOT
from test_walkthrough import attach, get, new_customer

CONFIG = (ROOT / "docs" / "grpc-service-config.json").read_text()
THREADS = 8


class Caller(threading.Thread):
    """Tracks 0.001 again and again, each under an id of its own, until told to stop."""

    def __init__(self, client, customer_id):
        super().__init__(daemon=True)
        self.client, self.customer_id = client, customer_id
        self.ended, self.counted, self.errors = False, 0, []
        self.start()

    def run(self):
        stub = next(stub for stub in self.client.stubs if hasattr(stub, "Track"))
        while not self.ended:
            request = usage_pb.TrackRequest(
                customer_id=self.customer_id, feature_id="test_messages", value=0.001,
                request_id=new_id("r"))
            try:
                stub.Track(request)  # deadline and patience come from the file, or from nowhere
                self.counted += 1
            except grpc.RpcError as error:
                self.errors.append(error.code())
            time.sleep(0.005)


def calls_across_a_restart(server, client, options):
    """What the callers saw, and what the server counted for them."""
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    own = TallyClient(server, server.key, options=options)
    callers = [Caller(own, customer_id) for _ in range(THREADS)]
    time.sleep(0.5)
    server.kill()
    time.sleep(0.3)
    server.start()
    time.sleep(1)
    for caller in callers:
        caller.ended = True
    for caller in callers:
        caller.join(30)
    own.close()
    usage = {balance.feature_id: balance.usage for balance in get(client, customer_id).balances}
    errors = [error for caller in callers for error in caller.errors]
    return errors, sum(caller.counted for caller in callers), round(usage["test_messages"] * 1000)


def test_with_the_service_config_no_call_fails_or_counts_twice(own_server, own_client):
    errors, answered, counted = calls_across_a_restart(
        own_server, own_client, [("grpc.service_config", CONFIG)])
    assert errors == []
    assert answered == counted > 100


def test_without_it_calls_fail(own_server, own_client):
    errors, _, _ = calls_across_a_restart(own_server, own_client, [("grpc.enable_retries", 0)])
    assert grpc.StatusCode.UNAVAILABLE in errors


def test_every_service_has_a_policy_and_every_stream_is_left_alone():
    entries = json.loads(CONFIG)["methodConfig"]
    services = {name["service"]: entry for entry in entries for name in entry["name"]
                if "method" not in name}
    declared = {f"tally.v1.{path.stem.title().replace('_', '')}"
                for path in (ROOT / "proto" / "tally" / "v1").glob("*_service.proto")}
    assert set(services) == declared
    assert all(entry["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
               for entry in services.values())
    methods = {name["method"]: entry for entry in entries for name in entry["name"]
               if "method" in name}
    policies = {method: entry["retryPolicy"] for method, entry in methods.items()
                if "retryPolicy" in entry}
    assert methods.keys() - policies.keys() == {"StreamTrack", "WatchCustomer"}
    assert all(policy["retryableStatusCodes"] == ["UNAVAILABLE"] for policy in policies.values())
