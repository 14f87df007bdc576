from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from media.transport.ports import BUFFER, PortSet, granted, open_pair, open_tcp, open_udp
from tests.media.transport.peers import TcpClient, rig
from tests.media.transport.support import request
from tests.media.transport.test_loop import PEER, ask, port_of, turn


def in_use(error: OSError) -> bool:
    return error.errno == errno.EADDRINUSE


def test_all_addresses_share_one_port() -> None:
    udp, tcp = open_pair(["127.0.0.1", "::1"], 0, None)
    assert tcp is not None
    numbers = {sock.getsockname()[1] for sock in (*udp.sockets.values(), *tcp.sockets.values())}
    assert numbers == {udp.port} == {tcp.port}
    udp.close()
    tcp.close()


def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    taken = open_udp("127.0.0.1", 0)
    ports = PortSet(open_udp, taken.getsockname()[1])
    with pytest.raises(OSError, check=in_use):
        ports.open_all(["127.0.0.2", "127.0.0.1"])
    assert ports.sockets == {}
    taken.close()


def test_tcp_taken_with_a_free_udp_port_is_an_error() -> None:
    taken = open_tcp("127.0.0.1", 0)
    with pytest.raises(OSError, check=in_use):
        open_pair(["127.0.0.1"], taken.getsockname()[1], None)
    udp, tcp = open_pair(["127.0.0.1"], taken.getsockname()[1], -1)
    assert tcp is None
    udp.close()
    taken.close()


def test_an_address_that_is_not_here_is_left_out() -> None:
    ports = PortSet(open_udp, 0)
    ports.open_all(["203.0.113.77", "127.0.0.1"])
    assert list(ports.sockets) == ["127.0.0.1"]
    ports.close()
    with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRNOTAVAIL):
        PortSet(open_udp, 0).open_all(["203.0.113.77"])
    with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRNOTAVAIL):
        PortSet(open_udp, 0).open_all([])


def test_granted_buffers_are_told() -> None:
    sock = open_udp("127.0.0.1", 0)
    receive, send = granted(sock)
    assert 0 < receive <= 2 * BUFFER
    assert send > 0
    sock.close()


async def test_addresses_that_come_and_go() -> None:
    async with rig(host="127.0.0.1") as r:
        port = port_of(r)
        local = r.loop.reserve()
        r.loop.open_session(1, local, PEER)
        r.loop._network.rescan(["127.0.0.1", "127.0.0.3"])
        assert [c.ip for c in r.loop.candidates() if c.transport == "udp"] == ["127.0.0.1", "127.0.0.3"]
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        assert (await ask(sock, request(local.ufrag, local.pwd, nominate=True), ("127.0.0.3", port)))[:2] == b"\x01\x01"
        assert r.fanout.paths[1] is not None
        client = await TcpClient.open("127.0.0.3", port_of(r, "tcp"))
        r.loop._network.rescan(["127.0.0.1"])
        assert r.fanout.paths[1] is None
        assert len(r.fanout.ports) == 1
        await ask(sock, request(local.ufrag, local.pwd, nominate=True), ("127.0.0.1", port))
        assert r.fanout.paths[1] is not None
        with pytest.raises(ConnectionRefusedError):
            await TcpClient.open("127.0.0.3", port_of(r, "tcp"))
        await turn()
        await client.close()
        sock.close()


async def test_a_wildcard_binds_this_machine_and_looks_again() -> None:
    async with rig(host="0.0.0.0", tcp_port=-1, rescan_seconds=0.001) as r:
        told = [c.ip for c in r.loop.candidates()]
        assert "127.0.0.1" in told
        before = r.loop._network._rescan_at
        async with asyncio.timeout(5):
            while r.loop._network._rescan_at == before:
                await asyncio.sleep(0.002)
        assert r.loop.stats()["udp_sockets"] == len(told)


async def test_a_reply_leaves_from_the_address_the_request_came_to() -> None:
    async with rig(host="127.0.0.1,127.0.0.2", tcp_port=-1) as r:
        local = r.loop.reserve()
        r.loop.open_session(1, local, PEER)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(("127.0.0.2", port_of(r)))
        sock.setblocking(False)
        sock.send(request(local.ufrag, local.pwd))
        await turn()
        assert sock.recv(2048)[:2] == b"\x01\x01"
        sock.close()
