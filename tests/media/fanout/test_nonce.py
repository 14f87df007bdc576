"""M5: whatever relay, subscribers and publishers do, no (key, SSRC, ROC, sequence) seals two different packets."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Error

from media.fanout.replay import estimate
from media.wire.rows import Row
from tests.media.fanout.rig import CM, GCM, GCM256, IDS, VP8, Rig, libsrtp, master, packet, vp8

SSRC, RTX = 77, 78
OPS = st.one_of(
    st.tuples(st.just("arrive"), st.integers(1, 2), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("late"), st.integers(1, 2), st.integers(1, 6), st.just(0)),
    st.tuples(st.just("pad"), st.integers(1, 2), st.just(0), st.just(0)),
    st.tuples(st.just("switch"), st.integers(1, 2), st.integers(-3, 4), st.integers(0, 3)),
    st.tuples(st.just("tweak"), st.integers(0, 3), st.just(0), st.just(0)),
    st.tuples(st.just("resend"), st.integers(0, 30), st.integers(1, 5), st.just(0)),
    st.tuples(st.just("range"), st.integers(0, 12), st.integers(0, 12), st.just(0)),
    st.tuples(st.just("inject"), st.integers(-2, 3), st.just(0), st.just(0)),
    st.tuples(st.just("forget"), st.just(0), st.just(0), st.just(0)),
    st.tuples(st.just("again"), st.integers(-3, 3), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("relayer"), st.integers(1, 2), st.just(0), st.just(0)),
)


class Story:
    """A relay that often errs, over two layers of other sequences, on one subscriber's row just below a rollover."""

    def __init__(self, profile: str, rtx: bool) -> None:
        self.rig = Rig(profile)
        self.profile = profile
        self.ssrcs = {1: 1000, 2: 1001}
        self.next = {1: 100, 2: 65500}
        self.missing: dict[int, list[int]] = {1: [], 2: []}
        for layer, ssrc in self.ssrcs.items():
            self.rig.layer(layer, ssrc, ring=64)
            self.rig.fanout.bind_rtx(1, ssrc + 1000, layer)
        self.rtx_sequence = {1: 0, 2: 0}
        self.address, self.peer = self.rig.subscribe(2, profile)
        self.row = Row(
            2, 2, SSRC, False, 1, {96: 100}, 32000 - 65636, 5, 0, True,
            RTX if rtx else None, {100: 101} if rtx else {}, b"v", 3,
        )  # fmt: skip
        self.rig.fanout.set_row(self.row)
        self.arrive(2, 1, True)
        self.arrive(1, 1, True)
        # Up to the rollover in steps a receiver can follow.
        self.switch(1, 32500, 0)
        self.arrive(1, 1, True)
        self.switch(1, 1020, 0)
        self.arrive(1, 1, True)
        self.highest: dict[int, int] = {}
        self.seen: dict[tuple[int, int], bytes] = {}
        self.check()

    def arrive(self, layer: int, step: int, marker: bool) -> None:
        sequence = self.next[layer]
        self.missing[layer] += range(sequence, sequence + step - 1)
        self._push(layer, sequence + step - 1, marker)
        self.next[layer] = sequence + step

    def _push(self, layer: int, sequence: int, marker: bool = False) -> None:
        body = vp8(sequence & 0x7FFF, sequence & 0xFF, b"%d of %d" % (sequence, layer), key=marker)
        self.rig.push(packet(sequence & 0xFFFF, body, timestamp=sequence * 3000, ssrc=self.ssrcs[layer], marker=marker))

    def late(self, layer: int, back: int, _: int) -> None:
        if self.missing[layer]:
            sequence = self.missing[layer].pop(-min(back, len(self.missing[layer])))
            body = vp8(sequence & 0x7FFF, sequence & 0xFF, b"%d of %d" % (sequence, layer))
            osn = (sequence & 0xFFFF).to_bytes(2, "big")
            self.rtx_sequence[layer] += 1
            self.rig.push(packet(self.rtx_sequence[layer], osn + body, timestamp=sequence * 3000, ssrc=self.ssrcs[layer] + 1000, kind=97))

    def pad(self, layer: int, *_: int) -> None:
        sequence = self.next[layer]
        self.rig.push(packet(sequence & 0xFFFF, b"", ssrc=self.ssrcs[layer], padding=20))
        self.next[layer] = sequence + 1

    def switch(self, layer: int, ahead: int, offset: int) -> None:
        out = self.rig.fanout.counters(2).seq + ahead
        head = max(self.rig.fanout.span(layer).head, 0)
        self.row = dataclasses.replace(
            self.row, layer=layer, seq_offset=out - head, ts_offset=offset, first_seq=head - offset,
            picture_id_offset=offset * 9, tl0_offset=offset, mid_id=3 if offset % 2 else 0,
        )  # fmt: skip
        self.rig.fanout.set_row(self.row)

    def tweak(self, which: int, *_: int) -> None:
        change = ({"mid_id": 3 - self.row.mid_id}, {"live": not self.row.live}, {"audio_level_id": 1}, {"payload_types": {96: 99}})[which]
        self.row = dataclasses.replace(self.row, **change)
        self.rig.fanout.set_row(self.row)

    def resend(self, back: int, count: int, _: int) -> None:
        newest = self.rig.fanout.counters(2).seq - back
        self.rig.fanout.resend(2, [(newest - i) & 0xFFFF for i in range(count)])

    def range(self, back: int, count: int, _: int) -> None:
        first = self.rig.fanout.span(self.row.layer).head - back
        self.rig.fanout.send_range(2, first, first + count)

    def inject(self, ahead: int, *_: int) -> None:
        self.rig.fanout.inject(2, self.rig.fanout.counters(2).seq + ahead, 9, 100, b"own %d" % self.rig.now)

    def forget(self, *_: int) -> None:
        self.rig.fanout.forget(2)

    def again(self, ahead: int, other: int, _: int) -> None:
        out = self.rig.fanout.counters(2).seq + ahead
        self.rig.fanout.remove_row(2 + 10 * other)
        self.rig.fanout.remove_row(2)
        self.row = dataclasses.replace(self.row, seq_offset=out - max(self.rig.fanout.span(self.row.layer).head, 0))
        self.rig.fanout.set_row(self.row)

    def relayer(self, layer: int, *_: int) -> None:
        self.rig.fanout.remove_layer(layer)
        self.ssrcs[layer] += 4
        self.rtx_sequence[layer] = 0
        self.rig.layer(layer, self.ssrcs[layer], ring=64)
        self.rig.fanout.bind_rtx(1, self.ssrcs[layer] + 1000, layer)
        self.arrive(layer, 1, True)

    def check(self) -> None:
        for wire in self.rig.sock.take(self.address):
            ssrc = int.from_bytes(wire[8:12], "big")
            highest = self.highest.get(ssrc, -1)
            index = estimate(highest, int.from_bytes(wire[2:4], "big"))
            known = self.seen.setdefault((ssrc, index), wire)
            assert known == wire, "two packets under one nonce"
            if known is wire and index > highest - 900:
                self.peer.unprotect(wire)  # Raises if the rollover counter or the seal is wrong.
            self.highest[ssrc] = max(highest, index)


@pytest.mark.parametrize(("profile", "rtx"), [(GCM, True), (GCM, False), (CM, True), (GCM256, False)])
@settings(max_examples=60, deadline=None)
@given(ops=st.lists(OPS, min_size=5, max_size=60))
def test_no_nonce_seals_two_packets_and_libsrtp_opens_all(profile, rtx, ops):
    story = Story(profile, rtx)
    for name, *args in ops:
        getattr(story, name)(*args)
        story.check()


@pytest.mark.parametrize("profile", [GCM, CM])
def test_libsrtp_follows_over_three_rollovers_with_loss_and_nacks(profile):
    rig = Rig(profile)
    rig.layer(ring=64)
    address, peer = rig.subscribe(2, profile)
    rig.fanout.set_row(Row(2, 2, SSRC, False, 1, {96: 100}, -60000, 0, 0, True, RTX, {100: 101}))
    sent = repaired = 0
    for sequence in range(0, 200_000, 61):
        rig.push(packet(sequence & 0xFFFF, vp8(1, 1, b"%d" % sequence), timestamp=sequence))
        (wire,) = rig.sock.take(address)
        plain = peer.unprotect(wire)
        assert plain[18:].endswith(b"%d" % sequence)
        sent += 1
        assert rig.fanout.resend(2, [int.from_bytes(wire[2:4], "big")]) == 1
        again = peer.unprotect(rig.sock.take(address)[0])
        assert again[12:14] == wire[2:4]
        assert again[14:] == plain[12:]
        repaired += 1
    assert sent == repaired == rig.fanout.stats()["sent_rtx"] == rig.fanout.counters(2).packets


def test_a_checker_that_can_fail():
    """The property is tested by wire bytes: a second packet under a used number is seen, and libsrtp refuses a foreign key."""
    story = Story(GCM, False)
    (ssrc, index), wire = list(story.seen.items())[-1]
    story.rig.sock.sent.append((story.address, wire[:-1] + b"\0"))
    with pytest.raises(AssertionError):
        story.check()
    with pytest.raises(Error):
        libsrtp(GCM, master(GCM, 99), False).unprotect(wire)
    assert (ssrc, IDS.mid, VP8.number) == (SSRC, 3, 96)
    assert index >= 0
