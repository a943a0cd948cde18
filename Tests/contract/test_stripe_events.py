"""Each kind of event that is listened to, told again: at once, after twenty days, and in reverse.
Handled ids needn't be kept, because what an event is about is asked of Stripe each time."""

import re
import time

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import money_pb2 as money_pb

from tally_client import new_id
from tally_server import ROOT
from test_stripe import Shop, until
from test_walkthrough import attach, get, new_customer

SOURCE = ROOT / "Sources" / "Payments" / "Stripe" / "StripeEvent.swift"
TYPES = re.findall(r'"([a-z_.]+\.[a-z_.]+)"',
                   SOURCE.read_text().split("static let types = [")[1].split("]")[0])


@pytest.fixture(scope="module")
def told(tmp_path_factory, certificates):
    """A shop in which everything has happened that there are events of."""
    shop = Shop(tmp_path_factory.mktemp("events"), certificates)
    try:
        yield shop, happen(shop)
        shop.check()
    finally:
        shop.close()


def happen(shop):
    """By kind of object: those that events are about, with what an event shows of them."""
    client, stripe = shop.client, shop.bench.stripe
    customers = {name: new_customer(client) for name in (
        "refunded", "disputed", "renewed", "detached", "deleted", "expired", "open")}
    for name, customer_id in customers.items():
        if name not in ("expired", "open"):
            shop.buy(customer_id, "test_pro")
    shop.settle()
    intents = {i.metadata["tally_customer"]: i for i in shop.intents()}
    by = {name: intents.get(customer_id) for name, customer_id in customers.items()}
    attach(client, customers["expired"], "test_pro")
    shop.control(f"/checkout/{shop.session().id}/expire")
    attach(client, customers["open"], "test_pro")
    for cents in (100, 200):
        stripe.refunds.create({"payment_intent": by["refunded"].id, "amount": cents})
    client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
        customer_id=customers["refunded"], invoice_id="inv_1", request_id=new_id("r"),
        amount=money_pb.Money(currency="usd", minor_units=50)))
    until(lambda: len(get(client, customers["refunded"]).refunds) == 3, "the refunds")
    until(lambda: len(stripe.refunds.list().data) == 3, "ours")
    # It comes back to us after all, and becomes credit.
    ours = next(r for r in stripe.refunds.list().data if "tally_refund" in r.metadata.to_dict())
    shop.control(f"/refunds/{ours.id}", status="failed")
    dispute = shop.control("/disputes", payment_intent=by["disputed"].id, amount=900)
    shop.settle()
    shop.control(f"/disputes/{dispute['id']}", status="lost")
    shop.control(f"/payment_methods/{by['renewed'].payment_method}", expiry=[4, 2041])
    stripe.payment_methods.detach(by["detached"].payment_method)
    gone = stripe.customers.retrieve(by["deleted"].customer).to_dict()
    stripe.customers.delete(by["deleted"].customer)
    shop.settle()
    until(lambda: get(client, customers["refunded"]).credit_balance.minor_units == 50, "credit")
    methods = {name: by[name].payment_method for name in ("renewed", "detached")}
    shown = {
        "checkout.session": [{"id": s.id, "object": "checkout.session"}
                             for s in stripe.checkout.sessions.list().data],
        "refund": [{"id": r.id, "object": "refund"} for r in stripe.refunds.list().data],
        "charge": [{"id": by["refunded"].latest_charge, "object": "charge"}],
        "charge.dispute": [{"id": dispute["id"], "object": "dispute"}],
        "payment_method": [{"id": id, "object": "payment_method"} for id in methods.values()],
        "customer": [gone],
    }
    before = {"payment_method": {"customer": by["detached"].customer}}
    return customers, shown, before


def state(shop, customers):
    """Byte for byte, and how far the log is: what changes nothing writes nothing."""
    bytes_of = [get(shop.client, customer_id).SerializeToString(deterministic=True)
                for customer_id in sorted(customers.values())]
    return bytes_of, len(shop.bench.stripe.refunds.list({"limit": 100}).data), \
        len(shop.bench.stripe.payment_intents.list({"limit": 100}).data)


def tell(shop, types, shown, before):
    """Each type, of each object of its kind, each twice."""
    count = 0
    for kind in types:
        of = kind.rsplit(".", 1)[0]
        of = {"charge": "charge"}.get(of, of)
        for shape in shown[of]:
            for _ in range(2):
                data = {"object": shape}
                if of in before:
                    data["previous_attributes"] = before[of]
                shop.control("/webhooks/forge", endpoint=shop.endpoint,
                             event={"type": kind, "data": data})
                count += 1
        shop.settle()
    return count


@pytest.mark.parametrize("kind", TYPES)
def test_an_event_that_is_told_again_changes_nothing(told, kind):
    shop, (customers, shown, before) = told
    was, heard = state(shop, customers), shop.events("recorded")
    count = tell(shop, [kind], shown, before)
    assert count > 0
    until(lambda: shop.events("recorded") == heard + count, "all of them")
    assert state(shop, customers) == was


def test_all_of_them_twenty_days_later_in_order_and_reversed(told):
    shop, (customers, shown, before) = told
    # A page that is open has expired by then; that is news, once.
    shop.control("/clock", advance=20 * 86400)
    shop.settle()
    time.sleep(0.5)
    was = state(shop, customers)
    for types in (TYPES, TYPES[::-1]):
        heard = shop.events("recorded")
        count = tell(shop, types, shown, before)
        until(lambda: shop.events("recorded") == heard + count, "all of them")
        assert shop.events("refused") == 0 and state(shop, customers) == was
    shop.server.kill()
    shop.server.start()
    tell(shop, TYPES, shown, before)
    assert state(shop, customers) == was
