"""Replays and recordings through the web process: who sees what, files in ranges, papers that end, formats that leave the house."""

from __future__ import annotations

import asyncio
import io
import json
import time
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from sqlalchemy import insert

from media.client import manifest
from media.client.manifest import Manifest
from server.accounts.tokens import ReplayPaper
from server.domain.chapters import Chapter
from server.replay.offered import Offered
from server.replay.vtt import webvtt
from server.settings import Settings
from server.store import tables as t
from server.store.recorded import begin_recording
from server.web import keys
from tests.harness.postgres import both_databases
from tests.harness.recorded import LENGTH, SECOND, recorded
from tests.server.web.conftest import Browser, Town, error_code

URL = "/replay/lesson.x"


@pytest.fixture
async def begin() -> int:
    return time.time_ns() // 1_000_000 - 3_600_000


@pytest.fixture
async def made(town: Town, settings: Settings, begin: int) -> Manifest:
    return await recorded(town.web.app[keys.STORE].database, settings.data_dir, begin)


async def told(browser: Browser, query: str = "") -> dict[str, Any]:
    answer = await browser.get(f"{URL}/data{query}")
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


@both_databases
async def test_everybody_sees_the_lesson_as_they_saw_it_in_class(town: Town, made: Manifest) -> None:
    views = {}
    for who in ("x1.teacher", "x2.assistant", "x2.c1.s1", "x.inspector", "x2.d1"):
        page = await town.browser(who).get(URL, page=True)
        assert page.status == 200, who
        found = await told(town.browser(who))
        assert (found["begin"], found["end"]) == (made.begin, made.end)
        assert [one["group"] for one in found["files"]] == ["teacher", "teacher"]
        assert [one["why"] for one in found["missing"]] == ["worker"]
        assert [one["kind"] for one in found["log"]["chapters"]] == ["begin", "stage"]
        assert found["log"]["chapters"][1]["name"] == "石桥二小 1号教室"
        views[who] = {kind for _, kind, _ in found["log"]["events"]}
    assert "participant.joined" in views["x1.teacher"]
    assert "participant.joined" not in views["x.inspector"], "a viewer knows only who is on stage"
    assert "board.drawn" in views["x.inspector"]
    assert "participant.joined" not in {kind for _, kind, _ in (await told(town.browser("x1.teacher"), "?as=student"))["log"]["events"]}


async def test_whoever_taught_a_lesson_made_by_hand_watches_it_by_the_link(town: Town, settings: Settings, begin: int) -> None:
    lessons, store = town.web.app[keys.LESSONS], town.web.app[keys.STORE]
    lesson = (await lessons.create("手工课")).id
    made = await recorded(store.database, settings.data_dir, begin, lesson)
    browsers, addresses = {}, {}
    for role in ("master", "viewer"):
        link = await lessons.make_link(lesson, role, None)
        entered = await Browser(town.web, {}).get(f"/join/{town.web.signer.link_token(link)}", page=True)
        browsers[role] = Browser(town.web, {name: morsel.value for name, morsel in entered.cookies.items()})
        addresses[role] = entered.headers["Location"]
    console = await (await browsers["master"].get(addresses["master"], page=True)).text()
    replay = addresses["master"].replace("?", "/replay?")
    assert f'href="{replay}"' in console
    page = await browsers["master"].get(replay, page=True)
    assert page.status == 200, await page.text()
    data = replay.replace("?", "/data?")
    assert data in await page.text()
    found = await (await browsers["master"].get(data)).json()
    assert (found["begin"], found["end"], len(found["files"])) == (made.begin, made.end, 2)
    assert "participant.joined" in {kind for _, kind, _ in found["log"]["events"]}
    assert (await browsers["master"].get(found["files"][0]["url"])).status == 200
    assert (await browsers["viewer"].get(f"/teach/{lesson}/replay/data")).status == 403
    assert (await Browser(town.web, {}).get(f"/teach/{lesson}/replay/data")).status == 401
    assert (await town.browser("x1.teacher").get(f"/teach/{lesson}/replay/data")).status in (403, 404)


async def test_strangers_do_not_learn_that_there_is_one(town: Town, made: Manifest) -> None:
    assert made
    for who, status in (("y2.assistant", 404), ("y2.c1.s1", 404), ("y1.teacher", 404), ("y.librarian", 404)):
        assert (await town.browser(who).get(f"{URL}/data")).status == status, who
    assert (await Browser(town.web, {}).get(URL, page=True)).status == 303


async def test_a_lesson_that_was_not_recorded_has_none(town: Town) -> None:
    assert (await town.browser("x1.teacher").get(URL)).status == 404
    assert "还没有录像" in await (await town.browser("x.admin").get("/recordings", page=True)).text()


async def test_files_come_in_ranges_to_whoever_has_their_address(town: Town, made: Manifest) -> None:
    found = await told(town.browser("x2.c1.s1"))
    url = found["files"][0]["url"]
    nobody = Browser(town.web, {})
    whole = await nobody.get(url)
    assert (whole.status, whole.content_type, len(await whole.read())) == (200, "video/webm", made.files[0].octets)
    part = await nobody.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status, await part.read()) == (206, (await whole.read())[100:200])
    picture = await nobody.get(found["files"][0]["thumbnails"][0][1])
    assert (picture.status, picture.content_type) == (200, "image/jpeg")
    for name in ("manifest.json", "..%2f..%2fkeys", "none.webm", ".hidden.webm", "teacher-001.webm%00"):
        assert (await nobody.get(url.rsplit("/", 1)[0] + "/" + name)).status == 404, name


async def test_an_address_ends_and_cannot_be_made(town: Town, made: Manifest) -> None:
    signer, now, nobody = town.web.signer, time.time_ns() // 1_000_000, Browser(town.web, {})

    async def asked(paper: ReplayPaper, changed: str = "") -> int:
        return (await nobody.get(f"/replays/{signer.replay_paper(paper)}{changed}/media/{made.files[0].name}")).status

    good = ReplayPaper("lesson.x", made.recording, "", now + 10_000)
    assert await asked(good) == 200
    assert await asked(good, "A") == 404
    assert await asked(ReplayPaper("lesson.x", made.recording, "", now - 1)) == 410
    assert await asked(ReplayPaper("lesson.y", made.recording, "", now + 10_000)) == 410, "the recording is another lesson's"
    assert await asked(ReplayPaper("lesson.x", "../../..", "", now + 10_000)) == 410


async def test_a_span_begins_with_the_board_as_it_was(town: Town, made: Manifest) -> None:
    begin, end = made.begin + 20 * SECOND, made.begin + 50 * SECOND
    found = await told(town.browser("x.inspector"), f"?from={begin}&to={end}")
    assert found["log"]["state"]["board"]["at"] == {"sheet": "blank1", "page": 1}
    assert len(found["log"]["state"]["board"]["ink"]["blank1/1"]) == 1
    assert [kind for _, kind, _ in found["log"]["events"]] == ["stage.called"]
    assert [one["kind"] for one in found["log"]["chapters"]] == ["begin", "stage"]
    for query in ("?from=5", "?from=9&to=3", "?from=a&to=b", f"?from=-1&to={end}", "?from=1&to=2", f"?from={made.end}&to={made.end + 9}"):
        assert (await town.browser("x.inspector").get(f"{URL}/data{query}")).status == 422, query


async def test_one_goes_on_where_one_left_and_the_office_sees_who_watched(town: Town, made: Manifest) -> None:
    pupil = town.browser("x2.c1.s1")
    assert (await told(pupil))["position"] is None
    assert (await pupil.post(f"{URL}/position", {"at": made.begin + 9000})).status == 200
    assert (await told(pupil))["position"] == made.begin + 9000
    assert (await town.browser("x2.d1").post(f"{URL}/position", {"at": made.begin})).status == 200, "a room's screen is nobody"
    page = await (await town.browser("x.admin").get("/recordings/lesson.x", page=True)).text()
    assert page.count("<td>学生</td>") == 1
    assert "录制程序中断" in page
    assert "0:24" in page


@both_databases
async def test_the_list_and_how_long_they_are_kept(town: Town, made: Manifest, settings: Settings) -> None:
    admin = town.browser("x.admin")
    listed = await (await admin.get("/recordings", page=True)).text()
    assert "分数的认识" in listed
    assert "1:00" in listed
    assert "一直保留" in listed
    assert (await town.browser("y.admin").get("/recordings/lesson.x")).status in (403, 404)
    assert "分数的认识" not in await (await town.browser("y.admin").get("/recordings", page=True)).text()
    assert (await town.browser("x.librarian").post("/recordings/lesson.x/keep", {"days": 3})).status == 403
    assert (await admin.post("/recordings/lesson.x/keep", {"days": 30})).status == 200
    assert (await admin.post("/recordings/lesson.x/keep", {"days": 4000})).status == 422
    assert "一直保留" not in await (await admin.get("/recordings", page=True)).text()
    assert await error_code(await admin.post("/recordings/lesson.x/again")) == "recording.busy", "it did not fail"
    assert (await admin.post("/recordings/lesson.x/remove")).status == 200
    assert not (settings.data_dir / "recordings" / made.recording).exists()
    gone = await town.browser("x1.teacher").get(f"{URL}/data")
    assert (gone.status, await error_code(gone)) == (410, "recording.gone")
    assert "已删除" in await (await admin.get("/recordings", page=True)).text()


async def test_what_was_kept_long_enough_goes(town: Town, made: Manifest, settings: Settings) -> None:
    database = town.web.app[keys.STORE].database
    await database.execute(t.recording.update().values(keep_until=1))
    await town.web.app[keys.REPLAYS].expire()
    assert not (settings.data_dir / "recordings" / made.recording).exists()
    assert (await town.browser("x1.teacher").get(f"{URL}/data")).status == 410


async def test_open_formats_leave_the_house(town: Town, made: Manifest, tmp_path: Path) -> None:
    for who in ("x.inspector", "x2.assistant", "x2.c1.s1"):
        assert (await town.browser(who).get("/recordings/lesson.x/log.jsonl")).status in (403, 404), who
    teacher = town.browser("x1.teacher")
    answer = await teacher.get(f"/recordings/lesson.x/files/{made.files[1].name}")
    assert "attachment" in answer.headers["Content-Disposition"]
    with av.open(io.BytesIO(await answer.read())) as file:
        assert {stream.type for stream in file.streams} == {"video", "audio"}
    assert (await teacher.get("/recordings/lesson.x/files/manifest.json")).status == 404
    vtt = await (await teacher.get("/recordings/lesson.x/chapters.vtt")).text()
    assert vtt.startswith("WEBVTT\n\n1\n00:00:00.000 --> 00:00:40.000\n上课\n")
    assert "00:00:40.000 --> 00:01:00.000\n石桥二小 1号教室 上台" in vtt
    lines = [json.loads(line) for line in (await (await teacher.get("/recordings/lesson.x/log.jsonl")).text()).splitlines()]
    assert (lines[0]["begin"], lines[0]["view"]) == (made.begin, "master")
    assert [one["kind"] for one in lines[1:]][-1] == "lesson.ended"
    assert lines[-1]["at"] - lines[0]["begin"] == LENGTH * SECOND


async def test_who_is_erased_watched_nothing(town: Town, made: Manifest) -> None:
    table = town.web.app[keys.REPLAYS].table
    for who in ("x2.c1.s1", "x.inspector"):
        assert (await town.browser(who).post(f"{URL}/position", {"at": made.begin})).status == 200
    assert {one.person for one in await table.viewers(made.recording)} == {"x2.c1.s1", "x.inspector"}
    erased = await town.browser("x2.admin").post("/classes/x2.c1/erase", {"student": "x2.c1.s1", "version": 1})
    assert erased.status == 200, await erased.text()
    assert {one.person for one in await table.viewers(made.recording)} == {"x.inspector"}
    assert (await town.browser("d.admin").post("/people/x.inspector/erase", {"version": 1, "sure": "1"})).status == 200
    assert await table.viewers(made.recording) == []


async def test_an_inspectors_notes_stand_beside_the_replay(town: Town, made: Manifest) -> None:
    inspector, other = town.browser("x.inspector"), town.browser("x1.teacher")
    kept = await inspector.post("/inspect/lesson.x/notes", {"at": made.begin + 9000, "text": "导入自然"})
    assert kept.status == 201
    (note,) = (await told(inspector))["notes"]
    assert (note["at"], note["text"]) == (made.begin + 9000, "导入自然")
    assert (await told(other))["notes"] is None
    assert (await told(inspector, "?as=student"))["notes"] is None


async def test_a_recording_that_is_still_made_is_played_as_if_it_went_on(town: Town, made: Manifest) -> None:
    assert made
    await town.web.app[keys.STORE].database.execute(t.recording.update().values(state="ended", ended=2**52))
    found = await told(town.browser("x1.teacher"))
    assert found["live"].startswith("/replays/")
    assert found["files"] == []


async def test_a_recording_that_could_not_be_made_says_so(town: Town, made: Manifest) -> None:
    assert made
    await town.web.app[keys.STORE].database.execute(t.recording.update().values(state="failed"))
    answer = await town.browser("x1.teacher").get(f"{URL}/data")
    assert (answer.status, await error_code(answer)) == (409, "recording.not_ready")
    assert (await town.browser("x1.teacher").get(URL, page=True)).status == 200, "the page waits for it"


async def test_a_span_reaches_no_further_than_what_was_recorded(town: Town, made: Manifest) -> None:
    found = await told(town.browser("x1.teacher"), "?from=0&to=999999999999999")
    assert (found["begin"], found["end"]) == (made.begin, made.end)
    assert "lesson.opened" not in {kind for _, kind, _ in found["log"]["events"]}, "waiting before class is not recorded"


async def test_nothing_but_the_head_and_parts_that_there_are(town: Town, made: Manifest) -> None:
    url = (await told(town.browser("x2.c1.s1")))["files"][0]["url"]
    nobody = Browser(town.web, {})
    head = await town.web.client.head(url)
    assert (head.status, int(head.headers["Content-Length"]), await head.read()) == (200, made.files[0].octets, b"")
    beyond = await nobody.get(url, headers={"Range": f"bytes={made.files[0].octets}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{made.files[0].octets}")


def newer(made: Manifest) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(made, version=manifest.VERSION + 1))


@pytest.mark.parametrize("broken", [lambda _: None, lambda _: b"{", newer])
async def test_files_that_cannot_be_read_are_said_and_made_anew(town: Town, made: Manifest, settings: Settings, broken: Any) -> None:
    path, body = manifest.folder(settings.data_dir, made.recording) / manifest.PLAY / manifest.MANIFEST, broken(made)
    if body is None:
        path.unlink()
    else:
        path.write_bytes(body)
    answer = await town.browser("x1.teacher").get(f"{URL}/data")
    assert (answer.status, await error_code(answer)) == (409, "recording.not_ready")
    replays = town.web.app[keys.REPLAYS]
    assert await Offered(replays).recordings(["lesson.x"]) == {}
    admin = town.browser("x.admin")
    assert "再整理一次" in await (await admin.get("/recordings/lesson.x", page=True)).text()
    assert (await admin.post("/recordings/lesson.x/again")).status == 200
    found = await replays.table.of_lesson("lesson.x")
    assert found is not None
    assert found.state == "ended", "it is made anew"


async def test_of_a_lesson_by_hand_nobody_in_the_offices_sees_anything_and_it_goes_in_its_time(town: Town, settings: Settings) -> None:
    database = town.web.app[keys.STORE].database
    await database.execute(insert(t.lesson).values(id="by.hand", name="试课", head=0, created=1, phase="ended"))
    made = await recorded(database, settings.data_dir, 1_000_000, "by.hand")
    for who in ("x.admin", "x1.teacher", "n.admin"):
        for path in ("/replay/by.hand", "/replay/by.hand/data", "/recordings/by.hand", "/recordings/by.hand/log.jsonl"):
            assert (await town.browser(who).get(path)).status in (403, 404), (who, path)
        assert (await town.browser(who).get("/recordings/by.hand/publish")).status == 404
    await database.execute(t.recording.update().values(keep_until=1))
    await town.web.app[keys.REPLAYS].expire()
    assert not manifest.folder(settings.data_dir, made.recording).exists()


@both_databases
async def test_a_lesson_that_goes_on_after_its_recording_was_removed_has_one_again(town: Town, made: Manifest) -> None:
    replays, database = town.web.app[keys.REPLAYS], town.web.app[keys.STORE].database
    await database.execute(t.recording.update().values(keep_until=1))
    await replays.expire()
    await database.write(lambda connection: begin_recording(connection, made.recording, "lesson.x", made.end))
    found = await replays.table.of_lesson("lesson.x")
    assert found is not None
    assert (found.state, found.removed, found.keep_until) == ("live", None, None)


@both_databases
async def test_two_windows_of_one_person_watch_for_the_first_time(town: Town, made: Manifest) -> None:
    pupil = town.browser("x2.c1.s1")
    done = await asyncio.gather(*(pupil.post(f"{URL}/position", {"at": made.begin + n}) for n in range(6)))
    assert {one.status for one in done} == {200}
    assert [one.times for one in await town.web.app[keys.REPLAYS].table.viewers(made.recording)] == [1]


def test_no_name_breaks_a_line_of_the_chapters() -> None:
    text = webvtt([Chapter(0, "stage")], 0, 1000, lambda _: "甲\r\n\n2\n00:00 --> 00:01 <b>&")
    assert text == "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\n甲 2 00:00 --&gt; 00:01 &lt;b&gt;&amp;\n"
