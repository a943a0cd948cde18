"""A disk that fills up, and one whose syncs fail, under a real server."""

import time

import grpc
import pytest

import pricing
from disk_faults import recorder, small_disk
from tally_client import TallyClient, new_id, refusal
from tally_server import TallyServer
from test_walkthrough import attach, check, new_customer, track

PATIENCE = 30  # seconds
SIZE = 32  # MiB: what two environments need at first, and some more


@pytest.fixture
def full_server(tmp_path, certificates):
    with small_disk(tmp_path / "disk", SIZE) as disk:
        server = TallyServer(disk.folder, certificates)
        server.environment = {"TALLY_LOG_SEGMENT_MIB": "1"}
        server.disk = disk
        try:
            server.start()
            yield server
        finally:
            server.kill()


def fill(client, customer_id):
    """Tracks until the disk is full; how many were acknowledged, and the refusal."""
    count = 0
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        calls = [client.track_later(customer_id, request_id=f"{new_id('r'):x<63}")
                 for _ in range(500)]
        errors = [error for error in (call.exception() for call in calls) if error]
        count += len(calls) - len(errors)
        full = [e for e in errors if e.code() == grpc.StatusCode.RESOURCE_EXHAUSTED]
        if full:
            return count, full[0]
        assert all(e.code() == grpc.StatusCode.UNAVAILABLE for e in errors), errors
    raise AssertionError("the disk doesn't fill up")


def usage(client, customer_id):
    return check(client, customer_id, feature_id="test_messages").balance.usage


def test_a_full_disk_refuses_changes_and_goes_on_by_itself(full_server):
    server = full_server
    client = TallyClient(server, server.key)
    pricing.publish(client)
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    server.disk.fill()
    count, error = fill(client, customer_id)
    assert "full" in error.details()
    # Nothing of what was refused counts, reads go on, the server lives.
    assert usage(client, customer_id) == count
    assert refusal(track, client, customer_id).code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert server.is_running

    server.disk.make_room()
    end = time.monotonic() + PATIENCE
    while True:
        try:
            track(client, customer_id)
            break
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert time.monotonic() < end, "there is room again, but nothing is written"
            time.sleep(0.1)
    assert usage(client, customer_id) == count + 1
    server.kill()
    server.start()
    assert usage(client, customer_id) == count + 1
    client.close()


def test_a_sync_that_fails_stops_the_server_and_loses_nothing(tmp_path, certificates):
    server, broken = TallyServer(tmp_path, certificates), tmp_path / "broken"
    server.environment = {"LD_PRELOAD": str(recorder(tmp_path)), "SYNC_FAILS": str(broken)}
    try:
        server.start()
        client = TallyClient(server, server.key)
        pricing.publish(client)
        customer_id = new_customer(client)
        attach(client, customer_id, "test_unlimited")
        for _ in range(20):
            track(client, customer_id)
        broken.touch()
        # Not acknowledged, nor is anything after it; the server says why and ends.
        lost = new_id("r")
        unsure = refusal(lambda: track(client, customer_id, request_id=lost))
        assert unsure.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        assert server.process.wait(PATIENCE) == 3
        assert "fdatasync" in server.log.read_text()
        broken.unlink()
        server.start()
        assert usage(client, customer_id) in (20, 21)
        track(client, customer_id, request_id=lost)
        assert usage(client, customer_id) == 21
        client.close()
    finally:
        server.kill()


def test_a_catalog_log_that_fails_stops_the_server_too(tmp_path, certificates):
    """The directory's log has a small part, and nothing is served without it."""
    server, broken = TallyServer(tmp_path, certificates), tmp_path / "broken"
    server.environment = {"LD_PRELOAD": str(recorder(tmp_path)), "SYNC_FAILS": str(broken)}
    try:
        server.start()
        client = TallyClient(server, server.key)
        broken.write_text("/sandbox/directory/")
        # Customers' logs are whole, and what needs no new catalog goes on.
        customer_id = new_customer(client)
        unsure = refusal(pricing.publish, client)
        assert unsure.code == grpc.StatusCode.UNAVAILABLE
        assert unsure.reason == "LOG_FAILED"
        assert server.process.wait(PATIENCE) == 3
        text = server.log.read_text()
        assert "the log failed; the server stops" in text
        assert "/sandbox/directory/segment-" in text and "Check the disk, then start" in text
        broken.unlink()
        server.start()
        # Whether that was on disk isn't known; publishing again is harmless.
        pricing.publish(client)
        attach(client, customer_id, "test_unlimited")
        track(client, customer_id)
        assert usage(client, customer_id) == 1
        client.close()
    finally:
        server.kill()
