"""As much of HTTP/2 as it takes to be rude to a server: frames by hand, no state machine."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def string(text):
    """HPACK: a literal of less than 127 bytes, or of more, without Huffman code."""
    data = text.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest, out = len(data) - 127, bytearray([127])
    while rest >= 128:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out) + data


def header_block(path, key):
    return b"".join(b"\0" + string(name) + string(value) for name, value in [
        (":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "localhost"),
        ("content-type", "application/grpc"), ("te", "trailers"),
        ("authorization", f"Bearer {key}")])


def frames(data):
    """The (kind, flags, stream) of each whole frame."""
    for kind, flags, stream, _ in whole_frames(data):
        yield kind, flags, stream


def whole_frames(data):
    """The same, with the payload."""
    at = 0
    while len(data) >= at + 9:
        end = at + 9 + int.from_bytes(data[at:at + 3])
        if len(data) < end:
            return
        yield data[at + 3], data[at + 4], int.from_bytes(data[at + 5:at + 9]), data[at + 9:end]
        at = end


def is_answered(data):
    """Whether the server has said its last word about the call: a status, a reset, a good-bye."""
    return any(kind in (RST_STREAM, GOAWAY) or kind == HEADERS and flags & END_STREAM
               for kind, flags, _ in frames(data))


def call(path, key, body):
    """Everything a client sends for one call with `body` as the whole of its DATA."""
    headers = frame(HEADERS, END_HEADERS, 1, header_block(path, key))
    return PREFACE + frame(SETTINGS, 0, 0) + headers + frame(DATA, END_STREAM, 1, body)
