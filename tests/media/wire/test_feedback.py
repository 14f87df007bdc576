from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire.feedback import MAX_NACK_ENTRIES, Fir, Nack, Pli, Remb
from media.wire.rtcp import parse_compound
from tests.media.wire.garbage import garbage, survives

U32 = st.integers(0, 2**32 - 1)
# RFC 4585 6.2.1: PID 10 with BLP bits 1 and 16 (packets 11 and 26), PID 65530 with bit 6 (packet 0).
NACK_BYTES = bytes.fromhex("81cd0004 00000001 00000002 000a8001 fffa0020")
NACK = Nack(1, 2, (10, 11, 26, 65530, 0))
FIR_BYTES = bytes.fromhex("84ce0004 00000001 00000000 00000002 07000000")
# draft-alvestrand-rmcat-remb 2.2: 1 source, exponent 3, mantissa 0x3FFFF.
REMB_BYTES = bytes.fromhex("8fce0005 00000001 00000000 52454d42 010fffff 00000002")


def test_nack_layout():
    assert parse_compound(NACK_BYTES) == [NACK]
    assert NACK.build() == NACK_BYTES


@given(U32, U32, st.integers(0, 65535), st.lists(st.integers(1, 40), max_size=100))
def test_nack_round_trip_across_the_wrap(sender, media, first, steps):
    sequences = [first]
    for step in steps:
        sequences.append((sequences[-1] + step) % 65536)
    nack = Nack(sender, media, tuple(sequences))
    assert parse_compound(nack.build()) == [nack]


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=200))
def test_nack_in_any_order_names_the_same_packets(sequences):
    (parsed,) = parse_compound(Nack(1, 2, tuple(sequences)).build())
    assert isinstance(parsed, Nack)
    assert set(parsed.sequences) == set(sequences)


def test_nack_bounds():
    with pytest.raises(ValueError, match="without"):
        Nack(1, 2, ()).build()
    with pytest.raises(MalformedPacket):
        Nack.parse(bytes(8))
    with pytest.raises(MalformedPacket):
        Nack.parse(bytes(8 + 4 * (MAX_NACK_ENTRIES + 1)))


def test_pli_layout():
    data = bytes.fromhex("81ce0002 00000001 00000002")
    assert parse_compound(data) == [Pli(1, 2)]
    assert Pli(1, 2).build() == data


def test_fir_layout():
    assert parse_compound(FIR_BYTES) == [Fir(1, ((2, 7),))]
    assert Fir(1, ((2, 7),)).build() == FIR_BYTES


def test_remb_layout():
    remb = Remb(1, 0x3FFFF << 3, (2,))
    assert parse_compound(REMB_BYTES) == [remb]
    assert remb.build() == REMB_BYTES


@given(U32, st.integers(0, 2**50), st.lists(U32, max_size=255))
def test_remb_keeps_18_bits(sender, bitrate, ssrcs):
    (parsed,) = parse_compound(Remb(sender, bitrate, tuple(ssrcs)).build())
    assert isinstance(parsed, Remb)
    assert parsed.ssrcs == tuple(ssrcs)
    assert 0 <= bitrate - parsed.bitrate <= bitrate >> 17


def test_remb_bounds():
    for remb in (Remb(1, 1 << 82), Remb(1, 1, (1,) * 256)):
        with pytest.raises(ValueError, match="range"):
            remb.build()


@pytest.mark.parametrize(
    "data", ["81cd0001 00000001", "81ce0001 00000001", "84ce0002 00000001 00000000", "84ce0003 00000001 00000000 00000002",
             "8fce0003 00000001 00000000 52454d42", "8fce0004 00000001 00000000 52454d42 020fffff"],
)  # fmt: skip
def test_short_packets(data):
    with pytest.raises(MalformedPacket):
        parse_compound(bytes.fromhex(data))


@given(garbage(NACK_BYTES[4:], FIR_BYTES[4:], REMB_BYTES[4:]))
def test_garbage(body):
    for parse in (Nack.parse, Pli.parse, Fir.parse, Remb.parse):
        survives(parse, body)
