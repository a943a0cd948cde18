"""Customers divided over several logs: which number counts, and what the commands show of them."""

import json
import subprocess

import pytest

from conftest import connected
from tally_client import new_id
from tally_server import BINARY, ROOT, TallyServer
from test_streams import report, stream, used
from test_walkthrough import attach, check, new_customer, track


@pytest.fixture
def divided(tmp_path, certificates):
    server = TallyServer(tmp_path, certificates)
    server.environment = {"TALLY_PARTITIONS": "4", "TALLY_LOG_SEGMENT_MIB": "1"}
    try:
        server.start()
        yield server
    finally:
        server.kill()


def refusal(server, partitions):
    """What a server that must not start says."""
    done = subprocess.run(
        [*server.command(), "--partitions", str(partitions)], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert done.returncode == 2, done.stderr
    return done.stderr


def test_the_number_stays_and_another_is_refused(divided):
    server = divided
    client = next(clients := connected(server))
    customers = [new_customer(client) for _ in range(24)]
    for customer in customers:
        attach(client, customer, "test_free")
        track(client, customer)
    before = [check(client, customer, feature_id="test_messages") for customer in customers]
    assert server.stop() == 0
    assert (server.data / "sandbox" / "MANIFEST").read_text().count("partitions: 4\n") == 1
    assert "was made with partitions = 4" in refusal(server, 1)
    assert "was made with partitions = 4" in refusal(server, 5)
    server.environment["TALLY_PARTITIONS"] = ""  # as if it were left out
    server.start()
    assert [check(client, customer, feature_id="test_messages") for customer in customers] == before
    clients.close()


def test_a_stream_answers_in_order_whichever_log_is_first(divided):
    client = next(clients := connected(divided))
    customers = [new_customer(client) for _ in range(12)]
    for customer in customers:
        attach(client, customer, "test_free")  # 3 messages
    ids = [new_id("r") for _ in range(1200)]
    reports = [report(customers[number % 12], one, value=0.01) for number, one in enumerate(ids)]
    answers = list(stream(client, "StreamTrack", iter(reports)))
    assert [answer.request_id for answer in answers] == ids
    assert [used(client, customer) for customer in customers] == pytest.approx([1] * 12)
    again = list(stream(client, "StreamTrack", iter(reports)))
    assert all(answer.tracked.replayed for answer in again)
    clients.close()


def test_log_commands_know_every_partition(divided):
    server = divided
    client = next(clients := connected(server))
    names = {new_customer(client) for _ in range(24)}
    assert server.stop() == 0
    clients.close()
    verified = subprocess.run(
        [BINARY, "log", "verify", server.data, "--json"], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr
    logs = [json.loads(line) for line in verified.stdout.splitlines()]
    assert len(logs) == 10 and all(log["verdict"] == "whole" for log in logs)
    seen = []
    for number in range(4):
        inspected = subprocess.run(
            [BINARY, "log", "inspect", server.data / "sandbox" / f"partition-{number}", "--json"],
            capture_output=True, text=True, check=True)
        seen.append({json.loads(line)["customer"] for line in inspected.stdout.splitlines()})
    assert sum(1 for customers in seen if customers) > 1, "they are divided"
    assert sum(len(customers) for customers in seen) == len(set.union(*seen)), "no two have one"
    assert names <= set.union(*seen)
    several = subprocess.run(
        [BINARY, "log", "inspect", server.data / "sandbox"], capture_output=True, text=True)
    assert several.returncode == 64 and "partition-3" in several.stderr


def log_command(*words):
    return subprocess.run([BINARY, "log", *words], capture_output=True, text=True, timeout=60)


def test_in_a_copy_an_empty_partition_is_a_log_without_records(divided, tmp_path):
    """It has no segment there; nothing is wrong with it, and so there is nothing to repair."""
    copy = tmp_path / "copy"
    subprocess.run([BINARY, "backup", copy, "--data", divided.data], check=True,
                   capture_output=True, timeout=60)
    partitions = [copy / "sandbox" / f"partition-{number}" for number in range(4)]
    empty = [folder for folder in partitions if not list(folder.glob("segment-*"))]
    assert empty, "nobody is in them"
    for how in ("--dry-run", "--accept-loss"):
        done = log_command("repair", empty[0], how)
        assert done.returncode == 0 and "nothing to repair" in done.stdout, done
        assert log_command("repair", empty[0], how, "--json").stdout == '{"damaged":false}\n'
    verified = log_command("verify", copy, "--json")
    logs = [json.loads(line) for line in verified.stdout.splitlines()]
    assert len(logs) == 10 and all(log["verdict"] == "whole" for log in logs)
    # What isn't known to be a log, or is known to have had records, is still refused.
    (empty[0] / "snapshot-0000000000000001").touch()
    assert log_command("repair", empty[0], "--dry-run").returncode == 64
    (empty[0] / "snapshot-0000000000000001").unlink()
    (copy / "sandbox" / "MANIFEST").unlink()
    refused = log_command("repair", empty[0], "--dry-run")
    assert refused.returncode == 64 and "there is no log" in refused.stderr
