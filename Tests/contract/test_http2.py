"""Frames that are wrong in one way each, and the error that RFC 9113 asks for."""

import struct

import pytest

from h2 import (CONTINUATION, DATA, GOAWAY, HEADERS, PING, PREFACE, PRIORITY, PUSH_PROMISE,
                RST_STREAM, SETTINGS, WINDOW_UPDATE, frame, string)

NO, PROTOCOL, INTERNAL, FLOW, TIMEOUT, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION = range(10)
BYTES = b"12345678"
FIELDS = [(":method", "POST"), (":scheme", "https"), (":path", "/nowhere"),
          (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers")]


def headers(stream, more=(), without=(), flags=5, first=()):
    fields = [*first, *(field for field in FIELDS if field[0] not in without), *more]
    return frame(HEADERS, flags, stream,
                 b"".join(b"\0" + string(name) + string(value) for name, value in fields))


def setting(name, value):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", name, value))


def talk(server, raw):
    """What came back: (kind, error code or None) of each frame; ("closed", None) at a hang-up."""
    seen, data = [], b""
    with server.connect(["h2"]) as connection:
        connection.settimeout(0.5)
        try:
            connection.sendall(raw)
            while more := connection.recv(65536):
                data += more
            seen.append(("closed", None))
        except TimeoutError:
            pass
        except OSError:
            seen.append(("closed", None))
    while len(data) >= 9 and len(data) >= 9 + (length := int.from_bytes(data[:3])):
        kind, payload, data = data[3], data[9:9 + length], data[9 + length:]
        code = {RST_STREAM: payload[:4], GOAWAY: payload[4:8]}.get(kind)
        seen.append((kind, None if code is None else int.from_bytes(code)))
    return seen


# A connection error is GOAWAY with the code, or the bare close that section 5.4.1 allows.
CONNECTION_ERRORS = [
    ("PING on a stream", frame(PING, 0, 1, BYTES), {PROTOCOL}),
    ("PING of 7 bytes", frame(PING, 0, 0, BYTES[:7]), {SIZE}),
    ("SETTINGS of 5 bytes", frame(SETTINGS, 0, 0, BYTES[:5]), {SIZE}),
    ("SETTINGS on a stream", frame(SETTINGS, 0, 1), {PROTOCOL}),
    ("SETTINGS acknowledged with a body", frame(SETTINGS, 1, 0, BYTES[:6]), {SIZE}),
    ("ENABLE_PUSH 2", setting(2, 2), {PROTOCOL}),
    ("INITIAL_WINDOW_SIZE 2^31", setting(4, 2**31), {FLOW}),
    ("MAX_FRAME_SIZE 100", setting(5, 100), {PROTOCOL}),
    ("DATA on stream 0", frame(DATA, 0, 0, b"x"), {PROTOCOL}),
    ("DATA on an idle stream", frame(DATA, 1, 1, b"x"), {PROTOCOL, CLOSED}),
    ("HEADERS on stream 0", headers(0), {PROTOCOL}),
    ("HEADERS on an even stream", headers(2), {PROTOCOL}),
    ("RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, bytes(4)), {PROTOCOL}),
    ("RST_STREAM of 3 bytes", headers(1, flags=4) + frame(RST_STREAM, 0, 1, bytes(3)), {SIZE}),
    ("WINDOW_UPDATE of 0", frame(WINDOW_UPDATE, 0, 0, bytes(4)), {PROTOCOL}),
    ("a window past 2^31-1", frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2, {FLOW}),
    ("WINDOW_UPDATE of 3 bytes", frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"), {SIZE}),
    ("CONTINUATION out of place", frame(CONTINUATION, 4, 1, b"x"), {PROTOCOL}),
    ("a frame inside a header block", headers(1, flags=1) + frame(PING, 0, 0, BYTES), {PROTOCOL}),
    ("a frame over the limit", frame(DATA, 0, 1, b"x" * 20000), {SIZE, PROTOCOL, CLOSED}),
    ("padding longer than its frame", headers(1, flags=4) + frame(DATA, 9, 1, b"\x40ab"),
     {PROTOCOL}),
    ("a broken header block", frame(HEADERS, 5, 1, b"\xff" * 6), {COMPRESSION}),
    ("PRIORITY on stream 0", frame(PRIORITY, 0, 0, bytes(5)), {PROTOCOL}),
    ("PRIORITY that depends on itself", frame(PRIORITY, 0, 3, struct.pack(">IB", 3, 1)),
     {PROTOCOL}),
    ("a stream id below the last", headers(5) + headers(3), {PROTOCOL}),
    ("DATA after the end", headers(1) + frame(DATA, 0, 1, b"x"), {CLOSED}),
    ("HEADERS after the end", headers(1) + headers(1), {CLOSED}),
    ("DATA after a reset", headers(1, flags=4) + frame(RST_STREAM, 0, 1, bytes(4))
     + frame(DATA, 0, 1, b"x"), {CLOSED}),
    ("PUSH_PROMISE from a client", frame(PUSH_PROMISE, 4, 1, b"\0\0\0\2"), {PROTOCOL}),
]
STREAM_ERRORS = [
    ("an upper-case field name", headers(1, [("X-Up", "1")])),
    ("a connection field", headers(1, [("connection", "close")])),
    ("no :path", headers(1, without=[":path"])),
    ("two :method", headers(1, first=[(":method", "POST")])),
    ("a pseudo-field after a field", headers(1, [(":path", "/x")])),
    ("te: gzip", headers(1, [("te", "gzip")], without=["te"])),
]
TOLERATED = [
    ("a ping", b""),
    ("an unknown setting", setting(0x99, 1)),
    ("an unknown frame", frame(0x77, 0, 0, b"x")),
]


@pytest.mark.parametrize("raw, codes", [case[1:] for case in CONNECTION_ERRORS],
                         ids=[case[0] for case in CONNECTION_ERRORS])
def test_connection_errors(server, raw, codes):
    seen = talk(server, PREFACE + frame(SETTINGS, 0, 0) + raw)
    goodbyes = [code for kind, code in seen if kind == GOAWAY]
    assert ("closed", None) in seen and set(goodbyes) <= codes, seen


@pytest.mark.parametrize("raw", [case[1] for case in STREAM_ERRORS],
                         ids=[case[0] for case in STREAM_ERRORS])
def test_malformed_requests_are_reset(server, raw):
    seen = talk(server, PREFACE + frame(SETTINGS, 0, 0) + raw)
    assert (RST_STREAM, PROTOCOL) in seen or (GOAWAY, PROTOCOL) in seen, seen


@pytest.mark.parametrize("raw", [case[1] for case in TOLERATED],
                         ids=[case[0] for case in TOLERATED])
def test_what_is_unknown_is_ignored(server, raw):
    seen = talk(server, PREFACE + frame(SETTINGS, 0, 0) + raw + frame(PING, 0, 0, BYTES))
    kinds = [kind for kind, _ in seen]
    assert PING in kinds and GOAWAY not in kinds and "closed" not in kinds, seen


def test_an_acknowledged_ping_is_not_answered(server):
    seen = talk(server, PREFACE + frame(SETTINGS, 0, 0) + frame(PING, 1, 0, BYTES))
    assert PING not in [kind for kind, _ in seen]


def test_a_bad_preface_ends_the_connection(server):
    assert ("closed", None) in talk(server, b"GET / HTTP/1.1\r\n\r\n")
