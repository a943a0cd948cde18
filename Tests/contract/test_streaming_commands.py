"""`tally customer watch` and `tally track --stream`, as a script would use them."""

import json
import subprocess
import threading
import time

import pytest

from tally_client import new_id
from tally_server import BINARY, ROOT
from test_walkthrough import attach, get, new_customer, track


def start(server, *words):
    return subprocess.Popen(
        [BINARY, *words, "--server", f"https://127.0.0.1:{server.port}", "--ca", server.ca_file,
         "--key-file", server.key_file, "--timeout", "20"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def restart_after(server, seconds):
    server.kill()
    threading.Timer(seconds, server.start).start()


def usage(client, customer_id):
    balances = {balance.feature_id: balance for balance in get(client, customer_id).balances}
    return balances["test_messages"].usage


@pytest.fixture
def customer(own_client):
    customer_id = new_customer(own_client)
    attach(own_client, customer_id, "test_free")  # 3 messages
    return customer_id


def test_a_watch_goes_on_after_a_restart(own_server, own_client, customer):
    watch = start(own_server, "customer", "watch", customer, "--count", "3", "--json")
    try:
        lines = [json.loads(watch.stdout.readline())]
        track(own_client, customer, 1)
        lines.append(json.loads(watch.stdout.readline()))
        restart_after(own_server, 0.3)
        time.sleep(1.5)
        track(own_client, customer, 1)
        lines.append(json.loads(watch.stdout.readline()))
        assert watch.wait(10) == 0
        left = [line["customer"]["balances"][0]["remaining"] for line in lines]
        assert left == [3, 2, 1]
    finally:
        watch.kill()
        watch.wait()


def test_a_watch_on_nobody_is_refused(own_server):
    watch = start(own_server, "customer", "watch", "nobody")
    assert watch.wait(10) == 2 and "nobody" in watch.stderr.read()


def test_reports_in_every_form(own_server, own_client, customer):
    lines = ["test_messages", "test_messages 0.25", "",
             json.dumps({"feature_id": "test_messages", "value": 0.5, "request_id": new_id("r")}),
             json.dumps({"customer_id": customer, "feature_id": "nothing"})]
    feed = start(own_server, "track", customer, "--stream", "--json")
    out, complaints = feed.communicate("\n".join(lines), timeout=20)
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer.get("refused", {}).get("reason") for answer in answers] == [
        None, None, None, "FEATURE_NOT_FOUND"]
    assert feed.returncode == 2 and "1 report" in complaints
    assert usage(own_client, customer) == 1.75


def test_a_line_that_makes_no_sense_is_named(own_server, own_client, customer):
    feed = start(own_server, "track", customer, "--stream")
    _, complaints = feed.communicate("test_messages 1\ntest_messages one\n", timeout=20)
    assert feed.returncode == 64 and "line 2" in complaints
    assert usage(own_client, customer) == 1


def test_reports_across_a_restart_count_once(own_server, own_client, customer):
    count = 3000
    feed = start(own_server, "track", customer, "--stream")

    def write():
        for index in range(count):
            feed.stdin.write("test_messages 0.001\n")
            if index == count // 2:
                feed.stdin.flush()
                time.sleep(1)
        feed.stdin.close()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    time.sleep(0.2)
    restart_after(own_server, 0.3)
    try:
        assert feed.wait(60) == 0
        assert "tracked 3,000 reports" in feed.stdout.read().splitlines()[-1]
        assert usage(own_client, customer) == pytest.approx(3.0)
    finally:
        feed.kill()
        feed.wait()
