"""Sealed files: any part opens by itself, and nothing that was changed, cut, put together anew or swapped opens at all."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.replay.stores.sealed import SealedFile
from server.replay.stores.stream import HEADER, TAG, Damaged, Stream, new_header

KEY, ABOUT, BITS = b"k" * 32, "rec1/play/teacher-001.webm", 6
CHUNK = 1 << BITS
WHOLE = CHUNK + TAG


class Kept:
    """Bytes as a `Source`, in blocks of one size."""

    def __init__(self, data: bytes, block: int = 50) -> None:
        self._data = data
        self._block = block

    async def size(self) -> int:
        return len(self._data)

    async def read(self, begin: int, end: int) -> AsyncIterator[bytes]:
        for at in range(begin, min(end, len(self._data)), self._block):
            yield self._data[at : min(end, at + self._block)]


def sealed(plain: bytes, about: str = ABOUT, header: bytes = b"", bits: int = BITS) -> bytes:
    header = header or new_header(bits)
    stream = Stream(KEY, header, about)
    pieces = [plain[at : at + stream.chunk] for at in range(0, len(plain), stream.chunk)] or [b""]
    return header + b"".join(stream.seal(n, n == len(pieces) - 1, piece) for n, piece in enumerate(pieces))


async def opened(kept: bytes, about: str = ABOUT, begin: int = 0, end: int | None = None, key: bytes = KEY, block: int = 50) -> bytes:
    file = SealedFile(Kept(kept, block), key, about)
    size = await file.size()
    return b"".join([part async for part in file.read(begin, size if end is None else end)])


LENGTHS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7]


@pytest.mark.parametrize("length", LENGTHS)
async def test_what_is_opened_is_what_was_sealed(length: int) -> None:
    plain = os.urandom(length)
    kept = sealed(plain)
    assert len(kept) == HEADER + length + TAG * max(1, -(-length // CHUNK))
    assert await opened(kept) == plain
    assert length < 16 or plain[:16] not in kept
    assert sealed(plain)[HEADER:] != kept[HEADER:], "each file has a key of its own"


@settings(deadline=None)
@given(st.binary(max_size=5 * CHUNK), st.integers(0, 6 * CHUNK), st.integers(0, 6 * CHUNK), st.integers(1, 300))
async def test_any_range_is_that_range_of_the_plain(plain: bytes, begin: int, end: int, block: int) -> None:
    assert await opened(sealed(plain), begin=begin, end=end, block=block) == plain[begin:end]


@pytest.mark.parametrize("length", [0, 5, 2 * CHUNK, 2 * CHUNK + 9])
async def test_any_byte_that_was_changed_is_found(length: int) -> None:
    kept, rng = sealed(bytes(length)), random.Random(6)
    for at in range(len(kept)):
        changed = bytearray(kept)
        changed[at] ^= 1 << rng.randrange(8)
        with pytest.raises(Damaged):
            await opened(bytes(changed))


@pytest.mark.parametrize("length", [5, 2 * CHUNK, 2 * CHUNK + 9])
async def test_any_length_that_was_cut_or_added_is_found(length: int) -> None:
    kept = sealed(os.urandom(length))
    for end in range(len(kept)):
        with pytest.raises(Damaged):
            await opened(kept[:end])
    for more in (1, TAG, TAG + 1, WHOLE, WHOLE + 1):
        with pytest.raises(Damaged):
            await opened(kept + bytes(more))


async def test_a_cut_is_found_whatever_part_is_read() -> None:
    kept = sealed(os.urandom(4 * CHUNK))
    with pytest.raises(Damaged):
        await opened(kept[: HEADER + 3 * WHOLE], begin=0, end=1)


async def test_chunks_stay_where_they_are() -> None:
    plain = os.urandom(4 * CHUNK)
    kept = sealed(plain)
    chunks = [kept[HEADER + n * WHOLE : HEADER + (n + 1) * WHOLE] for n in range(4)]
    for order in ((1, 0, 2, 3), (0, 2, 1, 3), (0, 1, 3, 2), (0, 1, 2), (0, 2, 3), (1, 2, 3), (0, 1, 2, 3, 3), (0, 1, 1, 2, 3)):
        with pytest.raises(Damaged):
            await opened(kept[:HEADER] + b"".join(chunks[n] for n in order))
    other = sealed(plain, header=new_header(BITS))
    with pytest.raises(Damaged):
        await opened(kept[: HEADER + WHOLE] + other[HEADER + WHOLE :])


async def test_files_are_not_swapped() -> None:
    kept = sealed(b"a film")
    for about in ("rec1/play/teacher-002.webm", "rec2/play/teacher-001.webm", "rec1/cut-1/teacher-001.webm"):
        with pytest.raises(Damaged):
            await opened(kept, about)
    with pytest.raises(Damaged):
        await opened(kept, key=b"x" * 32)


async def test_chunks_of_the_product_are_64_kib() -> None:
    plain = os.urandom(200_000)
    kept = sealed(plain, bits=16)
    assert len(kept) == HEADER + 200_000 + 4 * TAG
    assert await opened(kept, begin=65_530, end=131_080, block=100_000) == plain[65_530:131_080]
