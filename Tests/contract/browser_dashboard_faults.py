"""The dashboard in headless Chromium when something goes wrong: mistyped, refused, cut off,
changed by somebody else meanwhile, called what no page should believe, signed out."""

import json
import re
import subprocess

import pytest
from browser import chromium  # noqa: F401 (a fixture)
from playwright.sync_api import expect
from tally.v1 import key_service_pb2 as keys_pb

import dashboard
from browser_dashboard_looks import held_against_the_rules
from dashboard import card, choose, focused, settled, show, sign_in, window
from dashboard_shop import HOSTILE, ask, buy, hostile, make_customer, running_shop
from tally_client import TallyClient, new_id
from tally_server import BINARY, ROOT

CUT = "**/tally.v1.*/*"


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    yield from running_shop(tmp_path_factory.mktemp("shop"), certificates)


@pytest.fixture(scope="module")
def client(server):
    with TallyClient(server, server.key) as client:
        yield client


@pytest.fixture
def page(chromium, server):  # noqa: F811
    yield from window(chromium, server, key=server.key)


@pytest.fixture
def other_page(chromium, server):  # noqa: F811
    yield from window(chromium, server, key=server.key)


@pytest.fixture
def signed_out(chromium, server):  # noqa: F811
    yield from window(chromium, server)


def plan(client, plan_id):
    catalog = ask(client, "GetCatalog").catalog
    return next(plan for plan in catalog.plans if plan.plan_id == plan_id)


def edit(page, server, plan_id):
    show(page, server, "plans", plan_id, "edit")


def review(page):
    page.get_by_role("button", name="Review and publish").click()


def confirm(page):
    page.get_by_role("dialog").get_by_role("button", name="Publish to sandbox").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)


def test_the_second_of_two_editors_is_told(server, client, page, other_page):
    other_page.forgiven.append("status of 409")
    edit(page, server, "team")
    edit(other_page, server, "team")
    other_page.get_by_label("Name", exact=True).fill("Team of ours")
    page.get_by_label("Amount", exact=True).fill("85")
    review(page)
    confirm(page)
    assert plan(client, "team").price.amount == "85"

    review(other_page)
    told = other_page.get_by_role("dialog", name="Somebody published meanwhile")
    expect(told.get_by_role("row", name="Price › amount")).to_contain_text("85")
    assert (plan(client, "team").name, plan(client, "team").price.amount) == ("Team", "85")
    told.get_by_role("button", name="Go on with mine").click()
    settled(other_page)
    expect(other_page.get_by_label("Name", exact=True)).to_have_value("Team of ours")
    # Now it is held against what is published, and what it would undo stands there.
    review(other_page)
    undone = other_page.get_by_role("dialog").get_by_role("row", name="Price › amount")
    expect(undone).to_contain_text("85")
    expect(undone).to_contain_text("80")
    confirm(other_page)
    assert plan(client, "team").name == "Team of ours"


def test_what_changed_elsewhere_is_no_reason_to_start_over(server, client, page):
    page.forgiven.append("status of 409")
    edit(page, server, "business")
    page.get_by_label("Name", exact=True).fill("Business class")
    ask(client, "PublishCatalog", catalog={"currency": "usd", "features": [
        {"feature_id": new_id("other")[:20], "name": "Other", "type": "FEATURE_TYPE_BOOLEAN"}]})
    review(page)
    told = page.get_by_role("dialog", name="Somebody published meanwhile")
    expect(told).to_contain_text("Other parts of the catalog have changed")
    told.get_by_role("button", name="Go on with mine").click()
    settled(page)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Business class")
    review(page)
    confirm(page)
    assert plan(client, "business").name == "Business class"


def told_beside(page, label):
    """What stands beside a field, and is what a reader of screens says of it."""
    control = page.get_by_label(label, exact=True).first
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_be_focused()
    return page.locator(f"[id='{control.get_attribute('aria-describedby').split()[-1]}']")


def test_what_the_server_refuses_of_a_plan_stands_beside_its_field(server, client, page):
    page.forgiven.append("status of 400")
    edit(page, server, "plus")
    page.get_by_label("Amount", exact=True).fill("-9")
    review(page)
    expect(told_beside(page, "Amount")).to_contain_text("negative")
    assert plan(client, "plus").price.amount == "9"

    # In an item that is closed, in a price that is: both open.
    page.get_by_label("Amount", exact=True).fill("9")
    page.locator(".item > summary").first.click()
    page.get_by_label("Included", exact=True).first.fill("500")
    page.get_by_label("Beyond that").first.select_option(label="Pay for what is used")
    page.locator(".item").first.get_by_label("Price", exact=True).fill("0.00000000000000001")
    page.locator(".item > summary").first.click()
    review(page)
    shown = page.locator(".item").first.get_by_label("Price", exact=True)
    expect(shown).to_be_visible()
    expect(shown).to_have_attribute("aria-invalid", "true")


def test_what_the_server_refuses_of_a_customer_stands_beside_its_field(server, page):
    page.forgiven.append("status of 400")
    show(page, server, "customers")
    page.get_by_role("button", name="New customer").click()
    box = page.get_by_role("dialog")
    box.get_by_role("button", name="Create").click()
    expect(told_beside(box.page, "Id")).to_have_text("Fill this in.")
    box.get_by_label("Id", exact=True).fill("no spaces please")
    box.get_by_label("Name").fill("Kept as typed")
    box.get_by_role("button", name="Create").click()
    expect(told_beside(box.page, "Id")).not_to_have_text("Fill this in.")
    expect(box.get_by_label("Name")).to_have_value("Kept as typed")


def test_a_cut_connection_loses_nothing_and_counts_nothing_twice(server, client, page):
    """The first attempt comes through, its answer doesn't: the second is the same one."""
    page.forgiven.append("net::ERR_FAILED")
    customer_id = make_customer(client, "Cut Off Ltd")
    show(page, server, "customers", customer_id)
    choose(page, "Actions", "Grant a balance")
    box = page.get_by_role("dialog", name="Grant a balance")
    box.get_by_label("Feature").select_option(value="messages")
    box.get_by_label("Units", exact=False).first.fill("250")
    sent = []

    def swallow(route):
        sent.append(route.request.post_data_json)
        route.fetch()
        route.abort()

    page.route("**/CreateBalance", swallow)
    box.get_by_role("button", name="Grant", exact=True).click()
    expect(box.get_by_role("alert")).to_contain_text("can’t be reached")
    expect(box.get_by_label("Units", exact=False).first).to_have_value("250")
    page.unroute("**/CreateBalance")
    with page.expect_request("**/CreateBalance") as again:
        box.get_by_role("button", name="Grant", exact=True).click()
    expect(box).to_have_count(0)
    assert again.value.post_data_json == sent[0] and sent[0]["request_id"]
    customer = ask(client, "GetCustomer", customer_id=customer_id).customer
    messages = next(one for one in customer.balances if one.feature_id == "messages")
    assert messages.granted == 100 + 250


def test_a_plan_survives_a_cut_connection_and_a_reload(server, client, page):
    page.forgiven.append("net::ERR_FAILED")
    edit(page, server, "free")
    page.get_by_label("Name", exact=True).fill("Free as air")
    page.route(CUT, lambda route: route.abort())
    review(page)
    expect(page.locator(".editor-bar").get_by_role("alert")).to_contain_text("can’t be reached")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Free as air")
    page.unroute(CUT)
    page.reload()
    settled(page)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Free as air")
    expect(page.get_by_text("This is what you typed")).to_be_visible()
    review(page)
    confirm(page)
    assert plan(client, "free").name == "Free as air"


def test_a_page_that_cannot_be_read_can_be_tried_again(server, page):
    page.forgiven.append("net::ERR_FAILED")
    page.route("**/ListCustomers", lambda route: route.abort())
    page.goto(dashboard.address(server, "sandbox", "customers"))
    expect(page.get_by_role("alert")).to_contain_text("can’t be reached")
    page.unroute("**/ListCustomers")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table", name="Customers")).to_be_visible()


def test_a_declined_card_is_said_and_changes_nothing(server, client, page):
    customer_id = make_customer(client, "Declined Ltd")
    buy(client, server, customer_id, "pro")
    card_page = ask(client, "SetupPayment", customer_id=customer_id)
    page.goto(card_page.url)
    for label, text in (("Card number", "4000000000000341"), ("Expires", "12 / 49"),
                        ("Security code", "123"), ("Name on card", "Ada Lovelace")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Save the card").click()
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    show(page, server, "customers", customer_id)
    choose(page, "Change Pro", "Change to another plan")
    box = page.get_by_role("dialog")
    box.get_by_label("Plan", exact=True).select_option(value="business")
    box.get_by_role("button", name="Change and charge").click()
    expect(box.get_by_text("The payment was declined")).to_be_visible()
    expect(box.get_by_label("Plan", exact=True)).to_have_value("business")
    box.get_by_role("button", name="Close").last.click()
    expect(card(page, "Plans")).to_contain_text("Pro")


@pytest.fixture(scope="module")
def believed(client):
    hostile(client)


@pytest.mark.parametrize("parts", [
    ("customers",), ("customers", "hostile"), ("plans",), ("plans", "hostile"),
    ("plans", "hostile", "edit"), ("features",), ("features", "hostile"), ("usage",),
    ("explain",), ("simulate",)], ids="-".join)
def test_what_customers_call_themselves_is_text(server, believed, page, parts):
    words = {"customer": "hostile", "feature": "hostile"} if parts == ("explain",) else \
        {"feature": "hostile", "group": "property", "property": HOSTILE} if parts == ("usage",) \
        else {"plan": "hostile"} if parts == ("simulate",) else {}
    show(page, server, *parts, **words)
    if parts[-1] == "edit":
        expect(page.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
    elif parts == ("simulate",):
        expect(page.get_by_label("Plan", exact=True)).to_have_value("hostile")
    elif parts == ("customers", "hostile"):
        expect(page.get_by_role("heading", name=HOSTILE, level=1)).to_be_visible()
        for text in ("<b>key</b>", "\"><svg onload=alert(3)>", "onerror=alert(2)"):
            expect(card(page, "Details")).to_contain_text(text)
        expect(page.get_by_role("region", name="Latest usage events")).to_contain_text(HOSTILE)
    else:
        expect(page.get_by_text(HOSTILE).locator("visible=true").first).to_be_visible()
    # A box of alert() is a complaint of the window's; and nothing came into the page.
    assert page.evaluate("""() => [...document.querySelectorAll(
        "body script, img:not([src^='/dashboard/']), svg[onload], b")]
        .map((each) => each.outerHTML)""") == []


def test_a_publishable_key_cannot_sign_in(server, client, signed_out):
    page = signed_out
    page.forgiven += ["status of 403", "status of 401"]
    made = client.call("CreateKey", keys_pb.CreateKeyRequest(
        name="page", kind=keys_pb.KEY_KIND_PUBLISHABLE))
    page.goto(dashboard.address(server))
    sign_in(page, made.secret)
    expect(told_beside(page, "Secret key")).to_contain_text("Only secret keys can sign in")
    sign_in(page, server.key[:-4] + "AAAA")
    expect(told_beside(page, "Secret key")).to_contain_text("There is no such key")
    assert page.context.cookies() == []
    sign_in(page, server.key)
    expect(page.get_by_role("heading", name="Plans", level=1)).to_be_visible()


def test_the_link_that_serve_prints_signs_in_once(server, signed_out):
    page = signed_out
    page.forgiven.append("status of 401")
    link = re.search(r"https://\S+/dashboard/sign-in\?token=\S+", server.log.read_text())[0]
    page.goto(link)
    # Who only looks at it, as scanners of mail do, doesn't use it up.
    page.goto(link)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Plans", level=1)).to_be_visible()
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This link was used already")


def test_the_cookie_is_out_of_reach_of_scripts_and_ends_with_signing_out(server, page):
    show(page, server, "plans")
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "__Host-tally-sandbox", True, True, "Strict")
    assert page.evaluate("document.cookie") == ""
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert server.key not in stored and "tally_sk" not in stored
    page.get_by_role("button", name="key").click()
    page.get_by_role("menu").get_by_text("Sign out of sandbox").click()
    expect(page.get_by_label("Secret key")).to_be_visible()
    assert page.context.cookies() == []


def test_a_revoked_key_ends_its_session_and_nothing_typed_is_lost(server, client, signed_out):
    page = signed_out
    page.forgiven.append("status of 401")
    customer_id = make_customer(client, "Long Session Ltd")
    made = client.call("CreateKey", keys_pb.CreateKeyRequest(name="left", scopes=["*"]))
    # The feed isn't answered: else it might notice before Save is pressed.
    page.route("**/ListEvents", lambda route: None)
    with page.expect_request("**/ListEvents"):
        page.goto(dashboard.address(server, "sandbox", "customers", customer_id))
        sign_in(page, made.secret)
    settled(page)
    choose(page, "Actions", "Edit details")
    box = page.get_by_role("dialog", name="Edit details")
    box.get_by_label("Name").fill("Typed before it ended")
    client.call("RevokeKey", keys_pb.RevokeKeyRequest(key_id=made.key.key_id))
    box.get_by_role("button", name="Save").click()
    over = page.get_by_role("dialog", name="Your session has ended")
    sign_in(over, made.secret)
    expect(over).to_contain_text("There is no such key")
    expect(box.get_by_label("Name")).to_have_value("Typed before it ended")
    sign_in(over, server.key)
    # What was asked for is asked again by itself.
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="Typed before it ended", level=1)).to_be_visible()
    name = ask(client, "GetCustomer", customer_id=customer_id).customer.name
    assert name == "Typed before it ended"


def another_link(page, server, name):
    """Made by an admin for a member who has lost the session."""
    show(page, server, "members")
    choose(page, f"Actions for {name}", "Make another link")
    page.get_by_role("dialog").get_by_role("button", name="Make a link").click()
    link = page.get_by_role("dialog", name=f"A link for {name}").locator("code").inner_text()
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    return link


def paste(over, link):
    over.get_by_label("One-time link").fill(link)
    over.get_by_role("button", name="Sign in", exact=True).click()


def test_a_member_goes_on_with_another_link_and_nothing_typed_is_lost(
        server, client, page, signed_out):
    agent = signed_out
    agent.forgiven.append("status of 401")
    customer_id = make_customer(client, "Long Shift Ltd")
    link = invite(page, server, "Agent of the night", "Support")
    agent.goto(link)
    agent.get_by_role("button", name="Sign in", exact=True).click()
    expect(agent.get_by_role("heading", name="Plans", level=1)).to_be_visible()
    agent.route("**/ListEvents", lambda route: None)
    show(agent, server, "customers", customer_id)
    for name, pasted in (("Typed at night", lambda link: f"  {link}\n"),
                         ("Typed at dawn", lambda link: link.split("token=")[1])):
        choose(agent, "Actions", "Edit details")
        box = agent.get_by_role("dialog", name="Edit details")
        box.get_by_label("Name").fill(name)
        agent.context.clear_cookies()
        box.get_by_role("button", name="Save").click()
        over = agent.get_by_role("dialog", name="Your session has ended")
        # A member has no key: the link stands first, and the key is one key's press away.
        expect(over.get_by_label("One-time link")).to_be_focused()
        held_against_the_rules(agent)
        agent.keyboard.press("Shift+Tab")
        agent.keyboard.press("Shift+Tab")
        assert focused(agent) == "With a link"
        agent.keyboard.press("ArrowRight")
        expect(over.get_by_label("Secret key")).to_be_visible()
        agent.keyboard.press("ArrowLeft")
        over.get_by_role("button", name="Sign in", exact=True).click()
        expect(told_beside(agent, "One-time link")).to_have_text("Fill this in.")
        paste(over, link)
        expect(told_beside(agent, "One-time link")).to_contain_text("This link was used already")
        expect(box.get_by_label("Name")).to_have_value(name)
        link = another_link(page, server, "Agent of the night")
        paste(over, pasted(link))
        expect(agent.get_by_role("dialog")).to_have_count(0)
        expect(agent.get_by_role("heading", name=name, level=1)).to_be_visible()
        assert ask(client, "GetCustomer", customer_id=customer_id).customer.name == name
    show(page, server, "system", "audit")
    expect(row(page, "Update customer").filter(has_text=customer_id).first).to_contain_text(
        "Agent of the night")


def test_a_link_of_the_other_environment_does_not_go_on_here(server, client, page):
    page.forgiven.append("status of 401")
    made = subprocess.run(
        [BINARY, "dashboard", "link", "--environment", "live", "--data", server.data],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=True)
    link = re.search(r"https://\S+token=\S+", made.stdout)[0]
    show(page, server, "plans", "business", "edit")
    page.get_by_label("Name", exact=True).fill("Still here")
    page.context.clear_cookies()
    review(page)
    over = page.get_by_role("dialog", name="Your session has ended")
    over.get_by_role("tab", name="With a link").click()
    paste(over, link)
    expect(over.get_by_role("alert")).to_contain_text("That was a link of live")
    over.get_by_role("tab", name="With a key").click()
    sign_in(over, server.key)
    expect(page.get_by_role("dialog")).to_contain_text("Still here")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Still here")


def called(page, method, body):
    """The status of a call made from within the page, as one of its scripts would make it."""
    return page.evaluate("""async ([method, body]) => (await fetch(method, {
        method: "POST", body, headers: {"content-type": "application/json",
        "x-tally-environment": "sandbox"}})).status""", [method, json.dumps(body)])


def invite(page, server, name, role):
    show(page, server, "members")
    page.get_by_role("button", name="Invite").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Name").fill(name)
    box.get_by_label("Role").select_option(label=role)
    box.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("dialog").locator("code").inner_text()
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    return link


def row(page, name):
    return page.get_by_role("row").filter(has_text=name)


def test_a_viewer_is_invited_sees_cannot_act_and_is_gone_at_once(
        server, client, page, signed_out):
    viewer = signed_out
    viewer.forgiven += ["status of 401", "status of 403"]
    customer_id = make_customer(client, "Seen By All Ltd")
    link = invite(page, server, "Guest of the house", "Viewer")
    viewer.goto(link)
    expect(viewer).to_have_url(dashboard.address(server, "sign-in"))  # the token is out of sight
    viewer.get_by_role("button", name="Sign in", exact=True).click()
    expect(viewer.get_by_role("heading", name="Plans", level=1)).to_be_visible()
    expect(viewer.get_by_role("link", name="New plan")).to_have_count(0)
    expect(viewer.get_by_role("navigation", name="Pages")).not_to_contain_text("Members")
    show(viewer, server, "customers", customer_id)
    expect(viewer.get_by_role("heading", name="Seen By All Ltd")).to_be_visible()
    for name in ("Attach a plan", "Grant", "Edit"):
        expect(viewer.get_by_role("button", name=name, exact=True)).to_have_count(0)
    change = {"customer_id": customer_id, "name": "Changed"}
    assert called(viewer, "/tally.v1.CustomerService/UpdateCustomer", change) == 403
    assert called(viewer, "/dashboard/api/members.list", {}) == 403
    assert called(page, "/tally.v1.CustomerService/UpdateCustomer", change) == 200

    show(page, server, "members")
    expect(row(page, "Guest of the house")).to_contain_text("Active")
    choose(page, "Actions for Guest of the house", "Revoke access")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row(page, "Guest of the house")).to_contain_text("Revoked")
    read = {"customer_id": customer_id}
    assert called(viewer, "/tally.v1.CustomerService/GetCustomer", read) == 401
    viewer.reload()
    expect(viewer.get_by_label("Secret key")).to_be_visible()
    # A link works once, and none works for who was revoked.
    viewer.goto(link)
    viewer.get_by_role("button", name="Sign in", exact=True).click()
    expect(viewer.get_by_role("alert")).to_contain_text("This link was used already")


def test_the_audit_names_who_did_it(server, client, page, signed_out):
    agent = signed_out
    customer_id = make_customer(client, "Audited Ltd")
    agent.goto(invite(page, server, "Agent of support", "Support"))
    agent.get_by_role("button", name="Sign in", exact=True).click()
    expect(agent.get_by_role("heading", name="Plans", level=1)).to_be_visible()
    show(agent, server, "customers", customer_id)
    choose(agent, "Actions", "Edit details")
    box = agent.get_by_role("dialog")
    box.get_by_label("Name").fill("Audited and renamed")
    box.get_by_role("button", name="Save").click()
    expect(box).to_have_count(0)
    show(page, server, "system", "audit")
    entry = row(page, "Update customer").filter(has_text=customer_id)
    expect(entry).to_contain_text("Agent of support")
    expect(row(page, "Agent of support").filter(has_text="Sign in").first).to_be_visible()
