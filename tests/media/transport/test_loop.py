from __future__ import annotations

import asyncio
import random
import socket
import time

import aioice.ice
import pytest

from media.errors import NoSuchSession, TableFull
from media.fanout.interface import Path
from media.transport import dtls
from media.transport.sdp import Peer
from tests.media.transport.peers import Rig, TcpClient, UdpClient, rig
from tests.media.transport.support import request

FINGERPRINTS = dtls.Identity().fingerprints
PEER = Peer("peer", "p" * 22, FINGERPRINTS, "actpass")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves loopback out; these tests are on nothing else."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"] * use_ipv4 + ["::1"] * use_ipv6)


async def ask(sock: socket.socket, packet: bytes, to: tuple[str, int]) -> bytes:
    sock.setblocking(False)
    sock.sendto(packet, to)
    async with asyncio.timeout(5):
        return await asyncio.get_running_loop().sock_recv(sock, 2048)


async def turn() -> None:
    """Let the loop read what loopback delivered already."""
    for _ in range(3):
        await asyncio.sleep(0)


def port_of(r: Rig, transport: str = "udp") -> int:
    return next(c.port for c in r.loop.candidates() if c.transport == transport)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("role", ["client", "server"])
async def test_a_full_agent_connects_over_udp(address: str, role: str) -> None:
    async with rig(host="localhost") as r:
        client, local = UdpClient(address, role), r.loop.reserve()
        r.loop.open_session(1, local, client.peer)
        await client.connect(local)
        event = await r.until(1, "connected")
        assert event.transport == "udp"
        assert client.dtls.state == "connected"
        profile, ours, theirs = r.fanout.keys[1]
        # The server chooses: aiortc likes 256 bits better.
        assert profile == ("SRTP_AEAD_AES_128_GCM" if role == "client" else "SRTP_AEAD_AES_256_GCM")
        assert len(ours) == len(theirs) == (28 if role == "client" else 44)
        path = r.fanout.paths[1]
        assert path is not None
        assert r.fanout.allowed[path] == 1
        await client.dtls.transport._send(b"\x80\x60" + bytes(20))
        await client.dtls.transport._send(b"\x80\xc8" + bytes(20))
        async with asyncio.timeout(5):
            while not r.handler.rtcp:
                await asyncio.sleep(0.001)
        assert [session for session, _ in r.fanout.media] == [1, 1]
        assert r.handler.arrivals == 52
        await client.close()
        assert (await r.until(1, "closed")).reason == "closed"
        assert r.loop.stats()["sessions"] == 0
        assert not r.fanout.sessions
        assert not r.fanout.allowed


async def test_the_wrong_certificate_fails_the_session() -> None:
    async with rig() as r:
        client, local = UdpClient("127.0.0.1"), r.loop.reserve()
        r.loop.open_session(1, local, Peer(client.peer.ufrag, client.peer.pwd, FINGERPRINTS, "actpass"))
        await client.connect(local)
        assert (await r.until(1, "closed")).reason == "failed"
        assert 1 not in r.fanout.keys
        await client.close()


async def test_our_goodbye_reaches_the_peer() -> None:
    async with rig() as r:
        client, local = UdpClient("127.0.0.1"), r.loop.reserve()
        r.loop.open_session(1, local, client.peer)
        await client.connect(local)
        await r.until(1, "connected")
        r.loop.close_session(1)
        r.loop.close_session(1)
        async with asyncio.timeout(5):
            while client.dtls.state != "closed":
                await asyncio.sleep(0.001)
        await client.close()
        assert [event.state for _, event in r.events] == ["connected"]


async def test_ice_restart_moves_media_to_the_new_path() -> None:
    async with rig() as r:
        client, local = UdpClient("127.0.0.1"), r.loop.reserve()
        r.loop.open_session(1, local, client.peer)
        await client.connect(local)
        await r.until(1, "connected")
        before = r.fanout.paths[1]
        fresh = r.loop.restart_ice(1, "newpeer", "x" * 22)
        assert fresh.ufrag != local.ufrag
        assert fresh.ufrag.startswith("w0")
        assert r.loop.remote_ufrag(1) == "newpeer"
        second = UdpClient("127.0.0.1")
        await second.checks(fresh)
        assert r.fanout.paths[1] != before
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.sendto(request(local.ufrag, local.pwd), ("127.0.0.1", port_of(r)))
        await turn()
        assert r.loop.stats()["stun_strange"] >= 1
        sock.close()
        await second.close()
        await client.close()


async def test_tcp_carries_media_and_its_end_stops_sending() -> None:
    async with rig() as r:
        local = r.loop.reserve()
        r.loop.open_session(1, local, PEER)
        client = await TcpClient.open("127.0.0.1", port_of(r, "tcp"))
        client.send(request(local.ufrag, local.pwd, nominate=True))
        assert (await client.recv())[:2] == b"\x01\x01"
        path = r.fanout.paths[1]
        assert path is not None
        assert path.address is None
        client.send(b"\x80\x60" + bytes(30))
        client.send(b"\xff" * 4)
        async with asyncio.timeout(5):
            while not r.fanout.media:
                await asyncio.sleep(0.001)
        assert r.fanout.streams[path.port].send(b"\x80video", True)
        assert await client.recv() == b"\x80video"
        await client.close()
        async with asyncio.timeout(5):
            while r.fanout.paths[1] is not None:
                await asyncio.sleep(0.001)
        assert not r.fanout.streams
        assert r.loop.stats()["tcp_connections"] == 0


async def test_dtls_over_tcp() -> None:
    async with rig() as r:
        local, identity = r.loop.reserve(), dtls.Identity()
        r.loop.open_session(1, local, Peer("peer", "p" * 22, identity.fingerprints, "actpass"))
        client = await TcpClient.open("127.0.0.1", port_of(r, "tcp"))
        client.send(request(local.ufrag, local.pwd, nominate=True))
        await client.recv()
        twin = dtls.Dtls(identity, "active", local.fingerprints, 0)
        twin.start(0)
        while not twin.connected:
            for datagram in twin.take_datagrams():
                client.send(datagram)
            twin.receive(await client.recv(), 0)
        event = await r.until(1, "connected")
        assert event.transport == "tcp"
        connected = twin.take_events()[0]
        assert isinstance(connected, dtls.Connected)
        assert r.fanout.keys[1] == (connected.profile, connected.theirs, connected.ours)
        r.loop.close_session(1)
        twin.receive(await client.recv(), 1)
        assert twin.take_events() == [dtls.Closed()]
        assert await client.gone()


async def test_the_ice_tcp_connection_of_a_stranger_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.transport.tcp.UNVALIDATED_FOR", 20_000_000)
    async with rig() as r:
        client = await TcpClient.open("127.0.0.1", port_of(r, "tcp"))
        assert await client.gone()
        assert r.loop.stats()["tcp_unvalidated"] == 1
        broken = await TcpClient.open("127.0.0.1", port_of(r, "tcp"))
        broken.writer.write(b"\xff\xff")
        assert await broken.gone()
        assert r.loop.stats()["tcp_malformed"] == 1


async def test_a_port_used_again_belongs_to_the_next_session() -> None:
    async with rig() as r:
        first, second = r.loop.reserve(), r.loop.reserve()
        r.loop.open_session(1, first, PEER)
        r.loop.open_session(2, second, PEER)
        sock, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", port_of(r))
        await ask(sock, request(first.ufrag, first.pwd, nominate=True), to)
        await ask(sock, request(second.ufrag, second.pwd, nominate=True), to)
        where = Path(0, ("127.0.0.1", sock.getsockname()[1]))
        assert r.fanout.allowed[where] == 2
        assert r.fanout.paths == {1: None, 2: where}
        r.loop.close_session(1)
        assert r.fanout.allowed[where] == 2
        sock.close()


async def test_a_flood_of_garbage_raises_nothing() -> None:
    rng = random.Random(11)
    async with rig(tcp_port=-1) as r:
        local = r.loop.reserve()
        r.loop.open_session(1, local, PEER)
        good = request(local.ufrag, local.pwd, nominate=True)
        sock, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", port_of(r))
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        await ask(peer, good, to)
        for n in range(4000):
            mutated = bytearray(good)
            for _ in range(rng.randrange(1, 4)):
                mutated[rng.randrange(len(mutated))] = rng.randrange(256)
            first = rng.choice([0, 1, 20, 22, 23, 63, 64, 128, 200, 255])
            garbage = bytes(mutated) if n % 2 else bytes([first]) + rng.randbytes(rng.randrange(200))
            (peer if n % 3 == 0 and n % 2 == 0 else sock).sendto(garbage[: rng.randrange(1, 300)], to)
            if n % 50 == 0:
                await turn()
        await asyncio.sleep(0.01)
        stats = r.loop.stats()
        assert stats["errors"] == 0
        assert stats["stun_strange"] > 100
        assert stats["stun_malformed"] > 100
        while True:
            answer = await ask(peer, good, to)
            if answer[:2] == b"\x01\x01" and answer[8:20] == good[8:20]:
                break
        sock.close()
        peer.close()


async def test_strangers_with_a_known_fragment_are_limited() -> None:
    async with rig(tcp_port=-1) as r:
        local = r.loop.reserve()
        r.loop.open_session(1, local, PEER)
        sock, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", port_of(r))
        bad = request(local.ufrag, "wrong" * 5)
        for n in range(600):
            sock.sendto(bad, to)
            if n % 50 == 0:
                await turn()
        await asyncio.sleep(0.02)
        stats = r.loop.stats()
        assert stats["stun_limited"] > 50
        assert 300 < stats["stun_wrong_integrity"] < 590
        assert "stun_checks" not in stats
        sock.close()


@pytest.mark.parametrize("where", ["receive", "flush"])
async def test_a_broken_fanout_is_counted_and_survived(where: str, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(tcp_port=-1) as r:
        local = r.loop.reserve()
        r.loop.open_session(1, local, PEER)
        sock, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", port_of(r))
        r.fanout.fail_on = where
        sock.sendto(b"\x00", to)
        await asyncio.sleep(0.005)
        assert r.loop.stats()["errors"] > 0
        assert f"{where} is broken" in caplog.text
        assert caplog.text.count("Traceback") == 1
        r.fanout.fail_on = None
        assert await ask(sock, request(local.ufrag, local.pwd), to)
        sock.close()


async def test_the_timer_serves_the_handler_and_overflows_are_told() -> None:
    async with rig(tcp_port=-1) as r:
        r.handler.deadline = time.monotonic_ns() + 5_000_000
        sock, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", port_of(r))
        r.fanout.overflows = [3, 4]
        worked: list[int] = []
        r.loop.after_work = lambda: worked.append(1)
        sock.sendto(b"\x80\x60", to)
        async with asyncio.timeout(5):
            while not r.handler.rang:
                await asyncio.sleep(0.001)
        assert r.handler.overflow == [3, 4]
        assert len(worked) >= 2
        sock.close()


async def test_the_fanout_may_ask_to_write() -> None:
    async with rig(tcp_port=-1) as r:
        r.fanout.want_write[0](True)
        async with asyncio.timeout(5):
            while not r.fanout.count["writable"]:
                await asyncio.sleep(0.001)


async def test_tables_are_bounded_and_strangers_named() -> None:
    async with rig(tcp_port=-1, max_sessions=2) as r:
        for number in (1, 2):
            r.loop.open_session(number, r.loop.reserve(), PEER)
        with pytest.raises(TableFull):
            r.loop.reserve()
        with pytest.raises(NoSuchSession):
            r.loop.restart_ice(9, "a", "b")
        with pytest.raises(NoSuchSession):
            r.loop.remote_ufrag(9)


async def test_a_thousand_sessions_leave_nothing_behind() -> None:
    async with rig(tcp_port=-1) as r:
        sock, to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", port_of(r))
        for number in range(1000):
            local = r.loop.reserve()
            r.loop.open_session(number, local, PEER)
            if number % 10 == 0:
                await ask(sock, request(local.ufrag, local.pwd, nominate=True), to)
            r.loop.close_session(number)
        stats = r.loop.stats()
        assert (stats["sessions"], stats["paths"], len(r.loop._deadlines)) == (0, 0, 0)
        assert len(r.loop._deadlines._heap) < 100
        sock.close()


async def test_the_answer_announces_what_is_configured() -> None:
    async with rig(host="localhost", announce=("203.0.113.5:40000", "2001:db8::1"), tcp_announce=("203.0.113.5:443",)) as r:
        told = [(c.transport, c.ip, c.port) for c in r.loop.reserve().candidates]
        assert told[0] == ("udp", "203.0.113.5", 40000)
        assert told[1][:2] == ("udp", "2001:db8::1")
        assert told[2] == ("tcp", "203.0.113.5", 443)
        assert len(told) == 3


async def test_video_waits_only_while_the_loop_is_busy_and_never_longer_than_the_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig() as r:
        await turn()
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        port = port_of(r)

        async def datagram() -> None:
            count = len(r.fanout.held)
            client.sendto(b"\x80" + bytes(20), ("127.0.0.1", port))
            while len(r.fanout.held) == count:
                await asyncio.sleep(0)

        monkeypatch.setattr(r.loop.load, "note", lambda now: None)
        r.loop.load.value = 0.5
        await datagram()
        assert r.fanout.held[-1] is False
        assert r.handler.holds == []
        r.loop.load.value = 1.0
        await datagram()
        begun = time.monotonic_ns()
        assert r.fanout.held[-1] is True
        assert r.handler.holds == [True]
        async with asyncio.timeout(5):
            while r.handler.holds == [True]:
                await asyncio.sleep(0.001)
        assert r.handler.holds == [True, False]
        assert r.fanout.held[-1] is False
        assert time.monotonic_ns() - begun >= 5_000_000
        client.close()
