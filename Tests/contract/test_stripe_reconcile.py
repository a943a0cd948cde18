"""Stripe's books and Tally's, compared: what webhooks that were lost, and backups that were older,
leave behind is put right once, and the rest is named."""

import json
import os
import subprocess
import urllib.request

import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import money_pb2 as money_pb

from tally_client import new_id
from tally_server import BINARY
from test_clock import move
from test_stripe import ACTIVE, DONE, PAGE, Shop, opened, until
from test_walkthrough import attach, get, new_customer


@pytest.fixture
def shop(tmp_path, certificates):
    """Nothing is heard of Stripe by itself: no webhook comes, no list of events can be read."""
    shop = Shop(tmp_path, certificates)
    shop.control("/webhooks/lose", count=-1)
    shop.control("/faults", do="answer", status=500, path="^/v1/events$", count=1000)
    try:
        yield shop
        shop.check()
    finally:
        shop.close()


def reconcile(shop, *more):
    done = subprocess.run(
        [BINARY, "stripe", "reconcile", "--json", "--timeout", "60", "--key-file",
         shop.server.key_file, "--server", f"https://localhost:{shop.server.port}", "--ca",
         shop.server.ca_file, *more], capture_output=True, text=True, timeout=120,
        env={**os.environ, "TALLY_KEY": ""})
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def nothing(shop):
    code, said = reconcile(shop)
    assert (code, said) == (0, {"repaired": [], "remaining": []}), said


def received(shop):
    """What Stripe kept of all that it took."""
    back = sum(r.amount for r in shop.bench.stripe.refunds.list({"limit": 100}).data
               if r.status == "succeeded")
    return sum(i.amount for i in shop.intents()) - back


def accounted(client, customer_ids):
    """What customers have for it: invoices that were paid, less what went back."""
    invoices = [i for c in customer_ids for i in get(client, c).invoices
                if i.status == money_pb.INVOICE_STATUS_PAID]
    return sum(i.amount_due.minor_units - i.amount_refunded.minor_units for i in invoices)


def kinds(rows):
    return sorted(row["kind"] for row in rows)


def gauge(shop, name):
    request = urllib.request.Request(
        f"https://localhost:{shop.server.port}/metrics",
        headers={"authorization": f"Bearer {shop.server.key}"})
    page = opened(shop.server, request).read().decode()
    return [float(line.split()[-1]) for line in page.splitlines()
            if line.startswith(name + "{environment")]


def test_what_was_never_heard_is_recorded(shop):
    client = shop.client
    paid, refunded, disputed, gone = (new_customer(client) for _ in range(4))
    for customer_id in (refunded, disputed, gone):
        shop.pay(attach(client, customer_id, "test_pro").payment_url)
    url = attach(client, paid, "test_pro").payment_url
    assert not shop.subscriptions(paid), "nobody has heard of it"
    code, said = reconcile(shop)
    assert code == 0 and kinds(said["repaired"]) == ["news_unheard"] * 3, said
    shop.pay(url)
    intents = {i.metadata["tally_customer"]: i for i in shop.intents()}
    shop.bench.stripe.refunds.create({"payment_intent": intents[refunded].id, "amount": 700})
    shop.control("/disputes", payment_intent=intents[disputed].id, amount=2000)
    shop.bench.stripe.payment_methods.detach(intents[gone].payment_method)

    before = get(client, refunded)
    code, said = reconcile(shop, "--dry-run")
    assert code == 1 and len(said["repaired"]) == 4 and not said["remaining"], said
    assert get(client, refunded) == before and not shop.subscriptions(paid), "it only tells"

    code, told = reconcile(shop)
    assert code == 0 and told == said, "what a dry run says is what is done"
    assert shop.subscriptions(paid).get("test_pro") == ACTIVE
    assert get(client, refunded).invoices[0].amount_refunded.minor_units == 700
    assert get(client, disputed).disputes[0].amount.minor_units == 2000
    assert not get(client, gone).HasField("payment_method")
    nothing(shop)
    assert gauge(shop, "tally_stripe_discrepancies") == [0.0]
    assert gauge(shop, "tally_stripe_reconcile_timestamp_seconds")[0] > 1.7e9
    assert received(shop) == accounted(client, [paid, refunded, disputed, gone])


def backup(shop, tmp_path):
    """A copy of now, to go on from."""
    copy = tmp_path / "copy"
    done = subprocess.run([BINARY, "backup", copy, "--data", shop.server.data],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return copy


def restore(shop, copy):
    shop.server.kill()
    shop.server.data = shop.server.data.parent / "restored"
    done = subprocess.run([BINARY, "restore", copy, "--data", shop.server.data],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    shop.server.start()


@pytest.mark.parametrize("slow", [False, True])
def test_an_older_backup_charges_nobody_again(shop, tmp_path, slow):
    """Before: one customer on a plan, one on a page, one without anything. Lost: its renewal, the
    page's payment, an upgrade, a purchase that began and ended since, a refund of each kind.
    `slow`: the renewal falls due again while the books are read, and waits for them."""
    client = shop.client
    renewed, waiting, upgraded, late, returned = (new_customer(client) for _ in range(5))
    everybody = [renewed, waiting, upgraded, late, returned]
    for customer_id in (renewed, upgraded, returned):
        shop.pay(attach(client, customer_id, "test_pro").payment_url)
    assert reconcile(shop)[0] == 0
    waits = attach(client, waiting, "test_pro")
    copy = backup(shop, tmp_path)

    shop.pay(waits.payment_url, shop.session())
    assert attach(client, upgraded, "test_max").outcome == DONE
    reply = attach(client, late, "test_pro")
    shop.pay(reply.payment_url)
    assert reconcile(shop)[0] == 0
    assert shop.subscriptions(late) == {"test_pro": ACTIVE}
    # Its clock stays ahead in what is restored, too: the renewal falls due there again.
    move(client, 32, renewed)
    until(lambda: len(get(client, renewed).invoices) == 2, "the renewal")
    until(lambda: accounted(client, [renewed]) == 4000, "its payment")
    client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
        customer_id=returned, invoice_id="inv_1", request_id=new_id("r"),
        amount=money_pb.Money(currency="usd", minor_units=300)))
    until(lambda: received(shop) == accounted(client, everybody), "our refund")
    intent = next(i for i in shop.intents() 
                  if i.metadata.to_dict().get("tally_customer") == returned)
    shop.bench.stripe.refunds.create({"payment_intent": intent.id, "amount": 200})
    assert reconcile(shop)[0] == 0
    assert received(shop) == accounted(client, everybody)
    took, number = received(shop), len(shop.intents())
    paid = {c: accounted(client, [c]) for c in everybody}

    if slow:
        shop.control("/faults", do="slow", method="GET", path="^/v1/refunds$", milliseconds=2000)
    restore(shop, copy)
    move(client, 32, renewed)
    until(lambda: gauge(shop, "tally_stripe_discrepancies"), "the comparison after the restore")
    reconcile(shop)
    nothing(shop)
    for customer_id in everybody:
        assert accounted(client, [customer_id]) == paid[customer_id], get(client, customer_id)
    assert shop.subscriptions(renewed) == {"test_pro": ACTIVE}
    assert shop.subscriptions(waiting) == {"test_pro": ACTIVE}
    # What the others paid for pays for it again.
    assert attach(client, upgraded, "test_max").outcome == DONE
    assert attach(client, late, "test_pro").outcome == DONE
    assert get(client, late).credit_balance.minor_units == 0
    assert (received(shop), len(shop.intents())) == (took, number), "nobody was charged again"
    nothing(shop)


def test_what_waits_for_a_charge_is_heard_after_it(shop, tmp_path):
    """A renewal waits for the books to be compared; what the books tell of the same customer waits
    for the renewal. Neither waits for ever."""
    client = shop.client
    disputed, upgrading = new_customer(client), new_customer(client)
    for customer_id in (disputed, upgrading):
        shop.pay(attach(client, customer_id, "test_pro").payment_url)
    assert reconcile(shop)[0] == 0
    page = attach(client, upgrading, "test_max", redirect_mode=attach_pb.REDIRECT_MODE_ALWAYS)
    copy = backup(shop, tmp_path)
    shop.pay(page.payment_url)
    intent = next(i for i in shop.intents()
                  if i.metadata.to_dict().get("tally_customer") == disputed)
    shop.control("/disputes", payment_intent=intent.id, amount=2000)

    shop.control("/faults", do="slow", method="GET", path="^/v1/refunds$", milliseconds=2000)
    restore(shop, copy)
    for customer_id in (disputed, upgrading):
        move(client, 32, customer_id)
        assert len(get(client, customer_id).invoices) >= 2
    until(lambda: get(client, disputed).disputes, "the dispute")
    until(lambda: shop.subscriptions(upgrading).get("test_max") == ACTIVE, "the page")
    until(lambda: received(shop) == accounted(client, [disputed, upgrading]), "refunds")
    nothing(shop)


def test_what_cannot_be_repaired_is_named(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    shop.pay(attach(client, customer_id, "test_pro").payment_url)
    assert reconcile(shop)[0] == 0
    intent = shop.intents()[0]
    shop.bench.double.world["payment_intent"].get(intent.id)["amount_received"] = 1900
    shop.bench.double.world["checkout.session"].get(shop.session().id)["metadata"] = {}
    for _ in range(2):
        code, said = reconcile(shop)
        assert code == 1 and not said["repaired"], said
        (row,) = said["remaining"]
        assert (row["kind"], row["customer_id"], row["object"]) == \
            ("amount_differs", customer_id, intent.id)
        assert (row["here"]["minor_units"], row["there"]["minor_units"]) == (2000, 1900)
        assert "inv_1" in row["advice"]
    assert gauge(shop, "tally_stripe_discrepancies") == [1.0]


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_refund_that_stripe_does_not_know_is_named(shop, whose):
    """Whether the customer has the money can't be known: nothing goes back a second time."""
    client, customer_id = shop.client, new_customer(shop.client)
    shop.pay(attach(client, customer_id, "test_pro").payment_url)
    assert reconcile(shop)[0] == 0
    if whose == "ours":
        client.call("RefundInvoice", attach_pb.RefundInvoiceRequest(
            customer_id=customer_id, invoice_id="inv_1", request_id=new_id("r"),
            amount=money_pb.Money(currency="usd", minor_units=300)))
    else:
        shop.bench.stripe.refunds.create({"payment_intent": shop.intents()[0].id, "amount": 300})
        assert reconcile(shop)[0] == 0
    until(lambda: [r.status for r in get(client, customer_id).refunds]
          == [money_pb.REFUND_STATUS_SUCCEEDED], "the refund")
    nothing(shop)
    (made,) = shop.bench.stripe.refunds.list().data
    shop.bench.double.world["refund"].remove(made.id)
    before = get(client, customer_id)
    for _ in range(2):
        code, said = reconcile(shop)
        assert code == 1 and not said["repaired"], said
        (row,) = said["remaining"]
        assert (row["kind"], row["customer_id"]) == ("refund_missing", customer_id)
        assert row["here"]["minor_units"] == 300 and "there" not in row
        assert "give it back there, or give credit" in row["advice"]
    assert get(client, customer_id) == before and not shop.bench.stripe.refunds.list().data


def test_what_could_still_be_paid_is_closed(shop):
    client, customer_id = shop.client, new_customer(shop.client)
    assert attach(client, customer_id, "test_pro").outcome == PAGE
    session = shop.session()
    stray = shop.bench.stripe.checkout.sessions.create({
        "mode": "payment", "customer": session.customer, "success_url": "https://example.com",
        "metadata": {**session.metadata.to_dict(), "tally_effect": "eff_of_nobody"},
        "line_items": [{"quantity": 1, "price_data": {
            "currency": "usd", "unit_amount": 2000, "product_data": {"name": "Pro"}}}]})
    code, said = reconcile(shop)
    assert code == 0 and kinds(said["repaired"]) == ["left_open"], said
    state = {s.id: s.status for s in shop.bench.stripe.checkout.sessions.list().data}
    assert state == {session.id: "open", stray.id: "expired"}
    nothing(shop)


def test_who_may_and_when_it_can_run(shop):
    attach(shop.client, new_customer(shop.client), "test_pro")
    shop.control("/faults", do="answer", status=500, path="^/v1/refunds$", count=100)
    code, said = reconcile(shop)
    assert code == 2 and "500" in said, said
    shop.bench.control("/faults", "DELETE")
    code, said = reconcile(shop, "--environment", "live")
    assert code == 2 and "payments.live is not stripe" in said
    (shop.server.key_file.parent / "wrong").write_text("tally_sk_nobodys")
    code, said = reconcile(shop, "--key-file", shop.server.key_file.parent / "wrong")
    assert code == 2 and "a secret key of sandbox is needed" in said
    shop.server.kill()
    code, said = reconcile(shop)
    assert code == 2 and "reached" in said
