"""Whatever happens to a capture file, every block that was not hit is read."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.recording.blocks import LONGEST, MAGIC, Block, Damage, encode, read

BODIES = [bytes([n]) * (7 * n) for n in range(6)]
"""Small ones, so that every byte can be hit; one is empty."""
FILE = b"".join(encode(number, body) for number, body in enumerate(BODIES))
STARTS = [sum(16 + len(body) for body in BODIES[:number]) for number in range(len(BODIES) + 1)]


def blocks(data: bytes, offset: int = 0) -> dict[int, bytes]:
    return {one.number: one.body for one in read(io.BytesIO(data), offset) if isinstance(one, Block)}


def damages(data: bytes) -> list[Damage]:
    return [one for one in read(io.BytesIO(data)) if isinstance(one, Damage)]


def hit(position: int) -> int:
    """The block that a byte belongs to."""
    return next(number for number in range(len(BODIES)) if position < STARTS[number + 1])


def test_what_was_written_is_read() -> None:
    assert blocks(FILE) == dict(enumerate(BODIES))
    assert damages(FILE) == []


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_each_damaged_byte_costs_its_own_block_only(flip: int) -> None:
    for position in range(len(FILE)):
        data = bytearray(FILE)
        data[position] ^= flip
        lost = hit(position)
        assert blocks(bytes(data)) == {number: body for number, body in enumerate(BODIES) if number != lost}
        last = lost == len(BODIES) - 1
        assert damages(bytes(data)) == [Damage(STARTS[lost], STARTS[lost + 1] - STARTS[lost], cut=last)]


def test_cut_anywhere_all_whole_blocks_are_read() -> None:
    for length in range(len(FILE)):
        whole = {number: body for number, body in enumerate(BODIES) if STARTS[number + 1] <= length}
        assert blocks(FILE[:length]) == whole
        rest = length - STARTS[len(whole)]
        assert damages(FILE[:length]) == ([Damage(STARTS[len(whole)], rest, cut=True)] if rest else [])


def test_a_file_that_grows_is_read_on_from_its_cut() -> None:
    for length in range(len(FILE)):
        seen = list(read(io.BytesIO(FILE[:length])))
        last = seen[-1] if seen else None
        offset = last.offset if isinstance(last, Damage) else length
        assert blocks(FILE[:length]) | blocks(FILE, offset) == dict(enumerate(BODIES))


@given(st.integers(0, len(FILE)), st.binary(max_size=80))
def test_bytes_put_in_between_cost_at_most_the_block_they_lie_in(position: int, junk: bytes) -> None:
    data = FILE[:position] + junk + FILE[position:]
    lost = {hit(position)} if junk and position not in STARTS else set()
    found = blocks(data)
    assert {number: body for number, body in enumerate(BODIES) if number not in lost}.items() <= found.items()


def test_a_body_that_holds_blocks_is_a_body() -> None:
    inner = encode(99, b"inner")
    assert blocks(encode(0, inner) + encode(1, MAGIC * 5)) == {0: inner, 1: MAGIC * 5}


def test_the_next_block_is_found_across_chunks() -> None:
    junk = random.Random(1).randbytes(3 * (1 << 16))
    for more in range(20):
        data = junk + bytes(more) + encode(5, b"found")
        assert blocks(data) == {5: b"found"}


def test_limits() -> None:
    assert blocks(encode(0, bytes(LONGEST))) == {0: bytes(LONGEST)}
    with pytest.raises(ValueError, match="bytes in a block"):
        encode(0, bytes(LONGEST + 1))
