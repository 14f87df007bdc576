"""Real clients of the loop on loopback: aioice and aiortc's DTLS over UDP, a hand-written one over TCP."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioice
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from media.transport.loop import LoopConfig, MediaLoop
from media.transport.sdp import Local, Peer
from media.transport.session import SessionEvent
from tests.media.transport.support import FakeFanout, FakeHandler


class Rig:
    """A loop over the fake fan-out, and what it told."""

    def __init__(self, loop: MediaLoop, fanout: FakeFanout, handler: FakeHandler) -> None:
        self.loop, self.fanout, self.handler = loop, fanout, handler
        self.events: list[tuple[int, SessionEvent]] = []
        self._changed = asyncio.Event()
        loop.on_event = self._note

    def _note(self, session: int, event: SessionEvent) -> None:
        self.events.append((session, event))
        self._changed.set()

    async def until(self, session: int, state: str) -> SessionEvent:
        """The first event of the session with this state."""
        async with asyncio.timeout(10):
            while True:
                for number, event in self.events:
                    if number == session and event.state == state:
                        return event
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def rig(**config: Any) -> AsyncIterator[Rig]:
    fanout, handler = FakeFanout(), FakeHandler()
    loop = await MediaLoop.open(fanout, handler, LoopConfig(**{"host": "127.0.0.1", "prefix": "w0", **config}))
    try:
        yield Rig(loop, fanout, handler)
    finally:
        await loop.close()


class DtlsUnder:
    """What `RTCDtlsTransport` needs of an ICE transport."""

    role = "controlling"

    def __init__(self, connection: aioice.Connection) -> None:
        self._connection = connection

    async def _recv(self) -> bytes:
        return await self._connection.recv()

    async def _send(self, data: bytes) -> None:
        await self._connection.send(data)


class UdpClient:
    """A full ICE agent (aioice) with aiortc's DTLS on it."""

    def __init__(self, address: str, role: str = "client") -> None:
        self._address = address
        self.ice = aioice.Connection(ice_controlling=True, use_ipv4=":" not in address, use_ipv6=":" in address)
        self.certificate = RTCCertificate.generateCertificate()
        self.dtls = RTCDtlsTransport(DtlsUnder(self.ice), [self.certificate])
        self.dtls._set_role(role)

    @property
    def peer(self) -> Peer:
        """What its offer would say."""
        fingerprints = tuple((f.algorithm, f.value) for f in self.certificate.getFingerprints())
        setup = "passive" if self.dtls._role == "server" else "actpass"
        return Peer(self.ice.local_username, self.ice.local_password, fingerprints, setup)

    async def connect(self, local: Local) -> None:
        """ICE and DTLS to the end."""
        await self.checks(local)
        parameters = RTCDtlsParameters([RTCDtlsFingerprint(algorithm, value) for algorithm, value in local.fingerprints])
        await self.dtls.start(parameters)

    async def checks(self, local: Local) -> None:
        """ICE only."""
        self.ice.remote_is_lite = True
        self.ice.remote_username, self.ice.remote_password = local.ufrag, local.pwd
        await self.ice.gather_candidates()
        for candidate in local.candidates:
            if candidate.transport == "udp" and candidate.ip == self._address:
                await self.ice.add_remote_candidate(aioice.Candidate.from_sdp(candidate.to_sdp().removeprefix("candidate:")))
        await self.ice.add_remote_candidate(None)
        await self.ice.connect()

    async def close(self) -> None:
        await self.dtls.stop()
        await self.ice.close()


class TcpClient:
    """Frames by hand (RFC 4571)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, address: str, port: int) -> TcpClient:
        return cls(*await asyncio.open_connection(address, port))

    def send(self, packet: bytes) -> None:
        self.writer.write(struct.pack("!H", len(packet)) + packet)

    async def recv(self) -> bytes:
        async with asyncio.timeout(5):
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            return await self.reader.readexactly(length)

    async def gone(self) -> bool:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True

    async def close(self) -> None:
        self.writer.close()
