"""Questions about usage on their own threads: who asks too much is refused, nobody else notices."""

import subprocess
import time

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from tally.v1 import usage_service_pb2 as usage_pb

import pricing
from tally_client import TallyClient, new_id
from tally_server import BINARY, TallyServer
from test_walkthrough import attach, check, new_customer

EVENTS = 20_000
PER_KEY, WAITING = 3, 4


@pytest.fixture(scope="module")
def busy(tmp_path_factory, certificates):
    """A server with a small pool, a customer with many events, and clients with three keys."""
    server = TallyServer(tmp_path_factory.mktemp("busy"), certificates)
    server.environment = {"TALLY_SLOW_CALL_THREADS": "1", "TALLY_SLOW_CALLS_WAITING": str(WAITING),
                          "TALLY_SLOW_CALLS_PER_KEY": str(PER_KEY)}
    clients = []
    try:
        server.start()
        clients.append(TallyClient(server, server.key))
        pricing.publish(clients[0])
        customer_id = new_customer(clients[0])
        attach(clients[0], customer_id, "test_unlimited")
        for _ in range(EVENTS // 500):
            for call in [clients[0].track_later(customer_id) for _ in range(500)]:
                call.result()
        for name in "bc":
            made = subprocess.run(
                [BINARY, "keys", "create", "--environment", "sandbox", "--data", server.data,
                 "--name", name], check=True, capture_output=True, text=True)
            clients.append(TallyClient(server, next(
                word for word in made.stdout.split() if word.startswith("tally_sk_"))))
        time.sleep(1.5)  # the server looks for new keys once a second
        yield server, clients, customer_id
    finally:
        for client in clients:
            client.close()
        server.kill()


def ask_later(client, customer_id, timeout=30):
    """Each of these takes a thread for some milliseconds."""
    stub = next(stub for stub in client.stubs if hasattr(stub, "ListEvents"))
    return stub.ListEvents.future(usage_pb.ListEventsRequest(
        selection=usage_pb.EventSelection(customer_id=customer_id), page_size=1000),
        timeout=timeout)


def outcomes(calls):
    refused = [call.exception() for call in calls if call.exception()]
    return len(calls) - len(refused), refused


def details(error):
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for detail in rpc_status.from_call(error).details:
        detail.Unpack(info) or detail.Unpack(retry)
    return info.reason, retry.retry_delay.seconds


def test_one_key_asks_too_much(busy):
    server, (greedy, modest, _), customer_id = busy
    calls = [ask_later(greedy, customer_id) for _ in range(100)]
    other = ask_later(modest, customer_id)
    assert len(other.result().events) == 1000
    done, refused = outcomes(calls)
    assert done >= PER_KEY and refused
    assert {(error.code(), *details(error)) for error in refused} == {
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", 1)}
    assert all("the caller has" in error.details() for error in refused)
    # There is room again.
    assert ask_later(greedy, customer_id).result().events


def test_all_together_ask_too_much_and_checks_go_on(busy):
    server, clients, customer_id = busy
    calls = []
    end = time.monotonic() + 3
    while time.monotonic() < end:
        calls += [ask_later(client, customer_id) for client in clients for _ in range(PER_KEY)]
        assert check(clients[0], customer_id, feature_id="test_messages").allowed
    done, refused = outcomes(calls)
    assert done
    assert any("are waiting" in error.details() for error in refused)
    assert {details(error) for error in refused} == {("TOO_MANY_CALLS", 1)}


def test_who_gives_up_leaves_room(busy):
    """Without a trace: what was cancelled or is too late takes neither thread nor place for long."""
    server, (first, second, _), customer_id = busy
    for _ in range(20):
        for call in [ask_later(first, customer_id) for _ in range(PER_KEY)]:
            call.cancel()
    assert ask_later(second, customer_id).result().events
    # Now and then an answer is quicker than the client's clock.
    late = [ask_later(second, customer_id, timeout=0.0001).exception() for _ in range(5)]
    assert grpc.StatusCode.DEADLINE_EXCEEDED in {fault.code() for fault in late if fault}
    assert ask_later(first, customer_id).result().events
