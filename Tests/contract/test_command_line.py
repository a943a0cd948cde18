"""The walk-through with `tally` itself, as a script would use it: JSON out, exit codes."""

import json
import subprocess

import pytest

import checkout
from tally_client import new_id
from tally_server import BINARY, ROOT

ALLOWED, DENIED, REFUSED, UNREACHABLE, USAGE = 0, 1, 2, 3, 64


@pytest.fixture
def tally(server, client):
    """Runs a command; gives its exit code and, where it printed one, its JSON object."""

    def run(*words, key_file=server.key_file, port=server.port):
        done = subprocess.run(
            [BINARY, *words, "--json", "--server", f"https://127.0.0.1:{port}",
             "--ca", server.ca_file, "--key-file", key_file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, cwd=ROOT)
        assert "Fatal error" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return run


def test_buy_check_track_denied(tally, server):
    acme = new_id("acme")
    assert tally("customer", "create", acme, "--name", "Acme")[0] == 0
    code, offer = tally("attach", acme, "test_pro")
    assert code == 0
    assert checkout.pay(offer["payment_url"], server.ca_file).status == 200

    assert tally("check", acme, "--plan", "test_pro")[0] == ALLOWED
    assert tally("check", acme, "test_messages", "--required", "10")[0] == ALLOWED
    code, tracked = tally("track", acme, "test_messages", "--value", "10")
    assert code == 0 and tracked["value"] == 10
    assert tally("check", acme, "test_messages")[0] == DENIED

    code, shown = tally("customer", "get", acme)
    assert code == 0 and "test_pro" in json.dumps(shown)


def test_what_nobody_uses_is_deleted(tally, tmp_path):
    feature, plan, acme = new_id("f"), new_id("p"), new_id("acme")
    file = tmp_path / "more.json"
    file.write_text(json.dumps({
        "currency": "usd", "features": [{"feature_id": feature, "name": "F", "type": "metered"}],
        "plans": [{"plan_id": plan, "name": "P", "add_on": True, "items": [
            {"feature_id": feature, "included": 1}]}]}))
    assert tally("catalog", "apply", str(file))[0] == 0
    code, told = tally("catalog", "delete", "--feature", feature)
    assert code == REFUSED and plan in json.dumps(told)
    assert tally("customer", "create", acme)[0] == 0
    assert tally("attach", acme, plan)[0] == 0
    both = ("catalog", "delete", "--plan", plan, "--feature", feature)
    code, told = tally(*both)
    assert code == REFUSED and acme in json.dumps(told) and "IN_USE" in json.dumps(told)
    assert tally("customer", "delete", acme)[0] == 0
    for words in ([*both, "--dry-run"], both):
        code, done = tally(*words)
        assert code == 0 and [c["id"] for c in done["changes"]] == [plan, feature]
        assert all(change["deleted"] for change in done["changes"])
    assert tally(*both)[1].get("changes", []) == []
    code, shown = tally("catalog", "show")
    assert code == 0 and feature not in json.dumps(shown) and plan not in json.dumps(shown)


def test_what_is_archived(tally, tmp_path):
    feature, plan, acme = new_id("f"), new_id("p"), new_id("acme")
    catalog = {
        "currency": "usd", "features": [{"feature_id": feature, "name": "F", "type": "metered"}],
        "plans": [{"plan_id": plan, "name": "P", "add_on": True, "items": [
            {"feature_id": feature, "included": 1}]}]}
    file = tmp_path / "more.json"
    file.write_text(json.dumps(catalog))
    assert tally("catalog", "apply", str(file))[0] == 0

    def shown():
        code, catalog = tally("catalog", "show", "--all-versions")
        assert code == 0
        return [one["archived"] for kind in ("plans", "features") for one in catalog[kind]
                if one.get("plan_id", one.get("feature_id")) in (plan, feature)]

    words = ("catalog", "archive", "--plan", plan, "--feature", feature)
    for undo, archived in (((), True), (("--undo",), False)):
        code, done = tally(*words, *undo)
        assert code == 0 and [c["id"] for c in done["changes"]] == [feature, plan]
        assert [c.get("revision", 0) for c in done["changes"]] == [0, 1]
        assert shown() == [archived] * 2
        assert tally(*words, *undo)[1].get("changes", []) == []
    assert tally("customer", "create", acme)[0] == 0
    tally(*words)
    assert tally("attach", acme, plan)[0] == 0
    assert tally("check", acme, feature)[0] == ALLOWED

    # A file says it too, and one that doesn't puts it back.
    catalog["plans"][0]["archived"] = True
    file.write_text(json.dumps(catalog))
    code, done = tally("catalog", "diff", str(file))
    assert code == 0 and [c["id"] for c in done["changes"]] == [feature]
    assert tally("catalog", "apply", str(file))[0] == 0 and shown() == [True, False]
    del catalog["plans"][0]["archived"]
    file.write_text(json.dumps(catalog))
    assert tally("catalog", "apply", str(file))[0] == 0 and shown() == [False, False]
    code, told = tally("catalog", "archive", "--plan", "never")
    assert code == REFUSED and "never" in json.dumps(told)
    assert tally("catalog", "archive")[0] == USAGE


def test_a_retry_with_the_same_id_counts_once(tally):
    acme, request_id = new_id("acme"), new_id("r")
    assert tally("customer", "create", acme)[0] == 0
    assert tally("attach", acme, "test_free")[0] == 0
    for replayed in (False, True):
        code, tracked = tally("track", acme, "test_messages", "--request-id", request_id)
        assert code == 0 and bool(tracked.get("replayed")) == replayed
    assert tally("check", acme, "test_messages", "--required", "2")[0] == ALLOWED


def test_an_address_is_replaced_whole_and_forgotten(tally):
    acme = new_id("acme")
    tally("customer", "create", acme)
    code, said = tally("customer", "update", acme, "--address", "line1=1 Main St",
                       "--address", "country=us")
    assert code == 0 and said["customer"]["address"]["country"] == "US", said
    code, said = tally("customer", "update", acme, "--address", "country=DE")
    assert code == 0 and not said["customer"]["address"].get("line1"), said
    code, said = tally("customer", "update", acme, "--address", "city=Berlin")
    assert code == REFUSED and "address.country" in str(said), said
    assert tally("customer", "update", acme, "--address", "town=Berlin")[0] == USAGE
    code, said = tally("customer", "update", acme, "--no-address")
    assert code == 0 and not said["customer"].get("address"), said


def test_a_hold_is_settled_once(tally):
    acme = new_id("acme")
    assert tally("customer", "create", acme)[0] == 0
    assert tally("attach", acme, "test_free")[0] == 0
    hold = ("--deduct", "--hold", "job-1", "--hold-for", "600", "--property", "model=large")
    code, before = tally("check", acme, "test_messages", "--required", "3", *hold)
    assert code == ALLOWED
    assert tally("holds", "extend", acme, "job-1", "--for", "3600")[0] == 0
    code, settled = tally("holds", "settle", acme, "job-1", "--value", "1")
    assert code == 0 and settled["value"] == 1
    assert settled["balance"]["remaining"] == before["balance"]["remaining"] + 2
    assert tally("holds", "settle", acme, "job-1")[0] == REFUSED


def test_balances_and_entities(tally):
    acme = new_id("acme")
    assert tally("customer", "create", acme)[0] == 0
    code, made = tally("balances", "create", acme, "test_messages", "50", "--id", "gift",
                       "--each", "month")
    assert code == 0 and made["customer"]["balances"][0]["remaining"] == 50
    again = ("balances", "create", acme, "test_messages", "50", "--id", "gift")
    assert tally(*again)[0] == REFUSED
    code, changed = tally("balances", "update", acme, "test_messages", "--remaining", "20")
    assert code == 0 and changed["customer"]["balances"][0]["usage"] == 30
    code, changed = tally("balances", "update", acme, "test_messages", "--add", "-5",
                          "--interval", "month")
    assert code == 0 and changed["customer"]["balances"][0]["remaining"] == 15
    assert tally("balances", "recalculate", acme, "test_messages")[0] == 0

    assert tally("entities", "create", acme, "test_seats", "ann", "--name", "Ann") \
        == (0, {"entity_id": "ann", "created": True})
    assert tally("entities", "create", acme, "test_seats", "ann")[1]["created"] is False
    assert tally("balances", "create", acme, "test_messages", "7", "--entity", "ann")[0] == 0
    assert tally("check", acme, "test_messages", "--required", "22")[0] == DENIED
    assert tally("check", acme, "test_messages", "--required", "22", "--entity", "ann",
                 "--property", "model=large")[0] == ALLOWED
    assert tally("entities", "rename", acme, "ann", "Anna")[0] == 0
    assert tally("entities", "get", acme, "ann")[1]["entity"]["name"] == "Anna"
    assert tally("entities", "list", acme)[1]["entity_id"] == "ann"
    assert tally("entities", "delete", acme, "ann")[0] == 0
    assert tally("entities", "get", acme, "ann")[0] == REFUSED

    assert tally("balances", "delete", acme, "--id", "gift")[0] == 0
    assert tally("balances", "delete", acme, "test_messages")[0] == REFUSED
    assert tally("balances", "delete", acme)[0] == USAGE


def test_exit_codes_tell_no_from_trouble(tally, tmp_path):
    stranger = tmp_path / "wrong.key"
    stranger.write_text("wrong")
    assert tally("check", "nobody", "test_messages")[0] == REFUSED
    assert tally("check", "a b", "test_messages")[0] == REFUSED
    assert tally("check", "nobody", "test_messages", key_file=stranger)[0] == REFUSED
    assert tally("check", "nobody", "test_messages", port=1)[0] == UNREACHABLE
    assert tally("check", "nobody", "test_messages", key_file=tmp_path / "none")[0] == USAGE
    assert tally("chekc")[0] == USAGE


@pytest.mark.parametrize("command", [
    [], ["serve"], ["catalog"], ["catalog", "apply"], ["catalog", "archive"],
    ["catalog", "delete"], ["customer"],
    ["attach"], ["check"],
    ["subscription"], ["subscription", "cancel"], ["subscription", "uncancel"],
    ["subscription", "quantity"], ["rewards"], ["rewards", "give"], ["rewards", "take"],
    ["rewards", "redeem"], ["rewards", "code"], ["track"], ["holds"], ["holds", "settle"], ["holds", "extend"], ["customer", "watch"],
    ["balances"], ["balances", "create"], ["balances", "update"], ["balances", "delete"],
    ["entities"], ["entities", "create"], ["entities", "list"],
    ["keys"], ["log"], ["log", "inspect"], ["log", "verify"], ["log", "repair"], ["backup"],
    ["restore"], ["bench"], ["settings"]])
def test_every_command_has_help(command):
    done = subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "USAGE: tally" in done.stdout


def test_an_invoice_of_another_system(tally):
    acme = new_id("acme")
    record = ["invoice", "record", acme, "in_1", "--created", "2026-03-01T12:00:00Z"]
    code, said = tally(*record, "--total", "20")
    assert code == REFUSED and acme in said["error"]["message"]
    assert tally("customer", "create", acme)[0] == 0
    code, said = tally(
        *record, "--total", "20.00", "--paid", "20", "--refunded", "5.50", "--plan", "pro",
        "--url", "https://pay.example.com/1")
    assert code == 0 and said["invoices"][0]["amount_refunded"]["minor_units"] == 550
    code, _ = tally(*record, "--total=-7", "--currency", "jpy", "--status", "void")
    assert code == 0
    [invoice] = tally("customer", "get", acme)[1]["customer"]["external_invoices"]
    assert (invoice["external_id"], invoice["status"]) == ("in_1", "void")
    assert invoice["total"] == {"currency": "jpy", "minor_units": -7}
    assert "amount_paid" not in invoice and not invoice.get("url")
    code, said = tally(*record, "--total", "1.005")
    assert code == USAGE and "--total 1.005: that is no amount of USD" in said
