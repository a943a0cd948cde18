"""The dashboard in headless Chromium, every page and dialog of it: for those who don't see it,
don't have a mouse or have a small window; in the dark; in another language and zone."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from browser import chromium  # noqa: F401 (a fixture)
from playwright.sync_api import expect

import dashboard
from dashboard import COLOURS, card, choose, faults, focused, overflow, reach, show, window
from dashboard_shop import MAIN, ask, opened_shop

WIDTHS = (360, 768, 1280, 1920)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, certificates):
    yield from opened_shop(tmp_path_factory.mktemp("shop"), certificates)


@pytest.fixture(scope="module")
def looker(chromium, shop):  # noqa: F811
    """One window for all pages: none of them leaves anything behind."""
    server, _ = shop
    yield from window(chromium, server, key=server.key)


@pytest.fixture
def page(chromium, shop):  # noqa: F811
    server, _ = shop
    yield from window(chromium, server, key=server.key)


def still(page):
    """Until no colour is on its way to another."""
    page.evaluate("""() => Promise.allSettled(document.getAnimations()
        .filter((each) => each.effect.getTiming().iterations !== Infinity)
        .map((each) => each.finished)).then(() => null)""")


def held_against_the_rules(page):
    """In light and dark, and in all widths; the colours don't depend on the width."""
    page.emulate_media(color_scheme="light")
    still(page)
    found = faults(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 860})
        found += [f"{width}: {each}" for each in overflow(page)]
    page.set_viewport_size({"width": 360, "height": 740})
    still(page)
    found += [f"phone {each}" for each in faults(page, without=COLOURS)]
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 860})
    still(page)
    found += [f"dark {each}" for each in faults(page, only=COLOURS)]
    assert not found, "\n".join(found)


PAGES = {
    "plans": ("Plans", "plans"), "plan": ("Growth", "plans", "growth"),
    "plan-editor": ("Edit Growth", "plans", "growth", "edit"),
    "plan-new": ("New plan", "plans", "~new"),
    "plan-migration": ("Migrate Pro", "plans", "pro", "migrate"),
    "catalog-file": ("Catalog as a file", "plans", "~file"),
    "catalog-settings": ("Catalog settings", "plans", "~settings"),
    "features": ("Features", "features"), "feature": ("Credits", "features", "credits"),
    "feature-new": ("New feature", "features", "~new"),
    "rewards": ("Rewards", "rewards"),
    "coupon": ("Welcome, 10 % off", "rewards", "coupon", "welcome"),
    "grant-new": ("New feature grant", "rewards", "grant", "~new"),
    "gift-new": ("New plan gift", "rewards", "gift", "~new"),
    "programme-new": ("New referral programme", "rewards", "programme", "~new"),
    "customers": ("Customers", "customers"),
    "customer": ("Northwind Analytics", "customers", MAIN), "usage": ("Usage", "usage"),
    "system": ("System", "system"), "webhooks": ("System", "system", "webhooks"),
    "keys": ("System", "system", "keys"), "audit": ("System", "system", "audit"),
    "clock": ("System", "system", "clock"), "members": ("Members", "members"),
    "no-plan": ("There is no such plan", "plans", "none"),
    "nowhere": ("There is no such page", "nowhere"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody(shop, looker, name):
    server, _ = shop
    heading, *parts = PAGES[name]
    show(looker, server, *parts)
    expect(looker.get_by_role("heading", name=heading, level=1)).to_be_visible()
    if name == "plan-editor":
        for item in looker.locator(".item > summary").all():
            item.click()
    if name == "customer":
        looker.locator(".invoice > summary").first.click()
    held_against_the_rules(looker)


def test_signing_in_is_for_everybody(chromium, shop):  # noqa: F811
    server, _ = shop
    for page in window(chromium, server):
        for path in ("", "sign-in?token=abc"):
            page.goto(dashboard.address(server) + path)
            expect(page.get_by_role("heading", name="Sign in to Tally")).to_be_visible()
            held_against_the_rules(page)


@pytest.mark.parametrize(("feature", "amount"), [("messages", "1"), ("api_calls", "9000000"),
                                                ("images", "2"), ("sso", "1"), ("seats", "1")])
def test_an_explanation_is_for_everybody(shop, looker, feature, amount):
    server, _ = shop
    show(looker, server, "explain", customer=MAIN, feature=feature, amount=amount)
    expect(looker.locator(".verdict")).to_be_visible()
    held_against_the_rules(looker)


def test_a_simulation_is_for_everybody(shop, looker):
    server, _ = shop
    show(looker, server, "simulate", plan="growth")
    looker.get_by_label("Tried").select_option(label="With other figures")
    looker.get_by_label("Base price, each month").fill("59")
    looker.get_by_role("button", name="Simulate").click()
    expect(looker.get_by_role("progress")).to_have_count(0)
    expect(looker.get_by_role("table").first).to_be_visible()
    held_against_the_rules(looker)


DIALOGS = {
    "attach": lambda page: (
        page.get_by_role("button", name="Attach a plan").click(),
        page.get_by_role("dialog").get_by_label("Plan", exact=True).select_option(value="business"),
        page.get_by_role("dialog").get_by_text("Options", exact=True).click(),
        expect(page.get_by_role("table", name="Lines").first).to_be_visible()),
    "clock": lambda page: choose(page, "Actions", "Advance the test clock"),
    "details": lambda page: choose(page, "Actions", "Edit details"),
    "grant": lambda page: choose(page, "Actions", "Grant a balance"),
    "discount": lambda page: choose(page, "Actions", "Apply a discount"),
    "card": lambda page: choose(page, "Actions", "Ask for a card"),
    "erase": lambda page: choose(page, "Actions", "Erase personal data"),
    "cancel": lambda page: choose(page, "Change Growth", "Cancel"),
    "correct": lambda page: choose(page, "Change Messages", "Correct it"),
    "menu": lambda page: page.get_by_role("button", name="Actions", exact=True).click(),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_is_for_everybody(shop, looker, name):
    server, _ = shop
    show(looker, server, "customers", MAIN)
    DIALOGS[name](looker)
    expect(looker.get_by_role("menu" if name == "menu" else "dialog")).to_be_visible()
    if name == "menu":  # another width closes it
        assert not faults(looker)
    else:
        held_against_the_rules(looker)


@pytest.mark.parametrize(("path", "opener"), [
    (("customers",), "New customer"), (("system", "keys"), "Create key"), (("members",), "Invite")],
    ids=["customer", "key", "invite"])
def test_what_makes_something_is_for_everybody(shop, looker, path, opener):
    server, _ = shop
    show(looker, server, *path)
    looker.get_by_role("button", name=opener).click()
    expect(looker.get_by_role("dialog")).to_be_visible()
    held_against_the_rules(looker)


def test_a_phone_has_the_navigation_behind_a_button(shop, page):
    server, _ = shop
    page.set_viewport_size({"width": 360, "height": 740})
    show(page, server, "plans")
    customers = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Customers")
    expect(customers).not_to_be_in_viewport()
    page.get_by_role("button", name="Menu").click()
    expect(customers).to_be_in_viewport()
    customers.click()
    expect(page.get_by_role("heading", name="Customers", level=1)).to_be_visible()
    expect(customers).not_to_be_in_viewport()


def test_main_flows_by_keyboard_alone(chromium, shop):  # noqa: F811
    server, _ = shop
    for page in window(chromium, server):
        page.goto(dashboard.address(server))
        expect(page.get_by_label("Secret key")).to_be_focused()
        page.keyboard.insert_text(server.key)
        reach(page, "Sign in")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Plans", level=1)).to_be_visible()

        reach(page, "Customers")
        page.keyboard.press("Enter")
        expect(page.get_by_role("table", name="Customers")).to_be_visible()
        reach(page, "Search customers")
        page.keyboard.insert_text("northwind")
        expect(page.get_by_role("row")).to_have_count(2)
        reach(page, "Northwind Analytics ?northwind")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Northwind Analytics", level=1)).to_be_focused()

        # A dialog: the focus goes into it, stays in it, and comes back.
        reach(page, "Attach a plan")
        page.keyboard.press("Enter")
        box = page.get_by_role("dialog")
        expect(box).to_be_visible()
        assert focused(page).startswith("Plan")
        for _ in range(12):
            page.keyboard.press("Tab")
            assert page.evaluate("""() => document.activeElement === document.body
                || document.querySelector("dialog").contains(document.activeElement)""")
        reach(page, "Close")
        page.keyboard.press("Enter")
        expect(box).to_have_count(0)
        expect(page.get_by_role("button", name="Attach a plan")).to_be_focused()

        # A menu, and from it a dialog that Escape closes.
        reach(page, "Actions", "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem", name="Edit details")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Actions", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem", name="Edit details")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Edit details")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Actions", exact=True)).to_be_focused()

        # Past the navigation, into the page.
        page.reload()
        dashboard.settled(page)
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the page"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_numbers_money_and_times_are_the_viewers_own(chromium, shop):  # noqa: F811
    server, client = shop
    customer = ask(client, "GetCustomer", customer_id=MAIN).customer
    berlin = ZoneInfo("Europe/Berlin")
    created = datetime.fromtimestamp(customer.create_time.seconds, berlin)
    for page in window(chromium, server, key=server.key, locale="de-DE",
                       timezone_id="Europe/Berlin"):
        show(page, server, "customers", MAIN)
        expect(card(page, "Details")).to_contain_text(created.strftime("%d.%m.%Y, %H:%M"))
        messages = page.locator(".balance").filter(has_text="Messages")
        expect(messages.locator(".balance-figure")).to_have_text(
            re.compile(r"[\d.]+ of \d\.\d{3} left"))
        invoices = card(page, "Invoices")
        expect(invoices).to_contain_text(re.compile(r"\d+,\d\d\s\$"))
        expect(invoices).not_to_contain_text(re.compile(r"\$\d"))
        show(page, server, "plans")
        expect(page.locator(".plan-card").filter(has_text="Growth").first).to_contain_text(
            re.compile(r"5\.000 Messages.*0,008\s\$ each"))
        # What is typed may be, too.
        show(page, server, "plans", "growth", "edit")
        page.get_by_label("Amount", exact=True).fill("49,50")
        preview = page.get_by_role("complementary", name="Preview")
        expect(preview.locator(".plan-price")).to_contain_text(re.compile(r"49,50\s\$"))
        page.get_by_role("button", name="Review and publish").click()
        change = page.get_by_role("dialog").get_by_role("row", name="Price › amount")
        expect(change).to_contain_text("49.50")
