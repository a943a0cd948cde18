"""The dashboard in headless Chromium, the whole story: somebody defines what is sold, sells it, sees it
paid and used up, says why it stopped, sells more, and sees the next invoice."""

import re

import pytest
from browser import chromium, fill  # noqa: F401 (the first is a fixture)
from playwright.sync_api import expect
from tally.v1 import money_pb2 as money_pb

import dashboard
from dashboard import card, choose, settled, show, window
from dashboard_shop import ask
from tally_client import TallyClient
from test_walkthrough import check, get, track


@pytest.fixture
def page(chromium, own_server):  # noqa: F811
    yield from window(chromium, own_server)


@pytest.fixture
def client(own_server):
    with TallyClient(own_server, own_server.key) as client:
        yield client


def create_feature(page, server, name, kind="Metered"):
    show(page, server, "features", "~new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Kind").select_option(label=kind)
    publish(page)
    expect(page.get_by_role("link", name=name)).to_be_visible()


def publish(page):
    page.get_by_role("button", name="Review and publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish to sandbox").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)


def add_messages(page, included):
    choose(page, "Add a feature", "Messages (used up)")
    page.get_by_label("Included", exact=True).fill(included)


def create_plans(page, server):
    """Free by default; Pro and, as a copy of it, Team."""
    show(page, server, "plans", "~new")
    page.get_by_label("Name", exact=True).fill("Free")
    expect(page.get_by_label("Id", exact=True)).to_have_value("free")
    page.get_by_label("Default").check()
    page.get_by_label("Base price").select_option(label="None")
    add_messages(page, "100")
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview).to_contain_text("100 Messages per month")
    publish(page)
    expect(page.get_by_role("heading", name="Free", level=1)).to_be_visible()

    show(page, server, "plans", "~new")
    page.get_by_label("Name", exact=True).fill("Pro")
    page.get_by_label("Amount", exact=True).fill("20")
    add_messages(page, "2000")
    page.get_by_label("Beyond that").select_option(label="Pay for what is used")
    item = page.locator(".item")
    item.get_by_label("Price", exact=True).fill("0.01")
    most = page.get_by_label("At most beyond what is included")
    item.locator("details").filter(has=most).locator("summary").click()
    most.fill("500")
    # What 2,400 messages would cost: 20 USD and 400 at a cent.
    preview.get_by_label("Messages used").fill("2400")
    expect(preview.locator(".preview-total")).to_contain_text("$24.00")
    expect(preview).to_contain_text("then $0.01 each, at most 500 more")
    publish(page)

    choose(page, "More", "Duplicate")
    page.get_by_label("Name", exact=True).fill("Team")
    page.get_by_label("Amount", exact=True).fill("80")
    page.locator(".item > summary").click()
    page.get_by_label("Included", exact=True).fill("10000")
    publish(page)

    show(page, server, "plans")
    for name, price in (("Free", "Free"), ("Pro", "$20 per month"), ("Team", "$80 per month")):
        shown = page.locator(".plan-card").filter(has=page.get_by_role("link", name=name))
        expect(shown).to_contain_text(price)


def create_customer(page, server):
    show(page, server, "customers")
    page.get_by_role("button", name="New customer").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Id", exact=True).fill("engines")
    box.get_by_label("Name").fill("Analytical Engines Ltd")
    box.get_by_label("Email").fill("billing@example.com")
    box.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Analytical Engines Ltd", level=1)).to_be_visible()
    # The default plan came by itself.
    expect(card(page, "Plans")).to_contain_text("Free")
    expect(balance(page)).to_contain_text("100 of 100 left")


def balance(page):
    return page.locator(".balance").filter(has_text="Messages")


def bar(page):
    return page.get_by_role("meter", name="Messages, used")


def lines(place):
    """Each line of the invoice that is shown: what for, and how much."""
    rows = place.get_by_role("table", name="Lines").first.locator("tbody tr").all()
    return [(row.locator("td").first.inner_text().split("\n")[0],
             row.locator("td").last.inner_text()) for row in rows]


def invoiced(invoice):
    return [(line.description, dollars(line.amount)) for line in invoice.lines]


def dollars(money):
    assert money.currency == "usd"
    return f"{'-' if money.minor_units < 0 else ''}${abs(money.minor_units) / 100:,.2f}"


def attach_pro(page, client):
    """What it costs is shown first; then the customer pays."""
    page.get_by_role("button", name="Attach a plan").click()
    box = page.get_by_role("dialog", name="Attach a plan")
    box.get_by_label("Plan", exact=True).select_option(value="pro")
    expect(box.get_by_role("table", name="Lines").first).to_be_visible()
    previewed = lines(box)
    assert [amount for _, amount in previewed] == ["$20.00"]
    box.get_by_role("button", name="Attach: make the payment page").click()
    with page.context.expect_page() as opened:
        box.get_by_role("link", name="Open the page").click()
    checkout = opened.value
    expect(checkout.get_by_role("heading", name="Pro")).to_be_visible()
    assert not check(client, "engines", plan_id="pro").allowed
    fill(checkout, "4242 4242 4242 4242", "Pay 20.00 USD")
    expect(checkout.get_by_role("heading", name="Paid")).to_be_visible()
    checkout.close()
    box.get_by_role("button", name="Done").click()
    expect(card(page, "Plans")).to_contain_text("Pro")
    expect(card(page, "Plans")).to_contain_text("Active")
    expect(balance(page)).to_contain_text("2,000 of 2,000 left")
    assert check(client, "engines", plan_id="pro").allowed
    assert invoiced(get(client, "engines").invoices[0]) == previewed


def use_it_up(page, client):
    """A client tracks; the page follows by itself."""
    page.evaluate("window.same = true")
    expect(bar(page)).to_have_attribute("aria-valuenow", "0")
    track(client, "engines", 500, "messages")
    expect(balance(page)).to_contain_text("1,500 of 2,000 left")
    expect(bar(page)).to_have_attribute("aria-valuenow", "25")
    feed = page.get_by_role("region", name="Latest usage events").get_by_role("listitem")
    expect(feed).to_have_count(1)
    track(client, "engines", 1900, "messages")
    expect(feed).to_have_count(2)
    expect(feed.first).to_contain_text("1,900")
    expect(balance(page)).to_contain_text("0 of 2,000 left")
    expect(balance(page)).to_contain_text("400 overage")
    track(client, "engines", 100, "messages")
    expect(balance(page)).to_contain_text("500 overage")
    assert page.evaluate("window.same")
    assert not check(client, "engines", feature_id="messages").allowed


def explain(page):
    page.get_by_role("link", name="Why Messages?").click()
    expect(page.get_by_text("Denied", exact=True)).to_be_visible()
    expect(page.get_by_role(
        "heading", name="The overage would pass the most that may be bought.")).to_be_visible()
    deciding = page.locator(".rule-no")
    expect(deciding).to_contain_text("Does the most that may be bought leave room? No")
    expect(deciding).to_contain_text("1 asked, 0 room")
    expect(card(page, "Drawn from, in this order")).to_contain_text("Pro")
    expect(card(page, "What would help")).to_contain_text("Team")
    page.get_by_role("link", name="engines", exact=True).first.click()
    settled(page)


def upgrade(page, client):
    """What the preview says is then charged, line by line."""
    choose(page, "Change Pro", "Change to another plan")
    box = page.get_by_role("dialog", name="Change from Pro")
    box.get_by_label("Plan", exact=True).select_option(value="team")
    expect(box.get_by_role("table", name="Lines").first).to_be_visible()
    previewed = lines(box)
    due = box.locator(".invoice-totals").first
    expect(due).to_contain_text("Due")
    box.get_by_role("button", name=re.compile("Change and charge")).click()
    expect(box).to_have_count(0)
    expect(card(page, "Plans")).to_contain_text("Team")
    expect(card(page, "Plans").locator(".plan-list").first).not_to_contain_text("Pro")
    expect(balance(page)).to_contain_text("of 10,000 left")
    newest = get(client, "engines").invoices[0]
    assert newest.status == money_pb.INVOICE_STATUS_PAID
    assert invoiced(newest) == previewed
    # Something is given back for the rest of Pro, and Team is paid for.
    assert any(line.amount.minor_units < 0 for line in newest.lines)
    assert any(line.amount.minor_units > 0 for line in newest.lines)
    assert check(client, "engines", feature_id="messages").allowed


def a_month_later(page, client):
    before = [invoice.invoice_id for invoice in get(client, "engines").invoices]
    choose(page, "Actions", "Advance the test clock")
    box = page.get_by_role("dialog", name="Advance the test clock")
    box.get_by_role("button", name="Past the next renewal").click()
    box.get_by_role("button", name="Advance", exact=True).click()
    expect(box).to_have_count(0)
    expect(page.get_by_text("This customer’s clock is")).to_be_visible()
    expect(card(page, "Invoices").locator(".invoice")).to_have_count(len(before) + 1)
    renewal = get(client, "engines").invoices[0]
    assert renewal.invoice_id not in before
    shown = card(page, "Invoices").locator(".invoice").first
    shown.locator("summary").first.click()
    assert lines(shown) == invoiced(renewal)
    expect(shown).to_contain_text("Paid")
    assert "$80.00" in [amount for _, amount in lines(shown)]


def test_the_whole_story(page, own_server, client):
    page.goto(dashboard.address(own_server))
    dashboard.sign_in(page, own_server.key)
    expect(page.get_by_role("heading", name="No plans yet")).to_be_visible()
    create_feature(page, own_server, "Messages")
    create_plans(page, own_server)
    create_customer(page, own_server)
    attach_pro(page, client)
    use_it_up(page, client)
    explain(page)
    upgrade(page, client)
    a_month_later(page, client)
