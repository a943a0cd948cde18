"""Tax rates with Stripe as the payment provider: an invoice there says the same as Tally's, line by
line, and a refund takes its part of the tax along."""

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service
from tally.v1 import money_pb2 as money_pb

from tally_client import new_id
from test_clock import move
from test_stripe import DONE, PAGE, shop, until  # noqa: F401
from test_walkthrough import attach, get, new_customer

RATES = {"vat": ("19", False), "nyc": ("8.875", False), "within": ("20", True)}


def publish(client):
    client.call("PublishCatalog", catalog_service.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", tax_rates=[
            catalog_pb.TaxRate(tax_rate_id=name, name="VAT", percentage=percentage,
                               inclusive=inclusive, jurisdiction="DE")
            for name, (percentage, inclusive) in RATES.items()])))


def same(ours, theirs):
    """Both say the same of tax and total, and of each line."""
    assert theirs.total == ours.total.minor_units
    assert sum(tax.amount for tax in theirs.total_taxes) == ours.tax.minor_units
    assert theirs.total_excluding_tax == ours.subtotal.minor_units
    assert [(line.amount, line.taxes[0].amount) for line in theirs.lines.data] == [
        (line.amount.minor_units, line.tax.amount.minor_units) for line in ours.lines]


@pytest.mark.parametrize("rate", RATES)
def test_an_invoice_at_stripe_has_the_same_taxes(shop, rate):  # noqa: F811
    client, customer_id = shop.client, new_customer(shop.client)
    publish(client)
    reply = attach(client, customer_id, "test_pro", tax_rate_id=rate)
    assert reply.outcome == PAGE
    assert shop.session().amount_total == reply.invoice.total.minor_units
    shop.pay(reply.payment_url)
    shop.has(customer_id, "test_pro")
    move(client, 10, customer_id)
    upgrade = attach(client, customer_id, "test_max")
    assert upgrade.outcome == DONE, upgrade
    assert upgrade.subscription.tax_rate_id == rate
    same(upgrade.invoice, shop.bench.stripe.invoices.list().data[0])
    move(client, 21, customer_id)
    until(lambda: len(get(client, customer_id).invoices) == 3, "the renewal")
    renewal = get(client, customer_id).invoices[0]
    same(renewal, shop.bench.stripe.invoices.list().data[0])
    invoices = get(client, customer_id).invoices
    assert sorted(i.amount for i in shop.intents()) == sorted(
        i.amount_due.minor_units for i in invoices)
    for amount in (1000, 1000, None):
        client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
            customer_id=customer_id, invoice_id=renewal.invoice_id, request_id=new_id("r"),
            amount=amount and money_pb.Money(currency="usd", minor_units=amount)))
    until(lambda: {r.status for r in get(client, customer_id).refunds}
          == {money_pb.REFUND_STATUS_SUCCEEDED}, "the refunds")
    refunds = get(client, customer_id).refunds
    assert sum(r.amount.minor_units for r in refunds) == renewal.total.minor_units
    assert sum(r.tax_amount.minor_units for r in refunds) == renewal.tax.minor_units
