"""What the React hooks' backend handler sends (entitlements §12), replayed.

The handler runs in the caller's own backend: it puts in the customer that it knows, turns the
browser's camelCase into snake_case, and posts to the newest routes with the secret key. What is
in `FROM_THE_BROWSER` is what a hook posts to the handler.
"""

import re
import ssl

import httpx
import jsonschema_rs
import pytest

import checkout
from older_client import server_with_catalog
from tally_client import new_id

# By the handler's route: the newest route, what a browser sends to it, and what is of interest.
FROM_THE_BROWSER = [
    ("getOrCreateCustomer", "customers.get_or_create",
     {"errorOnNotFound": True, "expand": ["invoices"]}, "balances"),
    ("listPlans", "plans.list", {}, "list"),
    ("previewAttach", "billing.preview_attach", {"planId": "pro"}, "line_items"),
    ("attach", "billing.attach",
     {"planId": "pro", "redirectMode": "always", "successUrl": "https://example.com/done"},
     "payment_url"),
    ("previewMultiAttach", "billing.preview_multi_attach",
     {"plans": [{"planId": "premium"}, {"planId": "packs", "featureQuantities": [
         {"featureId": "messages", "quantity": 120}]}]}, "line_items"),
    ("multiAttach", "billing.multi_attach", {"plans": [{"planId": "premium"}, {
        "planId": "packs", "featureQuantities": [{"featureId": "messages", "quantity": 120}]}]},
     "invoice"),
    ("getEntity", "entities.get", {"entityId": "$entity", "expand": ["invoices"]}, "balances"),
    ("previewUpdateSubscription", "billing.preview_update",
     {"planId": "packs", "featureQuantities": [{"featureId": "messages", "quantity": 130}]},
     "total"),
    ("updateSubscription", "billing.update",
     {"planId": "premium", "cancelAction": "cancel_end_of_cycle"}, "payment_url"),
    ("setupPayment", "billing.setup_payment", {"successUrl": "https://example.com/card"}, "url"),
    ("openCustomerPortal", "billing.open_customer_portal",
     {"returnUrl": "https://example.com"}, "url"),
    ("createReferralCode", "referrals.create_code", {"programId": "friends"}, "code"),
    ("redeemReferralCode", "referrals.redeem_code", {"code": "$code"}, "reward_id"),
    ("listEvents", "events.list", {"featureId": "messages", "limit": 10,
                                   "customRange": {"start": 0, "end": 4_000_000_000_000}}, "list"),
    ("aggregateEvents", "events.aggregate",
     {"featureId": ["messages"], "range": "24h", "groupBy": "properties.model"}, "total"),
]


class Handler:
    """As the handler of the JavaScript package does it, by its documented rules."""

    STRIPPED = {"customerId", "customerData", "name", "email", "stripeId", "metadata"}

    def __init__(self, server, customer_id):
        self.http = httpx.Client(
            base_url=f"https://localhost:{server.port}",
            verify=ssl.create_default_context(cafile=server.ca_file),
            headers={"authorization": f"Bearer {server.key}", "x-api-version": "2.3.0",
                     "content-type": "application/json"})
        self.customer_id = customer_id
        self.document = self.http.get("/openapi.json").json()

    def post(self, name, route, body):
        kept = {key: value for key, value in body.items() if key not in self.STRIPPED}
        sent = {**snake(kept), "customer_id": self.customer_id}
        if name == "getOrCreateCustomer":
            sent.pop("error_on_not_found", None)
            sent["expand"] = [*sent.get("expand", []), "balances.feature"]
        reply = self.http.post(f"/v1/{route}", json=sent)
        described = self.document["paths"][f"/v1/{route}"]["post"]["responses"]
        schema = described[str(reply.status_code)]["content"]["application/json"]["schema"]
        jsonschema_rs.validator_for({**schema, "components": self.document["components"]}).validate(
            reply.json())
        return reply


def snake(value):
    if isinstance(value, list):
        return [snake(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {re.sub("([A-Z])", lambda match: "_" + match[1].lower(), key): snake(element)
            for key, element in value.items()}


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    with server_with_catalog(tmp_path_factory.mktemp("hooks"), certificates) as server:
        yield server


def test_each_route_of_the_handler(server, capsys):
    customer_id, referrer = new_id("c"), new_id("c")
    handler = Handler(server, customer_id)
    post = lambda route, **body: handler.http.post(f"/v1/{route}", json=body).json()
    post("customers.get_or_create", customer_id=referrer)
    code = post("referrals.create_code", customer_id=referrer, program_id="friends")["code"]
    names = {"$code": code, "$entity": f"{customer_id}-1"}
    for name, route, body, wanted in FROM_THE_BROWSER:
        body = {key: names.get(value, value) if isinstance(value, str) else value
                for key, value in body.items()}
        # Whatever a browser claims to be, it acts for nobody else.
        reply = handler.post(name, route, {**body, "customerId": referrer})
        assert reply.status_code == 200, (name, reply.text)
        answer = reply.json()
        assert wanted in answer, (name, answer)
        assert answer.get("customer_id", customer_id) == customer_id
        if name == "attach":
            assert checkout.pay(answer["payment_url"], server.ca_file).status in (200, 303)
            post("entities.create", customer_id=customer_id, entity_id=names["$entity"],
                 feature_id="seats", name="One")
            post("balances.track", customer_id=customer_id, feature_id="messages", value=2,
                 properties={"model": "m"})
        with capsys.disabled():
            print(f"  {name:28} {route:32} works")
    assert post("customers.get", customer_id=referrer)["subscriptions"][0]["plan_id"] == "free"


def test_a_check_in_the_browser_has_what_it_needs(server):
    """`check` of `useCustomer` asks nobody: it reads the balances that came with the customer."""
    handler = Handler(server, new_id("c"))
    customer = handler.post("getOrCreateCustomer", "customers.get_or_create", {}).json()
    balance = customer["balances"]["messages"]
    assert (balance["unlimited"], balance["overage_allowed"], balance["remaining"]) == (
        False, False, 5)
    assert balance["feature"]["id"] == "messages" and customer["flags"] == {}


def test_a_handler_without_a_customer_lists_the_plans(server):
    handler = Handler(server, None)
    reply = handler.http.post("/v1/plans.list", content=b"")
    assert {plan["id"] for plan in reply.json()["list"]} == {"free", "pro", "premium", "packs"}
