"""What buying costs: docs/buying.md over a test clock, and what `tally` says of it."""

import datetime
import json
import re
import subprocess

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import money_pb2 as money_pb
from tally.v1 import test_clock_service_pb2 as clock_pb

import checkout
import pricing
from documentation import run_lines
from tally_client import new_id, refusal
from tally_server import BINARY, ROOT
from test_clock import move
from test_walkthrough import attach, buy, check, get, new_customer, track

ACTIVE, SCHEDULED = attach_pb.ATTACH_OUTCOME_ACTIVE, attach_pb.ATTACH_OUTCOME_SCHEDULED
PAGE = attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED
IMMEDIATE = attach_pb.PLAN_SCHEDULE_IMMEDIATE
REFUSED, USAGE = 2, 64
MONTH, YEAR = catalog_pb.INTERVAL_MONTH, catalog_pb.INTERVAL_YEAR


def plan(name, amount, *items, interval=MONTH, **more):
    return catalog_pb.Plan(
        plan_id=f"buying_{name}", name=name.capitalize(), group="buying", items=items,
        price=catalog_pb.BasePrice(amount=amount, interval=interval), **more)


def packs(**price):
    return catalog_pb.PlanItem(
        feature_id="test_messages", reset=pricing.MONTHLY,
        prepaid_price=catalog_pb.PrepaidPrice(billing_units=100, interval=MONTH, **price))


def plans():
    return [
        plan("pro", "20"), plan("premium", "50"), plan("annual", "200", interval=YEAR),
        plan("packs", "20", packs(amount="10")), plan("studio", "80", packs(amount="10")),
        plan("trial", "30", free_trial=catalog_pb.FreeTrial(
            duration_length=14, duration_type=catalog_pb.TRIAL_UNIT_DAY, card_not_required=True)),
        plan("tryout", "30", free_trial=catalog_pb.FreeTrial(
            duration_length=1, duration_type=catalog_pb.TRIAL_UNIT_MONTH)),
    ]


def publish(client, *plans):
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", plans=plans)))


@pytest.fixture
def shop(client):
    publish(client, *plans())
    return client


def customer_on(client, month):
    """A new one, for whom the 1st of that month of a year with 365 days has just begun."""
    customer_id = new_customer(client)
    year = datetime.date.today().year + 1
    year += year % 4 == 0
    begin = Timestamp(seconds=int(
        datetime.datetime(year, month, 1, tzinfo=datetime.timezone.utc).timestamp()))
    client.call("AdvanceTestClock", clock_pb.AdvanceTestClockRequest(
        customer_id=customer_id, time=begin))
    return customer_id


def units(**quantities):
    return [attach_pb.FeatureQuantity(feature_id=f"test_{feature}", quantity=quantity)
            for feature, quantity in quantities.items()]


def amounts(invoice):
    return [line.amount.minor_units for line in invoice.lines]


def totals(client, customer_id):
    """Oldest first."""
    return [invoice.total.minor_units for invoice in get(client, customer_id).invoices][::-1]


def credit(client, customer_id):
    return get(client, customer_id).credit_balance.minor_units


def same_cost(preview, reply):
    """That is charged, line by line, what the preview said."""
    assert preview.outcome == reply.outcome
    assert preview.HasField("invoice") == reply.HasField("invoice")
    assert preview.invoice.lines == reply.invoice.lines
    assert preview.invoice.total == reply.invoice.total
    assert preview.invoice.amount_due == reply.invoice.amount_due


def bought(client, customer_id, name, **more):
    """Attach at the cost that a preview told."""
    request = attach_pb.AttachRequest(customer_id=customer_id, plan_id=f"buying_{name}", **more)
    before = get(client, customer_id)
    preview = client.call(
        "PreviewAttach", attach_pb.PreviewAttachRequest(attach=request)).preview
    assert get(client, customer_id) == before
    request.request_id = new_id("r")
    request.quote_time.CopyFrom(preview.quote_time)
    reply = client.call("Attach", request)
    same_cost(preview, reply)
    return reply


def changed(client, customer_id, **change):
    """UpdateSubscription at the cost that a preview told."""
    request = attach_pb.UpdateSubscriptionRequest(customer_id=customer_id, **change)
    preview = client.call("PreviewUpdateSubscription",
                          attach_pb.PreviewUpdateSubscriptionRequest(update=request)).preview
    request.request_id = new_id("r")
    request.quote_time.CopyFrom(preview.quote_time)
    reply = client.call("UpdateSubscription", request)
    same_cost(preview, reply)
    return reply


def cancelled(client, customer_id, how, **more):
    return changed(client, customer_id, **more,
                   cancel_action=getattr(attach_pb, f"CANCEL_ACTION_{how}"))


# Month in which the first is bought, first, days until the second, second, its lines.
SWITCHES = [
    (4, "pro", 0, "premium", [-2000, 5000]),
    (4, "pro", 10, "premium", [-1333, 3333]),
    (1, "pro", 46, "annual", [-929, 17479]),
    (1, "annual", 0, "premium", [-20000, 5000]),
]


@pytest.mark.parametrize("month, first, days, second, lines", SWITCHES)
def test_a_change_of_plan_costs_what_the_table_says(
        shop, server, month, first, days, second, lines):
    customer_id = customer_on(shop, month)
    buy(shop, server, customer_id, f"buying_{first}")
    if days:
        move(shop, days, customer_id)
    reply = bought(shop, customer_id, second, plan_schedule=IMMEDIATE)
    assert reply.outcome == ACTIVE and amounts(reply.invoice) == lines
    assert reply.invoice.total.minor_units == totals(shop, customer_id)[-1] == sum(lines)
    assert reply.invoice.amount_due.minor_units == max(0, sum(lines))
    assert credit(shop, customer_id) == max(0, -sum(lines))


def test_renewals_are_paid_out_of_the_credit_first(shop, server):
    customer_id = customer_on(shop, 1)
    buy(shop, server, customer_id, "buying_annual")
    bought(shop, customer_id, "premium", plan_schedule=IMMEDIATE)
    # The 1st of each month, give or take the days that are too many in some of them.
    for days, left in ((31, 10000), (28, 5000), (31, 0), (30, 0)):
        move(shop, days, customer_id)
        assert credit(shop, customer_id) == left
    renewals = get(shop, customer_id).invoices[:4]
    assert [invoice.total.minor_units for invoice in renewals] == [5000] * 4
    assert [invoice.credit_applied.minor_units for invoice in renewals] == [0, 5000, 5000, 5000]
    assert [invoice.amount_due.minor_units for invoice in renewals] == [5000, 0, 0, 0]
    assert {invoice.status for invoice in renewals} == {money_pb.INVOICE_STATUS_PAID}


def test_a_page_asks_for_what_the_preview_said_and_paying_it_replaces_the_plan(shop, server):
    customer_id = customer_on(shop, 4)
    first = bought(shop, customer_id, "pro")
    assert first.outcome == PAGE and amounts(first.invoice) == [2000]
    assert checkout.pay(first.payment_url, server.ca_file).status == 200
    move(shop, 10, customer_id)
    offer = bought(shop, customer_id, "premium", redirect_mode=attach_pb.REDIRECT_MODE_ALWAYS)
    assert offer.outcome == PAGE and amounts(offer.invoice) == [-1333, 3333]
    assert "20.00" in checkout.open_page(offer.payment_url, server.ca_file).body
    assert check(shop, customer_id, plan_id="buying_pro").allowed
    assert checkout.pay(offer.payment_url, server.ca_file).status == 200
    assert check(shop, customer_id, plan_id="buying_premium").allowed
    assert not check(shop, customer_id, plan_id="buying_pro").allowed
    assert totals(shop, customer_id) == [2000, 2000]


def test_without_a_page_nothing_is_bought_without_a_card(shop):
    customer_id = new_customer(shop)
    reply = attach(shop, customer_id, "buying_pro", redirect_mode=attach_pb.REDIRECT_MODE_NEVER)
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_DECLINED and not reply.payment_url
    assert not get(shop, customer_id).subscriptions


def test_a_cancelled_plan_goes_on_or_ends_with_its_period(shop, server):
    customer_id = customer_on(shop, 4)
    buy(shop, server, customer_id, "buying_pro")
    ending = cancelled(shop, customer_id, "END_OF_CYCLE").subscription
    assert ending.status == customer_pb.SUBSCRIPTION_STATUS_CANCELING
    assert ending.end_time == ending.period_end_time
    on = cancelled(shop, customer_id, "UNCANCEL").subscription
    assert on.status == customer_pb.SUBSCRIPTION_STATUS_ACTIVE and not on.HasField("end_time")
    move(shop, 30, customer_id)
    assert totals(shop, customer_id) == [2000, 2000]
    cancelled(shop, customer_id, "END_OF_CYCLE", subscription_id=on.subscription_id)
    move(shop, 31, customer_id)
    assert totals(shop, customer_id) == [2000, 2000] and not credit(shop, customer_id)
    assert not check(shop, customer_id, plan_id="buying_pro").allowed
    assert refusal(cancelled, shop, customer_id, "UNCANCEL").reason == "SUBSCRIPTION_NOT_FOUND"


def test_packs_go_up_and_down_in_the_middle_of_a_month(shop, server):
    customer_id = customer_on(shop, 4)
    offer = bought(shop, customer_id, "packs", quantities=units(messages=250))
    assert offer.outcome == PAGE and amounts(offer.invoice) == [2000, 3000]
    checkout.pay(offer.payment_url, server.ca_file)
    track(shop, customer_id, value=50)
    move(shop, 15, customer_id)
    more = changed(shop, customer_id, quantities=units(messages=500))
    assert more.invoice.total.minor_units == 1000
    assert check(shop, customer_id, feature_id="test_messages").balance.remaining == 450
    fewer = changed(shop, customer_id, quantities=units(messages=100))
    assert fewer.invoice.total.minor_units == -2000 and credit(shop, customer_id) == 2000
    assert [part.quantity for part in fewer.subscription.quantities] == [100]
    assert check(shop, customer_id, feature_id="test_messages").balance.remaining == 50
    move(shop, 15, customer_id)
    assert totals(shop, customer_id) == [5000, 1000, -2000, 3000]
    assert get(shop, customer_id).invoices[0].amount_due.minor_units == 1000
    # The next plan takes them over.
    assert sum(amounts(bought(shop, customer_id, "studio").invoice)) == 6000
    assert get(shop, customer_id).subscriptions[-1].quantities[0].quantity == 100


def test_a_trial_is_free_and_ends_without_a_card(shop):
    customer_id = customer_on(shop, 4)
    reply = bought(shop, customer_id, "trial")
    assert reply.outcome == ACTIVE and not reply.HasField("invoice")
    trial = reply.subscription
    assert trial.trial_end_time.seconds - trial.start_time.seconds == 14 * 86_400
    move(shop, 14, customer_id)
    assert not check(shop, customer_id, plan_id="buying_trial").allowed
    assert totals(shop, customer_id) == []


def test_a_trial_with_a_card_is_paid_for_when_it_ends(shop, server, tally):
    customer_id = customer_on(shop, 4)
    code, shown = tally("attach", customer_id, "buying_tryout", "--preview")
    assert code == 0
    assert said(shown)[0] == "a payment page would ask for a card; nothing would be charged now"
    code, shown = tally("attach", customer_id, "buying_tryout")
    assert code == 0 and said(shown)[0] == "a card is required; nothing is charged yet"
    page = re.search(r"https://\S+", shown)[0]
    assert checkout.pay(page, server.ca_file).status == 200
    assert check(shop, customer_id, plan_id="buying_tryout").allowed
    assert totals(shop, customer_id) == []
    move(shop, 30, customer_id)
    assert totals(shop, customer_id) == [3000]
    assert check(shop, customer_id, plan_id="buying_tryout").allowed


def test_a_preview_that_is_too_old_is_refused(shop, server):
    customer_id = customer_on(shop, 4)
    buy(shop, server, customer_id, "buying_pro")
    preview = shop.call("PreviewAttach", attach_pb.PreviewAttachRequest(
        attach=attach_pb.AttachRequest(customer_id=customer_id, plan_id="buying_premium"))).preview
    move(shop, 1, customer_id)

    def late():
        attach(shop, customer_id, "buying_premium", quote_time=preview.quote_time)

    assert refusal(late).reason == "QUOTE_EXPIRED"
    assert totals(shop, customer_id) == [2000]


def test_what_was_paid_is_remembered_across_kills(own_client, own_server):
    client, server = own_client, own_server
    publish(client, *plans())
    customer_id = customer_on(client, 4)
    offer = bought(client, customer_id, "packs", quantities=units(messages=300))
    checkout.pay(offer.payment_url, server.ca_file)

    def crash():
        before = get(client, customer_id)
        server.kill()
        server.start()
        assert get(client, customer_id) == before

    crash()
    move(client, 10, customer_id)
    # Of 20 and 30 two thirds come back; 53.33 and 20.00 are charged for the 20 days left.
    reply = bought(client, customer_id, "studio", quantities=units(messages=300))
    assert amounts(reply.invoice) == [-1333, -2000, 5333, 2000]
    crash()
    move(client, 5, customer_id)
    crash()
    ended = cancelled(client, customer_id, "IMMEDIATELY")
    # 15 of the 20 days are left of what was really paid, not of 80 and 30.
    assert amounts(ended.invoice) == [-4000, -1500]
    crash()
    assert credit(client, customer_id) == 5500
    assert totals(client, customer_id) == [5000, 4000, -5500]


@pytest.fixture
def tally(shop, server):
    """Runs a command; gives its exit code and what it said."""

    def run(*words):
        done = subprocess.run(
            [BINARY, *words, "--server", f"https://127.0.0.1:{server.port}",
             "--ca", server.ca_file, "--key-file", server.key_file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, cwd=ROOT)
        assert "Fatal error" not in done.stderr, done.stderr
        return done.returncode, done.stdout or done.stderr

    return run


def said(output):
    """Its lines, with one blank where there are several."""
    return [" ".join(line.split()) for line in output.splitlines()]


def test_the_command_says_what_a_purchase_would_do(tally, shop, server):
    customer_id = customer_on(shop, 4)
    code, offer = tally("attach", customer_id, "buying_pro", "--preview")
    assert code == 0 and said(offer)[:2] == [
        "a payment page would ask for:", "20.00 USD Pro - Base Price"]
    buy(shop, server, customer_id, "buying_pro")
    move(shop, 10, customer_id)
    code, shown = tally("attach", customer_id, "buying_packs", "--immediately",
                        "--quantity", "test_messages=300", "--preview")
    lines = said(shown)
    assert code == 0 and lines[0] == "would be charged now:"
    assert "-13.33 USD Unused Pro - Base Price" in lines[1]
    assert "20.00 USD due" in lines
    assert any(re.fullmatch(
        r"comes buying_packs 20\d\d-04-11 00:\d\d 300 test_messages", line) for line in lines)
    assert any(re.fullmatch(r"goes buying_pro 20\d\d-04-11 00:\d\d", line) for line in lines)
    assert any(re.fullmatch(r"next invoice, on 20\d\d-05-01 00:\d\d:", line) for line in lines)
    assert "50.00 USD due" in lines
    assert totals(shop, customer_id) == [2000]

    quote = lines[-1].split()[-1]
    code, bought = tally("attach", customer_id, "buying_packs", "--immediately", "--quantity",
                         "test_messages=300", "--quote-time", quote)
    assert code == 0 and said(bought)[-1] == "20.00 USD charged"
    assert f"active: {customer_id} has buying_packs with 300 test_messages, paid" in bought
    code, shown = tally("customer", "get", customer_id)
    assert code == 0 and "test_messages buying_packs 300 the same" in said(shown)

    options = ("attach", customer_id, "buying_premium", "--redirect", "always", "--new-cycle")
    code, page = tally(*options, "--json")
    page = json.loads(page)
    assert code == 0 and page["outcome"] == "payment_required"
    assert page["invoice"]["lines"][-1]["amount"]["minor_units"] == 5000
    code, later = tally("attach", customer_id, "buying_premium", "--at-period-end")
    assert code == 0
    assert re.match(r"scheduled: buying_premium starts 20\d\d-05-01 00:", later)
    assert tally(*options, "--immediately", "--at-period-end")[0] == USAGE
    assert tally("attach", customer_id, "buying_packs", "--quantity", "many")[0] == USAGE
    assert tally("attach", customer_id, "buying_premium", "--quote-time", "soon")[0] == REFUSED


def test_the_command_cancels_and_changes_quantities(tally, shop, server):
    customer_id = customer_on(shop, 4)
    buy(shop, server, customer_id, "buying_packs")
    update = ("subscription", "quantity", customer_id)
    code, shown = tally(*update, "test_messages=200", "--preview")
    assert code == 0 and said(shown)[0] == "would be charged now:"
    assert tally(*update, "buying_packs", "test_messages=200")[0] == 0
    assert tally(*update)[0] == tally(*update, "buying_packs")[0] == USAGE
    assert tally(*update, "a=b")[0] == USAGE

    cancel = ("subscription", "cancel", customer_id)
    code, shown = tally(*cancel)
    assert code == 0
    assert re.match(f"canceling: {customer_id} has buying_packs until 20..-05-01 00:", shown)
    code, shown = tally("subscription", "uncancel", customer_id, "buying_packs")
    assert code == 0 and shown.startswith(f"active: {customer_id} has buying_packs with 200 test")
    move(shop, 15, customer_id)
    code, shown = tally(*cancel, "--now", "--preview")
    assert code == 0 and said(shown)[0] == "would be given back now:"
    assert "20.00 USD becomes credit" in said(shown) and "no next invoice" in said(shown)
    request = ("--id", "sub_1", "--request-id", new_id("r"))
    code, shown = tally(*cancel, "--now", *request)
    assert code == 0 and said(shown)[0] == f"ended: {customer_id} no longer has buying_packs"
    assert said(shown)[-1] == "20.00 USD becomes credit"
    assert "answered before" in tally(*cancel, "--now", *request)[1]
    code, shown = tally("customer", "get", customer_id)
    assert "credit 20.00 USD" in said(shown)
    assert tally(*cancel)[0] == REFUSED


def test_the_command_serves_entities_and_trials(tally, shop, server):
    customer_id = customer_on(shop, 4)
    assert tally("balances", "create", customer_id, "test_seats", "5")[0] == 0
    assert tally("entities", "create", customer_id, "test_seats", "ann")[0] == 0
    code, shown = tally("attach", customer_id, "buying_trial", "--entity", "ann")
    assert code == 0
    assert re.match(f"active: ann of {customer_id} has buying_trial, trial until 20..-04-15", shown)
    code, shown = tally("customer", "get", customer_id)
    assert re.search(r"^buying_trial \(ann\) .*-04-15 00:\d\d \(trial\)", shown, re.M)
    assert tally("subscription", "cancel", customer_id, "--now")[0] == REFUSED
    assert tally("subscription", "cancel", customer_id, "--now", "--entity", "ann",
                 "--no-proration")[0] == 0
    assert not any(each.status != customer_pb.SUBSCRIPTION_STATUS_ENDED
                   for each in get(shop, customer_id).subscriptions)


def tiered(second):
    return plan(
        "tiers", "90", packs(
            tier_behavior=catalog_pb.TIER_BEHAVIOR_VOLUME, max_purchase=5000,
            tiers=[catalog_pb.PriceTier(up_to=500, amount="10", flat_amount="3"),
                   catalog_pb.PriceTier(amount=second)]))


def test_the_catalog_shows_packs_intervals_and_trials(tally, shop, tmp_path):
    each_other_month = tiered("5")
    each_other_month.price.interval_count = 2
    bare = plan("bare", "0", packs(amount="1", max_purchase=1000))
    bare.ClearField("price")
    publish(shop, each_other_month, bare)
    code, shown = tally("catalog", "show")
    lines = said(shown)
    assert code == 0
    assert ("buying_tiers 90 USD every 2 months test_messages each month, packs of 100: 10 and "
            "3 once up to 500, 5 USD each month, volume, at most 5,000") in lines
    assert ("buying_packs 20 USD each month test_messages each month, packs of 100: 10 USD "
            "each month") in lines
    assert ("buying_bare no base price test_messages each month, packs of 100: 1 USD each month, "
            "at most 1,000") in lines
    assert "buying_trial 30 USD each month, 14 days free first, without a card -" in lines

    code, catalog = tally("catalog", "show", "--json")
    catalog = json.loads(catalog)
    changing = next(each for each in catalog["plans"] if each["plan_id"] == "buying_tiers")
    price = changing["items"][0]["prepaid_price"]
    price["tiers"][1]["amount"] = "4"
    del price["on_increase"]  # it is what counts anyway
    changing["price"]["interval_count"] = 1
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(catalog))
    code, difference = tally("catalog", "diff", str(file))
    assert code == 0 and said(difference) == [
        "~ plan buying_tiers, revision 2", "price.interval_count: 2 → 1",
        "items.test_messages.prepaid_price.tiers.2.amount: 5 → 4"]


def test_the_lines_of_the_documentation_run_and_do_what_they_say(own_client, own_server):
    printed = run_lines("buying.md", own_server)
    assert "215.00 USD" in printed and "becomes credit" in printed
    assert totals(own_client, "ben")[:3] == [21500, -500, 21000]
    ben = get(own_client, "ben")
    assert ben.invoices[1].credit_applied.minor_units == 500
    assert ben.credit_balance.minor_units == -ben.invoices[0].total.minor_units > 0
    running = [each.plan_id for each in ben.subscriptions
               if each.status == customer_pb.SUBSCRIPTION_STATUS_ACTIVE]
    assert running == ["free"]
    joe = get(own_client, "joe")
    paid = joe.invoices[0].amount_due.minor_units
    back = [refund.amount.minor_units for refund in joe.refunds]
    assert len(back) == 2 and back[1] == 500 and sum(back) == paid
    assert joe.invoices[0].amount_refunded.minor_units == paid
    assert joe.credit_balance.minor_units == 0 and "goes back to the card" in printed
