"""A UDP link on loopback between real clients and the worker, that can lose, stop, or change its source port.

Announced to clients in the worker's place (`SHUANGSHI_MEDIA_ANNOUNCE`); each client gets a socket of its own towards the worker,
as behind a NAT. Losses are drawn from a seed.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

Address = tuple[str, int]


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)


@dataclass
class Link:
    """Use `async with Link(worker_port)`; `port` is what clients send to."""

    worker_port: int
    seed: int = 1
    port: int = 0
    up_loss: float = 0.0
    """Fraction of the client's datagrams that are lost."""
    down_loss: float = 0.0
    blocked: bool = False
    """Nothing passes in either direction."""
    passed_up: int = 0
    passed_down: int = 0
    _towards: dict[Address, asyncio.DatagramTransport] = field(default_factory=dict)
    _front: asyncio.DatagramTransport | None = None
    _came: dict[Address, list[float]] = field(default_factory=dict)

    async def __aenter__(self) -> Link:
        self._rng = random.Random(self.seed)
        self._loop = asyncio.get_running_loop()
        self._front, _ = await self._loop.create_datagram_endpoint(lambda: _Socket(self._up), local_addr=("127.0.0.1", self.port))
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for transport in (*self._towards.values(), *([self._front] if self._front else [])):
            transport.close()

    @property
    def announce(self) -> dict[str, str]:
        """The setting that sends clients here."""
        return {"SHUANGSHI_MEDIA_ANNOUNCE": f"127.0.0.1:{self.port}"}

    def rebind(self) -> None:
        """Every client's packets come from a new port from now on, as after a NAT lost its table."""
        for transport in self._towards.values():
            transport.close()
        self._towards.clear()

    def watch_gaps(self) -> None:
        """Measure `down_gap` anew from now on."""
        self._came.clear()

    @property
    def down_gap(self) -> float:
        """Longest time since `watch_gaps` between two datagrams to the client that got the most of them, s."""
        times = max(self._came.values(), key=len)
        return max(b - a for a, b in itertools.pairwise(times))

    def _note(self, client: Address) -> None:
        times = self._came.setdefault(client, [])
        if len(times) < 100_000:
            times.append(self._loop.time())

    def _up(self, data: bytes, client: Address) -> None:
        if self.blocked or self._rng.random() < self.up_loss:
            return
        self.passed_up += 1
        transport = self._towards.get(client)
        if transport:
            transport.sendto(data)
        else:
            self._loop.create_task(self._open(client, data))

    async def _open(self, client: Address, first: bytes) -> None:
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Socket(lambda data, _: self._down(data, client)), remote_addr=("127.0.0.1", self.worker_port)
        )
        if client in self._towards:
            transport.close()
        else:
            self._towards[client] = transport
        self._towards[client].sendto(first)

    def _down(self, data: bytes, client: Address) -> None:
        if self.blocked or self._rng.random() < self.down_loss or self._front is None:
            return
        self.passed_down += 1
        self._note(client)
        self._front.sendto(data, client)
