"""A lesson watched as a resource of the library: nothing but what is public of it, by whatever address."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import insert

from media.client.manifest import Manifest
from server.domain import events as e
from server.domain.board.events import CoursewareAttached, PageTurned
from server.domain.resource import Span
from server.replay.offered import Offered
from server.settings import Settings
from server.store import tables as t
from server.web import keys
from tests.harness.recorded import SECOND, recorded
from tests.server.web.conftest import Browser, Town, error_code


@pytest.fixture
async def begin() -> int:
    return time.time_ns() // 1_000_000 - 3_600_000


@pytest.fixture
async def made(town: Town, settings: Settings, begin: int) -> Manifest:
    return await recorded(town.web.app[keys.STORE].database, settings.data_dir, begin)


async def public(town: Town, begin: int, end: int) -> Any:
    """The lesson's resource over this span; what a teacher of another school is told."""
    database = town.web.app[keys.STORE].database
    row = {"id": "res", "org": "x1", "lesson": "lesson.x", "shared": "x", "created": 1, "created_by": "x1.teacher", "published_at": 1}
    await database.execute(insert(t.resource).values(**row, state="published", head=1, live=1))
    said = {"title": "分数", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册", "unit": ""}
    said |= {"teacher": "x1.teacher", "begin_ms": begin, "end_ms": end, "made_by": "x1.teacher", "made_at": 1, "state": "published"}
    await database.execute(insert(t.resource_version).values(resource="res", n=1, **said))
    answer = await town.browser("x2.teacher").get("/library/res/data")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_of_a_resource_only_its_span_is_public(town: Town, made: Manifest) -> None:
    found = await public(town, made.begin + 40 * SECOND, made.begin + 55 * SECOND)
    assert [one["url"].rsplit("/", 1)[1] for one in found["files"]] == ["teacher-002.webm"]
    assert found["files"][0]["thumbnails"] == [], "that picture is of before"
    assert [(one["kind"], one["at"]) for one in found["log"]["chapters"]] == [("stage", made.begin + 40 * SECOND)]
    base, nobody = found["files"][0]["url"].rsplit("/", 1)[0], Browser(town.web, {})
    assert (await nobody.get(f"{base}/teacher-002.webm")).status == 200
    for name in ("teacher-001.webm", "teacher-001-0001.jpg", "teacher-002-0001.jpg"):
        assert (await nobody.get(f"{base}/{name}")).status == 404, name
    cover = await Offered(town.web.app[keys.REPLAYS]).cover("lesson.x", Span(made.begin + 40 * SECOND, made.begin + 55 * SECOND))
    assert cover is None
    await town.web.app[keys.STORE].database.execute(t.resource.update().values(state="withdrawn", live=0, withdrawn_at=2))
    assert await error_code(await nobody.get(f"{base}/teacher-002.webm")) == "resource.withdrawn"


async def test_a_resource_longer_than_its_recording_plays_what_there_is(town: Town, made: Manifest) -> None:
    found = await public(town, made.begin - SECOND, made.end + SECOND)
    assert (found["begin"], found["end"]) == (made.begin, made.end)


async def test_a_resource_whose_recording_is_gone_says_so(town: Town, made: Manifest) -> None:
    await public(town, made.begin, made.end)
    await town.web.app[keys.STORE].database.execute(t.recording.update().values(removed=1))
    answer = await town.browser("x2.teacher").get("/library/res/data")
    assert (answer.status, await error_code(answer)) == (410, "recording.gone")


async def test_of_the_courseware_only_pages_that_were_open_in_the_span_are_public(town: Town, settings: Settings, begin: int) -> None:
    database, blobs = town.web.app[keys.STORE].database, town.web.app[keys.COURSEWARE].blobs
    file = {"id": "cw", "lesson": "lesson.x", "name": "分数.pdf", "kind": "pdf", "size": 9, "source": "0" * 64, "by": "x1.teacher"}
    await database.execute(insert(t.courseware).values(**file, created=1, state="ready", pages=3, version="v1"))
    for page in (1, 2, 3):
        blob = f"{page:064x}"
        blobs.path(blob).parent.mkdir(parents=True, exist_ok=True)
        blobs.path(blob).write_bytes(b"page")
        row = {"courseware": "cw", "page": page, "width": 160, "height": 90, "picture": blob, "preview": blob, "size": 4}
        await database.execute(insert(t.courseware_page).values(**row))
        await database.execute(insert(t.courseware_media).values(courseware="cw", page=page, place=1, blob=blob, type="audio/mpeg"))
    log = [
        (begin, e.LessonLive()),
        (begin + SECOND, CoursewareAttached(courseware="cw", version="v1", pages=3)),
        (begin + 20 * SECOND, PageTurned(sheet="cw", page=2)),
        (begin + 50 * SECOND, PageTurned(sheet="cw", page=3)),
    ]
    made = await recorded(database, settings.data_dir, begin, log=log)
    found = await public(town, made.begin + 40 * SECOND, made.begin + 45 * SECOND)
    nobody, base = Browser(town.web, {}), found["courseware"]
    (shown,) = (await (await nobody.get(base)).json())["courseware"]
    assert [len(one["media"]) for one in shown["pages"]] == [0, 1, 0], "how many pages there are, and what belongs to the open one"
    for page, status in ((1, 404), (2, 200), (3, 404)):
        for address in (f"v1/{page}.webp", f"v1/{page}/preview", f"v1/media/{page:064x}"):
            assert (await nobody.get(f"{base}/{address}")).status == status, address
    whole = (await (await town.browser("x2.c1.s1").get("/replay/lesson.x/data")).json())["courseware"]
    for page in (1, 2, 3):
        assert (await nobody.get(f"{whole}/v1/{page}.webp")).status == 200, "whoever was in the lesson had it all"
