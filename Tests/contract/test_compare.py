"""`tally compare`: the same checks to two servers, of which the second stands for Autumn."""

import json
import ssl
import subprocess

import httpx
import pytest

from older_client import server_with_catalog
from tally_server import BINARY, ROOT

ALIKE, DIFFERENT, REFUSED, UNREACHABLE, USAGE = 0, 1, 2, 3, 64


@pytest.fixture(scope="module")
def servers(tmp_path_factory, certificates):
    with server_with_catalog(tmp_path_factory.mktemp("here"), certificates) as here, \
            server_with_catalog(tmp_path_factory.mktemp("there"), certificates) as there:
        for server in (here, there):
            for customer_id in ("acme", "globex"):
                post(server, "customers.get_or_create", customer_id=customer_id)
            post(server, "balances.track", customer_id="acme", feature_id="messages", value=2)
        yield here, there


def post(server, method, **body):
    reply = httpx.post(f"https://localhost:{server.port}/v1/{method}", json=body,
                       headers={"authorization": f"Bearer {server.key}"},
                       verify=ssl.create_default_context(cafile=server.ca_file))
    assert reply.status_code == 200, reply.text
    return reply.json()


def compare(servers, *words, json_out=True):
    here, there = servers
    done = subprocess.run(
        [BINARY, "compare", "--server", f"https://localhost:{here.port}", "--ca", here.ca_file,
         "--key-file", here.key_file, "--autumn", f"https://localhost:{there.port}",
         "--autumn-key-file", there.key_file, "--autumn-ca", there.ca_file, *words,
         # The customers were made some milliseconds apart.
         "--ignore", "balance.next_reset_at", *(["--json"] if json_out else [])],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "Fatal error" not in done.stderr, done.stderr
    return done.returncode, done.stdout if not json_out or not done.stdout else json.loads(
        done.stdout), done.stderr


def test_two_alike_are_alike(servers):
    code, told, _ = compare(servers)
    # Two customers, five features.
    assert (code, told) == (ALIKE, {"checks": 10, "alike": 10, "different": []})
    assert compare(servers, "--sample", "3")[1]["checks"] == 3
    assert compare(servers, "--customer", "acme", "--feature", "sso")[1]["checks"] == 1


def test_one_balance_that_differs_is_found(servers, tmp_path):
    here, there = servers
    post(there, "balances.update", customer_id="globex", feature_id="messages", remaining=4)
    code, told, _ = compare(servers)
    assert code == DIFFERENT and (told["checks"], told["alike"]) == (10, 9)
    (found,) = told["different"]
    assert found["check"] == {"customer_id": "globex", "feature_id": "messages"}
    assert [(d["field"], d["tally"], d["autumn"]) for d in found["differences"]] == [
        ("balance.remaining", 5, 4), ("balance.usage", 0, 1)]
    # As it was recorded: 5 are allowed here and not there. Nothing is deducted, or reserved.
    checks = tmp_path / "checks.jsonl"
    checks.write_text("\n".join(json.dumps(check) for check in [
        {"customer_id": "globex", "feature_id": "messages", "required_balance": 5,
         "send_event": True, "lock": {"enabled": True, "lock_id": "l"}},
        {"customer_id": "nobody", "feature_id": "messages"}]) + "\n")
    for _ in range(2):
        code, told, _ = compare(servers, "--checks", checks)
        assert code == DIFFERENT and (told["checks"], told["alike"]) == (2, 1)
        assert told["different"][0]["differences"][0] == {
            "field": "allowed", "tally": True, "autumn": False}
    code, text, _ = compare(servers, json_out=False)
    assert code == DIFFERENT and text.splitlines() == [
        "globex messages", "  balance.remaining: 5 in Tally, 4 in Autumn",
        "  balance.usage: 0 in Tally, 1 in Autumn", "10 checks, 9 alike, 1 different"]
    ignored = ("--ignore", "balance.remaining", "--ignore", "balance.usage")
    assert compare(servers, *ignored)[0] == ALIKE
    post(there, "balances.update", customer_id="globex", feature_id="messages", remaining=5)


def test_what_keeps_it_from_comparing_is_said(servers, tmp_path):
    here, _ = servers
    wrong = tmp_path / "wrong.key"
    wrong.write_text("tally_sk_sandbox_wrong")
    code, _, said = compare(servers, "--autumn-key-file", wrong)
    assert code == REFUSED and "Autumn" in said and "401" in said
    code, _, said = compare(servers, "--autumn", "https://localhost:1")
    assert code == UNREACHABLE and "https://localhost:1" in said
    for words in (["--autumn", "http://localhost"], ["--sample", "0"], ["--ignore", "colour"],
                  ["--checks", "none.jsonl"], ["--autumn-key-file", tmp_path / "none"]):
        assert compare(servers, *words)[0] == USAGE, words
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"customer_id": "acme"}\n[1]\n')
    code, _, said = compare(servers, "--checks", bad)
    assert code == REFUSED and "line 2" in said
