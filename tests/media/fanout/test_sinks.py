"""Sinks get what arrives, as it arrived: no key, no renumbering, and nothing after their end."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from media.fanout.ring import Stored
from media.wire.rows import Row
from tests.media.fanout.rig import OPUS, Rig, packet, vp8

BASE = 65536
"""Where a layer's extended sequences begin (`Extender`)."""
ROW = Row(2, 2, 77, False, 1, {96: 100}, 1000 - BASE, 500, 0, True, picture_id_offset=3)


class Taken(Rig):
    """A rig whose sinks are written down."""

    def __init__(self) -> None:
        super().__init__()
        self.layer()
        self.taken: dict[int, list[Stored]] = {}
        self.times: list[int] = []
        self.fanout.sinks.taker = self.take

    def take(self, sink: int, packets: Sequence[Stored], now: int) -> None:
        self.taken.setdefault(sink, []).extend(p._replace(payload=bytearray(p.payload)) for p in packets)
        self.times.append(now)

    def numbers(self, sink: int) -> list[int]:
        return [p.seq - BASE for p in self.taken.get(sink, [])]


def test_a_sink_gets_payload_and_numbers_as_they_were_received_beside_a_subscriber():
    rig = Taken()
    rig.subscribe(2)
    rig.fanout.set_row(ROW)
    rig.fanout.add_sink(1, 1, 0)
    body = vp8(9, 9, b"picture", key=True)
    rig.push(packet(5, body, timestamp=90, marker=True, padding=4))
    (stored,) = rig.taken[1]
    assert (stored.seq, stored.timestamp & 0xFFFFFFFF, stored.kind, bytes(stored.payload)) == (BASE + 5, 90, 0x80 | 96, body)
    assert rig.times == [rig.now]
    assert len(rig.sock.sent) == 1


def test_a_late_packet_and_one_recovered_by_rtx_reach_it_once():
    rig = Taken()
    rig.fanout.bind_rtx(1, 2000, 1)
    rig.fanout.add_sink(1, 1, 0)
    for sequence in (1, 4, 2):
        rig.push(packet(sequence, vp8(1, 1, bytes((sequence,)))))
    repeated = (3).to_bytes(2, "big") + vp8(1, 1, b"3")
    for number in (50, 51):
        rig.push(packet(number, repeated, ssrc=2000, kind=97))
    assert rig.numbers(1) == [1, 4, 2, 3]
    assert bytes(rig.taken[1][3].payload) == vp8(1, 1, b"3")


def test_what_overtook_the_packet_it_begins_at_is_handed_first_and_once():
    rig = Taken()
    for sequence in (4, 6, 7):
        rig.push(packet(sequence, vp8(1, 1, b"x")))
    rig.push(packet(5, vp8(1, 1, b"late", key=True)), flush=False)
    rig.fanout.add_sink(1, 1, BASE + 5)
    assert rig.numbers(1) == [6, 7]
    rig.fanout.flush(rig.now)
    assert rig.numbers(1) == [6, 7, 5]


def test_it_begins_at_its_first_sequence_and_never_reaches_back():
    rig = Taken()
    for sequence in (10, 11):
        rig.push(packet(sequence, vp8(1, 1, b"x")), flush=sequence == 10)
    rig.fanout.add_sink(1, 1, BASE + 12)
    for sequence in (12, 9, 13):
        rig.push(packet(sequence, vp8(1, 1, b"x")))
    assert rig.numbers(1) == [12, 13]


def test_a_removed_sink_gets_nothing_of_what_waits_for_a_flush():
    rig = Taken()
    rig.fanout.add_sink(1, 1, 0)
    rig.fanout.add_sink(2, 1, 0)
    rig.push(packet(1, vp8(1, 1, b"x")))
    rig.push(packet(2, vp8(1, 1, b"x")), flush=False)
    rig.fanout.remove_sink(1)
    rig.fanout.flush(rig.now)
    assert (rig.numbers(1), rig.numbers(2)) == ([1], [1, 2])
    assert rig.fanout.stats()["sinks"] == 1


def test_a_sink_moves_and_ends_with_its_layer():
    rig = Taken()
    rig.layer(2, 3000, (OPUS,))
    rig.fanout.add_sink(1, 1, 0)
    rig.fanout.add_sink(1, 2, 0)
    rig.push(packet(1, vp8(1, 1, b"x")))
    rig.push(packet(7, b"sound", ssrc=3000, kind=111))
    assert rig.numbers(1) == [7]
    rig.fanout.remove_layer(2)
    rig.fanout.remove_sink(1)
    assert rig.fanout.stats()["sinks"] == 0
    rig.fanout.add_sink(3, 2, 0)
    assert rig.fanout.stats()["sinks"] == 0


def test_video_that_is_held_comes_with_the_flush_that_forwards_it():
    rig = Taken()
    rig.fanout.add_sink(1, 1, 0)
    rig.push(packet(1, vp8(1, 1, b"x")), flush=False)
    assert rig.fanout.flush(rig.now, hold_video=True)
    assert rig.numbers(1) == []
    rig.fanout.flush(rig.now + 5)
    assert (rig.numbers(1), rig.times) == ([1], [rig.now + 5])


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=60), st.integers(0, 40))
def test_whatever_comes_in_whatever_order_each_packet_from_the_first_on_comes_once(arrivals, first):
    rig = Taken()
    rig.fanout.add_sink(1, 1, BASE + first)
    for sequence, flush in arrivals:
        rig.push(packet(sequence, vp8(1, 1, bytes((sequence,)))), flush)
    rig.fanout.flush(rig.now)
    expected = list(dict.fromkeys(sequence for sequence, _ in arrivals if sequence >= first))
    assert sorted(rig.numbers(1)) == sorted(expected)
    assert [bytes(p.payload) for p in rig.taken.get(1, [])] == [vp8(1, 1, bytes((n,))) for n in rig.numbers(1)]


def test_rows_that_do_not_match_leave_sinks_alone():
    rig = Taken()
    rig.subscribe(2)
    rig.fanout.set_row(dataclasses.replace(ROW, live=False))
    rig.fanout.add_sink(1, 1, 0)
    rig.push(packet(1, vp8(1, 1, b"x")))
    assert rig.numbers(1) == [1]
