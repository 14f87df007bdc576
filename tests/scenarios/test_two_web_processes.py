"""Two web processes, one store, one Redis, one media worker: a lesson does not notice at which door its people came in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.harness.redis import REDIS, RedisServer
from tests.harness.school import MASTER_SLOTS, Console, Seat, within
from tests.harness.socket import LessonSocket

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(REDIS is None, reason="no redis-server: run make system"),
]

ROOMS = ("Stone Bridge", "Red Flag")


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server.url
    server.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def doors(redis: str, tmp_path: Path) -> AsyncIterator[tuple[Product, Product]]:
    """The first with the media worker, the second a web process alone."""
    first = Product(tmp_path / "data", {"SHUANGSHI_REDIS_URL": redis})
    second = Product(first.data, first.settings, media_port=first.media_port)
    async with first:
        await second.start("web")
        yield first, second
        if second.running:
            await second.stop()


async def test_a_lesson_through_two_doors(doors: tuple[Product, Product], browser: Browser) -> None:
    first, second = doors
    lesson = await first.lesson()
    master, near = await asyncio.gather(first.link(lesson, "master"), first.link(lesson, "classroom", ROOMS[0]))
    far = await second.link(lesson, "classroom", ROOMS[1])
    pages = await asyncio.gather(*(open_page(browser, link.page, locale="en-US") for link in (master, near, far)))
    console, here, there = Console(pages[0], MASTER_SLOTS), Seat(pages[1]), Seat(pages[2])
    await console.start()
    await asyncio.gather(*(room.plays("program.camera", "program.audio") for room in (here, there)))
    await console.says("#delivery", "2 of 2 classrooms hear and see you")

    async with LessonSocket(first, lesson, master) as one, LessonSocket(second, lesson, master) as other:
        assert one.state == other.state
        assert {person["name"] for person in other.state["participants"].values()} >= set(ROOMS)
        await other.until(lambda m: m["type"] == "presence" and _playing(m) == set(ROOMS))

    await console.call(ROOMS[1])
    await asyncio.gather(console.plays("stage.1.video", "stage.1.audio"), here.plays("stage.1.video", "stage.1.audio"))
    await there.says("#air-words", "We are on stage · everyone hears us")
    await console.release(ROOMS[1])
    await here.stops("stage.1.video", "stage.1.audio")

    second.kill()
    await console.call(ROOMS[0])
    await console.plays("stage.1.video", "stage.1.audio")
    await asyncio.gather(*(room.plays("program.camera", "program.audio") for room in (here, there)))
    await console.says("#delivery", "1 of 2 classrooms hear and see you", 15)
    await there.says("#bands", "Connection lost, reconnecting")

    await second.start("web")
    await within(15, lambda: _online(there))
    await console.says("#delivery", "2 of 2 classrooms hear and see you", 15)
    await there.plays("stage.1.video", "stage.1.audio")


def _playing(message: dict[str, dict[str, dict[str, object]]]) -> set[object]:
    rooms = [person for person in message["participants"].values() if person["role"] == "classroom"]
    return {person["name"] for person in rooms if person["plays"]["audio"] and person["plays"]["camera"]}  # type: ignore[index]


async def _online(seat: Seat) -> bool:
    return "Connection lost" not in await seat.page.locator("#bands").inner_text()
