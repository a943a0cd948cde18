"""Every method of `autumn-py` 3.1.9, which speaks version 1.2 of the API (entitlements §11.2)."""

import pytest

from older_client import Calls, package, pay, server_with_catalog
from tally_client import new_id

METHODS = [
    "attach", "cancel", "check", "checkout", "query", "track",
    "customers.create", "customers.delete", "customers.get", "customers.get_billing_portal",
    "customers.list", "customers.pricing_table", "customers.update",
    "entities.create", "entities.delete", "entities.get", "entities.transfer",
    "features.set_balances", "features.set_usage",
    "products.create", "products.delete", "products.get", "products.get_referral_code",
    "products.list", "products.redeem_referral_code", "products.update",
]
ABSENT = {"entities.transfer": "400 invalid_request"}


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    with server_with_catalog(tmp_path_factory.mktemp("older"), certificates) as server:
        yield server


@pytest.fixture(scope="module")
def py(server):
    with package("autumn-py") as autumn:
        # It sleeps for seconds before it retries an error 501.
        client = autumn.client.Client(
            server.key, base_url=f"https://localhost:{server.port}", max_retries=0)
        client.http.session.verify = str(server.ca_file)
        client.http.session.trust_env = False
        yield Calls(client, autumn.error.AutumnHTTPError), autumn
        client.http.close()


def test_checks_and_tracks(py):
    calls, _ = py
    customer_id = new_id("c")
    # Made by the check, with the plan that everybody has.
    check = calls.call("check", customer_id, feature_id="messages",
                       customer_data=None)
    assert (check.allowed, check.code, check.balance) == (True, "feature_found", 5)
    assert not calls.call("check", customer_id, feature_id="messages",
                          required_balance=6).allowed
    assert not calls.call("check", customer_id, feature_id="sso").allowed
    plan = calls.call("check", customer_id, product_id="free")
    assert (plan.allowed, plan.code, plan.product_id) == (True, "product_found", "free")
    track = calls.call("track", customer_id, "messages", value=2)
    assert (track.id, track.code, track.feature_id) == ("placeholder", "event_received", "messages")
    assert calls.call("check", customer_id, feature_id="messages", send_event=True,
                      required_balance=1).balance == 2
    rows = calls.call("query", customer_id, "messages", range="24h").list
    assert sum(row.get_usage("messages") for row in rows) == 3
    calls.call("features.set_usage", customer_id, "messages", 4)
    assert feature(calls, customer_id).balance == 1


def feature(calls, customer_id, feature_id="messages"):
    return calls.call("customers.get", customer_id).features[feature_id]


def test_buys_and_cancels(py, server):
    calls, _ = py
    customer_id = new_id("c")
    page = calls.call("checkout", customer_id, product_id="pro", reward="half")
    assert page.url and (page.total, page.currency) == (10, "usd")
    assert page.product.id == "pro" and page.current_product.id == "free"
    assert [(line.amount, line.item.price) for line in page.lines] == [(10, 20)]
    created = calls.call("attach", customer_id, product_id="pro")
    assert created.code == "checkout_created" and created.product_ids == ["pro"]
    pay(created.checkout_url, server)
    customer = calls.call("customers.get", customer_id, ["invoices", "payment_method", "entities"])
    (pro,) = customer.products
    assert (pro.id, pro.name, pro.status.value, pro.quantity) == ("pro", "Pro", "active", 1)
    assert [(i.total, i.product_ids) for i in customer.invoices] == [(20, ["pro"])]
    messages = customer.features["messages"]
    assert (messages.name, messages.type.value, messages.interval.value) == (
        "Messages", "single_use", "month")
    assert (messages.balance, messages.included_usage, messages.usage) == (100, 100, 0)
    assert customer.features["seats"].type.value == "continuous_use"
    assert customer.features["sso"].type.value == "static"
    # Options are what is bought beside the 100 that the plan includes: 2 packs.
    preview = calls.call("checkout", customer_id, product_id="packs",
                         options=[{"feature_id": "messages", "quantity": 20}])
    assert preview.url is None and preview.total == 16
    assert [(o.feature_id, o.quantity) for o in preview.options] == [("messages", 120)]
    upgrade = calls.call("attach", customer_id, product_id="premium")
    assert (upgrade.code, upgrade.success, upgrade.checkout_url) == (
        "upgraded_to_new_product", True, None)
    messages = feature(calls, customer_id)
    assert messages.included_usage == 500
    again = calls.refused("attach", customer_id, product_id="premium")
    assert again[0] == "409 plan_already_attached"
    assert calls.call("attach", customer_id, product_id="pro").code == "downgrade_scheduled"
    ended = calls.call("cancel", customer_id, "premium", cancel_immediately=True)
    assert (ended.success, ended.product_id) == (True, "premium")
    assert [p.id for p in calls.call("customers.get", customer_id).products] == ["free"]
    assert calls.call("customers.get_billing_portal", customer_id,
                      return_url="https://example.com").url.startswith("https://")


def test_customers_and_entities(py, server):
    calls, autumn = py
    customer_id = new_id("c")
    customer = calls.call("customers.create", customer_id, name="Acme", email="a@example.com",
                          metadata={"a": "b"})
    assert (customer.id, customer.name, customer.metadata) == (customer_id, "Acme", {"a": "b"})
    assert calls.call("customers.update", customer_id, name="Acme Ltd").name == "Acme Ltd"
    page = calls.call("customers.list", limit=2)
    assert len(page.list) == page.total == 2 and page.list[0].id == customer_id
    second = calls.call("customers.list", limit=1, offset=1)
    assert (second.offset, second.list[0].id) == (1, page.list[1].id)
    calls.call("features.set_balances", customer_id, [
        autumn.models.balance.Balance(feature_id="messages", balance=12)])
    messages = feature(calls, customer_id)
    assert (messages.balance, messages.included_usage, messages.usage) == (12, 12, 0)

    pay(calls.call("attach", customer_id, product_id="pro").checkout_url, server)
    entity = calls.call("entities.create", customer_id, f"{customer_id}-1", "seats", "One")
    assert (entity.name, entity.customer_id) == ("One", customer_id)
    assert calls.call("entities.get", customer_id, entity.id).features["messages"].balance == 100
    assert feature(calls, customer_id, "seats").balance == 2
    outcome, message = calls.refused("entities.transfer", customer_id, entity.id, "pro")
    assert outcome == "400 invalid_request" and "moved" in message
    calls.call("entities.delete", customer_id, entity.id)
    assert feature(calls, customer_id, "seats").balance == 3
    calls.call("customers.delete", customer_id)
    assert calls.refused("customers.get", customer_id)[0] == "404 customer_not_found"


def test_products_and_referrals(py):
    calls, autumn = py
    item, trial = autumn.models.products.ProductItem, autumn.models.products.FreeTrial
    product = calls.call(
        "products.create", "py_plan", name="Of py", items=[
            item(price=15, interval="month"),
            item(feature_id="messages", included_usage=50, interval="month"),
            item(feature_id="images", included_usage=0, interval="month", price=0.5,
                 usage_model="pay_per_use", billing_units=1)],
        free_trial=trial(duration="day", length=7, unique_fingerprint=True))
    assert [(i.feature_id, i.price) for i in product.items] == [
        (None, 15), ("messages", None), ("images", 0.5)]
    assert product.free_trial.length == 7 and product.version == 1
    calls.call("products.update", "py_plan", name="Renamed",
               items=[item(price=16, interval="month")])
    changed = calls.call("products.get", "py_plan")
    assert (changed.name, changed.version, changed.items[0].price) == ("Renamed", 2, 16)
    customer_id, friend = new_id("c"), new_id("c")
    for each in (customer_id, friend):
        calls.call("customers.create", each)
    scenarios = {p.id: p.scenario.value for p in calls.call("products.list", customer_id).list}
    assert (scenarios["free"], scenarios["pro"]) == ("active", "upgrade")
    cards = {card.id: card for card in calls.call("customers.pricing_table", customer_id).list}
    assert cards["pro"].price.primaryText == "20 USD"
    assert cards["pro"].items[0].primaryText == "100 Messages"
    code = calls.call("products.get_referral_code", customer_id, "friends")
    redeemed = calls.call("products.redeem_referral_code", code.code, friend, "gift")
    assert (redeemed.customer_id, redeemed.reward_id) == (friend, "gift")
    assert feature(calls, friend).balance == 30
    # Who has bought it keeps it.
    outcome, message = calls.refused("products.delete", "pro")
    assert outcome == "409 invalid_request" and "is a plan that" in message
    assert calls.refused("products.delete", "never")[0] == "404 product_not_found"
    calls.call("products.create", "py_gone", name="Gone", items=[])
    calls.call("products.delete", "py_gone")
    assert calls.refused("products.get", "py_gone")[0] == "404 product_not_found"


def test_method_by_method(py, capsys):
    calls, _ = py
    table = calls.table(capsys, METHODS)
    assert {name: outcome for name, outcome in table.items() if outcome != "works"} == ABSENT
