from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire.reports import Bye, ReceiverReport, ReportBlock, Sdes, SenderReport
from media.wire.rtcp import parse_compound
from tests.media.wire.garbage import garbage, survives

U32 = st.integers(0, 2**32 - 1)
BLOCKS = st.builds(ReportBlock, U32, st.integers(0, 255), st.integers(-(2**23), 2**23 - 1), U32, U32, U32, U32)
MANY = st.lists(BLOCKS, max_size=31).map(tuple)
NAMES = st.text(max_size=60).filter(lambda text: len(text.encode(errors="replace")) <= 255).filter(lambda t: t.isprintable())

# RFC 3550 6.4.1, field by field.
SR_BYTES = bytes.fromhex(
    "81c8000c 00000001 83aa7e80 80000000 00015f90 0000000a 000003e8"  # ssrc, NTP, RTP, packets, octets
    "00000002 40fffffe 00010005 00000063 7e808000 00010000"  # ssrc, fraction, lost −2, highest, jitter, LSR, DLSR
)
SR = SenderReport(1, 0x83AA7E8080000000, 90000, 10, 1000, (ReportBlock(2, 64, -2, 0x10005, 99, 0x7E808000, 0x10000),))


def test_sender_report_layout():
    assert parse_compound(SR_BYTES) == [SR]
    assert SR.build() == SR_BYTES


def test_receiver_report_layout():
    data = bytes.fromhex("80c90001 0000002a")
    assert parse_compound(data) == [ReceiverReport(42)]
    assert ReceiverReport(42).build() == data


def test_profile_extension_after_the_blocks_is_ignored():
    assert parse_compound(bytes.fromhex("80c90002 0000002a deadbeef")) == [ReceiverReport(42)]


@pytest.mark.parametrize(("lost", "seen"), [(2**23, 2**23 - 1), (-(2**23) - 1, -(2**23)), (-1, -1)])
def test_cumulative_loss_is_clamped(lost, seen):
    block = ReportBlock(1, 0, lost, 0, 0)
    assert ReportBlock.parse(block.build(), 0).lost == seen


def test_sdes_layout():
    # Chunk 1: CNAME "ab" ends in one null; chunk 2: TOOL "x", then CNAME "c", with nulls to 32 bits.
    data = bytes.fromhex("82ca0006 00000001 0102 6162 00000000 00000002 060178 010163 0000")
    assert parse_compound(data) == [Sdes(((1, "ab"), (2, "c")))]
    assert Sdes(((1, "ab"),)).build() == bytes.fromhex("81ca0003 00000001 01026162 00000000")


def test_sdes_without_cname_and_of_bad_utf8():
    assert parse_compound(bytes.fromhex("81ca0002 00000001 00000000")) == [Sdes(())]
    assert parse_compound(bytes.fromhex("81ca0002 00000001 0101ff00")) == [Sdes(((1, "\ufffd"),))]


def test_bye_layout():
    data = bytes.fromhex("82cb0004 00000001 00000002 05") + b"camer" + b"\0\0"
    assert parse_compound(data) == [Bye((1, 2), "camer")]
    assert Bye((1, 2), "camer").build() == data
    assert Bye((1, 2)).build() == bytes.fromhex("82cb0002 00000001 00000002")


@pytest.mark.parametrize(
    "data",
    [
        "80c80005 00000001 00000000 00000000 00000000 00000000",
        "81c90001 00000001",
        "80c90000",
        "82ca0002 00000001 00000000",
        "81ca0002 00000001 01090000",
        "81ca0002 00000001 01026162",
        "82cb0001 00000001",
        "81cb0002 00000001 04616263",
    ],
)
def test_short_packets(data):
    with pytest.raises(MalformedPacket):
        parse_compound(bytes.fromhex(data))


@given(st.builds(SenderReport, U32, st.integers(0, 2**64 - 1), U32, U32, U32, MANY))
def test_sender_report_round_trip(report):
    assert parse_compound(report.build()) == [report]


@given(st.builds(ReceiverReport, U32, MANY))
def test_receiver_report_round_trip(report):
    assert parse_compound(report.build()) == [report]


@given(st.lists(st.tuples(U32, NAMES), max_size=31).map(tuple).map(Sdes))
def test_sdes_round_trip(sdes):
    assert parse_compound(sdes.build()) == [sdes]


@given(st.builds(Bye, st.lists(U32, max_size=31).map(tuple), NAMES))
def test_bye_round_trip(bye):
    assert parse_compound(bye.build()) == [bye]


def test_more_than_five_bits_of_count():
    block = ReportBlock(1, 0, 0, 0, 0)
    for packet in (ReceiverReport(1, (block,) * 32), Sdes(((1, "a"),) * 32), Bye((1,) * 32), Sdes(((1, "a" * 256),))):
        with pytest.raises(ValueError):  # noqa: PT011
            packet.build()


@given(garbage(SR_BYTES[4:], Sdes(((1, "ab"), (2, "c"))).build()[4:], Bye((1, 2), "gone").build()[4:]), st.integers(0, 31))
def test_garbage(body, count):
    for parse in (SenderReport.parse, ReceiverReport.parse, Sdes.parse, Bye.parse):
        survives(parse, count, body)
