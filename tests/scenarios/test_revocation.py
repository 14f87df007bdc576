"""Who may enter, who may not any more, and whom a classroom's picture reaches."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from media.synthetic.peer import Peer, Rejected, publisher, watcher
from media.synthetic.pictures import classroom, teacher
from media.synthetic.tracks import PictureTrack, VoiceTrack
from media.synthetic.voice import tones
from tests.harness.browser import open_page
from tests.harness.product import Link, Product
from tests.harness.school import Lesson, Seat, within
from tests.harness.socket import LessonSocket
from tests.harness.watching import Viewer, flows, watching

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = ("Stone Bridge", "Red Flag")
STAGE = "?slots=stage.1.audio,stage.1.video,program.audio,program.camera"
STAGE_KINDS = ("audio", "video", "audio", "video")


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _sends(http: aiohttp.ClientSession, link: Link, number: int) -> Peer:
    paint = classroom(320, 180, number) if number else teacher(320, 180)
    return publisher(http, link.whip, link.token, [VoiceTrack(tones()), PictureTrack(paint, 10)])


def _revoked_at(product: Product, link: Link) -> float:
    """When the store says it happened, UTC s."""
    with contextlib.closing(sqlite3.connect(f"file:{product.data / 'shuangshi.db'}?mode=ro", uri=True)) as store:
        return float(store.execute("SELECT revoked_at FROM link WHERE id = ?", (link.id,)).fetchone()[0]) / 1000


async def test_a_revoked_link_ends_its_page_and_its_media_within_2_s(
    school: Product, browser: Browser, http: aiohttp.ClientSession
) -> None:
    lesson = await Lesson.make(school, browser, ROOMS[0])
    console, room = await asyncio.gather(lesson.console(), lesson.seat(ROOMS[0]))
    await console.start()
    await room.plays("program.camera")
    await console.call(ROOMS[0])
    await console.plays("stage.1.video", "stage.1.audio")
    link = lesson.links[ROOMS[0]]
    async with LessonSocket(school, lesson.id, link) as socket:
        ended: dict[str, float] = {}

        async def note(what: str, wait: object) -> None:
            await wait  # type: ignore[misc]
            ended[what] = time.time()

        page = note("page", room.says("#bands", "This link was withdrawn", 15))
        tool = note("socket", asyncio.wait_for(socket.closed.wait(), 15))
        media = note("media", within(15, lambda: _all_closed(room)))
        stage = note("stage", console.stops("stage.1.video", "stage.1.audio", seconds=15, quiet=0.5))
        await asyncio.gather(page, tool, media, stage, school.cli("link", "revoke", link.id))
        assert socket.heard[-1] == {"type": "bye", "code": "revoked"}
    at = _revoked_at(school, link)
    print("\nafter the revocation:", {what: f"{when - at:.2f} s" for what, when in ended.items()})
    assert ended["page"] - at <= 2
    assert ended["socket"] - at <= 2
    assert ended["media"] - at <= 2
    assert ended["stage"] - at <= 2.5, "half a second of it is the test's own patience"
    async with http.get(link.page, allow_redirects=False) as response:
        assert response.status == 401
    with pytest.raises(Rejected, match=r"401.*link\.invalid"):
        await _sends(http, link, 1).connect()
    await asyncio.gather(console.close(), room.close())


async def _all_closed(seat: Seat) -> bool:
    return bool(await seat.page.evaluate("window.connections.every((pc) => pc.connectionState === 'closed')"))


async def test_an_expired_link_lets_nobody_in_but_those_inside_come_back(
    school: Product, browser: Browser, http: aiohttp.ClientSession
) -> None:
    made = await Lesson.make(school, browser)
    console = await made.console()
    await console.start()
    link = await school.link(made.id, "classroom", ROOMS[0], hours=4 / 3600)
    room = Seat(await open_page(browser, link.page, locale="en-US"))
    tool = _sends(http, await school.link(made.id, "classroom", ROOMS[1], hours=4 / 3600), 2)
    await tool.connect()
    await room.plays("program.camera")

    async def over() -> bool:
        async with http.get(link.page, allow_redirects=False) as response:
            return response.status == 401

    await within(8, over)
    stranger = Seat(await open_page(browser, link.page, locale="en-US"))
    await stranger.says("main", "This link has expired")
    await room.plays("program.camera")
    await room.page.reload()
    await room.plays("program.camera", "program.audio")
    school.kill_web()
    await school.wait_healthy()
    await console.says("#delivery", "1 of 2 classrooms hear and see you")
    assert await tool.alive(), "a session that runs is not ended by the clock"
    await tool.close()
    await asyncio.gather(*(seat.close() for seat in (console, room, stranger)))


async def test_papers_that_do_not_fit(school: Product, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    lesson, other_lesson = await asyncio.gather(school.lesson(), school.lesson())
    viewer, other = await asyncio.gather(school.link(lesson, "viewer"), school.link(other_lesson, "master"))
    elsewhere = Product(tmp_path / "elsewhere")
    foreign = await elsewhere.link(await elsewhere.lesson(), "master")
    cases: Sequence[tuple[str, str, str]] = (
        (f"{school.url}/whip/{lesson}", foreign.token, r"401.*link\.invalid"),
        (f"{school.url}/whep/{lesson}", foreign.token, r"401.*link\.invalid"),
        (f"{school.url}/whip/{lesson}", viewer.token[:-2] + "AA", r"401.*link\.invalid"),
        (f"{school.url}/whip/{lesson}", other.token, r"403.*forbidden"),
        (f"{school.url}/whip/{lesson}", viewer.token, r"403.*forbidden"),
        (f"{school.url}/whep/{lesson}?slots=wall.1.video", viewer.token, r"403.*forbidden"),
    )
    for url, token, refusal in cases:
        peer = publisher(http, url, token, [VoiceTrack(tones())]) if "whip" in url else watcher(http, url, token, ["video"])
        with pytest.raises(Rejected, match=refusal):
            await peer.connect()
        await peer.close()


async def test_an_off_stage_classroom_reaches_nobody_but_the_wall(school: Product, http: aiohttp.ClientSession) -> None:
    people = [("master", ""), ("viewer", ""), *(("classroom", room) for room in ROOMS)]
    lesson, (master, viewer, *rooms) = await school.invite(people)
    async with AsyncExitStack() as stack:
        socket = await stack.enter_async_context(LessonSocket(school, lesson, master))
        await socket.command("lesson.live")
        for number, link in enumerate(rooms, 1):
            peer = await stack.enter_async_context(_sends(http, link, number))
            await peer.connect()
        wall = await stack.enter_async_context(watching(master, ("video", "video"), "?slots=wall.1.video,wall.2.video"))
        outside = await asyncio.gather(
            stack.enter_async_context(watching(viewer, STAGE_KINDS, STAGE)),
            stack.enter_async_context(watching(viewer, ("audio", "video", "video", "video"))),
            stack.enter_async_context(watching(rooms[1], STAGE_KINDS, STAGE)),
        )
        await wall.until(lambda seen: all(line.frames > 10 for line in seen))
        assert [await _packets(watch) for watch in outside] == [0, 0, 0]

        people = (await socket.until(_both_here))["participants"]
        names = {person["name"]: who for who, person in people.items()}
        await socket.command("stage.call", participant=names[ROOMS[0]])
        await outside[0].until(lambda seen: flows(seen[:2]))
        await outside[2].until(lambda seen: flows(seen[:2]))
        await socket.command("stage.release", participant=names[ROOMS[0]])
        await asyncio.sleep(0.3)  # what was on its way when the acknowledgement came
        before = [await _packets(watch) for watch in outside]
        await wall.until(lambda seen, shown=wall.seen[0].frames: all(line.frames > shown + 20 for line in seen))
        assert [await _packets(watch) for watch in outside] == before


async def _packets(viewer: Viewer) -> int:
    """RTP packets that reached the viewer, decoded or not."""
    return sum(row.packetsReceived for row in (await viewer.peer.pc.getStats()).values() if row.type == "inbound-rtp")


def _both_here(message: dict[str, Any]) -> bool:
    people = message["participants"].values() if message["type"] == "presence" else ()
    return {person["name"] for person in people if person["online"]} >= set(ROOMS)
