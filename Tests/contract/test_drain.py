"""SIGTERM while calls are under way."""

import signal
import time

import h2
from tally.v1 import customer_service_pb2 as customers_pb

PATH = "/tally.v1.CustomerService/GetCustomer"
COUNT = 20
BOUND = 10


def test_calls_under_way_are_finished(own_server, own_client):
    """Half-sent at SIGTERM, sent whole afterwards: answered, each of them, and exit code 0."""
    message = customers_pb.GetCustomerRequest(customer_id="acme").SerializeToString()
    body = bytes([0]) + len(message).to_bytes(4) + message
    opening = h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.frame(
        h2.HEADERS, h2.END_HEADERS, 1, h2.header_block(PATH, own_server.key))
    connections = [own_server.connect(["h2"]) for _ in range(COUNT)]
    for connection in connections:
        connection.sendall(opening)
    time.sleep(0.2)
    began = time.monotonic()
    own_server.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    for connection in connections:
        connection.sendall(h2.frame(h2.DATA, h2.END_STREAM, 1, body))
    for connection in connections:
        heard = b""
        while more := connection.recv(65536):
            heard += more
        seen = list(h2.frames(heard))
        assert [kind for kind, _, _ in seen].count(h2.GOAWAY) == 2, seen
        assert any(kind == h2.HEADERS and flags & h2.END_STREAM for kind, flags, _ in seen), seen
        # A plain grpc-status: 0, which is what the trailers of a good call are.
        assert any(kind == h2.DATA for kind, _, _ in seen), seen
        connection.close()
    assert own_server.process.wait(BOUND) == 0
    assert time.monotonic() - began < BOUND
    own_server.process = None


def test_health_says_so_while_the_server_finishes(own_server, own_client):
    """Watchers hear NOT_SERVING at once, and so does a late Check on a connection that is open."""
    held = own_server.connect(["h2"])
    held.sendall(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.frame(
        h2.HEADERS, h2.END_HEADERS, 1, h2.header_block(PATH, own_server.key)))
    watch = own_client.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=BOUND)
    serving, not_serving = bytes([8, 1]), bytes([8, 2])
    assert next(watch) == serving
    own_server.process.send_signal(signal.SIGTERM)
    assert next(watch) == not_serving
    assert own_server.is_running
    held.sendall(h2.frame(h2.HEADERS, h2.END_HEADERS, 3,
                          h2.header_block("/grpc.health.v1.Health/Check", own_server.key))
                 + h2.frame(h2.DATA, h2.END_STREAM, 3, bytes(5)))
    heard = b""
    while bytes([0, 0, 0, 0, 2]) + not_serving not in heard:
        more = held.recv(65536)
        assert more, heard
        heard += more
    held.close()
    watch.cancel()
    assert own_server.process.wait(BOUND) == 0
    own_server.process = None
