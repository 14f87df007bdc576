"""A sealed file as the plain one that it holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from server.replay.stores.source import BLOCK, Source
from server.replay.stores.stream import HEADER, Damaged, Stream


class SealedFile:
    """A `Source` over another. Everything raises `Damaged` for what does not open. `about`: what the file is."""

    def __init__(self, kept: Source, key: bytes, about: str) -> None:
        self._kept = kept
        self._key = key
        self._about = about
        self._stream: Stream | None = None
        self._stored = 0

    async def size(self) -> int:
        """Plain bytes: as the last chunk proves it, without which a file that was cut at a chunk would pass for a shorter one."""
        return (await self._begun()).size(self._stored)

    async def read(self, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """See `Source`; of each chunk that is touched all is read, and nothing given before it was proved."""
        stream = await self._begun()
        end = min(end, stream.size(self._stored))
        if begin >= end:
            return
        n, chunks, out = begin // stream.chunk, stream.chunks(self._stored), bytearray()
        async for sealed in self._chunks(stream, n, (end - 1) // stream.chunk):
            plain = stream.open(n, n == chunks - 1, sealed)
            at = n * stream.chunk
            out += plain[max(0, begin - at) : end - at]
            n += 1
            if len(out) >= BLOCK:
                yield bytes(out)
                out.clear()
        if out:
            yield bytes(out)

    async def _chunks(self, stream: Stream, first: int, last: int) -> AsyncGenerator[bytes, None]:
        begin, end = stream.offset(first), min(stream.offset(last + 1), self._stored)
        whole, held = stream.offset(1) - stream.offset(0), bytearray()
        async with aclosing(self._kept.read(begin, end)) as blocks:
            async for block in blocks:
                held += block
                begin += len(block)
                while len(held) >= whole:
                    yield bytes(held[:whole])
                    del held[:whole]
        if begin != end:
            raise Damaged("it ends too early")
        if held:
            yield bytes(held)

    async def _begun(self) -> Stream:
        if self._stream is None:
            stored = await self._kept.size()
            stream = Stream(self._key, await _all(self._kept, 0, HEADER), self._about)
            last = stream.chunks(stored) - 1
            stream.open(last, True, await _all(self._kept, stream.offset(last), stored))
            self._stored, self._stream = stored, stream
        return self._stream


async def _all(kept: Source, begin: int, end: int) -> bytes:
    return b"".join([block async for block in kept.read(begin, end)])
