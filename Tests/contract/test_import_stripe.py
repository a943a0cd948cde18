"""`tally import stripe`: subscriptions that Stripe runs, here the double of it, go on at Tally, and
each period is charged once, by one of both, and costs what it would have cost at Stripe."""

import json
import os
import subprocess
import time

import pytest
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb

import importing
import stripe_types
from documentation import run_block
from stripe_bench import KEY, Bench
from tally_client import TallyClient, new_id
from tally_server import BINARY, ROOT, TallyServer
from test_clock import move
from test_walkthrough import get

DAY = 86400
OPEN, PAID = money_pb.INVOICE_STATUS_OPEN, money_pb.INVOICE_STATUS_PAID
# What is sent waits to be paid, and is given up once nobody has.
MATTERS = (OPEN, PAID, money_pb.INVOICE_STATUS_UNCOLLECTIBLE)


class Move:
    """The double, a server that collects by it, and the command between them."""

    def __init__(self, folder, certificates):
        self.bench, self.folder = Bench(), folder
        self.server = TallyServer(folder, certificates)
        self.server.environment = {
            "TALLY_PAYMENTS_SANDBOX": "stripe", "TALLY_STRIPE_SANDBOX_KEY": KEY,
            "TALLY_STRIPE_SANDBOX_URL": self.bench.double.url}
        self.server.start()
        self.client = TallyClient(self.server, self.server.key)

    def close(self):
        self.client.close()
        self.server.kill()
        self.bench.close()

    def restart(self):
        self.client.close()
        self.server.start()
        self.client = TallyClient(self.server, self.server.key)

    def run(self, *words, key=KEY, tally_key_file=None, report=True):
        """The exit code, and the report or what was said."""
        done = subprocess.run(
            [BINARY, "import", "stripe", *words, "--stripe-url", self.bench.double.url, "--server",
             f"https://127.0.0.1:{self.server.port}", "--ca", self.server.ca_file, "--key-file",
             tally_key_file or self.server.key_file, *(["--json"] if report else [])],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500, cwd=ROOT,
            env={**os.environ, "TALLY_STRIPE_KEY": key})
        assert "Fatal error" not in done.stderr, done.stderr
        assert key not in done.stdout + done.stderr
        if report and done.stdout:
            return done.returncode, json.loads(done.stdout)
        return done.returncode, done.stdout + done.stderr

    def mapping(self):
        """As it is drafted, and published."""
        path = self.folder / "mapping.json"
        code, said = self.run("--draft-mapping", path, report=False)
        assert code == 0, said
        return path

    def publish(self):
        """The example's plans: free, which everybody starts with, pro at 20 a month, and more."""
        done = subprocess.run(
            [BINARY, "catalog", "apply", ROOT / "examples" / "pricing.json", "--server",
             f"https://127.0.0.1:{self.server.port}", "--ca", self.server.ca_file, "--key-file",
             self.server.key_file], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def price(self, name="Solo", **given):
        product = self.bench.stripe.products.create({"name": name})
        return self.bench.stripe.prices.create({
            "product": product.id, "currency": "usd", "unit_amount": 2000,
            "recurring": {"interval": "month"}, **given})

    def subscribe(self, price, customer=None, days=10, **given):
        """One whose period ends in so many days."""
        customer = customer or self.bench.customer()
        now = self.bench.control("/clock", "GET")["now"]
        start = importing.later(now + days * DAY, "month", -1)
        made = self.bench.control("/subscriptions", customer=customer.id, start=start, items=[
            {"price": price.id, "quantity": 1}], **given)
        return customer.id, made["id"]

    def advance(self, days):
        """Both clocks, day by day; Stripe's first, as its renewals are its own."""
        for _ in range(days):
            self.bench.control("/clock", advance=DAY)
            move(self.client, 1)

    def posts(self):
        return [(entry["method"], entry["path"]) for entry in self.bench.sent_by("tally")
                if entry["method"] != "GET"]

    def charged_there(self, customer):
        """By Stripe's own renewals."""
        return [invoice.total for invoice in self.invoices(customer)
                if invoice.billing_reason == "subscription_cycle"]

    def charged_here(self, customer):
        """By Tally, at Stripe."""
        return [invoice.total for invoice in self.invoices(customer)
                if "tally_effect" in invoice.metadata and invoice.status == "paid"]

    def invoices(self, customer):
        return self.bench.stripe.invoices.list({"customer": customer, "limit": 100}).data

    def check(self):
        sent = self.bench.sent_by("tally")
        assert sent and not stripe_types.faults_of_log(sent, answers=False)
        assert not self.bench.control("/broken", "GET")["broken"]
        assert KEY not in self.server.log.read_text()

    def state(self):
        """All that is on record, byte for byte."""
        done = subprocess.run(
            [BINARY, "export", "--data", self.server.data, "--environment", "sandbox"],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        # The header has the time of the export.
        return done.stdout.split("\n", 1)[1]


@pytest.fixture
def moving(tmp_path, certificates):
    moving = Move(tmp_path, certificates)
    yield moving
    moving.close()


def until(true, what, patience=60):
    end = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


def parts(report):
    return {part["source_id"]: part for customer in report["customers"]
            for part in customer["subscriptions"]}


def test_a_thousand_subscriptions_are_charged_as_stripe_alone_would_have(moving):
    all_prices, held = importing.account(moving.bench, 1000, seed=7)
    daily = moving.price("By the day", recurring={"interval": "day"})
    alone = moving.subscribe(daily)  # nothing maps it
    owing, _ = moving.subscribe(moving.price("Owing"), moving.bench.customer(balance=-500))
    tied = moving.subscribe(  # 12.5 % of 20.04 are 2.505
        moving.price("Tied", unit_amount=2004), discounts=[{"coupon": "LONG"}])
    path = moving.mapping()
    draft = json.loads(path.read_text())
    assert set(draft["not_drafted"]) == {daily.id}

    code, said = moving.run("--mapping", path)
    assert code == 2 and "--publish" in said, said
    code, before = moving.run("--mapping", path, "--publish")
    assert code == 1 and not before["applied"]
    found = parts(before)
    reasons = {identifier: part["reason"] for identifier, part in found.items() if part["reason"]}
    tally = {}
    for reason in reasons.values():
        tally[reason] = tally.get(reason, 0) + 1
    assert len(reasons) == 3, tally
    assert "17.54 USD here, and is 17.53 USD there" in reasons[tied[1]]
    assert "nothing maps the price" in reasons[alone[1]], reasons
    assert sum("balance at Stripe" in reason for reason in reasons.values()) == 1, reasons
    assert before["brought"]["subscriptions"] == 1000
    assert before["monthly_revenue"]["equal"] and before["monthly_revenue"]["before"] \
        == before["monthly_revenue"]["after"] == monthly(held)
    assert not moving.posts()

    code, after = moving.run("--mapping", path, "--apply", "--wait", "120")
    assert code == 1 and after["pending"] == 0 and after["brought"]["subscriptions"] == 1000
    assert after["monthly_revenue"] == before["monthly_revenue"]
    for one in held:
        there = moving.bench.double.world["subscription"].get(one.id)
        assert there["cancel_at_period_end"] and there["cancel_at"]
        assert bool(there["metadata"]) == (not one.canceled)

    # Again: nothing is sent, and nothing changes.
    moving.bench.control("/log", "DELETE")
    state = moving.state()
    code, again = moving.run("--mapping", path, "--apply")
    assert again["unchanged"]["subscriptions"] == 1000 and again["brought"] == {
        "customers": 0, "subscriptions": 0}
    assert not moving.posts() and moving.state() == state

    now = moving.bench.control("/clock", "GET")["now"]
    moving.advance(32)
    until_then = moving.bench.control("/clock", "GET")["now"]
    customers = {one.customer for one in held}
    until(lambda: not any(
        subscription.status == customer_pb.SUBSCRIPTION_STATUS_RENEWING
        for customer in customers for subscription in get(moving.client, customer).subscriptions),
        "a renewal has no outcome")
    wrong = []
    for one in held:
        expected = [amount for _, amount in one.charges(now, until_then) if amount]
        customer = get(moving.client, one.customer)
        got = sorted(invoice.total.minor_units for invoice in customer.invoices
                     if invoice.status in MATTERS and invoice.total.minor_units)
        currencies = {invoice.total.currency for invoice in customer.invoices}
        if got != sorted(expected) or currencies - {one.currency}:
            wrong.append((one, expected, got))
        assert not moving.charged_there(one.customer), one
        if not one.net_days and sorted(moving.charged_here(one.customer)) != sorted(expected):
            wrong.append((one, expected, moving.charged_here(one.customer)))
    assert not wrong, (len(wrong), wrong[:3])
    for customer, _ in (alone, tied):
        assert moving.charged_there(customer), "what is left alone goes on at Stripe"
        assert not moving.charged_here(customer)
    moving.check()


def monthly(held):
    """Of what renews, discounts that last taken off."""
    from fractions import Fraction
    months = {"month": Fraction(1), "year": Fraction(12), "week": Fraction(84, 365)}
    sums = {}
    for one in held:
        if one.canceled:
            continue
        left = [price.costs(one.currency, quantity) for price, quantity in one.items]
        for coupon in one.coupons:
            if coupon.duration == "forever" and coupon.percent:
                left = [rest - importing.half_up(Fraction(rest) * Fraction(coupon.percent) / 100)
                        for rest in left]
            elif coupon.duration == "forever":
                left = [max(sum(left) - coupon.off, 0)]
        price = one.items[0][0]
        sums[one.currency] = sums.get(one.currency, Fraction(0)) + Fraction(sum(left)) / (
            months[price.interval] * price.every)
    return {currency: importing.half_up(sums[currency]) for currency in sorted(sums)}


def told(moving, identifier):
    return moving.bench.double.world["subscription"].get(identifier)["cancel_at_period_end"]


@pytest.mark.parametrize("acts", [False, True], ids=["before Stripe knew", "after Stripe knew"])
def test_killed_between_durable_here_and_told_there(moving, acts):
    """Whoever comes back goes on; a period is charged once."""
    customer, identifier = moving.subscribe(moving.price())
    path = moving.mapping()
    moving.bench.control("/faults", do="cut", acts=acts, method="POST",
                         path="/v1/subscriptions/", count=1000)
    if acts:  # nor can it be looked up
        moving.bench.control("/faults", do="answer", status=503, method="GET",
                             path="/v1/subscriptions/sub", skip=1, count=1000)
    code, report = moving.run("--mapping", path, "--publish", "--apply", "--wait", "2")
    assert code == 1 and report["pending"] == 1, report
    moving.server.kill()
    assert told(moving, identifier) == acts
    moving.bench.control("/faults", "DELETE")
    moving.restart()
    until(lambda: told(moving, identifier), "Stripe isn't told")
    code, report = moving.run("--mapping", path, "--apply", "--wait", "60")
    assert code == 0 and report["pending"] == 0, report
    assert report["unchanged"]["subscriptions"] == 1
    moving.advance(11)
    until(lambda: moving.charged_here(customer), "nothing is charged")
    assert moving.charged_here(customer) == [2000] and not moving.charged_there(customer)
    moving.check()


def asked(moving):
    return [entry for entry in moving.bench.sent_by("tally")
            if entry["path"].startswith("/v1/subscriptions/sub")]


@pytest.mark.parametrize("when", ["before", "meanwhile", "anew"])
def test_who_is_deleted_is_not_asked_for_again(moving, when):
    """Deleted before Stripe could be told, or while it was; or deleted and made anew: nothing is
    ended for the new one."""
    customer, identifier = moving.subscribe(moving.price())
    path = moving.mapping()
    if when == "meanwhile":
        moving.bench.control("/faults", do="slow", milliseconds=3000, method="POST",
                             path="/v1/subscriptions/")
    else:
        moving.bench.control("/faults", do="answer", status=503, method="POST",
                             path="/v1/subscriptions/", count=1000)
    code, report = moving.run("--mapping", path, "--publish", "--apply", "--wait", "1")
    assert code == 1 and report["pending"] == 1, report
    moving.client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(
        customer_id=customer, request_id=new_id("r")))
    if when == "anew":
        moving.client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
            customer_id=customer))
    time.sleep(3)  # three requests of one asking, or the slow one
    moving.bench.control("/faults", "DELETE")
    seen = len(asked(moving))
    for restarts in (False, True):
        if restarts:
            moving.server.kill()
            moving.restart()
        move(moving.client, 1)  # waits for what is under way
        time.sleep(2)
        assert len(asked(moving)) == seen
    assert told(moving, identifier) == (when == "meanwhile")
    log = moving.server.log.read_text()
    assert "could not be recorded" not in log
    moving.check()


def test_a_period_that_ends_before_stripe_is_told_is_stripes(moving):
    customer, identifier = moving.subscribe(moving.price())
    path = moving.mapping()
    moving.bench.control("/faults", do="answer", status=503, method="POST",
                         path="/v1/subscriptions/", count=1000)
    moving.run("--mapping", path, "--publish", "--apply", "--wait", "1")
    moving.advance(11)
    assert moving.charged_there(customer) == [2000] and not moving.charged_here(customer)
    moving.bench.control("/faults", "DELETE")
    until(lambda: told(moving, identifier), "Stripe isn't told", patience=90)
    until(lambda: moving.run("--mapping", path, "--apply")[1]["pending"] == 0, "it is pending")
    assert not moving.charged_here(customer)
    moving.advance(31)
    until(lambda: moving.charged_here(customer), "nothing is charged")
    assert moving.charged_here(customer) == [2000] and moving.charged_there(customer) == [2000]
    moving.check()


def test_what_was_ended_there_meanwhile_ends_here(moving):
    customer, identifier = moving.subscribe(moving.price())
    path = moving.mapping()
    moving.bench.control("/faults", do="answer", status=503, method="POST",
                         path="/v1/subscriptions/", count=1000)
    moving.run("--mapping", path, "--publish", "--apply", "--wait", "1")
    moving.bench.control("/faults", "DELETE")
    moving.bench.stripe.subscriptions.cancel(identifier)
    until(lambda: all(
        subscription.plan_id != "solo"
        or subscription.status == customer_pb.SUBSCRIPTION_STATUS_ENDED
        for subscription in get(moving.client, customer).subscriptions), "it goes on", 90)
    moving.advance(40)
    assert not moving.charged_here(customer)


def test_a_customer_that_is_here_already(moving):
    """Its free plan makes room; a plan that it pays for doesn't, and is told of."""
    moving.publish()
    price, other = moving.price(), moving.price("Squad", unit_amount=8000)
    mine = moving.bench.customer(name="Ada", metadata={"our_id": "ada"},
                                 address={"country": "DE", "city": "Berlin"})
    _, first = moving.subscribe(price, mine)
    path = moving.mapping()
    moving.client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id="ada", email="ada@example.org"))
    assert [one.plan_id for one in get(moving.client, "ada").subscriptions] == ["free"]
    keyed = ("--customer-key", "our_id")
    code, report = moving.run("--mapping", path, "--publish", "--apply", *keyed)
    assert code == 0, report
    ada = get(moving.client, "ada")
    assert {one.plan_id for one in ada.subscriptions
            if one.status == customer_pb.SUBSCRIPTION_STATUS_ACTIVE} == {"solo"}
    assert (ada.name, ada.email) == ("Ada", "ada@example.org")
    assert (ada.address.country, ada.address.city) == ("DE", "Berlin")
    _, second = moving.subscribe(other, mine)
    # In the draft's group of main plans, as far as it could know.
    code, report = moving.run("--mapping", path, "--apply", *keyed)
    assert code == 1 and "beside solo" in parts(report)[second]["reason"], report
    assert not told(moving, second) and parts(report)[first]["outcome"] == "unchanged"


def test_metadata_map_prices_too(moving):
    moving.publish()
    price = moving.price(metadata={"tally_plan": "pro"})
    unknown = moving.price("Unknown", metadata={"tally_plan": "nobody-knows"})
    _, third = moving.subscribe(unknown)
    customer, identifier = moving.subscribe(price)
    dearer = moving.price("Dearer", unit_amount=2500, metadata={"tally_plan": "pro"})
    _, another = moving.subscribe(dearer)
    code, report = moving.run("--apply")
    assert code == 1 and "25.00" in parts(report)[another]["reason"], report
    assert "nobody-knows" in parts(report)[third]["reason"], report
    assert told(moving, identifier) and not told(moving, another)
    assert "pro" in [one.plan_id for one in get(moving.client, customer).subscriptions]


def test_the_wrong_keys(moving, tmp_path):
    moving.subscribe(moving.price())
    code, said = moving.run(key="sk_live_" + "0" * 24)
    assert code == 64 and "live takes live keys" in said
    code, said = moving.run(key="sk_test_" + "0" * 24)
    assert code == 2 and "Stripe" in said
    code, said = moving.run(key="nothing")
    assert code == 64 and "sk_test_" in said
    bad = tmp_path / "bad.key"
    bad.write_text("tally_sk_sandbox_" + "0" * 43)
    code, said = moving.run(tally_key_file=bad)
    assert code == 2 and not moving.posts(), said


def test_the_documented_way(moving):
    customer, identifier = moving.subscribe(moving.price())
    said = run_block("moving.md", 0, moving.server, moving.folder, {
        "TALLY_STRIPE_KEY": KEY, "TALLY_STRIPE_URL": moving.bench.double.url})
    assert "to bring in   1 customers, 1 subscriptions" in said, said
    assert "brought in    1 customers, 1 subscriptions" in said, said
    assert said.count("before      20.00 USD") == said.count("after       20.00 USD") == 3, said
    assert told(moving, identifier)
