from __future__ import annotations

import pytest
from aioice import stun as aioice_stun
from hypothesis import given

from media.errors import MalformedPacket
from media.wire import stun
from tests.media.wire.garbage import garbage, survives

# RFC 5769 2.1: sample request (SOFTWARE, PRIORITY, ICE-CONTROLLED, USERNAME "evtj:h6vY", integrity, fingerprint).
SAMPLE = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae80220010"
    "5354554e207465737420636c69656e74002400046e0001ff"
    "80290008932ff9b151263b36000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)


def test_rfc_5769_sample_request():
    assert stun.is_stun(SAMPLE)
    peek = stun.peek(memoryview(SAMPLE))
    assert peek == stun.Peek(stun.BINDING, stun.REQUEST, bytes.fromhex("b7e7a701bc34d686fa87dfae"), "evtj:h6vY")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (aioice_stun.Class.REQUEST, stun.REQUEST),
        (aioice_stun.Class.INDICATION, stun.INDICATION),
        (aioice_stun.Class.RESPONSE, stun.SUCCESS),
        (aioice_stun.Class.ERROR, stun.ERROR),
    ],
)
@pytest.mark.parametrize("method", [aioice_stun.Method.BINDING, aioice_stun.Method.CHANNEL_BIND])
def test_class_and_method_as_aioice_writes_them(theirs, ours, method):
    peek = stun.peek(bytes(aioice_stun.Message(message_method=method, message_class=theirs)))
    assert (peek.message_class, peek.method, peek.username) == (ours, int(method), None)


def test_not_stun():
    assert not stun.is_stun(SAMPLE[:19])
    assert not stun.is_stun(b"\x80" + SAMPLE[1:])
    assert not stun.is_stun(SAMPLE[:4] + b"\0" + SAMPLE[5:])


def attribute(kind: int, value: bytes) -> bytes:
    body = kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
    return b"\0\1" + len(body).to_bytes(2, "big") + SAMPLE[4:20] + body


def test_username_bounds():
    assert stun.peek(attribute(6, "课:a".encode())).username == "课:a"
    assert stun.peek(attribute(6, b"a" * 513)).username == "a" * 513
    for value in (b"a" * 514, b"\xff\xfe"):
        with pytest.raises(MalformedPacket):
            stun.peek(attribute(6, value))


@pytest.mark.parametrize(
    "data", [b"", SAMPLE[:-4], SAMPLE + b"\0\0\0\0", SAMPLE[:3] + b"\x57" + SAMPLE[4:-1], SAMPLE[:22] + b"\xff\xff" + SAMPLE[24:]]
)
def test_lengths_that_do_not_fit(data):
    with pytest.raises(MalformedPacket):
        stun.peek(data)


@given(garbage(SAMPLE))
def test_garbage(data):
    survives(stun.peek, data)
    stun.is_stun(data)
