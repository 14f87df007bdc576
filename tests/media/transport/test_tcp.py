from __future__ import annotations

import asyncio
import errno
import socket
import time

import pytest

from media.transport import tcp
from media.transport.ports import open_tcp
from media.transport.tcp import TcpConnection, TcpServer
from media.wire.framing import Deframer


class Server:
    """A `TcpServer` on loopback and what it said."""

    def __init__(self) -> None:
        self.opened: list[TcpConnection] = []
        self.packets: list[bytes] = []
        self.closed: list[int] = []
        self.tcp = TcpServer(
            asyncio.get_running_loop(),
            time.monotonic_ns,
            self.opened.append,
            lambda connection, packets: self.packets.extend(packets),
            self.closed.append,
            lambda: None,
        )
        self.listener = open_tcp("127.0.0.1", 0)
        self.tcp.listen(self.listener)

    async def connect(self) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(self.listener.getsockname())
        for _ in range(5):
            await asyncio.sleep(0)
        return sock

    def close(self) -> None:
        self.tcp.close()
        self.listener.close()


async def test_a_stalled_client_loses_video_before_audio_and_blocks_nothing() -> None:
    server = Server()
    client = await server.connect()
    sink = server.opened[0]
    while sink.send(b"V" * 1000, True):
        pass
    assert sink.queued <= tcp.VIDEO_QUEUE
    audio = 0
    while sink.send(b"A" * 100, False):
        audio += 1
    assert audio > 400
    assert sink.queued <= tcp.QUEUE
    assert not sink.send(b"V" * 1000, True)
    assert server.tcp.count["tcp_dropped"] == 3
    client.setblocking(False)
    deframer, received = Deframer(), list[bytes]()
    async with asyncio.timeout(10):
        while sink.queued or len(received) < audio:
            received += deframer.feed(await asyncio.get_running_loop().sock_recv(client, 65536))
    kinds = "".join(chr(packet[0]) for packet in received)
    assert kinds.count("A") == audio
    first = kinds.index("A")
    assert kinds[first : first + audio] == "A" * audio
    assert kinds[first + audio :].startswith("V")
    assert all(len(set(packet)) == 1 for packet in received)
    client.close()
    server.close()


async def test_queued_packets_of_a_row_can_be_taken_back_but_not_one_that_began() -> None:
    server = Server()
    client = await server.connect()
    sink = server.opened[0]
    while sink.send(b"R" * 1000, True, 1):
        pass
    assert sink.send(b"K" * 500, False, 2)
    assert sink.send(b"r" * 500, False, 1)
    before = sink.queued
    gone = sink.discard(1)
    assert gone > 10
    assert sink.discard(1) == 0
    assert sink.queued < before - gone * 500
    deframer, received = Deframer(), list[bytes]()
    client.setblocking(False)
    async with asyncio.timeout(10):
        while sink.queued or b"K" * 500 not in received:
            received += deframer.feed(await asyncio.get_running_loop().sock_recv(client, 65536))
    assert b"r" * 500 not in received
    assert received[-1] == b"K" * 500
    assert all(len(set(packet)) == 1 for packet in received)
    client.close()
    server.close()


async def test_limits_on_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MAX_PER_ADDRESS", 2)
    server = Server()
    clients = [await server.connect() for _ in range(3)]
    assert len(server.tcp) == 2
    assert server.tcp.count["tcp_refused"] == 1
    server.tcp.remove(server.opened[0].number)
    clients.append(await server.connect())
    assert len(server.tcp) == 2
    assert server.closed == [server.opened[0].number]
    server.tcp.remove(server.opened[0].number)
    for client in clients:
        client.close()
    server.close()
    assert len(server.tcp) == 0
    assert not server.tcp._per_address


async def test_only_unvalidated_connections_time_out() -> None:
    server = Server()
    clients = [await server.connect() for _ in range(2)]
    server.tcp.validated(server.opened[0].number)
    deadline = server.tcp.poll_timeout()
    assert deadline is not None
    assert deadline - time.monotonic_ns() <= tcp.UNVALIDATED_FOR
    server.tcp.handle_timeout(deadline - 1)
    assert len(server.tcp) == 2
    server.tcp.handle_timeout(deadline)
    assert server.closed == [server.opened[1].number]
    assert server.tcp.poll_timeout() is None
    assert server.tcp.peer(server.opened[0].number) == clients[0].getsockname()
    assert server.tcp.peer(server.opened[1].number) is None
    for client in clients:
        client.close()
    server.close()


async def test_a_closed_connection_takes_no_packets() -> None:
    server = Server()
    client = await server.connect()
    server.close()
    assert not server.opened[0].send(b"x", False)
    client.close()


async def test_out_of_descriptors_the_listener_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exhausted:
        def accept(self) -> None:
            raise OSError(errno.EMFILE, "too many open files")

    server = Server()
    server.tcp._accept(Exhausted())  # type: ignore[arg-type]
    late = await server.connect()
    assert not server.opened
    deadline = server.tcp.poll_timeout()
    assert deadline is not None
    server.tcp.handle_timeout(deadline)
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(server.opened) == 1
    assert server.tcp.count["tcp_accept_failed"] == 1
    late.close()
    server.close()
