"""Every method of `autumn-python` 0.2.0, which speaks version 2.0 (entitlements §11.3)."""

import ssl

import httpx
import pytest

from older_client import Calls, package, pay, server_with_catalog
from tally_client import new_id

METHODS = [
    "attach", "billing_portal", "cancel", "check", "checkout", "query", "setup_payment", "track",
    "customers.create", "customers.delete", "customers.get", "customers.list", "customers.update",
    "entities.create", "entities.delete", "entities.get",
    "plans.create", "plans.delete", "plans.get", "plans.list", "plans.update",
    "referrals.create_code", "referrals.redeem_code",
]
# The first sends no customer_id, neither in its body nor in its address.
ABSENT = {"billing_portal": "400 invalid_inputs"}


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    with server_with_catalog(tmp_path_factory.mktemp("older"), certificates) as server:
        yield server


@pytest.fixture(scope="module")
def python(server):
    with package("autumn-python") as autumn:
        client = autumn.Autumn(
            secret_key=server.key, base_url=f"https://localhost:{server.port}/v1", max_retries=0,
            http_client=httpx.Client(verify=ssl.create_default_context(cafile=server.ca_file)))
        yield Calls(client, autumn.APIStatusError)
        client.close()


def balance(calls, customer_id, feature_id="messages"):
    return calls.call("customers.get", customer_id).balances[feature_id]


def test_main_scenario(python, server):
    calls, customer_id = python, new_id("c")
    check = calls.call("check", customer_id=customer_id, feature_id="messages",
                       customer_data={"name": "Acme"})
    assert check.allowed and check.customer_id == customer_id and check.required_balance == 1
    assert (check.balance.granted_balance, check.balance.purchased_balance,
            check.balance.current_balance, check.balance.usage) == (5, 0, 5, 0)
    assert (check.balance.reset.interval, check.balance.unlimited) == ("month", False)
    assert calls.call("customers.get", customer_id).name == "Acme"
    track = calls.call("track", customer_id=customer_id, feature_id="messages", value=2)
    assert track.value == 2 and track.balance.current_balance == 3
    rows = calls.call("query", customer_id=customer_id, feature_id="messages", range="24h").list
    assert sum(row["messages"] for row in rows) == 2

    page = calls.call("checkout", customer_id=customer_id, product_id="pro")
    assert page.url and page.total == 20 and page.product.properties.is_free is False
    created = calls.call("attach", customer_id=customer_id, product_id="pro",
                         success_url="https://example.com/done")
    assert created.code == "checkout_created"
    pay(created.checkout_url, server)
    customer = calls.call("customers.get", customer_id,
                          expand=["subscriptions.plan", "balances.feature", "invoices"])
    (pro,) = customer.subscriptions
    assert (pro.plan_id, pro.status, pro.default, pro.plan.name) == ("pro", "active", False, "Pro")
    assert [(f.feature_id, f.granted_balance) for f in pro.plan.features][0] == ("messages", 100)
    assert customer.balances["credits"].feature.credit_schema[0].credit_cost == 0.2
    assert customer.balances["sso"].granted_balance == 0  # a flag was a balance of nothing
    assert customer.invoices[0].product_ids == ["pro"]
    packs = calls.call("attach", customer_id=customer_id, product_id="packs",
                       options=[{"feature_id": "messages", "quantity": 20}])
    assert packs.code == "new_product_attached" and packs.invoice["total"] == 16
    messages = balance(calls, customer_id)
    assert (messages.granted_balance, messages.purchased_balance, messages.current_balance,
            messages.usage) == (200, 20, 220, 0)
    assert calls.call("cancel", customer_id=customer_id, product_id="pro").success
    (pro, packs) = calls.call("customers.get", customer_id).subscriptions
    assert pro.canceled_at and pro.expires_at == pro.current_period_end
    setup = calls.call("setup_payment", customer_id=customer_id)
    assert setup.url.startswith("https://") and setup.customer_id == customer_id
    outcome, message = calls.refused("billing_portal", return_url="https://example.com")
    assert outcome == "400 invalid_inputs" and "customer_id is required" in str(message)


def test_customers_entities_and_plans(python, server):
    calls, customer_id = python, new_id("c")
    customer = calls.call("customers.create", id=customer_id, name="Acme", metadata={"a": "b"})
    assert (customer.id, customer.env, customer.metadata) == (customer_id, "sandbox", {"a": "b"})
    assert calls.call("customers.update", customer_id, email="a@example.com").email == \
        "a@example.com"
    page = calls.call("customers.list", limit=1)
    assert page.list[0]["id"] == customer_id and page.total == 1
    pay(calls.call("attach", customer_id=customer_id, product_id="pro").checkout_url, server)
    entity = calls.call("entities.create", customer_id, id=f"{customer_id}-1", feature_id="seats",
                        name="One")
    assert entity.name == "One"
    assert calls.call("entities.get", entity.id, customer_id=customer_id).balances[
        "messages"].current_balance == 100
    assert balance(calls, customer_id, "seats").current_balance == 2
    assert calls.call("entities.delete", entity.id, customer_id=customer_id).success

    plan = calls.call("plans.create", id="python_plan", name="Of python", group="python",
                      price={"amount": 9, "interval": "month"}, features=[
                          {"feature_id": "messages", "granted_balance": 10,
                           "reset": {"interval": "month"}},
                          {"feature_id": "images", "granted_balance": 1, "price": {
                              "interval": "month", "usage_model": "pay_per_use", "amount": 0.5}}])
    assert (plan.id, plan.default, plan.price.amount) == ("python_plan", False, 9)
    assert plan.features[1].price.usage_model == "pay_per_use"
    assert calls.call("plans.update", "python_plan", name="Changed").name == "Changed"
    assert calls.call("plans.get", "python_plan").name == "Changed"
    eligible = {p.id: p.customer_eligibility.scenario for p in calls.call(
        "plans.list", customer_id=customer_id).list}
    assert (eligible["pro"], eligible["premium"]) == ("active", "upgrade")
    # Who has bought it keeps it.
    assert calls.refused("plans.delete", "pro")[0] == "409 invalid_request"
    calls.call("plans.create", id="python_gone", name="Gone", group="gone")
    assert calls.call("plans.delete", "python_gone").success
    friend = new_id("c")
    calls.call("customers.create", id=friend)
    code = calls.call("referrals.create_code", customer_id=customer_id, program_id="friends")
    redeemed = calls.call("referrals.redeem_code", code=code.code, customer_id=friend)
    assert (redeemed.customer_id, redeemed.reward_id) == (friend, "gift")
    assert calls.call("customers.delete", customer_id).success
    assert calls.refused("customers.get", customer_id)[0] == "404 customer_not_found"


def test_method_by_method(python, capsys):
    table = python.table(capsys, METHODS)
    assert {name: outcome for name, outcome in table.items()
            if outcome != "works"} == ABSENT
