"""RTCP compounds: one datagram to typed packets and back (RFC 3550 6.1; reduced size, RFC 5506)."""

from __future__ import annotations

from collections.abc import Iterable

from media.wire.data import Data
from media.wire.feedback import FMT_AFB, FMT_FIR, FMT_NACK, FMT_PLI, FMT_TWCC, PSFB, RTPFB, Fir, Nack, Pli, Remb
from media.wire.ntp import from_ntp, middle, ntp, ntp_from_ns
from media.wire.reports import BYE, RR, SDES, SR, Bye, ReceiverReport, ReportBlock, Sdes, SenderReport
from media.wire.rtcp_header import Chunk, split
from media.wire.twcc import TransportFeedback

__all__ = [
    "Bye",
    "Fir",
    "Nack",
    "Packet",
    "Pli",
    "ReceiverReport",
    "Remb",
    "ReportBlock",
    "Sdes",
    "SenderReport",
    "TransportFeedback",
    "build_compound",
    "from_ntp",
    "middle",
    "ntp",
    "ntp_from_ns",
    "parse_compound",
]

Packet = SenderReport | ReceiverReport | Sdes | Bye | Nack | Pli | Fir | Remb | TransportFeedback

_COUNTED: dict[int, type[SenderReport | ReceiverReport | Sdes | Bye]] = {SR: SenderReport, RR: ReceiverReport, SDES: Sdes, BYE: Bye}
_FEEDBACK: dict[tuple[int, int], type[Nack | Pli | Fir | TransportFeedback]] = {
    (RTPFB, FMT_NACK): Nack,
    (RTPFB, FMT_TWCC): TransportFeedback,
    (PSFB, FMT_PLI): Pli,
    (PSFB, FMT_FIR): Fir,
}


def parse_compound(data: Data) -> list[Packet]:
    """Every known packet in order; unknown types are skipped, one malformed packet spoils all (`MalformedPacket`)."""
    packets = (_parse(chunk) for chunk in split(data))
    return [packet for packet in packets if packet is not None]


def _parse(chunk: Chunk) -> Packet | None:
    counted = _COUNTED.get(chunk.packet_type)
    if counted is not None:
        return counted.parse(chunk.number, chunk.body)
    feedback = _FEEDBACK.get((chunk.packet_type, chunk.number))
    if feedback is not None:
        return feedback.parse(chunk.body)
    if chunk.packet_type == PSFB and chunk.number == FMT_AFB and Remb.matches(chunk.body):
        return Remb.parse(chunk.body)
    return None


def build_compound(packets: Iterable[Packet]) -> bytes:
    """The packets one after the other; the order is the caller's: a report first, unless reduced size was negotiated."""
    return b"".join(packet.build() for packet in packets)
