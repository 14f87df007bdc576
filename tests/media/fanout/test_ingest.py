from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from media.fanout.ingest import sealed_offset
from media.fanout.interface import Path
from media.wire import extensions
from media.wire.rows import ArrivalFlag, LayerSpec, RingSpan, Row
from tests.media.fanout.rig import H264, IDS, OPUS, PUBLISHER, VP8, Rig, packet, vp8

TAGS = extensions.build([(1, b"\x85"), (2, b"\x12\x34"), (3, b"0"), (4, b"q")])


def test_one_record_per_packet_with_everything_relay_needs():
    rig = Rig()
    rig.layer(types=(OPUS,))
    (arrival,) = rig.push(packet(7, b"sound", timestamp=960, kind=111, marker=True, extension=TAGS))
    assert (arrival.layer, arrival.payload_type, arrival.audio_level, arrival.transport_seq) == (1, 111, 5, 0x1234)
    assert (arrival.raw_seq & 0xFFFF, arrival.seq, arrival.timestamp & 0xFFFFFFFF) == (7, arrival.raw_seq, 960)
    assert arrival.arrival == rig.now
    assert arrival.size == 12 + len(TAGS) + 5
    assert arrival.flags == ArrivalFlag.MARKER | ArrivalFlag.KEYFRAME | ArrivalFlag.FRAME_START
    (bare,) = rig.push(packet(8, b"sound", kind=111))
    assert (bare.audio_level, bare.transport_seq) == (255, -1)


def test_padding_only_closes_its_gap_and_is_not_stored():
    rig = Rig()
    rig.layer()
    (first,) = rig.push(packet(1, vp8(1, 1, b"a", key=True)))
    (probe,) = rig.push(packet(2, b"", padding=200))
    (second,) = rig.push(packet(3, vp8(2, 2, b"b")))
    assert probe.flags == ArrivalFlag.PADDING
    assert second.seq == first.seq + 1
    assert second.raw_seq == first.raw_seq + 2
    assert rig.fanout.span(1) == RingSpan(first.seq, second.seq)


def test_padding_behind_a_payload_is_cut_off():
    rig = Rig()
    rig.layer(types=(OPUS,))
    address, peer = rig.subscribe(2)
    _row(rig, {111: 111})
    rig.push(packet(1, b"sound", kind=111, padding=8))
    assert peer.unprotect(rig.sock.take(address)[0])[12:] == b"sound"


def _row(rig: Rig, types: dict[int, int]) -> None:
    rig.fanout.set_row(Row(2, 2, 77, True, 1, types, seq_offset=-60000, live=True))


def test_rtx_fills_the_gap_of_its_original():
    rig = Rig()
    rig.layer()
    rig.fanout.bind_rtx(1, 2000, 1)
    (first,) = rig.push(packet(10, vp8(1, 1, b"a", key=True)))
    rig.push(packet(12, vp8(1, 1, b"c", start=False)))
    lost = vp8(1, 1, b"b", start=False)
    (repaired,) = rig.push(packet(500, (11).to_bytes(2, "big") + lost, ssrc=2000, kind=97))
    assert repaired.raw_seq == first.raw_seq + 1
    assert repaired.seq == first.seq + 1
    assert repaired.payload_type == 96
    assert repaired.flags == ArrivalFlag.RECOVERED
    (again,) = rig.push(packet(501, (11).to_bytes(2, "big") + lost, ssrc=2000, kind=97))
    assert again.flags == ArrivalFlag.RECOVERED | ArrivalFlag.DUPLICATE
    (probe,) = rig.push(packet(502, b"", ssrc=2000, kind=97, padding=100, extension=TAGS))
    assert (probe.flags, probe.raw_seq, probe.transport_seq) == (ArrivalFlag.RECOVERED | ArrivalFlag.PADDING, -1, 0x1234)
    assert rig.push(packet(503, b"\x01", ssrc=2000, kind=97)) == []  # Too short for a sequence.
    stats = rig.fanout.stats()
    assert (stats["rtx_received"], stats["rtx_padding"], stats["duplicates"], stats["malformed"]) == (4, 1, 1, 1)


def test_h264_keyframe_is_the_sps_or_an_idr_that_has_none():
    rig = Rig()
    rig.layer(types=(H264,))
    push = lambda seq, ts, payload: rig.push(packet(seq, payload, timestamp=ts, kind=102))[0].flags & ArrivalFlag.KEYFRAME  # noqa: E731
    sps, pps, idr, more, delta = b"\x67\x42\x00", b"\x68\xce", b"\x65\x88\x00", b"\x65\x08\x00", b"\x41\x9a\x00"
    assert [bool(push(seq, 0, nal)) for seq, nal in enumerate([sps, pps, idr, more])] == [True, False, False, False]
    assert [bool(push(seq, 3000, nal)) for seq, nal in enumerate([delta, delta], 4)] == [False, False]
    assert [bool(push(seq, 6000, nal)) for seq, nal in enumerate([idr, more], 6)] == [True, False]


def test_an_unknown_ssrc_is_bound_by_its_header_extensions():
    rig = Rig()
    asked = []

    def bind(session, ssrc, payload_type, mid, rid, repaired):
        asked.append((session, ssrc, payload_type, mid, rid, repaired))
        if rid is not None:
            rig.fanout.add_layer(LayerSpec(9, 1, ssrc, (VP8,), IDS))

    rig.fanout.binder = bind
    rig.fanout.set_extensions(1, IDS)
    for sequence in range(5):
        assert rig.push(packet(sequence, vp8(1, 1, b"a"))) == []
    assert asked == [(1, 1000, 96, None, None, None)]
    (arrival,) = rig.push(packet(6, vp8(1, 1, b"a", key=True), extension=TAGS))
    assert arrival.layer == 9
    assert asked[1:] == [(1, 1000, 96, "0", "q", None)]
    assert rig.push(packet(7, vp8(1, 1, b"b")))[0].layer == 9
    assert rig.fanout.stats()["ssrc_unknown"] == 5


def test_refused_ssrcs_are_asked_about_rarely_and_remembered_in_bounds():
    rig = Rig()
    asked = []
    rig.fanout.binder = lambda *what: asked.append(what)
    for ssrc in range(1, 300):
        rig.push(packet(1, b"x", ssrc=ssrc))
    assert len(asked) == 200  # Per second.
    rig.now = 10_000_000_000
    asked.clear()
    for sequence in range(2, 1002):
        rig.push(packet(sequence, b"x", ssrc=1))
    assert len(asked) == 2  # 1,000 packets in one second, asked again after 500 ms.


def test_replayed_forged_and_foreign_packets_are_only_counted():
    rig = Rig()
    rig.layer()
    sealed = rig.publisher.protect(packet(1, vp8(1, 1, b"a", key=True)))
    assert len(rig.push_raw(sealed)) == 1
    assert rig.push_raw(sealed) == []
    assert rig.push_raw(sealed[:-1] + bytes((sealed[-1] ^ 1,))) == []
    forged = rig.publisher.protect(packet(2, vp8(1, 1, b"b")))
    assert rig.push_raw(forged[:-1] + bytes((forged[-1] ^ 1,))) == []
    assert len(rig.push_raw(forged)) == 1  # A forgery does not burn the sequence.
    batch = rig.fanout.feed(Path(0, ("127.0.0.1", 4001)), sealed, 1)
    assert not batch.arrivals
    stats = rig.fanout.stats()
    assert (stats["srtp_replayed"], stats["srtp_unauthentic"], stats["untrusted"]) == (2, 1, 1)


def test_an_oversized_packet_of_a_connection_is_refused():
    rig = Rig()
    rig.fanout.feed(Path(1, None), bytes(5000), 0)
    assert rig.fanout.stats()["oversized"] == 1


def test_rtcp_is_told_by_its_type_and_opened_once():
    rig = Rig()
    compound = bytes.fromhex("80c90001000003e8")
    sealed = rig.publisher.protect_rtcp(compound)
    batch = rig.fanout.feed(PUBLISHER, sealed, 1)
    assert batch.rtcp == [(1, compound)]
    assert rig.fanout.feed(PUBLISHER, sealed, 1).rtcp == []
    forged = rig.publisher.protect_rtcp(compound)
    assert rig.fanout.feed(PUBLISHER, forged[:8] + b"\0" + forged[9:], 1).rtcp == []
    assert rig.fanout.feed(PUBLISHER, sealed[:12], 1).rtcp == []
    stats = rig.fanout.stats()
    assert (stats["srtcp_replayed"], stats["srtcp_unauthentic"], stats["malformed"]) == (1, 1, 1)


def test_slow_datagrams_go_up_with_their_path():
    rig = Rig()
    stranger = ("127.0.0.1", 4444)
    for first in (0, 3, 20, 63):
        rig.sock.incoming.append((bytes((first, 1, 2)), stranger))
    for first in (4, 19, 64, 127, 192, 255):
        rig.sock.incoming.append((bytes((first,)), stranger))
    batch = rig.fanout.receive(0, 1)
    assert [(path, data[0]) for path, data in batch.slow] == [(Path(0, stranger), first) for first in (0, 3, 20, 63)]
    assert rig.fanout.stats()["unknown_first_byte"] == 6
    assert not batch.more


def test_a_read_stops_at_64_datagrams():
    rig = Rig()
    rig.sock.incoming.extend([(b"\0", ("127.0.0.1", 1))] * 70)
    assert rig.fanout.receive(0, 1).more
    batch = rig.fanout.receive(0, 1)
    assert (len(batch.slow), batch.more) == (6, False)


@given(st.binary(max_size=80))
def test_sealed_offset_stays_inside(data):
    assert -1 <= sealed_offset(data) <= len(data)


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=120), st.booleans())
def test_sealed_garbage_is_only_counted(body, rtx):
    """Authentic packets with any content: the publisher itself may be broken."""
    rig = GARBAGE
    rig.sequence += 1
    head = bytes((0x80 | body[0] & 0x3F, 97 if rtx else 96)) + (rig.sequence & 0xFFFF).to_bytes(2, "big") + bytes(4)
    plain = head + (2000 if rtx else 1000).to_bytes(4, "big") + body[1:]
    try:
        sealed = rig.publisher.protect(plain)
    except Exception:  # libsrtp refuses headers that do not fit.
        return
    rig.push_raw(sealed)


class _Garbage(Rig):
    sequence = 0


GARBAGE = _Garbage()
GARBAGE.layer()
GARBAGE.fanout.bind_rtx(1, 2000, 1)


def test_garbage_datagrams_are_only_counted_while_media_flows():
    rig = Rig()
    rig.layer()
    address, peer = rig.subscribe(2)
    _row(rig, {96: 96})
    rng = random.Random(7)
    for sequence in range(200):
        for _ in range(10):
            garbage = bytes((rng.choice((128, 144, 176, 191)),)) + rng.randbytes(rng.randrange(60))
            rig.fanout.feed(PUBLISHER if rng.random() < 0.5 else Path(0, ("127.0.0.1", 9)), garbage, rig.now)
        rig.push(packet(sequence, vp8(sequence, 1, b"frame"), timestamp=sequence * 3000))
    assert [peer.unprotect(sent)[12:] for sent in rig.sock.take(address)] == [vp8(n, 1, b"frame") for n in range(200)]
    stats = rig.fanout.stats()
    assert stats["srtp_unauthentic"] + stats["malformed"] + stats["untrusted"] + stats["srtcp_unauthentic"] == 2000


def test_a_removed_session_leaves_nothing():
    rig = Rig()
    for number in range(2, 50):
        rig.subscribe(number)
        rig.fanout.allow(Path(0, ("127.0.0.1", number)), number)
        rig.fanout.add_layer(LayerSpec(number, number, 5, (VP8,), IDS))
        rig.fanout.remove_session(number)
    rig.fanout.remove_session(1)
    stats = rig.fanout.stats()
    assert (stats["sessions"], stats["layers"], stats["rows"], stats["paths"]) == (0, 0, 0, 0)


def test_a_publisher_may_change_its_ssrc_more_often_than_windows_are_kept():
    rig = Rig()
    for number in range(300):
        rig.layer(1, 5000 + number)
        assert len(rig.push(packet(1, vp8(1, 1, b"picture", key=True), ssrc=5000 + number))) == 1
    assert rig.fanout.stats()["ssrc_table_full"] == 0
