"""The dashboard in headless Chromium where a step is for good: live, told apart from the
sandbox and asked about twice; the catalog from one to the other, and as a file; customers moved
to a new version; money given back."""

import json
import re
import subprocess

import pytest
from browser import chromium  # noqa: F401 (a fixture)
from playwright.sync_api import expect
from tally.v1 import customer_pb2 as customer_pb

import dashboard
from dashboard import card, choose, settled, show, sign_in_quietly, window
from dashboard_shop import ask, buy, make_customer, running_shop
from tally_client import TallyClient
from tally_server import BINARY, ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    yield from running_shop(tmp_path_factory.mktemp("shop"), certificates)


@pytest.fixture(scope="module")
def client(server):
    with TallyClient(server, server.key) as client:
        yield client


@pytest.fixture(scope="module")
def live_key(server):
    made = subprocess.run(
        [BINARY, "key", "create", "--environment", "live", "--data", server.data, "--json"],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=True)
    return json.loads(made.stdout)["key"]


@pytest.fixture
def page(chromium, server, live_key):  # noqa: F811
    """Signed in to both. A running server knows a new key within a second."""
    for page in window(chromium, server, key=server.key):
        sign_in_quietly(page, server, live_key, "live", patience=10)
        yield page


def show_live(page, server, *parts):
    page.goto(dashboard.address(server, "live", *parts))
    settled(page)


def band(page):
    shown = page.get_by_role("status").first
    return shown, shown.evaluate("(element) => getComputedStyle(element).backgroundColor")


def test_live_is_told_apart_and_asks_what_the_sandbox_does_not(server, page):
    show(page, server, "features")
    sandbox, colour = band(page)
    expect(sandbox).to_contain_text("no money moves")
    page.get_by_role("group", name="Environment").get_by_role("link", name="Live").click()
    settled(page)
    live, other_colour = band(page)
    expect(live).to_contain_text("real customers, real money")
    assert colour != other_colour

    show_live(page, server, "features", "~new")
    page.get_by_label("Name", exact=True).fill("Reports")
    page.get_by_role("button", name="Review and publish").click()
    box = page.get_by_role("dialog", name="Publish Reports")
    go = box.get_by_role("button", name="Publish to live")
    expect(go).to_be_disabled()
    box.get_by_label("to confirm").fill("reports")
    expect(go).to_be_disabled()
    box.get_by_label("to confirm").fill("Reports")
    go.click()
    expect(page.get_by_role("link", name="Reports")).to_be_visible()

    show_live(page, server, "customers")
    page.get_by_role("button", name="New customer").click()
    page.get_by_role("dialog").get_by_label("Id", exact=True).fill("first")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    again = page.get_by_role("dialog", name="This is live")
    again.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog").get_by_label("Id", exact=True)).to_have_value("first")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    again.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="first", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Actions", exact=True)).to_be_visible()
    page.get_by_role("button", name="Actions", exact=True).click()
    expect(page.get_by_role("menuitem", name="Advance the test clock")).to_have_count(0)


def test_the_catalog_goes_from_the_sandbox_to_live(server, page):
    show_live(page, server, "plans")
    expect(page.get_by_role("heading", name="No plans yet")).to_be_visible()
    show(page, server, "plans")
    choose(page, "More", "Copy to live")
    settled(page)
    page.get_by_role("button", name="for live").click()
    box = page.get_by_role("dialog", name="Copy to live")
    box.get_by_label("to confirm").fill("live")
    box.get_by_role("button", name="Publish to live").click()
    expect(page.locator(".plan-card")).to_have_count(6)
    assert "/live/plans" in page.url


def test_the_catalog_goes_out_as_a_file_and_in_again(server, page, tmp_path):
    show(page, server, "plans", "~file")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    catalog = json.loads(saved.value.path().read_text())
    pro = next(plan for plan in catalog["plans"] if plan["plan_id"] == "pro")
    assert pro["price"] == {"amount": "20", "interval": "month"}
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog))
    page.get_by_label("A catalog file").set_input_files(file)
    expect(page.get_by_text("is published already")).to_be_visible()

    pro["name"], pro["items"][0]["included"] = "Professional", -1
    file.write_text(json.dumps(catalog))
    page.forgiven.append("status of 400")
    page.get_by_label("A catalog file").set_input_files(file)
    page.get_by_role("button", name="Review 1 thing").click()
    expect(page.get_by_role("alert")).to_contain_text("included")
    pro["items"][0]["included"] = 2500
    file.write_text(json.dumps(catalog))
    page.get_by_label("A catalog file").set_input_files(file)
    page.get_by_role("button", name="Review 1 thing").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish to sandbox").click()
    expect(page.get_by_role("link", name="Professional")).to_be_visible()
    file.write_text("{")
    show(page, server, "plans", "~file")
    page.get_by_label("A catalog file").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("can’t be read")


def archive_in_sandbox(page, server, name, verb="Archive"):
    show(page, server, "plans", archived="1")
    choose(page, f"Actions for {name}", verb)
    page.get_by_role("dialog").get_by_role("button", name=verb, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def marked(place, word):
    return place.locator(".badge").filter(has_text=re.compile(f"^{word}$"))


def copied_to_live(page, server):
    """The row of Plus, and the question that says what is copied."""
    show(page, server, "plans", "~copy-to-live")
    row = page.locator(".pick-list > li").filter(has_text="Plus")
    page.get_by_role("button", name="for live").click()
    box = page.get_by_role("dialog", name="Copy to live")
    return row, box


def publish_to_live(box):
    box.get_by_label("to confirm").fill("live")
    box.get_by_role("button", name="Publish to live").click()
    expect(box).to_have_count(0)


def test_what_is_archived_goes_along_and_live_asks_for_the_name(server, page, tmp_path):
    archive_in_sandbox(page, server, "Plus")
    row, box = copied_to_live(page, server)
    for place in (row, box.get_by_role("listitem").filter(has_text="plus")):
        expect(marked(place, "Archived")).to_be_visible()
    publish_to_live(box)
    settled(page)
    plus = page.locator(".plan-card").filter(has=page.get_by_role("link", name="Plus"))
    expect(plus).to_have_count(0)
    page.get_by_label("Show archived (1)").check()

    # In live it is done when its name is typed.
    choose(page, "Actions for Plus", "Unarchive")
    box = page.get_by_role("dialog", name="Unarchive Plus?")
    go = box.get_by_role("button", name="Unarchive in live")
    expect(go).to_be_disabled()
    box.get_by_label("to confirm").fill("Plus")
    go.click()
    expect(box).to_have_count(0)
    expect(page.get_by_label("Show archived")).to_have_count(0)
    expect(plus).to_be_visible()

    # Now that alone differs, and is said so; and the other way round.
    row, box = copied_to_live(page, server)
    expect(marked(row, "Archived")).to_be_visible()
    expect(marked(row, "Changed")).to_have_count(0)
    publish_to_live(box)
    archive_in_sandbox(page, server, "Plus", "Unarchive")
    row, box = copied_to_live(page, server)
    expect(marked(row, "Unarchived")).to_be_visible()
    publish_to_live(box)
    expect(plus).to_be_visible()

    # A file has it, too.
    archive_in_sandbox(page, server, "Plus")
    show(page, server, "plans", "~file")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    catalog = json.loads(saved.value.path().read_text())
    [kept] = [plan for plan in catalog["plans"] if plan.get("archived")]
    assert kept["plan_id"] == "plus" and kept["archived"] is True
    del kept["archived"]
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog))
    page.get_by_label("A catalog file").set_input_files(file)
    row = page.locator(".pick-list > li").filter(has_text="Plus")
    expect(marked(row, "Unarchived")).to_be_visible()
    row.get_by_text("1 difference").click()
    expect(row.get_by_role("row", name="Archived")).to_contain_text("yes")
    page.get_by_role("button", name="Review 1 thing").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish to sandbox").click()
    expect(plus).to_be_visible()


def of_plan(client, customer_id, plan_id):
    customer = ask(client, "GetCustomer", customer_id=customer_id).customer
    return next(one for one in customer.subscriptions if one.plan_id == plan_id)


def test_customers_are_moved_to_a_new_version_after_a_look(server, client, page):
    customer_id = make_customer(client, "On The Old One Ltd")
    buy(client, server, customer_id, "team")
    show(page, server, "plans", "team", "edit")
    page.get_by_label("Amount", exact=True).fill("90")
    page.get_by_role("button", name="Review and publish").click()
    box = page.get_by_role("dialog")
    expect(box).to_contain_text("1 customer keeps the version")
    box.get_by_role("button", name="Publish to sandbox").click()
    expect(page.get_by_text("1 customer is on an older version")).to_be_visible()
    assert of_plan(client, customer_id, "team").plan_version == 1
    page.get_by_role("link", name="Migrate").click()
    page.get_by_role("button", name="Preview").click()
    row = page.get_by_role("listitem").filter(has_text="On The Old One Ltd")
    expect(row).to_contain_text("Moves")
    page.get_by_role("button", name="Migrate 1 customer").click()
    page.get_by_role("dialog").get_by_role("button", name="Migrate").click()
    expect(row).to_contain_text("Moved")
    assert of_plan(client, customer_id, "team").plan_version == 2


def test_a_plan_is_canceled_taken_back_and_refunded(server, client, page):
    customer_id = make_customer(client, "Changes Its Mind Ltd")
    buy(client, server, customer_id, "business")
    show(page, server, "customers", customer_id)
    choose(page, "Change Business", "Cancel")
    box = page.get_by_role("dialog", name="Cancel Business")
    box.get_by_role("button", name="Cancel the plan").click()
    expect(box).to_have_count(0)
    expect(card(page, "Plans")).to_contain_text("Canceling")
    assert of_plan(client, customer_id, "business").status == \
        customer_pb.SUBSCRIPTION_STATUS_CANCELING
    choose(page, "Change Business", "Let it go on (uncancel)")
    page.get_by_role("dialog").get_by_role("button", name="Let it go on").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert of_plan(client, customer_id, "business").status == \
        customer_pb.SUBSCRIPTION_STATUS_ACTIVE

    choose(page, "Change Business", "Change quantities")
    box = page.get_by_role("dialog", name="Quantities of Business")
    box.get_by_label("Messages").fill("25000")
    expect(box.get_by_role("table", name="Lines").first).to_contain_text("$25.00")
    box.get_by_role("button", name="Change and charge $25.00").click()
    expect(box).to_have_count(0)
    expect(page.locator(".balance").filter(has_text="Messages")).to_contain_text("25,000 left")

    newest = card(page, "Invoices").locator(".invoice").first
    newest.locator("summary").first.click()
    newest.get_by_role("button", name="Refund").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Amount", exact=True).fill("7.50")
    box.get_by_role("button", name="Refund").click()
    expect(box).to_have_count(0)
    expect(newest).to_contain_text("Partly refunded")
    invoice = ask(client, "GetCustomer", customer_id=customer_id).customer.invoices[0]
    assert invoice.amount_refunded.minor_units == 750
