"""The library through the public door: from a lesson's four steps to a page of another school, and out again."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import select, update

from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.library.taught import PICTURE, Tapes, cut_out, drafted, over, published
from tests.server.web.conftest import Town

pytestmark = both_databases
LESSON = "done"
PLACE = f"/recordings/{LESSON}/publish"
INFO: dict[str, Any] = {"title": "分数的初步认识", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版"}
INFO |= {"volume": "上册", "unit": "第八单元", "teacher": "x1.teacher", "summary": "折一折、分一分"}


@pytest.fixture
async def tapes(town: Town) -> Tapes:
    made, library = Tapes(), town.web.app[keys.LIBRARY]
    library.recordings, library.covers = made.recordings, made.cover
    await over(library.office.database, made, LESSON, begin=library.office.now())
    return made


async def page(town: Town, who: str, path: str, status: int = 200) -> str:
    answer = await town.browser(who).get(path, page=True)
    assert answer.status == status, (answer.status, await answer.text())
    return await answer.text()


async def version(town: Town, who: str = "x.librarian") -> str:
    """As the page's form says it."""
    return str(re.findall(r'name="version" value="(\d+)"', await page(town, who, f"{PLACE}?step=span"))[0])


async def post(town: Town, who: str, path: str, status: int = 303, **form: Any) -> Any:
    answer = await town.browser(who).post(path, form, page=True)
    assert answer.status == status, (answer.status, await answer.text())
    return answer


async def prepared(town: Town, who: str = "x1.teacher") -> None:
    await post(town, who, f"{PLACE}/span", begin="00:30", end="20:00", version=await version(town))
    await post(town, who, f"{PLACE}/info", **INFO, version=await version(town))


async def out(town: Town, tapes: Tapes) -> str:
    """The address of the public resource, that others may play."""
    await prepared(town)
    answer = await post(town, "x.librarian", PLACE, version=await version(town))
    await cut(town, tapes)
    return str(answer.headers["Location"])


async def cut(town: Town, tapes: Tapes, **how: Any) -> None:
    begin = tapes.spans[LESSON].begin_ms
    await cut_out(town.web.app[keys.STORE].database, LESSON, begin + 30_000, begin + 1_200_000, **how)


async def test_from_the_lesson_to_another_schools_page(town: Town, tapes: Tapes) -> None:
    first = await page(town, "x1.teacher", f"/lessons/{LESSON}")
    assert f'href="{PLACE}"' in first
    steps = await page(town, "x1.teacher", PLACE)
    assert 'value="00:00"' in steps
    assert 'value="40:01"' in steps
    assert steps.count('aria-current="step"') == 1
    assert f"{PLACE}?step=publish" not in steps, "no step before its time"
    answer = await post(town, "x1.teacher", f"{PLACE}/span", begin="00:30", end="20:00", version="0")
    info = await page(town, "x1.teacher", answer.headers["Location"])
    assert 'value="分数的认识"' in info
    assert 'value="人教版"' in info
    assert "姓名x1.teacher" in info
    answer = await post(town, "x1.teacher", answer.headers["Location"].replace("?step=", "/"), **INFO, version=await version(town))
    preview = await page(town, "x1.teacher", answer.headers["Location"])
    begin = tapes.spans[LESSON].begin_ms
    assert f"/replay/{LESSON}?as=student&amp;from={begin + 30_000}&amp;to={begin + 1_200_000}" in preview
    last = await page(town, "x1.teacher", f"{PLACE}?step=publish")
    assert f'action="{PLACE}/submit"' in last
    assert f'action="{PLACE}"' not in last
    await post(town, "x1.teacher", f"{PLACE}/submit", version=await version(town))
    assert f'href="{PLACE}?step=preview"' in await page(town, "x.librarian", "/"), "it waits for the librarian"
    await cut(town, tapes, state="failed", made=None)
    last = await page(town, "x1.teacher", f"{PLACE}?step=publish")
    assert "没有准备成功" in last
    assert f'action="{PLACE}/again"' in last
    await post(town, "x1.teacher", f"{PLACE}/again")
    assert "正在准备" in await page(town, "x1.teacher", f"{PLACE}?step=publish")
    await post(town, "x2.teacher", f"{PLACE}/again", 404)
    answer = await post(town, "x.librarian", PLACE, version=await version(town))
    address = answer.headers["Location"]
    assert "正在准备" in await page(town, "x2.teacher", address, 409)
    assert f'href="{address}"' not in await page(town, "x2.teacher", "/library?q=第八单元&subject=maths"), "nobody finds it yet"
    shown = await page(town, "x.librarian", address)
    assert f'href="{address}/watch"' not in shown
    assert f'href="{PLACE}?step=publish"' in shown
    await cut(town, tapes)
    assert "已经准备好" in await page(town, "x.librarian", f"{PLACE}?step=publish")
    assert "没有准备成功" not in await page(town, "x.librarian", f"{PLACE}?step=publish")
    await post(town, "x.librarian", f"{PLACE}/again", 303)
    assert "已经准备好" in await page(town, "x.librarian", f"{PLACE}?step=publish"), "pressed once too often"
    found = await page(town, "x2.teacher", "/library?q=第八单元&subject=maths")
    assert f'href="{address}"' in found
    assert "石桥中心小学" in found
    shown = await page(town, "x2.teacher", address)
    assert all(words in shown for words in ("分数的初步认识", "折一折、分一分", "姓名x1.teacher", "19:30", f'href="{address}/watch"'))
    assert "学生x1" not in shown
    assert "/withdraw" not in shown
    assert PLACE not in await page(town, "x.librarian", "/")


async def test_after_withdrawal_every_address_is_gone_for_everybody(town: Town, tapes: Tapes) -> None:
    address = await out(town, tapes)
    token = re.findall(r'name="version" value="(\d+)"', await page(town, "x.librarian", address))[0]
    await post(town, "x2.teacher", f"{address}/withdraw", 403, reason="？", version=token)
    await post(town, "x.librarian", f"{address}/withdraw", 422, version=token)
    await post(town, "x.librarian", f"{address}/withdraw", 303, reason="有学生的名字", version=token)
    for who in ("x2.teacher", "x.librarian", "x1.teacher", "x2.c1.s1", "x2.d1", "n.admin"):
        for path in (address, f"{address}/cover"):
            assert "已经退出资源库" in await page(town, who, path, 410)
    again = await post(town, "x.librarian", f"{address}/withdraw", 410, reason="再来", version=token)
    assert "已经退出资源库" in await again.text()
    assert await page(town, "y1.teacher", address, 404)
    assert address not in await page(town, "x2.teacher", "/library")
    assert "有学生的名字" in await page(town, "x.librarian", PLACE)
    acts = [row.act for row in await town.web.app[keys.STORE].database.read(select(t.audit.c.act).order_by(t.audit.c.seq))]
    steps = ["resource.create", "resource.edit", "resource.publish", "resource.withdraw"]
    assert [act for act in acts if act.startswith("resource.")] == steps
    audit = await page(town, "x.admin", "/audit?act=resource.withdraw")
    assert "让资源退出了资源库" in audit
    assert "分数的初步认识" in audit


@pytest.mark.parametrize("who", ["y1.teacher", "y.librarian", "y1.c1.s1", "y1.d1", "x1.c1.s1.parent"])
async def test_another_county_and_parents_find_nothing(town: Town, tapes: Tapes, who: str) -> None:
    address = await out(town, tapes)
    for path in (address, f"{address}/cover", PLACE):
        await page(town, who, path, 404)
    if who.endswith("parent"):
        await page(town, who, "/library", 403)
    else:
        assert address not in await page(town, who, "/library")


async def test_of_two_editors_the_later_is_told_and_keeps_what_was_typed(town: Town, tapes: Tapes) -> None:
    await prepared(town)
    seen = await version(town)
    await post(town, "x1.teacher", f"{PLACE}/info", **INFO | {"unit": "第九单元"}, version=seen)
    answer = await post(town, "x.librarian", f"{PLACE}/info", 409, **INFO | {"unit": "第七单元"}, version=seen)
    text = await answer.text()
    assert 'value="第七单元"' in text, "what was typed is kept"
    assert f'name="version" value="{int(seen) + 1}"' in text
    assert "第九单元" in await page(town, "x.librarian", f"{PLACE}?step=publish"), "and nothing was overwritten"
    await post(town, "x.librarian", PLACE, 409, version=seen)
    done = await asyncio.gather(*(town.browser("x.librarian").post(PLACE, {"version": int(seen) + 1}) for _ in range(3)))
    assert sorted(one.status for one in done) == [200, 409, 409]


async def test_wrong_fields_are_named(town: Town, tapes: Tapes) -> None:
    for form, field in (({"begin": "1:2", "end": "20:00"}, "begin"), ({"begin": "00:00", "end": "59:59"}, "end")):
        answer = await town.browser("x.librarian").post(f"{PLACE}/span", {**form, "version": "0"})
        assert answer.status == 422
        assert field in (await answer.json())["error"]["fields"]
    await prepared(town)
    await post(town, "x.librarian", f"{PLACE}/info", **INFO | {"edition": ""}, version=await version(town))
    last = await page(town, "x.librarian", f"{PLACE}?step=publish")
    assert "教材版本" in last
    assert f'action="{PLACE}"' not in last
    await post(town, "x.librarian", PLACE, 422, version=await version(town))


async def test_not_before_the_end_and_not_without_a_recording(town: Town, tapes: Tapes) -> None:
    assert "还没有下课" in await page(town, "x1.teacher", "/recordings/lesson.x/publish", 409)
    tapes.spans.clear()
    assert PLACE not in await page(town, "x1.teacher", f"/lessons/{LESSON}"), "no button to where nothing can be done"
    assert "没有能播放的录像" in await page(town, "x1.teacher", PLACE, 409)
    await page(town, "x1.teacher", "/recordings/nosuch/publish", 404)


async def test_covers(town: Town, tapes: Tapes) -> None:
    address = await out(town, tapes)
    browser = town.browser("x2.teacher")
    drawn = await browser.get(f"{address}/cover")
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    tapes.pictures[LESSON] = PICTURE
    taken = await browser.get(f"{address}/cover")
    assert (taken.headers["Content-Type"], await taken.read()) == (PICTURE.type, PICTURE.data)
    assert "no-cache" in taken.headers["Cache-Control"]
    known = await browser.get(f"{address}/cover", headers={"If-None-Match": taken.headers["ETag"]})
    assert (known.status, await known.read()) == (304, b"")
    assert (await browser.get(f"{address}/cover", headers={"If-None-Match": drawn.headers["ETag"]})).status == 200


async def test_searching_is_never_a_failure_and_never_markup(town: Town, tapes: Tapes) -> None:
    database = town.web.app[keys.STORE].database
    await published(database, "evil", title='"><script>alert(1)</script>', unit="' OR 1=1 --")
    for text in ("'", "%", "_", "\\", "' OR 1=1 --", '"><script>', "\x00", "x" * 101, "٣", "\u202e"):
        for name in ("q", "subject", "unit", "after"):
            answer = await town.browser("x2.teacher").get("/library", page=True, params={name: text})
            assert answer.status in (200, 422), (name, text)
            assert "<script>" not in await answer.text()
    found = await page(town, "x2.teacher", "/library?unit=%27+OR+1%3D1+--")
    assert "/library/evil" in found
    assert "/library/evil" not in await page(town, "x2.teacher", "/library?unit=%27+OR+1%3D2+--")


async def test_facets_and_the_tree_are_links_and_choices_with_counts(town: Town, tapes: Tapes) -> None:
    database = town.web.app[keys.STORE].database
    await published(database, "one", at=1, unit="第一单元")
    await published(database, "two", "x2", at=2, title="静夜思", subject="chinese", edition="统编版")
    text = await page(town, "x2.c1.s1", "/library?subject=maths")
    assert re.search(r'<option value="maths" selected>数学 \(1\)', text)
    assert re.search(r'<option value="chinese">语文 \(1\)', text)
    assert re.search(r'<option value="3">3 年级 \(1\)', text)
    (leaf,) = re.findall(r'<a href="(/library\?[^"]*unit=[^"]*)"', text)
    assert "/library/one" in await page(town, "x2.c1.s1", leaf.replace("&amp;", "&"))
    assert "/library/two" not in text


async def test_pages_of_an_empty_library_and_of_a_long_one(town: Town, tapes: Tapes) -> None:
    assert "还没有资源" in await page(town, "x2.teacher", "/library")
    assert "没有找到" in await page(town, "x2.teacher", "/library?q=分数")
    database = town.web.app[keys.STORE].database
    for n in range(30):
        await published(database, f"r{n:02}", at=n, title=f"第{n}课")
    first = await page(town, "x2.teacher", "/library?q=课&grade=3")
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = await page(town, "x2.teacher", more.replace("&amp;", "&"))
    cards = [set(re.findall(r'<a href="/library/(r\d+)"', text)) for text in (first, second)]
    assert cards[0] | cards[1] == {f"r{n:02}" for n in range(30)}
    assert not cards[0] & cards[1]
    assert 'rel="next"' not in second


async def test_who_has_the_library_in_the_menu(town: Town) -> None:
    for who in ("x2.teacher", "x.librarian", "x.reviewer", "n.admin", "x1.assistant"):
        assert 'href="/library"' in await page(town, who, "/self")
    assert 'href="/library"' not in await page(town, "x1.c1.s1.parent", "/self")
    assert 'href="/library"' in await page(town, "x1.c1.s1", "/")


async def test_a_librarians_home_is_what_waits(town: Town, tapes: Tapes) -> None:
    home = await page(town, "x.librarian", "/")
    assert f'href="{PLACE}"' in home
    assert "今天没有课" not in home
    await drafted(town.web.app[keys.STORE].database, "begun")
    assert 'href="/recordings/of.begun/publish?step=info"' in await page(town, "x.librarian", "/")
    tapes.spans.clear()
    await town.web.app[keys.STORE].database.execute(update(t.resource).values(draft=0))
    assert "都整理好了" in await page(town, "x.librarian", "/")


async def test_a_teacher_whose_name_was_erased_is_said_to_be_removed(town: Town, tapes: Tapes) -> None:
    address, contents = await out(town, tapes), town.web.app[keys.CONTENTS]
    database = town.web.app[keys.STORE].database
    await database.write(lambda connection: contents.erase_owner(connection, "x1.teacher"))
    text = await page(town, "x2.teacher", address)
    assert "姓名x1.teacher" not in text
    assert "分数的初步认识" in text
