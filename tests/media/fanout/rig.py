"""A fan-out on a socket that is a list, publishers and subscribers on pylibsrtp."""

from __future__ import annotations

import struct
from collections import deque

from pylibsrtp import Policy
from pylibsrtp import Session as Srtp

from media.fanout.interface import Path
from media.fanout.reference import ReferenceFanout
from media.fanout.srtp import PROFILES
from media.wire import rtp
from media.wire.negotiated import Codec, ExtensionIds, PayloadType
from media.wire.rows import ARRIVAL, Arrival, LayerSpec

GCM, GCM256, CM = PROFILES
LIBSRTP = {
    GCM: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    GCM256: Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    CM: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
VP8 = PayloadType(96, Codec("VP8", 90000), rtx=97)
H264 = PayloadType(102, Codec("H264", 90000), rtx=103)
OPUS = PayloadType(111, Codec("opus", 48000, 2))
IDS = ExtensionIds(mid=3, rid=4, repaired_rid=5, audio_level=1, transport_cc=2)
PUBLISHER = Path(0, ("127.0.0.1", 4000))


def master(profile: str, seed: int) -> bytes:
    sizes = PROFILES[profile]
    return bytes((seed * 7 + i) & 0xFF for i in range(sizes.key + sizes.salt))


def libsrtp(profile: str, key: bytes, outbound: bool) -> Srtp:
    policy = Policy(key, Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND, srtp_profile=LIBSRTP[profile])
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return Srtp(policy)


class FakeSocket:
    """Keeps what is sent as (address, packet), GSO calls cut as a kernel would; `room` counts calls until EAGAIN."""

    def __init__(self) -> None:
        self.sent: list[tuple[object, bytes]] = []
        self.calls = 0
        self.room = 1 << 30
        self.errors: dict[object, OSError] = {}
        """Address → error of every GSO call to it."""
        self.single_errors: dict[object, OSError] = {}
        self.gso = True
        self.incoming: deque[tuple[bytes, tuple[str, int]]] = deque()

    def getsockopt(self, level: int, option: int) -> int:
        if not self.gso:
            raise OSError(92, "no such option")
        return 0

    def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
        if not self.incoming:
            raise BlockingIOError
        packet, address = self.incoming.popleft()
        return packet[:size], address

    def _take_room(self) -> None:
        if self.room <= 0:
            raise BlockingIOError
        self.room -= 1
        self.calls += 1

    def sendto(self, data: memoryview, address: object) -> int:
        self._take_room()
        if address in self.single_errors:
            raise self.single_errors[address]
        self.sent.append((address, bytes(data)))
        return len(data)

    def sendmsg(self, buffers: list[memoryview], ancillary: list, flags: int, address: object) -> int:
        self._take_room()
        if address in self.errors:
            raise self.errors[address]
        data = b"".join(buffers)
        assert ancillary[0][:2] == (17, 103)
        (size,) = struct.unpack("=H", ancillary[0][2])
        assert len(data) <= 65507
        assert -(-len(data) // size) <= 64
        self.sent += [(address, data[at : at + size]) for at in range(0, len(data), size)]
        return len(data)

    def take(self, address: object = None) -> list[bytes]:
        """Packets sent to the address (or all) since the last look."""
        found = [packet for to, packet in self.sent if address is None or to == address]
        self.sent = [] if address is None else [entry for entry in self.sent if entry[0] != address]
        return found


class Rig:
    """Session 1 publishes; `subscribe` adds sessions 2, 3, …"""

    def __init__(self, profile: str = GCM) -> None:
        self.fanout = ReferenceFanout()
        self.sock = FakeSocket()
        self.want_write: list[bool] = []
        self.fanout.add_port(0, self.sock, self.want_write.append)
        self.fanout.add_session(1)
        self.fanout.set_keys(1, profile, master(profile, 1), master(profile, 2))
        self.fanout.allow(PUBLISHER, 1)
        self.publisher = libsrtp(profile, master(profile, 2), True)
        self.now = 0

    def layer(self, layer: int = 1, ssrc: int = 1000, types: tuple[PayloadType, ...] = (VP8,), ring: int = 2048) -> None:
        self.fanout.add_layer(LayerSpec(layer, 1, ssrc, types, IDS, ring))

    def subscribe(self, number: int, profile: str = GCM) -> tuple[tuple[str, int], Srtp]:
        """Address and decrypting side of a new subscriber."""
        address = ("127.0.0.1", 5000 + number)
        self.fanout.add_session(number)
        self.fanout.set_keys(number, profile, master(profile, number), master(profile, 100 + number))
        self.fanout.set_path(number, Path(0, address))
        return address, libsrtp(profile, master(profile, number), False)

    def push(self, plain: bytes, flush: bool = True) -> list[Arrival]:
        return self.push_raw(self.publisher.protect(plain), flush)

    def push_raw(self, packet: bytes, flush: bool = True) -> list[Arrival]:
        self.now += 1_000_000
        batch = self.fanout.feed(PUBLISHER, packet, self.now)
        if flush:
            self.fanout.flush(self.now)
        return [Arrival._make(fields) for fields in ARRIVAL.iter_unpack(batch.arrivals)]


def packet(
    sequence: int,
    payload: bytes,
    *,
    timestamp: int = 0,
    ssrc: int = 1000,
    kind: int = 96,
    marker: bool = False,
    extension: bytes = b"",
    padding: int = 0,
) -> bytes:
    """A plain RTP packet."""
    head = bytearray(12 + len(extension))
    rtp.write_header(
        head,
        0,
        payload_type=kind,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        marker=marker,
        padding=bool(padding),
        extension=extension,
    )
    return bytes(head) + payload + (bytes(padding - 1) + bytes((padding,)) if padding else b"")


def vp8(picture: int, tl0: int, body: bytes, *, start: bool = True, key: bool = False) -> bytes:
    """A VP8 payload with a 15-bit picture id and TL0PICIDX."""
    head = bytes((0x90 if start else 0x80, 0xE0, 0x80 | picture >> 8, picture & 0xFF, tl0, 0x20))
    return head + bytes((0 if key else 1,)) + body


def split(plain: bytes) -> tuple[rtp.Header, bytes]:
    header = rtp.parse(plain)
    return header, plain[header.payload_offset : header.payload_end]
