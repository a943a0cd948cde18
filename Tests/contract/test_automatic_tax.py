"""Automatic tax: what the payment provider finds to be due where a customer is billed is shown,
charged and put on record to the cent, whatever becomes of asking for it. The same for the sandbox
and for Stripe (its double), and what only Stripe can do."""

import contextlib
import threading

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import customer_service_pb2 as customers_pb

from tally_client import new_id, refusal
from test_clock import move, paid
from test_payment_providers import OfSandbox, OfStripe
from test_stripe import DONE, PAGE, shop, until  # noqa: F401
from test_stripe_taxes import same
from test_walkthrough import attach, check, get, new_customer

PERCENT = {"DE": 19, "GB": 20, "US-NY": "4", "US-CA": "7.25"}
OFF, EXCLUSIVE = catalog_pb.AUTOMATIC_TAX_UNSPECIFIED, catalog_pb.AUTOMATIC_TAX_EXCLUSIVE
CALCULATIONS = "/v1/tax/calculations"


def charge_taxes(client, how=EXCLUSIVE):
    client.call("PublishCatalog", catalog_service.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(
            currency="usd", settings=catalog_pb.PricingSettings(automatic_tax=how))))


def bill_at(client, customer_id, country, state="", postal_code="10001"):
    return client.call("UpdateCustomer", customers_pb.UpdateCustomerRequest(
        customer_id=customer_id, request_id=new_id("r"), address=customer_pb.PostalAddress(
            line1="1 Main St", country=country, state=state, postal_code=postal_code))).customer


def preview(client, customer_id, plan_id):
    return client.call("PreviewAttach", attach_pb.PreviewAttachRequest(
        attach=attach_pb.AttachRequest(customer_id=customer_id, plan_id=plan_id))).preview


@pytest.fixture(params=["sandbox", "stripe"])
def provider(request):
    if request.param == "stripe":
        shop = request.getfixturevalue("shop")  # noqa: F811
        shop.control("/settings", automatic_tax_percent=PERCENT)
        provider = OfStripe(shop)
    else:
        provider = OfSandbox(
            request.getfixturevalue("client"), request.getfixturevalue("server"))
    charge_taxes(provider.client)
    yield provider
    charge_taxes(provider.client, OFF)


def bought(provider, *place, plan_id="test_pro"):
    client, customer_id = provider.client, new_customer(provider.client)
    bill_at(client, customer_id, *place)
    reply = attach(client, customer_id, plan_id)
    assert reply.outcome == PAGE
    assert provider.pay(reply.payment_url)
    until(lambda: check(client, customer_id, plan_id=plan_id).allowed, plan_id)
    return customer_id


def test_what_is_shown_is_charged(provider):
    client, customer_id = provider.client, new_customer(provider.client)
    for call in (preview, attach):
        said = refusal(call, client, customer_id, "test_pro")
        assert said.reason == "TAX_ADDRESS_REQUIRED" and "address" in said.fields, said
    bill_at(client, customer_id, "US", "")
    assert refusal(attach, client, customer_id, "test_pro").reason == "TAX_ADDRESS_REQUIRED"
    bill_at(client, customer_id, "US", "NY")
    shown = preview(client, customer_id, "test_pro")
    assert (shown.invoice.total.minor_units, shown.invoice.tax.minor_units) == (2080, 80)
    assert shown.next_invoice.total.minor_units == 2080
    reply = attach(client, customer_id, "test_pro")
    assert reply.outcome == PAGE and reply.invoice.total.minor_units == 2080
    assert provider.pay(reply.payment_url)
    until(lambda: check(client, customer_id, plan_id="test_pro").allowed, "the plan")
    found = get(client, customer_id).found_tax
    assert (found.name, found.percentage, found.jurisdiction) == ("Sales tax", "4", "US-NY")
    [invoice] = paid(get(client, customer_id))
    assert [(tax.tax_rate_id, tax.amount.minor_units) for tax in invoice.taxes] == [
        ("automatic", 80)]


def test_a_move_counts_from_the_next_charge_on(provider):
    client, customer_id = provider.client, bought(provider, "DE")
    move(client, 10, customer_id)
    bill_at(client, customer_id, "GB")
    assert get(client, customer_id).found_tax.HasField("time") is False
    upgrade = attach(client, customer_id, "test_max")
    assert upgrade.outcome == DONE
    credit, charge = upgrade.invoice.lines
    assert (credit.tax.percentage, charge.tax.percentage) == ("19", "20")
    move(client, 31, customer_id)
    until(lambda: len(paid(get(client, customer_id))) == 3, "the renewal")
    renewal = paid(get(client, customer_id))[0]
    assert [tax.percentage for tax in renewal.taxes] == ["20"]


def test_half_a_year_adds_up(provider):
    client, customer_id = provider.client, bought(provider, "DE")
    for month in range(6):
        move(client, 31, customer_id)
        until(lambda: len(paid(get(client, customer_id))) == month + 2, f"month {month}")
    assert {i.total.minor_units for i in paid(get(client, customer_id))} == {2380}


# What only Stripe can do.

@pytest.fixture
def taxed(shop):  # noqa: F811
    shop.control("/settings", automatic_tax_percent=PERCENT)
    shop.bench.double.faults.clear()
    charge_taxes(shop.client)
    yield OfStripe(shop)
    charge_taxes(shop.client, OFF)


def asked(shop):  # noqa: F811
    return [entry for entry in shop.bench.log if entry["path"] == CALCULATIONS]


def test_stripe_has_the_same_on_record(taxed):
    shop, client = taxed.shop, taxed.client  # noqa: F811
    before = len(asked(shop))
    customer_id = bought(taxed, "DE")
    assert len(asked(shop)) == before + 1
    move(client, 31, customer_id)
    until(lambda: len(paid(get(client, customer_id))) == 2, "the renewal")
    assert len(asked(shop)) == before + 2
    theirs = shop.bench.stripe.invoices.list().data[0]
    same(paid(get(client, customer_id))[0], theirs)
    rate = shop.bench.stripe.tax_rates.retrieve(
        theirs.total_taxes[0].tax_rate_details.tax_rate)
    assert (rate.country, rate.percentage, rate.display_name) == ("DE", 19, "VAT")


def test_what_stripe_knows_of_the_customer_counts(taxed):
    shop, client = taxed.shop, taxed.client  # noqa: F811
    customer_id = bought(taxed, "DE")
    payer = shop.bench.stripe.customers.list().data[0]
    shop.bench.stripe.customers.update(payer.id, {"tax_exempt": "reverse"})
    move(client, 31, customer_id)
    until(lambda: len(paid(get(client, customer_id))) == 2, "the renewal")
    renewal = paid(get(client, customer_id))[0]
    assert (renewal.total.minor_units, renewal.taxes[0].name) == (2000, "Reverse charge")
    shop.bench.stripe.customers.update(payer.id, {"tax_exempt": "exempt"})
    move(client, 31, customer_id)
    until(lambda: len(paid(get(client, customer_id))) == 3, "the second renewal")
    renewal = paid(get(client, customer_id))[0]
    assert renewal.total.minor_units == 2000 and not renewal.taxes


@pytest.mark.parametrize("fault", [
    {"do": "answer", "status": 500, "count": 4}, {"do": "cut", "count": 4},
    {"do": "cut", "acts": True, "count": 4}, {"do": "slow", "milliseconds": 1500}],
    ids=["fails", "cut", "cut after it", "slow"])
def test_a_renewal_waits_for_the_answer(taxed, fault):
    shop, client = taxed.shop, taxed.client  # noqa: F811
    customer_id = bought(taxed, "DE")
    intents = len(shop.intents())
    shop.control("/faults", path=f"^{CALCULATIONS}$", **fault)
    move(client, 31, customer_id)
    until(lambda: len(paid(get(client, customer_id))) == 2, "the renewal")
    assert paid(get(client, customer_id))[0].total.minor_units == 2380
    assert len(shop.intents()) == intents + 1


def test_killed_while_it_is_asked(taxed):
    shop, client = taxed.shop, taxed.client  # noqa: F811
    customer_id = bought(taxed, "DE")
    intents = len(shop.intents())
    shop.control("/faults", do="slow", milliseconds=3000, path=f"^{CALCULATIONS}$")
    before = len(asked(shop))

    def go_on():
        with contextlib.suppress(grpc.RpcError):
            move(client, 31, customer_id)
    mover = threading.Thread(target=go_on)
    mover.start()
    until(lambda: len(asked(shop)) > before, "the question")
    shop.server.kill()
    shop.server.start()
    mover.join()
    until(lambda: len(paid(get(client, customer_id))) == 2, "the renewal")
    assert len(shop.intents()) == intents + 1


def test_tax_that_is_not_set_up_at_stripe(taxed):
    shop, client = taxed.shop, taxed.client  # noqa: F811
    customer_id = bought(taxed, "DE")
    shop.control("/settings", automatic_tax_percent={})
    other = new_customer(client)
    bill_at(client, other, "DE")
    said = refusal(attach, client, other, "test_pro")
    assert said.reason == "TAX_UNKNOWN" and "taxes_calculation_failed" in said.message
    assert get(client, other).found_tax.code == "taxes_calculation_failed"
    # Who is billed already is charged what was known.
    move(client, 31, customer_id)
    until(lambda: len(paid(get(client, customer_id))) == 2, "the renewal")
    assert paid(get(client, customer_id))[0].total.minor_units == 2380
