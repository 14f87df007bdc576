"""A take is read back as it was written; what is missing is named between the packets around it."""

from __future__ import annotations

import io
import random

import msgspec
import pytest

from media.fanout.ring import Stored
from media.recording.records import Gap, Packet, Record, TakeEnded, TrackBegan
from media.recording.take import BLOCK_BYTES, BLOCK_NS, BadTake, Head, Take, TakeReader

SECOND = 1_000_000_000
START = 5 * SECOND
HEAD = Head(recording="r1", take=2, epoch="e", started=START, wall=1_795_000_000_000)
BEGAN = TrackBegan(track=1, source="camera", codec="VP8", clock_rate=90_000, payload_type=96, at=START)
STEP = 20_000_000


def packet(n: int, size: int = 20) -> Packet:
    return Packet(1, 0, 96, n, 900 * n, START + n * STEP, bytes([n % 256]) * size)


def written(count: int, size: int = 20) -> tuple[bytes, list[int]]:
    """A file of so many packets, one each 20 ms, and where its blocks begin."""
    take = Take(HEAD)
    data = take.begin()
    starts = [0]
    take.add(BEGAN, START)
    for n in range(count):
        now = START + n * STEP
        take.add(packet(n, size), now)
        if take.due(now):
            starts.append(len(data))
            data += take.flush()
    take.add(TakeEnded(at=START + count * STEP), START + count * STEP)
    starts.append(len(data))
    return data + take.flush(), starts


def read(data: bytes) -> list[Record]:
    return list(TakeReader(io.BytesIO(data)).records())


def packets(records: list[Record]) -> list[int]:
    return [one.seq for one in records if isinstance(one, Packet)]


def test_what_was_written_is_read() -> None:
    data, starts = written(100)
    assert TakeReader(io.BytesIO(data)).head == HEAD
    records = read(data)
    assert records == [BEGAN, *(packet(n) for n in range(100)), TakeEnded(at=START + 100 * STEP)]
    assert len(starts) == 1 + 100 * STEP // (BLOCK_NS + STEP) + 1


def test_a_block_is_due_when_it_is_full_or_old() -> None:
    take = Take(HEAD)
    assert not take.due(START)
    assert take.flush() == b""
    take.add(packet(0), START)
    assert not take.due(START + BLOCK_NS - 1)
    assert take.due(START + BLOCK_NS)
    for n in range(BLOCK_BYTES // 1000):
        take.add(packet(n, 1000), START)
    assert take.due(START)
    assert take.flush()
    assert not take.due(START + SECOND)


def test_more_than_a_block_holds_becomes_several() -> None:
    take = Take(HEAD)
    data = take.begin()
    for n in range(2000):
        take.add(packet(n, 1200), START)
    assert packets(read(data + take.flush())) == list(range(2000))


def test_every_byte_of_a_small_take_damaged() -> None:
    data, starts = written(30)
    for position in range(starts[1], len(data)):
        broken = bytearray(data)
        broken[position] ^= 0x55
        records = read(bytes(broken))
        lost = set(range(30)) - set(packets(records))
        gaps = [one for one in records if isinstance(one, Gap)]
        if starts[-1] <= position:  # behind the last packet there is nothing to name a hole by
            assert not gaps
            continue
        assert lost == set(range(min(lost), max(lost) + 1)), "one hole"
        assert len(gaps) == (max(lost) < 29)
        for gap in gaps:
            begin = START + (min(lost) - 1) * STEP if min(lost) else START
            assert gap == Gap(track=None, begin=begin, end=START + (max(lost) + 1) * STEP, why="damage")


def test_a_missing_block_is_named_too() -> None:
    data, starts = written(60)
    records = read(data[: starts[2]] + data[starts[3] :])
    (gap,) = [one for one in records if isinstance(one, Gap)]
    lost = set(range(60)) - set(packets(records))
    assert (gap.begin, gap.end) == (START + (min(lost) - 1) * STEP, START + (max(lost) + 1) * STEP)


def test_a_take_that_is_still_written_is_read_on() -> None:
    data, _ = written(200)
    draw = random.Random(7)
    file = io.BytesIO()
    reader: TakeReader | None = None
    records: list[Record] = []
    at = 0
    while at < len(data):
        more = draw.randint(1, 700)
        file.seek(0, 2)
        file.write(data[at : at + more])
        at += more
        if reader is None and at > 300:
            reader = TakeReader(file)
        if reader:
            records += reader.records()
    assert packets(records) == list(range(200))
    assert isinstance(records[-1], TakeEnded)
    assert not [one for one in records if isinstance(one, Gap)]


def test_cut_anywhere_the_whole_blocks_are_read_and_at_most_one_is_lost() -> None:
    data, starts = written(40)
    for length in range(starts[1], len(data)):
        found = packets(read(data[:length]))
        assert found == list(range(len(found)))
        whole = max(start for start in starts if start <= length)
        assert found == packets(read(data[:whole]))


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, Take(HEAD).begin()[:-1], b"junk" + Take(HEAD).begin()])
def test_without_a_head_it_is_no_take(data: bytes) -> None:
    with pytest.raises(BadTake):
        TakeReader(io.BytesIO(data))


def test_the_number_of_a_take_may_be_known_only_when_its_file_is_made() -> None:
    take = Take(HEAD)
    take.add(packet(0), START)
    data = take.begin(7) + take.flush()
    assert TakeReader(io.BytesIO(data)).head == msgspec.structs.replace(HEAD, take=7)
    assert read(data) == [packet(0)]


def test_packets_of_a_ring_are_copied_as_they_are() -> None:
    ring = [Stored(n, 900 * n, 96, bytearray([n]) * 5, -1, None) for n in range(3)]
    take = Take(HEAD)
    take.add_packets(1, 2, ring, START)
    assert take.since == START
    ring[0].payload[:] = b"other"
    records = read(take.begin() + take.flush())
    assert records == [Packet(1, 2, 96, n, 900 * n, START, bytes([n]) * 5) for n in range(3)]


def test_what_the_writer_says_of_blocks_it_could_not_write_is_not_said_again() -> None:
    gap = Gap(track=None, begin=START + STEP, end=START + 2 * STEP, why="disk")
    take = Take(HEAD)
    data = take.begin()
    take.add(packet(0), START)
    data += take.flush()
    take.add(packet(1), START)
    lost = take.flush()
    take.add(packet(2), START)
    data += take.flush((gap, BEGAN))
    assert read(data) == [packet(0), gap, BEGAN, packet(2)]
    torn = bytearray(lost)
    torn[-1] ^= 1
    first = len(Take(HEAD).begin())
    whole = take_of(packet(0))
    damaged = data[:first] + whole + bytes(torn) + data[first + len(whole) :]
    assert [type(one) for one in read(damaged)] == [Packet, Gap, TrackBegan, Gap, Packet]


def take_of(record: Packet) -> bytes:
    take = Take(HEAD)
    take.add(record, START)
    return take.flush()
