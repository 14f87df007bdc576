from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.transport.stun import Check
from tests.media.transport.support import request


def test_a_check_is_read_and_believed_with_the_right_password_only() -> None:
    check = Check(request("w0abc", "secret", nominate=True))
    assert (check.ufrag, check.nominates, check.peer_is_controlled) == ("w0abc", True, False)
    assert check.authentic("secret")
    assert not check.authentic("wrong")


def test_what_lacks_integrity_or_fingerprint_is_no_check() -> None:
    with pytest.raises(MalformedPacket):
        Check(request("w0abc", "secret", integrity=False))
    packet = bytearray(request("w0abc", "secret")[:-8])
    packet[2:4] = (len(packet) - 20).to_bytes(2, "big")
    with pytest.raises(MalformedPacket):
        Check(bytes(packet))


def test_an_answer_is_no_check() -> None:
    with pytest.raises(MalformedPacket):
        Check(b"\x01\x01" + request("w0abc", "secret")[2:])


@given(st.integers(0, 90), st.integers(0, 255))
def test_one_changed_octet_never_passes(position: int, value: int) -> None:
    packet = bytearray(request("w0abc", "secret"))
    position %= len(packet)
    if packet[position] == value:
        return
    packet[position] = value
    with suppress(MalformedPacket):
        assert not Check(bytes(packet)).authentic("secret")


@given(st.binary(max_size=200))
def test_garbage_is_malformed(packet: bytes) -> None:
    with pytest.raises(MalformedPacket):
        Check(packet)
