"""Import and export through the pages: template, upload, bad cells, one button; what is hostile is refused and shown as text."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from server.school.sheets.files import read_table
from server.store.tables import audit
from server.web import keys
from server.web.exchange import upload
from tests.server.school.sheets import bytes_of
from tests.server.web.conftest import Browser, Town

ROOMS = "学校代码,教室代码,名称,类型,排数,列数\n"
GOOD = (ROOMS + "C-x1,7,音乐教室,两用,5,8\n").encode()
PATH = "/exchange/rooms"


async def send(
    browser: Browser, path: str, file: bytes | None, *, page: bool = False, csrf: bool = True, **fields: str
) -> aiohttp.ClientResponse:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in ({"csrf": browser.token} if csrf else {}).items() | fields.items():
        form.add_field(name, value)
    if file is not None:
        form.add_field("file", file, filename='表"格.xlsx', content_type="application/octet-stream")
    return await browser._ask("POST", path, data=form, headers={"Accept": "text/html" if page else "application/json"})


async def acts(town: Town) -> list[str]:
    rows = await town.web.app[keys.STORE].database.read(select(audit).order_by(audit.c.seq))
    return [row.act for row in rows]


async def body(response: aiohttp.ClientResponse, status: int = 200) -> dict[str, Any]:
    assert response.status == status, await response.text()
    return dict(await response.json())


async def test_from_the_organisation_to_an_import(town: Town) -> None:
    admin = town.browser("x.admin")
    assert 'href="/exchange?org=x1"' in await (await admin.get("/orgs/x1", page=True)).text()
    tables = await (await admin.get("/exchange?org=x1", page=True)).text()
    assert "石桥中心小学" in tables
    assert 'href="/exchange/rooms?org=x1"' in tables
    page = await (await admin.get(PATH, page=True)).text()
    assert 'enctype="multipart/form-data"' in page
    checked = await send(admin, PATH, GOOD, page=True)
    text = await checked.text()
    assert checked.status == 200
    assert "新增 1，修改 0，不变 0" in text
    kept = re.search(r'name="kept" value="([^"]+)"', text)
    assert kept
    assert "音乐教室" not in await (await admin.get("/orgs/x1", page=True)).text()
    assert await acts(town) == []
    done = await send(admin, f"{PATH}/apply", None, page=True, kept=kept[1])
    assert done.status == 200
    assert "导入好了" in await done.text()
    assert "音乐教室" in await (await admin.get("/orgs/x1", page=True)).text()
    assert await acts(town) == ["room.create", "org.import"]
    again = await send(admin, PATH, GOOD, page=True)
    assert "不用导入" in await again.text()


async def test_bad_cells_are_listed_and_nothing_is_written(town: Town) -> None:
    admin = town.browser("x.admin")
    evil = "<img src=x onerror=alert(1)>"
    wrong = GOOD + f"C-y1,1,a,大,5,8\nC-x1,8,{evil},两用,99,8\n".encode() + b"C-x1,9\n"
    report = await body(await send(admin, PATH, wrong))
    assert (report["ok"], report["rows"]) == (False, 4)
    assert [(one["row"], one["column"], one["code"]) for one in report["bad"]][:3] == [
        (3, "学校代码", "missing"),
        (3, "类型", "choice"),
        (4, "排数", "high"),
    ]
    assert report["bad"][1]["message"] == {"zh": "只能填：主讲、远端、两用", "en": "Only one of these: 主讲、远端、两用"}
    page = await (await send(admin, PATH, wrong, page=True)).text()
    assert "太大了，最大是 12。" in page
    assert "/apply" not in page
    assert page.count('name="kept"') == 1, "to be listed again"
    refused = await body(await send(admin, f"{PATH}/apply", wrong), 422)
    assert (refused["error"]["code"], len(refused["bad"])) == ("import.refused", len(report["bad"]))
    shown = await send(admin, f"{PATH}/apply", wrong, page=True)
    assert shown.status == 422
    assert "什么都没有写入" in await shown.text()
    header = (ROOMS.strip() + f",{evil}\n").encode()
    assert "&lt;img src=x" in await (await send(admin, PATH, header, page=True)).text()
    assert await acts(town) == []


async def test_every_bad_cell_is_on_the_page_and_in_a_file(town: Town) -> None:
    admin = town.browser("x.admin")
    wrong = (ROOMS + "".join(f"=C-none{n},{n},a,两用,5,8\n" for n in range(700))).encode()
    page = await (await send(admin, PATH, wrong, page=True)).text()
    table = page.partition('class="scroll tall"')[2].partition("</table>")[0]
    assert table.startswith(' tabindex="0" role="region"')
    assert re.findall(r'<tr><td class="number">(\d+)</td>', table) == [str(row) for row in range(2, 702)]
    kept = re.search(r'action="(/exchange/rooms\?as=csv)".*?name="kept" value="([^"]+)"', page)
    assert kept
    answer = await send(admin, kept[1], None, page=True, kept=kept[2])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rooms-bad-cells.csv"'
    lines = (await answer.read()).decode("utf-8-sig").splitlines()
    assert lines[0] == '"行","列","问题"'
    assert len(lines) == 701
    header = f"=cmd|' /C calc'!A1,{ROOMS}x,C-x1,7,音乐教室,两用,5,8\n".encode()
    guarded = (await (await send(admin, kept[1], header)).read()).decode("utf-8-sig")
    assert """"1","'=cmd|' /C calc'!A1",""" in guarded
    refused = await (await send(admin, f"{PATH}/apply", wrong, page=True)).text()
    assert 'name="kept"' in refused
    assert await acts(town) == []


async def test_stored_markup_is_text(town: Town) -> None:
    admin = town.browser("x.admin")
    name = "<script>alert(1)</script>'; DROP TABLE org; --"
    assert (await body(await send(admin, f"{PATH}/apply", (ROOMS + f"C-x1,7,{name},两用,5,8\n").encode())))["new"] == 1
    page = await (await admin.get("/orgs/x1", page=True)).text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#39;; DROP TABLE org; --" in page


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (b"\xd0\xcf\x11\xe0", 422, "sheet.type"),
        (b"a\0b", 422, "sheet.unreadable"),
        (b"a,b\n" * 6000, 422, "sheet.too_large"),
        (bytes_of.workbook(bytes_of.sheet("", "<!DOCTYPE a>")), 422, "sheet.unsafe"),
        (b"x" * (5 * 1024 * 1024 + 1), 422, "sheet.too_large"),
        (b"x" * (9 * 1024 * 1024), 413, "request.too_large"),
        (b"", 422, "form.invalid"),
    ],
    ids=("old", "nul", "rows", "dtd", "large", "huge", "empty"),
)
async def test_files_that_are_not_read(town: Town, file: bytes, status: int, code: str) -> None:
    admin = town.browser("x.admin")
    answer = await send(admin, PATH, file)
    assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
    if status == 422:
        page = await send(admin, PATH, file, page=True)
        assert page.status == status
        assert 'name="file"' in await page.text(), "the form again"


async def test_who_may(town: Town) -> None:
    for who, status in (("x1.teacher", 403), ("x.inspector", 403), ("x1.c1.s1", 403), ("x1.d1", 403), (None, 401)):
        browser = town.browser(who)
        for path in ("/exchange", PATH, f"{PATH}/template", f"{PATH}/export"):
            assert (await browser.get(path)).status == status, (who, path)
        for path in (PATH, f"{PATH}/apply"):
            assert (await send(browser, path, GOOD)).status == status, (who, path)
    admin = town.browser("x1.admin")
    assert (await send(admin, PATH, GOOD, csrf=False)).status == 403
    assert (await send(admin, f"{PATH}/apply", GOOD, csrf=False)).status == 403
    for path in ("/exchange/nothing", "/exchange/nothing/template", "/exchange/nothing/export", "/exchange?org=y1", f"{PATH}/export?org=x"):
        assert (await admin.get(path)).status == 404, path
    assert (await admin.get(f"{PATH}/export?as=pdf")).status == 422
    assert (await body(await send(admin, PATH, (ROOMS + "C-x2,1,x,两用,5,8\n").encode())))["bad"][0]["code"] == "missing"
    assert await acts(town) == []


async def test_templates_and_exports_are_files(town: Town) -> None:
    admin = town.browser("x.admin")
    for kind, mime in (("xlsx", "application/vnd.openxmlformats"), ("csv", "text/csv")):
        answer = await admin.get(f"{PATH}/template?as={kind}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="rooms-template.{kind}"'
        assert answer.content_type.startswith(mime)
        assert read_table(await answer.read())[0].cells[:2] == ("学校代码", "教室代码")
        answer = await admin.get(f"{PATH}/export?as={kind}&org=x2")
        assert answer.headers["Cache-Control"] == "no-store"
        assert [line.cells[0] for line in read_table(await answer.read())] == ["学校代码", "C-x2", "C-x2"]
        assert (await body(await send(admin, PATH, await answer.read())))["same"] == 2
    assert await acts(town) == ["org.export", "org.export"]
    assert "学生x1.c1.s1" in (await (await town.browser("x1.admin").get("/exchange/students/export?as=csv")).text())


MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    ("headers", "data", "statuses"),
    [
        ({"Content-Type": "application/json"}, b"{}", {415}),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"file=1", {415}),
        ({"Content-Type": "multipart/form-data"}, b"x", {400}),
        (MULTIPART, b"", {400}),
        (MULTIPART, b"--b\r\n\r\nx", {400}),
        (MULTIPART, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", {400}),
        (MULTIPART, b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 9 + b"--b--\r\n", {400}),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="file"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--\r\n',
            {400},
        ),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n',
            {400},
        ),
        (MULTIPART, b'--b\r\nContent-Disposition: form-data; name="f"\r\nX: ' + b"y" * 20000 + b"\r\n\r\nx\r\n--b--\r\n", {400}),
    ],
)
async def test_damaged_forms_are_refused(town: Town, headers: dict[str, str], data: bytes, statuses: set[int]) -> None:
    answer = await town.browser("x.admin")._ask("POST", PATH, data=data, headers={"Accept": "application/json", **headers})
    assert answer.status in statuses, await answer.text()


async def test_what_the_page_kept_must_be_a_file(town: Town) -> None:
    admin = town.browser("x.admin")
    assert (await send(admin, f"{PATH}/apply", None, kept="?")).status == 400
    assert (await send(admin, f"{PATH}/apply", None, kept="")).status == 422
    assert (await send(admin, f"{PATH}/apply", None, kept=upload.keep(b"\0"))).status == 422
    assert (await send(admin, f"{PATH}/apply", None, kept=upload.keep(GOOD))).status == 200
