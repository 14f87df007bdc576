"""Courseware through the web process: uploads by the teacher, pages for whoever is in the lesson, and what strangers get."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from server.accounts import cookies
from server.courseware.render.pictures import PREVIEW_BYTES
from server.domain.courseware import Courseware, Media, Page
from server.store.courseware import CoursewareStore, add_file
from server.store.tables import audit
from server.web import keys
from tests.server.courseware import presentations as office
from tests.server.courseware.files import locked_pdf, pdf, picture
from tests.server.web.conftest import Browser, Town, Web

LESSON = "lesson.x"


def form(data: bytes, name: str = "分数.pdf", **fields: str) -> aiohttp.FormData:
    made = aiohttp.FormData(fields, quote_fields=False, default_to_multipart=True)  # names as browsers send them
    made.add_field("file", data, filename=name)
    return made


async def code_of(answer: aiohttp.ClientResponse) -> str:
    return str((await answer.json())["error"]["code"])


async def bring(web: Web, lesson: str, headers: dict[str, str], data: bytes, name: str = "分数.pdf") -> aiohttp.ClientResponse:
    return await web.client.post(f"/courseware/{lesson}", data=form(data, name), headers=headers)


async def listed(web: Web, lesson: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await web.client.get(f"/courseware/{lesson}", headers=headers)
    assert answer.status == 200, await answer.text()
    files: list[dict[str, Any]] = (await answer.json())["courseware"]
    return files


async def ready(web: Web, lesson: str, headers: dict[str, str], count: int = 1) -> list[dict[str, Any]]:
    """The master's list once nothing waits any more."""
    async with asyncio.timeout(30):
        while True:
            files = await listed(web, lesson, headers)
            if len(files) == count and all(one["state"] in ("ready", "failed") for one in files):
                return files
            await asyncio.sleep(0.05)


async def tools(web: Web) -> tuple[str, dict[str, dict[str, str]]]:
    """A lesson made by hand and the papers of everybody in it."""
    lesson = await web.lesson()
    names = {"classroom": "石桥村小", "assistant": "石桥村小"}
    roles = ("master", "classroom", "assistant", "viewer", "wall")
    return lesson, {role: web.bearer(await web.link(lesson, role, names.get(role))) for role in roles}


async def test_an_upload_becomes_pages_that_everybody_in_the_lesson_sees(web: Web) -> None:
    lesson, papers = await tools(web)
    answer = await bring(web, lesson, papers["master"], pdf(["", "1 0 0 rg 0 0 720 405 re f"]))
    assert answer.status == 201, await answer.text()
    new = await answer.json()
    assert (new["name"], new["kind"], new["count"], new["state"]) == ("分数.pdf", "pdf", 2, "waiting")
    (one,) = await ready(web, lesson, papers["master"])
    assert (one["id"], one["state"], one["drawn"], one["error"]) == (new["id"], "ready", 2, None)
    assert one["pages"][1] == {
        "page": 2,
        "width": 1600,
        "height": 900,
        "bytes": one["pages"][1]["bytes"],
        "media": [],
        "flattened": False,
        "fonts": [],
        "unplayable": [],
    }
    for role, paper in papers.items():
        (seen,) = await listed(web, lesson, paper)
        assert ("分数.pdf" in str(seen)) is (role == "master")
        assert (seen["id"], seen["version"], len(seen["pages"])) == (one["id"], one["version"], 2)
        shown = await web.client.get(f"/courseware/{lesson}/{one['version']}/2.webp", headers=paper)
        data = await shown.read()
        assert (shown.status, shown.content_type, data[8:12], len(data)) == (200, "image/webp", b"WEBP", one["pages"][1]["bytes"])
        small = await web.client.get(f"/courseware/{lesson}/{one['version']}/2/preview", headers=paper)
        assert 0 < len(await small.read()) <= PREVIEW_BYTES


async def test_a_page_is_fetched_once(web: Web) -> None:
    lesson, papers = await tools(web)
    await bring(web, lesson, papers["master"], picture())
    (one,) = await ready(web, lesson, papers["master"])
    address = f"/courseware/{lesson}/{one['version']}/1.webp"
    first = await web.client.get(address, headers=papers["viewer"])
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = await web.client.get(address, headers=papers["viewer"] | {"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    other = await web.client.get(address, headers=papers["viewer"] | {"If-None-Match": '"another"'})
    assert other.status == 200
    stranger = await web.client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert stranger.status == 401


async def test_only_the_master_brings_and_deletes(web: Web) -> None:
    lesson, papers = await tools(web)
    await bring(web, lesson, papers["master"], picture())
    (one,) = await ready(web, lesson, papers["master"])
    for role in ("classroom", "assistant", "viewer", "wall"):
        assert (await bring(web, lesson, papers[role], picture())).status == 403
        assert (await web.client.post(f"/courseware/{lesson}/{one['id']}/delete", headers=papers[role])).status == 403
    assert (await bring(web, lesson, {}, picture())).status == 401
    other, others = await tools(web)
    assert (await bring(web, other, papers["master"], picture())).status == 403
    for path in (f"/{one['version']}/1.webp", f"/{one['version']}/1/preview"):
        answer = await web.client.get(f"/courseware/{other}{path}", headers=others["master"])
        assert await code_of(answer) == "courseware.unknown"
    assert await code_of(await web.client.post(f"/courseware/{other}/{one['id']}/delete", headers=others["master"])) == "courseware.unknown"
    assert (await web.client.post(f"/courseware/{lesson}/{one['id']}/delete", headers=papers["master"])).status == 200
    assert await listed(web, lesson, papers["master"]) == []


async def test_addresses_that_lead_nowhere(web: Web) -> None:
    lesson, papers = await tools(web)
    await bring(web, lesson, papers["master"], picture())
    (one,) = await ready(web, lesson, papers["master"])
    version = one["version"]
    for path in (f"{version}/2.webp", f"{version}/0.webp", "x/1.webp", f"{version}/media/{'0' * 64}"):
        assert await code_of(await web.client.get(f"/courseware/{lesson}/{path}", headers=papers["master"])) == "courseware.unknown"
    for path in (f"{version}/1234.webp", f"{version}/-1.webp", f"{version}/media/..%2f..%2fx", f"{version}/1.png"):
        assert (await web.client.get(f"/courseware/{lesson}/{path}", headers=papers["master"])).status == 404


REFUSED: dict[str, tuple[bytes, str]] = {
    "SVG with a script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "courseware.type"),
    "a page of the web": (b"<!doctype html><script>alert(1)</script>", "courseware.type"),
    "the old PowerPoint": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "courseware.type"),
    "nothing": (b"", "form.invalid"),
    "10,000 pages": (pdf([""] * 10_000), "courseware.too_large"),
    "a password": (locked_pdf(), "courseware.locked"),
    "half a PDF": (pdf()[:100], "courseware.unreadable"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_hostile_files_are_refused_with_the_reason(web: Web, name: str) -> None:
    lesson, papers = await tools(web)
    data, code = REFUSED[name]
    assert await code_of(await bring(web, lesson, papers["master"], data)) == code
    assert await listed(web, lesson, papers["master"]) == []


async def test_a_presentation_without_libreoffice(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson, papers = await tools(web)
    monkeypatch.setattr(web.app[keys.COURSEWARE], "_soffice", "")
    answer = await bring(web, lesson, papers["master"], office.pptx(), "课.pptx")
    assert await code_of(answer) == "courseware.no_office"


async def test_a_zip_bomb(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson, papers = await tools(web)
    monkeypatch.setattr(web.app[keys.COURSEWARE], "_soffice", "/bin/false")
    bomb = office.package({"ppt/presentation.xml": b"<p/>", "ppt/media/a.bmp": b"\0" * (64 << 20)})
    assert await code_of(await bring(web, lesson, papers["master"], bomb, "课.pptx")) == "courseware.unsafe"


class TestSmall:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"SHUANGSHI_COURSEWARE_BYTES": "20000"}

    async def test_a_file_over_the_limit(self, web: Web) -> None:
        lesson, papers = await tools(web)
        for size in (20_001, 200_000):
            answer = await bring(web, lesson, papers["master"], pdf() + b"%" * size)
            assert await code_of(answer) == "courseware.too_large", size
        assert (await bring(web, lesson, papers["master"], pdf())).status == 201


async def test_damaged_forms(web: Web) -> None:
    lesson, papers = await tools(web)
    address, master = f"/courseware/{lesson}", papers["master"]
    assert await code_of(await web.client.post(address, data=b"x", headers=master)) == "request.content_type"
    broken = master | {"Content-Type": "multipart/form-data; boundary=b"}
    assert await code_of(await web.client.post(address, data=b"--c\r\n", headers=broken)) == "request.malformed"
    empty = aiohttp.FormData({"other": "1"}, default_to_multipart=True)
    assert await code_of(await web.client.post(address, data=empty, headers=master)) == "form.invalid"
    many = aiohttp.FormData({f"f{n}": "1" for n in range(20)}, default_to_multipart=True)
    assert await code_of(await web.client.post(address, data=many, headers=master)) == "request.malformed"
    for _ in range(20):
        answer = await web.client.post(address, data=empty, headers=master)
    assert await code_of(answer) == "request.too_many"


async def test_after_the_end_nothing_is_brought(web: Web) -> None:
    lesson, papers = await tools(web)
    master = (await web.link(lesson, "master")).principal("a")
    for kind in ("lesson.live", "lesson.end"):
        await web.app[keys.LESSONS].execute(master, kind, kind, {})
    assert await code_of(await bring(web, lesson, papers["master"], picture())) == "lesson.phase"


async def test_on_the_board_it_is_seen_and_not_deleted(web: Web) -> None:
    lesson, papers = await tools(web)
    await bring(web, lesson, papers["master"], picture())
    (one,) = await ready(web, lesson, papers["master"])
    master = (await web.link(lesson, "master")).principal("a")
    await web.app[keys.LESSONS].execute(master, "c1", "courseware.attach", {"courseware": one["id"]})
    board = (await web.app[keys.LESSONS].find(lesson)).board
    assert (board.at, board.sheets[0].version) == ((one["id"], 1), one["version"])
    answer = await web.client.post(f"/courseware/{lesson}/{one['id']}/delete", headers=papers["master"])
    assert await code_of(answer) == "courseware.in_use"
    await web.app[keys.LESSONS].execute(master, "c2", "courseware.detach", {"sheet": one["id"]})
    assert (await web.client.post(f"/courseware/{lesson}/{one['id']}/delete", headers=papers["master"])).status == 200


async def test_a_file_whose_bytes_are_gone(web: Web) -> None:
    lesson, papers = await tools(web)
    await bring(web, lesson, papers["master"], picture())
    (one,) = await ready(web, lesson, papers["master"])
    for path in web.app[keys.COURSEWARE].blobs.root.glob("??/*"):
        path.unlink()
    answer = await web.client.get(f"/courseware/{lesson}/{one['version']}/1.webp", headers=papers["master"])
    assert await code_of(answer) == "courseware.unknown"


async def test_film_is_played_from_any_place(web: Web, tmp_path: Path) -> None:
    lesson, papers = await tools(web)
    service, shelf = web.app[keys.COURSEWARE], CoursewareStore(web.app[keys.STORE].database)
    await service.drawing.stop()
    (tmp_path / "film").write_bytes(bytes(range(200)))
    film = await service.blobs.keep(tmp_path / "film")
    await web.app[keys.STORE].database.write(lambda c: add_file(c, Courseware("c1", lesson, "课.pptx", "pptx", 9, "s", "t", 1, pages=1)))
    held = await shelf.claim(1, 2)
    assert held is not None
    await shelf.finish(held, "v1", [Page(1, 1600, 900, "a", "b", 9, media=(Media(film, "video/mp4"),))])
    (one,) = await listed(web, lesson, papers["classroom"])
    address = one["pages"][0]["media"][0]["address"]
    part = await web.client.get(address, headers=papers["classroom"] | {"Range": "bytes=10-19"})
    assert (part.status, part.content_type, await part.read()) == (206, "video/mp4", bytes(range(10, 20)))
    assert (await web.client.get(address)).status == 401
    other, others = await tools(web)
    assert (await web.client.get(address.replace(lesson, other), headers=others["viewer"])).status == 404


# --- the teacher's page -----------------------------------------------------------------------------------------------


async def send(browser: Browser, data: bytes, *, page: bool = False, token: str | None = None) -> aiohttp.ClientResponse:
    accept = {"Accept": "text/html" if page else "application/json"}
    fields = form(data, csrf=browser.token if token is None else token)
    return await browser._ask("POST", f"/lessons/{LESSON}/courseware", data=fields, headers=accept)


async def test_the_teacher_prepares_before_class(town: Town) -> None:
    teacher = town.browser("x1.teacher")
    assert "/lessons/lesson.x/courseware" in await (await teacher.get(f"/lessons/{LESSON}", page=True)).text()
    sent = await send(teacher, pdf(font="STKaiti"), page=True)
    assert (sent.status, sent.headers["Location"]) == (303, f"/lessons/{LESSON}/courseware")
    waiting = await (await teacher.get(f"/lessons/{LESSON}/courseware", page=True)).text()
    assert "分数.pdf" in waiting
    async with asyncio.timeout(30):
        while (one := (await (await teacher.get(f"/lessons/{LESSON}/courseware")).json())["courseware"][0])["state"] != "ready":
            await asyncio.sleep(0.05)
    text = await (await teacher.get(f"/lessons/{LESSON}/courseware", page=True)).text()
    assert "共 1 页" in text
    assert "第 1 页：没有字体 STKaiti" in text
    assert "pages/courseware.js" not in text
    device = town.browser("x2.d1")
    seen = (await (await device.get(f"/courseware/{LESSON}")).json())["courseware"]
    assert seen[0]["version"] == one["version"]
    gone = await teacher.post(f"/lessons/{LESSON}/courseware/{one['id']}/delete", page=True)
    assert gone.status == 303
    assert "分数.pdf" not in await (await teacher.get(f"/lessons/{LESSON}/courseware", page=True)).text()


async def test_a_refused_file_is_said_on_the_page(town: Town) -> None:
    teacher = town.browser("x1.teacher")
    answer = await send(teacher, b"<svg/>", page=True)
    assert answer.status == 422
    assert "只收 PDF" in await answer.text()


@pytest.mark.parametrize(
    ("who", "status"), [("x1.assistant", 403), ("x.admin", 403), ("x2.assistant", 403), ("y2.teacher", 404), (None, 401)]
)
async def test_others_are_sent_away(town: Town, who: str | None, status: int) -> None:
    browser = town.browser(who)
    assert (await send(browser, picture())).status == status
    assert (await browser.get(f"/lessons/{LESSON}/courseware")).status == status


async def lines(web: Web) -> list[tuple[str, str, str, str, str, dict[str, Any]]]:
    rows = await web.app[keys.STORE].database.read(select(audit).order_by(audit.c.seq))
    return [(row.actor_kind, row.actor, row.act, row.target, row.path, json.loads(row.details)) for row in rows]


async def test_what_is_brought_and_taken_away_leaves_a_line(town: Town) -> None:
    teacher, web = town.browser("x1.teacher"), town.web
    await send(teacher, pdf(["", ""]))
    await send(teacher, b"<svg/>")
    (one,) = (await (await teacher.get(f"/lessons/{LESSON}/courseware")).json())["courseware"]
    path = (await web.app[keys.OFFICE].schedule.lesson(LESSON)).path
    live = await teacher._ask("POST", f"/courseware/{LESSON}?a=me-master", data=form(picture()), headers={"Accept": "application/json"})
    first, second = one["id"], (await live.json())["id"]
    for id_ in (first, first):
        await teacher.post(f"/lessons/{LESSON}/courseware/{id_}/delete")
    headers = {"Accept": "application/json"}
    await teacher._ask("POST", f"/courseware/{LESSON}/{second}/delete?a=me-master", headers=headers)
    rows = await lines(web)
    assert {row[:2] + row[3:5] for row in rows} == {("person", "x1.teacher", LESSON, path)}
    said = [(row[2], row[5]["courseware"], row[5].get("kind"), row[5].get("pages")) for row in rows]
    assert said == [
        ("courseware.add", first, "pdf", 2),
        ("courseware.add", second, "png", 1),
        ("courseware.delete", first, None, None),
        ("courseware.delete", second, None, None),
    ]
    assert "分数" not in str(rows), "what a file is called may be a pupil's name"
    admin = town.browser("x1.admin")
    page = await (await admin.get("/audit?act=courseware.", page=True)).text()
    assert page.count("上传了课件") >= 2
    assert "上传了课件" not in await (await town.browser("y1.admin").get("/audit?act=courseware.", page=True)).text()


async def test_a_master_by_link_leaves_the_link(town: Town) -> None:
    web = town.web
    lesson, papers = await tools(web)
    answer = await bring(web, lesson, papers["master"], picture())
    assert answer.status == 201
    (row,) = await lines(web)
    assert row[:4] == ("nobody", "", "courseware.add", lesson)
    known = {link.id for link in await web.app[keys.STORE].links(lesson) if link.role == "master"}
    assert {row[5]["link"]} == known
    assert row[4] == await web.app[keys.OFFICE].orgs.whole()


async def test_a_forged_form_brings_nothing(town: Town) -> None:
    teacher = town.browser("x1.teacher")
    for token in ("", "0" * 64, town.browser("x1.assistant").token):
        assert (await send(teacher, picture(), token=token)).status == 403
    assert (await (await teacher.get(f"/lessons/{LESSON}/courseware")).json())["courseware"] == []


async def test_the_teacher_in_class_needs_no_link(town: Town) -> None:
    teacher = town.browser("x1.teacher")
    assert cookies.SESSION in teacher.cookies
    answer = await teacher._ask("POST", f"/courseware/{LESSON}?a=me-master", data=form(picture()), headers={"Accept": "application/json"})
    assert answer.status == 201
    evil = {"Accept": "application/json", "Origin": "https://evil.example"}
    forged = await teacher._ask("POST", f"/courseware/{LESSON}?a=me-master", data=form(picture()), headers=evil)
    assert forged.status == 403
