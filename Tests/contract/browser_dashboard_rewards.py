"""The dashboard in headless Chromium where rewards are made: a coupon with a code, units by code, a
plan as a gift, a programme for bringing others; each changed again, and given to a customer."""

import pytest
from browser import chromium  # noqa: F401 (a fixture)
from playwright.sync_api import expect

from browser_dashboard_faults import confirm, review, told_beside
from browser_dashboard_looks import held_against_the_rules
from dashboard import choose, focused, reach, show, window
from dashboard_shop import HOSTILE, ask, make_customer, running_shop
from tally_client import TallyClient


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


def coupon(client, coupon_id):
    return next(one for one in ask(client, "GetCatalog").catalog.coupons
                if one.coupon_id == coupon_id)


def new(page, server, kind):
    show(page, server, "rewards")
    choose(page, "New reward", kind)


def test_a_coupon_is_made_changed_and_given(server, client, page):
    show(page, server, "rewards")
    expect(page.get_by_role("heading", name="No rewards yet")).to_be_visible()
    new(page, server, "Coupon")
    page.get_by_label("Name", exact=True).fill("Summer sale")
    expect(page.get_by_label("Id", exact=True)).to_have_value("summer_sale")
    page.get_by_label("How much").fill("25")
    page.get_by_label("For", exact=True).select_option(label="so many months")
    page.get_by_label("Months").fill("6")
    page.get_by_role("button", name="Add a code").click()
    page.get_by_label("Code", exact=True).fill("SUMMER")
    page.get_by_label("At most").fill("100")
    page.get_by_label("Until").fill("2029-09-01T00:00")
    page.get_by_label("Only who hasn’t paid").check()
    page.get_by_role("group", name="Only these plans").get_by_label("Pro", exact=True).check()
    page.get_by_label("Only purchases from").fill("10")
    review(page)
    expect(page.get_by_role("dialog")).to_contain_text("its codes can be redeemed")
    confirm(page)
    row = page.get_by_role("table", name="Coupons").get_by_role("row").filter(
        has_text="Summer sale")
    for text in ("25% off, for 6 months", "only Pro; from $10 on", "SUMMER"):
        expect(row).to_contain_text(text)
    made = coupon(client, "summer_sale")
    assert (made.percentage, made.months, made.plan_ids, made.minimum_amount) == (
        25, 6, ["pro"], "10")
    [code] = made.promotion_codes
    assert (code.code, code.max_redemptions, code.first_purchase_only) == ("SUMMER", 100, True)
    assert code.expire_time.seconds > 0

    # Kept as it is where nothing was touched, to the code's time.
    row.get_by_role("link").click()
    expect(page.get_by_label("Until")).to_have_value("2029-09-01T00:00")
    page.get_by_label("It gives").select_option(label="An amount off each invoice")
    page.get_by_label("How much").fill("5.50")
    page.get_by_label("For", exact=True).select_option(label="good")
    review(page)
    box = page.get_by_role("dialog", name="Changes to Summer sale")
    expect(box).to_contain_text("Who has it already keeps it as it was")
    expect(box.get_by_role("row", name="amount")).to_contain_text("5.50")
    confirm(page)
    changed = coupon(client, "summer_sale")
    assert (changed.WhichOneof("kind"), changed.amount) == ("amount", "5.5")
    assert changed.promotion_codes[0] == code

    customer_id = make_customer(client, "Buys In Summer Ltd")
    show(page, server, "customers", customer_id)
    choose(page, "Actions", "Apply a discount")
    page.get_by_role("dialog").get_by_label("Coupon").select_option(value="summer_sale")
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    [held] = ask(client, "GetCustomer", customer_id=customer_id).customer.discounts
    assert (held.coupon_id, held.amount.minor_units) == ("summer_sale", 550)


def test_units_a_gift_and_a_programme(server, client, page):
    new(page, server, "Feature grant")
    page.get_by_label("Name", exact=True).fill("Welcome")
    page.get_by_role("button", name="Add a feature").click()
    page.get_by_label("Feature", exact=True).select_option(value="messages")
    page.get_by_label("Units").fill("50")
    page.get_by_label("or months").fill("1")
    page.get_by_role("button", name="Add a code").click()
    page.get_by_label("Code", exact=True).fill("WELCOME")
    review(page)
    confirm(page)
    expect(page.get_by_role("table", name="Feature grants")).to_contain_text(
        "50 Messages for 1 month")

    new(page, server, "Plan gift")
    page.get_by_label("Name", exact=True).fill("Pro for friends")
    page.get_by_label("Plan", exact=True).select_option(value="pro")
    review(page)
    confirm(page)

    new(page, server, "Referral programme")
    page.get_by_label("Id", exact=True).fill("friends")
    page.get_by_label("It gives").select_option(value="pro_for_friends")
    page.get_by_label("To", exact=True).select_option(label="both")
    page.get_by_label("Rewarded").select_option(label="when the redeemer pays for a plan")
    page.get_by_label("How often").fill("10")
    page.get_by_label("Trials don’t count").check()
    review(page)
    confirm(page)
    expect(page.get_by_role("table", name="Referral programmes")).to_contain_text("To both")
    catalog = ask(client, "GetCatalog").catalog
    [programme] = catalog.referral_programmes
    assert (programme.programme_id, programme.reward_id, programme.max_redemptions,
            programme.exclude_trial) == ("friends", "pro_for_friends", 10, True)
    # When the plan no longer matters, what was said of it goes.
    page.get_by_role("link", name="friends", exact=True).click()
    page.get_by_label("Rewarded").select_option(label="as soon as a code is redeemed")
    review(page)
    confirm(page)
    [programme] = ask(client, "GetCatalog").catalog.referral_programmes
    assert not programme.exclude_trial

    customer_id = make_customer(client, "Comes By Code Ltd")
    reply = ask(client, "RedeemCode", customer_id=customer_id, code="welcome")
    assert [(one.feature_id, one.quantity) for one in reply.granted] == [("messages", 50)]


def test_what_the_server_refuses_of_a_reward_stands_beside_its_field(server, client, page):
    page.forgiven.append("status of 400")
    new(page, server, "Coupon")
    review(page)
    expect(told_beside(page, "Name")).to_have_text("Fill this in.")
    page.get_by_label("Name", exact=True).fill("Too good")
    page.get_by_label("How much").fill("150")
    page.get_by_role("button", name="Add a code").click()
    page.get_by_label("Code", exact=True).fill("no spaces please")
    review(page)
    for label in ("How much", "Code"):
        expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
    page.reload()
    expect(page.get_by_text("This is what you typed")).to_be_visible()
    expect(page.get_by_label("How much")).to_have_value("150")
    page.get_by_role("button", name="Discard").click()
    assert "too_good" not in [one.coupon_id for one in ask(client, "GetCatalog").catalog.coupons]


def test_the_second_of_two_who_edit_a_reward_is_told(server, client, page, other_page):
    other_page.forgiven.append("status of 409")
    ask(client, "PublishCatalog", catalog={"currency": "usd", "coupons": [
        {"coupon_id": "shared", "name": "Shared", "percentage": 10,
         "duration": "COUPON_DURATION_ONCE"}]})
    for one in (page, other_page):
        show(one, server, "rewards", "coupon", "shared")
    other_page.get_by_label("Name", exact=True).fill("Shared by us")
    page.get_by_label("How much").fill("15")
    review(page)
    confirm(page)
    review(other_page)
    told = other_page.get_by_role("dialog", name="Somebody published meanwhile")
    expect(told.get_by_role("row", name="percentage")).to_contain_text("15")
    told.get_by_role("button", name="Take their version").click()
    expect(other_page.get_by_label("How much")).to_have_value("15")
    expect(other_page.get_by_label("Name", exact=True)).to_have_value("Shared")


def test_rewards_are_for_everybody(server, client, page):
    """Among them those that call themselves what no page should believe."""
    ask(client, "PublishCatalog", catalog={
        "currency": "usd",
        "coupons": [{"coupon_id": "hostile", "name": HOSTILE, "invoice_credits": "100",
                     "duration": "COUPON_DURATION_FOREVER",
                     "promotion_codes": [{"code": "HOSTILE"}]}],
        "feature_grants": [{"feature_grant_id": "hostile_units", "name": HOSTILE,
                            "grants": [{"feature_id": "messages", "quantity": 5}]}],
        "plan_gifts": [{"plan_gift_id": "hostile_gift", "name": HOSTILE, "plan_id": "pro"}],
        "referral_programmes": [{
            "programme_id": "hostile_friends", "reward_id": "hostile",
            "redeem_on": "REFERRAL_MOMENT_CHECKOUT", "received_by": "REFERRAL_RECEIVER_ALL"}]})
    for parts in ((), ("coupon", "hostile"), ("grant", "hostile_units"), ("gift", "hostile_gift"),
                  ("programme", "hostile_friends"), ("coupon", "none")):
        show(page, server, "rewards", *parts)
        if parts in ((), ("programme", "hostile_friends")):
            expect(page.get_by_text(HOSTILE).first).to_be_attached()
        elif parts[1] != "none":
            expect(page.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
        held_against_the_rules(page)
        assert page.evaluate("document.querySelectorAll('main script').length") == 0


def test_a_reward_by_keyboard_alone(server, client, page):
    show(page, server, "rewards")
    reach(page, "New reward")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Coupon")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.insert_text("By hand")
    reach(page, "How much")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("30")
    reach(page, "Review and publish")
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Publish By hand")
    expect(box).to_be_visible()
    assert focused(page) == "Publish to sandbox"
    page.keyboard.press("Enter")
    expect(box).to_have_count(0)
    expect(page.get_by_role("link", name="By hand")).to_be_visible()
    assert coupon(client, "by_hand").percentage == 30
