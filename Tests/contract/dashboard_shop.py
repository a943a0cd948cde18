"""A shop for the dashboard to show: the example's catalog with a plan in tiers, customers of all
kinds and two months of what they used. Drawn by one seed, so that it looks the same each time."""

import random
import time
from datetime import datetime, timedelta, timezone

from tally.v1 import (attach_service_pb2, catalog_service_pb2, customer_service_pb2,
                      entitlement_service_pb2, reward_service_pb2, test_clock_service_pb2,
                      usage_service_pb2)

import checkout
from receiver import Receiver
from tally_client import TallyClient, new_id
from tally_server import ROOT, TallyServer

MODULES = (attach_service_pb2, catalog_service_pb2, customer_service_pb2, entitlement_service_pb2,
           reward_service_pb2, test_clock_service_pb2, usage_service_pb2)
MONTHLY = {"interval": "INTERVAL_MONTH", "interval_count": 1}
MAIN = "northwind"
HOSTILE = "<script>alert(1)</script>"

# name, plan, months that passed, messages a day
CUSTOMERS = [
    ("Lumen Health", "team", 2, 190), ("Blue Harbor Logistics", "pro", 1, 60),
    ("Quill & Co", "free", 0, 2), ("Parallel Works", "growth", 1, 240),
    ("Fjord Robotics", "pro", 3, 75), ("Cedar Legal", "plus", 0, 9),
    ("Orbit Learning", "business", 1, 420), ("Tidepool Games", "pro", 0, 66),
    ("Maple Street Clinic", "free", 0, 3), ("Signal Foundry", "team", 1, 260),
    ("Kite Travel", "pro", 0, 21), ("Helio Energy", "growth", 2, 150),
]


class Shop(TallyServer):
    """With the example's catalog, and a webhook endpoint that isn't always well."""

    def __init__(self, folder, certificates):
        super().__init__(folder, certificates)
        self.environment = {
            "TALLY_WEBHOOKS": "billing", "TALLY_WEBHOOK_BILLING_ENVIRONMENT": "sandbox",
            "TALLY_WEBHOOK_BILLING_SECRET": "whsec_" + "A" * 32}
        self.refused = 0

    def command(self):
        return [*super().command(), "--seed", str(ROOT / "examples" / "pricing.json")]

    def start(self):
        self.receiver = Receiver(self.answer)
        self.environment["TALLY_WEBHOOK_BILLING_URL"] = self.receiver.url
        super().start()

    def answer(self, _):
        self.refused += 1
        return 503 if self.refused == 3 else 200

    def end(self, how):
        code = super().end(how)
        self.receiver.close()
        return code


def ask(client, method, **fields):
    """Calls a method with a request of these fields."""
    kind = next(getattr(module, f"{method}Request") for module in MODULES
                if hasattr(module, f"{method}Request"))
    if "request_id" in kind.DESCRIPTOR.fields_by_name:
        fields.setdefault("request_id", new_id("seed"))
    return client.call(method, kind(**fields))


def make_customer(client, name, customer_id=None, **fields):
    customer_id = customer_id or name.lower().replace(" & ", "_").replace(" ", "_")
    email = f"billing@{customer_id.replace('_', '-')}.example.com"
    ask(client, "GetOrCreateCustomer", customer_id=customer_id, name=name,
        **{"email": email, **fields})
    return customer_id


def buy(client, server, customer_id, plan_id, **fields):
    reply = ask(client, "Attach", customer_id=customer_id, plan_id=plan_id, **fields)
    if reply.payment_url:
        assert checkout.pay(reply.payment_url, server.ca_file).status == 200
    return reply


def advance(client, customer_id, months):
    for _ in range(months):
        ask(client, "AdvanceTestClock", customer_id=customer_id, duration={"seconds": 31 * 86_400})


def use(client, dice, customer_id, feature_id, a_day, days=60):
    """What was used on the days before now, more of it lately and in office hours."""
    now = datetime.now(timezone.utc)
    items = []
    for back in range(days):
        day = a_day * (1.3 - back / days) * (0.35 if (now - timedelta(back)).weekday() > 4 else 1)
        for _ in range(dice.randint(1, 2)):
            at = (now - timedelta(back)).replace(hour=int(min(23, max(0, dice.gauss(13, 4)))),
                                                 minute=dice.randint(0, 59))
            items.append({
                "feature_id": feature_id, "value": max(1, round(day * dice.uniform(0.3, 0.7))),
                "event_time": min(at, now - timedelta(minutes=dice.randint(1, 50))),
                "properties": {
                    "model": {"string_value": dice.choice(["small", "small", "medium", "large"])},
                    "region": {"string_value": dice.choice(["eu", "us"])}}})
    ask(client, "BatchTrack", customer_id=customer_id, items=items)


def publish(client):
    ask(client, "PublishCatalog", catalog={
        "currency": "usd",
        "features": [
            {"feature_id": "api_calls", "name": "API calls", "type": "FEATURE_TYPE_METERED"},
            {"feature_id": "workspaces", "name": "Workspaces", "type": "FEATURE_TYPE_ALLOCATED"},
            {"feature_id": "jobs", "name": "Jobs", "type": "FEATURE_TYPE_CONCURRENCY"}],
        "plans": [{
            "plan_id": "growth", "name": "Growth",
            "price": {"amount": "49", "interval": "INTERVAL_MONTH"},
            "items": [
                {"feature_id": "messages", "included": 5000, "reset": MONTHLY,
                 "usage_price": {"amount": "0.008"}},
                {"feature_id": "api_calls", "included": 10000, "reset": MONTHLY, "usage_price": {
                    "billing_units": 1000, "max_purchase": 1_000_000,
                    "tiers": [{"up_to": 50000, "amount": "0.60"},
                              {"up_to": 200000, "amount": "0.45"}, {"amount": "0.30"}]}},
                {"feature_id": "credits", "included": 2000, "reset": MONTHLY,
                 "rollover": {"max": 1000, "months": 2}},
                {"feature_id": "workspaces", "included": 5},
                {"feature_id": "jobs", "included": 4},
                {"feature_id": "sso"}]},
            {"plan_id": "starter", "name": "Starter", "archived": True,
             "price": {"amount": "12", "interval": "INTERVAL_MONTH"},
             "items": [{"feature_id": "messages", "included": 1000, "reset": MONTHLY}]}],
        "feature_grants": [{
            "feature_grant_id": "launch", "name": "Launch credits",
            "grants": [{"feature_id": "credits", "quantity": 500, "expire_months": 3}],
            "promotion_codes": [{"code": "LAUNCH", "max_redemptions": 200}]}],
        "plan_gifts": [{"plan_gift_id": "pro_gift", "name": "Pro on us", "plan_id": "pro"}],
        "referral_programmes": [{
            "programme_id": "friends", "reward_id": "pro_gift",
            "redeem_on": "REFERRAL_MOMENT_CHECKOUT", "received_by": "REFERRAL_RECEIVER_ALL",
            "plan_ids": ["pro", "team"], "exclude_trial": True}],
        "coupons": [{"coupon_id": "welcome", "name": "Welcome, 10 % off", "percentage": 10,
                     "duration": "COUPON_DURATION_MONTHS", "months": 3,
                     "promotion_codes": [{"code": "WELCOME10"}]}]})


def northwind(client, server, dice):
    """The customer that pictures are of: something of everything."""
    make_customer(client, "Northwind Analytics", MAIN,
                  metadata={"segment": "mid-market", "owner": "emea"})
    ask(client, "UpdateCustomer", customer_id=MAIN, address={
        "line1": "12 Harbour Street", "city": "Dublin", "postal_code": "D02 X285", "country": "IE"})
    buy(client, server, MAIN, "pro")
    use(client, dice, MAIN, "messages", 66)
    advance(client, MAIN, 1)
    buy(client, server, MAIN, "growth")
    buy(client, server, MAIN, "credit_topup")
    for entity_id, name in (("eu", "Europe"), ("us", "United States")):
        ask(client, "CreateEntity", customer_id=MAIN, entity_id=entity_id, name=name,
            feature_id="workspaces")
    ask(client, "UpdateControls", customer_id=MAIN, usage_alerts={"items": [
        {"feature_id": "messages", "enabled": True, "threshold": 80, "name": "80 % used",
         "measure": "USAGE_ALERT_MEASURE_USAGE_PERCENTAGE"}]}, spend_limits={"items": [
             {"feature_id": "api_calls", "enabled": True, "overage_limit": 100_000}]})
    ask(client, "CreateBalance", customer_id=MAIN, feature_id="messages", granted=500,
        balance_id="goodwill")
    ask(client, "ApplyDiscount", customer_id=MAIN, discount={"promotion_code": "WELCOME10"})
    ask(client, "Check", customer_id=MAIN, feature_id="jobs", required_quantity=1, deduct=True,
        hold={"hold_id": "render-1"})
    for feature_id, value in (("messages", 4120), ("api_calls", 8200), ("images", 31)):
        ask(client, "Track", customer_id=MAIN, feature_id=feature_id, value=value,
            properties={"model": {"string_value": "large"}})
    for value in (12, 3, 40, 7):
        ask(client, "Track", customer_id=MAIN, feature_id="messages", value=value,
            properties={"model": {"string_value": "small"}, "region": {"string_value": "eu"}})


def hostile(client):
    """Somebody, and a feature and a plan, that are called what no page should believe."""
    ask(client, "PublishCatalog", catalog={
        "currency": "usd",
        "features": [{"feature_id": "hostile", "name": HOSTILE, "type": "FEATURE_TYPE_METERED"}],
        "plans": [{"plan_id": "hostile", "name": HOSTILE, "group": HOSTILE, "add_on": True,
                   "items": [{"feature_id": "hostile", "included": 10, "reset": MONTHLY}]}]})
    make_customer(client, HOSTILE, "hostile", email="<img/src=x/onerror=alert(2)>@example.com",
                  metadata={"<b>key</b>": "\"><svg onload=alert(3)>"})
    ask(client, "Attach", customer_id="hostile", plan_id="hostile")
    ask(client, "Track", customer_id="hostile", feature_id="hostile", value=4, properties={
        HOSTILE: {"string_value": HOSTILE}})


def stock(client, server):
    dice = random.Random(7)
    publish(client)
    for name, plan_id, months, a_day in CUSTOMERS:
        customer_id = make_customer(client, name)
        if plan_id != "free":
            buy(client, server, customer_id, plan_id)
        use(client, dice, customer_id, "messages", a_day)
        if plan_id in ("team", "growth", "business"):
            use(client, dice, customer_id, "images", a_day / 30)
        advance(client, customer_id, months)
    northwind(client, server, dice)
    leaving = make_customer(client, "Saffron Foods")
    buy(client, server, leaving, "pro")
    ask(client, "UpdateSubscription", customer_id=leaving, plan_id="pro",
        cancel_action="CANCEL_ACTION_END_OF_CYCLE")
    unpaid = make_customer(client, "Granite Insurance")
    buy(client, server, unpaid, "pro")
    card = ask(client, "SetupPayment", customer_id=unpaid)
    assert checkout.pay(card.url, server.ca_file, "4000 0000 0000 0341").status == 200
    advance(client, unpaid, 1)


def running_shop(folder, certificates):
    """The server, with nothing in it."""
    server = Shop(folder, certificates)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def opened_shop(folder, certificates):
    """The server, stocked, and a client of it."""
    for server in running_shop(folder, certificates):
        with TallyClient(server, server.key) as client:
            stock(client, server)
            yield server, client
