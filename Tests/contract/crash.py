"""kill -9, again and again, under a server that is at work. Run by scripts/crash-test.

Each client owns its customers and knows to the unit what they used: it sends a call until it is
answered, under one request id, and every answer must say what the client counts. So an
acknowledged use that is lost shows, and so does one that is counted twice."""

import argparse
import multiprocessing
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import conftest  # generates the stubs  # noqa: F401
import grpc
from tally_server import BINARY, ROOT, TallyServer

CLIENTS = 3
CUSTOMERS = 4  # of each client, all at work at the same time
PATIENCE = 60  # seconds without an answer
RETRY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN,
         grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.INTERNAL)


class Wrong(Exception):
    """An answer that isn't what the client counts."""


class Customer:
    """One customer after the other, each used for a while by one thread."""

    def __init__(self, client, generation, answers):
        self.client, self.generation, self.answers = client, generation, answers
        self.number = 0
        self.kept = []

    def call(self, method, request):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                reply = self.client.call(method, request)
                self.answers.value += 1
                return reply
            except grpc.RpcError as error:
                if error.code() not in RETRY or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def request_id(self):
        self.number += 1
        return f"{self.generation}-{self.number}"

    def run(self, stop, dice):
        from tally.v1 import attach_service_pb2, customer_service_pb2
        while not stop.is_set():
            name = f"customer-{self.request_id()}"
            created = self.call(
                "GetOrCreateCustomer", customer_service_pb2.GetOrCreateCustomerRequest(
                    customer_id=name, name="Acme", request_id=self.request_id()))
            if not created.created:
                raise Wrong(f"{name} was there already")
            self.call("Attach", attach_service_pb2.AttachRequest(
                customer_id=name, plan_id="test_unlimited", request_id=self.request_id()))
            used = 0
            for _ in range(dice.randint(1, 400)):
                used = self.use(name, used, dice.randint(1, 5), deducts=dice.random() < 0.3)
                if stop.is_set():
                    break
            self.kept.append((name, used))

    def use(self, name, used, value, deducts):
        from tally.v1 import entitlement_service_pb2, usage_service_pb2
        if deducts:
            reply = self.call("Check", entitlement_service_pb2.CheckRequest(
                customer_id=name, feature_id="test_messages", required_quantity=value,
                deduct=True, request_id=self.request_id()))
        else:
            reply = self.call("Track", usage_service_pb2.TrackRequest(
                customer_id=name, feature_id="test_messages", value=value,
                request_id=self.request_id()))
        if reply.balance.usage != used + value:
            raise Wrong(f"{name} used {reply.balance.usage}, not {used + value}")
        return used + value


def client_process(server, number, seed, stop, answers, queue):
    """Its own process: several customers over one connection."""
    from tally_client import TallyClient
    client = TallyClient(server, server.key)
    customers = [Customer(client, f"{seed}-{number}-{index}", answers)
                 for index in range(CUSTOMERS)]
    faults = []

    def work(customer):
        try:
            customer.run(stop, random.Random(f"{customer.generation}"))
        except Exception as error:  # noqa: BLE001: whatever it is, it is the result
            faults.append(f"{type(error).__name__}: {error}")
            stop.set()

    threads = [threading.Thread(target=work, args=(customer,)) for customer in customers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((faults, [pair for customer in customers for pair in customer.kept]))
    client.close()


def verify(server, kept):
    """What is wrong with the customers at the end."""
    from tally.v1 import entitlement_service_pb2
    from tally_client import TallyClient
    client = TallyClient(server, server.key)
    for name, used in kept:
        usage = client.call("Check", entitlement_service_pb2.CheckRequest(
            customer_id=name, feature_id="test_messages")).balance.usage
        if usage != used:
            yield f"{name} used {usage}, not {used}"
    client.close()


def crash(server, rounds, dice, answers, stop):
    """Kills and starts; every round waits until calls are answered again."""
    for number in range(1, rounds + 1):
        before, end = answers.value, time.monotonic() + PATIENCE
        while answers.value < before + 50 and not stop.is_set():
            if time.monotonic() > end:
                raise Wrong("no call is answered any more")
            time.sleep(0.01)
        time.sleep(dice.random() * 0.3)
        if stop.is_set():
            return
        server.kill()
        server.start()
        if number % 10 == 0:
            print(f"round {number} of {rounds}: {answers.value} calls answered", flush=True)


def run(folder, rounds, seed, partitions):
    import pricing
    from tally_client import TallyClient
    subprocess.run([ROOT / "scripts" / "dev-certs", folder / "certificates"], check=True)
    server = TallyServer(folder, folder / "certificates")
    server.environment = {"TALLY_LOG_SEGMENT_MIB": "1", "TALLY_PARTITIONS": str(partitions)}
    context = multiprocessing.get_context("spawn")
    stop, answers, queue = context.Event(), context.Value("q", 0), context.Queue()
    try:
        server.start()
        pricing.publish(client := TallyClient(server, server.key))
        client.close()
        server.process, process = None, server.process  # a process can't be handed over
        clients = [context.Process(
            target=client_process, args=(server, number, seed, stop, answers, queue))
            for number in range(CLIENTS)]
        for client in clients:
            client.start()
        server.process = process
        crash(server, rounds, random.Random(seed), answers, stop)
        stop.set()
        results = [queue.get(timeout=PATIENCE + 30) for _ in clients]
        for client in clients:
            client.join()
        faults = [fault for found, _ in results for fault in found]
        kept = [pair for _, pairs in results for pair in pairs]
        faults += verify(server, kept)
        server.kill()
        checked = subprocess.run(
            [BINARY, "log", "verify", server.data / "sandbox"], capture_output=True, text=True)
        if checked.returncode != 0:
            faults.append(checked.stdout)
        return faults, answers.value, len(kept)
    finally:
        stop.set()
        server.kill()


def main():
    parser = argparse.ArgumentParser(prog="scripts/crash-test")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--partitions", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tally-crash-") as folder:
        faults, calls, customers = run(
            Path(folder), options.rounds, options.seed, options.partitions)
    print(f"{options.rounds} kills, {calls} calls answered, {customers} customers, "
          f"{len(faults)} faults, in {time.monotonic() - began:.0f} s (seed {options.seed})")
    for fault in faults[:20]:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
