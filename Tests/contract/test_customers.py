"""Customers as their owner handles them: changed, listed, searched, deleted; with one log and four."""

import json
import subprocess
import threading
import time

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb

import checkout
from conftest import connected
from tally_client import new_id, refusal
from tally_server import BINARY, ROOT, TallyServer
from test_events import listed as listed_events
from test_streams import stream
from test_walkthrough import attach, buy, check, get, new_customer, track


@pytest.fixture(scope="module", params=["", "4"], ids=["one-log", "four-logs"])
def desk(request, tmp_path_factory, certificates):
    """A server, and a client of it."""
    server = TallyServer(tmp_path_factory.mktemp("customers"), certificates)
    server.environment = {"TALLY_PARTITIONS": request.param, "TALLY_LOG_SEGMENT_MIB": "4"}
    try:
        server.start()
        clients = connected(server)
        yield server, next(clients)
        clients.close()
    finally:
        server.kill()


def create(client, customer_id, **more):
    return client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id, **more))


def update(client, customer_id, **more):
    return client.call("UpdateCustomer", customers_pb.UpdateCustomerRequest(
        customer_id=customer_id, **more))


def delete(client, customer_id, request_id=""):
    return client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(
        customer_id=customer_id, request_id=request_id))


def page(client, **more):
    return client.call("ListCustomers", customers_pb.ListCustomersRequest(**more))


def listed(client, **more):
    """All pages."""
    found, token = [], ""
    while True:
        reply = page(client, page_token=token, **more)
        found += reply.customers
        token = reply.next_page_token
        if not token:
            return found


def watch(client, customer_id):
    return stream(client, "WatchCustomer", check_pb.WatchCustomerRequest(customer_id=customer_id))


def ids(customers):
    return [customer.customer_id for customer in customers]


def test_pages_lose_and_repeat_nobody_while_others_are_created(desk):
    _, client = desk
    prefix = new_id("page")
    before = [f"{prefix}-{number}" for number in range(400)]
    for customer_id in before:
        create(client, customer_id)
    stop, made = threading.Event(), []

    def make():
        while not stop.is_set():
            made.append(create(client, f"{prefix}-new-{len(made)}").customer.customer_id)

    maker = threading.Thread(target=make)
    maker.start()
    try:
        while not made:
            pass
        gone = before[17]
        first = page(client, page_size=7, search=prefix)
        delete(client, gone)
        found, token = list(first.customers), first.next_page_token
        while token:
            reply = page(client, page_size=7, search=prefix, page_token=token)
            assert len(reply.customers) <= 7
            found += reply.customers
            token = reply.next_page_token
    finally:
        stop.set()
        maker.join()
    names = ids(found)
    assert len(names) == len(set(names)), "somebody is there twice"
    assert set(before) - {gone} <= set(names), "somebody is lost"
    assert gone not in names
    times = [(customer.create_time.ToNanoseconds()) for customer in found]
    assert times == sorted(times, reverse=True), "newest first"
    everybody = ids(listed(client, page_size=1000, search=prefix))
    assert set(everybody) == (set(before) | set(made)) - {gone}
    assert ids(listed(client, page_size=33, search=prefix)) == everybody
    assert len(page(client, search=prefix).customers) == 50, "unless said otherwise"


def test_a_listed_customer_is_the_whole_customer(desk):
    _, client = desk
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    track(client, customer_id, 2)
    update(client, customer_id, metadata={"crm": "4711"})
    assert listed(client, search=customer_id) == [get(client, customer_id)]


def test_search(desk):
    _, client = desk
    mark = new_id("s")[-12:]
    create(client, f"a-{mark}", name="Ada Lovelace", email=f"Ada.{mark}@Example.com")
    time.sleep(0.005)  # of the same millisecond they would be in order of id
    create(client, f"b-{mark}", name=f"GRÜN {mark}")
    for text, found in [
            (mark, ["b", "a"]), (mark.upper(), ["b", "a"]), (f"grün {mark}", ["b"]),
            (f"GRÜN {mark}".upper(), ["b"]), (f"ADA.{mark}@EXAMPLE.COM", ["a"]),
            (f"a-{mark}", ["a"]), (f"{mark}ada", [])]:
        assert ids(page(client, search=text).customers) == [f"{one}-{mark}" for one in found], text
    create(client, f"c-{mark}")
    update(client, f"c-{mark}", name=f"late {mark}")
    assert ids(page(client, search=f"LATE {mark}").customers) == [f"c-{mark}"]
    update(client, f"c-{mark}", name="")
    assert not page(client, search=f"late {mark}").customers
    client.call("EraseCustomer", customers_pb.EraseCustomerRequest(customer_id=f"b-{mark}"))
    assert not page(client, search=f"grün {mark}").customers
    assert f"b-{mark}" in ids(page(client, search=mark).customers), "only what is personal goes"


def test_filters(desk):
    server, client = desk
    free, pro = new_customer(client), new_customer(client)
    attach(client, free, "test_free")
    buy(client, server, pro, "test_pro")
    active = customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    for wanted, present, absent in [
            ({"plan_id": "test_pro"}, pro, free), ({"plan_id": "test_free"}, free, pro),
            ({"plan_id": "test_pro", "subscription_status": active}, pro, free),
            ({"subscription_status": active}, pro, None),
            ({"plan_id": "test_pro", "search": pro}, pro, free)]:
        found = ids(listed(client, **wanted))
        assert present in found and absent not in found, wanted
    ended = customer_pb.SUBSCRIPTION_STATUS_ENDED
    assert pro not in ids(listed(client, plan_id="test_pro", subscription_status=ended))


def test_list_refusals(desk):
    _, client = desk
    token = page(client, page_size=1).next_page_token
    assert token
    for request, field in [
            ({"page_size": -1}, "page_size"), ({"search": "x" * 129}, "search"),
            ({"subscription_status": 77}, "subscription_status"), ({"plan_id": "?"}, "plan_id"),
            ({"page_token": "junk"}, "page_token"), ({"page_token": token + "x"}, "page_token"),
            ({"page_token": token, "search": "x"}, "page_token")]:
        refused = refusal(lambda: page(client, **request))
        assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, request
        assert refused.fields == [field], request
    assert refusal(lambda: page(client, plan_id="no-such")).reason == "PLAN_NOT_FOUND"
    assert page(client, page_size=5000, page_token="").customers


def test_update(desk):
    _, client = desk
    customer_id, request_id = new_id("u"), new_id("r")
    made = create(client, customer_id, name="Acme", metadata={"a": "1", "b": ""}).customer
    assert dict(made.metadata) == {"a": "1", "b": ""}
    assert dict(create(client, customer_id, metadata={"c": "3"}).customer.metadata) == {
        "a": "1", "b": ""}, "an existing one's stays"
    change = {"email": "a@example.com", "metadata": {"b": "2", "ä": "ö"},
              "remove_metadata_keys": ["a", "zz"], "request_id": request_id}
    reply = update(client, customer_id, **change)
    assert (reply.customer.name, reply.customer.email) == ("Acme", "a@example.com")
    assert dict(reply.customer.metadata) == {"b": "2", "ä": "ö"}
    assert get(client, customer_id) == reply.customer
    update(client, customer_id, name="", metadata={"b": "x"})
    again = update(client, customer_id, **change)
    assert again.replayed and again.customer == reply.customer
    assert get(client, customer_id).name == "" and get(client, customer_id).metadata["b"] == "x"
    reused = refusal(lambda: update(client, customer_id, request_id=request_id))
    assert reused.reason == "REQUEST_ID_REUSED"
    assert refusal(lambda: update(client, new_id("u"))).code == grpc.StatusCode.NOT_FOUND


def test_update_limits(desk):
    _, client = desk
    customer_id = new_id("u")
    most = {f"{'k' * 38}{number:02}": "v" * 500 for number in range(50)}
    assert len(create(client, customer_id, metadata=most).customer.metadata) == 50
    assert dict(update(client, customer_id, metadata=most).customer.metadata) == most
    for change, fields in [
            ({"metadata": {"": "v"}}, ["metadata"]), ({"metadata": {"k" * 41: ""}}, ["metadata"]),
            ({"metadata": {"k": "v" * 501}}, ["metadata.k"]),
            ({"metadata": {f"n{number}": "" for number in range(51)}}, ["metadata"]),
            ({"metadata": {"one-more": ""}}, ["metadata"]),
            ({"remove_metadata_keys": [""]}, ["remove_metadata_keys"]),
            ({"remove_metadata_keys": ["k"], "metadata": {"k": ""}}, ["remove_metadata_keys"]),
            ({"name": "n" * 257}, ["name"]), ({"email": "e" * 255}, ["email"]),
            ({"request_id": "r" * 64}, ["request_id"])]:
        refused = refusal(lambda: update(client, customer_id, **change))
        assert refused.code == grpc.StatusCode.INVALID_ARGUMENT, change
        assert refused.fields == fields, change
    assert dict(get(client, customer_id).metadata) == most, "nothing was changed"


def test_delete_and_create_again(desk):
    server, client = desk
    customer_id, request_id = new_id("d"), new_id("r")
    create(client, customer_id, name="Ada", metadata={"k": "v"})
    attach(client, customer_id, "test_free")
    track(client, customer_id, 2)
    reply = delete(client, customer_id, request_id)
    assert not reply.replayed
    for gone in [
            lambda: get(client, customer_id), lambda: track(client, customer_id),
            lambda: check(client, customer_id, feature_id="test_messages"),
            lambda: check(client, customer_id, plan_id="test_free"),
            lambda: client.call("Check", check_pb.CheckRequest(
                customer_id=customer_id, feature_id="test_messages", deduct=True)),
            lambda: attach(client, customer_id, "test_free"),
            lambda: update(client, customer_id, name="x"), lambda: delete(client, customer_id),
            lambda: client.call(
                "EraseCustomer", customers_pb.EraseCustomerRequest(customer_id=customer_id)),
            lambda: next(watch(client, customer_id))]:
        assert refusal(gone).code == grpc.StatusCode.NOT_FOUND
    assert not page(client, search=customer_id).customers
    assert delete(client, customer_id, request_id).replayed
    assert sum(event.value for event in listed_events(client, customer_id).events) == 2

    again = create(client, customer_id, request_id=new_id("r"))
    assert again.created and again.customer.name == "" and not again.customer.metadata
    assert not check(client, customer_id, feature_id="test_messages").allowed
    attach(client, customer_id, "test_free")
    assert check(client, customer_id, feature_id="test_messages").balance.remaining == 3
    assert delete(client, customer_id, request_id).replayed, "it deletes no other one"
    assert ids(page(client, search=customer_id).customers) == [customer_id]
    before = get(client, customer_id)
    server.kill()
    server.start()
    assert get(client, customer_id) == before
    assert ids(page(client, search=customer_id).customers) == [customer_id]


def test_delete_ends_watches_and_pages(desk):
    server, client = desk
    customer_id = new_customer(client)
    offer = attach(client, customer_id, "test_pro")
    assert offer.outcome == attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED
    updates = watch(client, customer_id)
    assert next(updates).customer.customer_id == customer_id
    delete(client, customer_id)
    ended = refusal(lambda: list(updates))
    assert (ended.code, ended.reason) == (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND")
    closed = checkout.fetch(checkout.browser(server.ca_file), offer.payment_url)
    assert closed.status == 404, "the payment page is closed"


def test_commands(desk):
    server, _ = desk

    def tally(*words):
        done = subprocess.run(
            [BINARY, "customer", *words, "--server", f"https://localhost:{server.port}",
             "--ca", server.ca_file, "--key-file", server.key_file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=ROOT)
        return done.returncode, done.stdout, done.stderr

    customer_id = new_id("cli")
    assert tally("create", customer_id, "--metadata", "crm=47=11")[0] == 0
    code, said, complaint = tally(
        "update", customer_id, "--name", "Ada", "--metadata", "a=b", "--remove", "crm", "--json")
    assert code == 0, complaint
    assert json.loads(said)["customer"]["metadata"] == {"a": "b"}
    code, said, complaint = tally("list", "--search", customer_id)
    assert code == 0 and customer_id in said and "Ada" in said, complaint
    code, said, _ = tally("list", "--search", "cli-", "--all", "--json")
    assert customer_id in [json.loads(line)["customer_id"] for line in said.splitlines()]
    assert "note      a=b" in tally("get", customer_id)[1]
    assert tally("list", "--status", "ended", "--search", customer_id)[1] == ""
    assert tally("delete", customer_id)[:2] == (0, f"deleted {customer_id}\n")
    assert tally("get", customer_id)[0] == 2
    assert tally("delete", customer_id)[0] == 2
