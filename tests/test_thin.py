"""The shaped link that browsers are put behind: its account is exact, and what it carries arrives whole."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.thin import HEADERS, PACKET, Direction, ThinLink


def test_packets_leave_one_after_the_other() -> None:
    way = Direction(rate=100_000, delay=0.15)
    full = (PACKET + HEADERS) * 8 / 100_000
    assert [way.departure(PACKET, 5.0) for _ in range(3)] == pytest.approx([5 + full, 5 + 2 * full, 5 + 3 * full])
    assert way.departure(0, 9.0) == pytest.approx(9 + HEADERS * 8 / 100_000), "an idle link owes nothing"
    assert (way.bytes, way.packets, way.wire_bytes) == (3 * PACKET, 4, 3 * PACKET + 4 * HEADERS)
    way.rate = 0
    assert way.departure(PACKET, 10.0) == 10.0


async def test_what_goes_through_arrives_whole_and_late() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(10_000))

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, ThinLink(server.sockets[0].getsockname()[1], rate=2_000_000, delay=0.02) as link, asyncio.timeout(10):
        began = loop.time()
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        sent = bytes(n % 251 for n in range(10_000))
        writer.write(sent)
        assert await reader.readexactly(10_000) == sent
        assert loop.time() - began >= 2 * (0.02 + 0.02 + link.up.wire_bytes * 8 / 2_000_000) - 0.005, "a handshake, there and back"
        assert (link.up.bytes, link.down.bytes) == (10_000, 10_000)
        assert (link.passages[0].up, link.passages[0].down, link.passages[0].socket) == (10_000, 10_000, False)
        link.break_off()
        assert await reader.read() == b""
        again, other = await asyncio.open_connection("127.0.0.1", link.port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await again.readexactly(1)
        other.close()
        writer.close()


async def test_an_address_leads_through_the_link_and_its_shape_may_change() -> None:
    link = ThinLink(80)
    async with link:
        assert link.through("http://127.0.0.1:80/join/x") == f"http://127.0.0.1:{link.port}/join/x"
        link.shape(1_000, 1.0)
        assert (link.up.rate, link.down.delay) == (1_000, 1.0)
