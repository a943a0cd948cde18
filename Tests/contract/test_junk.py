"""1,000 rounds of junk, and the server still serves.

Each test prints its seed; JUNK_SEED=<seed> throws the same junk again.
"""

import os
import random
import socket
import ssl
import struct

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import usage_service_pb2 as usage_pb

import h2
import pricing
from tally_client import Refused, refusal
from test_walkthrough import attach, check, new_customer

ROUNDS = 200  # of each of the five kinds
# What a client may hear about its own nonsense. Not among them: UNKNOWN, INTERNAL, UNAVAILABLE.
CLIENT_ERRORS = {
    grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.RESOURCE_EXHAUSTED,
}


@pytest.fixture
def dice():
    seed = int(os.environ.get("JUNK_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"JUNK_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(autouse=True)
def customer_id(server, client):
    """Someone to talk nonsense about; the server must still know them when the test is over."""
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    process = server.process.pid
    yield customer_id
    assert server.is_running and server.process.pid == process, server.log.read_text()[-2000:]
    assert check(client, customer_id, feature_id="test_messages").allowed


@pytest.fixture
def samples(customer_id):
    """Good requests, for spoiling."""
    return {
        "/tally.v1.EntitlementService/Check": check_pb.CheckRequest(
            customer_id=customer_id, feature_id="test_messages", required_quantity=2,
            request_id="r"),
        "/tally.v1.UsageService/Track": usage_pb.TrackRequest(
            customer_id=customer_id, feature_id="test_messages", value=3, request_id="r"),
        "/tally.v1.CustomerService/GetCustomer": customers_pb.GetCustomerRequest(
            customer_id=customer_id),
        "/tally.v1.AttachService/Attach": attach_pb.AttachRequest(
            customer_id=customer_id, plan_id="test_free", request_id="r",
            success_url="https://example.com/thanks"),
        "/tally.v1.CatalogService/PublishCatalog": catalog_pb.PublishCatalogRequest(
            validate_only=True, catalog=pricing.catalog()),
    }


def throw(connection, junk):
    """Sends, says that it's done, and reads until the server hangs up or has nothing to say."""
    connection.settimeout(0.05)
    try:
        connection.sendall(junk)
        while connection.recv(65536):
            pass
    except OSError:
        pass
    finally:
        connection.close()


def mutated(dice, data):
    data = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data))
        kind = dice.randrange(3)
        if kind == 0:
            data[at] = dice.randrange(256)
        elif kind == 1:
            data[at:at] = dice.randbytes(dice.randint(1, 8))
        elif len(data) > 1:
            del data[at]
    return bytes(data)


def client_hello():
    """The first flight of a real handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def test_tls_junk(server, dice):
    hello = client_hello()
    for round in range(ROUNDS):
        junk = dice.randbytes(dice.randint(1, 2000)) if round % 2 else mutated(dice, hello)
        throw(socket.create_connection(("127.0.0.1", server.port), timeout=5), junk)


def random_frame(dice):
    return h2.frame(dice.randrange(12), dice.randrange(256), dice.choice([0, 1, 1, 2, 3]),
                    dice.randbytes(dice.randint(0, 60)))


def test_http2_junk_after_a_real_handshake(server, dice):
    for round in range(ROUNDS):
        if round % 3 == 0:
            junk = dice.randbytes(dice.randint(1, 2000))
        else:
            frames = b"".join(random_frame(dice) for _ in range(dice.randint(1, 20)))
            junk = h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + frames
        throw(server.connect(["h2"]), junk)


def test_grpc_framing_junk_is_answered(server, samples, dice):
    for _ in range(ROUNDS):
        path, sample = dice.choice(list(samples.items()))
        message = dice.choice([dice.randbytes(dice.randint(0, 50)), sample.SerializeToString()])
        length = dice.choice([0, 1, len(message), len(message) + 1, 1 << 31, (1 << 32) - 1])
        body = struct.pack(">BI", dice.choice([0, 0, 1, 255]), length) + message
        body = dice.choice([body, body[:dice.randint(0, 5)], body * 2])
        with server.connect(["h2"]) as connection:
            connection.sendall(h2.call(path, server.key, body))
            heard = b""
            while not h2.is_answered(heard):
                more = connection.recv(65536)
                assert more, f"hung up without a word on {path} {body.hex()}"
                heard += more


def ask(client, path, message):
    try:
        client.call_bytes(path, message)
    except grpc.RpcError as error:
        said = Refused(error)
        assert said.code in CLIENT_ERRORS, f"{path} {message.hex()}: {said}"


def test_protobuf_junk_in_valid_frames(client, samples, dice):
    for round in range(ROUNDS):
        path, sample = dice.choice(list(samples.items()))
        if round % 2:
            ask(client, path, dice.randbytes(dice.randint(1, 200)))
        else:
            ask(client, path, mutated(dice, sample.SerializeToString()))


def test_strings_with_nul_and_bad_utf8(client, samples, dice):
    """A string holds what protobuf forbids, or what C would cut short."""
    bad = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"a\0b", b"\0", b"\xf4\x90\x80\x80", b"a\xe2\x82"]
    strings = [(path, sample, field) for path, sample in samples.items()
               for field, value in sample.ListFields() if isinstance(value, str)]
    for _ in range(ROUNDS):
        path, sample, field = dice.choice(strings)
        value = dice.choice(bad) + b"x" * dice.randint(0, 3)
        # Of a field that comes twice, the later one counts.
        message = sample.SerializeToString() + bytes([field.number << 3 | 2, len(value)]) + value
        said = refusal(client.call_bytes, path, message)
        assert said.code == grpc.StatusCode.INVALID_ARGUMENT, (path, field.name, value, said)
