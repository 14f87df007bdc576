"""Watching a lesson while it goes on, through the web process: with the real process that follows a recording."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from media.client import live, manifest
from server.accounts.tokens import ReplayPaper, ShiftPaper
from server.domain import events as e
from server.domain.payload import Payload
from server.domain.record.events import RecordStarted
from server.replay.live import LiveReplays
from server.settings import Settings
from server.store import tables as t
from server.store.events import row_of
from server.web import keys
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town, error_code

LESSON, RECORDING, SECONDS = "lesson.x", "rec-live", 20


@pytest.fixture
async def begin() -> int:
    """When the lesson went live: a minute ago."""
    return time.time_ns() // 1_000_000 - 60_000


def write(folder: Path, begin: int, seconds: int = SECONDS) -> Written:
    """One take that is still written."""
    folder.mkdir(parents=True, exist_ok=True)
    camera, mic, end = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus"), START + seconds * SECOND
    written = Written(folder)
    written.take(
        [camera.began(), mic.began()],
        camera.maps(START, end, begin),
        mic.maps(START, end, begin),
        camera.stream(pictures("VP8", 64, 48, 30), SECOND // 10, count=10 * seconds),
        mic.stream(sounds(50), 20 * MS, count=50 * seconds),
    )
    return written


async def log(town: Town, found: Sequence[tuple[int, Payload]], **lesson: Any) -> None:
    database = town.web.app[keys.STORE].database
    events = [e.Envelope(LESSON, n, at, payload, "system", command_id=f"c{n}") for n, (at, payload) in enumerate(found, 1)]
    await database.execute(insert(t.lesson_event).values([row_of(event) for event in events]))
    await database.execute(update(t.lesson).where(t.lesson.c.id == LESSON).values(head=len(events), **lesson))


@pytest.fixture
async def taught(town: Town, settings: Settings, begin: int) -> Written:
    """The lesson goes on and is recorded."""
    await log(
        town,
        [(begin - 9000, e.LessonOpened()), (begin, RecordStarted(recording=RECORDING)), (begin, e.LessonLive())],
        phase="live",
        live_at=begin,
    )
    row = {"id": RECORDING, "lesson": LESSON, "begun": begin, "state": "live"}
    await town.web.app[keys.STORE].database.execute(insert(t.recording).values(**row))
    return write(manifest.folder(settings.data_dir, RECORDING), begin)


async def shift(browser: Browser, path: str = f"/shift/{LESSON}", **how: Any) -> dict[str, Any]:
    answer = await browser.get(path, **how)
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


async def index(browser: Browser, address: str, until: int) -> dict[str, Any]:
    """As soon as it reaches this lesson time."""
    async with asyncio.timeout(30):
        while True:
            answer = await browser.get(address)
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            if found["until"] >= until:
                return found
            await asyncio.sleep(0.1)


@both_databases
async def test_whoever_is_in_the_lesson_watches_what_was_missed(town: Town, taught: Written, begin: int) -> None:
    nobody = Browser(town.web, {})
    for who in ("x2.d1", "x1.teacher", "x2.assistant", "x.inspector"):
        assert (await shift(town.browser(who)))["since"] == begin, who
    given = await shift(town.browser("x2.d1"))
    assert given["expires"] - given["now"] == 600_000
    found = await index(nobody, given["live"], begin + 17_000)
    assert (found["ended"], found["missing"], found["version"]) == (False, [], 1)
    assert begin <= found["begin"] < begin + 1000
    kinds = {run["run"]: run["kind"] for run in found["runs"]}
    assert sorted(kinds.values()) == ["audio", "video"]
    base = given["live"].rpartition("/")[0]
    for one in (*found["runs"], *found["segments"]):
        answer = await nobody.get(f"{base}/{one['url']}")
        assert (answer.status, len(await answer.read())) == (200, one["octets"])
        assert "immutable" in answer.headers["Cache-Control"]
    part = await nobody.get(f"{base}/{found['segments'][0]['url']}", headers={"Range": "bytes=3-5"})
    assert (part.status, len(await part.read())) == (206, 3)


async def test_an_index_is_asked_for_what_is_new(town: Town, taught: Written, begin: int) -> None:
    given, nobody = await shift(town.browser("x2.d1")), Browser(town.web, {})
    found = await index(nobody, given["live"], begin + 17_000)
    first = await nobody.get(given["live"])
    assert (await nobody.get(given["live"], headers={"If-None-Match": first.headers["ETag"]})).status == 304
    later = await (await nobody.get(f"{given['live']}?after={found['head']}&edition={found['edition']}")).json()
    assert (later["segments"], later["runs"], later["until"]) == ([], [], found["until"])
    middle = found["segments"][3]
    rest = await (await nobody.get(f"{given['live']}?after={found['head'] - 2}&edition={found['edition']}")).json()
    assert rest["segments"] == found["segments"][-2:]
    assert {run["run"] for run in rest["runs"]} == {one["run"] for one in rest["segments"]}, "with what they need"
    other = await (await nobody.get(f"{given['live']}?after={found['head']}&edition=another")).json()
    assert middle in other["segments"], "what was known of another edition is worth nothing"
    for wrong in ("-1", "x", "9" * 10, "٣"):
        assert (await nobody.get(f"{given['live']}?after={wrong}")).status == 400


async def test_a_room_that_came_later_hears_nothing_of_what_was_before(town: Town, taught: Written, begin: int) -> None:
    link = await town.web.link(LESSON, "viewer")
    early = begin + 6_000
    database = town.web.app[keys.STORE].database
    await database.execute(update(t.link).where(t.link.c.id == link.id).values(created=early))
    given = await shift(Browser(town.web, {}), headers=town.web.bearer(link))
    assert given["since"] == early
    nobody = Browser(town.web, {})
    found = await index(nobody, given["live"], begin + 17_000)
    assert found["begin"] >= early
    assert all(one["begin"] >= early for one in found["segments"])
    assert {run["run"] for run in found["runs"]} == {one["run"] for one in found["segments"]}
    whole = await index(nobody, (await shift(town.browser("x2.d1")))["live"], begin + 17_000)
    hidden = [one for one in whole["segments"] if one["begin"] < early]
    assert hidden
    base = given["live"].rpartition("/")[0]
    assert {(await nobody.get(f"{base}/{one['url']}")).status for one in hidden} == {404}
    assert (await town.web.app[keys.LESSONS].revoke(link.id)) is True
    assert (await nobody.get(f"/shift/{LESSON}", headers=town.web.bearer(link))).status == 401


async def test_papers_open_their_own_thing_and_end(town: Town, taught: Written, begin: int) -> None:
    signer, nobody, now = town.web.signer, Browser(town.web, {}), time.time_ns() // 1_000_000
    given = await shift(town.browser("x2.d1"))
    await index(nobody, given["live"], begin + 3_000)
    paper = given["live"].split("/")[2]
    assert (await nobody.get(f"/replays/{paper}/media/teacher-001.webm")).status == 404, "finished files are another paper's"
    assert (await nobody.get(f"/replays/{paper}/courseware")).status == 404

    async def asked(text: str) -> int:
        return (await nobody.get(f"/replays/{text}/live")).status

    good = ShiftPaper(LESSON, RECORDING, 0, "", "", now + 10_000)
    assert await asked(signer.shift_paper(good)) == 200
    assert await asked(signer.shift_paper(good) + "A") == 404
    assert await asked(signer.shift_paper(ShiftPaper(LESSON, RECORDING, 0, "", "", now - 1))) == 410
    assert await asked(signer.shift_paper(ShiftPaper(LESSON, "other", 0, "", "", now + 10_000))) == 410
    assert await asked(signer.replay_paper(ReplayPaper(LESSON, RECORDING, "", now + 10_000))) == 200
    assert await asked(signer.replay_paper(ReplayPaper(LESSON, RECORDING, "lib.x", now + 10_000))) == 404, "a resource is never live"
    town.web.app[keys.LESSONS].rooms.running(LESSON).revoked.add("gone")
    assert await asked(signer.shift_paper(ShiftPaper(LESSON, RECORDING, 0, "gone", "", now + 10_000))) == 403
    for name in ("journal.jsonl", "lock", "..%2f..%2ftake-0001.capture", "take-0001.capture"):
        assert (await nobody.get(f"/replays/{paper}/live/{name}")).status == 404, name


async def test_who_may_not_see_the_replay_sees_nothing_of_it_now(town: Town, taught: Written, begin: int) -> None:
    watcher = await shift(town.browser("x.librarian"), f"/replay/{LESSON}/live")
    assert watcher["since"] == 0
    assert (await index(Browser(town.web, {}), watcher["live"], begin + 3_000))["segments"]
    for who, status in (("y2.assistant", 404), ("y2.c1.s1", 404), ("y1.teacher", 404), (None, 401)):
        assert (await town.browser(who).get(f"/replay/{LESSON}/live")).status == status, who
        assert (await town.browser(who).get(f"/shift/{LESSON}")).status in (401, 403, 404), who


async def test_where_nothing_is_recorded_there_is_nothing(town: Town, begin: int) -> None:
    await log(town, [(begin - 9000, e.LessonOpened()), (begin, e.LessonLive())], phase="live", live_at=begin)
    assert (await shift(town.browser("x2.d1")))["live"] == ""


async def test_a_process_that_dies_is_followed_by_another_and_a_pause_is_all(
    town: Town, taught: Written, begin: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.replay.live.ASK_MS", 500)
    given, nobody = await shift(town.browser("x2.d1")), Browser(town.web, {})
    before = await index(nobody, given["live"], begin + 17_000)
    (pid,) = followers(settings.data_dir)
    os.kill(pid, signal.SIGKILL)
    folder = taught.folder
    camera = Sender(1, "camera", "VP8", rtp=9_000_000, since=START + 30 * SECOND)
    later = START + 30 * SECOND
    taught.take(
        [camera.began(later), camera.map(later, begin + 30_000)],
        camera.stream(pictures("VP8", 64, 48, 30), SECOND // 10, later, 100),
        epoch="f",
        started=later,
    )
    after = await index(nobody, given["live"], begin + 37_000)
    assert after["edition"] == before["edition"]
    assert after["segments"][: len(before["segments"])] == before["segments"]
    assert [(one["why"], one["begin"] - begin < 21_000) for one in after["missing"]] == [("worker", True)]
    assert len(followers(settings.data_dir)) == 1
    assert not (folder / live.LIVE / live.OVER).exists()


async def test_two_web_processes_have_one_follower_and_either_may_go(
    town: Town, taught: Written, begin: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.replay.live.ASK_MS", 200)
    monkeypatch.setattr("server.replay.live.FRESH_MS", 0)
    first = town.web.app[keys.LIVE_REPLAYS]
    second = LiveReplays(town.web.app[keys.REPLAYS].table, settings.data_dir, lambda: time.time_ns() // 1_000_000)
    recording = await first.recording(LESSON)
    assert recording is not None

    async def reaches(desk: LiveReplays, until: int) -> bytes:
        async with asyncio.timeout(30):
            while json.loads((found := await desk.index(recording, 0, 0, ""))[1])["until"] < until:
                await asyncio.sleep(0.1)
        return found[1]

    whole = await reaches(first, begin + 17_000)
    for _ in range(10):
        assert await reaches(second, begin + 17_000) == whole, "each tells the same"
        assert len(followers(settings.data_dir)) == 1
    (pid,) = followers(settings.data_dir)
    await first.stop()
    async with asyncio.timeout(20):
        while followers(settings.data_dir) in ([], [pid]):
            assert (await second.index(recording, 0, 0, ""))[1] == whole
            await asyncio.sleep(0.1)
    assert len(followers(settings.data_dir)) == 1
    await second.stop()
    assert followers(settings.data_dir) == []


async def test_it_ends_with_the_recording_and_is_cleared_away(
    town: Town, taught: Written, begin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.replay.live.ASK_MS", 300)
    monkeypatch.setattr("server.replay.live.ROW_MS", 0)
    database, desk = town.web.app[keys.STORE].database, town.web.app[keys.LIVE_REPLAYS]
    given, nobody = await shift(town.browser("x2.d1")), Browser(town.web, {})
    await index(nobody, given["live"], begin + 17_000)
    await database.execute(update(t.recording).values(state="making", ended=begin, lease_until=2**60))
    async with asyncio.timeout(20):
        while not (found := await (await nobody.get(given["live"])).json())["ended"]:
            await asyncio.sleep(0.1)
    assert found["until"] >= begin + 19_500
    await database.execute(update(t.recording).values(state="ready", octets=1))
    assert (await nobody.get(given["live"])).status == 200, "whoever watches goes on"
    assert (await shift(town.browser("x2.d1")))["live"] == "", "others watch the replay"
    await desk.sweep()
    assert (taught.folder / live.LIVE).exists()
    async with asyncio.timeout(20):
        while any(one.process for one in desk._shelves.values()):  # one that begins just now would make it anew
            await asyncio.sleep(0.1)
    monkeypatch.setattr("server.replay.live.KEPT_MS", -10_000)
    await desk.sweep()
    assert not (taught.folder / live.LIVE).exists()
    async with asyncio.timeout(5):
        while (gone := await nobody.get(given["live"])).status == 200:  # what was read lately
            await asyncio.sleep(0.1)
    assert (gone.status, await error_code(gone)) == (410, "replay.over")


async def test_its_end_is_told_also_where_it_was_playable_before_anybody_asked_again(
    town: Town, taught: Written, begin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.replay.live.ASK_MS", 300)
    monkeypatch.setattr("server.replay.live.ROW_MS", 0)
    given, nobody = await shift(town.browser("x2.d1")), Browser(town.web, {})
    await index(nobody, given["live"], begin + 17_000)
    await town.web.app[keys.STORE].database.execute(update(t.recording).values(state="ready", ended=begin, octets=1))
    async with asyncio.timeout(20):
        while not (await (await nobody.get(given["live"])).json())["ended"]:
            await asyncio.sleep(0.1)


def followers(data: Path) -> list[int]:
    """Processes that follow a recording of this data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"--follow" in words and any(word.startswith(os.fsencode(data)) for word in words):
                found.append(int(entry.name))
    return found
