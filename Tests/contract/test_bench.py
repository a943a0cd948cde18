"""What the figures come from: the clients of `tally bench` do what they say, and say what failed;
scripts/bench runs and gives its rows. How fast all that is, isn't judged here."""

import json
import subprocess
import time

import pytest

from tally_server import BINARY, ROOT, TallyServer


@pytest.fixture(scope="module")
def small_server(tmp_path_factory, certificates):
    """It takes 40 connections."""
    server = TallyServer(tmp_path_factory.mktemp("bench"), certificates)
    command = server.command
    server.command = lambda: ["env", "TALLY_MAX_CONNECTIONS=40", *command()]
    try:
        server.start()
        bench(server, "load", "--prepare", "--calls", "1", "--connections", "1")
        yield server
    finally:
        server.kill()


def bench(server, name, *options, code=0):
    """The lines that it prints; its input is at its end."""
    command = [BINARY, "bench", name, "--server", f"https://127.0.0.1:{server.port}", "--ca",
               server.ca_file, "--key-file", server.key_file, "--customers", "20", "--json",
               *options]
    time.sleep(0.2)  # the connections of the one before are gone then
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=60)
    assert result.returncode == code, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("calls", ["0", "2"])
def test_idle_connections_are_held_until_the_input_ends(small_server, calls):
    opened, closed = bench(small_server, "idle", "--connections", "8", "--calls", calls)
    assert (opened["ok"], opened["failed"]) == (8, 0)
    assert closed == {"still_open": 8}


def test_connections_that_the_server_refuses_are_failures(small_server):
    opened, closed = bench(small_server, "idle", "--connections", "45", "--at-once", "1", code=1)
    assert (opened["ok"], opened["failed"]) == (40, 5)
    assert sum(opened["failures"].values()) == 5
    assert closed == {"still_open": 40}


def test_churn_makes_every_connection_that_was_due(small_server):
    options = ["--rate", "100", "--seconds", "1", "--at-once", "8"]
    [result] = bench(small_server, "churn", *options)
    assert (result["ok"], result["failed"]) == (100, 0)
    assert 0.9 < result["seconds"] < 30


def test_denied_checks_are_failures(small_server):
    [result] = bench(small_server, "churn", "--rate", "50", "--seconds", "0.1", "--at-once", "5",
                     "--feature", "nothing-of-the-kind", code=1)
    assert (result["ok"], result["failed"]) == (0, 5)


@pytest.mark.parametrize("rate, calls, least", [("1000", "500", 0.45), ("400", "100", 0.2)])
def test_a_load_keeps_its_rate(small_server, rate, calls, least):
    [result] = bench(small_server, "load", "--rate", rate, "--calls", calls, "--connections", "3")
    assert (result["ok"], result["failed"]) == (int(calls), 0)
    assert result["seconds"] >= least


@pytest.mark.parametrize("options, names", [
    (["check", "--against", BINARY], ["check@this", "check@against", "check-ratio"]),
    (["half-load"], ["check-half-load", "track-half-load"]),
    (["json-check"], ["json-check"]),
    (["churn", "--churn-rate", "50", "--churn-seconds", "1"], ["churn"]),
    (["restart", "--tail", "300"], ["restart-1-core", "restart-2-cores"]),
])
def test_the_script_gives_its_rows(tmp_path, options, names):
    command = [ROOT / "scripts" / "bench", "--json", "--tally", BINARY, "--work", tmp_path,
               "--customers", "100", "--seconds", "0.2", "--runs", "1", *options]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            timeout=120)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["name"] for row in rows] == names
    assert not any(row.get("failed") for row in rows)
    if options[0] == "restart":
        assert all(row["records"] >= 300 for row in rows)  # the tail at least
    assert not list(tmp_path.iterdir())  # no data is left behind
