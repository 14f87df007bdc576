"""A lesson watched as a resource of the library: nothing but what is public of it, by whatever address."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from sqlalchemy import insert, select

from media.client.manifest import Manifest, cut_of
from server.domain import events as e
from server.domain.board.events import CoursewareAttached, PageTurned
from server.domain.resource import Span
from server.replay.offered import Offered
from server.settings import Settings
from server.store import recordings as store
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
    answer = await told(town)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def told(town: Town) -> aiohttp.ClientResponse:
    """What the public page plays, once it is no longer being prepared."""
    async with asyncio.timeout(30):
        while (answer := await town.browser("x2.teacher").get("/library/res/data")).status == 409:
            assert await error_code(answer) == "resource.preparing"
            await asyncio.sleep(0.05)
    return answer


def times(path: Path, begin: int) -> list[float]:
    """Lesson time of every picture and packet of sound in a file."""
    with av.open(str(path)) as opened:
        return [begin + float(p.pts * p.time_base) * 1000 for p in opened.demux() if p.pts is not None and p.size]


async def test_of_a_resource_only_its_span_is_public(town: Town, made: Manifest, tmp_path: Path) -> None:
    first, last = made.begin + 40 * SECOND + 300, made.begin + 55 * SECOND
    found = await public(town, first, last)
    assert [one["url"].rsplit("/", 1)[1] for one in found["files"]] == ["teacher-002.webm"]
    assert found["files"][0]["thumbnails"] == [], "that picture is of before"
    assert [(one["kind"], one["at"]) for one in found["log"]["chapters"]] == [("stage", first)]
    base, nobody = found["files"][0]["url"].rsplit("/", 1)[0], Browser(town.web, {})
    answer = await nobody.get(f"{base}/teacher-002.webm")
    assert answer.status == 200
    (tmp_path / "got.webm").write_bytes(await answer.read())
    heard = times(tmp_path / "got.webm", found["files"][0]["begin"])
    assert first - 20 <= min(heard) <= first + 200
    assert last - 250 <= max(heard) < last, "not one moment of what else the file held"
    assert len(heard) > 15 * 50
    for name in ("teacher-001.webm", "teacher-001-0001.jpg", "teacher-002-0001.jpg"):
        assert (await nobody.get(f"{base}/{name}")).status == 404, name
    cover = await Offered(town.web.app[keys.REPLAYS]).cover("lesson.x", Span(first, last))
    assert cover is None
    await town.web.app[keys.STORE].database.execute(t.resource.update().values(state="withdrawn", live=0, withdrawn_at=2))
    assert await error_code(await nobody.get(f"{base}/teacher-002.webm")) == "resource.withdrawn"
    folder = town.web.app[keys.REPLAYS].files.where(made.recording, cut_of(first, last))
    async with asyncio.timeout(30):
        while folder.exists():
            await asyncio.sleep(0.05)  # nobody needs it any more


async def test_a_correction_to_a_shorter_span_counts_at_once(town: Town, made: Manifest) -> None:
    found = await public(town, made.begin, made.end)
    base, nobody = found["files"][0]["url"].rsplit("/", 1)[0], Browser(town.web, {})
    assert (await nobody.get(f"{base}/teacher-001.webm")).status == 200
    shorter = t.resource_version.update().values(begin_ms=made.begin + 40 * SECOND)
    await town.web.app[keys.STORE].database.execute(shorter)
    answer = await nobody.get(f"{base}/teacher-001.webm")
    assert answer.status in (404, 409), "not what the older span had, even while the new one is being cut"
    found = await (await told(town)).json()
    assert [one["begin"] for one in found["files"]] == [made.begin + 40 * SECOND]
    assert (await nobody.get(f"{base}/teacher-001.webm")).status == 404
    assert (await nobody.get(f"{base}/manifest.json")).status == 404


async def test_of_rooms_without_a_place_in_the_timetable_no_name_is_told(town: Town, settings: Settings, begin: int) -> None:
    """Whoever came by a link typed a name: it may be anything, and anybody's."""
    database = town.web.app[keys.STORE].database
    await database.execute(insert(t.participant).values(id="pt.guest", lesson="lesson.x", role="classroom", name="李小明家"))
    log = [
        (begin, e.LessonLive()),
        (begin + SECOND, e.ParticipantJoined(participant="pt.guest", role="classroom")),
        (begin + SECOND, e.ParticipantJoined(participant="pt.x2", role="classroom")),
        (begin + 5 * SECOND, e.StageCalled(participant="pt.guest", position=1)),
        (begin + 15 * SECOND, e.StageCalled(participant="pt.x2", position=2)),
    ]
    made = await recorded(database, settings.data_dir, begin, log=log)
    found = await public(town, made.begin, made.end)
    text = json.dumps(found, ensure_ascii=False)
    assert "李小明" not in text
    assert "石桥二小" in text, "a room of the timetable keeps its name"
    assert next(one.get("name") for one in found["log"]["chapters"] if one["kind"] == "stage") == ""
    answer = await town.browser("x1.teacher").get("/replay/lesson.x/data")
    assert "李小明家" in await answer.text(), "who was in class knew it"


async def test_a_resource_longer_than_its_recording_plays_what_there_is(town: Town, made: Manifest) -> None:
    found = await public(town, made.begin - SECOND, made.end + SECOND)
    assert (found["begin"], found["end"]) == (made.begin, made.end)


async def test_a_resource_whose_recording_is_gone_says_so(town: Town, made: Manifest) -> None:
    await public(town, made.begin, made.end)
    await town.web.app[keys.STORE].database.execute(t.recording.update().values(removed=1))
    answer = await town.browser("x2.teacher").get("/library/res/data")
    assert (answer.status, await error_code(answer)) == (410, "recording.gone")


async def test_a_recording_that_is_removed_takes_its_cuts_along(town: Town, made: Manifest) -> None:
    await public(town, made.begin + SECOND, made.end)
    replays, database = town.web.app[keys.REPLAYS], town.web.app[keys.STORE].database
    await database.execute(t.resource.update().values(state="withdrawn", live=0, withdrawn_at=2))
    assert await database.write(lambda connection: store.remove(connection, made.recording, 5))
    await replays.files.forget(made.recording)
    assert await database.read(select(t.recording_cut)) == []
    assert not replays.files.where(made.recording, "play").parent.exists()


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
