from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire import extensions, rtp, rtx
from tests.media.wire.garbage import garbage, survives

PLAIN = bytes.fromhex("80e0 1234 01020304 a0b0c0d0") + b"payload"
CSRCS = bytes.fromhex("8260 ffff ffffffff 00000001 00000002 00000003") + b"x"
EXTENDED = bytes.fromhex("9060 0001 00000002 00000003 bede 0001 10aa0000") + b"data"
PADDED = bytes.fromhex("a060 0001 00000002 00000003") + b"data" + b"\0\0\3"


def test_plain_packet():
    header = rtp.parse(PLAIN)
    assert header == rtp.Header(True, 96, 0x1234, 0x01020304, 0xA0B0C0D0, 12, 19, 0, 0, 0)


def test_csrcs_are_skipped():
    header = rtp.parse(CSRCS)
    assert (header.payload_offset, header.payload_end, header.marker) == (20, 21, False)


def test_extension_bounds():
    header = rtp.parse(memoryview(EXTENDED))
    assert (header.extension_profile, header.extension_offset, header.extension_end) == (0xBEDE, 16, 20)
    assert EXTENDED[header.payload_offset : header.payload_end] == b"data"


def test_padding_is_taken_off():
    header = rtp.parse(PADDED)
    assert PADDED[header.payload_offset : header.payload_end] == b"data"


def test_padding_only_has_an_empty_payload():
    header = rtp.parse(PADDED[:12] + b"\0" * 254 + b"\xff")
    assert header.payload_offset == header.payload_end == 12


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:11],
        b"\x40" + PLAIN[1:],
        b"\xc0" + PLAIN[1:],
        CSRCS[:19],
        EXTENDED[:14],
        EXTENDED[:19],
        PADDED[:-1] + b"\0",
        PADDED[:-1] + b"\x08",
        PADDED[:12],
    ],
)
def test_lengths_that_do_not_fit(data):
    with pytest.raises(MalformedPacket):
        rtp.parse(data)


def test_rtcp_is_told_by_packet_type():
    assert [value for value in range(256) if rtp.is_rtcp(value)] == list(range(192, 224))


@given(
    st.integers(0, 127), st.integers(0, 2**48), st.integers(0, 2**48), st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 9),
    st.binary(max_size=16),
)  # fmt: skip
def test_write_header_reads_back(payload_type, sequence, timestamp, ssrc, marker, offset, mid):
    block = extensions.build([(3, mid)] if mid else [])
    packet = bytearray(80)
    end = rtp.write_header(
        packet, offset, payload_type=payload_type, sequence=sequence, timestamp=timestamp, ssrc=ssrc, marker=marker, extension=block
    )
    header = rtp.parse(packet[offset:end])
    assert header[:5] == (marker, payload_type, sequence % 2**16, timestamp % 2**32, ssrc)
    assert header.payload_offset == header.payload_end == end - offset == 12 + len(block)
    assert extensions.parse_all(packet[offset:end], header) == ({3: mid} if mid else {})
    assert len(packet) == 80


def test_write_header_with_padding():
    packet = bytearray(16)
    assert rtp.write_header(packet, 0, payload_type=97, sequence=1, timestamp=2, ssrc=3, padding=True) == 12
    packet[15] = 4
    assert rtp.parse(packet).payload_end == 12


@given(garbage(PLAIN, CSRCS, EXTENDED, PADDED))
def test_garbage(data):
    header = survives(rtp.parse, data)
    if header is not None:
        assert 12 <= header.payload_offset <= header.payload_end <= len(data)
        assert header.extension_offset <= header.extension_end <= header.payload_offset


def test_rtx_original_sequence():
    packet = PLAIN[:12] + b"\xab\xcdxyz"
    assert rtx.original_sequence(packet, rtp.parse(packet)) == 0xABCD


def test_rtx_probe_and_stub():
    probe = PADDED[:12] + b"\0\0\0\4"
    assert rtx.original_sequence(probe, rtp.parse(probe)) is None
    with pytest.raises(MalformedPacket):
        rtx.original_sequence(PLAIN[:13], rtp.parse(PLAIN[:13]))
