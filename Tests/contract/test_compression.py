"""Compressed messages, with stock grpcio: the cases of gRPC's interoperability tests that its
Python client lacks, against tally-interop; and what Tally itself makes of them.

scripts/grpc-interop fetches the stubs of grpc.testing and builds tally-interop.
"""

import gzip
import os
import re
import subprocess
import sys

import grpc
import pytest
from tally.v1 import customer_service_pb2 as customers_pb

import h2
from tally_client import DEADLINE, new_id, refusal
from tally_server import ROOT, TallyServer

INTEROP_STUBS = ROOT / ".build" / "interop" / "py"
if not INTEROP_STUBS.exists():
    raise RuntimeError("run scripts/grpc-interop once: it fetches the stubs of grpc.testing")
sys.path.append(str(INTEROP_STUBS))
from src.proto.grpc.testing import messages_pb2 as pb  # noqa: E402
from src.proto.grpc.testing import test_pb2_grpc  # noqa: E402

GZIP, PLAIN = grpc.Compression.Gzip, grpc.Compression.NoCompression
YES, NO = pb.BoolValue(value=True), pb.BoolValue(value=False)
SIZES = 31415, 92653
LARGE = 314159


class InteropServer(TallyServer):
    READY = re.compile(r"^listening on (\d+)$", re.M)

    def command(self):
        return [str(ROOT / ".build" / "debug" / "tally-interop"), "--port", "0",
                "--cert", str(self.certificates / "server.pem"),
                "--key", str(self.certificates / "server.key")]


@pytest.fixture(scope="module")
def interop(tmp_path_factory, certificates):
    server = InteropServer(tmp_path_factory.mktemp("interop"), certificates)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def channel(server, **options):
    credentials = grpc.ssl_channel_credentials(server.ca_file.read_bytes())
    return grpc.secure_channel(f"localhost:{server.port}", credentials, **options)


@pytest.fixture(scope="module")
def service(interop):
    with channel(interop) as open_channel:
        yield test_pb2_grpc.TestServiceStub(open_channel)


def unary(service, compression, **fields):
    request = pb.SimpleRequest(payload=pb.Payload(body=bytes(271828)), **fields)
    return service.UnaryCall(request, timeout=DEADLINE, compression=compression)


def summed(service, compression, *requests):
    return service.StreamingInputCall(
        iter(requests), timeout=DEADLINE, compression=compression).aggregated_payload_size


def part(size, expect, zeros=True):
    body = bytes(size) if zeros else os.urandom(size)
    return pb.StreamingInputCallRequest(payload=pb.Payload(body=body), expect_compressed=expect)


def output(*parameters):
    return pb.StreamingOutputCallRequest(response_parameters=[
        pb.ResponseParameters(size=size, compressed=compressed) for size, compressed in parameters])


def test_client_compressed_unary(service):
    probe = refusal(lambda: unary(service, PLAIN, response_size=LARGE, expect_compressed=YES))
    assert probe.code is grpc.StatusCode.INVALID_ARGUMENT
    for compression, expect in (GZIP, YES), (PLAIN, NO):
        reply = unary(service, compression, response_size=LARGE, expect_compressed=expect)
        assert reply.payload.body == bytes(LARGE)


def test_client_compressed_streaming(service):
    probe = refusal(lambda: summed(service, PLAIN, part(27182, YES)))
    assert probe.code is grpc.StatusCode.INVALID_ARGUMENT
    # grpcio sends a message as it is when gzip makes it no smaller: the second, of random bytes.
    assert summed(service, GZIP, part(27182, YES), part(45904, NO, zeros=False)) == 73086


@pytest.mark.parametrize("compressed", [YES, NO])
def test_server_compressed_unary(service, compressed):
    reply = unary(service, PLAIN, response_size=LARGE, response_compressed=compressed)
    assert reply.payload.body == bytes(LARGE)


def test_server_compressed_streaming(service):
    replies = service.StreamingOutputCall(
        output((SIZES[0], YES), (SIZES[1], NO)), timeout=DEADLINE)
    assert [len(reply.payload.body) for reply in replies] == list(SIZES)


def test_compressed_both_ways_in_one_stream(service):
    requests = [output((size, None)) for size in SIZES * 10]
    replies = service.FullDuplexCall(iter(requests), timeout=DEADLINE, compression=GZIP)
    assert [len(reply.payload.body) for reply in replies] == list(SIZES) * 10


def test_a_client_that_takes_no_gzip_gets_none(interop):
    identity_only = [("grpc.compression_enabled_algorithms_bitset", 1)]
    with channel(interop, options=identity_only) as open_channel:
        service = test_pb2_grpc.TestServiceStub(open_channel)
        reply = unary(service, PLAIN, response_size=LARGE, response_compressed=YES)
        assert reply.payload.body == bytes(LARGE)


def messages(server, path, body, key, *fields):
    """(compressed flag, bytes) of each message of the reply, read off the wire."""
    extra = b"".join(b"\0" + h2.string(name) + h2.string(value) for name, value in fields)
    block = h2.header_block(path, key) + extra
    data, heard = b"", b""
    with server.connect(["h2"]) as connection:
        connection.sendall(
            h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.frame(h2.HEADERS, 4, 1, block)
            + h2.frame(h2.DATA, h2.END_STREAM, 1, bytes([0]) + len(body).to_bytes(4) + body)
            + h2.frame(h2.WINDOW_UPDATE, 0, 0, (1 << 20).to_bytes(4))
            + h2.frame(h2.WINDOW_UPDATE, 0, 1, (1 << 20).to_bytes(4)))
        while not h2.is_answered(heard):
            heard += connection.recv(65536)
    for kind, _, _, payload in h2.whole_frames(heard):
        data += payload if kind == h2.DATA else b""
    while data:
        end = 5 + int.from_bytes(data[1:5])
        yield data[0], data[5:end]
        data = data[end:]


@pytest.mark.parametrize(
    "accepts, flags", [("identity,deflate, gzip", [1, 0]), ("identity", [0, 0])])
def test_only_what_was_asked_for_is_compressed(interop, accepts, flags):
    path = "/grpc.testing.TestService/StreamingOutputCall"
    body = output((SIZES[0], YES), (SIZES[1], NO)).SerializeToString()
    heard = list(messages(interop, path, body, "none", ("grpc-accept-encoding", accepts)))
    assert [flag for flag, _ in heard] == flags
    first, second = (gzip.decompress(data) if flag else data for flag, data in heard)
    sizes = [len(pb.StreamingOutputCallResponse.FromString(data).payload.body)
             for data in (first, second)]
    assert sizes == list(SIZES)


# Tally itself.

CREATE = "/tally.v1.CustomerService/GetOrCreateCustomer"
NAME = "Acme " * 50


def create(client, compression, name):
    stub = next(stub for stub in client.stubs if hasattr(stub, "GetOrCreateCustomer"))
    request = customers_pb.GetOrCreateCustomerRequest(customer_id=new_id("customer"), name=name)
    return stub.GetOrCreateCustomer.with_call(
        request, timeout=DEADLINE, compression=compression)[0].customer


@pytest.mark.parametrize("compression", [GZIP, PLAIN])
def test_tally_reads_gzip(client, compression):
    assert create(client, compression, NAME).name == NAME


@pytest.mark.parametrize("encoding, flag", [("gzip", 1), ("identity", 0)])
def test_tally_answers_in_the_clients_encoding(client, server, encoding, flag):
    fields = ("grpc-encoding", encoding), ("grpc-accept-encoding", "identity,gzip")
    path = "/tally.v1.CatalogService/GetCatalog"
    (heard, data), = messages(server, path, b"", server.key, *fields)
    assert heard == flag
    catalog = gzip.decompress(data) if flag else data
    assert b"test_messages" in catalog and len(catalog) > 512


def test_an_encoding_that_is_unknown_is_refused(client):
    refused = refusal(create, client, grpc.Compression.Deflate, NAME)
    assert refused.code is grpc.StatusCode.UNIMPLEMENTED and "deflate" in refused.message


def test_those_that_are_known_are_named(server, tmp_path):
    """grpcio keeps the field to itself; nghttp shows it."""
    body = tmp_path / "body"
    body.write_bytes(b"\1\0\0\0\1x")
    fields = {":method": "POST", "content-type": "application/grpc", "te": "trailers",
              "authorization": f"Bearer {server.key}", "grpc-encoding": "deflate"}
    heard = subprocess.run(
        ["nghttp", "--verbose", "--no-verify-peer", "--data", body,
         *(f"--header={name}: {value}" for name, value in fields.items()),
         f"https://localhost:{server.port}{CREATE}"], capture_output=True, text=True, timeout=10)
    assert "grpc-status: 12" in heard.stdout
    assert "grpc-accept-encoding: identity,gzip" in heard.stdout


def test_a_bomb_is_not_unpacked(client, server):
    before = server.resident_bytes
    bomb = client.channel.unary_unary(CREATE)
    for _ in range(5):
        refused = refusal(lambda: bomb(bytes(100 << 20), timeout=DEADLINE, compression=GZIP))
        assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert server.resident_bytes - before < 16 << 20
    assert create(client, GZIP, "Acme").name == "Acme"
