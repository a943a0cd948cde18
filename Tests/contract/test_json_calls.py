"""Every method by its own name, in JSON: the same answers and the same refusals as over gRPC."""

import json
import ssl
import time

import httpx
import pytest
from google.protobuf import json_format
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb

import test_refusals
from tally_client import new_id, refusal
from test_access import certificates_of, listeners  # noqa: F401
from test_keys import create
from test_walkthrough import attach, new_customer

STATUS = {
    "invalid_argument": 400, "unauthenticated": 401, "permission_denied": 403, "not_found": 404,
    "failed_precondition": 409, "already_exists": 409, "resource_exhausted": 429}
SERVICES = {
    "Attach": "Attach", "Check": "Entitlement", "Track": "Usage", "GetCustomer": "Customer",
    "GetOrCreateCustomer": "Customer", "PublishCatalog": "Catalog", "GetCatalog": "Catalog",
    "UpdateCustomer": "Customer", "ListCustomers": "Customer"}


def path(method):
    return f"/tally.v1.{SERVICES[method]}Service/{method}"


def https(server, port=None, certificate=None):
    context = ssl.create_default_context(cafile=server.ca_file)
    if certificate:
        context.load_cert_chain(*certificate)
    return httpx.Client(
        base_url=f"https://localhost:{port or server.port}", verify=context, timeout=20)


def post(http, key, method, body):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return http.post(path(method) if method in SERVICES else method, json=body, headers=headers)


@pytest.fixture(scope="module")
def http(server):
    with https(server) as opened:
        yield opened


def test_a_customer_is_told_alike(server, client, http):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    told = client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer_id))
    answer = post(http, server.key, "GetCustomer", {"customer_id": customer_id})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    [subscription] = answer.json()["customer"]["subscriptions"]
    assert subscription["plan_id"] == "test_free"
    assert subscription["status"] == "active"
    assert subscription["start_time"].endswith("Z")
    mine = {one["feature_id"]: one["remaining"] for one in answer.json()["customer"]["balances"]}
    theirs = {one.feature_id: one.remaining for one in told.customer.balances}
    assert mine == theirs and mine


def test_a_check_answers_what_it_answers_over_grpc(server, client, http):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    body = {"customer_id": customer_id, "feature_id": "test_messages", "required_quantity": 2}
    told = client.call("Check", check_pb.CheckRequest(**body))
    answer = post(http, server.key, "Check", body).json()
    assert answer["allowed"] is told.allowed is True
    assert answer["balance"]["remaining"] == told.balance.remaining == 3
    # A change, and its retry.
    body |= {"deduct": True, "request_id": new_id("r")}
    first = post(http, server.key, "Check", body).json()
    assert first | {"replayed": True} == post(http, server.key, "Check", body).json()
    assert client.call("Check", check_pb.CheckRequest(
        customer_id=customer_id, feature_id="test_messages")).balance.remaining == 1


def test_what_is_refused_is_refused_alike(server, client, http):
    known = new_customer(client)
    wrong = []
    for (method, request), *_ in test_refusals.TABLE:
        if method not in SERVICES:
            continue
        fields = json_format.MessageToDict(request, preserving_proto_field_name=True)
        # JSON has no numbers like those, and this one's texts have no U+0000.
        if any(word in json.dumps(fields) for word in ("NaN", "Infinity", "\\u0000")):
            continue
        if fields.get("customer_id") == "KNOWN":
            fields["customer_id"] = request.customer_id = known
        said = refusal(client.call, method, request)
        answer = post(http, server.key, method, fields)
        mine = answer.json()
        code = said.code.name.lower()
        alike = (mine["code"], mine["reason"], [one["field"] for one in mine["violations"]],
                 answer.status_code) == (code, said.reason, said.fields, STATUS[code])
        if not alike:
            wrong.append((method, fields, said, answer.status_code, mine))
    assert not wrong


def test_a_catalog_with_faults_is_told_each_of_them(server, client, http):
    before = client.call("GetCatalog", catalog_pb.GetCatalogRequest())
    catalog = {"currency": "usd", "plans": [
        {"plan_id": "good", "name": "Good"},
        {"plan_id": "bad", "name": "Bad", "price": {"amount": "x", "interval": "month"}},
        {"plan_id": "worse", "name": "Worse", "items": [{"feature_id": "nothing"}]}]}
    answer = post(http, server.key, "PublishCatalog", {"catalog": catalog})
    assert answer.status_code == 400 and answer.json()["reason"] == "INVALID_ARGUMENT"
    fields = [one["field"] for one in answer.json()["violations"]]
    assert "catalog.plans[1].price.amount" in fields
    assert all(one["message"] for one in answer.json()["violations"])
    catalog["plans"] = [
        {"plan_id": f"p{number}", "nam": "typo", "price": {"amount": "1", "interval": "mont"}}
        for number in range(60)]
    answer = post(http, server.key, "PublishCatalog", {"catalog": catalog})
    fields = [one["field"] for one in answer.json()["violations"]]
    assert len(fields) == 120
    assert fields[:2] == ["catalog.plans[0].nam", "catalog.plans[0].price.interval"]
    assert client.call("GetCatalog", catalog_pb.GetCatalogRequest()) == before


def test_who_may_not_call_is_told_so(server, client, http):
    made = create(client, name="narrow", scopes=["catalog:read"]).secret
    rows = [
        (None, "GetCatalog", 401, "unauthenticated", "KEY_MISSING", {}),
        ("tally_sk_sandbox_x", "GetCatalog", 401, "unauthenticated", "KEY_UNKNOWN", {}),
        (made, "ListCustomers", 403, "permission_denied", "SCOPE_MISSING",
         {"scope": "customers:read"}),
    ]
    for key, method, status, code, reason, metadata in rows:
        answer = post(http, key, method, {"nonsense": 1})
        assert answer.status_code == status, answer.text
        assert answer.json() | {"message": ""} == {
            "code": code, "message": "", "reason": reason, "metadata": metadata, "violations": []}
        assert (answer.headers.get("www-authenticate") == "Bearer") == (status == 401)
    assert post(http, made, "GetCatalog", {}).status_code == 200


CHECK = "/tally.v1.EntitlementService/Check"
JSON_TYPE = {"content-type": "application/json"}
BAD = [
    ("GET", CHECK, {}, b"", 405),
    ("OPTIONS", CHECK, {"origin": "https://x.example.com",
                        "access-control-request-method": "POST"}, b"", 405),
    ("POST", CHECK, {}, b"{}", 415),
    ("POST", CHECK, {"content-type": "text/plain"}, b"{}", 415),
    ("POST", CHECK, {"content-type": "application/x-www-form-urlencoded"}, b"a=b", 415),
    ("POST", CHECK + "er", JSON_TYPE, b"{}", 404),
    ("POST", "/tally.v1.", JSON_TYPE, b"{}", 404),
    ("POST", "/tally.v1.UsageService/StreamTrack", JSON_TYPE, b"{}", 501),
    ("POST", CHECK, JSON_TYPE, b"{", 400),
    ("POST", CHECK, JSON_TYPE, b'{"customer_id": "\xff"}', 400),
    ("POST", CHECK, JSON_TYPE, b'{"a": 1, "a": 1}', 400),
    ("POST", CHECK, JSON_TYPE, b'{"customer_id": "' + b"x" * 20_000 + b'"}', 413),
    ("POST", CHECK, JSON_TYPE, b'{"customer_id": "' + b"x" * (1 << 20) + b'"}', 413),
    ("POST", CHECK, {**JSON_TYPE, "connect-timeout-ms": "soon"}, b"{}", 400),
]


def test_bad_input_has_its_status(server, http):
    wrong = []
    for method, where, headers, body, status in BAD:
        answer = http.request(method, where, content=body, headers={
            "authorization": f"Bearer {server.key}", **headers})
        fine = answer.status_code == status and set(answer.json()) == {
            "code", "message", "reason", "metadata", "violations"} and answer.json()["message"]
        # No page of another site is let in.
        fine = fine and not any(name.startswith("access-control") for name in answer.headers)
        if not fine:
            wrong.append((method, where, body[:40], status, answer.status_code, answer.text[:200]))
    assert not wrong


@pytest.mark.parametrize("who, status, reason", [
    ("reader", 200, "included"), ("meter", 403, "SCOPE_MISSING"),
    ("unknown", 401, "CERTIFICATE_UNKNOWN"), ("reader", 200, "included"),
])
def test_a_certificate_says_who_calls(
        listeners, certificates_of, who, status, reason):  # noqa: F811
    with https(listeners, certificate=certificates_of[who]) as http:
        body = {"customer_id": "acme", "feature_id": "test_messages"}
        answer = post(http, None, "Check", body)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason)
        # A key decides alone.
        assert post(http, listeners.key, "Check", body).status_code == 200
        assert post(http, "nonsense", "Check", body).json()["reason"] == "KEY_UNKNOWN"


def test_a_listener_without_json_knows_nothing_of_it(listeners):  # noqa: F811
    with https(listeners, listeners.port_of("web")) as http:
        assert post(http, listeners.key, "Check", {}).status_code == 404


def test_it_counts_as_the_call_that_it_is(server, client, http):
    def count():
        page = http.get("/metrics", headers={"authorization": f"Bearer {server.key}"}).text
        return sum(float(line.rpartition(" ")[2]) for line in page.splitlines()
                   if line.startswith("grpc_server_handled_total")
                   and 'grpc_method="Check"' in line and 'grpc_code="NOT_FOUND"' in line)
    before = count()
    for _ in range(5):
        post(http, server.key, "Check", {"customer_id": "nobody", "feature_id": "test_messages"})
    end = time.monotonic() + 5
    while count() < before + 5 and time.monotonic() < end:
        time.sleep(0.05)
    assert count() == before + 5


def test_a_stop_waits_for_nobody(own_server):
    with https(own_server) as http:
        assert post(http, own_server.key, "GetCatalog", {}).status_code == 200
    began = time.monotonic()
    assert own_server.stop() == 0
    assert time.monotonic() - began < 5
