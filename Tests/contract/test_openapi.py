"""Random requests out of `/openapi.json`: no fault of the server, and no answer that the document
doesn't describe.

`TALLY_OPENAPI_EXAMPLES` says how many for each route; scripts/full/openapi sends 2,000.
"""

import copy
import json
import os
import random
import re

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance, response_headers_conformance, response_schema_conformance,
    status_code_conformance)
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import rewards_pb2 as rewards_pb

import checkout
from tally_client import TallyClient
from tally_server import ROOT, TallyServer

EXAMPLES = int(os.environ.get("TALLY_OPENAPI_EXAMPLES", "50"))
CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]
# What is there, so that a random request meets something.
KNOWN = {
    "customer_id": [f"fuzz_{number}" for number in range(6)],
    "feature_id": ["messages", "seats", "sso", "credits", "images", "ai"],
    "metered_feature_id": ["messages", "images"],
    "plan_id": ["free", "pro", "packs", "once"],
    "entity_id": ["one", "two"],
    "lock_id": ["lock_1", "lock_2"],
    "balance_id": ["bal_1", "extra"],
    "subscription_id": ["sub_1", "sub_2"],
    "model_id": ["custom/one"],
    "code": ["GIFT", "NONE"],
    "program_id": ["friends"],
    "reward_id": ["half"],
    "currency": ["usd"],
    "event_name": ["sent"],
    "success_url": ["https://example.com/done"],
    "return_url": ["https://example.com"],
    "email": ["somebody@example.com"],
    "start_cursor": [""],
}
# A third of the requests are one of these with something more, so that each route also works.
BASES = {
    "balances.check": {"feature_id": "messages", "product_id": None, "required_quantity": None},
    "balances.delete": {"feature_id": "messages", "balance_id": "extra"},
    "balances.track": {"feature_id": "messages"},
    "balances.update": {"feature_id": "messages", "remaining": 7},
    "balances.recalculate": {"customer_id": "fuzz_0", "feature_id": "messages"},
    "billing.create_schedule": {"customer_id": "fuzz_2", "phases": [
        {"starts_at": "now", "plans": [{"plan_id": "once"}]}]},
    # Of nobody else: who is charged for another plan is refused.
    "billing.import": {"customer_id": "fuzz_moved", "billables": [
        {"plan": {"plan_id": "once", "started_at": 1_790_000_000_000}}]},
    "billing.multi_attach": {"customer_id": "fuzz_0", "plans": [{"plan_id": "once"}]},
    "billing.preview_multi_attach": {"customer_id": "fuzz_0", "plans": [{"plan_id": "once"}]},
    "billing.preview_update": {"plan_id": "packs", "feature_quantities": [
        {"feature_id": "messages", "quantity": 30}]},
    "billing.update": {"plan_id": "packs", "feature_quantities": [
        {"feature_id": "messages", "quantity": 30}]},
    "entities.create": {"customer_id": "fuzz_2", "entity_id": "two", "feature_id": "seats"},
    "entities.update": {"customer_id": "fuzz_0", "entity_id": "one", "billing_controls": {
        "usage_limits": [{"feature_id": "messages", "limit": 5, "interval": "day"}]}},
    "features.create": {"name": "New", "type": "boolean"},
    "invoices.insert": {"invoices": [
        {"customer_id": "fuzz_1", "stripe_id": "in_1", "status": "paid", "total": 5,
         "created_at": 1_790_000_000_000}]},
    "keys.mint": {"customer_id": "fuzz_0"},
    "keys.revoke": {"customer_id": "fuzz_0"},
    "plans.create": {"name": "New", "items": [{"feature_id": "sso"}]},
}
# It takes a token that is good once, in place of the key.
REFUSED = {"keys.refresh"}
NEW = {"features.create": "feature_id", "plans.create": "plan_id"}
# What may go, and one that is in use: other routes need the rest.
SPARE = [f"spare_{number}" for number in range(8)]
DELETED = {"features.delete": ("feature_id", [*SPARE, "messages"]),
           "plans.delete": ("plan_id", [*SPARE, "free"])}
MONTH = {"interval": "month"}
CATALOG = [
    ("features.create", {"feature_id": "messages", "name": "Messages", "type": "metered",
                         "consumable": True, "event_names": ["sent"]}),
    ("features.create", {"feature_id": "images", "name": "Images", "type": "metered",
                         "consumable": True}),
    ("features.create", {"feature_id": "seats", "name": "Seats", "type": "metered",
                         "consumable": False}),
    ("features.create", {"feature_id": "sso", "name": "SSO", "type": "boolean"}),
    ("features.create", {"feature_id": "credits", "name": "Credits", "type": "credit_system",
                         "credit_schema": [{"metered_feature_id": "images", "credit_cost": 0.2}]}),
    ("features.create", {"feature_id": "ai", "name": "AI", "type": "ai_credit_system",
                         "default_markup": 10, "provider_markups": {"custom": {"markup": 20}},
                         "model_markups": {"custom/one": {"input_cost": 5, "output_cost": 15}}}),
    ("plans.create", {"plan_id": "free", "name": "Free", "auto_enable": True, "items": [
        {"feature_id": "messages", "included": 100, "reset": MONTH},
        {"feature_id": "seats", "included": 2}, {"feature_id": "ai", "included": 5},
        {"feature_id": "credits", "included": 10, "reset": MONTH,
         "rollover": {"max": 20, "expiry_duration_type": "month"}}]}),
    ("plans.create", {"plan_id": "pro", "name": "Pro", "price": {"amount": 20, **MONTH},
                      "free_trial": {"duration_length": 7, "duration_type": "day"}, "items": [
        {"feature_id": "messages", "included": 500, "price": {
            "amount": 0.1, "interval": "month", "billing_method": "usage_based",
            "max_purchase": 100}},
        {"feature_id": "sso"}, {"feature_id": "seats", "included": 5}]}),
    ("plans.create", {"plan_id": "packs", "name": "Packs", "add_on": True, "items": [
        {"feature_id": "messages", "included": 0, "price": {
            "interval": "month", "billing_method": "prepaid", "billing_units": 10,
            "tier_behavior": "volume",
            "tiers": [{"to": 100, "amount": 8}, {"to": "inf", "amount": 5, "flat_amount": 1}]}}]}),
    ("plans.create", {"plan_id": "once", "name": "Once", "add_on": True,
                      "price": {"amount": 5, "interval": "one_off"}}),
]


class World:
    def __init__(self, server):
        self.url = f"https://localhost:{server.port}"
        self.session = requests.Session()
        self.session.verify, self.session.trust_env = str(server.ca_file), False
        self.session.headers["authorization"] = f"Bearer {server.key}"
        for method, body in CATALOG:
            reply = self.post(method, body)
            assert reply.status_code == 200, reply.text
        for spare in SPARE:
            for method, body in [
                    ("features.create", {"feature_id": spare, "name": "Spare", "type": "boolean"}),
                    ("plans.create", {"plan_id": spare, "name": "Spare", "add_on": True})]:
                assert self.post(method, body).status_code == 200
        client = TallyClient(server, server.key)
        client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
            catalog=catalog_pb.PricingCatalog(
                currency="usd",
                coupons=[rewards_pb.Coupon(coupon_id="half", name="Half", percentage=50,
                                           duration=rewards_pb.COUPON_DURATION_ONCE)],
                feature_grants=[rewards_pb.FeatureGrant(
                    feature_grant_id="gift", name="Gift",
                    grants=[rewards_pb.GrantedUnits(feature_id="messages", quantity=25)],
                    promotion_codes=[rewards_pb.PromotionCode(code="GIFT")])],
                referral_programmes=[rewards_pb.ReferralProgramme(
                    programme_id="friends", reward_id="gift",
                    redeem_on=rewards_pb.REFERRAL_MOMENT_CUSTOMER_CREATION,
                    received_by=rewards_pb.REFERRAL_RECEIVER_ALL)])))
        client.close()
        self.fill()
        for customer_id in KNOWN["customer_id"][:2]:
            code = self.post("referrals.create_code", {
                "customer_id": customer_id, "program_id": "friends"}).json()
            KNOWN["code"].append(code["code"])
        document = self.session.get(f"{self.url}/openapi.json").json()
        self.schema = schemathesis.openapi.from_dict(document)
        self.operations = {operation.ok().path: operation.ok()
                           for operation in self.schema.get_all_operations()}

    def post(self, method, body):
        return self.session.post(f"{self.url}/v1/{method}", json=body, timeout=30)

    def fill(self):
        """Everybody is there again, whatever was deleted; with a card, and packs."""
        for customer_id in KNOWN["customer_id"]:
            reply = self.post("customers.get_or_create", {
                "customer_id": customer_id, "expand": ["payment_method"]})
            assert reply.status_code == 200
            if reply.json()["payment_method"] is None:
                setup = self.post("billing.setup_payment", {"customer_id": customer_id}).json()
                assert checkout.pay(setup["url"], self.session.verify).status in (200, 303)
            self.post("billing.attach", {
                "customer_id": customer_id, "plan_id": "packs",
                "feature_quantities": [{"feature_id": "messages", "quantity": 20}]})
            self.post("balances.create", {
                "customer_id": customer_id, "feature_id": "messages", "included_grant": 9,
                "balance_id": "extra"})
            self.post("entities.create", {
                "customer_id": customer_id, "entity_id": "one", "feature_id": "seats"})
            for lock_id in KNOWN["lock_id"]:
                self.post("balances.check", {
                    "customer_id": customer_id, "feature_id": "messages",
                    "lock": {"enabled": True, "lock_id": f"{lock_id}"}})


@pytest.fixture(scope="module")
def world(tmp_path_factory, certificates):
    server = TallyServer(tmp_path_factory.mktemp("openapi"), certificates)
    server.start()
    try:
        yield World(server)
    finally:
        server.kill()


def aimed(value, dice, new=None):
    """The same with most names those of something that is there, but for what is `new`."""
    if isinstance(value, list):
        return [aimed(element, dice) for element in value]
    if not isinstance(value, dict):
        return value
    return {key: dice.choice(KNOWN[key])
            if isinstance(element, str) and key in KNOWN and key != new and dice.random() < 0.9
            else aimed(element, dice) for key, element in value.items()}


def lightened(body, required, dice):
    """Without some of what may be left out: with all of it hardly any request is one."""
    if not isinstance(body, dict):
        return body
    kept = dice.choice([0.0, 0.0, 0.2, 0.5, 1.0])
    return {key: value for key, value in body.items()
            if key in required or dice.random() < kept}


def routes():
    """Known before there is a server."""
    source = (ROOT / "Sources" / "Faces" / "JSONFace" / "Route.swift").read_text()
    return re.findall(r'^    case \w+ = "([a-z_.]+)"$', source, re.M)


STATUSES = {}


@pytest.mark.parametrize("route", routes())
def test_every_answer_is_one_that_the_document_describes(world, route):
    operation = world.operations[f"/v1/{route}"]
    body = operation.body[0].definition.get("schema", {}) if operation.body else {}
    required = set(body.get("required", []))
    world.fill()
    seen = STATUSES.setdefault(route, {})
    works = {"200", "202"} & set(operation.definition.raw["responses"])

    @seed(8)
    @settings(max_examples=EXAMPLES if works else 5, deadline=None, database=None, derandomize=False,
              phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), number=st.integers(0, 1 << 32))
    def each(case, number):
        dice = random.Random(number)
        if isinstance(case.body, (dict, list)):
            case.body = aimed(lightened(case.body, required, dice), dice, NEW.get(route))
        if route in BASES and isinstance(case.body, dict) and dice.random() < 0.33:
            case.body.update(copy.deepcopy(BASES[route]))
        if route in DELETED and isinstance(case.body, dict):
            key, ids = DELETED[route]
            if isinstance(case.body.get(key), str):
                case.body[key] = dice.choice(ids)
        response = case.call(base_url=world.url, session=world.session, timeout=30,
                             verify=world.session.verify)
        seen[response.status_code] = seen.get(response.status_code, 0) + 1
        assert response.status_code < 500 or (
            response.status_code == 501 and "501" in operation.definition.raw["responses"]), (
            response.status_code, response.text, case.body)
        case.validate_response(response, checks=CHECKS)

    each()


def test_each_route_was_met(world, capsys):
    """Last: the statuses by route; a route that never works is one that nothing was told about."""
    with capsys.disabled():
        print()
        for route, seen in sorted(STATUSES.items()):
            print(f"  {route:32} " + ", ".join(
                f"{status}: {count}" for status, count in sorted(seen.items())))
    if len(STATUSES) < len(routes()):
        pytest.skip("only some routes were tried")
    never = {route for route, seen in STATUSES.items()
             if not any(status in (200, 202) for status in seen)}
    absent = {path.removeprefix("/v1/") for path, operation in world.operations.items()
              if not {"200", "202"} & set(operation.definition.raw["responses"])}
    assert never == absent | REFUSED, json.dumps(sorted(never - absent - REFUSED))
