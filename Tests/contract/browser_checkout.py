"""The payment page in headless Chromium, as a person meets it: pays, is declined, confirms with a
bank."""

import browser
from browser import chromium, page, shoot  # noqa: F401 (the first two are fixtures)
from playwright.sync_api import expect

from test_walkthrough import attach, check, get, new_customer


def fill(page, card, **typed):
    browser.fill(page, card, "Pay 20.00 USD", **typed)


def has_pro(client, customer_id):
    return check(client, customer_id, plan_id="test_pro").allowed


def test_pays_after_a_mistake_and_a_decline(client, page):
    customer_id = new_customer(client, name="Analytical Engines Ltd")
    page.goto(attach(client, customer_id, "test_pro").payment_url)
    expect(page.get_by_role("heading", name="Test Pro")).to_be_visible()
    expect(page.get_by_text("for Analytical Engines Ltd")).to_be_visible()
    expect(page.get_by_role("row", name="Due today 20.00 USD")).to_be_visible()
    shoot(page, "1-empty")

    fill(page, "4242 4242 4242 4241", expiry="01 / 20", cvc="12", name="")
    for told in ("This is not a card number. Please check the digits.", "This card has expired.",
                 "The code has 3 digits.", "Enter the name on the card."):
        expect(page.get_by_text(told)).to_be_visible()
    expect(page.get_by_label("Expires", exact=True)).to_have_value("01 / 20")
    expect(page.get_by_label("Card number", exact=True)).to_have_value("")
    shoot(page, "2-faults")

    fill(page, "4000 0000 0000 9995")
    expect(page.get_by_role("alert")).to_contain_text("doesn't have enough funds")
    expect(page.get_by_label("Name on card", exact=True)).to_have_value("Ada Lovelace")
    shoot(page, "3-declined")
    assert not has_pro(client, customer_id)

    fill(page, "4242 4242 4242 4242")
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    shoot(page, "4-paid")
    assert has_pro(client, customer_id)
    assert len(get(client, customer_id).invoices) == 1


def test_confirms_with_the_bank(client, page):
    customer_id = new_customer(client)
    page.goto(attach(client, customer_id, "test_pro").payment_url)
    page.get_by_text("Test cards", exact=True).click()
    shoot(page, "5-test-cards")
    page.get_by_role("link", name="4000 0025 0000 3155").click()
    page.get_by_role("button", name="Pay 20.00 USD").click()
    expect(page.get_by_role("heading", name="Your bank asks you to confirm")).to_be_visible()
    shoot(page, "6-bank")
    assert not has_pro(client, customer_id)
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    assert not has_pro(client, customer_id)

    fill(page, "4000 0025 0000 3155")
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    card = get(client, customer_id).payment_method
    assert has_pro(client, customer_id)
    assert (card.brand, card.last4, card.expiry_month, card.expiry_year) == (
        "visa", "3155", 12, 2049)


def test_is_told_that_a_page_is_closed(client, page):
    customer_id = new_customer(client)
    url = attach(client, customer_id, "test_pro").payment_url
    page.goto(url)
    page.get_by_text("Test cards", exact=True).click()
    page.get_by_role("link", name="5555 5555 5555 4444").click()
    page.get_by_role("button", name="Pay 20.00 USD").click()
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    page.goto(url)
    expect(page.get_by_role("heading", name="This payment page is closed")).to_be_visible()
    shoot(page, "7-closed")
