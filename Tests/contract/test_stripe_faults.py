"""What goes wrong between Tally and Stripe, as the double does it on purpose: idempotency keys,
faults, webhooks out of order; and that nobody's requests slip past the library's types."""

import http.client
import json
import signal
import ssl
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest
import stripe

import stripe_types
from receiver import PATIENCE
from stripe_bench import Bench, bench, client_of, refused  # noqa: F401
from stripe_double import calls, forms, signatures
from stripe_double.server import Double
from stripe_hooks import StripeReceiver

DAY = 86400


class Raw:
    """A client that knows nothing of retries: status, headers and body of each call."""

    def __init__(self, bench):
        self.port = bench.double.port

    def post(self, path, key=None, **given):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": "Bearer sk_test_double",
                   "Content-Type": "application/x-www-form-urlencoded"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request("POST", path, urlencode(given), headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def raw(bench):
    return Raw(bench)


def names(bench):
    return [one.name for one in bench.stripe.customers.list().data]


# Idempotency keys.

def test_a_key_gives_the_first_answer_again(bench, raw):
    first = raw.post("/v1/customers", "k", name="Ada")
    again = raw.post("/v1/customers", "k", name="Ada")
    assert first[0] == again[0] == 200 and first[2] == again[2]
    assert "Idempotent-Replayed" not in first[1]
    assert again[1]["Idempotent-Replayed"] == "true"
    assert again[1]["Original-Request"] == first[1]["Request-Id"] != again[1]["Request-Id"]
    assert names(bench) == ["Ada"]


@pytest.mark.parametrize("path, given", [("/v1/customers", {"name": "Other"}),
                                         ("/v1/products", {"name": "Ada"})])
def test_a_key_is_for_one_body_only(bench, raw, path, given):
    raw.post("/v1/customers", "k", name="Ada")
    status, _, body = raw.post(path, "k", **given)
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    assert names(bench) == ["Ada"]


def test_a_key_is_forgotten_after_a_day(bench, raw):
    raw.post("/v1/customers", "k", name="Ada")
    bench.control("/clock", advance=DAY - 60)
    assert raw.post("/v1/customers", "k", name="Ada")[1]["Idempotent-Replayed"]
    bench.control("/clock", advance=120)
    assert raw.post("/v1/customers", "k", name="Other")[0] == 200
    assert names(bench) == ["Other", "Ada"]


def test_a_key_also_holds_what_was_refused(bench, raw):
    """A declined charge is not tried again; what never got to run, is."""
    ada = bench.customer("pm_card_chargeCustomerFail")
    invoice = bench.stripe.invoices.finalize_invoice(bench.invoice(ada, 2000).id)
    path = f"/v1/invoices/{invoice.id}/pay"
    first, again = raw.post(path, "k"), raw.post(path, "k")
    assert first[0] == again[0] == 402 and first[2] == again[2]
    assert bench.events().count("charge.failed") == 1
    assert raw.post("/v1/customers", "other", nmae="Ada")[0] == 400
    assert raw.post("/v1/customers", "other", name="Ada")[0] == 200, "nothing had run before"


@pytest.mark.parametrize("acts, made", [(True, ["Ada"]), (False, [])])
def test_a_key_may_hold_a_500(bench, raw, acts, made):
    bench.control("/faults", do="answer", status=500, acts=acts, saves=True, should_retry=False)
    for _ in range(2):
        status, headers, body = raw.post("/v1/customers", "k", name="Ada")
        assert (status, body["error"]["type"]) == (500, "api_error")
    assert headers["Idempotent-Replayed"] == "true"
    assert names(bench) == made, "whoever looks knows whether it had acted"
    bench.control("/clock", advance=DAY + 1)
    raw.post("/v1/customers", "k", name="Ada")
    assert names(bench) == [*made, "Ada"], "whoever doesn't look may do it twice"


def test_a_key_in_flight_is_a_conflict(bench, raw):
    bench.control("/faults", do="slow", milliseconds=300)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(
        raw.post("/v1/customers", "k", name="Ada")))
    slow.start()
    while not bench.double.keys.saved:
        slow.join(0.001)
    status, _, body = raw.post("/v1/customers", "k", name="Ada")
    assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")
    slow.join()
    assert answers[0][0] == 200 and names(bench) == ["Ada"]


# Faults.

@pytest.mark.parametrize("status, kind", [
    (429, stripe.RateLimitError), (500, stripe.APIError), (409, stripe.APIError)])
def test_refusals_on_purpose_are_bounded(bench, status, kind):
    bench.control("/faults", do="answer", status=status, count=2, path="^/v1/customers$",
                  method="POST", skip=1)
    create = bench.stripe.customers.create
    create({"name": "first"})
    for _ in range(2):
        assert refused(create, {"name": "no"}, kind=kind).http_status == status
    create({"name": "last"})
    assert names(bench) == ["last", "first"]
    assert bench.control("/faults", "GET")["faults"] == []


def test_should_retry_is_told(bench, raw):
    for answer in (True, False):
        bench.control("/faults", do="answer", status=503, should_retry=answer)
        headers = raw.post("/v1/customers")[1]
        assert headers["Stripe-Should-Retry"] == str(answer).lower()


@pytest.mark.parametrize("acts, made", [(False, []), (True, ["Ada"])])
def test_cut_connections(bench, raw, acts, made):
    bench.control("/faults", do="cut", acts=acts)
    with pytest.raises((http.client.HTTPException, OSError)):
        raw.post("/v1/customers", "k", name="Ada")
    assert names(bench) == made
    again = raw.post("/v1/customers", "k", name="Ada")
    assert again[0] == 200 and names(bench) == ["Ada"], "the key keeps it from being done twice"
    assert bool(again[1]["Idempotent-Replayed"]) == acts


def test_the_library_gets_through_all_of_it(bench, monkeypatch):
    """With its own retries and keys: one customer, whatever happens on the way."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    patient = client_of(bench.double, retries=5)
    for fault in ({"do": "cut"}, {"do": "cut", "acts": True}, {"do": "answer", "status": 503},
                  {"do": "answer", "status": 409}, {"do": "slow", "milliseconds": 5}):
        bench.control("/faults", **fault)
    patient.customers.create({"name": "Ada"})
    assert names(bench) == ["Ada"]
    tries = [entry for entry in bench.log if entry["method"] == "POST"]
    assert len(tries) == 5 and len({entry["idempotency_key"] for entry in tries}) == 1


def test_an_order_is_done_wholly_or_not_at_all(bench):
    """A refusal within a call leaves nothing behind, nor tells of anything."""
    ada = bench.customer(None)
    before = len(bench.events())
    refused(bench.stripe.checkout.sessions.create, {
        "mode": "payment", "customer": ada.id, "success_url": "https://example.com",
        "line_items": [{"quantity": 1, "price_data": {
            "currency": "usd", "unit_amount": 1, "product_data": {"name": "Gum"}}}]})
    assert bench.stripe.products.list().data == [] and len(bench.events()) == before
    draft = bench.invoice(ada, 100)
    refused(bench.stripe.invoices.add_lines, draft.id, {
        "lines": [{"amount": 5}, {"quantity": 1}]})
    assert bench.stripe.invoices.retrieve(draft.id).total == 100


# Webhooks.

@pytest.fixture
def hooks(bench):
    receiver = StripeReceiver()
    endpoint = bench.stripe.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["*"]})
    receiver.secret, receiver.endpoint = endpoint.secret, endpoint.id
    yield receiver
    receiver.close()


def customers(bench, count):
    return [bench.stripe.customers.create({"name": str(n)}).id for n in range(count)]


def settled(bench):
    result = bench.control("/webhooks/settle")
    assert result["settled"]
    return result["counts"]


def test_webhooks_come_in_order_and_signed(bench, hooks):
    made = customers(bench, 5)
    assert settled(bench) == {"delivered": 5}
    assert [event.data.object.id for event in hooks.verified()] == made
    assert [event.type for event in hooks.verified()] == ["customer.created"] * 5
    assert bench.stripe.events.list().data[0].pending_webhooks == 0
    assert all("v0=" in header for header, _ in hooks.received)


def test_endpoints_get_what_they_asked_for(bench, hooks):
    bench.stripe.webhook_endpoints.update(hooks.endpoint, {"enabled_events": ["customer.deleted"]})
    bench.stripe.customers.delete(customers(bench, 1)[0])
    bench.stripe.webhook_endpoints.update(hooks.endpoint, {"disabled": True})
    customers(bench, 1)
    settled(bench)
    assert [event.type for event in hooks.verified()] == ["customer.deleted"]


@pytest.mark.parametrize("given, order", [
    ({"order": "reversed"}, [2, 1, 0]), ({"copies": 2}, [0, 0, 1, 1, 2, 2]), ({}, [0, 1, 2])])
def test_webhooks_are_held_back_and_released(bench, hooks, given, order):
    bench.control("/webhooks/hold")
    made = customers(bench, 3)
    assert settled(bench) == {"held": 3} and hooks.received == []
    assert bench.control("/webhooks/release", **given)["released"] == 3
    settled(bench)
    assert [event.data.object.id for event in hooks.verified()] == [made[n] for n in order]


def test_webhooks_are_released_one_by_one(bench, hooks):
    bench.control("/webhooks/hold")
    made = customers(bench, 4)
    ids = [event["id"] for event in bench.double.world["event"]]
    bench.control("/webhooks/release", only=[ids[2]], keep_holding=True)
    bench.control("/webhooks/release", order=[ids[3], ids[0]], drop=[ids[1]])
    assert settled(bench) == {"delivered": 3, "lost": 1}
    assert [event.data.object.id for event in hooks.verified()] == [made[2], made[3], made[0]]
    bench.control("/webhooks/redeliver", event=ids[1])
    settled(bench)
    assert hooks.verified()[-1].data.object.id == made[1]


def test_chosen_webhooks_are_lost_or_doubled(bench, hooks):
    bench.control("/webhooks/lose", type="customer.deleted")
    bench.control("/webhooks/repeat", type="customer.created", copies=3)
    first, second = customers(bench, 2)
    for one in (first, second):
        bench.stripe.customers.delete(one)
    settled(bench)
    assert [(event.type, event.data.object.id) for event in hooks.verified()] == [
        *[("customer.created", first)] * 3, ("customer.created", second),
        ("customer.deleted", second)]
    assert len({event.id for event in hooks.verified()}) == 3
    undelivered = bench.stripe.events.list({"delivery_success": False})
    assert [event.data.object.id for event in undelivered.data] == [first]


def test_failed_webhooks_are_tried_again_as_the_clock_moves(bench, hooks):
    hooks.status = 500
    customers(bench, 1)
    assert settled(bench) == {"failed": 1}
    bench.control("/clock", advance=30)
    settled(bench)
    assert len(hooks.received) == 1, "not yet"
    bench.control("/clock", advance=40)
    settled(bench)
    hooks.status = 204
    bench.control("/webhooks/retry")
    assert settled(bench) == {"delivered": 1}
    attempts = bench.control("/webhooks", "GET")["deliveries"][0]["attempts"]
    assert [one["status"] for one in attempts] == [500, 500, 204]
    assert len({event.id for event in hooks.verified()}) == 1


def test_nobody_home_and_nobody_elsewhere(bench, hooks):
    hooks.close()
    bench.stripe.webhook_endpoints.create(
        {"url": "https://example.com/hook", "enabled_events": ["*"]})
    customers(bench, 1)
    assert settled(bench) == {"failed": 2}
    errors = [one["attempts"][0]["error"]
              for one in bench.control("/webhooks", "GET")["deliveries"]]
    assert "refused" in errors[0] and "is not this machine" in errors[1]


def test_secrets_are_rolled(bench, hooks):
    old = hooks.secret
    new = bench.control(f"/webhook_endpoints/{hooks.endpoint}/roll", keep_seconds=3600)["secret"]
    customers(bench, 1)
    settled(bench)
    assert len(hooks.verified(old)) == len(hooks.verified(new)) == 1
    bench.control("/clock", advance=3601)
    customers(bench, 1)
    settled(bench)
    assert len(hooks.verified(new)) == 2
    with pytest.raises(stripe.SignatureVerificationError):
        hooks.verified(old)


@pytest.mark.parametrize("forged", [
    {"secret": "whsec_other"}, {"sign_seconds_ago": 301}, {"cut_bytes": 1}, {"header": "t=1"}])
def test_forged_webhooks(bench, hooks, forged):
    bench.control("/webhooks/forge", event={"type": "invoice.paid"}, **forged)
    settled(bench)
    assert len(hooks.received) == 1
    with pytest.raises(stripe.SignatureVerificationError):
        hooks.verified()


def test_webhooks_of_the_future(bench, hooks):
    bench.control("/webhooks/forge", event={"type": "planet.discovered", "account": "acct_other"})
    settled(bench)
    event = hooks.verified()[0]
    assert (event.type, event.account) == ("planet.discovered", "acct_other")

def test_over_tls(certificates, monkeypatch):
    """The API and the webhooks, both ways, with a certificate that the client has to check."""
    double = Double(certificate=certificates / "server.pem", key=certificates / "server.key",
                    webhook_ca=certificates / "ca.pem").start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    receiver = StripeReceiver(context)
    try:
        monkeypatch.setattr(stripe, "ca_bundle_path", str(certificates / "ca.pem"))
        client = stripe.StripeClient("sk_test_double", base_addresses={"api": double.url})
        receiver.secret = client.v1.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": ["*"]}).secret
        client.v1.customers.create({"name": "Ada"})
        with double.world.lock:
            assert double.deliveries.settle(PATIENCE) and double.deliveries.counts() == {
                "delivered": 1}
        assert receiver.verified()[0].data.object.name == "Ada"
        trusting = ssl.create_default_context(cafile=certificates / "ca.pem")
        with urllib.request.urlopen(f"{double.url}/_control/clock", context=trusting) as answer:
            assert json.loads(answer.read())["ahead"] == 0
    finally:
        receiver.close()
        double.stop()


# Signatures.

def test_signatures_agree_with_the_library():
    """1,000 of them, good and bad, both ways: it takes ours as we take them; we take its."""
    for line in signatures.table(seed=7, count=1000):
        case = signatures.Case(line)
        assert case.by_library() == line["valid"], line["kind"]
        text = case.body.decode()
        made = stripe.WebhookSignature.generate_signature_header(
            text, line["secrets"][0], line["now"])
        assert signatures.accepted(line["secrets"], made, case.body, line["now"])
        ours = signatures.header(line["secrets"][:1], line["now"], case.body)
        assert ours.startswith(made + ",")


def test_the_table_of_signatures_is_a_command():
    command = [sys.executable, "-m", "stripe_double.signatures", "--seed", "1", "--count", "100"]
    runs = [subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True,
                           check=True).stdout for _ in range(2)]
    lines = [json.loads(line) for line in runs[0].splitlines()]
    assert runs[0] == runs[1] and len(lines) == 100
    kinds = {line["kind"]: line["valid"] for line in lines}
    assert {"good", "rolled", "receiver_has_several", "in_the_future"} <= {
        kind for kind, valid in kinds.items() if valid}
    assert {"stale", "wrong_secret", "body_cut", "signature_cut", "no_time", "only_v0", "none"} <= {
        kind for kind, valid in kinds.items() if not valid}


# The library's types.

@pytest.mark.parametrize("method, path, body, fault", [
    ("POST", "/v1/customers", "nmae=Ada", "nmae: unknown"),
    ("POST", "/v1/customers", "address[zip]=1", "address.zip: unknown"),
    ("POST", "/v1/payment_intents", "amount=100", "currency: required"),
    ("POST", "/v1/payment_intents", "amount=1.5&currency=usd", "'1.5' is not an integer"),
    ("POST", "/v1/invoices", "auto_advance=no", "'no' is not a boolean"),
    ("POST", "/v1/refunds", "reason=whim", "'whim' is none of"),
    ("POST", "/v1/invoices/in_1/add_lines", "lines[a][amount]=1", "an index is expected"),
    ("POST", "/v1/invoices/in_1/pay", "payment_method[id]=pm_1", "a scalar is expected"),
    ("POST", "/v1/customers", "metadata=x", "metadata"),
    ("POST", "/v1/customers", "idempotency_key=x", "a client's option"),
    ("POST", "/v1/checkout/sessions", "mode=paying", "'paying' is none of"),
    ("POST", "/v1/checkout/sessions", "line_items[0][price_data][currency]=usd&line_items[0]"
     "[price_data][product_data][title]=Pro", "title: unknown"),
    ("GET", "/v1/customers/search", "limit=3", "query: required"),
    ("PUT", "/v1/customers", "", "knows no such call"),
    ("POST", "/v1/nothing", "", "no such call")])
def test_a_wrong_body_is_caught(method, path, body, fault):
    faults = stripe_types.faults_of_request(method, path, body=body)
    assert any(fault in one for one in faults), faults


def test_bodies_are_checked_by_a_command():
    def run(body):
        command = [sys.executable, "stripe_types.py", "POST", "/v1/refunds"]
        return subprocess.run(command, cwd=Path(__file__).parent, input=body, text=True,
                              capture_output=True)
    right, wrong = run("amount=100&metadata[a]=b\n"), run("amount=100\namount=ten\n")
    assert (right.returncode, right.stdout) == (0, "1 passed, 0 failed\n")
    assert wrong.returncode == 1 and "'ten' is not an integer" in wrong.stdout
    assert run("").returncode == 1, "nothing was checked"


def test_what_a_client_sends_is_in_the_log(bench, raw):
    """Also what was refused, cut off or replayed."""
    bench.control("/faults", do="cut", path="^/v1/refunds$")
    with pytest.raises((http.client.HTTPException, OSError)):
        raw.post("/v1/refunds", "k", amount="1")
    raw.post("/v1/refunds", "k", amont="1")
    cut, refusal = bench.log
    assert (cut["status"], cut["body"], cut["idempotency_key"]) == ("cut", "amount=1", "k")
    assert (refusal["status"], refusal["stripe_version"]) == (400, None)
    assert len(stripe_types.faults_of_log(bench.log, answers=False)) == 1
    bench.stripe.customers.list()
    assert len(bench.sent_by("Stripe/v1 PythonBindings")) == 1


def test_a_right_body_passes():
    assert stripe_types.faults_of_request(
        "POST", "/v1/invoices", body="customer=cus_1&auto_advance=false&metadata[a]=b&expand[]="
        "payments&expand[]=customer&default_tax_rates[0]=txr_1&metadata[c]=") == []
    assert stripe_types.faults_of_request(
        "POST", "/v1/customers/cus_1", body="name=&address=&metadata=") == []


def test_wrong_answers_are_caught(bench):
    method = bench.stripe.payment_methods.create(
        {"type": "card", "card": {"token": "tok_visa"}}).to_dict()
    assert stripe_types.faults_of_answer(method) == []
    for break_it, fault in (
            (lambda row: row.pop("billing_details"), "billing_details: required"),
            (lambda row: row.update(colour="red"), "colour: unknown"),
            (lambda row: row["card"].update(exp_month="3"), "'3' is not int"),
            (lambda row: row.update(type="crad"), "'crad' is none of"),
            (lambda row: row.update(created=None), "created: null"),
            (lambda row: row.update(card=[]), "not an object"),
            (lambda row: row.update(object="payment"), "no object 'payment'")):
        wrong = json.loads(json.dumps(method))
        break_it(wrong)
        assert any(fault in one for one in stripe_types.faults_of_answer(wrong)), fault


def test_the_bench_notices_what_it_should():
    """The fixture's own check, on a log with one wrong body in it."""
    bench = Bench()
    try:
        bench.stripe.customers.create({"name": "Ada"})
        assert bench.faults() == []
        bench.log[0]["body"] = "nmae=Ada"
        assert len(bench.faults()) == 1
    finally:
        bench.close()


def kinds_of(kind):
    """What a parameter's kind is made of, down to its leaves, as (path, kind)."""
    if hasattr(kind, "kind"):
        empty = [("", forms.clearable)] if kind.__qualname__.startswith("clearable") else []
        return empty + kinds_of(kind.kind)
    if hasattr(kind, "kinds"):
        return [pair for one in kind.kinds for pair in kinds_of(one)]
    if hasattr(kind, "of"):
        return [(f"[0]{path}", leaf) for path, leaf in kinds_of(kind.of)]
    if hasattr(kind, "spec"):
        return [(f"[{name}]{path}", leaf) for name, one in kind.spec.items()
                for path, leaf in kinds_of(one)]
    return [("", kind)]


SAMPLES = {forms.integer: "1", forms.boolean: "true", forms.decimal: "1.5", forms.currency: "usd",
           forms.text: "text", forms.metadata: None, forms.clearable: ""}


@pytest.mark.parametrize("call", calls.CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_the_double_takes_nothing_that_stripe_does_not(call):
    """Each parameter that it accepts, down to each value of a choice, is the library's, too."""
    path = call.path.replace(":", "x")
    for name, kind in call.params.items():
        for place, leaf in kinds_of(kind):
            samples = getattr(leaf, "names", None) or [SAMPLES[leaf]]
            for sample in samples:
                body = f"{name}{place}[k]=v" if sample is None else f"{name}{place}={sample}"
                faults = [fault for fault in stripe_types.faults_of_request(
                    call.method, path, body=body) if not fault.endswith(": required")]
                assert faults == [], body


# The command.

def test_the_command_ends_with_its_parent_and_by_itself():
    here = Path(__file__).parent
    # A shell in between is the parent that dies.
    shell = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} -m stripe_double --port 0; true"],
        cwd=here, stdout=subprocess.PIPE, text=True)
    url = json.loads(shell.stdout.readline())["url"]
    client = stripe.StripeClient("sk_test_double", base_addresses={"api": url})
    assert client.v1.accounts.retrieve_current().object == "account"
    shell.kill()
    shell.wait()
    with shell.stdout as pipe:
        assert pipe.read() == "", "its end of the pipe closes when it is gone"

    short = subprocess.Popen([sys.executable, "-m", "stripe_double", "--seconds", "0"], cwd=here,
                             stdout=subprocess.DEVNULL)
    assert short.wait(PATIENCE) == 0
    asked = subprocess.Popen([sys.executable, "-m", "stripe_double"], cwd=here,
                             stdout=subprocess.PIPE)
    asked.stdout.readline()
    asked.send_signal(signal.SIGTERM)
    assert asked.wait(PATIENCE) == 0
    asked.stdout.close()
