"""A WebRTC client made by hand, where the exact bytes matter: ICE as the controlling full agent, DTLS as the client, SRTP by libsrtp.

What it sends and receives is protected by libsrtp (`pylibsrtp`), not by the product's own code, so that each test is also a
check of that code by a second implementation.
"""

from __future__ import annotations

import asyncio
import functools
import re
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pylibsrtp
from aioice import stun

from media.transport import dtls

GCM_128, GCM_256, CM_80 = (profile.openssl_profile.decode() for profile in dtls.PROFILES)
RETRY_SECONDS = 0.05
CONNECT_SECONDS = 10.0
READ_LIMIT = 64
_LIBSRTP = {
    GCM_128: pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    GCM_256: pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    CM_80: pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}

Address = tuple[str, int]


@functools.cache
def identity(profiles: tuple[str, ...]) -> dtls.Identity:
    """A certificate whose client offers these SRTP profiles."""
    return dtls.Identity([profile for profile in dtls.PROFILES if profile.openssl_profile.decode() in profiles])


@dataclass(frozen=True)
class Credentials:
    """One side's ICE and DTLS identity."""

    ufrag: str
    pwd: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What the worker's answer says."""

    udp: Address
    tcp: Address | None
    credentials: Credentials
    ssrcs: tuple[tuple[int, ...], ...]
    """SSRCs of each m-line in order: the media's first, then its RTX."""

    @classmethod
    def read(cls, text: str) -> Answer:
        udp, tcp = _candidate(text, "udp"), _candidate(text, "tcp")
        assert udp, text
        sections = re.split(r"^m=", text, flags=re.MULTILINE)[1:]
        return cls(udp, tcp, read_credentials(text), tuple(_ssrcs(section) for section in sections))


def read_credentials(text: str) -> Credentials:
    """ICE credentials of an answer or fragment; the fingerprint is empty if it has none."""
    fingerprint = re.search(r"^a=fingerprint:sha-256 (\S+)", text, re.MULTILINE)
    return Credentials(_value(text, "ice-ufrag"), _value(text, "ice-pwd"), fingerprint[1] if fingerprint else "")


def _value(text: str, name: str) -> str:
    found = re.search(rf"^a={name}:(\S+)", text, re.MULTILINE)
    assert found, f"no {name} in {text}"
    return found[1]


def _candidate(text: str, transport: str) -> Address | None:
    found = re.search(rf"^a=candidate:\S+ 1 {transport} \d+ (127\.\S+) (\d+) typ host", text, re.MULTILINE | re.IGNORECASE)
    return (found[1], int(found[2])) if found else None


def _ssrcs(section: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(ssrc) for ssrc in re.findall(r"^a=ssrc:(\d+) ", section, re.MULTILINE)))


class UdpWire:
    """Datagrams over one socket; `reading` can be stopped, as by a client that hangs."""

    def __init__(self, address: Address, take: Callable[[bytes], None]) -> None:
        self.sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.sock.connect(address)
        self._take = take
        self._loop = asyncio.get_running_loop()
        self.reading(True)

    def reading(self, on: bool) -> None:
        if on:
            self._loop.add_reader(self.sock.fileno(), self._readable)
        else:
            self._loop.remove_reader(self.sock.fileno())

    def send(self, packet: bytes) -> None:
        try:
            self.sock.send(packet)
        except (BlockingIOError, ConnectionRefusedError):
            return

    def close(self) -> None:
        self.reading(False)
        self.sock.close()

    def _readable(self) -> None:
        for _ in range(READ_LIMIT):
            if not self._read():
                return

    def _read(self) -> bool:
        try:
            packet = self.sock.recv(4096)
        except (BlockingIOError, ConnectionRefusedError):
            return False
        self._take(packet)
        return True

    def drain(self) -> None:
        """Take everything that has arrived by now."""
        while self._read():
            pass


class TcpWire:
    """Frames of RFC 4571 over one connection."""

    def __init__(self, address: Address, take: Callable[[bytes], None]) -> None:
        self.sock = socket.socket()
        # A small window, so that a client that hangs is felt soon.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.sock.connect(address)
        self.sock.setblocking(False)
        self._take = take
        self._buffer = bytearray()
        self._loop = asyncio.get_running_loop()
        self.reading(True)

    def reading(self, on: bool) -> None:
        if on:
            self._loop.add_reader(self.sock.fileno(), self._readable)
        else:
            self._loop.remove_reader(self.sock.fileno())

    def send(self, packet: bytes) -> None:
        self.sock.sendall(len(packet).to_bytes(2, "big") + packet)

    def close(self) -> None:
        self.reading(False)
        self.sock.close()

    def _readable(self) -> None:
        try:
            data = self.sock.recv(1 << 16)
        except (BlockingIOError, ConnectionResetError):
            return
        if not data:
            self.reading(False)
        self._buffer += data
        while len(self._buffer) >= 2 and len(self._buffer) >= 2 + (size := int.from_bytes(self._buffer[:2], "big")):
            packet = bytes(self._buffer[2 : 2 + size])
            del self._buffer[: 2 + size]
            self._take(packet)


class RawPeer:
    """One client. Subclasses say what to offer and take the plain packets in `on_rtp` and `on_rtcp`."""

    def __init__(self, profiles: Sequence[str] = (GCM_128, GCM_256, CM_80)) -> None:
        self._identity = identity(tuple(profiles))
        self.local = Credentials(secrets.token_hex(4), secrets.token_hex(12), self._identity.fingerprints[0][1])
        self.wire: UdpWire | TcpWire | None = None
        self.profile = ""
        self.session = ""
        self.broken = 0
        """Packets libsrtp could not decrypt."""
        self.dismissed = False
        """The worker said goodbye (close_notify)."""
        self.last_sent = b""
        """The newest packet as it left: for replays."""
        self._dtls: dtls.Dtls | None = None
        self._remote: Credentials | None = None
        self._nominated = False
        self._failure = ""
        self._progress = asyncio.Event()

    def on_rtp(self, packet: bytes) -> None:
        """A decrypted RTP packet."""

    def on_rtcp(self, compound: bytes) -> None:
        """A decrypted RTCP compound packet."""

    async def connect(self, answer: Answer, *, tcp: bool = False, via: Address | None = None) -> None:
        """ICE and DTLS to the end, over TCP or a link in between if asked."""
        self._remote = answer.credentials
        address = via or (answer.tcp if tcp else answer.udp)
        assert address
        self.wire = (TcpWire if tcp else UdpWire)(address, self._datagram)
        self._dtls = dtls.Dtls(self._identity, "active", [("sha-256", answer.credentials.fingerprint)], time.monotonic_ns())
        async with asyncio.timeout(CONNECT_SECONDS):
            while not self.profile:
                await self._step(self._dtls)

    async def restart(self, remote: Credentials, ufrag: str) -> None:
        """Nominate with the credentials of an ICE restart; waits for the answer."""
        self._remote = remote
        self.local = Credentials(ufrag, self.local.pwd, self.local.fingerprint)
        await self._nominate()

    async def move(self, address: Address) -> None:
        """Go on from another socket to this UDP address, with the same keys; waits for the answer to a check."""
        self.close()
        self.wire = UdpWire(address, self._datagram)
        await self._nominate()

    async def _nominate(self) -> None:
        self._nominated = False
        async with asyncio.timeout(CONNECT_SECONDS):
            while not self._nominated:
                self.check()
                await self._wait()

    async def _step(self, association: dtls.Dtls) -> None:
        now = time.monotonic_ns()
        if self._nominated:
            association.start(now)
            association.handle_timeout(now)
            self._drain(association)
        else:
            self.check()
        assert not self._failure, self._failure
        await self._wait()

    async def _wait(self) -> None:
        self._progress.clear()
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                await self._progress.wait()
        except TimeoutError:
            return

    def check(self) -> None:
        """A nominating check: also the consent without which the worker falls silent (RFC 7675)."""
        assert self._remote
        attributes = {
            "USERNAME": f"{self._remote.ufrag}:{self.local.ufrag}",
            "PRIORITY": 1853824767,
            "ICE-CONTROLLING": 1,
            "USE-CANDIDATE": None,
        }
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(self._remote.pwd.encode())
        self.send_raw(bytes(message))

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send."""
        self.last_sent = self._outgoing.protect(packet)
        self.send_raw(self.last_sent)

    def send_rtcp(self, compound: bytes) -> None:
        """Protect and send."""
        self.send_raw(self._outgoing.protect_rtcp(compound))

    def send_raw(self, datagram: bytes) -> None:
        """Send these bytes as they are."""
        if self.wire:
            self.wire.send(datagram)

    def hang(self) -> None:
        """Read nothing more, as a client that was suspended."""
        assert self.wire
        self.wire.reading(False)

    def goodbye(self) -> None:
        """Close the DTLS association (close_notify)."""
        assert self._dtls
        self._dtls.close(time.monotonic_ns())
        self._drain(self._dtls)

    def close(self) -> None:
        """Be gone without a word."""
        if self.wire:
            self.wire.close()
            self.wire = None

    def _datagram(self, packet: bytes) -> None:
        if packet and 128 <= packet[0] <= 191 and self.profile:
            self._media(packet)
        elif packet and 20 <= packet[0] <= 63 and self._dtls:
            self._dtls.receive(packet, time.monotonic_ns())
            self._drain(self._dtls)
        elif packet and packet[0] <= 3:
            message = stun.parse_message(packet)
            self._nominated = self._nominated or message.message_class == stun.Class.RESPONSE
        self._progress.set()

    def _media(self, packet: bytes) -> None:
        try:
            if 192 <= packet[1] <= 223:
                self.on_rtcp(self._incoming.unprotect_rtcp(packet))
            else:
                self.on_rtp(self._incoming.unprotect(packet))
        except pylibsrtp.Error:
            self.broken += 1

    def _drain(self, association: dtls.Dtls) -> None:
        for datagram in association.take_datagrams():
            self.send_raw(datagram)
        for event in association.take_events():
            if isinstance(event, dtls.Connected):
                self._take_keys(event)
            elif isinstance(event, dtls.Failed):
                self._failure = event.detail
            else:
                self.dismissed = True

    def _take_keys(self, event: dtls.Connected) -> None:
        kind = _LIBSRTP[event.profile]
        outgoing = pylibsrtp.Policy(event.ours, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=kind)
        incoming = pylibsrtp.Policy(event.theirs, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=kind)
        outgoing.window_size = incoming.window_size = 1024
        self._outgoing, self._incoming = pylibsrtp.Session(outgoing), pylibsrtp.Session(incoming)
        self.profile = event.profile
