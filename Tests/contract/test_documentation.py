"""The examples of the documentation run as they stand, and do what they say."""

import json
import subprocess

import pytest
from tally.v1 import customer_service_pb2 as customers_pb

from documentation import blocks, here, is_copied, run_lines
from tally_client import new_id
from tally_server import BINARY, ROOT
from test_walkthrough import get


def remaining(client, customer_id):
    return next(balance.remaining for balance in get(client, customer_id).balances
                if balance.feature_id == "messages")


def test_how_tally_works(own_client, own_server):
    printed = run_lines("how-it-works.md", own_server, every=True)
    initech = get(own_client, "initech")
    assert [plan.plan_id for plan in initech.subscriptions if plan.status == 1] == ["pro"]
    assert initech.invoices[0].total.minor_units == 2000
    # 1,990 once, and 20 of which 10 are beyond what is included.
    assert "counted before" in printed and "20.00 USD" in printed
    assert remaining(own_client, "initech") == 0
    assert is_copied(blocks("how-it-works.md", "json")[0], "examples/pricing.json")


@pytest.fixture
def acme(own_client, own_server):
    """As scripts/start has it."""
    own_client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(
        customer_id="acme", request_id=new_id("r")))
    for words in (["catalog", "apply", "examples/pricing.json"], ["customer", "create", "acme"]):
        subprocess.run([BINARY, *words], cwd=ROOT, check=True, env={
            "TALLY_CA": str(own_server.ca_file), "TALLY_KEY_FILE": str(own_server.key_file),
            "TALLY_SERVER": f"https://localhost:{own_server.port}"})
    return own_client


def test_the_quickstarts_that_are_run_here(acme, own_server):
    lines = here(blocks("quickstarts.md", "sh")[0], own_server)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", lines], cwd=ROOT, check=True,
                          capture_output=True, text=True, timeout=60)
    check, track = split(done.stdout)
    assert check["allowed"] and track["balance"]["remaining"] == 99
    python = blocks("quickstarts.md", "python")
    assert len(python) == 2
    for number, block in enumerate(python):
        exec(here(block, own_server), {})
        assert remaining(acme, "acme") == 98 - number


def split(printed):
    """The JSON values that stand one after another."""
    values, rest, decoder = [], printed.strip(), json.JSONDecoder()
    while rest:
        value, end = decoder.raw_decode(rest)
        values.append(value)
        rest = rest[end:].strip()
    return values


@pytest.mark.parametrize("language, file", [
    ("go", "Tests/clients/go/client.go"), ("cpp", "Tests/clients/cpp/client.cc"),
    ("java", "Tests/clients/java/Client.java"), ("ruby", "Tests/clients/ruby/client.rb")])
def test_the_other_quickstarts_are_out_of_programs_that_are_run(language, file):
    """By scripts/full/clients."""
    for block in blocks("quickstarts.md", language):
        assert is_copied(block, file)
    assert not is_copied("what nobody wrote\n", file)
