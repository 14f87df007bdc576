"""A thin TCP link on loopback between a browser and the product: so many bit/s and so much delay in each direction, for all of its
connections together. Bytes and time are an account kept by the link, not by the machine's load: a packet leaves when those before it
have left, and arrives one delay later. Nothing is lost. A connection costs the round trip of its handshake; slow start is not modelled
(ten packets per round trip, RFC 6928, are more than the rates used here).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

PACKET = 1448
"""Octets of data in a full packet (Ethernet, IPv4, TCP timestamps)."""
HEADERS = 52
"""Octets of IPv4 and TCP around the data of every packet."""


@dataclass
class Direction:
    """One way through the link."""

    rate: float
    """bit/s; 0: unlimited."""
    delay: float
    """Seconds."""
    bytes: int = 0
    """Data that went through, without headers."""
    packets: int = 0
    _free_at: float = 0.0

    @property
    def wire_bytes(self) -> int:
        """Data with the headers that carried it."""
        return self.bytes + HEADERS * self.packets

    def departure(self, size: int, now: float) -> float:
        """When a packet with so much data that is there `now` has left."""
        self.bytes += size
        self.packets += 1
        self._free_at = max(now, self._free_at) + ((size + HEADERS) * 8 / self.rate if self.rate else 0.0)
        return self._free_at


@dataclass
class Passage:
    """One connection."""

    first: bytes = b""
    """How it began, from the client."""
    up: int = 0
    down: int = 0
    open: bool = True
    _close: list[Callable[[], None]] = field(default_factory=list)

    @property
    def socket(self) -> bool:
        """It carries a lesson's WebSocket."""
        return self.first.startswith(b"GET /ws/")

    def end(self) -> None:
        """Without a goodbye, as a dead network ends it."""
        self.open = False
        for close in self._close:
            close()


@dataclass
class ThinLink:
    """Use `async with ThinLink(port, rate=…, delay=…)`; browsers open `port`."""

    product_port: int
    rate: float = 0.0
    """bit/s, in each direction."""
    delay: float = 0.0
    """Seconds one way: half of the round trip."""
    port: int = 0
    passages: list[Passage] = field(default_factory=list)
    cut: bool = False
    """Nothing passes and nobody is let in."""

    async def __aenter__(self) -> ThinLink:
        self.up, self.down = Direction(self.rate, self.delay), Direction(self.rate, self.delay)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def through(self, address: str) -> str:
        """An address of the product, through this link."""
        return address.replace(f":{self.product_port}/", f":{self.port}/", 1)

    def shape(self, rate: float, delay: float) -> None:
        """Another link from now on."""
        for way in (self.up, self.down):
            way.rate, way.delay = rate, delay

    def break_off(self) -> None:
        """The network is gone until `mend`."""
        self.cut = True
        for passage in self.passages:
            passage.end()

    def mend(self) -> None:
        """The network is back."""
        self.cut = False

    def socket_bytes(self) -> int:
        """Data of all WebSockets so far, both ways."""
        return sum(passage.up + passage.down for passage in self.passages if passage.socket)

    def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        passage = Passage()
        self.passages.append(passage)
        passage._close.append(writer.transport.abort)
        await asyncio.sleep(self.up.delay + self.down.delay)  # SYN there, SYN-ACK back
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.product_port)
            passage._close.append(back.transport.abort)
            ways = (self._carry(self.up, reader, back, passage, True), self._carry(self.down, there, writer, passage, False))
            tasks = [asyncio.create_task(way) for way in ways]
            try:
                if passage.open:  # who goes away, on either side, is waited for by nobody
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                back.close()
        writer.close()
        passage.open = False

    async def _carry(self, way: Direction, source: asyncio.StreamReader, to: asyncio.StreamWriter, passage: Passage, up: bool) -> None:
        """The next packet is read when the last one has left, so that connections share the rate; it arrives a delay later."""
        arriving: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(_deliver(arriving, to, self._loop.time))
        try:
            async for data in _packets(source):
                if up:
                    passage.first = passage.first or data[:80]
                    passage.up += len(data)
                else:
                    passage.down += len(data)
                left = way.departure(len(data), self._loop.time())
                arriving.put_nowait((left + way.delay, data))
                await _until(left, self._loop.time)
            arriving.put_nowait((self._loop.time() + way.delay, b""))
            await delivering
        finally:
            delivering.cancel()


async def _packets(source: asyncio.StreamReader) -> AsyncIterator[bytes]:
    with contextlib.suppress(OSError):
        while data := await source.read(PACKET):
            yield data


async def _deliver(arriving: asyncio.Queue[tuple[float, bytes]], to: asyncio.StreamWriter, now: Callable[[], float]) -> None:
    with contextlib.suppress(OSError):
        while True:
            at, data = await arriving.get()
            await _until(at, now)
            if not data:
                return
            to.write(data)


def _until(at: float, now: Callable[[], float]) -> Awaitable[None]:
    return asyncio.sleep(max(0.0, at - now()))
