"""Invoices that are sent, in headless Chromium: open, paid by card, declined, past due and taken back, on their
own page and on the customer's; and a page that sells several plans, or takes one away."""

import pytest
from browser import chromium, fill, opened, page, shoot  # noqa: F401 (two are fixtures)
from playwright.sync_api import expect
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import money_pb2 as money_pb

from portal import open_portal
from tally_client import new_id
from test_buying import plan as sold
from test_buying import publish
from test_clock import move
from test_invoices import change, order, plan, statuses
from test_topups import publish as publish_packs
from test_topups import top_up
from test_walkthrough import attach, buy, get, new_customer

NAME = "Analytical Engines Ltd"


@pytest.fixture(scope="module")
def shop(client):
    publish(client, sold("pro", "20"), sold("premium", "50"),
            sold("extra", "20", add_on=True), sold("addon", "30", add_on=True))
    return client


def several(client, customer_id, *names):
    return client.call("MultiAttach", attach_pb.MultiAttachRequest(
        customer_id=customer_id, request_id=new_id("r"),
        plans=[attach_pb.PlanToAttach(plan_id=f"buying_{name}") for name in names]))


def test_pays_an_invoice_after_a_decline(client, page):
    customer_id = new_customer(client, name=NAME)
    page.goto(order(client, customer_id, net_terms_days=14).invoice.url)
    expect(page.get_by_role("heading", name="Invoice 1")).to_be_visible()
    expect(page.get_by_text("Please pay this invoice by")).to_be_visible()
    expect(page.get_by_role("row", name="Total 20.00 USD")).to_be_visible()
    shoot(page, "70-invoice-open")

    page.get_by_role("link", name="Pay 20.00 USD").click()
    expect(page.get_by_role("heading", name="Pay invoice 1")).to_be_visible()
    shoot(page, "71-invoice-pay")
    fill(page, "4000 0000 0000 0341", "Pay 20.00 USD")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    shoot(page, "72-invoice-declined")
    assert statuses(client, customer_id) == ["open"] and plan(client, customer_id) is None

    fill(page, "4242 4242 4242 4242", "Pay 20.00 USD")
    expect(page.get_by_text("Paid with Visa ending in 4242.")).to_be_visible()
    expect(page.get_by_role("link", name="Pay 20.00 USD")).to_have_count(0)
    shoot(page, "73-invoice-paid")
    assert statuses(client, customer_id) == ["paid"]
    assert plan(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE


def test_is_told_that_an_invoice_is_past_due_and_what_is_void(client, page):
    customer_id = new_customer(client, name=NAME)
    url = order(client, customer_id, enable_plan_immediately=True, net_terms_days=10).invoice.url
    page.goto(open_portal(client, customer_id))
    expect(page.get_by_text("Invoice 1 for 20.00 USD is due on")).to_be_visible()
    shoot(page, "74-portal-open")
    move(client, 11, customer_id)
    page.goto(open_portal(client, customer_id))
    expect(page.get_by_text("Invoice 1 for 20.00 USD was due on")).to_be_visible()
    expect(page.get_by_text("Payment overdue")).to_be_visible()
    expect(page.get_by_role("table").get_by_text("Overdue")).to_be_visible()
    shoot(page, "75-portal-past-due")
    page.goto(url)
    expect(page.get_by_text("This invoice was due on")).to_be_visible()
    shoot(page, "76-invoice-past-due")
    change(client, "VoidInvoice", customer_id)
    page.goto(url)
    expect(page.get_by_text("This invoice was taken back.")).to_be_visible()
    expect(page.get_by_role("link", name="Pay 20.00 USD")).to_have_count(0)
    shoot(page, "77-invoice-void")


def test_shows_what_was_agreed(client, server, page):
    customer_id = new_customer(client, name=NAME)
    buy(client, server, customer_id, "test_pro")
    words = "Move to Max <agreed> & first month at half its price"
    attach(client, customer_id, "test_max", custom_line_items=[
        attach_pb.CustomLineItem(
            amount=money_pb.Money(currency="usd", minor_units=2500), description=words),
        attach_pb.CustomLineItem(
            amount=money_pb.Money(currency="usd", minor_units=-500), description="Thank you")])
    page.goto(open_portal(client, customer_id))
    page.get_by_role("link", name="Invoice 2").click()
    expect(page.get_by_role("row", name=f"{words} 25.00 USD")).to_be_visible()
    expect(page.get_by_role("row", name="Thank you -5.00 USD")).to_be_visible()
    expect(page.get_by_role("row", name="Total 20.00 USD")).to_be_visible()
    shoot(page, "78-invoice-custom")


def test_pays_for_several_plans_on_one_page(shop, page):
    customer_id = new_customer(shop, name=NAME)
    page.goto(several(shop, customer_id, "pro", "extra", "addon").payment_url)
    expect(page.get_by_role("row", name="Due today 70.00 USD")).to_be_visible()
    expect(page.get_by_role("heading", name="Pro, Extra and Addon")).to_be_visible()
    expect(page.get_by_text("Renews at 70.00 USD each month")).to_be_visible()
    shoot(page, "80-several")
    fill(page, "4000 0000 0000 9995", "Pay 70.00 USD")
    expect(page.get_by_role("alert")).to_contain_text("doesn't have enough funds")
    shoot(page, "81-several-declined")
    fill(page, "4242 4242 4242 4242", "Pay 70.00 USD")
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    expect(page.get_by_text("Pro, Extra and Addon are yours.")).to_be_visible()
    shoot(page, "82-several-paid")
    assert len(get(shop, customer_id).invoices) == 1


def test_pays_for_a_plan_that_takes_another_away(shop, server, page):
    customer_id = new_customer(shop, name=NAME)
    buy(shop, server, customer_id, "buying_extra")
    reply = attach(
        shop, customer_id, "buying_premium", remove_plan_ids=["buying_extra"],
        redirect_mode=attach_pb.REDIRECT_MODE_ALWAYS)
    page.goto(reply.payment_url)
    expect(page.get_by_role("row", name="Due today 30.00 USD")).to_be_visible()
    shoot(page, "83-removed")
    fill(page, "4242 4242 4242 4242", "Pay 30.00 USD")
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    shoot(page, "84-removed-paid")


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_an_invoice_fits_every_screen_and_is_paid_by_keyboard(client, server, chromium, width):
    customer_id = new_customer(client, name="W" * 120)
    url = order(client, customer_id).invoice.url
    for page in opened(chromium, server, (width, 900), "dark"):
        page.goto(url)
        shoot(page, "90-invoice-wide")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Pay 20.00 USD"
        page.keyboard.press("Enter")
        expect(page.get_by_label("Card number", exact=True)).to_be_focused()
        shoot(page, "91-pay-wide")
        for typed in ("4242424242424242", "1249", "123", "Ada Lovelace"):
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
        page.get_by_label("Name on card", exact=True).press("Enter")
        expect(page.get_by_text("Paid with Visa ending in 4242.")).to_be_visible()
        shoot(page, "92-paid-wide")
    assert statuses(client, customer_id) == ["paid"]
