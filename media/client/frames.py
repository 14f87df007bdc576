"""Frames of the control socket: a 4-byte big-endian length and one JSON object of at most `MAX_FRAME` bytes."""

from __future__ import annotations

import asyncio
import struct

from media.client.messages import MAX_FRAME

_LENGTH = struct.Struct("!I")


class FrameError(Exception):
    """The other side does not speak this protocol; the connection cannot go on."""


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Next frame's body; raises `asyncio.IncompleteReadError` at the end, `FrameError` on an impossible length."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if not 0 < length <= MAX_FRAME:
        raise FrameError(f"frame of {length} bytes")
    return await reader.readexactly(length)


def frame(body: bytes) -> bytes:
    """The body with its length before it; raises `FrameError` if it is too long to send."""
    if len(body) > MAX_FRAME:
        raise FrameError(f"frame of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body
