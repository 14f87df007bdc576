"""A school on PostgreSQL: the same lesson, and what happens when the database server is restarted in the middle of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from media.synthetic.peer import publisher
from media.synthetic.pictures import slides, teacher
from media.synthetic.tracks import PictureTrack, VoiceTrack
from media.synthetic.voice import tones
from tests.harness.postgres import Postgres
from tests.harness.product import Product
from tests.harness.socket import LessonSocket, go_live
from tests.harness.watching import flows, watching

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]
CAMERA = ("audio", "video")


@pytest.fixture
def base(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as name:
        yield name


@pytest_asyncio.fixture(loop_scope="module")
async def school(postgres: Postgres, base: str, tmp_path: Path) -> AsyncIterator[Product]:
    async with Product(tmp_path / "data", {"SHUANGSHI_DATABASE_URL": postgres.url(base)}) as running:
        yield running


async def test_a_lesson_on_postgresql_outlives_a_restart_of_the_database(school: Product, postgres: Postgres, base: str) -> None:
    lesson = await school.lesson("分数的认识")
    master, room, viewer = await asyncio.gather(
        school.link(lesson, "master", "王老师"), school.link(lesson, "classroom", "石桥村小学"), school.link(lesson, "viewer")
    )
    await go_live(school, lesson, master)
    tracks = [VoiceTrack(tones()), PictureTrack(teacher(320, 180), 15), PictureTrack(slides(640, 360), 5)]
    async with (
        aiohttp.ClientSession() as http,
        publisher(http, f"{master.whip}?sources=mic,camera,screen", master.token, tracks) as peer,
        LessonSocket(school, lesson, room) as seat,
        LessonSocket(school, lesson, master) as socket,
    ):
        await peer.connect()
        there = next(m for m in seat.heard if m["type"] == "welcome")["you"]["participant"]
        async with watching(viewer) as everything, watching(viewer, CAMERA, "?source=screen") as screen:
            await everything.until(flows)
            await screen.until(flows)
            assert [s.size for s in everything.seen[1:]] == [(320, 180), (640, 360)]
            assert screen.seen[1].size == (640, 360)

            with postgres.down():
                assert await _health(school) == (503, False)
                asked = asyncio.create_task(socket.command("stage.call", participant=there))
                before = everything.seen[1].frames
                await everything.until(lambda seen: seen[1].frames > before + 15)
                assert not asked.done()
            answer = await asked
            assert answer["type"] == "ack", answer
            await seat.until(lambda m: m["type"] == "event" and m["kind"] == "stage.called")
            assert (await socket.command("stage.release", participant=there))["type"] == "ack"
            assert await _health(school) == (200, True)
            assert all(s.longest_gap < 1 for s in screen.seen), screen.seen
        assert not socket.closed.is_set()

    kinds = postgres.sql(base, "SELECT string_agg(kind, ' ' ORDER BY seq) FROM lesson_event WHERE kind NOT LIKE 'participant.%'")
    assert "lesson.opened lesson.live" in kinds
    assert kinds.endswith("stage.called stage.released"), kinds
    assert kinds.count("stage.called") == 1, kinds
    assert not list(school.data.glob("*.db")), "everything is in PostgreSQL"


async def _health(school: Product) -> tuple[int, bool]:
    async with aiohttp.ClientSession() as http, http.get(f"{school.url}/healthz") as response:
        return response.status, bool((await response.json())["store"])


async def test_all_processes_are_killed_and_the_lesson_is_still_there(school: Product) -> None:
    lesson = await school.lesson()
    master = await school.link(lesson, "master")
    await go_live(school, lesson, master)
    school.kill()
    await school.start()
    async with LessonSocket(school, lesson, master) as socket:
        assert socket.state["lesson"]["phase"] == "live"
    assert [json.loads(line)["id"] for line in (await school.cli("lesson", "list", "--json")).splitlines()] == [lesson]
