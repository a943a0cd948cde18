"""Each known way to flood an HTTP/2 server, kept up while somebody else calls.

The offender is cut off, or does no harm; the other's calls are all answered meanwhile, and the
server's memory stays where it was.
"""

import itertools
import select
import ssl
import struct
import threading
import time

import pytest
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb

import h2
import pricing
from conftest import running
from h2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE,
                PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame)
from tally_client import TallyClient
from test_walkthrough import check, new_customer

CALLS = 50  # that the other makes meanwhile
SLOWEST_SECONDS = 2  # that one of them may take
MOST_BYTES = 32 << 20  # that the server may grow by
PROTOCOL, CLOSED, CALM = 1, 5, 11
CHECK = "/tally.v1.EntitlementService/Check"
CATALOG = "/tally.v1.CatalogService/GetCatalog"
STREAMS = range(1, 2**31, 2)


def setting(name, value):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", name, value))


def request(stream, key, path=CHECK, flags=END_HEADERS, more=b""):
    return frame(HEADERS, flags, stream, h2.header_block(path, key) + more)


def call(stream, key, path=CHECK):
    return request(stream, key, path) + frame(DATA, END_STREAM, stream, bytes(5))


def update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def on_each_stream(*parts):
    """The parts, made for one stream after the other, a hundred streams at a time."""
    def pieces(key):
        streams = iter(STREAMS)
        while hundred := list(itertools.islice(streams, 100)):
            yield b"".join(part(stream, key) for stream in hundred for part in parts)
    return pieces


def over_and_over(frames, opening=None):
    def pieces(key):
        if opening:
            yield opening(key)
        yield from itertools.repeat(frames * 100)
    return pieces


def one_request(key):
    return request(1, key)


def open_block(key):
    return request(1, key, flags=0)


LARGE_FIELD = b"\x40" + h2.string("x-large") + h2.string("v" * 3000)


def indexed_bomb(key):
    """A field of 3 KB goes into HPACK's table; each further byte names it once more."""
    for stream in STREAMS:
        first = LARGE_FIELD if stream == 1 else b""
        block = h2.header_block(CHECK, key) + first + b"\xbe" * 10_000
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, block)


def trailing_bomb(key):
    """The same in trailers."""
    for stream in STREAMS:
        yield request(stream, key)
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, LARGE_FIELD + b"\xbe" * 10_000)


def continued_bomb(key):
    """The same, drawn out over as many frames as are let through."""
    for stream in STREAMS:
        yield request(stream, key, flags=END_STREAM, more=LARGE_FIELD)
        yield frame(CONTINUATION, 0, stream, b"\xbe" * 16_384) * 6
        yield frame(CONTINUATION, END_HEADERS, stream)


def dribble(key):
    """Messages that come a byte at a time, on as many streams as there may be."""
    streams = STREAMS[:100]
    yield b"".join(request(stream, key) for stream in streams)
    yield b"".join(frame(DATA, 0, stream, b"\0\0\1\0\0") for stream in streams)
    while True:
        yield b"".join(frame(DATA, 0, stream, b"x") for stream in streams)


def no_window(key):
    """Asks for much and takes nothing of it."""
    yield setting(4, 0)
    yield b"".join(call(stream, key, CATALOG) for stream in STREAMS[:100])


def slow_window(key):
    """The same, a byte at a time."""
    yield from no_window(key)
    while True:
        yield b"".join(update(stream, 1) for stream in STREAMS[:100])


EMPTY_FIELD = b"\0\0\0"  # a literal with neither name nor value
FLOODS = {
    # CVE-2023-44487 and its siblings that make the server reset: CVE-2025-8671.
    "rapid reset": on_each_stream(call, lambda s, _: reset(s)),
    "rapid reset without a call's end": on_each_stream(request, lambda s, _: reset(s)),
    "rapid reset with code 0": on_each_stream(request, lambda s, _: reset(s, 0)),
    "an increment of 0": on_each_stream(request, lambda s, _: update(s, 0)),
    "a window past its limit": on_each_stream(request, lambda s, _: update(s, 2**31 - 1)),
    "data after the end": on_each_stream(call, lambda s, _: frame(DATA, 0, s, b"x")),
    "headers that are malformed": on_each_stream(
        lambda s, key: request(s, key, more=b"\0" + h2.string("X") + h2.string("y"))),
    # CVE-2019-9511 to -9518 and CVE-2024-27316.
    "SETTINGS": over_and_over(setting(3, 100)),
    "SETTINGS that change the table": over_and_over(setting(1, 0) + setting(1, 4096)),
    "PING": over_and_over(frame(PING, 0, 0, bytes(8))),
    "PRIORITY": over_and_over(frame(PRIORITY, 0, 3, struct.pack(">IB", 5, 1))),
    "empty DATA": over_and_over(frame(DATA, 0, 1), one_request),
    "padded empty DATA": over_and_over(frame(DATA, 8, 1, b"\x80" + bytes(128)), one_request),
    "CONTINUATION": over_and_over(frame(CONTINUATION, 0, 1, b"\x88" * 100), open_block),
    "empty CONTINUATION": over_and_over(frame(CONTINUATION, 0, 1), open_block),
    "fields of no length": on_each_stream(
        lambda s, key: request(s, key, flags=5, more=EMPTY_FIELD * 100)),
    "WINDOW_UPDATE": over_and_over(update(0, 1)),
    "WINDOW_UPDATE on a stream": over_and_over(update(1, 1), one_request),
    "unknown frames": over_and_over(frame(0x77, 0, 0, b"x")),
    # Others that make much of little.
    "an HPACK bomb": indexed_bomb,
    "an HPACK bomb in trailers": trailing_bomb,
    "an HPACK bomb in many frames": continued_bomb,
    "dribbled data": dribble,
    "no window": no_window,
    "a window of single bytes": slow_window,
    "headers only": on_each_stream(request),
}
# What a client may do: that it does no harm is all that is asked.
HARMLESS = {"unknown frames", "dribbled data", "no window"}


class Offender(threading.Thread):
    """Sends as fast as the server takes it, and comes back when it is cut off."""

    def __init__(self, server, pieces):
        super().__init__(daemon=True)
        self.server, self.pieces = server, pieces
        self.is_over, self.error = False, None
        self.goodbyes, self.cut_off, self.sent_bytes = set(), 0, 0

    def run(self):
        try:
            while not self.is_over:
                with self.server.connect(["h2"]) as connection:
                    self.flood(connection)
        except Exception as error:  # told by the test
            self.error = error

    def flood(self, connection):
        connection.setblocking(False)
        pieces = self.pieces(self.server.key)
        waiting, heard = memoryview(PREFACE + frame(SETTINGS, 0, 0)), bytearray()
        while not self.is_over:
            writers = [connection] if len(waiting) > 0 else []
            readable, writable, _ = select.select([connection], writers, [], 0.05)
            try:
                if readable:
                    more = connection.recv(1 << 18)
                    heard += more
                    if not more:
                        break
                if writable:
                    sent = connection.send(waiting)
                    self.sent_bytes += sent
                    waiting = waiting[sent:] or memoryview(next(pieces, b""))
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            except OSError:
                break
        else:
            return
        self.cut_off += 1
        self.goodbyes |= {int.from_bytes(payload[4:8])
                          for kind, _, _, payload in h2.whole_frames(heard) if kind == GOAWAY}


@pytest.fixture(scope="module")
def flooded(tmp_path_factory, certificates):
    yield from running(tmp_path_factory.mktemp("flooded"), certificates)


@pytest.fixture(scope="module")
def bystander(flooded):
    client = TallyClient(flooded, flooded.key)
    catalog = pricing.catalog()
    for number in range(300):  # so that the catalog is a large reply
        catalog.features.add(
            feature_id=f"test_{number}", name="n" * 200, type=catalog_pb.FEATURE_TYPE_METERED)
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(catalog=catalog))
    yield client, new_customer(client)
    client.close()


@pytest.mark.parametrize("name", FLOODS)
def test_floods(flooded, bystander, name):
    client, customer = bystander
    check(client, customer, feature_id="test_messages")
    before = largest = flooded.resident_bytes
    offender = Offender(flooded, FLOODS[name])
    offender.start()
    slowest = 0
    for _ in range(CALLS):
        began = time.monotonic()
        check(client, customer, feature_id="test_messages")
        slowest = max(slowest, time.monotonic() - began)
        largest = max(largest, flooded.resident_bytes)
        time.sleep(0.005)
    offender.is_over = True
    offender.join()
    print(f"the slowest call {slowest * 1000:.0f} ms; cut off {offender.cut_off} times, "
          f"{offender.sent_bytes >> 10} KB taken; the server {largest - before >> 10} KB larger")
    assert offender.error is None, offender.error
    assert slowest < SLOWEST_SECONDS
    assert largest - before < MOST_BYTES
    if name in HARMLESS:
        assert offender.cut_off == 0
    else:
        assert offender.cut_off > 0 and offender.goodbyes <= {PROTOCOL, CLOSED, CALM}
