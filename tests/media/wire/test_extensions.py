from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire import extensions, rtp
from media.wire.data import Data
from tests.media.wire.garbage import garbage, survives

FIXED = bytes.fromhex("9060 0001 00000002 00000003")
# RFC 8285 4.2: ID L=0, ID L=1 (two octets), two of padding, ID L=3 (four octets).
ONE_BYTE_EXAMPLE = bytes.fromhex("bede 0003 10aa 21b1b2 0000 33c1c2c3c4")
# RFC 8285 4.3: ID L=0, ID L=1, padding, ID L=4.
TWO_BYTE_EXAMPLE = bytes.fromhex("1000 0003 0100 0201bb 00 0304c1c2c3c4")
ORIGIN = FIXED + b"\xbe\xde\0\1\x10a\0\0"


def packet(block: bytes) -> bytes:
    return FIXED + block + b"payload"


def read(block: bytes) -> dict[int, bytes]:
    data = packet(block)
    return extensions.parse_all(data, rtp.parse(data))


def find(data: Data, ident: int) -> bytes | None:
    value = extensions.find(data, rtp.parse(data), ident)
    return None if value is None else bytes(value)


def test_one_byte_example():
    assert read(ONE_BYTE_EXAMPLE) == {1: b"\xaa", 2: b"\xb1\xb2", 3: b"\xc1\xc2\xc3\xc4"}


def test_two_byte_example():
    assert read(TWO_BYTE_EXAMPLE) == {1: b"", 2: b"\xbb", 3: b"\xc1\xc2\xc3\xc4"}


def test_two_byte_application_bits_are_ignored():
    assert read(b"\x10\x0f" + TWO_BYTE_EXAMPLE[2:]) == read(TWO_BYTE_EXAMPLE)


@pytest.mark.parametrize("block", [ONE_BYTE_EXAMPLE, TWO_BYTE_EXAMPLE])
def test_find_is_a_view_of_the_packet(block):
    data = bytearray(packet(block))
    value = extensions.find(data, rtp.parse(data), 3)
    assert value is not None
    assert value.obj is data
    assert bytes(value) == b"\xc1\xc2\xc3\xc4"
    assert find(data, 9) is None


def test_no_extension_or_another_profile():
    bare = bytes([0x80]) + FIXED[1:]
    assert find(bare, 1) is None
    assert read(bytes.fromhex("abcd 0001 10aa0000")) == {}


@pytest.mark.parametrize("stop", ["f0", "05"])
def test_reserved_ids_end_the_one_byte_form(stop):
    assert read(bytes.fromhex(f"bede 0002 10aa {stop}00 20bb 0000")) == {1: b"\xaa"}


@pytest.mark.parametrize("block", ["bede 0001 13aabbcc", "1000 0001 0103aabb", "1000 0001 00000001"])
def test_elements_past_the_end(block):
    with pytest.raises(MalformedPacket):
        read(bytes.fromhex(block))


def test_first_of_a_repeated_id_counts():
    block = extensions.build([(1, b"a"), (1, b"b")])
    assert read(block) == {1: b"a"}
    assert find(packet(block), 1) == b"a"


@pytest.mark.parametrize(
    ("items", "profile"),
    [
        ([(1, b"m")], "bede"),
        ([(14, b"x" * 16)], "bede"),
        ([(15, b"m")], "1000"),
        ([(1, b"x" * 17)], "1000"),
        ([(1, b"")], "1000"),
        ([(2, b"a"), (200, b"b")], "1000"),
    ],
)
def test_build_picks_the_shorter_form_that_fits(items, profile):
    block = extensions.build(items)
    assert block[:2].hex() == profile
    assert len(block) == 4 + 4 * int.from_bytes(block[2:4], "big")
    assert read(block) == dict(items)


def test_build_refuses_what_fits_nowhere():
    assert extensions.build([]) == b""
    for items in ([(0, b"a")], [(256, b"a")], [(1, b"a" * 256)]):
        with pytest.raises(ValueError):  # noqa: PT011
            extensions.build(items)


@given(st.dictionaries(st.integers(1, 255), st.binary(max_size=40), max_size=8))
def test_round_trip(values):
    data = packet(extensions.build(list(values.items()))) if values else bytes([0x80]) + FIXED[1:]
    header = rtp.parse(data)
    assert extensions.parse_all(data, header) == values
    assert data[header.payload_offset :] == (b"payload" if values else b"")


@given(garbage(packet(ONE_BYTE_EXAMPLE), packet(TWO_BYTE_EXAMPLE), ORIGIN))
def test_garbage(data):
    header = survives(rtp.parse, data)
    if header is None:
        return
    found = survives(extensions.elements, data, header)
    for _, start, stop in found or []:
        assert header.extension_offset < start <= stop <= header.extension_end
    survives(extensions.parse_all, data, header)


@given(st.binary(max_size=8))
def test_values_of_any_length(value):
    for read_value in (extensions.audio_level, extensions.transport_sequence, extensions.abs_send_time):
        survives(read_value, value)


def test_audio_level():
    assert extensions.audio_level(b"\x8f") == (True, 15)
    assert extensions.audio_level(b"\x7f") == (False, 127)


def test_transport_sequence():
    assert extensions.transport_sequence(memoryview(b"\x12\x34")) == 0x1234


def test_abs_send_time_vector_and_wrap():
    assert extensions.build_abs_send_time(1.5) == (3 << 17).to_bytes(3, "big")
    assert extensions.build_abs_send_time(65.5) == extensions.build_abs_send_time(1.5)


@given(st.floats(0, 1e9))
def test_abs_send_time_round_trip(seconds):
    assert abs(extensions.abs_send_time(extensions.build_abs_send_time(seconds)) - seconds % 64) <= 2**-18
