from __future__ import annotations

import dataclasses

import pytest

from media.fanout.interface import Path
from media.wire import extensions
from media.wire.payload import vp8 as vp8_payload
from media.wire.rows import LayerSpec, Picture, Row
from tests.media.fanout.rig import CM, GCM, GCM256, IDS, OPUS, VP8, Rig, packet, split, vp8

BASE = 65536
"""Where a layer's extended sequences begin (`Extender`)."""
ROW = Row(2, 2, 77, False, 1, {96: 100}, 1000 - BASE, 500, 0, True)


def watched(profile: str = GCM, **change: object):
    rig = Rig()
    rig.layer()
    address, peer = rig.subscribe(2, profile)
    rig.fanout.set_row(dataclasses.replace(ROW, **change))
    return rig, lambda: [split(peer.unprotect(wire)) for wire in rig.sock.take(address)]


@pytest.mark.parametrize("profile", [GCM, GCM256, CM])
def test_header_is_the_subscribers_own_and_the_payload_the_sources(profile):
    rig, sent = watched(profile)
    rig.push(packet(5, vp8(1, 1, b"picture", key=True), timestamp=90, marker=True))
    ((header, payload),) = sent()
    assert (header.payload_type, header.sequence, header.ssrc, header.marker) == (100, 1005, 77, True)
    assert header.timestamp == (90 + 500) & 0xFFFFFFFF
    assert header.extension_profile == 0
    assert payload == vp8(1, 1, b"picture", key=True)


def test_one_publisher_reaches_subscribers_of_all_profiles_and_mid_states():
    rig = Rig()
    rig.layer()
    peers = []
    for number, profile in enumerate((GCM, CM, GCM256, GCM, CM), 2):
        address, peer = rig.subscribe(number, profile)
        mid = 3 if number % 2 else 0
        rig.fanout.set_row(dataclasses.replace(ROW, row=number, session=number, ssrc=70 + number, mid=b"v1", mid_id=mid))
        peers.append((number, address, peer, mid))
    bodies = [vp8(9, 9, bytes((n,)) * (400 if n < 7 else 90)) for n in range(8)]
    for n, body in enumerate(bodies):
        rig.push(packet(n, body), flush=n == 7)
    for number, address, peer, mid in peers:
        plain = [peer.unprotect(wire) for wire in rig.sock.take(address)]
        assert [split(each)[1] for each in plain] == bodies
        assert {split(each)[0].ssrc for each in plain} == {70 + number}
        assert [extensions.parse_all(each, split(each)[0]) for each in plain] == [{3: b"v1"} if mid else {}] * 8
    assert rig.sock.calls == len(peers)  # Eight packets each in one call.


def test_audio_level_travels_under_the_subscribers_id():
    rig = Rig()
    rig.layer(types=(OPUS,))
    address, peer = rig.subscribe(2)
    rig.fanout.set_row(Row(2, 2, 77, True, 1, {111: 109}, -BASE, 0, 0, True, mid=b"a", mid_id=2, audio_level_id=9))
    rig.push(packet(1, b"voice", kind=111, extension=extensions.build([(1, b"\x9e")])))
    rig.push(packet(2, b"quiet", kind=111))
    plain = [peer.unprotect(wire) for wire in rig.sock.take(address)]
    found = [extensions.parse_all(each, split(each)[0]) for each in plain]
    assert found == [{2: b"a", 9: b"\x9e"}, {2: b"a"}]
    assert [split(each)[1] for each in plain] == [b"voice", b"quiet"]


def test_two_byte_extensions_when_an_id_needs_them():
    rig, _ = watched()
    rig.fanout.remove_row(2)
    rig.layer(2, 1001, (OPUS,))
    rig.fanout.set_row(Row(3, 2, 79, True, 2, {111: 111}, -BASE, 0, 0, True, mid=b"audio", mid_id=20, audio_level_id=21))
    _, peer = rig.subscribe(2)
    rig.push(packet(1, b"voice", ssrc=1001, kind=111, extension=extensions.build([(1, b"\x05")])))
    plain = peer.unprotect(rig.sock.take()[0])
    assert extensions.parse_all(plain, split(plain)[0]) == {20: b"audio", 21: b"\x05"}


def test_picture_numbers_run_on_and_every_row_patches_its_own():
    rig = Rig()
    rig.layer()
    rows = {2: (100, 3), 3: (0, 0), 4: (0x7FFF, 255)}
    peers = {number: rig.subscribe(number) for number in rows}
    for number, (picture, tl0) in rows.items():
        rig.fanout.set_row(
            dataclasses.replace(ROW, row=number, session=number, picture_id_offset=picture, tl0_offset=tl0, mid=b"v", mid_id=number % 2)
        )
    rig.push(packet(1, vp8(0x7FFE, 254, b"body")))
    for number, (picture, tl0) in rows.items():
        address, peer = peers[number]
        plain = peer.unprotect(rig.sock.take(address)[0])
        header, payload = split(plain)
        found = vp8_payload.parse(plain, header.payload_offset, header.payload_end)
        assert (found.picture_id, found.tl0) == ((0x7FFE + picture) & 0x7FFF, (254 + tl0) & 255)
        assert payload[6:] == b"\1body"
        counters = rig.fanout.counters(number)
        assert (counters.picture_id, counters.tl0) == (found.picture_id, found.tl0)
    assert rig.fanout.picture(1, BASE + 1) == Picture(0x7FFE, 254)
    assert rig.fanout.picture(1, BASE + 2) == Picture(-1, -1)


def test_counters_are_what_an_sr_says():
    rig, _ = watched()
    assert rig.fanout.counters(2) == (0, 0, -1, 0, -1, -1, 0)
    for n in range(3):
        rig.push(packet(n, vp8(1, 1, b"12345"), timestamp=n * 90))
    counters = rig.fanout.counters(2)
    assert (counters.packets, counters.octets, counters.seq) == (3, 36, 1002)
    assert counters.timestamp & 0xFFFFFFFF == 2 * 90 + 500


def test_a_row_takes_nothing_below_first_seq_of_another_type_or_while_not_live():
    rig, sent = watched(first_seq=BASE + 3)
    for n in range(5):
        rig.push(packet(n, vp8(1, 1, b"%d" % n)), flush=n == 4)
    assert [header.sequence for header, _ in sent()] == [1003, 1004]
    rig.fanout.set_row(dataclasses.replace(ROW, live=False))
    rig.push(packet(5, vp8(1, 1, b"5")))
    assert sent() == []
    rig.fanout.set_row(dataclasses.replace(ROW, payload_types={97: 100}))
    rig.push(packet(6, vp8(1, 1, b"6")))
    assert sent() == []
    assert rig.fanout.stats()["rows_without_type"] == 1


def test_a_range_from_the_ring_is_not_repeated_by_the_flush():
    rig, sent = watched(live=False)
    for n in range(4):
        rig.push(packet(n, vp8(1, 1, b"%d" % n)))
    rig.push(packet(4, vp8(1, 1, b"4")), flush=False)
    assert rig.fanout.send_range(2, BASE + 2, BASE + 4) == 3
    rig.fanout.set_row(dataclasses.replace(ROW, first_seq=0))
    rig.push(packet(5, vp8(1, 1, b"5")))
    assert [header.sequence for header, _ in sent()] == [1002, 1003, 1004, 1005]
    assert rig.fanout.send_range(2, BASE + 900, BASE + 1000) == 0
    assert rig.fanout.send_range(99, 0, 10) == 0


def test_a_resend_without_rtx_is_byte_identical_also_after_a_switch():
    rig, _ = watched(mid=b"v", mid_id=3, picture_id_offset=7)
    rig.layer(2, 1001)
    rig.push(packet(0, vp8(1, 1, b"old")))
    first = rig.sock.take()
    rig.push(packet(50, vp8(9, 9, b"new"), ssrc=1001))
    rig.fanout.set_row(dataclasses.replace(ROW, layer=2, seq_offset=1001 - BASE - 51, mid=b"v", picture_id_offset=1))
    rig.push(packet(51, vp8(9, 9, b"new"), ssrc=1001))
    second = rig.sock.take()
    assert rig.fanout.resend(2, [1000, 1001, 999, 1002]) == 2
    assert rig.sock.take() == first + second
    assert rig.fanout.stats()["resend_refused"] == 2
    rig.fanout.remove_layer(1)
    assert rig.fanout.resend(2, [1000, 1001]) == 1
    assert rig.sock.take() == second


def test_rtx_carries_what_was_sent_under_its_own_numbers():
    rig, sent = watched(rtx_ssrc=78, rtx_payload_types={100: 101}, picture_id_offset=7, tl0_offset=2)
    rig.push(packet(0, vp8(1, 1, b"frame"), marker=True, timestamp=9))
    ((original, payload),) = sent()
    assert rig.fanout.resend(2, [1000, 1000]) == 2
    for number, (header, repeated) in enumerate(sent()):
        assert (header.ssrc, header.payload_type, header.sequence, header.marker) == (78, 101, number, True)
        assert header.timestamp == original.timestamp
        assert repeated == (1000).to_bytes(2, "big") + payload
    rig.fanout.remove_row(2)
    rig.fanout.set_row(dataclasses.replace(ROW, rtx_ssrc=78, rtx_payload_types={100: 101}, seq_offset=1001 - BASE))
    rig.push(packet(1, vp8(2, 2, b"more")))
    rig.fanout.resend(2, [1002])
    assert [(header.ssrc, header.sequence) for header, _ in sent()] == [(77, 1002), (78, 2)]


def test_a_revoked_row_resends_nothing_and_sends_no_used_number():
    rig, sent = watched()
    rig.push(packet(0, vp8(1, 1, b"secret")))
    rig.fanout.forget(2)
    sent()
    assert rig.fanout.resend(2, [1000]) == 0
    assert rig.fanout.send_range(2, BASE, BASE) == 0
    assert sent() == []
    rig.push(packet(1, vp8(1, 1, b"next")))
    assert [header.sequence for header, _ in sent()] == [1001]


def test_a_straggler_keeps_its_place_across_a_change_of_extensions_but_not_of_numbering():
    rig, sent = watched(mid=b"v", mid_id=3)
    rig.fanout.bind_rtx(1, 2000, 1)
    for n in (0, 2, 4):
        rig.push(packet(n, vp8(1, 1, b"%d" % n)))
    rig.fanout.set_row(ROW)
    rig.push(packet(0, (1).to_bytes(2, "big") + vp8(1, 1, b"1"), ssrc=2000, kind=97))
    assert [(header.sequence, bool(header.extension_profile)) for header, _ in sent()][3:] == [(1001, True)]
    rig.fanout.set_row(dataclasses.replace(ROW, seq_offset=ROW.seq_offset + 1))
    rig.push(packet(1, (3).to_bytes(2, "big") + vp8(1, 1, b"3"), ssrc=2000, kind=97))
    assert sent() == []
    assert rig.fanout.stats()["nonce_refused"] == 1


def test_injected_parameter_sets_take_an_unused_number_and_are_resendable():
    rig, sent = watched(rtx_ssrc=78, rtx_payload_types={100: 101})
    rig.push(packet(0, vp8(1, 1, b"a")))
    assert not rig.fanout.inject(2, 1000, 77, 100, b"used")
    assert rig.fanout.inject(2, 1001, 77, 100, b"parameter sets")
    rig.fanout.set_row(dataclasses.replace(ROW, seq_offset=ROW.seq_offset + 1, rtx_ssrc=78, rtx_payload_types={100: 101}))
    rig.push(packet(1, vp8(2, 2, b"key", key=True)))
    assert rig.fanout.resend(2, [1001]) == 1
    found = [(header.ssrc, header.sequence, header.timestamp, header.marker) for header, _ in sent()]
    assert found[1:3] == [(77, 1001, 77, False), (77, 1002, 500, False)]
    assert found[3] == (78, 0, 77, False)
    assert rig.fanout.counters(2).packets == 3
    assert not rig.fanout.inject(2, 1002, 0, 100, b"used")
    assert not rig.fanout.inject(9, 5000, 0, 100, b"no row")


def test_an_ssrc_belongs_to_one_row():
    rig, sent = watched()
    rig.fanout.set_row(dataclasses.replace(ROW, row=3))
    rig.fanout.set_row(dataclasses.replace(ROW, row=4, ssrc=79, rtx_ssrc=77))
    assert rig.fanout.stats()["ssrc_conflicts"] == 2
    assert rig.fanout.stats()["rows"] == 2
    rig.push(packet(0, vp8(1, 1, b"a")))
    assert sorted(header.ssrc for header, _ in sent()) == [77, 79]


def test_a_layer_that_comes_again_does_not_reach_back():
    rig, sent = watched()
    rig.push(packet(0, vp8(1, 1, b"old")))
    rig.fanout.remove_layer(1)
    rig.push(packet(1, vp8(1, 1, b"nobody")))
    assert len(sent()) == 1
    rig.fanout.add_layer(LayerSpec(1, 1, 1000, (VP8,), IDS))
    rig.push(packet(2, vp8(1, 1, b"new")))
    assert [payload[7:] for _, payload in sent()] == [b"new"]
    assert rig.fanout.resend(2, [1000]) == 0


def test_nothing_leaves_without_keys_path_or_session():
    rig = Rig()
    rig.layer()
    rig.fanout.set_row(ROW)
    rig.fanout.add_session(2)
    rig.fanout.set_row(ROW)
    rig.push(packet(0, vp8(1, 1, b"a")))
    rig.fanout.send_rtcp(2, bytes(8))
    rig.fanout.set_keys(9, "none", b"", b"")
    with pytest.raises(ValueError, match="unknown"):
        rig.fanout.set_keys(2, "none", b"", b"")
    assert rig.sock.sent == []
    rig.subscribe(2)
    rig.fanout.set_path(2, None)
    rig.push(packet(1, vp8(1, 1, b"a")))
    assert rig.sock.sent == []
    assert rig.fanout.counters(2).seq == -1


def test_rtcp_is_sealed_for_its_session():
    rig = Rig()
    address, peer = rig.subscribe(2)
    compound = bytes.fromhex("80c90001000003e8")
    for _ in range(3):
        rig.fanout.send_rtcp(2, compound)
        assert peer.unprotect_rtcp(rig.sock.take(address)[0]) == compound
    rig.fanout.send_slow(Path(0, address), b"\x16dtls")
    assert rig.sock.take(address) == [b"\x16dtls"]


def test_held_video_leaves_with_the_next_flush_and_sound_at_once():
    rig = Rig()
    rig.layer(1, 1000, (VP8,))
    rig.layer(2, 2000, (OPUS,))
    address, peer = rig.subscribe(2)
    rig.fanout.set_row(Row(1, 2, 50, False, 1, {96: 100}, 1000 - BASE, 0, 0, True))
    rig.fanout.set_row(Row(2, 2, 60, True, 2, {111: 109}, 1000 - BASE, 0, 0, True))
    rig.push(packet(1, vp8(1, 1, b"picture", key=True)), flush=False)
    rig.push(packet(1, b"\xfcsound", ssrc=2000, kind=111), flush=False)
    assert rig.fanout.flush(rig.now, hold_video=True) is True
    assert [split(peer.unprotect(wire))[0].ssrc for wire in rig.sock.take(address)] == [60]
    rig.push(packet(2, vp8(2, 2, b"picture")), flush=False)
    assert rig.fanout.flush(rig.now) is False
    assert [split(peer.unprotect(wire))[0].ssrc for wire in rig.sock.take(address)] == [50, 50]


def test_a_full_batch_of_video_is_not_held():
    rig = Rig()
    rig.layer(1, 1000, (VP8,))
    address, _ = rig.subscribe(2)
    rig.fanout.set_row(Row(1, 2, 50, False, 1, {96: 100}, 1000 - BASE, 0, 0, True))
    for sequence in range(64):
        assert rig.sock.take(address) == []
        rig.push(packet(sequence, vp8(1, 1, b"picture", key=True)), flush=False)
        held = rig.fanout.flush(rig.now, hold_video=True)
    assert held is False
    assert len(rig.sock.take(address)) == 64


def test_held_video_of_a_row_that_was_revoked_is_not_sent():
    rig = Rig()
    rig.layer(1, 1000, (VP8,))
    address, _ = rig.subscribe(2)
    row = Row(1, 2, 50, False, 1, {96: 100}, 1000 - BASE, 0, 0, True)
    rig.fanout.set_row(row)
    rig.push(packet(1, vp8(1, 1, b"picture", key=True)), flush=False)
    assert rig.fanout.flush(rig.now, hold_video=True)
    rig.fanout.set_row(dataclasses.replace(row, layer=0, live=False))
    rig.fanout.forget(1)
    assert not rig.fanout.flush(rig.now)
    assert rig.sock.take(address) == []
