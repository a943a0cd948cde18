"""The older clients, unmodified, each out of a folder of its own: their modules have one name."""

import contextlib
import importlib
import sys

import requests
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import rewards_pb2 as rewards_pb

import checkout
from tally_client import TallyClient
from tally_server import ROOT, TallyServer

MONTH = {"interval": "month"}


@contextlib.contextmanager
def package(folder):
    """The module `autumn` of .venv/`folder`, and nobody else's, as long as it is used."""
    path = str(ROOT / ".venv" / folder)
    assert not [name for name in sys.modules if name.split(".")[0] == "autumn"]
    sys.path.insert(0, path)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module("autumn")
        assert module.__file__.startswith(path)
        yield module
    finally:
        sys.path.remove(path)
        for name in [name for name in sys.modules if name.split(".")[0] == "autumn"]:
            del sys.modules[name]


class Calls:
    """Calls methods by name, and notes what became of each."""

    def __init__(self, client, refusal):
        self.client, self.refusal = client, refusal
        self.outcomes = {}

    def call(self, method, *arguments, **named):
        target = self.client
        for name in method.split("."):
            target = getattr(target, name)
        try:
            reply = target(*arguments, **named)
        except self.refusal as error:
            self.outcomes.setdefault(method, f"{error.status_code} {code(error)}")
            raise
        self.outcomes[method] = "works"
        return reply

    def refused(self, method, *arguments, **named):
        """Status and code, and the message."""
        try:
            reply = self.call(method, *arguments, **named)
        except self.refusal as error:
            return f"{error.status_code} {code(error)}", error.message
        raise AssertionError(f"answered where it should refuse: {reply!r}")

    def table(self, capsys, methods):
        with capsys.disabled():
            print()
            for name in methods:
                print(f"  {name:34} {self.outcomes.get(name, 'not tried')}")
        return {name: self.outcomes.get(name, "not tried") for name in methods}


def code(error):
    body = getattr(error, "body", None)
    return body["code"] if isinstance(body, dict) else error.code


@contextlib.contextmanager
def server_with_catalog(folder, certificates):
    server = TallyServer(folder, certificates)
    server.start()
    client = TallyClient(server, server.key)
    try:
        publish(server, client)
        yield server
    finally:
        client.close()
        server.kill()


def publish(server, client):
    """The catalog, in the newest words; rewards by gRPC."""
    with requests.Session() as session:
        session.verify, session.trust_env = str(server.ca_file), False
        session.headers["authorization"] = f"Bearer {server.key}"
        for method, body in [
                ("features.create", {"feature_id": "messages", "name": "Messages",
                                     "type": "metered", "consumable": True}),
                ("features.create", {"feature_id": "images", "name": "Images",
                                     "type": "metered", "consumable": True}),
                ("features.create", {"feature_id": "seats", "name": "Seats", "type": "metered",
                                     "consumable": False}),
                ("features.create", {"feature_id": "sso", "name": "SSO", "type": "boolean"}),
                ("features.create", {
                    "feature_id": "credits", "name": "Credits", "type": "credit_system",
                    "credit_schema": [{"metered_feature_id": "images", "credit_cost": 0.2}]}),
                ("plans.create", {"plan_id": "free", "name": "Free", "auto_enable": True, "items": [
                    {"feature_id": "messages", "included": 5, "reset": MONTH}]}),
                ("plans.create", {"plan_id": "pro", "name": "Pro",
                                  "price": {"amount": 20, **MONTH}, "items": [
                    {"feature_id": "messages", "included": 100, "reset": MONTH},
                    {"feature_id": "seats", "included": 3}, {"feature_id": "sso"},
                    {"feature_id": "credits", "included": 10}]}),
                ("plans.create", {"plan_id": "premium", "name": "Premium",
                                  "price": {"amount": 50, **MONTH}, "items": [
                    {"feature_id": "messages", "included": 500, "price": {
                        "amount": 0.1, "interval": "month", "billing_method": "usage_based",
                        "max_purchase": 50}}]}),
                ("plans.create", {"plan_id": "packs", "name": "Packs", "add_on": True, "items": [
                    {"feature_id": "messages", "included": 100, "reset": MONTH, "price": {
                        "amount": 8, "interval": "month", "billing_method": "prepaid",
                        "billing_units": 10}}]})]:
            reply = session.post(f"https://localhost:{server.port}/v1/{method}", json=body)
            assert reply.status_code == 200, reply.text
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(
            currency="usd",
            coupons=[rewards_pb.Coupon(coupon_id="half", name="Half", percentage=50,
                                       duration=rewards_pb.COUPON_DURATION_ONCE)],
            feature_grants=[rewards_pb.FeatureGrant(
                feature_grant_id="gift", name="Gift",
                grants=[rewards_pb.GrantedUnits(feature_id="messages", quantity=25)])],
            referral_programmes=[rewards_pb.ReferralProgramme(
                programme_id="friends", reward_id="gift",
                redeem_on=rewards_pb.REFERRAL_MOMENT_CUSTOMER_CREATION,
                received_by=rewards_pb.REFERRAL_RECEIVER_ALL)])))


def pay(url, server):
    page = checkout.pay(url, server.ca_file)
    assert page.status in (200, 303), page
