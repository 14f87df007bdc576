"""Publishers and viewers that speak SRTP to a relay over the reference fan-out, through links of `tests.network`."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import pylibsrtp

from media.fanout.interface import Path
from media.fanout.reference import ReferenceFanout
from media.relay import Relay
from media.wire import rtp
from media.wire.feedback import Nack, Pli
from media.wire.negotiated import SubscribedSlot
from media.wire.ntp import middle, ntp_from_ns
from media.wire.reports import ReceiverReport, ReportBlock, SenderReport
from media.wire.rtcp import parse_compound
from media.wire.seq import Extender
from media.wire.twcc import TransportFeedback
from tests.network import MS, SECOND, Box, Clock, Shape

PROFILE = "SRTP_AEAD_AES_128_GCM"
WALL = 1_700_000_000 * SECOND
TAG = struct.Struct(">IIBQ")
"""What a payload ends with: source, frame, packet of the frame, moment of capture (true time, ns)."""
RTX_PT = 1
"""RTX payload type = media payload type + this."""


def crypto(session: int, outbound: bool) -> tuple[bytes, pylibsrtp.Session]:
    """(master key and salt, libsrtp session) of one direction of one session."""
    key = random.Random(session * 2 + outbound).randbytes(28)
    kind = pylibsrtp.Policy.SSRC_ANY_OUTBOUND if outbound else pylibsrtp.Policy.SSRC_ANY_INBOUND
    policy = pylibsrtp.Policy(key=key, ssrc_type=kind, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    policy.window_size = 1024
    policy.allow_repeat_tx = True
    return key, pylibsrtp.Session(policy)


class _Sink:
    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def send(self, packet: bytes | bytearray | memoryview, droppable: bool, row: int | None = None) -> bool:
        self.peer.box.right.send(bytes(packet), len(packet))
        return True

    def discard(self, row: int) -> int:
        return 0


class Peer:
    """One session: its keys and its links."""

    def __init__(self, house: House, session: int, shape: Shape) -> None:
        self.house, self.session = house, session
        self.box = Box(house.clock, house.rng, shape)
        self.box.left.receive = self._receive
        self.box.right.receive = lambda packet: house.feed(session, packet)
        ours, self.outbound = crypto(session, True)
        theirs, self.inbound = crypto(session, False)
        house.connect(self, ours=theirs, theirs=ours)
        self.undecryptable = 0

    def send(self, packet: bytes) -> None:
        sealed = self.outbound.protect_rtcp(packet) if 192 <= packet[1] <= 223 else self.outbound.protect(packet)
        self.box.left.send(sealed, len(sealed))

    def _receive(self, packet: bytes) -> None:
        try:
            plain = self.inbound.unprotect_rtcp(packet) if 192 <= packet[1] <= 223 else self.inbound.unprotect(packet)
        except pylibsrtp.Error:
            self.undecryptable += 1
            return
        if 192 <= packet[1] <= 223:
            for part in parse_compound(plain):
                self.rtcp(part)
        else:
            self.media(plain)

    def rtcp(self, part: object) -> None: ...

    def media(self, packet: bytes) -> None: ...


class House:
    """Relay and fan-out; one batch per datagram, deadlines on the virtual clock."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = Clock()
        self.rng = random.Random(seed)
        self.fanout = ReferenceFanout()
        self.relay = Relay(self.fanout, rng=random.Random(seed), wall_offset=WALL)
        self.fanout.binder = self.relay.bind
        self._armed: int | None = None

    def connect(self, peer: Peer, ours: bytes, theirs: bytes) -> None:
        path = Path(peer.session, None)
        self.fanout.add_session(peer.session)
        self.fanout.set_keys(peer.session, PROFILE, ours, theirs)
        self.fanout.add_stream(peer.session, _Sink(peer))
        self.fanout.allow(path, peer.session)
        self.fanout.set_path(peer.session, path)

    def feed(self, session: int, packet: bytes) -> None:
        now = self.clock.now
        batch = self.fanout.feed(Path(session, None), packet, now)
        self.relay.on_arrivals(batch.arrivals, now)
        for sender, compound in batch.rtcp:
            self.relay.on_rtcp(sender, compound, now)
        self.fanout.flush(now)
        self.arm()

    def arm(self) -> None:
        """Keep one event at the relay's deadline."""
        deadline = self.relay.poll_timeout()
        if deadline is not None and (self._armed is None or deadline < self._armed):
            self._armed = deadline
            self.clock.at(deadline, self._timeout)

    def _timeout(self) -> None:
        self._armed = None
        self.relay.handle_timeout(self.clock.now)
        self.fanout.flush(self.clock.now)
        self.arm()


@dataclass
class Track:
    """One stream a publisher sends."""

    ssrc: int
    payload_type: int
    rate: int
    every: int
    """ns of the publisher's clock between frames."""
    codec: str
    packets: int = 3
    rtx_ssrc: int | None = None
    seq: int = 0
    timestamp: int = 0
    frame: int = 0
    want_key: bool = True
    rtx_seq: int = 0
    gop: int = 0
    """FFmpeg's way: a keyframe each so many frames and none on request, no parameter sets in the stream. 0: on request."""


class Sender(Peer):
    """Publishes tracks by its own clock, answers PLI and NACK, sends sender reports."""

    def __init__(self, house: House, session: int, shape: Shape, tracks: Sequence[Track], skew: float = 0.0, ntp_offset: int = 0) -> None:
        super().__init__(house, session, shape)
        self.tracks = {track.ssrc: track for track in tracks}
        self.skew, self.ntp_offset = skew, ntp_offset
        self.begun = house.clock.now
        self.plis = self.nacked = self.feedbacks = 0
        self._sent: dict[tuple[int, int], bytes] = {}
        self._transport = 0
        self.stopped = False
        for track in tracks:
            house.clock.after(house.rng.randrange(track.every), lambda track=track: self._frame(track))
        house.clock.after(100 * MS, self._reports)

    def _own_time(self) -> int:
        """The publisher's clock: starts anywhere, runs a little fast or slow."""
        return int((self.house.clock.now - self.begun) * (1 + self.skew))

    def _frame(self, track: Track) -> None:
        if self.stopped:
            return
        key, track.want_key = track.frame % track.gop == 0 if track.gop else track.want_key, False
        timestamp = track.timestamp + self._own_time() * track.rate // SECOND
        for at in range(track.packets):
            last = at == track.packets - 1
            payload = _payload(track, at, key) + TAG.pack(track.ssrc, track.frame, at, self.house.clock.now)
            self._emit(track, payload, timestamp, last)
        track.frame += 1
        self.house.clock.after(int(track.every / (1 + self.skew)), lambda: self._frame(track))

    def _emit(self, track: Track, payload: bytes, timestamp: int, marker: bool) -> None:
        header = struct.pack(
            ">BBHII", 0x90, (0x80 if marker else 0) | track.payload_type, track.seq & 0xFFFF, timestamp & 0xFFFFFFFF, track.ssrc
        )
        packet = header + struct.pack(">HHBHB", 0xBEDE, 1, 5 << 4 | 1, self._transport & 0xFFFF, 0) + payload
        self._transport += 1
        self._sent[track.ssrc, track.seq & 0xFFFF] = packet
        track.seq += 1
        self.send(packet)

    def _reports(self) -> None:
        for track in self.tracks.values():
            own = self._own_time()
            timestamp = track.timestamp + own * track.rate // SECOND
            self.send(SenderReport(track.ssrc, ntp_from_ns(WALL + self.ntp_offset + own), timestamp & 0xFFFFFFFF, 1, 1).build())
        if not self.stopped:
            self.house.clock.after(SECOND, self._reports)

    def rtcp(self, part: object) -> None:
        if isinstance(part, Pli):
            self.plis += 1
            self.tracks[part.media_ssrc].want_key = True
        elif isinstance(part, Nack):
            self._repair(part)
        elif isinstance(part, TransportFeedback):
            self.feedbacks += 1

    def _repair(self, nack: Nack) -> None:
        track = self.tracks[nack.media_ssrc]
        for seq in nack.sequences:
            self.nacked += 1
            packet = self._sent.get((track.ssrc, seq))
            if packet is None or track.rtx_ssrc is None:
                continue
            kind = packet[1] & 0x80 | (track.payload_type + RTX_PT)
            header = struct.pack(">BBH", 0x80, kind, track.rtx_seq & 0xFFFF) + packet[4:8] + struct.pack(">I", track.rtx_ssrc)
            track.rtx_seq += 1
            self.send(header + struct.pack(">H", seq) + packet[20:])


def _payload(track: Track, at: int, key: bool) -> bytes:
    if track.codec == "VP8":
        start = 0x10 if at == 0 else 0
        descriptor = bytes((0x80 | start, 0xC0, 0x80 | (track.frame >> 8 & 0x7F), track.frame & 0xFF, track.frame & 0xFF))
        head = (b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00" if key else b"\x11\x00\x00" + bytes(7)) if at == 0 else bytes(10)
        return descriptor + head + bytes(200)
    if track.codec == "H264":
        # SPS, PPS and IDR, or three slices of a picture that refers to others.
        return (b"\x65" if key and track.gop else b"\x67\x68\x65"[at : at + 1] if key else b"\x41") + b"\x9a" + bytes(200)
    return bytes(60)


@dataclass
class Frame:
    seq: int
    timestamp: int
    source: int
    number: int
    index: int
    captured: int
    at: int
    kind: int


class Incoming:
    """What a viewer knows of one slot."""

    def __init__(self, slot: SubscribedSlot) -> None:
        self.slot = slot
        self.sequences, self.timestamps = Extender(16), Extender(32)
        self.packets: dict[int, Frame] = {}
        self.injected: set[int] = set()
        self.first = -1
        self.missing: dict[int, int] = {}
        self.reports: list[tuple[int, int, int]] = []
        """(arrival, NTP as Unix ns, extended timestamp) of sender reports."""
        self.last_report: SenderReport | None = None
        self.last_report_at = 0

    def gaps(self) -> list[int]:
        have = set(self.packets) | self.injected
        return [seq for seq in range(self.first, self.sequences.last + 1) if seq not in have]


class Viewer(Peer):
    """Receives slots: notes every packet, sends NACK and receiver reports."""

    def __init__(self, house: House, session: int, shape: Shape, slots: Sequence[SubscribedSlot]) -> None:
        super().__init__(house, session, shape)
        self.incoming = {slot.ssrc: Incoming(slot) for slot in slots}
        self._rtx = {slot.rtx_ssrc: slot.ssrc for slot in slots if slot.rtx_ssrc is not None}
        self.repaired = 0
        house.clock.every(20 * MS, self._nack)
        house.clock.every(SECOND, self._report)

    def media(self, packet: bytes) -> None:
        header = rtp.parse(packet)
        payload = packet[header.payload_offset :]
        ssrc, sequence, kind = header.ssrc, header.sequence, header.payload_type
        if ssrc in self._rtx:
            ssrc, sequence, payload, kind = self._rtx[ssrc], int.from_bytes(payload[:2], "big"), payload[2:], kind - RTX_PT
            self.repaired += 1
        stream = self.incoming[ssrc]
        seq = stream.sequences.extend(sequence)
        if stream.first < 0:
            stream.first = seq
        stream.missing.pop(seq, None)
        timestamp = stream.timestamps.extend(header.timestamp)
        if payload[0] == 0x78:  # A STAP-A: only relay makes them here.
            stream.injected.add(seq)
            return
        source, number, index, captured = TAG.unpack(payload[-TAG.size :])
        stream.packets.setdefault(seq, Frame(seq, timestamp, source, number, index, captured, self.house.clock.now, kind))

    def _nack(self) -> None:
        now = self.house.clock.now
        for ssrc, stream in self.incoming.items():
            if stream.slot.rtx_ssrc is None or stream.first < 0:
                continue
            newest = stream.sequences.last
            for seq in range(max(stream.first, newest - 60), newest):
                if seq not in stream.packets and seq not in stream.injected:
                    stream.missing.setdefault(seq, now)
            wanted = tuple(seq & 0xFFFF for seq, since in stream.missing.items() if now - since < 600 * MS)
            if wanted:
                self.send(Nack(1, ssrc, wanted[:100]).build())

    def _report(self) -> None:
        blocks = []
        for ssrc, stream in self.incoming.items():
            if stream.first < 0:
                continue
            lsr, dlsr = 0, 0
            if stream.last_report is not None:
                lsr, dlsr = middle(stream.last_report.ntp), (self.house.clock.now - stream.last_report_at) * 65536 // SECOND
            blocks.append(ReportBlock(ssrc, 0, 0, stream.sequences.last & 0xFFFFFFFF, 0, lsr, dlsr))
        if blocks:
            self.send(ReceiverReport(1, tuple(blocks)).build())

    def rtcp(self, part: object) -> None:
        if isinstance(part, SenderReport) and part.ssrc in self.incoming:
            stream = self.incoming[part.ssrc]
            stream.last_report, stream.last_report_at = part, self.house.clock.now
            if stream.timestamps.last >= 0:
                last = stream.timestamps.last
                timestamp = last + ((part.rtp - last + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
                unix = (part.ntp * SECOND >> 32) - 2_208_988_800 * SECOND
                stream.reports.append((self.house.clock.now, unix, timestamp))

    def ordered(self, ssrc: int) -> list[Frame]:
        """Packets by outgoing sequence."""
        packets = self.incoming[ssrc].packets
        return [packets[seq] for seq in sorted(packets)]
