"""The test clock: the lines of docs/testing.md, restarts, and everybody at once."""

import http.client
import ssl
import time
import urllib.parse

from google.protobuf.duration_pb2 import Duration
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import money_pb2 as money_pb
from tally.v1 import test_clock_service_pb2 as clock_pb
from tally.v1 import usage_service_pb2 as usage_pb

import pricing
from documentation import run_lines
from tally_client import DEADLINE, new_id, refusal
from test_walkthrough import attach, buy, get, new_customer, track

DAY = 86_400
CUSTOMERS, PATIENCE = 1_000, 120  # seconds for all of their year


def move(client, days, customer_id=None, request_id=""):
    return client.call("AdvanceTestClock", clock_pb.AdvanceTestClockRequest(
        customer_id=customer_id, duration=Duration(seconds=days * DAY), request_id=request_id))


def ahead(client, customer_id=None):
    return client.call(
        "GetTestClock", clock_pb.GetTestClockRequest(customer_id=customer_id)).ahead.seconds


def paid_ones(invoices):
    return [invoice for invoice in invoices if invoice.status == money_pb.INVOICE_STATUS_PAID]


def paid(customer):
    return paid_ones(customer.invoices)


def test_the_lines_of_the_documentation_run_and_do_what_they_say(own_client, own_server):
    assert "25.00 USD" in run_lines("testing.md", own_server)
    ada = get(own_client, "ada")
    assert len(paid(ada)) == len(ada.invoices) == 12
    assert int(ada.invoices[0].invoice_id.removeprefix("inv_")) >= 13
    assert ahead(own_client, "ada") == (31 + 365 + 7) * DAY
    assert ahead(own_client) == 7 * DAY


def test_a_restart_keeps_the_time_and_what_it_brought(own_client, own_server):
    client, server = own_client, own_server
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    move(client, 100, customer_id)
    move(client, 10)
    before = get(client, customer_id)
    assert len(paid(before)) == 4
    for end in (server.kill, server.stop):
        end()
        server.start()
        assert get(client, customer_id) == before
        assert ahead(client, customer_id) == 110 * DAY and ahead(client) == 10 * DAY
    move(client, 31, customer_id)
    assert len(paid(get(client, customer_id))) == 5


def test_a_kill_in_the_midst_of_a_move_loses_no_charge_and_makes_none_twice(
        own_client, own_server):
    client, server = own_client, own_server
    customers = [new_customer(client) for _ in range(30)]
    for customer_id in customers:
        buy(client, server, customer_id, "test_pro")
    request_id = new_id("r")
    stub = next(stub for stub in client.stubs if hasattr(stub, "AdvanceTestClock"))
    moving = stub.AdvanceTestClock.future(clock_pb.AdvanceTestClockRequest(
        duration=Duration(seconds=300 * DAY), request_id=request_id), timeout=DEADLINE)
    # As soon as somebody has got somewhere.
    while len(get(client, customers[0]).invoices) < 3:
        assert not moving.done()
    server.kill()
    assert moving.exception() is not None
    server.start()
    move(client, 300, request_id=request_id)
    assert ahead(client) == 300 * DAY
    for customer_id in customers:
        numbers = [invoice.invoice_id for invoice in get(client, customer_id).invoices]
        assert len(numbers) == len(set(numbers)) == 10


def test_what_was_used_is_listed_at_the_customers_time(client):
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    moved = move(client, 3, customer_id)
    track(client, customer_id)
    usage = client.call("ListEvents", usage_pb.ListEventsRequest(
        selection=usage_pb.EventSelection(customer_id=customer_id))).events[0]
    assert usage.event_time.seconds - moved.time.seconds in range(0, 60)
    assert usage.event_time.seconds - usage.commit_time.seconds == 3 * DAY


def test_a_stranger_has_no_time(client):
    assert refusal(move, client, 1, new_id("nobody")).reason == "CUSTOMER_NOT_FOUND"


def test_a_retry_moves_once(client):
    customer_id, request_id = new_customer(client), new_id("r")
    first = move(client, 1, customer_id, request_id)
    again = move(client, 1, customer_id, request_id)
    assert again.replayed and again.time == first.time
    assert ahead(client, customer_id) == DAY


def year_plans():
    """Five: free, monthly, monthly with usage beyond what is included, yearly, weekly."""
    def plan(name, amount=None, interval=catalog_pb.INTERVAL_MONTH, price=None):
        item = catalog_pb.PlanItem(
            feature_id="test_messages", included=100, reset=pricing.MONTHLY,
            usage_price=price and catalog_pb.UsagePrice(amount=price, billing_units=1))
        return catalog_pb.Plan(
            plan_id=f"year_{name}", name=name, group="year", items=[item],
            price=amount and catalog_pb.BasePrice(amount=amount, interval=interval))
    return [plan("free"), plan("monthly", "19.99"), plan("usage", "5", price="0.01"),
            plan("yearly", "199", catalog_pb.INTERVAL_YEAR),
            plan("weekly", "1.25", catalog_pb.INTERVAL_WEEK)]


def buy_with_one_connection(client, server, plan_id, customers):
    context = ssl.create_default_context(cafile=server.ca_file)
    pages = http.client.HTTPSConnection("localhost", server.port, context=context)
    for customer_id in customers:
        url = attach(client, customer_id, plan_id).payment_url
        if url:
            pages.request("POST", urllib.parse.urlsplit(url).path, "card=4242424242424242")
            paid = pages.getresponse()
            assert paid.status == 200 and paid.read()
    pages.close()


def test_a_thousand_customers_a_year_day_by_day(own_client, own_server):
    client, plans = own_client, year_plans()
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(
        catalog=catalog_pb.PricingCatalog(currency="usd", plans=plans)))
    customers = {plan.plan_id: [new_customer(client) for _ in range(CUSTOMERS // len(plans))]
                 for plan in plans}
    for plan_id, some in customers.items():
        buy_with_one_connection(client, own_server, plan_id, some)
    for number, customer_id in enumerate(customers["year_usage"]):
        track(client, customer_id, value=100 + number)
    began = time.monotonic()
    for _ in range(366):
        move(client, 1)
    took = time.monotonic() - began
    print(f"{CUSTOMERS} customers, 366 days: {took:.1f} s")
    assert took < PATIENCE
    # Cents of the invoices that are kept, which are the latest twelve, and how many there were.
    expected = {"year_free": (0, 0), "year_monthly": (12 * 1999, 13), "year_usage": (12 * 500, 13),
                "year_yearly": (2 * 19900, 2), "year_weekly": (12 * 125, 53)}
    for plan_id, some in customers.items():
        for number, customer_id in enumerate(some):
            invoices = get(client, customer_id).invoices
            # The first month's usage beyond the grant, a cent each, is on the second invoice.
            more = number if plan_id == "year_usage" else 0
            total = sum(invoice.total.minor_units for invoice in paid_ones(invoices))
            assert total == expected[plan_id][0] + more, (plan_id, number)
            last = invoices[0].invoice_id if invoices else "inv_0"
            assert last == f"inv_{expected[plan_id][1]}"
