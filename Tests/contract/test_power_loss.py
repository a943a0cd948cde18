"""Every state that a power cut could leave, of a real server's real life: it starts, and all that
was acknowledged is there, once."""

import os
import queue
import threading
import time
from pathlib import Path

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import usage_service_pb2 as usage_pb

import checkout
import disk_states
import pricing
from disk_faults import recorder
from tally_client import TallyClient
from tally_server import TallyServer
from test_walkthrough import check, get

# scripts/full/power-loss looks at every state, scripts/test at some of them.
EVERY = 1 if os.environ.get("TALLY_FULL") else 12
WORKERS = 2
CUSTOMERS = 3
TRACKS = 8  # of each customer, in each life


class Work:
    """What clients do, and when each call was answered."""

    def __init__(self):
        self.answered = {}  # a call's key: nanoseconds
        self.pages = []

    def run(self, key, call):
        reply = call()
        self.answered[key] = time.time_ns()
        return reply


def create(client, name):
    return client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=name, name="Acme", request_id=f"create-{name}"))


def attach(client, name, plan):
    return client.call("Attach", attach_pb.AttachRequest(
        customer_id=name, plan_id=plan, request_id=f"{plan}-{name}"))


def track(client, name, number):
    return client.call("Track", usage_pb.TrackRequest(
        customer_id=name, feature_id="test_messages", value=1, request_id=f"track-{number}"))


def names():
    return [f"customer-{number}" for number in range(CUSTOMERS)]


def first_life(work, server):
    client = TallyClient(server, server.key)
    work.run("catalog", lambda: pricing.publish(client))
    for name in names():
        work.run(("create", name), lambda: create(client, name))
        work.run(("attach", name), lambda: attach(client, name, "test_unlimited"))
    track_all(work, server, range(TRACKS))
    offer = attach(client, "customer-0", "test_pro")
    assert checkout.pay(offer.payment_url, server.ca_file).status == 200
    work.run("bought", lambda: check(client, "customer-0", plan_id="test_pro"))
    time.sleep(0.05)  # a closing frame is written
    client.close()


def track_all(work, server, numbers):
    """All customers at the same time, so that batches hold several records."""
    def run(name):
        client = TallyClient(server, server.key)
        for number in numbers:
            work.run(("track", name, number), lambda: track(client, name, number))
        client.close()
    threads = [threading.Thread(target=run, args=(name,)) for name in names()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="module")
def life(tmp_path_factory, certificates):
    """A server's life with a kill -9 in the middle: what it wrote, and what it answered."""
    folder = tmp_path_factory.mktemp("recorded")
    server, work = TallyServer(folder, certificates), Work()
    server.data.mkdir()
    record = folder / "record"
    server.environment = {
        "LD_PRELOAD": str(recorder(folder)), "RECORD_FOLDER": str(server.data),
        "RECORD_FILE": str(record), "TALLY_LOG_SEGMENT_MIB": "1"}
    try:
        server.start()
        first_life(work, server)
        server.kill()
        server.start()
        track_all(work, server, range(TRACKS, 2 * TRACKS))
        assert server.stop() == 0
    finally:
        server.kill()
    return server, work, disk_states.read_record(record)


def test_the_record_is_complete(life):
    """What was recorded makes the very files that are there."""
    server, _, operations = life
    machine = disk_states.Machine()
    for operation in operations:
        machine.apply(operation)
    state = machine.state("kill")
    files = {str(path.relative_to(server.data)): path for path in server.data.rglob("*")}
    assert set(state) == set(files)
    for name, path in files.items():
        if path.is_file():
            there = disk_states.Content()
            there.write(0, path.read_bytes())
            assert (state[name].size, state[name].pages) == (there.size, there.pages), name


def faults_of(state, folder, life, certificates):
    """What is wrong with a server that starts from the state; empty: nothing."""
    original, work, _ = life
    disk_states.save(state.files, folder / "data")
    server = TallyServer(folder, certificates)
    server.key_file.write_text(original.key)
    server.environment = {"TALLY_LOG_SEGMENT_MIB": "1"}
    try:
        server.start()
    except AssertionError as error:
        return [f"it doesn't start: {error}"]
    try:
        client = TallyClient(server, server.key)
        due = {key for key, time in work.answered.items() if time < state.nanoseconds}
        found = [] if due and server.key != original.key else list(check_all(client, due))
        client.close()
        if due and server.key != original.key:
            found = ["the API key is gone"]
        return found
    except (grpc.RpcError, AssertionError) as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        server.kill()


def check_all(client, due):
    """Sends everything again under the same request ids: what was acknowledged is replayed, the
    rest is done now, and everything counts once."""
    if "catalog" in due and "test_pro" not in plans(client):
        yield "the catalog is gone"
    pricing.publish(client)
    if "bought" in due:
        if not check(client, "customer-0", plan_id="test_pro").allowed:
            yield "the plan that was paid for is gone"
        if len(get(client, "customer-0").invoices) != 1:
            yield "the invoice isn't there, or is there twice"
    for name in names():
        for key, reply in (
                (("create", name), create(client, name)),
                (("attach", name), attach(client, name, "test_unlimited"))):
            if key in due and not reply.replayed:
                yield f"{key} is gone"
        for number in range(2 * TRACKS):
            if not track(client, name, number).replayed and ("track", name, number) in due:
                yield f"track {number} of {name} is gone"
        parts = check(client, name, feature_id="test_messages").balance
        if parts.usage != 2 * TRACKS:
            yield f"{name} used {parts.usage}, not {2 * TRACKS}"


def plans(client):
    from tally.v1 import catalog_service_pb2 as catalog_pb
    reply = client.call("GetCatalog", catalog_pb.GetCatalogRequest())
    return {plan.plan_id for plan in reply.catalog.plans}


def test_acknowledged_is_there_in_every_state(life, certificates, tmp_path):
    waiting, failed = queue.Queue(), []
    states = disk_states.states(life[2], EVERY)
    for number, state in enumerate(states):
        waiting.put((number, state))

    def work():
        while True:
            try:
                number, state = waiting.get_nowait()
            except queue.Empty:
                return
            folder = tmp_path / f"state-{number}"
            folder.mkdir()
            found = faults_of(state, folder, life, certificates)
            failed.extend(f"before operation {state.operation}, {'/'.join(state.models)}: {fault}"
                          for fault in found)
            remove(folder)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(life[2])} operations, {len(states)} states, {len(failed)} faults")
    assert not failed, "\n".join(failed[:20])
    assert len(states) > 20


def remove(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
