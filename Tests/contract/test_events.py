"""Events end to end: what a track says of its usage is listed and added up when it has returned."""

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import property_pb2 as property_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import new_id, refusal
from test_walkthrough import attach, new_customer

INVALID = grpc.StatusCode.INVALID_ARGUMENT
HOUR = 3600


def at(seconds):
    return Timestamp(seconds=seconds)


def value(of):
    kind = {bool: "bool_value", float: "number_value", str: "string_value"}[type(of)]
    return property_pb.PropertyValue(**{kind: of})


def properties(**given):
    return {key: value(of) for key, of in given.items()}


@pytest.fixture(scope="module")
def day():
    """The start of a day that is over, in UTC."""
    return (int(time.time()) // 86400 - 3) * 86400


@pytest.fixture(scope="module")
def customer(client, day):
    """Twelve events, two in each of six hours, reported out of order."""
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    for number in [5, 2, 11, 0, 7, 1, 10, 3, 8, 4, 9, 6]:
        client.call("Track", usage_pb.TrackRequest(
            customer_id=customer_id, feature_id="test_messages", value=0.1 * (number + 1),
            request_id=new_id("r"), event_time=at(day + number * HOUR // 2),
            properties=properties(model=f"m{number % 3}", number=float(number), even=number % 2 == 0)))
    return customer_id


def listed(client, customer_id, page_size=0, page_token="", order=0, **selection):
    return client.call("ListEvents", usage_pb.ListEventsRequest(
        selection=usage_pb.EventSelection(customer_id=customer_id, **selection),
        page_size=page_size, page_token=page_token, order=order))


def numbers(reply):
    return [int(event.properties["number"].number_value) for event in reply.events]


def test_list(client, customer, day):
    reply = listed(client, customer)
    assert numbers(reply) == list(range(11, -1, -1))
    assert not reply.next_page_token
    first = reply.events[-1]
    assert first.customer_id == customer and first.feature_id == "test_messages"
    assert first.value == 0.1 and first.event_time == at(day)
    assert first.commit_time.seconds > day + 86400
    assert dict(first.properties) == properties(model="m0", number=0.0, even=True)
    assert len({event.event_id for event in reply.events}) == 12


@pytest.mark.parametrize("order", [usage_pb.EVENT_ORDER_NEWEST_FIRST,
                                   usage_pb.EVENT_ORDER_OLDEST_FIRST])
def test_pages(client, customer, order):
    found, token = [], ""
    while True:
        reply = listed(client, customer, page_size=5, page_token=token, order=order)
        found += numbers(reply)
        token = reply.next_page_token
        if not token:
            break
    assert found == sorted(range(12), reverse=order == usage_pb.EVENT_ORDER_NEWEST_FIRST)


def test_selection(client, customer, day):
    assert numbers(listed(client, customer, properties=properties(model="m1"))) == [10, 7, 4, 1]
    assert numbers(listed(client, customer, properties=properties(model="m1", even=True))) == [10, 4]
    assert numbers(listed(client, customer, properties=properties(number=7.0))) == [7]
    assert numbers(listed(client, customer, start_time=at(day + HOUR),
                          end_time=at(day + 2 * HOUR))) == [3, 2]
    assert numbers(listed(client, customer, feature_ids=["test_messages"])) == list(range(11, -1, -1))
    assert not listed(client, new_customer(client)).events


def aggregated(client, customer_id, day, **request):
    return client.call("AggregateEvents", usage_pb.AggregateEventsRequest(
        selection=usage_pb.EventSelection(
            customer_id=customer_id, start_time=at(day), end_time=at(day + 86400)), **request))


def test_aggregate(client, customer, day):
    reply = aggregated(client, customer, day, bin=usage_pb.EVENT_BIN_HOUR)
    assert [start.seconds for start in reply.bin_start_times] == [
        day + hour * HOUR for hour in range(24)]
    (series,) = reply.series
    assert series.feature_id == "test_messages" and series.WhichOneof("group") is None
    assert list(series.sums) == [0.3, 0.7, 1.1, 1.5, 1.9, 2.3] + [0] * 18
    assert list(series.counts) == [2] * 6 + [0] * 18
    assert series.total_sum == 7.8 and series.total_count == 12


def test_groups(client, customer, day):
    reply = aggregated(client, customer, day, property_key="model", group_limit=2)
    assert [(series.value.string_value, series.other, series.total_sum)
            for series in reply.series] == [("m2", False, 3.0), ("m1", False, 2.6), ("", True, 2.2)]
    reply = aggregated(client, customer, day, by_customer=True)
    assert [(series.customer_id, series.total_count) for series in reply.series] == [(customer, 12)]
    reply = aggregated(client, customer, day, property_key="nothing")
    assert [series.WhichOneof("group") for series in reply.series] == ["absent"]


def test_refusals(client, customer, day):
    token = listed(client, customer, page_size=5).next_page_token
    for fields, request in [
        (["page_token"], dict(page_token="nonsense")),
        (["page_token"], dict(page_token=token, order=usage_pb.EVENT_ORDER_OLDEST_FIRST)),
        (["page_size"], dict(page_size=-1)),
        (["selection.end_time"], dict(start_time=at(day), end_time=at(day))),
        (["selection.properties"], dict(properties=properties(
            a="1", b="2", c="3", d="4", e="5", f="6"))),
        (["selection.properties.a"], dict(properties={"a": property_pb.PropertyValue()})),
    ]:
        refused = refusal(lambda: listed(client, customer, **request))
        assert (refused.code, refused.fields) == (INVALID, fields), request
    refused = refusal(lambda: listed(client, customer, feature_ids=["nothing_such"]))
    assert refused.reason == "FEATURE_NOT_FOUND"
    refused = refusal(lambda: client.call("AggregateEvents", usage_pb.AggregateEventsRequest()))
    assert refused.fields == ["selection.start_time", "selection.end_time"]
    refused = refusal(lambda: client.call("AggregateEvents", usage_pb.AggregateEventsRequest(
        selection=usage_pb.EventSelection(start_time=at(0), end_time=at(day)),
        bin=usage_pb.EVENT_BIN_HOUR)))
    assert refused.fields == ["selection.end_time"]


@pytest.mark.parametrize("fields,request_fields", [
    (["event_time"], dict(event_time=Timestamp(seconds=int(time.time()) + 3600))),
    (["properties"], dict(properties=properties(**{f"k{n}": "v" for n in range(33)}))),
    (["properties.k"], dict(properties=properties(k="v" * 257))),
    (["properties.k"], dict(properties=properties(k=float("nan")))),
    (["properties"], dict(properties=properties(**{"k" * 65: "v"}))),
    (["properties"], dict(properties=properties(**{"": "v"}))),
])
def test_refused_labels(client, customer, fields, request_fields):
    refused = refusal(lambda: client.call("Track", usage_pb.TrackRequest(
        customer_id=customer, feature_id="test_messages", **request_fields)))
    assert (refused.code, refused.fields) == (INVALID, fields)
    assert len(listed(client, customer).events) == 12


def test_label_is_part_of_the_request(client, customer, day):
    """The same id with other properties is another request."""
    request = usage_pb.TrackRequest(
        customer_id=new_customer(client), feature_id="test_messages", request_id=new_id("r"),
        properties=properties(a="1", b=True))
    client.call("Track", request)
    assert client.call("Track", request).replayed
    request.properties["a"].string_value = "2"
    assert refusal(lambda: client.call("Track", request)).reason == "REQUEST_ID_REUSED"
    assert len(listed(client, request.customer_id).events) == 1
