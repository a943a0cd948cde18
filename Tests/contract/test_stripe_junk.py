"""Random calls to the double of Stripe: it never breaks, and what it refuses leaves no trace."""

import json
import marshal
import random
from urllib.parse import quote

import pytest

from stripe_bench import Bench
from stripe_double import calls, forms
from stripe_double.server import Double

SAMPLES = {
    forms.integer: ["0", "1", "2000", "-5", "999999999999", "x", "", "1893456000"],
    forms.boolean: ["true", "false", "maybe", ""],
    forms.decimal: ["1", "19.5", "-1", "x", "", "1e9"],
    forms.currency: ["usd", "EUR", "jpy", "kwd", "xx", ""],
    forms.metadata: [None, ""]}
TEXTS = ["", "text", "pm_card_visa", "pm_card_chargeCustomerFail", "tok_visa", "ada@example.com",
         "https://example.com", "DE", "4242424242424242", "4000002760003184", "x" * 6000, "é\0\n",
         "metadata['a']:'b'", "metadata['a", "data.customer", "customer", "card", "vat", "*"]


def fields(dice, name, kind, ids):
    """Pairs of a form for a parameter; mostly right, now and then not."""
    while hasattr(kind, "kind"):
        if dice.random() < 0.05:
            return [(name, "")]
        kind = kind.kind
    if hasattr(kind, "kinds"):
        return fields(dice, name, dice.choice(kind.kinds), ids)
    if hasattr(kind, "of"):
        return [pair for n in range(dice.choice((1, 1, 2, 3)))
                for pair in fields(dice, f"{name}[{n}]", kind.of, ids)]
    if hasattr(kind, "spec"):
        return some(dice, kind.spec, ids, lambda key: f"{name}[{key}]")
    if hasattr(kind, "names"):
        return [(name, dice.choice([*kind.names, "x"] if dice.random() < 0.1 else kind.names))]
    value = dice.choice(SAMPLES.get(kind) or (ids + TEXTS if dice.random() < 0.6 else TEXTS))
    return [(f"{name}[a]", "b")] if value is None else [(name, value)]


def some(dice, spec, ids, named=lambda key: key):
    pairs = []
    for key, kind in spec.items():
        if dice.random() < (0.9 if getattr(kind, "required", False) else 0.25):
            # An id where one of that kind is meant.
            fitting = [one for one in ids if one.startswith(PREFIX.get(key, " "))]
            if fitting and dice.random() < 0.8:
                pairs.append((named(key), dice.choice(fitting)))
            else:
                pairs += fields(dice, named(key), kind, ids)
    if dice.random() < 0.03:
        pairs.append((named("nonsense"), "1"))
    return pairs


PREFIX = {"customer": "cus_", "invoice": "in_", "payment_method": "pm_", "payment_intent": "pi_",
          "charge": "ch_", "price": "price_", "product": "prod_", "subscription": "sub_",
          "default_payment_method": "pm_", "invoice_item": "ii_"}


def state(double):
    """All of it, as bytes that are quickly made and compared; of events only how many."""
    world = double.world
    rows = {kind: table.rows for kind, table in world.tables.items() if kind != "event"}
    secrets = {key: held for key, held in world.secrets.items() if held}
    return marshal.dumps([rows, secrets, len(world["event"].rows)], 2)


def prepared():
    """A little of everything, so that ids lead somewhere."""
    bench = Bench(seed=1)
    v1, ada = bench.stripe, bench.customer(address={"country": "DE"})
    fails = bench.customer("pm_card_authenticationRequired")
    paid = v1.invoices.pay(bench.invoice(ada, 2000).id)
    for customer in (ada, fails):
        bench.invoice(customer, 900, -100)
        v1.invoices.finalize_invoice(bench.invoice(customer, 700).id)
    v1.refunds.create({"payment_intent": bench.intent_of(paid).id, "amount": 100})
    price = v1.prices.create({"currency": "usd", "unit_amount": 500, "product_data": {"name": "P"},
                              "recurring": {"interval": "month"}})
    v1.subscriptions.create({"customer": ada.id, "items": [{"price": price.id}]})
    v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    bench.pay(bench.session(customer=ada.id))
    bench.session(mode="setup", customer=ada.id)
    v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    return bench


def outside(dice, bench):
    """What comes of itself, or from customers and banks."""
    double = bench.double

    def rows(kind, **wanted):
        return [row["id"] for row in double.world[kind]
                if all(row[name] == value for name, value in wanted.items())]
    card = dice.choice(["4242424242424242", "4000000000000341", "4000002500003155",
                        "4000000000000002"])
    answer = dice.choice([True, False, None])
    wished = [("/clock", {"advance": dice.choice([1, 3600, 86400, 40 * 86400])})]
    wished += [(f"/checkout/{one}/pay", {"card": card, "authenticate": answer})
               for one in rows("checkout.session", status="open")]
    wished += [(f"/invoices/{one}/pay", {"card": card, "authenticate": answer})
               for one in rows("invoice", status="open")]
    wished += [(f"/payment_intents/{one}/authenticate", {"succeed": bool(answer)})
               for one in rows("payment_intent", status="requires_action")]
    wished += [("/disputes", {"charge": one})
               for one in rows("charge", status="succeeded", disputed=False)]
    place, given = dice.choice(wished)
    status, body, _ = double.control.answer(
        "POST", f"/_control{place}", json.dumps(given).encode())
    assert status in (200, 400, 402, 404) and "Error:" not in str(body), (place, given, body)


@pytest.mark.parametrize("seed", range(3))
def test_random_calls(seed):
    dice, bench = random.Random(seed), prepared()
    double = bench.double
    statuses = {}
    try:
        for _ in range(300):
            if dice.random() < 0.05:
                outside(dice, bench)
            call = dice.choice(calls.CALLS)
            ids = [one for table in double.world.tables.values() for one in table.rows]
            known = list(double.world.tables.values())
            target = call.path
            for part in [part for part in call.path.split("/") if part.startswith(":")]:
                rows = [one for table in known for one in table.rows
                        if table.kind.split(".")[-1][:6] in call.path]
                target = target.replace(part, dice.choice(rows or ids), 1)
            pairs = some(dice, call.params, ids)
            form = "&".join(f"{quote(name, '[]')}={quote(value)}" for name, value in pairs)
            before = state(double)
            headers = {"Authorization": "Bearer sk_test_double",
                       "Content-Type": "application/x-www-form-urlencoded"}
            query = f"{target}?{form}" if call.method == "GET" else target
            status, answer, _ = double.answer(
                call.method, query, headers, b"" if call.method == "GET" else form.encode())
            statuses[status] = statuses.get(status, 0) + 1
            if status not in (200, 402):
                assert answer["error"]["message"]
                assert state(double) == before, (call.method, target, form, answer)
    finally:
        bench.close()
    assert {200, 400, 404} <= statuses.keys() and statuses[200] > 50, statuses
    faults = bench.faults()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("headers", [
    {"Authorization": "Basic !!"}, {"Authorization": "Basic"}, {"Authorization": "Digest x"},
    {"Authorization": "Bearer sk_test_double", "Idempotency-Key": "k" * 256},
    {"Authorization": "Bearer sk_test_double", "Stripe-Version": "x"}])
def test_odd_headers(headers):
    double = Double()
    try:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        status, answer, _ = double.answer("POST", "/v1/customers", headers, b"name=Ada")
        assert status in (400, 401) and answer["error"]["message"]
    finally:
        double.stop()


@pytest.mark.parametrize("body", [
    b"[a]=1", b"a[=1", b"a[b]c=1", b"=", b"&&", b"name", b"name=%ff", b"\xff\xfe", b"name[]=1",
    b"metadata=1", b"metadata[a][b]=1", b"metadata[a]=1&metadata[a][b]=2", b"address=1",
    b"name=a&name[b]=1", b"expand=1", b"expand[x]=1", b"preferred_locales[9]=a"])
def test_odd_bodies(body):
    double = Double()
    headers = {"Authorization": "Bearer sk_test_double",
               "Content-Type": "application/x-www-form-urlencoded"}
    try:
        status, answer, _ = double.answer("POST", "/v1/customers", headers, body)
        assert status in (200, 400), answer
    finally:
        double.stop()
