"""The streaming methods, with stock grpcio: StreamTrack, WatchCustomer, reflection."""

import queue
import threading

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import DEADLINE, new_id, refusal
from test_walkthrough import attach, get, new_customer, track


def stream(client, method, requests):
    stub = next(stub for stub in client.stubs if hasattr(stub, method))
    return getattr(stub, method)(requests, timeout=DEADLINE)


def report(customer_id, request_id, value=1.0, feature_id="test_messages"):
    return usage_pb.StreamTrackRequest(track=usage_pb.TrackRequest(
        customer_id=customer_id, feature_id=feature_id, value=value, request_id=request_id))


def used(client, customer_id):
    balances = {balance.feature_id: balance for balance in get(client, customer_id).balances}
    return balances["test_messages"].usage


@pytest.fixture
def customer(client):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")  # 3 messages
    return customer_id


def test_reports_are_answered_in_their_order(client, customer):
    ids = [new_id("r") for _ in range(1000)]
    answers = list(stream(client, "StreamTrack",
                          iter([report(customer, one, value=0.001) for one in ids])))
    assert [answer.request_id for answer in answers] == ids
    assert all(answer.WhichOneof("result") == "tracked" for answer in answers)
    assert used(client, customer) == pytest.approx(1.0)


def test_reports_sent_again_count_once(client, customer):
    ids = [new_id("r") for _ in range(50)]
    reports = [report(customer, one, value=0.01) for one in ids]
    broken = stream(client, "StreamTrack", iter(reports))
    for _ in range(10):
        next(broken)
    broken.cancel()
    answers = list(stream(client, "StreamTrack", iter(reports)))
    assert [answer.request_id for answer in answers] == ids
    assert sum(answer.tracked.replayed for answer in answers) >= 10
    assert used(client, customer) == pytest.approx(0.5)


def test_a_report_twice_in_one_stream(client, customer):
    one = new_id("r")
    answers = list(stream(client, "StreamTrack", iter([report(customer, one)] * 5)))
    assert [answer.tracked.replayed for answer in answers] == [False, True, True, True, True]
    assert used(client, customer) == 1


def test_a_refused_report_is_answered_and_the_stream_goes_on(client, customer):
    reports = [report(customer, "a"), report(customer, "b", feature_id="nothing"),
               report("nobody", "c"), report(customer, "d", value=float("nan")),
               report(customer, new_id("e"))]
    answers = list(stream(client, "StreamTrack", iter(reports)))
    assert [answer.refused.reason for answer in answers] == [
        "", "FEATURE_NOT_FOUND", "CUSTOMER_NOT_FOUND", "INVALID_ARGUMENT", ""]
    assert answers[1].refused.code == grpc.StatusCode.NOT_FOUND.value[0]


def test_a_report_without_an_id_ends_the_stream(client, customer):
    refused = refusal(lambda: list(stream(
        client, "StreamTrack", iter([report(customer, "")]))))
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.fields == ["track.request_id"]


class Watch:
    """A WatchCustomer whose answers come into a queue."""

    def __init__(self, client, customer_id, resume_token=""):
        self.call = stream(client, "WatchCustomer", check_pb.WatchCustomerRequest(
            customer_id=customer_id, resume_token=resume_token))
        self.answers = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for answer in self.call:
                self.answers.put(answer)
        except grpc.RpcError as error:
            self.answers.put(error)

    def next(self):
        return self.answers.get(timeout=5)

    def remaining(self):
        return self.next().customer.balances[0].remaining


def test_a_watch_shows_the_customer_then_each_change(client, customer):
    watch = Watch(client, customer)
    assert watch.remaining() == 3
    track(client, customer, 1)
    assert watch.remaining() == 2
    track(client, customer, 1)
    last = watch.next()
    assert last.customer.balances[0].remaining == 1
    watch.call.cancel()
    # With the token of what was seen, only news is shown.
    again = Watch(client, customer, last.resume_token)
    with pytest.raises(queue.Empty):
        again.answers.get(timeout=0.3)
    track(client, customer, 1)
    assert again.remaining() == 0
    again.call.cancel()


def test_a_watch_on_nobody_is_refused(client):
    refused = refusal(lambda: list(stream(
        client, "WatchCustomer", check_pb.WatchCustomerRequest(customer_id="nobody"))))
    assert refused.reason == "CUSTOMER_NOT_FOUND"


def test_reflection_describes_every_service(client):
    database = ProtoReflectionDescriptorDatabase(client.channel)
    names = set(database.get_services())
    assert {"tally.v1.UsageService", "tally.v1.EntitlementService"} <= names
    service = DescriptorPool(database).FindServiceByName("tally.v1.UsageService")
    assert [method.name for method in service.methods] == [
            "Track", "BatchTrack", "TrackTokens", "BatchTrackTokens", "StreamTrack", "ListEvents",
            "AggregateEvents"]
    assert service.methods_by_name["Track"].input_type.full_name == "tally.v1.TrackRequest"


def test_health_needs_no_key(server):
    from tally_client import TallyClient
    nobody = TallyClient(server)
    serving = bytes([8, 1])
    try:
        check = "/grpc.health.v1.Health/Check"
        assert nobody.call_bytes(check, b"") == serving
        assert nobody.call_bytes(check, b"\x0a\x15tally.v1.UsageService") == serving
        unknown = refusal(nobody.call_bytes, check, b"\x0a\x07nothing")
        assert unknown.code is grpc.StatusCode.NOT_FOUND
        watch = nobody.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=DEADLINE)
        assert next(watch) == serving
        watch.cancel()
    finally:
        nobody.close()
