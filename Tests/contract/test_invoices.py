"""Plans that are paid by invoice, over the wire and on the invoice's page; payments that a kill -9 interrupts."""

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import money_pb2 as money_pb

import checkout
from portal import open_portal
from tally_client import new_id, refusal
from test_clock import move
from test_refunds import restart
from test_walkthrough import get, new_customer

DAY = 86_400


def mode(**more):
    return attach_pb.InvoiceMode(enabled=True, **more)


def order(client, customer_id, request_id=None, **more):
    return client.call("Attach", attach_pb.AttachRequest(
        customer_id=customer_id, plan_id="test_pro", request_id=request_id or new_id("r"),
        invoice_mode=mode(**more)))


def change(client, method, customer_id, request_id=None):
    request = getattr(attach_pb, method + "Request")
    return client.call(method, request(
        customer_id=customer_id, invoice_id="inv_1", request_id=request_id or new_id("r")))


def statuses(client, customer_id):
    return [money_pb.InvoiceStatus.Name(each.status).removeprefix("INVOICE_STATUS_").lower()
            for each in reversed(get(client, customer_id).invoices)]


def plan(client, customer_id):
    """The status of the newest subscription to the plan; None: there is none."""
    found = [s.status for s in get(client, customer_id).subscriptions if s.plan_id == "test_pro"]
    return found[-1] if found else None


@pytest.fixture
def customer_id(client):
    return new_customer(client)


def test_the_plan_waits_for_its_invoice_which_anybody_with_the_address_pays(
        client, server, customer_id):
    reply = order(client, customer_id, net_terms_days=14)
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_PAYMENT_REQUIRED
    invoice = reply.invoice
    assert reply.payment_url == invoice.url and "/invoice/" in invoice.url
    assert invoice.due_time.seconds - invoice.create_time.seconds == 14 * DAY
    assert plan(client, customer_id) is None
    again = order(client, customer_id, net_terms_days=14)
    assert again.invoice.invoice_id == invoice.invoice_id

    browser = checkout.browser(server.ca_file)
    page = checkout.fetch(browser, invoice.url)
    assert page.status == 200 and "20.00 USD" in page.body and "Due" in page.body
    assert checkout.fetch(browser, invoice.url[:-1] + "_").status == 404
    declined = checkout.fetch(browser, invoice.url + "/pay", {"card": "4000000000000341"})
    assert declined.status == 402 and statuses(client, customer_id) == ["open"]
    paid = checkout.fetch(browser, invoice.url + "/pay", {"card": "4242424242424242"})
    assert paid.status == 303
    assert plan(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    assert statuses(client, customer_id) == ["paid"]
    assert "Paid with" in checkout.fetch(browser, invoice.url).body
    # Nothing is paid there twice.
    assert checkout.fetch(browser, invoice.url + "/pay", {"card": "4242424242424242"}).status == 303
    assert len(get(client, customer_id).invoices) == 1


def test_a_draft_is_sent_and_paid_out_of_band_once_for_one_request(client, customer_id):
    reply = order(client, customer_id, finalize=False)
    assert reply.payment_url == "" and reply.invoice.status == money_pb.INVOICE_STATUS_DRAFT
    assert refusal(lambda: change(client, "MarkInvoicePaid", customer_id)).reason == \
        "INVOICE_NOT_FINAL"
    sent = change(client, "FinalizeInvoice", customer_id, "send").invoice
    assert sent.status == money_pb.INVOICE_STATUS_OPEN and sent.HasField("due_time") and sent.url
    assert change(client, "FinalizeInvoice", customer_id, "send").replayed
    change(client, "MarkInvoicePaid", customer_id)
    assert plan(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE


def test_what_is_void_is_never_carried_out(client, server, customer_id):
    url = order(client, customer_id).invoice.url
    change(client, "VoidInvoice", customer_id)
    assert statuses(client, customer_id) == ["void"] and plan(client, customer_id) is None
    assert refusal(lambda: change(client, "MarkInvoicePaid", customer_id)).reason == \
        "INVOICE_NOT_SENT"
    page = checkout.fetch(checkout.browser(server.ca_file), url)
    assert page.status == 200 and "taken back" in page.body


def test_given_at_once_it_renews_by_invoice_and_is_past_due_and_over_unpaid(client, customer_id):
    reply = order(client, customer_id, enable_plan_immediately=True, net_terms_days=10)
    assert reply.outcome == attach_pb.ATTACH_OUTCOME_ACTIVE
    assert reply.subscription.net_terms_days == 10
    change(client, "MarkInvoicePaid", customer_id)
    move(client, 32, customer_id)
    assert statuses(client, customer_id) == ["paid", "open"]
    move(client, 10, customer_id)
    assert plan(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_PAST_DUE
    move(client, 8, customer_id)
    assert plan(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ENDED
    assert statuses(client, customer_id) == ["paid", "uncollectible"]


def test_the_customers_own_pages_show_and_pay_it(client, server, customer_id):
    order(client, customer_id)
    url = open_portal(client, customer_id)
    browser = checkout.browser(server.ca_file)
    page = checkout.fetch(browser, url)
    assert "is due on" in page.body and "payment of" not in page.body
    assert checkout.fetch(browser, url + "/card").body.count("Nothing is charged now") == 1
    paid = checkout.fetch(browser, url + "/invoices/1/pay", {"card": "4242424242424242"})
    assert paid.status == 303 and paid.location.endswith("done=paid")
    assert plan(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE


def test_what_waits_outlives_a_kill(own_client, own_server):
    customer_id = new_customer(own_client)
    url = order(own_client, customer_id).invoice.url
    restart(own_server)
    assert statuses(own_client, customer_id) == ["open"]
    browser = checkout.browser(own_server.ca_file)
    checkout.fetch(browser, url + "/pay", {"card": "4242424242424242"})
    assert plan(own_client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    restart(own_server)
    assert statuses(own_client, customer_id) == ["paid"]
    assert len(get(own_client, customer_id).subscriptions) == 1
