"""Refunds, disputes and old tabs over the wire, and payments that a kill -9 interrupts."""

import time

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import money_pb2 as money_pb
from tally.v1 import sandbox_service_pb2 as sandbox_pb
from tally.v1 import test_clock_service_pb2 as clock_pb

import checkout
from tally_client import new_id
from test_walkthrough import attach, buy, get, new_customer

SLOW = "4000000000000085"  # answers later charges and refunds after five seconds
MONTH = 32 * 86_400


def usd(cents):
    return money_pb.Money(currency="usd", minor_units=cents)


def refund(client, customer_id, amount=None, request_id=None):
    return client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
        customer_id=customer_id, invoice_id="inv_1", request_id=request_id or new_id("r"),
        amount=None if amount is None else usd(amount)))


def settled(client, customer_id):
    """The customer, once no refund is pending."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        customer = get(client, customer_id)
        if all(each.status != money_pb.REFUND_STATUS_PENDING for each in customer.refunds):
            return customer
        time.sleep(0.05)
    raise AssertionError(f"a refund has no outcome: {customer.refunds}")


def books(server):
    """What the sandbox's provider remembers, by key."""
    lines = (server.data / "sandbox" / "payments").read_text().splitlines()
    return dict(line.split("\t", 1) for line in lines)


def payments(server, customer_id):
    """[currency, amount, what went back] of each payment of a customer."""
    entries = [value.split() for key, value in books(server).items() if key.startswith("payment/")]
    return [entry[1:4] for entry in entries if entry[0] == customer_id]


def told(server, key, count=1):
    """Waits until the provider was asked for so many things whose key begins so."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if sum(each.startswith(key) for each in books(server)) >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"the provider was asked for no {key}: {books(server)}")


def restart(server):
    server.kill()
    server.start()


def test_a_part_goes_back_once_and_the_rest_with_the_plan(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    paid = get(client, customer_id).invoices[0].amount_due.minor_units
    first = refund(client, customer_id, 500, "once")
    again = refund(client, customer_id, 500, "once")
    assert again.replayed and again.refund == first.refund
    request = attach_pb.UpdateSubscriptionRequest(
        customer_id=customer_id, cancel_action=attach_pb.CANCEL_ACTION_IMMEDIATELY,
        refund_last_payment=attach_pb.REFUND_LAST_PAYMENT_FULL)
    preview = client.call("PreviewUpdateSubscription",
                          attach_pb.PreviewUpdateSubscriptionRequest(update=request)).preview
    assert not preview.HasField("invoice") and preview.refund == usd(paid - 500)
    request.request_id = new_id("r")
    assert client.call("UpdateSubscription", request).refund == usd(paid - 500)
    customer = settled(client, customer_id)
    assert [each.amount.minor_units for each in customer.refunds] == [paid - 500, 500]
    assert customer.invoices[0].amount_refunded == usd(paid)
    assert not customer.credit_balance.minor_units
    assert payments(server, customer_id) == [["usd", str(paid), str(paid)]]


def test_a_dispute_that_starts_at_the_provider(client, server):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    for status, disputed in ((money_pb.DISPUTE_STATUS_OPEN, 2000), (money_pb.DISPUTE_STATUS_WON, 0)):
        reply = client.call("ReportPaymentEvent", sandbox_pb.ReportPaymentEventRequest(
            customer_id=customer_id, invoice_id="inv_1", dispute=sandbox_pb.ProviderDispute(
                dispute_id=f"dp_{customer_id}", amount=usd(2000), status=status)))
        assert reply.invoice.amount_disputed.minor_units == disputed
        assert [each.status for each in get(client, customer_id).disputes] == [status]


def test_an_old_tab_is_refunded(client, server):
    customer_id = new_customer(client)
    old = attach(client, customer_id, "test_pro").payment_url
    challenge = checkout.pay(old, server.ca_file, "4000 0025 0000 3155")
    new = attach(client, customer_id, "test_max").payment_url
    late = checkout.answer_bank(old, server.ca_file, challenge.body, "complete")
    assert late.status == 409 and "goes back to your card" in late.body
    assert checkout.pay(new, server.ca_file).status == 200
    customer = settled(client, customer_id)
    assert len(customer.invoices) == 1 and len(customer.refunds) == 1
    assert customer.refunds[0].status == money_pb.REFUND_STATUS_SUCCEEDED
    kept = [int(amount) - int(back) for _, amount, back in payments(server, customer_id)]
    assert sorted(kept) == [0, customer.invoices[0].amount_due.minor_units]


@pytest.fixture
def slow_customer(own_client, own_server):
    customer_id = new_customer(own_client)
    buy(own_client, own_server, customer_id, "test_pro", card=SLOW)
    return customer_id


def invoices(client, customer_id, count):
    """Once there are so many; a charge goes on by itself."""
    end = time.monotonic() + 20
    while time.monotonic() < end and len(get(client, customer_id).invoices) < count:
        time.sleep(0.05)
    return get(client, customer_id).invoices


def test_a_kill_while_a_purchase_is_charged_charges_once(own_client, own_server, slow_customer):
    request = attach_pb.AttachRequest(
        customer_id=slow_customer, plan_id="test_max", request_id=new_id("r"))
    stub = next(stub for stub in own_client.stubs if hasattr(stub, "Attach"))
    buying = stub.Attach.future(request, timeout=20)
    told(own_server, "charge/")
    restart(own_server)
    buying.cancel()
    paid = invoices(own_client, slow_customer, 2)
    reply = own_client.call("Attach", request)
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_ACTIVE and reply.replayed
    assert len(get(own_client, slow_customer).invoices) == 2
    due = sorted(each.amount_due.minor_units for each in paid)
    assert sorted(int(each[1]) for each in payments(own_server, slow_customer)) == due


def test_a_kill_while_a_renewal_is_charged_charges_once(own_client, own_server, slow_customer):
    stub = next(stub for stub in own_client.stubs if hasattr(stub, "AdvanceTestClock"))
    move = clock_pb.AdvanceTestClockRequest(customer_id=slow_customer, request_id=new_id("r"))
    move.duration.FromSeconds(MONTH)
    moving = stub.AdvanceTestClock.future(move, timeout=20)
    told(own_server, "charge/")
    restart(own_server)
    moving.cancel()
    paid = invoices(own_client, slow_customer, 2)
    assert [each.status for each in paid] == [money_pb.INVOICE_STATUS_PAID] * 2
    assert len(payments(own_server, slow_customer)) == 2


def test_a_kill_while_money_goes_back_sends_it_once(own_client, own_server, slow_customer):
    refund(own_client, slow_customer, 500)
    told(own_server, "refund/")
    restart(own_server)
    customer = settled(own_client, slow_customer)
    assert [each.status for each in customer.refunds] == [money_pb.REFUND_STATUS_SUCCEEDED]
    assert payments(own_server, slow_customer) == [["usd", "2000", "500"]]


def test_a_page_that_was_paid_when_the_server_was_killed_is_heard_of(own_client, own_server):
    """The provider has taken the money and Tally was not told: it is told after the restart."""
    customer_id = new_customer(own_client)
    url = attach(own_client, customer_id, "test_pro").payment_url
    session = url.rsplit("/", 1)[1]
    own_server.kill()
    with (own_server.data / "sandbox" / "payments").open("a") as file:
        file.write(f"page/{session}\t{customer_id} usd 2000 paid 1\n"
                   f"payment/{session}_1\t{customer_id} usd 2000 0 sandbox_card_4242\n"
                   f"report/{session}_1\t{customer_id} {session} usd 2000 sandbox_card_4242 -\n")
    own_server.start()
    paid = invoices(own_client, customer_id, 1)
    assert [each.status for each in paid] == [money_pb.INVOICE_STATUS_PAID]
    assert checkout.open_page(url, own_server.ca_file).status == 404
