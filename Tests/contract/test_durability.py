"""kill -9 in full flight, and who owns a folder."""

import subprocess
import threading
import time

import grpc

from tally_client import TallyClient, new_id
from tally_server import TallyServer
from test_walkthrough import attach, check, get, new_customer, track


def test_acknowledged_use_survives_kill_and_nothing_counts_twice(own_client, own_server):
    """acknowledged <= recovered <= submitted; then every id is sent again, and each counts once."""
    client, server = own_client, own_server
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    submitted, acknowledged, lock = [], [], threading.Lock()

    def work():
        while True:
            request_id = new_id("r")
            with lock:
                submitted.append(request_id)
            try:
                track(own, customer_id, request_id=request_id)
            except (grpc.RpcError, ValueError):  # the server is gone, or the channel is closed
                return
            with lock:
                acknowledged.append(request_id)

    own = TallyClient(server, server.key)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 500:
        time.sleep(0.01)
    server.kill()
    own.close()
    for thread in threads:
        thread.join()

    server.start()
    recovered = check(client, customer_id, feature_id="test_messages").balance.usage
    assert len(acknowledged) <= recovered <= len(submitted)
    for request_id in submitted:
        track(client, customer_id, request_id=request_id)
    assert check(client, customer_id, feature_id="test_messages").balance.usage == len(submitted)


def test_a_clean_stop_loses_nothing(own_client, own_server):
    client, server = own_client, own_server
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    track(client, customer_id)
    before = get(client, customer_id)
    assert server.stop() == 0
    server.start()
    assert get(client, customer_id) == before


def test_a_second_server_on_the_same_folder_refuses(server, client):
    second = TallyServer(server.data.parent, server.certificates)
    done = subprocess.run(
        second.command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert str(server.data) in done.stderr + done.stdout
    assert server.answers()
