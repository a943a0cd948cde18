"""The customer's own pages in headless Chromium: cancels and undoes it, changes the card, pays what was
declined, prints an invoice; and the page that puts a card on file."""

import pytest
from browser import chromium, fill, keep, opened, page, shoot  # noqa: F401 (two are fixtures)
from playwright.sync_api import expect
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_pb2 as customer_pb
from tally.v1 import money_pb2 as money_pb

from portal import open_portal, setup
from test_clock import move
from test_walkthrough import attach, buy, get, new_customer

DECLINED_LATER = "4000000000000341"


def status(client, customer_id, plan_id="test_pro"):
    return next(s.status for s in get(client, customer_id).subscriptions if s.plan_id == plan_id)


def test_cancels_a_plan_and_takes_it_back(client, server, page):
    customer_id = new_customer(client, name="Analytical Engines Ltd")
    buy(client, server, customer_id, "test_pro", expiry="12 / 49")
    page.goto(open_portal(client, customer_id))
    expect(page.get_by_role("heading", name="Analytical Engines Ltd")).to_be_visible()
    expect(page.get_by_text("20.00 USD each month")).to_be_visible()
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    expect(page.get_by_text("Expires 12 / 2049")).to_be_visible()
    expect(page.get_by_role("link", name="Back to shop.example.com")).to_be_visible()
    shoot(page, "10-portal")

    page.get_by_role("link", name="Cancel plan").click()
    expect(page.get_by_role("heading", name="Cancel Test Pro?")).to_be_visible()
    shoot(page, "11-cancel")
    page.get_by_role("link", name="Keep it").click()
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    page.get_by_role("link", name="Cancel plan").click()
    page.get_by_role("button", name="Cancel Test Pro").click()
    expect(page.get_by_role("status")).to_contain_text("Your plan is cancelled")
    expect(page.get_by_text("Yours until")).to_be_visible()
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_CANCELING
    shoot(page, "12-canceled")

    page.get_by_role("button", name="Keep plan").click()
    expect(page.get_by_role("status")).to_contain_text("Your plan goes on")
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE


def test_changes_the_card(client, server, page):
    customer_id = new_customer(client)
    buy(client, server, customer_id, "test_pro")
    page.goto(open_portal(client, customer_id))
    page.get_by_role("link", name="Change card").click()
    shoot(page, "20-card")
    fill(page, "4000 0000 0000 0002", "Save the card")
    expect(page.get_by_role("alert")).to_contain_text("was declined")
    shoot(page, "21-card-declined")
    fill(page, "4000 0025 0000 3155", "Save the card", expiry="02 / 31")
    expect(page.get_by_role("heading", name="Your bank asks you to confirm")).to_be_visible()
    shoot(page, "22-card-bank")
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("status")).to_contain_text("Your card is on file")
    expect(page.get_by_text("Visa ending in 3155")).to_be_visible()
    card = get(client, customer_id).payment_method
    assert (card.last4, card.expiry_month, card.expiry_year) == ("3155", 2, 2031)


def test_pays_a_declined_invoice_and_prints_it(client, server, page):
    customer_id = new_customer(client, name="Difference Engine & Sons")
    buy(client, server, customer_id, "test_pro", card=DECLINED_LATER)
    move(client, 31, customer_id)
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_PAST_DUE
    page.goto(open_portal(client, customer_id))
    expect(page.get_by_role("alert")).to_contain_text("The payment of 20.00 USD failed")
    shoot(page, "30-past-due")
    page.get_by_role("link", name="Pay 20.00 USD").click()
    shoot(page, "31-pay")
    fill(page, DECLINED_LATER, "Pay 20.00 USD")
    expect(page.get_by_role("alert")).to_contain_text("it was declined for the open invoice")
    shoot(page, "32-pay-declined")
    fill(page, "5555 5555 5555 4444", "Pay 20.00 USD")
    expect(page.get_by_role("status")).to_contain_text("The invoice is paid")
    shoot(page, "33-paid")
    assert status(client, customer_id) == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    assert {i.status for i in get(client, customer_id).invoices} == {money_pb.INVOICE_STATUS_PAID}

    page.get_by_role("link", name="Invoice 2").click()
    expect(page.get_by_role("heading", name="Invoice 2")).to_be_visible()
    expect(page.get_by_text("Paid with Mastercard ending in 4444.")).to_be_visible()
    expect(page.get_by_role("row", name="Total 20.00 USD")).to_be_visible()
    shoot(page, "34-invoice")
    # On paper there is nothing to press.
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Your billing")).to_be_hidden()
    keep(page, "35-invoice.pdf", page.pdf(prefer_css_page_size=True, print_background=True))
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_puts_a_card_on_file_and_starts_a_plan(client, page):
    customer_id = new_customer(client)
    page.goto(setup(client, customer_id, plan_id="test_pro").url)
    expect(page.get_by_role("heading", name="Test Pro")).to_be_visible()
    expect(page.get_by_role("row", name="Due once the card is saved 20.00 USD")).to_be_visible()
    shoot(page, "40-setup-plan")
    fill(page, "4242 4242 4242 4242", "Save the card and pay 20.00 USD")
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    expect(page.get_by_text("20.00 USD was charged to it")).to_be_visible()
    shoot(page, "41-setup-done")
    assert len(get(client, customer_id).invoices) == 1


def test_puts_a_card_on_file_alone(client, page):
    customer_id = new_customer(client)
    page.goto(setup(client, customer_id).url)
    shoot(page, "42-setup")
    fill(page, "3782 8224 6310 005", "Save the card", cvc="1234")
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    assert get(client, customer_id).payment_method.last4 == "0005"
    assert attach(client, customer_id, "test_pro").outcome == attach_pb.ATTACH_OUTCOME_ACTIVE


def test_is_told_what_is_wrong_with_an_address(client, page):
    url = open_portal(client, new_customer(client))
    page.goto(url)
    expect(page.get_by_text("You have no plan.")).to_be_visible()
    shoot(page, "50-nothing")
    page.goto(url[:-1])
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    shoot(page, "51-missing")


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_fits_every_screen_and_works_by_keyboard(client, server, chromium, width):
    customer_id = new_customer(client, name="W" * 120)
    buy(client, server, customer_id, "test_max")
    attach(client, customer_id, "test_unlimited")
    for page in opened(chromium, server, (width, 900), "light"):
        page.goto(open_portal(client, customer_id))
        shoot(page, "60-wide")
        seen = []
        for _ in range(4):
            page.keyboard.press("Tab")
            seen.append(page.locator(":focus").inner_text())
        assert seen == [
            "← Back to shop.example.com", "Cancel plan", "Change card", "Invoice 1"]
        page.get_by_role("link", name="Cancel plan").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Cancel Test Max?")).to_be_visible()
