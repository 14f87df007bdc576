"""A raw WebRTC client on one UDP socket: ICE as the controlling full agent, DTLS as the client, SRTP keys; no media engine."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable

from aioice import stun

from media.fanout.srtp import PROFILES, RtcpSealer, StreamKeys, rtcp_sealer, rtp_keys
from media.transport.dtls import Connected, Dtls, Failed, Identity
from tests.bench import bpf
from tests.bench.offers import Local, Remote

RETRY_SECONDS = 0.05
CONNECT_SECONDS = 15.0
READS = 32
"""Datagrams read before the loop may do something else."""

OnPacket = Callable[[bytes, int], None]
"""Gets one protected RTP or RTCP packet and the realtime of its arrival, ns."""


class NoConnection(Exception):
    """ICE or DTLS did not come to an end."""


class Peer:
    """One client. `connect` with the answer to an offer made of `local`; then packets of media come to `on_packet`."""

    def __init__(self, identity: Identity, sock: socket.socket, on_packet: OnPacket) -> None:
        self.sock = sock
        self.local = Local(secrets.token_hex(4), secrets.token_hex(12), identity.fingerprints[0][1])
        self.send_keys: StreamKeys
        self.receive_keys: StreamKeys
        self.send_rtcp: RtcpSealer
        self.receive_rtcp: RtcpSealer
        self.profile = ""
        self._identity = identity
        self._on_packet = on_packet
        self._dtls: Dtls | None = None
        self._check = b""
        self._nominated = False
        self._rtcp_index = 0
        self._failure = ""
        self._progress = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    async def connect(self, remote: Remote) -> None:
        """ICE, then DTLS; raises `NoConnection`."""
        self.sock.connect(remote.address)
        self._check = self._binding_request(remote)
        self._dtls = Dtls(self._identity, "active", [("sha-256", remote.fingerprint)], time.monotonic_ns())
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._handshake(self._dtls)
        except TimeoutError:
            raise NoConnection("no DTLS" if self._nominated else "no answer to ICE checks") from None

    def consent(self) -> None:
        """Repeat the nominating check: the worker sends no media to a silent peer (RFC 7675)."""
        self._send(self._check)

    def send(self, packet: bytes | bytearray) -> None:
        """Send one protected packet."""
        self._send(packet)

    def send_compound(self, compound: bytes) -> None:
        """Protect and send RTCP."""
        self._rtcp_index += 1
        self._send(self.send_rtcp.protect(compound, self._rtcp_index))

    def close(self) -> None:
        """Release the socket without a word: the session is closed over the control socket."""
        self._loop.remove_reader(self.sock.fileno())
        self.sock.close()

    async def _handshake(self, dtls: Dtls) -> None:
        while not self.profile:
            if not self._nominated:
                self._send(self._check)
            else:
                dtls.start(time.monotonic_ns())
                dtls.handle_timeout(time.monotonic_ns())
                self._drain(dtls)
            if self._failure:
                raise NoConnection(self._failure)
            self._progress.clear()
            try:
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._progress.wait()
            except TimeoutError:
                continue

    def _readable(self) -> None:
        for _ in range(READS):
            try:
                data, at = bpf.receive(self.sock)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if data and data[0] >= 128:
                if self.profile:
                    self._on_packet(data, at or time.time_ns())
            elif data and data[0] >= 20:
                self._dtls_datagram(data)
            else:
                self._stun(data)

    def _stun(self, data: bytes) -> None:
        if not self._nominated:
            message = stun.parse_message(data)
            self._nominated = message.message_class == stun.Class.RESPONSE
            self._progress.set()

    def _dtls_datagram(self, data: bytes) -> None:
        if self._dtls:
            self._dtls.receive(data, time.monotonic_ns())
            self._drain(self._dtls)

    def _drain(self, dtls: Dtls) -> None:
        for datagram in dtls.take_datagrams():
            self._send(datagram)
        for event in dtls.take_events():
            if isinstance(event, Connected):
                self._take_keys(event)
            elif isinstance(event, Failed):
                self._failure = event.detail
            self._progress.set()

    def _take_keys(self, event: Connected) -> None:
        profile = PROFILES[event.profile]
        self.send_keys, self.receive_keys = rtp_keys(profile, event.ours), rtp_keys(profile, event.theirs)
        self.send_rtcp, self.receive_rtcp = rtcp_sealer(profile, event.ours), rtcp_sealer(profile, event.theirs)
        self.profile = event.profile

    def _binding_request(self, remote: Remote) -> bytes:
        attributes = {
            "USERNAME": f"{remote.ufrag}:{self.local.ufrag}",
            "PRIORITY": 1853824767,
            "ICE-CONTROLLING": secrets.randbits(64),
            "USE-CANDIDATE": None,
        }
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(remote.pwd.encode())
        return bytes(message)

    def _send(self, datagram: bytes | bytearray) -> None:
        try:
            self.sock.send(datagram)
        except (BlockingIOError, ConnectionRefusedError):
            return
