"""Packets on a TCP connection: a 16-bit length before each (RFC 4571 2, used by ICE-TCP, RFC 6544 3)."""

from __future__ import annotations

import struct

from media.errors import MalformedPacket
from media.wire.data import Data

MAX_PACKET = 4096
"""Largest packet taken by default: above every path MTU in use, DTLS flights included."""
_LENGTH = struct.Struct("!H")


def frame(packet: Data) -> bytes:
    """The packet with its length before it; `ValueError` above 65535 octets."""
    if len(packet) > 0xFFFF:
        raise ValueError("packet too long to frame")
    return _LENGTH.pack(len(packet)) + packet


class Deframer:
    """Cuts a byte stream into packets; keeps at most one incomplete packet.

    An empty frame is a null packet and skipped (RFC 4571 2). A length over the limit cannot be resynchronised: every call from
    then on raises `MalformedPacket`, and the connection is to be closed.
    """

    __slots__ = ("_broken", "_buffer", "_limit")

    def __init__(self, limit: int = MAX_PACKET) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._broken = False

    @property
    def pending(self) -> int:
        """Octets of the incomplete packet that are kept."""
        return len(self._buffer)

    def feed(self, data: Data) -> list[bytes]:
        """Take what one read brought, return the packets now complete, in order."""
        if self._broken:
            raise MalformedPacket("framing: broken before")
        buffer = self._buffer
        buffer += data
        packets, at = self._cut(buffer)
        del buffer[:at]
        return packets

    def _cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        """The complete packets and the octets they took."""
        packets: list[bytes] = []
        at, size = 0, len(buffer)
        while at + 2 <= size:
            stop = at + 2 + (buffer[at] << 8 | buffer[at + 1])
            if stop - at - 2 > self._limit:
                self._break()
            if stop > size:
                break
            if stop > at + 2:
                packets.append(bytes(buffer[at + 2 : stop]))
            at = stop
        return packets, at

    def _break(self) -> None:
        self._broken = True
        self._buffer.clear()
        raise MalformedPacket("framing: length over the limit")
