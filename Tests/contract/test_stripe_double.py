"""The double of Stripe, driven by Stripe's own library through every object and call it serves.

Each test's requests, answers and events are held against the library's types (stripe_bench)."""

import base64
import time
import urllib.request

import pytest
import stripe

from stripe_bench import DRIVEN, SUCCESS, Bench, bench, refused  # noqa: F401
from stripe_double import calls

MONTH = 31 * 86400


def test_customers(bench):
    v1 = bench.stripe
    ada = v1.customers.create({
        "email": "ada@example.com", "name": "Ada", "metadata": {"tally": "ada", "more": "1"},
        "address": {"country": "DE", "city": "Berlin"}, "phone": "+49", "tax_exempt": "none"})
    assert (ada.id[:4], ada.metadata.to_dict(), ada.address.country, ada.balance) == (
        "cus_", {"tally": "ada", "more": "1"}, "DE", 0)
    ada = v1.customers.update(ada.id, {"name": "", "metadata": {"more": "", "plan": "pro"}})
    assert (ada.name, ada.metadata.to_dict()) == (None, {"tally": "ada", "plan": "pro"})
    assert v1.customers.update(ada.id, {"metadata": ""}).metadata.to_dict() == {}
    event = v1.events.list({"type": "customer.updated"}).data[-1]
    assert event.data.previous_attributes.to_dict() == {
        "name": "Ada", "metadata": {"more": "1", "plan": None}}
    assert v1.customers.list({"email": "ada@example.com"}).data[0].id == ada.id
    assert v1.customers.delete(ada.id).deleted
    assert v1.customers.retrieve(ada.id).deleted
    assert v1.customers.list().data == []
    for function, given in ((v1.customers.update, (ada.id, {"name": "x"})),
                            (v1.customers.retrieve, ("cus_nobody",))):
        error = refused(function, *given)
        assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    assert bench.events() == ["customer.created", "customer.updated", "customer.updated",
                              "customer.deleted"]


def test_parameters_are_checked(bench):
    v1, create = bench.stripe, bench.stripe.customers.create
    for given, code, param in (
            ({"favourite": "tea"}, "parameter_unknown", "favourite"),
            ({"address": {"zip": "1"}}, "parameter_unknown", "address[zip]"),
            ({"balance": "many"}, "parameter_invalid_integer", "balance"),
            ({"email": "nobody"}, "email_invalid", "email"),
            ({"tax_exempt": "perhaps"}, None, "tax_exempt"),
            ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
            ({"metadata": {"k": "v" * 501}}, None, "metadata[k]")):
        error = refused(create, given)
        assert (error.http_status, error.code, error.param) == (400, code, param), given
    error = refused(v1.payment_intents.create, {"amount": 100})
    assert (error.code, error.param) == ("parameter_missing", "currency")
    error = refused(v1.invoices.create, {"customer": "cus_nobody"})
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")
    error = refused(v1.customers.list, {"limit": 101})
    assert error.param == "limit"
    assert v1.customers.list().data == []


def test_keys_versions_and_paths(bench):
    def ask(path="/v1/customers", body=None, **headers):
        request = urllib.request.Request(
            bench.double.url + path, body, {"Authorization": "Bearer sk_test_double", **headers})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.headers
    basic = base64.b64encode(b"sk_test_double:").decode()
    assert ask()[0] == ask(Authorization=f"Basic {basic}")[0] == 200
    assert ask(Authorization="Bearer sk_test_other")[0] == ask(Authorization="")[0] == 401
    assert ask("/v1/nothing")[0] == 404
    status, headers = ask(**{"Stripe-Version": stripe.api_version})
    assert (status, headers["Stripe-Version"]) == (200, stripe.api_version)
    assert headers["Request-Id"].startswith("req_")
    assert ask(**{"Stripe-Version": "2019-01-01"})[0] == 400
    assert ask(body=b"{}", **{"Content-Type": "application/json"})[0] == 400
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": bench.double.url})
    assert refused(other.v1.customers.list, kind=stripe.AuthenticationError).http_status == 401


def test_a_live_account():
    bench = Bench(keys=("sk_live_double",))
    try:
        client = stripe.StripeClient("sk_live_double",
                                     base_addresses={"api": bench.double.url}).v1
        assert client.customers.create({"name": "Ada"}).livemode
        assert client.events.list().data[0].livemode
        assert refused(bench.stripe.customers.list, kind=stripe.AuthenticationError)
    finally:
        bench.close()


def test_pages_and_expansions(bench):
    v1 = bench.stripe
    made = [v1.customers.create({"metadata": {"n": str(n)}}).id for n in range(25)]
    first = v1.customers.list({"limit": 10})
    assert [one.id for one in first.data] == made[:14:-1] and first.has_more
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    last = v1.customers.list({"limit": 10, "starting_after": made[4]})
    assert [one.id for one in last.data] == made[3::-1] and not last.has_more
    before = v1.customers.list({"limit": 3, "ending_before": made[20]})
    assert [one.id for one in before.data] == made[23:20:-1] and before.has_more
    error = refused(v1.customers.list, {"starting_after": "cus_nobody"})
    assert (error.http_status, error.param) == (400, "starting_after")
    ada = bench.customer()
    shown = v1.customers.retrieve(ada.id, {"expand": ["invoice_settings.default_payment_method"]})
    assert shown.invoice_settings.default_payment_method.card.last4 == "4242"
    listed = v1.payment_methods.list({"customer": ada.id, "expand": ["data.customer"]})
    assert listed.data[0].customer.email == "ada@example.com"
    error = refused(v1.customers.retrieve, ada.id, {"expand": ["nonsense"]})
    assert "cannot be expanded" in error.user_message


def test_searches_lag(bench):
    v1 = bench.stripe
    early = v1.customers.create({"metadata": {"tally": "ada", "odd": "it's \"x\""}})

    def found(query="metadata['tally']:'ada'"):
        return [one.id for one in v1.customers.search({"query": query}).data]
    assert found() == [early.id]
    assert found("metadata['odd']:'it\\'s \\\"x\\\"'") == [early.id]
    bench.control("/settings", search_delay_seconds=60)
    late = v1.customers.create({"metadata": {"tally": "ada"}})
    v1.customers.update(early.id, {"metadata": {"tally": "other"}})
    assert found() == [early.id], "by what was there"
    bench.control("/clock", advance=61)
    assert found() == [late.id]
    assert found("metadata['tally']:'other' AND created>100") == [early.id]
    assert found("-metadata['tally']:'other'") == [late.id]
    assert "query" == refused(v1.customers.search, {"query": "colour:'red'"}).param


def test_payment_methods(bench):
    v1 = bench.stripe
    ada, other = bench.customer(None), bench.customer(None)
    visa = v1.payment_methods.attach("pm_card_visa", {"customer": ada.id})
    typed = v1.payment_methods.create({
        "type": "card", "card": {"number": "5555555555554444", "exp_month": 3, "exp_year": 2031},
        "billing_details": {"email": "ada@example.com"}, "metadata": {"k": "v"}})
    token = v1.payment_methods.create({"type": "card", "card": {"token": "tok_amex"}})
    assert [(one.card.brand, one.card.last4) for one in (visa, typed, token)] == [
        ("visa", "4242"), ("mastercard", "4444"), ("amex", "0005")]
    v1.payment_methods.attach(typed.id, {"customer": ada.id})
    assert "already been attached" in refused(
        v1.payment_methods.attach, typed.id, {"customer": other.id}).user_message
    assert refused(v1.customers.update, other.id, {
        "invoice_settings": {"default_payment_method": typed.id}}).code == "resource_missing"
    v1.customers.update(ada.id, {"invoice_settings": {"default_payment_method": typed.id}})
    changed = v1.payment_methods.update(typed.id, {"card": {"exp_year": 2040}})
    assert (changed.card.exp_month, changed.card.exp_year) == (3, 2040)
    assert [one.id for one in v1.customers.payment_methods.list(ada.id).data] == [typed.id, visa.id]
    assert v1.customers.payment_methods.retrieve(ada.id, visa.id).id == visa.id
    assert v1.payment_methods.list({"customer": ada.id, "type": "card"}).data[0].id == typed.id
    assert v1.payment_methods.detach(typed.id).customer is None
    ada = v1.customers.retrieve(ada.id)
    assert ada.invoice_settings.default_payment_method is None
    assert "may not be used again" in refused(
        v1.payment_methods.attach, typed.id, {"customer": ada.id}).user_message
    event = v1.events.list({"type": "payment_method.detached"}).data[0]
    assert event.data.object.customer is None
    assert event.data.previous_attributes.customer == ada.id
    for card, code in (({"exp_month": 13, "exp_year": 2031}, "invalid_expiry_month"),
                       ({"exp_month": 1, "exp_year": 2020}, "invalid_expiry_year"),
                       ({"exp_month": 1, "exp_year": 31, "number": "4242424242424241"},
                        "incorrect_number")):
        error = refused(v1.payment_methods.create, {
            "type": "card", "card": {"number": "4242424242424242", **card}}, kind=stripe.CardError)
        assert (error.http_status, error.code) == (402, code)
    error = refused(v1.payment_methods.retrieve, "pm_nothing")
    assert (error.http_status, error.param) == (404, "payment_method")


@pytest.mark.parametrize("card, code, why", [
    ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card")])
def test_cards_that_are_declined_at_once(bench, card, code, why):
    ada = bench.customer(None)
    error = refused(bench.stripe.payment_methods.attach, card, {"customer": ada.id},
                    kind=stripe.CardError)
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, why)
    assert bench.stripe.payment_methods.list({"customer": ada.id}).data == []


def test_payment_intents(bench):
    v1, ada = bench.stripe, bench.customer()
    method = ada.invoice_settings.default_payment_method
    paid = v1.payment_intents.create({
        "amount": 2000, "currency": "usd", "customer": ada.id, "payment_method": method,
        "confirm": True, "off_session": True, "metadata": {"tally": "1"}})
    assert (paid.status, paid.amount_received) == ("succeeded", 2000)
    charge = v1.charges.retrieve(paid.latest_charge)
    assert (charge.paid, charge.metadata.to_dict(), charge.payment_intent) == (
        True, {"tally": "1"}, paid.id)
    later = v1.payment_intents.create({"amount": 500, "currency": "jpy", "customer": ada.id})
    assert later.status == "requires_payment_method"
    v1.payment_intents.update(later.id, {"metadata": {"a": "b"}})
    assert v1.payment_intents.confirm(
        later.id, {"payment_method": method, "off_session": True}).status == "succeeded"
    assert refused(v1.payment_intents.confirm, later.id).code == "payment_intent_unexpected_state"
    dropped = v1.payment_intents.create({"amount": 500, "currency": "usd"})
    dropped = v1.payment_intents.cancel(dropped.id, {"cancellation_reason": "duplicate"})
    assert (dropped.status, dropped.cancellation_reason) == ("canceled", "duplicate")
    assert refused(v1.payment_intents.create, {
        "amount": 49, "currency": "usd"}).code == "amount_too_small"
    assert [one.id for one in v1.payment_intents.list({"customer": ada.id}).data] == [
        later.id, paid.id]
    assert v1.payment_intents.search({"query": "metadata['a']:'b'"}).data[0].id == later.id
    assert v1.payment_intents.retrieve(paid.id).status == "succeeded"
    assert v1.charges.search({"query": f"customer:'{ada.id}'"}).data[1].id == charge.id
    assert v1.charges.list({"payment_intent": paid.id}).data[0].id == charge.id
    assert v1.charges.update(charge.id, {"description": "seen"}).description == "seen"


def test_a_bank_that_asks(bench):
    """Off-session it is a decline; with the customer there, a question."""
    v1, ada = bench.stripe, bench.customer("pm_card_authenticationRequired")
    given = {"amount": 2000, "currency": "usd", "customer": ada.id, "confirm": True,
             "payment_method": ada.invoice_settings.default_payment_method}
    error = refused(v1.payment_intents.create, {**given, "off_session": True},
                    kind=stripe.CardError)
    assert (error.code, error.error.decline_code, error.error.payment_intent.status) == (
        "authentication_required", "authentication_required", "requires_payment_method")
    waiting = v1.payment_intents.create(given)
    assert (waiting.status, waiting.next_action.type) == ("requires_action", "use_stripe_sdk")
    bench.control(f"/payment_intents/{waiting.id}/authenticate", succeed=True)
    assert v1.payment_intents.retrieve(waiting.id).status == "succeeded"
    failing = v1.payment_intents.create(given)
    bench.control(f"/payment_intents/{failing.id}/authenticate", succeed=False)
    failing = v1.payment_intents.retrieve(failing.id)
    assert (failing.status, failing.last_payment_error.code) == (
        "requires_payment_method", "payment_intent_authentication_failure")


def test_setup_intents(bench):
    v1, ada = bench.stripe, bench.customer(None)
    done = v1.setup_intents.create({
        "customer": ada.id, "payment_method": "pm_card_visa", "confirm": True,
        "usage": "off_session", "metadata": {"k": "v"}})
    assert (done.status, done.usage) == ("succeeded", "off_session")
    assert v1.payment_methods.retrieve(done.payment_method).customer == ada.id
    asked = v1.setup_intents.create({"customer": ada.id})
    v1.setup_intents.update(asked.id, {"metadata": {"more": "1"}})
    asked = v1.setup_intents.confirm(
        asked.id, {"payment_method": "pm_card_authenticationRequiredOnSetup"})
    assert asked.status == "requires_action"
    bench.control(f"/setup_intents/{asked.id}/authenticate")
    asked = v1.setup_intents.retrieve(asked.id)
    paid = v1.payment_intents.create({
        "amount": 900, "currency": "eur", "customer": ada.id, "confirm": True,
        "payment_method": asked.payment_method, "off_session": True})
    assert paid.status == "succeeded", "it was set up: the bank doesn't ask again"
    open_one = v1.setup_intents.create({})
    assert v1.setup_intents.cancel(open_one.id).status == "canceled"
    error = refused(v1.setup_intents.create, {
        "customer": ada.id, "payment_method": "pm_card_chargeDeclined", "confirm": True},
        kind=stripe.CardError)
    assert error.error.setup_intent.last_setup_error.decline_code == "generic_decline"
    assert len(v1.setup_intents.list({"customer": ada.id}).data) == 3


def test_an_invoice_from_draft_to_paid(bench):
    v1, ada = bench.stripe, bench.customer()
    draft = bench.invoice(ada, 2000, -550, metadata={"tally": "inv"})
    assert (draft.status, draft.subtotal, draft.amount_due, draft.number) == (
        "draft", 1450, 1450, None)
    added = v1.invoices.add_lines(draft.id, {"lines": [
        {"amount": 100, "description": "added", "metadata": {"line": "1"},
         "period": {"start": 1_700_000_000, "end": 1_702_592_000}}]})
    assert [line.amount for line in added.lines.data] == [2000, -550, 100]
    item = v1.invoice_items.list({"invoice": draft.id}).data[1]
    v1.invoice_items.update(item.id, {"amount": -500, "description": "less"})
    v1.invoices.update(draft.id, {"description": "August"})
    assert v1.invoice_items.retrieve(item.id).amount == -500
    first = v1.invoice_items.list({"invoice": draft.id}).data[2]
    v1.invoice_items.delete(first.id)
    v1.invoice_items.create({
        "customer": ada.id, "invoice": draft.id, "currency": "usd", "quantity": 3,
        "unit_amount_decimal": "700.5", "description": "3 seats"})
    done = v1.invoices.finalize_invoice(draft.id, {"auto_advance": False})
    assert (done.status, done.total, done.amount_remaining) == ("open", 2102 - 400, 1702)
    assert done.number.endswith("-0001") and done.hosted_invoice_url
    assert bench.intent_of(done).status == "requires_confirmation"
    assert refused(v1.invoice_items.create, {
        "customer": ada.id, "invoice": draft.id, "amount": 1,
        "currency": "usd"}).code == "invoice_not_editable"
    paid = v1.invoices.pay(done.id)
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == (
        "paid", 1702, 0, 1)
    intent = bench.intent_of(paid)
    assert (intent.status, intent.amount_received) == ("succeeded", 1702)
    of_it = v1.invoice_payments.list({"payment": {
        "type": "payment_intent", "payment_intent": intent.id}}).data[0]
    assert (of_it.invoice, of_it.status, of_it.amount_paid) == (paid.id, "paid", 1702)
    assert v1.invoice_payments.retrieve(of_it.id).id == of_it.id
    assert "already paid" in refused(v1.invoices.pay, paid.id).user_message
    assert "isn't open" in refused(v1.invoices.void_invoice, paid.id).user_message
    assert v1.invoices.search({"query": "metadata['tally']:'inv'"}).data[0].id == paid.id
    assert v1.invoices.list({"customer": ada.id, "status": "paid"}).data[0].id == paid.id
    assert bench.events()[-7:] == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
        "invoice_payment.paid", "invoice.updated", "invoice.paid", "invoice.payment_succeeded"]


def test_long_invoices_show_ten_lines(bench):
    draft = bench.invoice(bench.customer(), *range(100, 125))
    assert (len(draft.lines.data), draft.lines.has_more) == (10, True)
    amounts = [line.amount for line in bench.stripe.invoices.line_items.list(
        draft.id, {"limit": 7}).auto_paging_iter()]
    assert amounts == list(range(100, 125)) and draft.total == sum(amounts)


def test_pending_items_are_left_out_or_taken_in(bench):
    v1, ada = bench.stripe, bench.customer()
    for amount in (300, 400):
        v1.invoice_items.create({"customer": ada.id, "amount": amount, "currency": "usd"})
    assert bench.invoice(ada, 1000).total == 1000
    taken = v1.invoices.create({"customer": ada.id, "auto_advance": False,
                                "pending_invoice_items_behavior": "include"})
    assert taken.total == 700
    assert v1.invoice_items.list({"customer": ada.id, "pending": True}).data == []
    assert v1.invoices.delete(taken.id).deleted
    assert refused(v1.invoices.retrieve, taken.id).http_status == 404
    empty = v1.invoices.create({"customer": ada.id, "auto_advance": False})
    assert refused(v1.invoices.finalize_invoice, empty.id).code == "invoice_no_customer_line_items"


def test_invoices_that_nobody_is_charged_for(bench):
    """Zero, below a card's least, and credit, which waits on the customer's balance."""
    v1, ada = bench.stripe, bench.customer()
    for amount, balance in ((30, 30), (-1000, -970), (470, -500), (500, 0)):
        done = v1.invoices.finalize_invoice(bench.invoice(ada, amount).id)
        assert (done.status, done.amount_due, done.ending_balance) == ("paid", 0, balance)
        assert v1.customers.retrieve(ada.id).balance == balance
    assert v1.charges.list().data == []
    v1.customers.update(ada.id, {"balance": -300})
    part = v1.invoices.finalize_invoice(bench.invoice(ada, 2000).id)
    assert (part.total, part.amount_due, part.starting_balance, part.status) == (
        2000, 1700, -300, "open")
    v1.invoices.void_invoice(part.id)
    assert v1.customers.retrieve(ada.id).balance == -300
    assert v1.invoices.retrieve(part.id).status == "void"


def test_invoices_that_are_not_paid(bench):
    v1, ada = bench.stripe, bench.customer("pm_card_chargeCustomerFail")
    invoice = v1.invoices.finalize_invoice(bench.invoice(ada, 2000).id)
    error = refused(v1.invoices.pay, invoice.id, kind=stripe.CardError)
    assert (error.http_status, error.code, error.error.decline_code) == (
        402, "card_declined", "generic_decline")
    invoice = v1.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.attempted, invoice.attempt_count) == ("open", True, 1)
    assert bench.intent_of(invoice).last_payment_error.decline_code == "generic_decline"
    assert bench.events()[-4:] == ["charge.failed", "payment_intent.payment_failed",
                                   "invoice.updated", "invoice.payment_failed"]
    better = v1.payment_methods.attach("pm_card_mastercard", {"customer": ada.id})
    paid = v1.invoices.pay(invoice.id, {"payment_method": better.id})
    assert (paid.status, paid.attempt_count) == ("paid", 2)

    for end, status in ((v1.invoices.mark_uncollectible, "uncollectible"),
                        (v1.invoices.void_invoice, "void")):
        other = end(v1.invoices.finalize_invoice(bench.invoice(ada, 900).id).id)
        assert other.status == status
    assert "void" in refused(v1.invoices.pay, other.id).user_message
    outside = v1.invoices.finalize_invoice(bench.invoice(ada, 900).id)
    assert v1.invoices.pay(outside.id, {"paid_out_of_band": True}).status == "paid"
    nobody = bench.customer(None)
    error = refused(v1.invoices.pay, bench.invoice(nobody, 900).id)
    assert error.http_status == 400 and "default_payment_method" in error.user_message


def test_an_invoice_whose_bank_asks(bench):
    v1, ada = bench.stripe, bench.customer("pm_card_authenticationRequired")
    for answer, status in ((True, "paid"), (False, "open")):
        invoice = v1.invoices.finalize_invoice(bench.invoice(ada, 2000).id)
        error = refused(v1.invoices.pay, invoice.id, kind=stripe.CardError)
        assert (error.http_status, error.code) == (402, "invoice_payment_intent_requires_action")
        assert "invoice.payment_action_required" in bench.events()
        assert bench.intent_of(invoice).status == "requires_action"
        done = bench.control(f"/invoices/{invoice.id}/authenticate", succeed=answer)["invoice"]
        assert done["status"] == status
    done = bench.control(f"/invoices/{invoice.id}/pay", card="4242424242424242")["invoice"]
    assert done["status"] == "paid", "the hosted page takes another card"


def test_invoices_by_mail(bench):
    v1, ada = bench.stripe, bench.customer(None)
    draft = bench.invoice(ada, 5000, collection_method="send_invoice", days_until_due=30)
    assert draft.due_date == pytest.approx(time.time() + 30 * 86400, abs=60)
    sent = v1.invoices.send_invoice(draft.id)
    assert sent.status == "open" and "invoice.sent" in bench.events()
    with urllib.request.urlopen(sent.hosted_invoice_url) as page:
        assert "50.00 USD" in page.read().decode()
    urllib.request.urlopen(sent.hosted_invoice_url, b"card=4242424242424242").close()
    assert v1.invoices.retrieve(sent.id).status == "paid"
    error = refused(lambda: bench.invoice(ada, 5000, collection_method="send_invoice"))
    assert error.param == "days_until_due"


def test_refunds(bench):
    v1, ada = bench.stripe, bench.customer()
    paid = v1.invoices.pay(bench.invoice(ada, 2000).id)
    intent = bench.intent_of(paid)
    part = v1.refunds.create({"payment_intent": intent.id, "amount": 500,
                              "reason": "requested_by_customer", "metadata": {"tally": "r"}})
    assert (part.status, part.amount, part.charge) == ("succeeded", 500, intent.latest_charge)
    event = v1.events.list({"type": "charge.refunded"}).data[0]
    assert event.data.object.amount_refunded == 500
    assert event.data.previous_attributes.amount_refunded == 0
    assert "greater than" in refused(v1.refunds.create, {
        "charge": part.charge, "amount": 1501}).user_message
    v1.refunds.create({"charge": part.charge})
    assert refused(v1.refunds.create, {"charge": part.charge}).code == "charge_already_refunded"
    charge = v1.charges.retrieve(part.charge, {"expand": ["refunds"]})
    assert charge.refunded and [one.amount for one in charge.refunds.data] == [1500, 500]
    assert len(v1.refunds.list({"payment_intent": intent.id}).data) == 2
    assert v1.refunds.update(part.id, {"metadata": {"k": "v"}}).metadata.to_dict() == {
        "tally": "r", "k": "v"}
    assert v1.refunds.retrieve(part.id).amount == 500
    assert refused(v1.refunds.cancel, part.id).http_status == 400
    assert v1.invoices.retrieve(paid.id).status == "paid", "a refund leaves the invoice alone"


def test_refunds_that_fail(bench):
    v1, ada = bench.stripe, bench.customer("pm_card_refundFail")
    intent = bench.intent_of(v1.invoices.pay(bench.invoice(ada, 2000).id))
    failed = v1.refunds.retrieve(v1.refunds.create({"payment_intent": intent.id}).id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert v1.charges.retrieve(failed.charge).amount_refunded == 0
    other = bench.customer("pm_card_pendingRefund")
    intent = bench.intent_of(v1.invoices.pay(bench.invoice(other, 2000).id))
    waiting = v1.refunds.create({"payment_intent": intent.id})
    assert waiting.status == "pending"
    bench.control(f"/refunds/{waiting.id}", status="succeeded")
    assert v1.refunds.retrieve(waiting.id).status == "succeeded"
    assert "refund.updated" in bench.events() and "refund.failed" in bench.events()


def test_disputes(bench):
    v1, ada = bench.stripe, bench.customer()
    intent = bench.intent_of(v1.invoices.pay(bench.invoice(ada, 2000).id))
    made = bench.control("/disputes", payment_intent=intent.id, reason="product_not_received")
    dispute = v1.disputes.retrieve(made["id"])
    assert (dispute.status, dispute.amount, dispute.reason) == (
        "needs_response", 2000, "product_not_received")
    assert v1.charges.retrieve(intent.latest_charge).disputed
    assert refused(v1.refunds.create, {"payment_intent": intent.id}).code == "charge_disputed"
    v1.disputes.update(dispute.id, {"metadata": {"k": "v"}})
    bench.control(f"/disputes/{dispute.id}", status="won")
    assert v1.disputes.list({"payment_intent": intent.id}).data[0].status == "won"
    assert bench.events()[-3:] == ["charge.dispute.updated", "charge.dispute.closed",
                                   "charge.dispute.funds_reinstated"]
    asked = bench.intent_of(v1.invoices.pay(bench.invoice(ada, 800).id))
    bench.control("/disputes", payment_intent=asked.id, inquiry=True)
    assert v1.refunds.create({"payment_intent": asked.id}).status == "succeeded"
    other = bench.customer("pm_card_createDispute")
    v1.invoices.pay(bench.invoice(other, 700).id)
    assert v1.disputes.close(v1.disputes.list({"limit": 1}).data[0].id).status == "lost"


def test_taxes(bench):
    v1 = bench.stripe
    vat = v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False,
                               "country": "DE", "tax_type": "vat"})
    inside = v1.tax_rates.create({"display_name": "MwSt", "percentage": 19, "inclusive": True})
    ada = bench.customer(address={"country": "DE"})
    invoice = bench.invoice(ada, 1000, default_tax_rates=[vat.id])
    assert (invoice.subtotal, invoice.total, invoice.total_taxes[0].amount) == (1000, 1190, 190)
    invoice = bench.invoice(ada)
    v1.invoice_items.create({"customer": ada.id, "invoice": invoice.id, "amount": 1190,
                             "currency": "usd", "tax_rates": [inside.id]})
    invoice = v1.invoices.retrieve(invoice.id)
    assert (invoice.total, invoice.total_excluding_tax, invoice.lines.data[0].taxes[0].amount) == (
        1190, 1000, 190)
    bench.control("/settings", automatic_tax_percent={"DE": 19})
    invoice = v1.invoices.finalize_invoice(
        bench.invoice(ada, 1000, automatic_tax={"enabled": True}).id)
    assert (invoice.total, invoice.automatic_tax.status) == (1190, "complete")
    within = bench.invoice(ada, automatic_tax={"enabled": True})
    v1.invoice_items.create({"customer": ada.id, "invoice": within.id, "amount": 1190,
                             "currency": "usd", "tax_behavior": "inclusive"})
    within = v1.invoices.retrieve(within.id)
    assert (within.total, within.total_excluding_tax) == (1190, 1000)
    nowhere = bench.customer()
    error = refused(v1.invoices.finalize_invoice, bench.invoice(
        nowhere, 1000, automatic_tax={"enabled": True}).id)
    assert error.code == "customer_tax_location_invalid"
    v1.customers.update(ada.id, {"tax_exempt": "exempt"})
    assert bench.invoice(ada, 1000, default_tax_rates=[vat.id]).total == 1000
    v1.tax_rates.update(vat.id, {"active": False})
    assert not v1.tax_rates.retrieve(vat.id).active
    assert inside.id in [one.id for one in v1.tax_rates.list({"active": True}).data]


def test_calculations_of_tax(bench):
    v1 = bench.stripe
    line = {"amount": 10000, "reference": "a"}

    def calculate(country="DE", lines=(line,), **more):
        return v1.tax.calculations.create({"currency": "eur", "line_items": list(lines), **(
            more or {"customer_details": {"address": {"country": country},
                                          "address_source": "billing"}})})

    error = refused(calculate)
    assert error.code == "taxes_calculation_failed"
    bench.control("/settings", automatic_tax_percent={"DE": 19, "US-NY": "8.875"})
    found = calculate()
    assert (found.tax_amount_exclusive, found.amount_total) == (1900, 11900)
    [part] = found.tax_breakdown
    assert (part.taxability_reason, part.tax_rate_details.percentage_decimal) == (
        "standard_rated", "19")
    within = calculate(lines=[{"amount": 11900, "tax_behavior": "inclusive"}])
    assert (within.tax_amount_inclusive, within.amount_total) == (1900, 11900)
    assert calculate("FR").tax_breakdown[0].taxability_reason == "not_collecting"
    assert refused(calculate, "US").code == "customer_tax_location_invalid"
    there = {"country": "US", "state": "NY", "postal_code": "10001"}
    found = calculate(customer_details={"address": there})
    assert (found.tax_amount_exclusive, found.tax_breakdown[0].tax_rate_details.state) == (888, "NY")
    ada = bench.customer(address={"country": "DE"}, tax_exempt="reverse")
    found = calculate(customer=ada.id)
    assert (found.customer, found.tax_amount_exclusive) == (ada.id, 0)
    assert found.tax_breakdown[0].taxability_reason == "reverse_charge"
    nowhere = bench.customer()
    for call, code in (
            (lambda: calculate(customer=nowhere.id), "customer_tax_location_invalid"),
            (lambda: calculate(lines=[line, line]), None),
            (lambda: calculate(customer=ada.id, customer_details={"address": there}),
             "parameter_missing")):
        assert refused(call).code == code


def test_taxes_of_ones_own(bench):
    """`tax_amounts`, on what is given back too; the rates are archived and used again."""
    v1 = bench.stripe
    ada = bench.customer()

    def line(amount, tax, inclusive=False, **more):
        return {"amount": amount, "description": "Pro", "tax_amounts": [{
            "amount": tax, "taxable_amount": amount - tax if inclusive else amount,
            "tax_rate_data": {"display_name": "VAT", "inclusive": inclusive, "percentage": 19,
                              "jurisdiction": "DE"}}], **more}

    invoice = bench.invoice(ada)
    invoice = v1.invoices.add_lines(invoice.id, {"lines": [line(2500, 475), line(-1000, -190)]})
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (1500, 1785, 1500)
    assert [one.taxes[0].amount for one in invoice.lines.data] == [475, -190]
    assert [(tax.amount, tax.taxable_amount) for tax in invoice.total_taxes] == [(285, 1500)]
    rate = v1.tax_rates.retrieve(invoice.total_taxes[0].tax_rate_details.tax_rate)
    assert (rate.percentage, rate.inclusive, rate.active, rate.jurisdiction) == (
        19, False, False, "DE")
    within = v1.invoices.add_lines(bench.invoice(ada).id, {"lines": [line(2000, 319, True)]})
    assert (within.total, within.total_excluding_tax) == (2000, 1681)
    again = v1.invoices.add_lines(bench.invoice(ada).id, {"lines": [line(500, 95)]})
    assert again.total_taxes[0].tax_rate_details.tax_rate == rate.id
    assert v1.invoices.finalize_invoice(again.id).amount_due == 595
    vat = v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    error = refused(v1.invoices.add_lines, bench.invoice(ada).id, {
        "lines": [line(500, 95, tax_rates=[vat.id])]})
    assert error.param == "lines[0][tax_amounts]"


def test_previews_of_items(bench):
    """With tax, before there is a customer; nothing is left behind."""
    bench.control("/settings", automatic_tax_percent={"DE": 19})
    v1 = bench.stripe
    given = {"currency": "eur", "automatic_tax": {"enabled": True}, "invoice_items": [
        {"amount": 2000, "currency": "eur", "description": "Pro"},
        {"amount": -500, "currency": "eur", "description": "What was left"}]}
    shown = v1.invoices.create_preview({
        **given, "customer_details": {"address": {"country": "DE"}}})
    assert (shown.subtotal, shown.total, shown.total_taxes[0].amount, shown.customer) == (
        1500, 1785, 285, None)
    ada = bench.customer(address={"country": "DE"})
    assert v1.invoices.create_preview({**given, "customer": ada.id}).total == 1785
    exempt = v1.invoices.create_preview({
        **given, "customer": ada.id, "customer_details": {"tax_exempt": "exempt"}})
    assert (exempt.total, exempt.customer) == (1500, ada.id)
    nowhere = v1.invoices.create_preview(given)
    assert (nowhere.total, nowhere.automatic_tax.status) == (1500, "requires_location_inputs")
    assert v1.customers.retrieve(ada.id).tax_exempt == "none"
    assert v1.invoices.list().data == v1.invoice_items.list().data == []
    assert v1.customers.list().data[0].id == ada.id and len(v1.customers.list().data) == 1
    assert refused(v1.invoices.create_preview, {"customer": ada.id}).param == "invoice_items"


def test_a_checkout_that_pays(bench):
    v1, ada = bench.stripe, bench.customer(None)
    session = bench.session(
        customer=ada.id, metadata={"tally": "s"}, client_reference_id="ada",
        payment_intent_data={"setup_future_usage": "off_session", "metadata": {"tally": "p"}},
        invoice_creation={"enabled": True, "invoice_data": {"metadata": {"tally": "i"}}})
    assert (session.status, session.payment_status, session.amount_total, session.payment_intent
            ) == ("open", "unpaid", 2000, None)
    assert session.expires_at - session.created == 86400
    refusal = bench.pay(session, card="4000000000009995")
    assert refusal["error"]["decline_code"] == "insufficient_funds"
    assert v1.checkout.sessions.retrieve(session.id).status == "open"
    assert bench.pay(session)["error"] is None
    session = v1.checkout.sessions.retrieve(session.id, {
        "expand": ["payment_intent.payment_method", "invoice", "line_items"]})
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    intent = session.payment_intent
    assert (intent.status, intent.metadata.to_dict(), intent.payment_method.customer) == (
        "succeeded", {"tally": "p"}, ada.id)
    assert (session.invoice.status, session.invoice.amount_paid) == ("paid", 2000)
    assert session.line_items.data[0].description == "Pro"
    assert v1.checkout.sessions.line_items.list(session.id).data[0].amount_total == 2000
    later = v1.payment_intents.create({
        "amount": 900, "currency": "usd", "customer": ada.id, "confirm": True,
        "payment_method": intent.payment_method.id, "off_session": True})
    assert later.status == "succeeded", "the method was saved for later"
    assert bench.events().count("checkout.session.completed") == 1
    assert len(v1.charges.list({"customer": ada.id}).data) == 3


def test_a_checkout_whose_bank_asks(bench):
    ada = bench.customer(None)
    session = bench.session(customer=ada.id,
                            payment_intent_data={"setup_future_usage": "off_session"})
    card = "4000002500003155"
    assert bench.pay(session, card=card)["session"]["status"] == "open"
    denied = bench.pay(session, answer_only=True, authenticate=False)
    assert denied["session"]["status"] == "open"
    assert bench.pay(session, card=card, authenticate=True)["session"]["status"] == "complete"
    method = bench.stripe.payment_methods.list({"customer": ada.id}).data[0]
    paid = bench.stripe.payment_intents.create({
        "amount": 900, "currency": "usd", "customer": ada.id, "confirm": True,
        "payment_method": method.id, "off_session": True})
    assert paid.status == "succeeded"


def test_a_checkout_that_saves_a_method(bench):
    v1, ada = bench.stripe, bench.customer(None)
    session = bench.session(mode="setup", customer=ada.id,
                            setup_intent_data={"metadata": {"tally": "m"}})
    intent = v1.setup_intents.retrieve(session.setup_intent)
    assert (intent.status, intent.metadata.to_dict()) == (
        "requires_payment_method", {"tally": "m"})
    assert bench.pay(session, card="4000000000000002")["error"]["code"] == "card_declined"
    session = bench.pay(session, card="4000000000000341")["session"]
    assert (session["status"], session["payment_status"]) == ("complete", "no_payment_required")
    method = v1.setup_intents.retrieve(intent.id, {"expand": ["payment_method"]}).payment_method
    assert (method.customer, method.card.last4) == (ada.id, "0341")
    later = v1.invoices.update(bench.invoice(ada, 900).id, {"default_payment_method": method.id})
    refused(v1.invoices.pay, later.id, kind=stripe.CardError)


def test_checkouts_end(bench):
    v1, ada = bench.stripe, bench.customer(None)
    expired = v1.checkout.sessions.expire(bench.session(customer=ada.id).id)
    assert (expired.status, expired.url) == ("expired", None)
    assert "status" in refused(v1.checkout.sessions.expire, expired.id).user_message
    soon = bench.session(customer=ada.id, expires_at=int(time.time()) + 1900)
    late = bench.session(customer=ada.id)
    late = v1.checkout.sessions.update(late.id, {"metadata": {"tally": "late"}})
    bench.control("/clock", advance=2000)
    assert [v1.checkout.sessions.retrieve(one.id).status for one in (soon, late)] == [
        "expired", "open"]
    bench.control(f"/checkout/{late.id}/expire")
    assert bench.events().count("checkout.session.expired") == 3
    assert len(v1.checkout.sessions.list({"customer": ada.id, "status": "expired"}).data) == 3
    for given, param in (({"mode": "setup", "line_items": []}, "currency"),
                         ({"expires_at": int(time.time()) + 60}, "expires_at"),
                         ({"customer": ada.id, "customer_email": "a@example.com"},
                          "customer_email")):
        given = {"success_url": SUCCESS, "mode": "payment", **given}
        if given["mode"] == "payment":
            given["line_items"] = [{"quantity": 1, "price_data": {
                "currency": "usd", "unit_amount": 2000, "product_data": {"name": "Pro"}}}]
        assert refused(v1.checkout.sessions.create, given).param == param
    small = [{"quantity": 1, "price_data": {
        "currency": "usd", "unit_amount": 49, "product_data": {"name": "Gum"}}}]
    assert refused(lambda: bench.session(line_items=small)).code == "amount_too_small"


def test_the_checkout_page(bench):
    session = bench.session(customer=bench.customer(None).id)
    with urllib.request.urlopen(session.url) as page:
        assert "20.00 USD" in page.read().decode()
    with pytest.raises(urllib.error.HTTPError) as declined:
        urllib.request.urlopen(session.url, b"card=4000000000000002")
    assert declined.value.code == 402 and "declined" in declined.value.read().decode()

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.build_opener(Stay).open(session.url, b"card=4242424242424242")
    assert (gone.value.code, gone.value.headers["Location"]) == (303, SUCCESS)


def test_automatic_tax_on_a_checkout(bench):
    bench.control("/settings", automatic_tax_percent={"DE": 19})
    v1, ada = bench.stripe, bench.customer(None)
    error = refused(lambda: bench.session(customer=ada.id, automatic_tax={"enabled": True}))
    assert error.code == "customer_tax_location_invalid"
    session = bench.session(customer=ada.id, automatic_tax={"enabled": True},
                            customer_update={"address": "auto"})
    paid = bench.pay(session, address={"country": "DE"})["session"]
    assert (paid["amount_subtotal"], paid["total_details"]["amount_tax"], paid["amount_total"]
            ) == (2000, 380, 2380)
    assert v1.customers.retrieve(ada.id).address.country == "DE"
    assert v1.payment_intents.retrieve(paid["payment_intent"]).amount == 2380


def test_what_banks_change(bench):
    v1, ada = bench.stripe, bench.customer()
    method = ada.invoice_settings.default_payment_method
    bench.control(f"/payment_methods/{method}", charge="insufficient_funds")
    invoice = bench.invoice(ada, 900)
    error = refused(v1.invoices.pay, invoice.id, kind=stripe.CardError)
    assert error.error.decline_code == "insufficient_funds"
    bench.control(f"/payment_methods/{method}", charge=None, ask="always")
    error = refused(v1.invoices.pay, invoice.id, kind=stripe.CardError)
    assert error.code == "invoice_payment_intent_requires_action"
    bench.control(f"/payment_methods/{method}", ask="never", expiry=[1, 2027], last4="4343")
    assert v1.invoices.pay(invoice.id).status == "paid"
    event = v1.events.list({"types": ["payment_method.*"]}).data[0]
    assert event.type == "payment_method.automatically_updated"
    assert event.data.object.card.last4 == "4343"
    bench.control("/clock", advance=2 * 366 * 86400)
    error = refused(v1.invoices.pay, bench.invoice(ada, 900).id, kind=stripe.CardError)
    assert error.code == "expired_card"


def price(bench, amount, interval="month", product=None, **more):
    given = {"currency": "usd", "recurring": {"interval": interval}, **more}
    if amount is not None:
        given["unit_amount"] = amount
    given |= {"product": product} if product else {"product_data": {"name": "Pro"}}
    return bench.stripe.prices.create(given)


def test_currencies(bench):
    v1, ada = bench.stripe, bench.customer()
    for code, amount in (("jpy", 500), ("kwd", 5000), ("isk", 50000)):
        assert v1.invoices.pay(bench.invoice(ada, amount, currency=code).id).amount_paid == amount
    for code, amount in (("kwd", 5001), ("isk", 50050)):
        assert refused(v1.payment_intents.create, {
            "amount": amount, "currency": code}).param == "amount"
    draft = bench.invoice(ada, 500, currency="eur")
    error = refused(v1.invoice_items.create, {
        "customer": ada.id, "invoice": draft.id, "amount": 5, "currency": "usd"})
    assert error.param == "currency"


def test_products_and_prices(bench):
    v1 = bench.stripe
    product = v1.products.create({"name": "Pro", "id": "pro", "metadata": {"tally": "pro"}})
    assert refused(v1.products.create, {
        "name": "Pro", "id": "pro"}).code == "resource_already_exists"
    monthly = price(bench, 2000, product="pro", lookup_key="pro_monthly", nickname="Monthly")
    tiered = price(bench, None, product="pro", billing_scheme="tiered", tiers_mode="graduated",
                   tiers=[{"up_to": 10, "unit_amount": 0}, {"up_to": "inf", "unit_amount": 50}])
    assert (monthly.type, monthly.unit_amount_decimal, monthly.recurring.interval_count) == (
        "recurring", 2000, 1)
    tiers = v1.prices.retrieve(tiered.id, {"expand": ["tiers", "product"]})
    assert tiers.tiers[1].up_to is None and tiers.product.name == "Pro"
    v1.products.update("pro", {"default_price": monthly.id, "description": "All of it"})
    shown = v1.products.retrieve("pro", {"expand": ["default_price"]})
    assert shown.default_price.nickname == "Monthly"
    assert v1.prices.list({"lookup_keys": ["pro_monthly"]}).data[0].id == monthly.id
    assert v1.prices.search({"query": "product:'pro'"}).data[1].id == monthly.id
    assert v1.products.search({"query": "metadata['tally']:'pro'"}).data[0].id == product.id
    assert not v1.prices.update(monthly.id, {"active": False}).active
    assert [one.id for one in v1.prices.list({"active": True}).data] == [tiered.id]
    assert v1.products.list({"active": True}).data[0].id == "pro"
    assert refused(v1.prices.create, {
        "currency": "usd", "product": "pro", "unit_amount": -1}).param == "unit_amount"


def test_existing_subscriptions(bench):
    """What an import reads and ends, and how they go on alone."""
    v1, ada = bench.stripe, bench.customer()
    pro, seat = price(bench, 2000), price(bench, 500)
    kept = v1.subscriptions.create({
        "customer": ada.id, "items": [{"price": pro.id}, {"price": seat.id, "quantity": 3}],
        "metadata": {"k": "v"}})
    assert (kept.status, v1.invoices.retrieve(kept.latest_invoice).amount_paid) == ("active", 3500)
    trial = v1.subscriptions.create({
        "customer": ada.id, "items": [{"price": pro.id}], "trial_period_days": 14})
    assert (trial.status, trial.trial_end - trial.created) == ("trialing", 14 * 86400)
    ended = v1.subscriptions.create({"customer": ada.id, "items": [{"price": pro.id}]})
    ended = v1.subscriptions.update(ended.id, {
        "cancel_at_period_end": True, "proration_behavior": "none"})
    period_end = ended["items"].data[0].current_period_end
    assert (ended.cancel_at, ended.status) == (period_end, "active")
    listed = v1.subscriptions.list({
        "status": "all", "limit": 2, "expand": ["data.customer", "data.items.data.price.product",
                                                "data.default_payment_method"]})
    assert [one.id for one in listed.auto_paging_iter()] == [ended.id, trial.id, kept.id]
    assert listed.data[0]["items"].data[0].price.product.name == "Pro"
    assert v1.subscription_items.list({"subscription": kept.id}).data[1].quantity == 3
    preview = v1.invoices.create_preview({"subscription": kept.id})
    assert (preview.amount_due, preview.billing_reason) == (3500, "upcoming")
    assert v1.customers.retrieve(ada.id, {"expand": ["subscriptions"]}).subscriptions.data
    assert v1.subscriptions.search({"query": "metadata['k']:'v'"}).data[0].id == kept.id

    bench.control("/clock", advance=MONTH)
    kept, trial, ended = (v1.subscriptions.retrieve(one.id) for one in (kept, trial, ended))
    assert [one.status for one in (kept, trial, ended)] == ["active", "active", "canceled"]
    assert ended.ended_at == period_end
    renewal = v1.invoices.retrieve(kept.latest_invoice)
    assert (renewal.amount_paid, renewal.created, renewal.billing_reason) == (
        3500, period_end, "subscription_cycle")
    assert v1.invoices.retrieve(trial.latest_invoice).amount_paid == 2000
    assert v1.subscriptions.cancel(kept.id, {"prorate": False}).status == "canceled"
    assert refused(v1.subscriptions.update, kept.id, {
        "description": "x"}).code == "invalid_canceled_subscription_fields"
    assert bench.events().count("customer.subscription.deleted") == 2


def test_discounts_of_subscriptions(bench):
    v1, ada = bench.stripe, bench.customer()
    pro, seat = price(bench, 2000), price(bench, 333)
    once = v1.coupons.create({"id": "ONCE", "percent_off": 50, "duration": "once"})
    months = v1.coupons.create({"amount_off": 700, "currency": "usd", "duration": "repeating",
                                "duration_in_months": 2, "metadata": {"k": "v"}})
    always = v1.coupons.create({"percent_off": 10, "duration": "forever", "name": "Friends"})
    assert refused(v1.coupons.create, {"id": "ONCE", "percent_off": 5}).param == "id"
    assert refused(v1.coupons.create, {"amount_off": 5}).param == "currency"
    sub = v1.subscriptions.create({
        "customer": ada.id, "items": [{"price": pro.id}, {"price": seat.id}],
        "discounts": [{"coupon": once.id}, {"coupon": months.id}, {"coupon": always.id}]})
    shown = v1.subscriptions.list({"expand": ["data.discounts.source.coupon"]}).data[0]
    assert [one.source.coupon.id for one in shown.discounts] == [months.id, always.id]
    first = v1.invoices.retrieve(sub.latest_invoice)
    # Half of 2000 and 333, 700 spread over 1000 and 166, a tenth of what is left.
    assert [one.amount for one in first.total_discount_amounts] == [1167, 700, 47]
    assert (first.subtotal, first.total, first.amount_paid) == (2333, 419, 419)
    v1.coupons.delete(always.id)
    assert [one.id for one in v1.coupons.list().data] == [months.id, once.id]
    assert v1.coupons.retrieve("ONCE").times_redeemed == 1
    bench.control("/clock", advance=MONTH)
    second = v1.invoices.retrieve(v1.subscriptions.retrieve(sub.id).latest_invoice)
    assert second.total == 2333 - 700 - 163, "who has the deleted coupon keeps it"
    wanted = v1.invoices.create_preview({"subscription": sub.id}).total
    bench.control("/clock", advance=MONTH)
    third = v1.invoices.retrieve(v1.subscriptions.retrieve(sub.id).latest_invoice)
    assert third.total == wanted == 2333 - 233, "two months are over"
    cleared = v1.subscriptions.update(sub.id, {"discounts": ""})
    assert cleared.discounts == []
    assert bench.events().count("customer.discount.deleted") == 3


def test_a_subscription_that_is_not_paid(bench):
    v1, ada = bench.stripe, bench.customer("pm_card_chargeCustomerFail")
    pro = price(bench, 2000)
    late = bench.control("/subscriptions", customer=ada.id, items=[{"price": pro.id}],
                         start=int(time.time()) - 10 * 86400)
    bench.control("/clock", advance=MONTH)
    late = v1.subscriptions.retrieve(late["id"], {"expand": ["latest_invoice"]})
    assert (late.status, late.latest_invoice.status) == ("past_due", "open")
    good = v1.payment_methods.attach("pm_card_visa", {"customer": ada.id})
    v1.invoices.pay(late.latest_invoice.id, {"payment_method": good.id})
    assert v1.subscriptions.retrieve(late.id).status == "active"
    assert v1.subscriptions.list({"status": "past_due"}).data == []


def test_many_subscriptions_renew(bench):
    """Each is charged what its preview said, at its own moment; an import is held against that."""
    v1, now = bench.stripe, int(time.time())
    prices = [price(bench, 2000), price(bench, 19900, "year"), price(bench, 300, "week"),
              price(bench, None, billing_scheme="tiered", tiers_mode="volume", tiers=[
                  {"up_to": 10, "unit_amount": 100},
                  {"up_to": "inf", "unit_amount": 80, "flat_amount": 500}])]
    people = [bench.customer(card) for card in (
        "pm_card_visa", "pm_card_mastercard", "pm_card_chargeCustomerFail")]
    ids = bench.control("/subscriptions", many=[
        {"customer": people[n % 3].id, "start": now - 86400 * (n % 400) - 1,
         "items": [{"price": prices[n % 4].id, "quantity": 1 + n % 13}],
         **({"trial_end": now + 86400 * (n % 9)} if n % 7 == 0 else {})}
        for n in range(120)])["ids"]
    listed = v1.subscriptions.list({"limit": 100, "status": "all"})
    found = {one.id: one for one in listed.auto_paging_iter()}
    assert list(found) == ids[::-1]
    sample = ids[::6]
    wanted = {one: v1.invoices.create_preview({"subscription": one}) for one in sample}
    bench.control("/clock", advance=7 * 86400 + 1)
    renewed = 0
    for one in sample:
        due = found[one]["items"].data[0].current_period_end
        if due <= now + 7 * 86400:
            made = v1.invoices.list({"subscription": one}).data[-1]
            assert (made.created, made.total) == (due, wanted[one].total)
            renewed += 1
    assert 5 < renewed < len(sample)
    unpaid = {found[one.id].customer for one in v1.subscriptions.list(
        {"status": "past_due", "limit": 100}).auto_paging_iter()}
    assert unpaid == {people[2].id}


def test_webhook_endpoints_and_events(bench):
    v1 = bench.stripe
    made = v1.webhook_endpoints.create({
        "url": "https://localhost/stripe", "enabled_events": ["invoice.paid", "customer.created"],
        "description": "Tally", "metadata": {"tally": "1"}, "api_version": stripe.api_version})
    assert made.secret.startswith("whsec_") and made.status == "enabled"
    assert not hasattr(v1.webhook_endpoints.retrieve(made.id), "secret"), "shown once"
    changed = v1.webhook_endpoints.update(made.id, {"disabled": True, "enabled_events": ["*"]})
    assert (changed.status, changed.enabled_events) == ("disabled", ["*"])
    assert v1.webhook_endpoints.list().data[0].id == made.id
    assert refused(v1.webhook_endpoints.create, {
        "url": "localhost", "enabled_events": ["*"]}).code == "url_invalid"
    ada = v1.customers.create({"name": "Ada"}, {"idempotency_key": "key-1"})
    event = v1.events.list({"types": ["customer.*"]}).data[0]
    assert (event.type, event.data.object.id, event.request.idempotency_key, event.api_version) == (
        "customer.created", ada.id, "key-1", stripe.api_version)
    assert v1.events.retrieve(event.id).id == event.id
    bench.control("/clock", advance=31 * 86400)
    assert v1.events.list().data == [], "only 30 days of them are listed"
    assert v1.webhook_endpoints.delete(made.id).deleted


def test_the_account(bench):
    own = bench.stripe.accounts.retrieve_current()
    assert own.charges_enabled and own.country == "US"
    assert bench.stripe.accounts.retrieve(own.id).id == own.id
    error = refused(bench.stripe.accounts.retrieve, "acct_other", kind=stripe.PermissionError)
    assert error.http_status == 403


def test_every_call_that_is_served_was_driven(request):
    """By the tests above, which is only known if they all ran."""
    mine = [item for item in request.session.items if item.module is request.module]
    functions = [name for name in vars(request.module) if name.startswith("test_")]
    if len({item.function.__name__ for item in mine}) < len(functions) or mine[-1] != request.node:
        pytest.skip("not all of them ran")
    assert {(one.method, one.path) for one in calls.CALLS} - DRIVEN == set()
