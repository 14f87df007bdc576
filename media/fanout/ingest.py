"""From datagrams to rings and arrival records: demultiplex, unprotect, bind, undo RTX (M24, M28)."""

from __future__ import annotations

from media.errors import MalformedPacket
from media.fanout.binding import UnknownSenders
from media.fanout.counters import Counters
from media.fanout.interface import Batch, Path
from media.fanout.layer import Layer, Received, Tags, read_tags
from media.fanout.plan import MAX_PAYLOAD
from media.fanout.session import Session
from media.wire import rtp, rtx
from media.wire.rows import ARRIVAL, ArrivalFlag

MAX_DATAGRAM = 2048
"""Octets of an RTP, STUN or DTLS datagram we take; larger ones are counted and dropped."""
_PROBE = int(ArrivalFlag.PADDING | ArrivalFlag.RECOVERED)
_RTX_NOTHING = (_PROBE, -1, -1, -1)


def sealed_offset(packet: bytes) -> int:
    """Where the encrypted part begins: after CSRCs and extension block (RFC 3711 3.1); −1 if the header does not fit."""
    size = len(packet)
    if size < rtp.HEADER_SIZE:
        return -1
    offset = rtp.HEADER_SIZE + ((packet[0] & 0x0F) << 2)
    if packet[0] & 0x10:
        if offset + 4 > size:
            return -1
        offset += 4 + ((packet[offset + 2] << 8 | packet[offset + 3]) << 2)
    return offset if offset <= size else -1


class Ingest:
    """Takes in what sockets bring. Nothing a peer sends raises out of it."""

    def __init__(self, paths: dict[Path, Session], unknown: UnknownSenders, counters: Counters) -> None:
        self._paths = paths
        self._unknown = unknown
        self._counters = counters
        self.dirty: dict[int, Layer] = {}
        """Layers with packets for the next flush."""

    def take(self, path: Path, packet: bytes, now: int, batch: Batch) -> None:
        """One datagram: STUN (0–3) and DTLS (20–63) go up, RTP and RTCP (128–191) in (RFC 7983 7)."""
        counters = self._counters
        counters["received_packets"] += 1
        counters["received_octets"] += len(packet)
        if not packet or len(packet) > MAX_DATAGRAM:
            counters["oversized" if packet else "malformed"] += 1
            return
        first = packet[0]
        if 128 <= first <= 191:
            self._media(path, packet, now, batch)
        elif first <= 3 or 20 <= first <= 63:
            counters["received_slow"] += 1
            batch.slow.append((path, packet))
        else:
            counters["unknown_first_byte"] += 1

    def _media(self, path: Path, packet: bytes, now: int, batch: Batch) -> None:
        session = self._paths.get(path)
        if session is None or session.inbound is None:
            self._counters["untrusted"] += 1
        elif len(packet) > 1 and rtp.is_rtcp(packet[1]):
            self._counters["received_rtcp"] += 1
            compound = session.inbound.rtcp(packet)
            if compound is not None:
                batch.rtcp.append((session.number, compound))
        else:
            self._counters["received_rtp"] += 1
            self._rtp(session, packet, now, batch)

    def _rtp(self, session: Session, packet: bytes, now: int, batch: Batch) -> None:
        plain = self._unprotect(session, packet)
        if plain is None:
            return
        batch.heard.add(session.number)
        try:
            header = rtp.parse(plain)
            layer = self._layer(session, plain, header, now)
            if layer is not None:
                self._arrive(session, layer, plain, header, now, batch)
        except MalformedPacket:
            self._counters["malformed"] += 1

    def _unprotect(self, session: Session, packet: bytes) -> bytes | None:
        offset = sealed_offset(packet)
        if offset < 0 or session.inbound is None:
            self._counters["malformed"] += 1
            return None
        view = memoryview(packet)
        ssrc, sequence = int.from_bytes(view[8:12], "big"), packet[2] << 8 | packet[3]
        payload = session.inbound.rtp(view[:offset], view[offset:], ssrc, sequence)
        return None if payload is None else packet[:offset] + payload

    def _layer(self, session: Session, plain: bytes, header: rtp.Header, now: int) -> Layer | None:
        """The layer an SSRC belongs to, as media or RTX; asks the binder for an unknown one."""
        ssrc = header.ssrc
        layer = session.media.get(ssrc) or session.rtx.get(ssrc)
        if layer is not None:
            return layer
        tags = read_tags(plain, header, session.extensions)
        if self._unknown.ask(session.number, ssrc, header.payload_type, tags, now):
            layer = session.media.get(ssrc) or session.rtx.get(ssrc)
        if layer is None:
            self._counters["ssrc_unknown"] += 1
        return layer

    def _arrive(self, session: Session, layer: Layer, plain: bytes, header: rtp.Header, now: int, batch: Batch) -> None:
        tags = read_tags(plain, header, layer.spec.extensions)
        if header.payload_end - header.payload_offset > MAX_PAYLOAD:
            self._counters["oversized"] += 1
            return
        if header.ssrc in session.media:
            kind, place = header.payload_type, layer.take(_received(plain, header, tags))
        else:
            kind, place = self._repair(layer, plain, header, tags)
        if layer.pending:
            self.dirty[layer.spec.layer] = layer
        flags, raw, seq, timestamp = place
        level = 255 if tags.level < 0 else tags.level & 0x7F
        batch.arrivals += ARRIVAL.pack(layer.spec.layer, flags, raw, seq, timestamp, now, tags.transport_seq, len(plain), level, kind)

    def _repair(self, layer: Layer, plain: bytes, header: rtp.Header, tags: Tags) -> tuple[int, tuple[int, int, int, int]]:
        """Put the original of an RTX packet where it is missing (RFC 4588 8.1): its payload type, and what `Layer.take` said."""
        self._counters["rtx_received"] += 1
        sequence = rtx.original_sequence(plain, header)
        original = layer.original_type(header.payload_type)
        if sequence is None:
            self._counters["rtx_padding"] += 1
            return header.payload_type, _RTX_NOTHING
        if original is None:
            self._counters["payload_type_unknown"] += 1
            return header.payload_type, _RTX_NOTHING
        received = _received(plain, header, tags)
        received.sequence, received.payload_type = sequence, original
        received.start += rtx.OSN_SIZE
        received.recovered = True
        return original, layer.take(received)


def _received(plain: bytes, header: rtp.Header, tags: Tags) -> Received:
    return Received(
        plain, header.sequence, header.timestamp, header.marker, header.payload_type,
        header.payload_offset, header.payload_end, tags.level,
    )  # fmt: skip
