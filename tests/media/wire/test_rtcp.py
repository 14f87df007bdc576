from __future__ import annotations

import pytest
from hypothesis import given

from media.errors import MalformedPacket
from media.wire import ntp
from media.wire.rtcp import (
    Bye,
    Fir,
    Nack,
    Packet,
    Pli,
    ReceiverReport,
    Remb,
    ReportBlock,
    Sdes,
    SenderReport,
    TransportFeedback,
    build_compound,
    parse_compound,
)  # fmt: skip
from tests.media.wire.garbage import garbage, survives

RR = bytes.fromhex("80c90001 0000002a")
PLI = bytes.fromhex("81ce0002 00000001 00000002")
ALL: list[Packet] = [
    SenderReport(1, ntp.ntp(0), 2, 3, 4, (ReportBlock(5, 6, 7, 8, 9),)),
    ReceiverReport(1, (ReportBlock(5, 6, -7, 8, 9, 10, 11),)),
    Sdes(((1, "cname"),)),
    Nack(1, 2, (3, 4)),
    Pli(1, 2),
    Fir(1, ((2, 3),)),
    Remb(1, 1_000_000 >> 4 << 4, (2,)),
    TransportFeedback(1, 2, 3, 4, 5, (6, None)),
    Bye((1,), "end"),
]


def test_compound_of_everything():
    assert parse_compound(build_compound(ALL)) == ALL
    assert parse_compound(memoryview(build_compound(ALL))) == ALL


def test_reduced_size_is_accepted():
    assert parse_compound(PLI) == [Pli(1, 2)]


@pytest.mark.parametrize(
    "other", ["80cc0002 00000001 6e616d65", "80cf0001 00000001", "83cd0002 00000001 00000002", "8fce0002 00000001 00000002"]
)
def test_unknown_types_are_skipped(other):
    assert parse_compound(RR + bytes.fromhex(other) + PLI) == [ReceiverReport(42), Pli(1, 2)]


def test_padding_wherever_it_stands():
    padded = bytes.fromhex("a1ce0003 00000001 00000002 00000004")
    assert parse_compound(RR + padded) == [ReceiverReport(42), Pli(1, 2)]
    assert parse_compound(padded + RR) == [Pli(1, 2), ReceiverReport(42)]


def test_transport_feedback_padded_as_libwebrtc_does():
    # Base 3, one packet, run of one small delta, 1 octet of delta, 1 of padding that counts itself.
    data = bytes.fromhex("afcd0005 00000001 00000002 00030001 00000405 2001 06 01")
    assert parse_compound(data + RR) == [TransportFeedback(1, 2, 3, 4, 5, (6,)), ReceiverReport(42)]


@pytest.mark.parametrize(
    "data",
    ["", "80c9", "00c90001 0000002a", "80c90002 0000002a", "80c90001 0000002a 00", "a0c90001 00000000", "a0c90001 00000008",
     "a0c90000", "80c90001 0000002a 81ce0001 00000001"],
)  # fmt: skip
def test_malformed_compounds(data):
    with pytest.raises(MalformedPacket):
        parse_compound(bytes.fromhex(data))


@given(garbage(build_compound(ALL), *(packet.build() for packet in ALL)))
def test_garbage(data):
    for packet in survives(parse_compound, data) or []:
        assert isinstance(packet, Packet)


@pytest.mark.parametrize("packet", ALL, ids=lambda packet: type(packet).__name__)
def test_every_cut_is_malformed_or_shorter(packet):
    data = packet.build()
    for size in range(1, len(data)):
        assert survives(parse_compound, data[:size]) is None
