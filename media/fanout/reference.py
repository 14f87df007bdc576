"""`ReferenceFanout`: the fan-out in readable Python, and the specification of any other (M4)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from media.fanout.binding import UnknownSenders
from media.fanout.counters import new_counters
from media.fanout.forward import Forwarder
from media.fanout.ingest import MAX_DATAGRAM, Ingest
from media.fanout.interface import Batch, Path, StreamSink
from media.fanout.layer import Layer
from media.fanout.plan import BATCH
from media.fanout.rowtable import RowTable
from media.fanout.send import Origin, Sender
from media.fanout.session import Session
from media.fanout.sinks import SinkTable
from media.wire.negotiated import ExtensionIds
from media.wire.rows import Binder, LayerSpec, Picture, RingSpan, Row, RowCounters

READ_LIMIT = 64
"""Datagrams of one read (M1)."""
_RTCP_INDEX_LIMIT = 1 << 31
_NOTHING_SENT = RowCounters(0, 0, -1, 0, -1, -1, 0)
_NO_PICTURE = Picture(-1, -1)


def bind_nothing(session: int, ssrc: int, payload_type: int, mid: str | None, rid: str | None, repaired: str | None) -> None:
    """The binder of a fan-out without a relay: every SSRC stays unknown."""


class ReferenceFanout:
    """See `interface.Fanout` and `rows.Executor`. One object per worker; calls come from one thread."""

    def __init__(self, binder: Binder = bind_nothing) -> None:
        self.binder = binder
        self._counters = new_counters()
        self._sessions: dict[int, Session] = {}
        self._paths: dict[Path, Session] = {}
        self._layers: dict[int, Layer] = {}
        self._sender = Sender(self._counters)
        self._rows = RowTable(self._sender, self._counters)
        self._unknown = UnknownSenders(lambda: self.binder)
        self._ingest = Ingest(self._paths, self._unknown, self._counters)
        self._forwarder = Forwarder(self._sender, self._counters)
        self.sinks = SinkTable()

    # Sockets and connections

    def add_port(self, port: int, sock: socket.socket, want_write: Callable[[bool], None]) -> None:
        """Take a bound, non-blocking UDP socket."""
        self._sender.add_port(port, sock, want_write)

    def remove_port(self, port: int) -> None:
        """Forget the socket and every path over it."""
        self._sender.ports.pop(port, None)
        self._drop_paths(lambda path: path.address is not None and path.port == port)

    def add_stream(self, connection: int, sink: StreamSink) -> None:
        """Take the sending side of a TCP connection."""
        self._sender.sinks[connection] = sink

    def remove_stream(self, connection: int) -> None:
        """Forget a TCP connection and every path over it."""
        self._sender.sinks.pop(connection, None)
        self._drop_paths(lambda path: path.address is None and path.port == connection)

    def _drop_paths(self, gone: Callable[[Path], bool]) -> None:
        for path in [path for path in self._paths if gone(path)]:
            del self._paths[path]
        for session in self._sessions.values():
            if session.destination is not None and gone(session.destination.path):
                session.destination = None

    # Packets

    def receive(self, port: int, now: int) -> Batch:
        """Read up to 64 datagrams."""
        self._sender.now = now
        batch = Batch()
        entry = self._sender.ports.get(port)
        if entry is None:
            return batch
        recvfrom, take = entry.sock.recvfrom, self._ingest.take
        for _ in range(READ_LIMIT):
            try:
                packet, address = recvfrom(MAX_DATAGRAM + 1)
            except BlockingIOError:
                return batch
            except OSError:
                self._counters["receive_errors"] += 1  # An ICMP error of an earlier send, say: the socket goes on.
                continue
            take(Path(port, address), packet, now, batch)
        batch.more = True
        return batch

    def feed(self, path: Path, packet: bytes, now: int) -> Batch:
        """Take in one packet of a TCP connection."""
        self._sender.now = now
        batch = Batch()
        self._ingest.take(path, packet, now, batch)
        return batch

    def flush(self, now: int, hold_video: bool = False) -> bool:
        """Forward what arrived, sound first; per layer subscriber by subscriber."""
        self._sender.now = now
        dirty = self._ingest.dirty
        if not dirty:
            return False
        layers = sorted(dirty.values(), key=lambda layer: not layer.audio)
        if hold_video and max(len(layer.pending) for layer in layers) < BATCH:
            layers = [layer for layer in layers if layer.audio]
        for layer in layers:
            del dirty[layer.spec.layer]
            number = layer.flushed
            packets = layer.drain()
            rows = self._rows.live(layer.spec.layer)
            if rows and packets:
                self._forwarder.forward(packets, number, rows)
            self.sinks.hand(layer.spec.layer, packets, now)
        return bool(dirty)

    def writable(self, port: int, now: int) -> None:
        """Send what waited."""
        self._sender.now = now
        self._sender.writable(port)

    def send_slow(self, path: Path, packet: bytes) -> None:
        """Send a STUN or DTLS datagram."""
        to = self._sender.destination(path)
        if to is not None:
            self._sender.send_one(to, packet, Origin(0))

    # Sessions

    def add_session(self, session: int) -> None:
        """Know a session; nothing flows before keys and path."""
        self._sessions.setdefault(session, Session(session))

    def set_extensions(self, session: int, ids: ExtensionIds) -> None:
        """Where packets of unknown SSRCs carry their MID and RIDs."""
        if session in self._sessions:
            self._sessions[session].extensions = ids

    def set_keys(self, session: int, profile: str, ours: bytes, theirs: bytes) -> None:
        """Take the keys of a finished handshake; ValueError on an unknown profile or wrong lengths."""
        if session in self._sessions:
            self._sessions[session].set_keys(profile, ours, theirs, self._counters)

    def allow(self, path: Path, session: int) -> None:
        """Media from this path belongs to the session."""
        if session in self._sessions:
            self._paths[path] = self._sessions[session]

    def disallow(self, path: Path) -> None:
        """Media from this path belongs to nobody."""
        self._paths.pop(path, None)

    def set_path(self, session: int, path: Path | None) -> None:
        """Where the session's packets go."""
        known = self._sessions.get(session)
        if known is None:
            return
        if path is None:
            known.destination = None
        elif known.destination is None or known.destination.path != path:
            known.destination = self._sender.destination(path)

    def remove_session(self, session: int) -> None:
        """Forget everything of the session."""
        known = self._sessions.pop(session, None)
        if known is None:
            return
        for row in list(known.rows):
            self._rows.remove(row)
        for layer in [number for number, layer in self._layers.items() if layer.spec.session == session]:
            self.remove_layer(layer)
        for path in [path for path, owner in self._paths.items() if owner is known]:
            del self._paths[path]
        self._sender.discard_session(session)
        self._forwarder.forget()
        self._unknown.forget(session)

    # Layers

    def add_layer(self, spec: LayerSpec) -> None:
        """Accept this SSRC; the same layer with the same SSRC keeps its ring."""
        session = self._sessions.get(spec.session)
        if session is None:
            return
        layer = self._layers.get(spec.layer)
        if layer is not None and (layer.spec.session, layer.spec.ssrc) == (spec.session, spec.ssrc):
            layer.update(spec)
            return
        self.remove_layer(spec.layer)
        taken = session.media.get(spec.ssrc)
        if taken is not None:
            self.remove_layer(taken.spec.layer)
        session.rtx.pop(spec.ssrc, None)
        layer = self._layers[spec.layer] = session.media[spec.ssrc] = Layer(spec, self._counters)
        if session.extensions == ExtensionIds():
            session.extensions = spec.extensions
        if session.inbound is not None:
            session.inbound.pin(spec.ssrc)
        self._rows.layer_added(spec.layer, layer.ring)

    def bind_rtx(self, session: int, ssrc: int, layer: int) -> None:
        """Accept this SSRC as retransmissions."""
        known, target = self._sessions.get(session), self._layers.get(layer)
        if known is None or target is None or target.spec.session != session or ssrc in known.media:
            return
        known.rtx[ssrc] = target
        if known.inbound is not None:
            known.inbound.pin(ssrc)

    def remove_layer(self, layer: int) -> None:
        """Forget the layer and its packets."""
        gone = self._layers.pop(layer, None)
        if gone is None:
            return
        gone.close()
        self._ingest.dirty.pop(layer, None)
        self._rows.layer_removed(layer)
        self.sinks.layer_removed(layer)
        session = self._sessions.get(gone.spec.session)
        if session is not None:
            session.drop_ssrcs(gone)

    def span(self, layer: int) -> RingSpan:
        """What the ring holds."""
        known = self._layers.get(layer)
        return RingSpan(0, -1) if known is None else known.ring.span()

    def picture(self, layer: int, seq: int) -> Picture:
        """Picture numbers of a stored packet."""
        known = self._layers.get(layer)
        stored = known.ring.get(seq) if known is not None else None
        if stored is None or stored.picture is None:
            return _NO_PICTURE
        return Picture(stored.picture.picture_id, stored.picture.tl0)

    def ends_frame(self, layer: int, seq: int) -> bool:
        """Whether a stored packet has the marker bit."""
        known = self._layers.get(layer)
        stored = known.ring.get(seq) if known is not None else None
        return stored is not None and stored.kind > 127

    # Rows

    def set_row(self, row: Row) -> None:
        """Create or replace a row."""
        session = self._sessions.get(row.session)
        if session is not None:
            layer = self._layers.get(row.layer)
            self._rows.set(row, session, None if layer is None else layer.ring)

    def remove_row(self, row: int) -> None:
        """Forget the row."""
        self._rows.remove(row)

    def forget(self, row: int) -> None:
        """Drop what is queued and resendable on the row."""
        self._rows.forget(row)

    def send_range(self, row: int, first: int, last: int) -> int:
        """Serve from the ring; a flush does not repeat it."""
        state = self._rows.get(row)
        layer = None if state is None else self._layers.get(state.row.layer)
        if state is None or layer is None:
            return 0
        state.serve(first, last, layer.flushed, layer.flushed + len(layer.pending))
        return self._forwarder.send_range(state, first, last)

    def inject(self, row: int, seq: int, timestamp: int, payload_type: int, payload: bytes) -> bool:
        """Send a packet of relay's own."""
        state = self._rows.get(row)
        return state is not None and self._forwarder.inject(state, seq, timestamp, payload_type, payload)

    def resend(self, row: int, sequences: Sequence[int]) -> int:
        """Answer a NACK."""
        state = self._rows.get(row)
        return 0 if state is None else self._forwarder.resend(state, sequences)

    def counters(self, row: int) -> RowCounters:
        """Totals of the row; nothing sent for an unknown one."""
        state = self._rows.get(row)
        return _NOTHING_SENT if state is None else state.counters()

    def send_rtcp(self, session: int, compound: bytes) -> None:
        """Protect and send an RTCP compound packet (RFC 3711 3.4)."""
        known = self._sessions.get(session)
        if known is None or known.rtcp is None or known.destination is None or len(compound) < 8:
            return
        if known.rtcp_index >= _RTCP_INDEX_LIMIT:
            return  # Every index is used: the session needs new keys.
        packet = known.rtcp.protect(compound, known.rtcp_index)
        known.rtcp_index += 1
        self._counters["sent_rtcp"] += 1
        self._sender.send_one(known.destination, packet, Origin(session))

    # Sinks

    def add_sink(self, sink: int, layer: int, first_seq: int) -> None:
        """Hand a layer to `sinks.taker`, first what overtook the packet it begins at and was flushed already."""
        known = self._layers.get(layer)
        if known is None:
            return
        self.sinks.add(sink, layer, first_seq)
        waiting = {packet.seq for packet in known.pending}
        ring = known.ring
        held = [p for seq in range(first_seq, ring.head + 1) if seq not in waiting and (p := ring.get(seq)) is not None]
        if held:
            self.sinks.taker(sink, held, self._sender.now)

    def remove_sink(self, sink: int) -> None:
        """Hand nothing more to it."""
        self.sinks.remove(sink)

    def take_overflows(self) -> list[int]:
        """Rows that lost packets since the last call."""
        rows = sorted(self._sender.overflowed)
        self._sender.overflowed.clear()
        return rows

    def stats(self) -> dict[str, int]:
        """Counters, and the sizes of the tables."""
        return {
            **self._counters,
            "sent_packets": self._forwarder.packets,
            "sent_octets": self._forwarder.octets,
            "sessions": len(self._sessions),
            "layers": len(self._layers),
            "rows": len(self._rows),
            "sinks": len(self.sinks),
            "paths": len(self._paths),
            "waiting_octets": sum(port.backlog.octets for port in self._sender.ports.values()),
        }
