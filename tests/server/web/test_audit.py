"""The page of the audit through the public door: whose lines, which filters, what was erased, the file."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import io
import re
from pathlib import Path

import pytest

from server.accounts.acts import Target
from server.accounts.caller import Caller, system
from server.accounts.heads import Verified, keep_verified
from server.web import keys
from server.web.audit import csv as csv_module
from tests.client_web.families import audit as family
from tests.harness.zones import SCHOOL_ZONE
from tests.server.web.conftest import Town, error_code

DAY = 86_400_000
EVIL = "'; DROP TABLE audit; --<script>alert(1)</script>\"../../etc"


async def nothing(_: object) -> None:
    return None


async def act(town: Town, who: str, name: str, target: tuple[str, str, str], **details: str | int) -> None:
    caller = system("cli chenwei") if who == "system" else Caller("person", who, origin=f"web 203.0.113.{len(who)}")
    kind, row, org = target
    path = town.world.paths.get(org, org)
    await town.web.app[keys.ACTS].do(caller, name, Target(kind, row, path), nothing, details=details)


@pytest.fixture
async def lines(town: Town) -> Town:
    """Seven lines: three in x1, one in x2, one at the county x, one in y1, one of the installation."""
    await act(town, "x1.admin", "room.edit", ("room", "x1.r1", "x1"), seats=40)
    await act(town, "x1.teacher", "plan.edit", ("plan", "unknown-plan", "x1"))
    await act(town, "x.admin", "person.reset", ("person", "x1.teacher", "x1"))
    await act(town, "x2.admin", "room.edit", ("room", "x2.r1", "x2"))
    await act(town, "x.admin", "org.edit", ("org", "x", "x"))
    await act(town, "y1.admin", "room.edit", ("room", "y1.r1", "y1"))
    await act(town, "system", "keys.add", ("installation", "shuangshi", "n"), key="ab12")
    return town


async def seen(town: Town, who: str, query: str = "") -> list[int]:
    """Numbers of the lines on somebody's page."""
    response = await town.browser(who).get(f"/audit{query}", page=True)
    text = await response.text()
    assert response.status == 200, text
    return [int(n) for n in re.findall(r'<td class="number">(\d+)</td>', text)]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("n.admin", [7, 6, 5, 4, 3, 2, 1]),
        ("d.admin", [6, 5, 4, 3, 2, 1]),
        ("x.admin", [5, 4, 3, 2, 1]),
        ("x1.admin", [3, 2, 1]),
        ("x2.admin", [4]),
        ("y.admin", [6]),
        ("y1.admin", [6]),
        ("y2.admin", []),
    ],
)
async def test_admins_see_the_lines_of_their_scope_newest_first(lines: Town, who: str, expected: list[int]) -> None:
    assert await seen(lines, who) == expected


@pytest.mark.parametrize("address", ["/audit", "/audit.csv"])
@pytest.mark.parametrize(
    "who", ["x.inspector", "x1.teacher", "x1.assistant", "x.librarian", "x.reviewer", "x1.c1.s1", "x1.c1.s1.parent", "x1.d1"]
)
async def test_nobody_else_sees_anything(lines: Town, who: str, address: str) -> None:
    response = await lines.browser(who).get(address)
    assert response.status == 403
    assert await error_code(response) == "forbidden"
    assert "姓名" not in await (await lines.browser(who).get(address, page=True)).text()


async def test_without_a_login_there_is_only_the_login(lines: Town) -> None:
    response = await lines.browser(None).get("/audit", page=True)
    assert (response.status, response.headers["Location"]) == (303, "/login?next=%2Faudit")
    assert (await lines.browser(None).get("/audit.csv")).status == 401


async def test_a_line_says_who_what_on_what_when_and_from_where(lines: Town) -> None:
    text = await (await lines.browser("x1.admin").get("/audit", page=True)).text()
    for words in ("姓名x1.admin", "203.0.113.8", "改了教室", "1号教室", "seats 40", "姓名x1.teacher", "发了密码重置链接", "unknown-plan"):
        assert words in text, words
    english = await (await lines.browser("n.admin").get("/audit", page=True, headers={"Accept-Language": "en"})).text()
    for words in ("Changed a classroom", "The system (command line)", "cli chenwei", "Added a data key"):
        assert words in english, words


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?act=room.edit", [6, 4, 1]),
        ("?act=room.", [6, 4, 1]),
        ("?act=room", []),
        ("?person=x.admin", [5, 3]),
        ("?person=X.Admin", [5, 3]),
        ("?target=x1.teacher", [3]),
        ("?target=x1", []),
        ("?person=x.admin&act=org.edit", [5]),
        ("?before=3", [2, 1]),
        ("?before=1", []),
        ("?day=2001-01-01", []),
        ("?act=&target=&person=&day=", [7, 6, 5, 4, 3, 2, 1]),
    ],
)
async def test_filters(lines: Town, query: str, expected: list[int]) -> None:
    assert await seen(lines, "n.admin", query) == expected


async def test_a_filter_widens_no_scope(lines: Town) -> None:
    assert await seen(lines, "x1.admin", "?person=y1.admin") == []
    assert await seen(lines, "y1.admin", "?target=x1.teacher") == []


async def test_a_day_is_the_schools_day(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = town.web.app[keys.AUDIT]
    begin = int(dt.datetime(2026, 9, 21, tzinfo=SCHOOL_ZONE).timestamp() * 1000)
    for moment in (begin - 1000, begin, begin + DAY - 1000, begin + DAY):
        monkeypatch.setattr(audit, "_now", lambda moment=moment: moment)
        await act(town, "x1.admin", "room.edit", ("room", "x1.r1", "x1"))
    assert await seen(town, "x1.admin", "?day=2026-09-21") == [3, 2]


async def test_pages_follow_each_other_without_gap_or_repeat(town: Town) -> None:
    for n in range(205):
        await act(town, "x1.admin", "room.edit", ("room", "x1.r1", "x1"), n=n)
    found: list[int] = []
    address = "?act=room.edit"
    while address:
        text = await (await town.browser("x1.admin").get(f"/audit{address}", page=True)).text()
        found += [int(n) for n in re.findall(r'<td class="number">(\d+)</td>', text)]
        older = re.search(r'href="/audit(\?[^"]*)" rel="next"', text)
        address = older.group(1).replace("&amp;", "&") if older else ""
        assert not address or "act=room.edit" in address
        assert len(found) <= 205
    assert found == list(range(205, 0, -1))


async def test_the_erased_are_called_erased(lines: Town) -> None:
    app = lines.web.app
    for owner in ("x.admin", "x1.teacher"):
        await app[keys.STORE].database.write(lambda c, owner=owner: app[keys.CONTENTS].erase_owner(c, owner))
    text = await (await lines.browser("x1.admin").get("/audit?act=person.reset", page=True)).text()
    assert text.count("（已抹去）") == 3, "who, whom, from where"
    assert "姓名x.admin" not in text
    assert "203.0.113.7" not in text
    assert "（已抹去）" in await (await lines.browser("x1.admin").get("/audit.csv")).text()


@pytest.mark.parametrize("name", ["act", "target", "person", "day", "before"])
async def test_what_is_no_filter_is_refused_or_harmless(lines: Town, name: str) -> None:
    browser = lines.browser("x1.admin")
    page = await browser.get("/audit", page=True, params={name: EVIL})
    text = await page.text()
    assert "<script>alert" not in text
    if name in ("target", "person"):
        assert page.status == 200
        assert "DROP TABLE" in text, "what was typed is kept, escaped"
    else:
        assert page.status == 422
        assert 'class="error"' in text or name == "before"
        for address in ("/audit", "/audit.csv"):
            answer = await browser.get(address, params={name: EVIL})
            assert answer.status == 422
            assert set((await answer.json())["error"]["fields"]) == {name}
    assert await seen(lines, "x1.admin") == [3, 2, 1]


@pytest.mark.parametrize(
    "query",
    [
        "?before=0",
        "?before=99999999999999999999",
        "?day=2026-02-30",
        "?day=0001-01-01",
        "?person=" + "x" * 65,
        "?act=%00",
        "?target=%00x",
        "?nonsense=1",
    ],
)
async def test_impossible_values_are_422(lines: Town, query: str) -> None:
    assert (await lines.browser("x1.admin").get(f"/audit{query}")).status in ((200, 422) if "0001" in query else (422,))
    assert (await lines.browser("x1.admin").get(f"/audit{query}", page=True)).status in ((200, 422) if "0001" in query else (422,))


async def test_an_empty_audit_says_what_it_is_for(town: Town) -> None:
    text = await (await town.browser("x.admin").get("/audit", page=True)).text()
    assert "还没有记录" in text
    assert "audit.csv" not in text
    assert "没有符合的记录" in await (await town.browser("x.admin").get("/audit?act=org.edit", page=True)).text()


async def test_the_page_says_how_far_it_was_verified(lines: Town, tmp_path: Path) -> None:
    browser, path = lines.browser("x1.admin"), tmp_path / "audit-verified.json"
    keep_verified(path, Verified(1_790_000_000_000, 7, ok=True))
    assert "已核对到第 7 条" in await (await browser.get("/audit", page=True)).text()
    keep_verified(path, Verified(1_790_000_000_000, 3, ok=False, fault="edited", fault_seq=4))
    text = await (await browser.get("/audit", page=True)).text()
    assert "第 4 条起对不上" in text
    assert 'role="alert"' in text
    path.write_text("nonsense")
    assert "还没有核对过" in await (await browser.get("/audit", page=True)).text()
    report = await lines.web.app[keys.AUDIT_WATCH].verify()
    assert report.ok
    assert "已核对到第 7 条" in await (await browser.get("/audit", page=True)).text()


async def test_the_file_holds_the_same_lines_and_taking_it_leaves_one(lines: Town) -> None:
    response = await lines.browser("x1.admin").get("/audit.csv?act=room.edit")
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    body = await response.read()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert rows[0] == ["序号", "时间", "谁", "谁的编号", "做了什么", "对象类别", "对象", "对象编号", "从哪里", "细节"]
    assert [row[0] for row in rows[1:]] == ["1"]
    assert rows[1][2:] == ["姓名x1.admin", "x1.admin", "room.edit", "room", "1号教室", "x1.r1", "web 203.0.113.8", "seats=40"]
    assert await seen(lines, "x1.admin") == [8, 3, 2, 1]
    assert "导出了审计记录" in await (await lines.browser("x1.admin").get("/audit?act=audit.export", page=True)).text()


async def test_no_cell_of_the_file_is_a_formula(town: Town) -> None:
    app = town.web.app
    await app[keys.STORE].database.write(lambda c: app[keys.CONTENTS].erase_owner(c, "x1.admin"))
    from sqlalchemy import update

    from server.store.tables import person

    ref = await app[keys.STORE].database.write(lambda c: app[keys.CONTENTS].put(c, "name", "x1.admin", '=HYPERLINK("http://x","y")'))
    await app[keys.STORE].database.execute(update(person).where(person.c.id == "x1.admin").values(name=ref.id))
    await act(town, "x1.admin", "room.edit", ("room", "-1+1", "x1"))
    rows = list(csv.reader(io.StringIO((await (await town.browser("x1.admin").get("/audit.csv")).read()).decode("utf-8-sig"))))
    assert (rows[1][2], rows[1][7]) == ('\'=HYPERLINK("http://x","y")', "'-1+1")
    assert csv_module.plain("\t=1") == "'\t=1"
    assert csv_module.plain(" @x") == "' @x"
    assert csv_module.plain("王") == "王"


async def test_nothing_can_be_posted(lines: Town) -> None:
    assert (await lines.browser("x.admin").post("/audit", {"act": "x"})).status == 405


def _acts_of(path: Path) -> set[str]:
    """Literal acts that a module does: the second argument of `….do(who, act, …)`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "do" and len(node.args) >= 3:
            found |= {
                n.value for n in ast.walk(node.args[1]) if isinstance(n, ast.Constant) and isinstance(n.value, str) and "." in n.value
            }
    return {act for act in found if not act.endswith(".")}


def test_every_act_has_a_sentence() -> None:
    server = Path(keys.__file__).parents[1]
    known = {act: path.name for path in server.rglob("*.py") for act in _acts_of(path)}
    assert len(known) > 30
    assert {act: where for act, where in known.items() if act not in family.ACTS} == {}
