"""A copy that follows a server under load, and what a disaster leaves of it."""

import json
import signal
import subprocess
import threading
import time

import grpc

from tally_client import TallyClient, new_id
from tally_server import BINARY, ROOT, TallyServer
from test_metrics import page
from test_walkthrough import attach, check, new_customer, track


def tally(*words):
    done = subprocess.run([BINARY, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


def health(server, service):
    """The status of a service's health, by hand: 1 SERVING, 2 NOT_SERVING."""
    client = TallyClient(server)
    try:
        request = bytes([0x0A, len(service)]) + service.encode()
        return client.call_bytes("/grpc.health.v1.Health/Check", request)[1]
    finally:
        client.close()


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def test_follow_kill_restore_loses_at_most_five_seconds(own_client, own_server, tmp_path):
    client, server, copy = own_client, own_server, tmp_path / "copy"
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    follower = subprocess.Popen(
        [BINARY, "backup", copy, "--data", server.data, "--follow", "--json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    acknowledged, stop = [], threading.Event()
    own = TallyClient(server, server.key)

    def work():
        while not stop.is_set():
            request_id = new_id("r")
            try:
                track(own, customer_id, request_id=request_id)
            except (grpc.RpcError, ValueError):
                return
            acknowledged.append((time.monotonic(), request_id))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        until(lambda: (copy / "live" / "MANIFEST").exists() and len(acknowledged) > 300, 20)
        time.sleep(2)
        server.kill()
        disaster = time.monotonic()
        # The source is gone: the follower ships no more.
        follower.kill()
    finally:
        stop.set()
        own.close()
        thread.join()
        follower.kill()
        follower.wait()

    restored = TallyServer(tmp_path / "restored", server.certificates)
    restored.data.parent.mkdir()
    code, printed, said = tally("restore", copy, "--data", restored.data, "--json")
    assert code == 0, said
    logs = [json.loads(line) for line in printed.splitlines()]
    assert {(log["environment"], log["log"]) for log in logs} >= {
        ("sandbox", "partition-0"), ("sandbox", "directory"), ("live", "partition-0")}
    # The key is in the copy, hashed: the same one opens.
    restored.key_file.write_text(server.key)
    restored.start()
    mine = TallyClient(restored, server.key)
    try:
        usage = check(mine, customer_id, feature_id="test_messages").balance.usage
        lost = [when for when, _ in acknowledged[int(usage):]]
        assert all(disaster - when <= 5 for when in lost), f"{len(lost)} lost"
        assert usage > 0
        # What was lost is sent again; what wasn't counts once.
        for _, request_id in acknowledged:
            track(mine, customer_id, request_id=request_id)
        usage = check(mine, customer_id, feature_id="test_messages").balance.usage
        assert usage == len(acknowledged)
    finally:
        mine.close()
        restored.kill()


def lag(server):
    """What the metrics say of the sandbox's copy; None: there is no such sample."""
    seen = page(server)
    return {
        "seconds": seen("tally_backup_lag_seconds", environment="sandbox"),
        "records": seen("tally_backup_lag_records", environment="sandbox"),
        "healthy": seen("tally_healthy", environment="sandbox", condition="backup")}


def is_close(behind):
    return behind["seconds"] is not None and behind["seconds"] < 5 and behind["records"] == 0


def test_a_follower_that_stops_ends_clean_and_one_that_dies_is_reported(own_client, own_server,
                                                                      tmp_path):
    server, copy = own_server, tmp_path / "copy"
    command = [BINARY, "backup", copy, "--data", server.data, "--follow"]
    for how, expected in ((signal.SIGTERM, 1), (signal.SIGKILL, 2)):
        follower = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    cwd=ROOT)
        until(lambda: json.loads((server.data / "sandbox" / "backup.json").read_text())
              if (server.data / "sandbox" / "backup.json").exists() else None, 10)
        time.sleep(1.2)
        assert health(server, "tally.backup.sandbox") == 1
        until(lambda: is_close(lag(server)), 10)
        follower.send_signal(how)
        code = follower.wait(10)
        if how == signal.SIGTERM:
            assert code == 0
            time.sleep(2)
            assert health(server, "tally.backup.sandbox") == expected
            assert lag(server)["seconds"] is None, "nothing follows"
            assert lag(server)["healthy"] == 1
        else:
            track(own_client, new_customer(own_client))
            until(lambda: health(server, "tally.backup.sandbox") == expected, 12)
            seen = lag(server)
            assert seen["seconds"] > 5 and seen["records"] > 0 and seen["healthy"] == 0
            assert "behind" in server.log.read_text()
    assert health(server, "") == 1, "calls are served all the same"


def test_the_rate_is_limited(server, tmp_path):
    for rate, code in (("0", 0), ("8", 0), ("7", 64), ("-1", 64), ("fast", 64)):
        done, _, said = tally("backup", tmp_path / rate, "--data", server.data, "--rate-mib", rate)
        assert done == code and (code == 0 or "rate-mib" in said), said


def test_refusals_say_what_to_do(server, tmp_path):
    code, _, said = tally("backup", tmp_path / "copy", "--data", tmp_path)
    assert code == 64 and "MANIFEST" in said
    code, _, said = tally("restore", tmp_path, "--data", tmp_path / "new")
    assert code == 64 and "MANIFEST" in said
    code, _, _ = tally("backup", tmp_path / "copy", "--data", server.data)
    assert code == 0
    code, _, said = tally("restore", tmp_path / "copy", "--data", server.data)
    assert code == 2 and "there already" in said
    code, printed, _ = tally(
        "log", "repair", tmp_path / "copy" / "sandbox" / "partition-0", "--dry-run")
    assert code == 0 and "nothing to repair" in printed
    code, _, said = tally(
        "log", "repair", server.data / "sandbox" / "partition-0", "--accept-loss")
    assert code == 2 and "in use" in said
