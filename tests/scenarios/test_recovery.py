"""What breaks in a school, and comes back by itself: reload, network, media worker, web process. Nobody clicks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from media.synthetic.peer import Peer, publisher
from media.synthetic.pictures import classroom, teacher
from media.synthetic.tracks import PictureTrack, VoiceTrack
from media.synthetic.voice import tones
from tests.harness.browser import close_pages
from tests.harness.link import Link
from tests.harness.product import Link as Paper
from tests.harness.product import Product
from tests.harness.school import Console, Lesson, Seat, within
from tests.harness.socket import LessonSocket
from tests.harness.watching import Seen, flows, watching

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = ("Stone Bridge", "Red Flag")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def through_link(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Product, Link]]:
    """An installation that clients reach only through a link under the test's control, UDP alone."""
    product = Product(tmp_path_factory.mktemp("linked") / "data")
    async with Link(product.media_port) as link:
        product.settings = {**link.announce, "SHUANGSHI_MEDIA_TCP_PORT": "-1"}
        async with product:
            yield product, link


@pytest_asyncio.fixture(loop_scope="module")
async def live(through_link: tuple[Product, Link], browser: Browser) -> AsyncIterator[tuple[Lesson, Console, list[Seat]]]:
    """A live lesson with two classrooms that hear and see it."""
    lesson = await Lesson.make(through_link[0], browser, *ROOMS)
    console, *rooms = await asyncio.gather(lesson.console(), *(lesson.seat(room) for room in ROOMS))
    await console.start()
    await _everybody(console, rooms)
    yield lesson, console, rooms
    await close_pages(browser)


async def _everybody(console: Console, rooms: list[Seat], seconds: float = 10) -> float:
    """Until every room sees and hears the master, and the master sees every room; how long it took, s."""
    wall = [f"wall.{n + 1}.video" for n in range(len(rooms))]
    waits = [room.plays("program.camera", "program.audio", seconds=seconds) for room in rooms]
    return max(await asyncio.gather(console.plays(*wall, seconds=seconds), *waits))


async def test_a_reloaded_page_is_back_in_the_same_lesson(live: tuple[Lesson, Console, list[Seat]]) -> None:
    _, console, rooms = live
    await rooms[0].page.reload()
    room = await _everybody(console, rooms, 5)
    await console.page.reload()
    await console.says("#phase", "Live")
    master = await _everybody(console, rooms, 5)
    print(f"\nafter a reload everything plays again: classroom {room:.2f} s, master {master:.2f} s")
    await console.says("#delivery", "2 of 2 classrooms hear and see you")


async def test_ten_seconds_without_network(live: tuple[Lesson, Console, list[Seat]], through_link: tuple[Product, Link]) -> None:
    _, console, rooms = live
    link = through_link[1]
    link.blocked = True
    until = asyncio.get_running_loop().time() + 10
    await console.says("#delivery", "0 of 2 classrooms hear and see you")
    await rooms[0].says("#bands", "Picture lost, coming back by itself", 12)
    await asyncio.sleep(until - asyncio.get_running_loop().time())
    link.blocked = False
    print(f"\nafter 10 s without network everything plays again in {await _everybody(console, rooms, 5):.2f} s")
    await console.says("#delivery", "2 of 2 classrooms hear and see you")


async def test_the_source_port_changes_in_mid_stream(live: tuple[Lesson, Console, list[Seat]], through_link: tuple[Product, Link]) -> None:
    _, console, rooms = live
    before = [(await seat.got())[0] for seat in (console, *rooms)]
    through_link[1].rebind()
    print(f"\nafter a change of every source port everything plays again in {await _everybody(console, rooms, 6):.2f} s")
    assert [(await seat.got())[0] for seat in (console, *rooms)] == before, "the sessions stayed"


async def test_the_media_worker_dies(live: tuple[Lesson, Console, list[Seat]], through_link: tuple[Product, Link]) -> None:
    _, console, rooms = live
    await console.call(ROOMS[0])
    await asyncio.gather(*(seat.plays("stage.1.video", "stage.1.audio") for seat in (console, rooms[1])))
    before = [(await seat.got())[0] for seat in (console, *rooms)]
    killed = asyncio.get_running_loop().time()
    through_link[0].kill_worker()

    async def fresh() -> bool:
        now = [(await seat.got())[0] for seat in (console, *rooms)]
        return all(new not in ("", old) for new, old in zip(now, before, strict=True))

    await within(10, fresh)
    await _everybody(console, rooms)
    await asyncio.gather(*(seat.plays("stage.1.video", "stage.1.audio") for seat in (console, rooms[1])))
    took = asyncio.get_running_loop().time() - killed
    print(f"\n{took:.2f} s after the media worker was killed everything plays again, the stage too")
    assert took <= 10
    await console.says("#delivery", "2 of 2 classrooms hear and see you")


async def test_the_web_process_dies_and_no_picture_stops(
    live: tuple[Lesson, Console, list[Seat]], through_link: tuple[Product, Link]
) -> None:
    lesson, console, rooms = live
    before = [(await seat.got())[0] for seat in (console, rooms[1])]
    lesson.product.kill_web()
    await rooms[0].close()
    await rooms[1].plays("program.camera", "program.audio", seconds=1.5, frames=5)
    await lesson.product.wait_healthy()
    await rooms[1].plays("program.camera", "program.audio", seconds=1.5, frames=5)
    await console.says("#tiles", "Offline", 15)
    await console.says("#delivery", "1 of 2 classrooms hear and see you", 15)
    await console.call(ROOMS[1])
    await console.plays("stage.1.video", "stage.1.audio")
    assert [(await seat.got())[0] for seat in (console, rooms[1])] == before, "nobody needed a new session"


async def test_the_web_process_dies_and_tools_keep_their_sessions(through_link: tuple[Product, Link]) -> None:
    product, link = through_link
    people = [("master", ""), ("viewer", ""), *(("classroom", room) for room in ROOMS)]
    lesson, (master, viewer, *rooms) = await product.invite(people)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        async with LessonSocket(product, lesson, master) as socket:
            assert (await socket.command("lesson.live"))["type"] == "ack"
        own = [VoiceTrack(tones()), PictureTrack(teacher(320, 180), 10)]
        teaching = await stack.enter_async_context(publisher(http, master.whip, master.token, own))
        await teaching.connect()
        theirs = [await _room(stack, http, room.whip, room.token) for room in rooms]
        watch = await stack.enter_async_context(watching(viewer, ("audio", "video", "video", "video")))
        await watch.until(lambda seen: flows(seen[:2]))

        link.watch_gaps()
        product.kill_web()
        await theirs[1].pc.close()
        await product.wait_healthy()
        await asyncio.sleep(1)
        print(f"\nlargest gap of the worker's packets to any client around the death of the web process: {link.down_gap * 1000:.0f} ms")
        assert link.down_gap < 0.3, "media that had to be set up anew would miss seconds"
        await _afterwards(product, lesson, master, teaching, watch.seen[3])
        assert await theirs[0].alive()


async def _room(stack: AsyncExitStack, http: aiohttp.ClientSession, url: str, token: str) -> Peer:
    peer = await stack.enter_async_context(publisher(http, url, token, [VoiceTrack(tones()), PictureTrack(classroom(320, 180, 1), 5)]))
    await peer.connect()
    return peer


async def _afterwards(product: Product, lesson: str, master: Paper, teaching: Peer, stage: Seen) -> None:
    """Stage call, PATCH and DELETE on the old sessions; who left while nobody looked is gone."""
    async with LessonSocket(product, lesson, master) as socket:
        await socket.until(lambda m: m["type"] == "event" and m["kind"] == "participant.left")
        names = {person["name"]: who for who, person in socket.state["participants"].items()}
        presence = await socket.until(lambda m: m["type"] == "presence" and not m["participants"][names[ROOMS[1]]]["online"])
        assert presence["participants"][names[ROOMS[0]]]["online"]
        before = stage.frames
        assert (await socket.command("stage.call", participant=names[ROOMS[0]]))["type"] == "ack"
        async with asyncio.timeout(5):
            while stage.frames == before:
                await asyncio.sleep(0.02)
    async with aiohttp.ClientSession() as http:
        await _patch(http, teaching, master)
        async with http.delete(teaching.resource, headers={"Authorization": f"Bearer {master.token}"}) as response:
            assert response.status == 200
        async with http.delete(teaching.resource, headers={"Authorization": f"Bearer {master.token}"}) as response:
            assert response.status == 404


async def _patch(http: aiohttp.ClientSession, peer: Peer, paper: Paper) -> None:
    """Trickle is taken (204), and an ICE restart answered with new credentials (200)."""
    told = {"Content-Type": "application/trickle-ice-sdpfrag", "Authorization": f"Bearer {paper.token}"}
    old = [line for line in peer.pc.localDescription.sdp.splitlines() if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))][:2]
    async with http.patch(peer.resource, data="\r\n".join([*old, ""]), headers={**told, "If-Match": peer._etag}) as response:
        assert response.status == 204, await response.text()
    new = ["a=ice-ufrag:anew", "a=ice-pwd:0123456789abcdefghijkl", ""]
    async with http.patch(peer.resource, data="\r\n".join(new), headers={**told, "If-Match": "*"}) as response:
        assert response.status == 200, await response.text()
        assert "a=ice-ufrag:" in await response.text()
        assert response.headers["ETag"] != peer._etag
