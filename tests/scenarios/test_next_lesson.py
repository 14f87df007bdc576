"""A master forgets to end the lesson: a paired classroom's page goes on to the room's next one all the same."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import Browser
from sqlalchemy import insert, update

from server.cli.hall import open_hall
from server.domain.events import Envelope, LessonLive, LessonOpened
from server.settings import read
from server.store import Append, Store
from server.store import tables as t
from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.server import world

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

MINUTE = 60_000
ASKS_MS = 20_000


async def on_air(store: Store, lesson: str, at: int) -> None:
    events = (
        Envelope(lesson, 1, at, LessonOpened(), "system", None, "open"),
        Envelope(lesson, 2, at, LessonLive(), "x1.teacher", None, "live"),
    )
    await store.append(Append(lesson, 0, "x1.teacher", "live", events))


async def planned(store: Store, begin: int) -> None:
    """A lesson from y1 to the same room, x2.r1."""
    times = {"starts_at": begin, "ends_at": begin + 40 * MINUTE}
    row = {"id": "lesson.next", "name": "古诗两首", "head": 0, "created": begin, "org": "y1", "teacher": "y1.teacher", **times}

    async def write(connection: object) -> None:
        for table, values in (
            (t.lesson, {**row, "master_classroom": "y1.r1"}),
            (t.participant, {"lesson": "lesson.next", "id": "pt.next", "role": "classroom", "name": "石桥二小 1号教室"}),
            (t.lesson_room, {"lesson": "lesson.next", "classroom": "x2.r1", "participant": "pt.next"}),
            (t.booking, {"resource": "room:x2.r1", "lesson": "lesson.next", **times}),
        ):
            await connection.execute(insert(table).values(**values))  # type: ignore[attr-defined]

    await store.database.write(write)


async def test_a_room_goes_on_from_a_lesson_that_nobody_ended(tmp_path: Path, browser: Browser) -> None:
    product = Product(tmp_path / "data")
    now = time.time_ns() // 1_000_000
    async with open_hall(read(product.environment)) as hall:
        built = await world.build(hall.store.database, hall.contents, now - 40 * MINUTE)  # until in ten minutes
        await on_air(hall.store, "lesson.x", now - 30 * MINUTE)
    async with product:
        room = await open_page(browser, product.url, locale="zh-CN")
        await room.context.add_cookies(
            [{"name": name, "value": value, "url": product.url} for name, value in built.cookies("x2.d1").items()]
        )
        await room.clock.install()
        await room.goto(f"{product.url}/room")
        await room.wait_for_url("**/class/lesson.x?**")
        await room.locator(".foot .lesson", has_text="分数的认识").wait_for()
        async with open_hall(read(product.environment)) as hall:
            await planned(hall.store, now + 5 * MINUTE)
            over = now - 2 * MINUTE  # the plan's end is behind, the end by itself is far
            for table in (t.lesson, t.booking):
                key = table.c.id if table is t.lesson else table.c.lesson
                await hall.store.database.execute(update(table).where(key == "lesson.x").values(ends_at=over))
        await room.clock.fast_forward(ASKS_MS)  # if it has not heard of the plan yet, it asks again by itself
        await room.wait_for_url("**/class/lesson.next?**", timeout=2 * ASKS_MS)
        assert "古诗两首" in await room.inner_text("main")
        assert room.errors == []  # type: ignore[attr-defined]
        await room.context.close()
