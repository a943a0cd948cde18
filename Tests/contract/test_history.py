"""Looking back, and trying a plan on what was used: with stock grpcio, and with `tally` itself."""

import datetime
import json
import subprocess
import time

from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb

from tally_client import new_id, refusal
from tally_server import BINARY, ROOT
from test_walkthrough import attach, buy, get, new_customer, track


def tally(server, *words):
    """The exit code of a command, and the JSON lines that it prints."""
    done = subprocess.run(
        [BINARY, *words, "--json", "--server", f"https://127.0.0.1:{server.port}",
         "--ca", server.ca_file, "--key-file", server.key_file],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "Fatal error" not in done.stderr, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def moment():
    """Now, to the millisecond, in which nothing else happens."""
    time.sleep(0.01)
    now = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.01)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def as_of(client, customer_id, when):
    request = customers_pb.GetCustomerAsOfRequest(customer_id=customer_id)
    request.as_of_time.FromDatetime(when)
    return client.call("GetCustomerAsOf", request).customer


def test_a_read_of_the_past_is_what_was_read_then(own_server, own_client):
    acme = new_customer(own_client)
    seen = []
    for step in range(6):
        if step == 1:
            attach(own_client, acme, "test_free")
        elif step == 3:
            buy(own_client, own_server, acme, "test_max")
        else:
            track(own_client, acme, step + 1)
        seen.append((moment(), get(own_client, acme)))
    assert len({customer.SerializeToString() for _, customer in seen}) >= 5
    for restarts in (False, True):
        if restarts:
            own_server.kill()
            own_server.start()
        for when, customer in seen:
            assert as_of(own_client, acme, when) == customer
    code, (shown,) = tally(
        own_server, "balances", acme, "--as-of", seen[2][0].isoformat().replace("+00:00", "Z"))
    assert code == 0
    assert shown["customer"]["balances"][0]["remaining"] == seen[2][1].balances[0].remaining
    future = moment() + datetime.timedelta(hours=1)
    refused = refusal(lambda: as_of(own_client, acme, future))
    assert refused.fields == ["as_of_time"]
    code, _ = tally(own_server, "balances", acme, "--as-of", "2020-01-01")
    assert code == 2


def test_what_a_plan_would_have_earned(server, client, tmp_path):
    start = moment()
    acme = new_customer(client)
    buy(client, server, acme, "test_max")
    track(client, acme, 251)
    end = moment()
    request = catalog_pb.SimulatePlanRequest(plan_id="test_max", customer_id=acme)
    request.start_time.FromDatetime(start)
    request.end_time.FromDatetime(end)
    (tried,) = client.call("SimulatePlan", request).customers
    assert [invoice.total for invoice in tried.invoices] == \
        [invoice.total for invoice in tried.actual_invoices]
    assert (tried.total.minor_units, tried.unbilled_total.minor_units) == (9950, 151)

    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps({"currency": "usd", "plans": [{
        "plan_id": "test_draft", "name": "Draft", "group": "test",
        "price": {"amount": "40", "interval": "month"},
        "items": [{"feature_id": "test_messages", "included": 200, "reset": {
            "interval": "month", "interval_count": 1}}]}]}))
    range_ = ["--from", start.isoformat().replace("+00:00", "Z"),
              "--to", end.isoformat().replace("+00:00", "Z")]
    code, lines = tally(
        server, "simulate", "test_draft", *range_, "--catalog", draft, "--having", "test_max")
    assert code == 0
    *customers, summary = lines
    (tried,) = [customer for customer in customers if customer["customer_id"] == acme]
    assert tried["total"]["minor_units"] == 4000
    assert tried["actual_total"]["minor_units"] == 9950
    assert tried["cut_usages"][0]["cut"] == 51
    assert summary["summary"]["paying_less_count"] >= 1
    code, _ = tally(server, "simulate", "test_draft", *range_)
    assert code == 2, "a draft is not published"
