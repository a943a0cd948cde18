"""Bad input: the right status, the field named, and nothing changed."""

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import usage_service_pb2 as usage_pb

from tally_client import TallyClient, new_id, refusal
from test_walkthrough import attach, get, new_customer, track

INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND


@pytest.fixture(scope="module")
def known(client):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    return customer_id


def get_customer(**changes):
    return "GetCustomer", customers_pb.GetCustomerRequest(**{"customer_id": "KNOWN", **changes})


def create(**changes):
    return "GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        **{"customer_id": "KNOWN", "request_id": new_id("r"), **changes})


def asking(**changes):
    return "Check", check_pb.CheckRequest(**{"customer_id": "KNOWN", **changes})


def messages(**changes):
    return asking(feature_id="test_messages", **changes)


def using(**changes):
    return "Track", usage_pb.TrackRequest(**{
        "customer_id": "KNOWN", "feature_id": "test_messages", "request_id": new_id("r"),
        **changes})


def buying(**changes):
    return "Attach", attach_pb.AttachRequest(**{
        "customer_id": "KNOWN", "plan_id": "test_pro", "request_id": new_id("r"), **changes})


TABLE = [
    (get_customer(customer_id="nobody"), NOT_FOUND, None),
    (get_customer(customer_id=""), INVALID, "customer_id"),
    (get_customer(customer_id="a b"), INVALID, "customer_id"),
    (get_customer(customer_id="a\0b"), INVALID, "customer_id"),
    (get_customer(customer_id="zoë"), INVALID, "customer_id"),
    (get_customer(customer_id="x" * 64), INVALID, "customer_id"),
    (create(customer_id=""), INVALID, "customer_id"),
    (create(name="x" * 257), INVALID, "name"),
    (create(name="a\0b"), INVALID, "name"),
    (create(email="x" * 255), INVALID, "email"),
    (create(request_id="x" * 64), INVALID, "request_id"),
    (asking(customer_id="nobody", feature_id="test_messages"), NOT_FOUND, None),
    (asking(feature_id="nothing"), NOT_FOUND, None),
    (asking(plan_id="nothing"), NOT_FOUND, None),
    (asking(customer_id="", feature_id="test_messages"), INVALID, "customer_id"),
    (asking(), INVALID, None),
    (asking(feature_id=""), INVALID, "feature_id"),
    (asking(plan_id="a b"), INVALID, "plan_id"),
    (messages(required_quantity=float("nan")), INVALID, "required_quantity"),
    (messages(required_quantity=float("inf")), INVALID, "required_quantity"),
    (messages(required_quantity=1.1e15), INVALID, "required_quantity"),
    (messages(deduct=True, request_id="x" * 64), INVALID, "request_id"),
    (using(customer_id="nobody"), NOT_FOUND, None),
    (using(feature_id="nothing"), NOT_FOUND, None),
    (using(feature_id=""), INVALID, "feature_id"),
    (using(value=float("nan")), INVALID, "value"),
    (using(value=float("-inf")), INVALID, "value"),
    (using(value=-1.1e15), INVALID, "value"),
    (using(request_id="a\0b"), INVALID, "request_id"),
    (buying(customer_id="nobody"), NOT_FOUND, None),
    (buying(plan_id="nothing"), NOT_FOUND, None),
    (buying(plan_id=""), INVALID, "plan_id"),
    (buying(success_url="javascript:alert(1)"), INVALID, "success_url"),
]


@pytest.mark.parametrize("call, code, field", TABLE, ids=lambda value: None)
def test_bad_input_is_refused_by_name(client, known, call, code, field):
    method, template = call
    request = type(template).FromString(template.SerializeToString())
    if request.customer_id == "KNOWN":
        request.customer_id = known
    before = get(client, known)
    said = refusal(client.call, method, request)
    assert said.code == code, said
    assert said.message and said.reason and said.reason == said.reason.upper(), said
    if field:
        assert said.fields == [field], said
    assert get(client, known) == before


def test_an_id_may_be_as_long_and_as_odd_as_promised(client):
    customer_id = new_id("Org:7_a-b").ljust(63, "z")
    method, request = create(customer_id=customer_id, request_id="r" * 63)
    assert client.call(method, request).customer.customer_id == customer_id


def test_every_fault_of_a_catalog_comes_in_one_answer_and_nothing_is_applied(client):
    before = client.call("GetCatalog", catalog_pb.GetCatalogRequest())
    metered = catalog_pb2.FEATURE_TYPE_METERED
    bad = catalog_pb2.PricingCatalog(
        currency="usd",
        features=[
            catalog_pb2.Feature(feature_id="test_good", name="Good", type=metered),
            catalog_pb2.Feature(feature_id="no good", name="Bad", type=metered),
            catalog_pb2.Feature(feature_id="test_typeless", name="Typeless"),
        ],
        plans=[catalog_pb2.Plan(plan_id="test_bad", name="Bad", items=[
            catalog_pb2.PlanItem(feature_id="test_nowhere", included=1)])])
    said = refusal(client.call, "PublishCatalog", catalog_pb.PublishCatalogRequest(catalog=bad))
    assert said.code == INVALID, said
    assert len(said.fields) == 3, said
    assert any("features[1]" in field for field in said.fields), said
    assert any("plans[0]" in field for field in said.fields), said
    assert client.call("GetCatalog", catalog_pb.GetCatalogRequest()) == before


def test_the_same_request_id_with_another_payload_is_refused(client, known):
    request_id = new_id("r")
    track(client, known, value=1, request_id=request_id)
    method, request = using(customer_id=known, value=2, request_id=request_id)
    said = refusal(client.call, method, request)
    assert said.code in (INVALID, grpc.StatusCode.FAILED_PRECONDITION), said


def test_a_plan_is_attached_once(client, known):
    method, request = buying(customer_id=known, plan_id="test_free")
    said = refusal(client.call, method, request)
    assert (said.code, said.reason) == \
        (grpc.StatusCode.FAILED_PRECONDITION, "PLAN_ALREADY_ATTACHED"), said


def test_rejecting_overage_draws_nothing(client, known):
    before = get(client, known)
    method, request = using(
        customer_id=known, value=1000, overage_behavior=usage_pb.OVERAGE_BEHAVIOR_REJECT)
    said = refusal(client.call, method, request)
    assert (said.code, said.reason) == \
        (grpc.StatusCode.FAILED_PRECONDITION, "INSUFFICIENT_BALANCE"), said
    assert get(client, known) == before


@pytest.mark.parametrize("key", [None, "-", "wrong", "sandbox_" + "0" * 64, "x" * 4000])
def test_no_key_no_answer(server, client, known, key):
    stranger = TallyClient(server, key)
    try:
        said = refusal(stranger.call, *get_customer(customer_id=known))
        assert said.code == grpc.StatusCode.UNAUTHENTICATED, said
    finally:
        stranger.close()


@pytest.mark.parametrize(
    "path", ["/tally.v1.UsageService/Nothing", "/tally.v1.Nothing/Track", "/x/y"])
def test_an_unknown_method_is_unimplemented(client, path):
    assert refusal(client.call_bytes, path, b"").code == grpc.StatusCode.UNIMPLEMENTED


def test_a_message_that_is_too_large_is_refused(client):
    said = refusal(client.call_bytes, "/tally.v1.UsageService/Track", b"\x0a" + bytes(32 << 20))
    assert said.code == grpc.StatusCode.RESOURCE_EXHAUSTED, said


def test_a_long_message_is_cut_in_the_details_too(client):
    """Stock clients refuse details that say something else than the status."""
    plans = [catalog_pb2.Plan(plan_id=f"cut {number}", name="Cut") for number in range(12)]
    refused = refusal(client.call, "PublishCatalog", catalog_pb.PublishCatalogRequest(
        catalog=catalog_pb2.PricingCatalog(currency="usd", plans=plans), validate_only=True))
    assert refused.code == INVALID
    assert len(refused.message) == 512
    assert len(refused.fields) == 12
