"""Erasure end to end: what a person said goes, what was counted stays."""

import json
import subprocess
import time

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import TallyClient, new_id, refusal
from tally_server import BINARY, ROOT
from test_events import at, listed, properties
from test_walkthrough import attach

DONE = customers_pb.ERASURE_STATE_DONE
SECRETS = [b"Ada Lovelace", b"ada@example.com", b"difference engine", b"engine-room",
           b"pay.example.com/ada"]


def create(client, customer_id, request_id):
    return client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id, name="Ada Lovelace", email="ada@example.com",
        request_id=request_id))


def track(client, customer_id, day, request_id):
    return client.call("Track", usage_pb.TrackRequest(
        customer_id=customer_id, feature_id="test_messages", value=3, request_id=request_id,
        event_time=at(day), properties=properties(**{"engine-room": "difference engine"})))


def record(client, customer_id, request_id):
    """What another system billed, whose page shows who it was."""
    return client.call("RecordExternalInvoices", attach_pb.RecordExternalInvoicesRequest(
        customer_id=customer_id, request_id=request_id, invoices=[money_pb.ExternalInvoice(
            external_id="in_1", status=money_pb.INVOICE_STATUS_PAID,
            total=money_pb.Money(currency="usd", minor_units=2000),
            create_time=Timestamp(seconds=1_790_000_000), url="https://pay.example.com/ada")]))


def erase(client, customer_id, request_id=""):
    """Called until all of it is done, as the command does."""
    request = customers_pb.EraseCustomerRequest(customer_id=customer_id, request_id=request_id)
    for _ in range(60):
        reply = client.call("EraseCustomer", request)
        if reply.state == DONE:
            return reply
        time.sleep(0.5)
    raise AssertionError(f"not done: {reply}")


def get(client, customer_id):
    return client.call(
        "GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer_id)).customer


def found(folder):
    """Which secrets are in which files."""
    return [(path.name, secret) for path in folder.rglob("*") if path.is_file()
            for content in [path.read_bytes()] for secret in SECRETS if secret in content]


def test_erase(own_client, own_server):
    client, server = own_client, own_server
    customer_id, created, tracked = new_id("c"), new_id("r"), new_id("r")
    create(client, customer_id, created)
    attach(client, customer_id, "test_free")
    day = int(time.time()) - 86400
    first = track(client, customer_id, day, tracked)
    recorded = new_id("r")
    assert record(client, customer_id, recorded).invoices[0].url == "https://pay.example.com/ada"
    assert record(client, customer_id, recorded).replayed
    before, events = get(client, customer_id), listed(client, customer_id)
    assert before.name == "Ada Lovelace" and events.events[0].properties
    assert found(server.data) == [], "it is sealed where it is kept"

    erased = new_id("r")
    assert not erase(client, customer_id, erased).replayed
    after, left = get(client, customer_id), listed(client, customer_id)
    assert (after.name, after.email) == ("", "")
    assert [invoice.url for invoice in after.external_invoices] == [""]
    after.external_invoices[0].url = before.external_invoices[0].url
    after.name, after.email = before.name, before.email
    assert after == before, "balances, plans and invoices stay"
    assert not left.events[0].properties
    for event in events.events:
        event.properties.clear()
    assert left.events == events.events, "amounts and times stay"

    again = track(client, customer_id, day, tracked)
    assert again.replayed and again.balance == first.balance
    refused = refusal(create, client, customer_id, created)
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ERASED")
    assert erase(client, customer_id, erased).replayed
    assert not erase(client, customer_id).replayed, "nothing is left to erase: done at once"
    unknown = refusal(erase, client, new_id("c"))
    assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND")

    # Also after a crash, and what is said later is kept.
    server.kill()
    server.start()
    assert get(client, customer_id).name == ""
    assert create(client, customer_id, new_id("r")).customer.name == "Ada Lovelace"
    server.kill()
    assert found(server.data) == []
    server.start()
    assert get(client, customer_id).name == "Ada Lovelace"


def tally(server, *words):
    done = subprocess.run(
        [BINARY, *words, "--server", f"https://localhost:{server.port}", "--ca", server.ca_file,
         "--key-file", server.key_file],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


def test_command_and_scope(own_client, own_server):
    client, server = own_client, own_server
    customer_id = new_id("c")
    create(client, customer_id, new_id("r"))
    code, said, complaint = tally(server, "customer", "erase", customer_id)
    assert (code, said) == (0, f"erased {customer_id}\n"), complaint
    code, said, _ = tally(server, "customer", "erase", customer_id, "--json")
    assert code == 0 and json.loads(said)["state"] == "done"
    assert tally(server, "customer", "erase", "nobody")[0] == 2
    made = subprocess.run(
        [BINARY, "keys", "create", "--data", server.data, "--scope", "customers:write", "--json"],
        capture_output=True, text=True, check=True, cwd=ROOT)
    own = TallyClient(server, json.loads(made.stdout)["key"])
    try:
        time.sleep(1.5)
        refused = refusal(erase, own, customer_id)
        assert (refused.code, refused.reason) == (
            grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
    finally:
        own.close()


def test_upgrade_of_a_new_folder_does_nothing(own_client, own_server):
    own_server.kill()
    done = subprocess.run([BINARY, "upgrade", "--data", own_server.data, "--json"],
                          capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    plans = [json.loads(line) for line in done.stdout.splitlines()]
    assert {plan["environment"]: plan["upgraded"] for plan in plans} == {
        "sandbox": False, "live": False}
