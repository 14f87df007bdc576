"""Payloads of one RTP timestamp put together to the picture they carry. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media.errors import MalformedPacket
from media.recording import av1, h264, vp9
from media.wire.payload import vp8


@dataclass(frozen=True, slots=True)
class Picture:
    """One coded picture as a container wants it."""

    data: bytes
    key: bool
    width: int = 0
    """0 where only a decoder knows."""
    height: int = 0
    setup: bytes = b""
    """What a decoder needs before it: H.264 parameter sets (Annex B), AV1's sequence header. Another one needs another file."""


class Joiner(ABC):
    """Joins the pictures of one layer; keeps what the stream says only once."""

    def __init__(self, parameters: str = "") -> None:
        """`parameters`: SDP's format parameters."""
        self.parameters = parameters

    @abstractmethod
    def join(self, payloads: Sequence[bytes]) -> Picture | None:
        """The picture; None where its beginning is missing. Raises `MalformedPacket`."""


class Vp8(Joiner):
    """RFC 7741."""

    def join(self, payloads: Sequence[bytes]) -> Picture | None:
        """See `Joiner`."""
        parts = []
        for number, payload in enumerate(payloads):
            descriptor = vp8.parse(payload, 0, len(payload))
            if not number and not descriptor.frame_start:
                return None
            parts.append(payload[descriptor.size :])
        data = b"".join(parts)
        if not data:
            raise MalformedPacket("vp8: empty picture")
        if data[0] & 1:
            return Picture(data, key=False)
        if len(data) < 10 or data[3:6] != b"\x9d\x01\x2a":
            raise MalformedPacket("vp8: no start code")
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return Picture(data, key=True, width=width, height=height)


class Vp9(Joiner):
    """RFC 9628; the spatial layers of a picture make one superframe."""

    def join(self, payloads: Sequence[bytes]) -> Picture | None:
        """See `Joiner`."""
        frames = vp9.layers(payloads)
        if frames is None:
            return None
        key = vp9.is_key(frames[0])
        width, height = vp9.size(frames[-1]) or vp9.size(frames[0]) or (0, 0) if key else (0, 0)
        return Picture(vp9.superframe(frames), key, width, height)


class H264(Joiner):
    """RFC 6184, packetization modes 0 and 1."""

    def __init__(self, parameters: str = "") -> None:
        """See `Joiner`: parameter sets may be there only."""
        super().__init__(parameters)
        self._sets = h264.ParameterSets(parameters)

    def join(self, payloads: Sequence[bytes]) -> Picture | None:
        """See `Joiner`."""
        units = self._sets.take(h264.units(payloads))
        if not units or not h264.begins(units):
            return None
        key = h264.is_key(units)
        if key and not self._sets.known:
            return None
        return Picture(h264.annex_b(units), key, setup=self._sets.annex_b if key else b"")


class Av1(Joiner):
    """RTP Payload Format for AV1."""

    def join(self, payloads: Sequence[bytes]) -> Picture | None:
        """See `Joiner`."""
        units = av1.units(payloads)
        if units is None:
            return None
        setup = av1.sequence_header(units)
        return Picture(av1.temporal_unit(units), bool(setup), setup=setup)


JOINERS: dict[str, Callable[[str], Joiner]] = {"VP8": Vp8, "VP9": Vp9, "H264": H264, "AV1": Av1}
"""By the codec's name in SDP, in capitals."""
