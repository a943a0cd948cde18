"""The dashboard in headless Chromium where something is archived: a plan that isn't offered any
more and stays with whoever has it, a feature that is used as before, and both taken back."""

import re

import pytest
from browser import chromium  # noqa: F401 (a fixture)
from playwright.sync_api import expect
from tally.v1 import customer_pb2 as customer_pb

from browser_dashboard_faults import confirm, edit, plan, review
from browser_dashboard_looks import held_against_the_rules
from dashboard import card, choose, focused, reach, settled, show, window
from dashboard_shop import HOSTILE, ask, buy, hostile, make_customer, running_shop
from tally_client import TallyClient


@pytest.fixture
def server(tmp_path_factory, certificates):
    yield from running_shop(tmp_path_factory.mktemp("shop"), certificates)


@pytest.fixture
def client(server):
    with TallyClient(server, server.key) as client:
        yield client


@pytest.fixture
def page(chromium, server):  # noqa: F811
    yield from window(chromium, server, key=server.key)


@pytest.fixture
def other_page(chromium, server):  # noqa: F811
    yield from window(chromium, server, key=server.key)


def feature(client, feature_id):
    catalog = ask(client, "GetCatalog").catalog
    return next(feature for feature in catalog.features if feature.feature_id == feature_id)


def archive(page, name, verb="Archive"):
    """From the list's menu; what the question says."""
    choose(page, f"Actions for {name}", verb)
    box = page.get_by_role("dialog", name=f"{verb} {name}?")
    told = box.get_by_role("list").inner_text()
    box.get_by_role("button", name=verb, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)
    return told


def plan_card(page, name):
    return page.locator(".plan-card").filter(has=page.get_by_role("link", name=name, exact=True))


def choices(field):
    return [text for text in field.locator("option").all_inner_texts()]


def test_an_archived_plan_is_out_of_sight_and_stays_with_whoever_has_it(server, client, page):
    buyer = make_customer(client, "Keeps It Ltd")
    buy(client, server, buyer, "pro")
    before = plan(client, "pro")
    show(page, server, "plans")
    expect(page.get_by_text("Show archived")).to_have_count(0)
    told = archive(page, "Pro")
    assert "1 customer has it and keeps it" in told and "not in lists of plans" in told
    expect(plan_card(page, "Pro")).to_have_count(0)
    after = plan(client, "pro")
    assert (after.archived, after.version) == (True, before.version)

    # In the address, so that it can be shared and reloaded.
    page.get_by_label("Show archived (1)").check()
    expect(page).to_have_url(re.compile(r"\?archived=1$"))
    shown = plan_card(page, "Pro")
    expect(shown.get_by_text("Archived", exact=True)).to_be_visible()
    expect(shown).to_contain_text("1 customer")
    page.reload()
    settled(page)
    expect(page.get_by_role("heading", name="Archived", level=2)).to_be_visible()
    expect(plan_card(page, "Pro")).to_be_visible()
    page.get_by_label("Show archived (1)").uncheck()
    expect(plan_card(page, "Pro")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/plans$"))

    # Who has it keeps it, and it has a name wherever it is.
    show(page, server, "customers", buyer)
    row = card(page, "Plans").locator(".plan-row").filter(has_text="Pro")
    expect(row).to_contain_text("Active")
    expect(row).to_contain_text("Archived")
    [held] = [one for one in ask(client, "GetCustomer", customer_id=buyer).customer.subscriptions
              if one.plan_id == "pro"]
    assert held.status == customer_pb.SUBSCRIPTION_STATUS_ACTIVE
    show(page, server, "customers")
    assert "Pro (archived)" in choices(page.get_by_label("Plan", exact=True))

    # Nobody else is offered it.
    other = make_customer(client, "Comes Later Ltd")
    show(page, server, "customers", other)
    page.get_by_role("button", name="Attach a plan").click()
    offers = choices(page.get_by_role("dialog").get_by_label("Plan", exact=True))
    assert any(text.startswith("Team") for text in offers)
    assert not any(text.startswith("Pro") for text in offers)

    show(page, server, "plans", "pro")
    expect(page.get_by_text("It is archived: it isn’t offered any more")).to_be_visible()
    page.get_by_role("button", name="Unarchive").click()
    page.get_by_role("dialog", name="Unarchive Pro?").get_by_role(
        "button", name="Unarchive").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("It is archived")).to_have_count(0)
    assert (plan(client, "pro").archived, plan(client, "pro").version) == (False, before.version)
    show(page, server, "customers", other)
    page.get_by_role("button", name="Attach a plan").click()
    offers = choices(page.get_by_role("dialog").get_by_label("Plan", exact=True))
    assert any(text.startswith("Pro") for text in offers)


def test_a_default_that_is_archived_is_not_begun_with(server, client, page):
    show(page, server, "plans")
    assert "new customers don’t start with it" in archive(page, "Free")
    late = make_customer(client, "Starts With Nothing Ltd")
    assert not ask(client, "GetCustomer", customer_id=late).customer.subscriptions
    page.get_by_label("Show archived (1)").check()
    expect(plan_card(page, "Free")).to_contain_text("Default")

    # Another may take its place; beside that one it doesn't come back, and says so.
    page.forgiven.append("status of 400")
    starter = {"plan_id": "starter", "name": "Starter", "auto_enable": True}
    ask(client, "PublishCatalog", catalog={"currency": "usd", "plans": [starter]})
    choose(page, "Actions for Free", "Unarchive")
    box = page.get_by_role("dialog", name="Unarchive Free?")
    box.get_by_role("button", name="Unarchive").click()
    expect(box.get_by_role("alert")).to_contain_text("is this group's default already")
    box.get_by_role("button", name="Cancel").click()
    assert plan(client, "free").archived
    starter["auto_enable"] = False
    ask(client, "PublishCatalog", catalog={"currency": "usd", "plans": [starter]})
    assert "new customers start with it again" in archive(page, "Free", "Unarchive")
    begun = make_customer(client, "Starts Again Ltd")
    [held] = ask(client, "GetCustomer", customer_id=begun).customer.subscriptions
    assert held.plan_id == "free"


def test_an_archived_feature_is_used_as_before_and_not_chosen_anew(server, client, page):
    buyer = make_customer(client, "Writes A Lot Ltd")
    show(page, server, "features")
    told = archive(page, "Messages")
    assert "It stays in " in told and "Customers who have it go on using it" in told
    table = page.get_by_role("table", name="Features")
    expect(table.get_by_role("link", name="Messages")).to_have_count(0)
    assert feature(client, "messages").archived
    page.get_by_label("Show archived (1)").check()
    expect(table.get_by_role("row").filter(has_text="Messages")).to_contain_text("Archived")
    page.reload()
    settled(page)
    expect(table.get_by_role("row").filter(has_text="Messages")).to_contain_text("Archived")

    # What has it keeps it, under its name; nothing new begins with it.
    edit(page, server, "pro")
    item = page.locator(".item").filter(has_text="Messages").first
    expect(item.locator("summary").first).to_contain_text("Archived")
    item.locator("summary").first.click()
    expect(item.get_by_label("Feature", exact=True).first).to_have_value("messages")
    assert "Messages (archived)" in choices(item.get_by_label("Feature", exact=True).first)
    page.get_by_role("button", name="Add a feature").click()
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_visible()
    expect(menu.get_by_role("menuitem").filter(has_text="Messages")).to_have_count(0)
    page.keyboard.press("Escape")
    show(page, server, "customers", buyer)
    expect(page.locator(".balance").filter(has_text="Messages")).to_contain_text("100 of 100 left")
    show(page, server, "explain", customer=buyer, feature="messages", amount="1")
    expect(page.get_by_text("Allowed", exact=True)).to_be_visible()

    show(page, server, "features", "messages")
    choose(page, "More", "Unarchive")
    page.get_by_role("dialog", name="Unarchive Messages?").get_by_role(
        "button", name="Unarchive").click()
    expect(page.get_by_text("It is archived")).to_have_count(0)
    assert not feature(client, "messages").archived


def test_what_is_archived_while_somebody_edits_it_stays_so(server, client, page, other_page):
    other_page.forgiven.append("status of 409")
    edit(other_page, server, "team")
    other_page.get_by_label("Name", exact=True).fill("Team of ours")
    show(page, server, "plans")
    archive(page, "Team")

    review(other_page)
    told = other_page.get_by_role("dialog", name="Somebody published meanwhile")
    expect(told.get_by_role("row", name="Archived")).to_contain_text("yes")
    told.get_by_role("button", name="Go on with mine").click()
    settled(other_page)
    preview = other_page.get_by_role("complementary", name="Preview")
    expect(preview.get_by_text("Archived", exact=True)).to_be_visible()
    review(other_page)
    expect(other_page.get_by_role("dialog").get_by_role("row", name="Name")).to_be_visible()
    expect(other_page.get_by_role("dialog").get_by_role("row", name="Archived")).to_have_count(0)
    confirm(other_page)
    assert (plan(client, "team").name, plan(client, "team").archived) == ("Team of ours", True)

    # A copy is a plan of its own, and for sale.
    show(other_page, server, "plans", "team")
    choose(other_page, "More", "Duplicate")
    expect(preview).to_be_visible()
    expect(preview.get_by_text("Archived", exact=True)).to_have_count(0)


def test_archiving_undoes_nothing_that_was_published_meanwhile(server, client, page):
    show(page, server, "plans")
    choose(page, "Actions for Plus", "Archive")
    box = page.get_by_role("dialog", name="Archive Plus?")
    changed = plan(client, "plus")
    changed.name = "Plus and more"
    ask(client, "PublishCatalog", catalog={"currency": "usd", "plans": [changed]})
    box.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert (plan(client, "plus").name, plan(client, "plus").archived) == ("Plus and more", True)


def test_what_cannot_be_deleted_can_be_archived(server, client, page):
    page.forgiven.append("status of 409")
    buy(client, server, make_customer(client, "Holds On Ltd"), "pro")
    for path, name, taken in ((("plans", "pro"), "Pro", lambda: plan(client, "pro")),
                              (("features", "messages"), "Messages",
                               lambda: feature(client, "messages"))):
        show(page, server, *path)
        choose(page, "More", "Delete")
        box = page.get_by_role("dialog", name=f"{name} can’t be deleted")
        expect(box.get_by_role("alert")).to_contain_text("archive")
        box.get_by_role("button", name="Archive it instead").click()
        page.get_by_role("dialog", name=f"Archive {name}?").get_by_role(
            "button", name="Archive", exact=True).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("It is archived")).to_be_visible()
        assert taken().archived
        # Then there is nothing more to be suggested.
        choose(page, "More", "Delete")
        expect(box).to_contain_text("It is archived already")
        box.get_by_role("button", name="Understood").click()


def test_archiving_by_keyboard_alone(server, client, page):
    show(page, server, "plans")
    reach(page, "Actions for Plus")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Edit")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Archive"
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Archive Plus?")
    expect(box.get_by_role("button", name="Archive", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    assert not plan(client, "plus").archived
    reach(page, "Actions for Plus")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Edit")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box.get_by_role("button", name="Archive", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_have_count(0)
    expect(page.get_by_text("Plus is archived.")).to_be_visible()
    reach(page, r"Show archived \(1\)")
    page.keyboard.press("Space")
    expect(plan_card(page, "Plus")).to_be_visible()


def test_what_is_archived_is_for_everybody(server, client, page):
    """Among them plans and features that call themselves what no page should believe."""
    hostile(client)
    for path in ("plans", "features"):
        show(page, server, path)
        choose(page, f"Actions for {HOSTILE}", "Archive")
        box = page.get_by_role("dialog", name=f"Archive {HOSTILE}?")
        expect(box).to_be_visible()
        held_against_the_rules(page)
        box.get_by_role("button", name="Archive", exact=True).click()
        expect(box).to_have_count(0)
        expect(page.get_by_text(f"{HOSTILE} is archived.")).to_be_visible()
        page.get_by_label("Show archived (1)").check()
        expect(page.get_by_role("link", name=HOSTILE).first).to_be_visible()
        held_against_the_rules(page)
    show(page, server, "plans", "hostile")
    expect(page.get_by_text("It is archived")).to_be_visible()
    held_against_the_rules(page)
    show(page, server, "features", "hostile")
    held_against_the_rules(page)
    assert page.locator("main script, main b, svg[onload]").count() == 0


def test_a_list_of_nothing_but_archived_says_so(server, client, page):
    catalog = ask(client, "GetCatalog").catalog
    for one in (*catalog.plans, *catalog.features):
        one.archived = True
    ask(client, "PublishCatalog", catalog=catalog)
    for path, title in (("plans", "All plans are archived"),
                        ("features", "All features are archived")):
        show(page, server, path)
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        page.get_by_label("Show archived").check()
        expect(page.get_by_role("heading", name=title)).to_have_count(0)
    show(page, server, "plans", search="pro")
    expect(page.get_by_text("archived plan is called that").or_(
        page.get_by_text("archived plans are called that"))).to_be_visible()
