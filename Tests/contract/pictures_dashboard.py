"""Pictures of the dashboard's pages for docs/, made from a stocked server. Run by
scripts/screenshots; what can't be shown fails."""

import io
import os
from pathlib import Path

import pytest
from browser import chromium  # noqa: F401 (a fixture)
from PIL import Image
from playwright.sync_api import expect

import dashboard
from dashboard import choose, settled, show, window
from dashboard_shop import MAIN, opened_shop
from tally_server import ROOT

FOLDER = Path(os.environ.get("TALLY_PICTURES", ROOT / "docs" / "dashboard"))
MOST = 150_000  # bytes of a picture
DESK, PHONE = (1360, 850), (390, 844)
SHARP = {"reduced_motion": "reduce", "device_scale_factor": 1.5}


@pytest.fixture(scope="module")
def shop(tmp_path_factory, certificates):
    yield from opened_shop(tmp_path_factory.mktemp("shop"), certificates)


@pytest.fixture
def desk(chromium, shop):  # noqa: F811
    yield from window(chromium, shop[0], DESK, key=shop[0].key, **SHARP)


@pytest.fixture
def dark(chromium, shop):  # noqa: F811
    yield from window(chromium, shop[0], DESK, "dark", key=shop[0].key, **SHARP)


@pytest.fixture
def phone(chromium, shop):  # noqa: F811
    yield from window(chromium, shop[0], PHONE, key=shop[0].key,
                      reduced_motion="reduce", device_scale_factor=2)


def picture(page, name):
    """As much as the window shows."""
    settled(page)
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready.then(() => null)")
    drawn = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    content = io.BytesIO()
    in_few_colours(drawn.convert("RGB")).save(content, "PNG", optimize=True)
    assert len(content.getvalue()) < MOST, f"{name} has {len(content.getvalue())} bytes"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(content.getvalue())


def in_few_colours(drawn):
    """The 256 most frequent stay as they are, the edges of letters take the nearest of them."""
    found = [colour for _, colour in sorted(drawn.getcolors(1 << 24), reverse=True)]
    kept = found[:256]
    places = {colour: place for place, colour in enumerate(kept)}
    for colour in found[256:]:
        places[colour] = min(range(len(kept)), key=lambda place: sum(
            (one - other) ** 2 for one, other in zip(kept[place], colour)))
    small = Image.frombytes("P", drawn.size, bytes(places[colour] for colour in drawn.getdata()))
    small.putpalette([part for colour in kept for part in colour])
    return small


def test_signing_in(chromium, shop):  # noqa: F811
    for page in window(chromium, shop[0], (900, 600), **SHARP):
        page.goto(dashboard.address(shop[0]))
        expect(page.get_by_label("Secret key")).to_be_visible()
        picture(page, "sign-in")


@pytest.mark.parametrize(("name", "parts"), [
    ("plans", ("plans",)), ("features", ("features",)), ("rewards", ("rewards",)),
    ("customers", ("customers",)), ("customer", ("customers", MAIN)), ("usage", ("usage",))])
def test_a_page(shop, desk, name, parts):
    show(desk, shop[0], *parts)
    if name == "customer":
        expect(desk.locator(".feed-row").first).to_be_visible()
    if name == "usage":
        expect(desk.get_by_role("table", name="Customers by Messages")).to_be_visible()
    picture(desk, name)


def test_the_editor(shop, desk):
    show(desk, shop[0], "plans", "growth", "edit")
    head = desk.locator(".item > summary").filter(has_text="API calls")
    head.click()
    head.evaluate("(element) => scrollBy(0, element.getBoundingClientRect().top - 90)")
    picture(desk, "plan-editor")


def test_attaching(shop, desk):
    show(desk, shop[0], "customers", "tidepool_games")
    choose(desk, "Change Pro", "Change to another plan")
    box = desk.get_by_role("dialog")
    box.get_by_label("Plan", exact=True).select_option(value="growth")
    expect(box.get_by_role("table", name="Lines").first).to_be_visible()
    expect(box.get_by_role("button", name="Change and charge")).to_be_enabled()
    picture(desk, "attach")


def test_explaining(shop, desk):
    show(desk, shop[0], "explain", customer="quill_co", feature="messages", amount="250")
    expect(desk.get_by_text("Denied", exact=True)).to_be_visible()
    expect(desk.get_by_role("heading", name="What would help")).to_be_visible()
    picture(desk, "explain")


def test_simulating(shop, desk):
    show(desk, shop[0], "simulate", plan="growth")
    desk.get_by_label("Tried").select_option(label="With other figures")
    desk.get_by_label("Base price, each month").fill("59")
    desk.get_by_role("button", name="Simulate").click()
    expect(desk.get_by_role("progress")).to_have_count(0)
    expect(desk.get_by_role("table").first).to_be_visible()
    desk.get_by_role("table").first.evaluate(
        "(element) => scrollTo(0, scrollY + element.getBoundingClientRect().top - 420)")
    picture(desk, "simulate")


def test_the_system(shop, dark):
    show(dark, shop[0], "system")
    picture(dark, "system")


def accept(chromium, link):  # noqa: F811
    with chromium.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_role("button", name="Sign in", exact=True).click()
        settled(page)


def test_members(chromium, shop, desk):  # noqa: F811
    server = shop[0]
    for name, role in (("Support desk", "Support"), ("Bookkeeping", "Billing"),
                       ("Auditor", "Viewer")):
        show(desk, server, "members")
        desk.get_by_role("button", name="Invite").click()
        box = desk.get_by_role("dialog")
        box.get_by_label("Name").fill(name)
        box.get_by_label("Role").select_option(label=role)
        box.get_by_role("button", name="Make a link").click()
        link = desk.get_by_role("dialog").locator("code").inner_text()
        desk.get_by_role("dialog").get_by_role("button", name="Done").click()
        if role != "Viewer":
            accept(chromium, link)
    show(desk, server, "members")
    picture(desk, "members")


def test_on_a_phone(shop, phone):
    show(phone, shop[0], "customers", MAIN)
    picture(phone, "phone")
