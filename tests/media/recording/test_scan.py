"""What the first pass finds out: who was expected, who was not heard."""

from __future__ import annotations

from media.recording.records import ClockMap, Gap, Packet, Record, TakeEnded, TrackBegan, TrackEnded
from media.recording.scan import SILENT_NS, Silence, scan

SECOND = 1_000_000_000


def began(track: int, at: int, source: str = "camera") -> TrackBegan:
    return TrackBegan(track=track, source=source, codec="VP8", clock_rate=90_000, payload_type=96, at=at * SECOND)


def ended(track: int, at: int, gone: bool = False) -> TrackEnded:
    return TrackEnded(track=track, at=at * SECOND, gone=gone)


def packets(track: int, *seconds: int) -> list[Record]:
    return [Packet(track, 0, 0x80 | 96, n, n, at * SECOND, b"x") for n, at in enumerate(seconds)]


def silences(*records: Record) -> list[tuple[int, int, int]]:
    return [(one.track, one.begin // SECOND, one.end // SECOND) for one in scan(records).silences]


def test_silence_between_before_and_after_packets() -> None:
    assert silences(began(1, 0), *packets(1, 5, 6, 10), TakeEnded(at=20 * SECOND)) == [(1, 0, 5), (1, 6, 10), (1, 10, 20)]
    assert silences(began(1, 0), *packets(1, 2, 4), ended(1, 6), TakeEnded(at=20 * SECOND)) == []
    edge = Packet(1, 0, 96, 9, 9, SILENT_NS + 1, b"x")
    assert scan([began(1, 0), edge]).silences == [Silence(1, 0, SILENT_NS + 1)]


def test_told_again_it_is_expected_since_the_first_time() -> None:
    assert silences(began(1, 0), *packets(1, 1), began(1, 0), *packets(1, 9)) == [(1, 1, 9)]


def test_a_source_that_is_gone_is_expected_until_its_next_track() -> None:
    assert silences(began(1, 0), *packets(1, 1), ended(1, 1, gone=True), began(2, 9), *packets(2, 9, 10)) == [(1, 1, 9)]
    assert silences(began(1, 0), *packets(1, 1), ended(1, 1, gone=True), TakeEnded(at=9 * SECOND)) == [(1, 1, 9)]


def test_the_next_track_of_a_source_ends_the_one_before() -> None:
    assert silences(began(1, 0), *packets(1, 1), began(2, 2), *packets(2, 2, 3), TakeEnded(at=4 * SECOND)) == []


def test_a_time_in_which_nothing_is_wanted() -> None:
    records = [began(1, 0), began(2, 0, "mic"), *packets(1, 1), *packets(2, 1), ended(1, 2), ended(2, 2), began(3, 60), *packets(3, 60)]
    facts = scan([*records, ended(3, 61), TakeEnded(at=90 * SECOND)])
    assert facts.pauses == [(2 * SECOND, 60 * SECOND)]
    assert facts.silences == []
    assert scan([began(1, 0), *packets(1, 1), ended(1, 2), began(2, 3), *packets(2, 3)]).pauses == []


def test_tracks_that_nobody_announced_and_stragglers() -> None:
    facts = scan([*packets(7, 1, 2), began(1, 2), *packets(1, 2), ended(1, 3), *packets(1, 4)])
    assert facts.assumed == {7}
    assert facts.kinds == {7: 96, 1: 96}
    assert facts.spans == {7: (1 * SECOND, 2 * SECOND), 1: (2 * SECOND, 2 * SECOND)}
    assert (facts.first, facts.last) == (1 * SECOND, 2 * SECOND)


def test_reports_gaps_and_the_end() -> None:
    report = ClockMap(track=1, rtp=5, at=6, lesson=7)
    hole = Gap(track=None, begin=1, end=2, why="disk")
    facts = scan([report, hole, TakeEnded(at=9)])
    assert (facts.maps, facts.gaps, facts.ended, facts.last, facts.packets) == ([report], [hole], True, 9, False)
    assert (scan([]).ended, scan([]).first) == (False, None)
