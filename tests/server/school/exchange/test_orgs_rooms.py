"""Organisations and classrooms from tables: what is bad is named, what is right is written, on both databases."""

from __future__ import annotations

import pytest

from server.errors import Forbidden, NotThere
from tests.harness.postgres import both_databases
from tests.server.school.exchange.conftest import Trade, bad, counts

pytestmark = both_databases
ORGS = "上级代码,代码,名称,层级\n"
ROOMS = "学校代码,教室代码,名称,类型,排数,列数\n"


async def test_new_schools_in_any_order(trade: Trade) -> None:
    text = ORGS + "X-9,X-9A,山脚教学点,教学点\nC-x,X-9,九号学校,学校\n,C-x,石桥县,县\n,C-x1,新名字,school\n"
    assert counts(await trade.check("x.admin", "orgs", text)) == (2, 1, 1)
    assert await trade.office.orgs.by_code("X-9") is None
    assert counts(await trade.apply("x.admin", "orgs", text)) == (2, 1, 1)
    point, school = await trade.office.orgs.by_code("X-9A"), await trade.office.orgs.by_code("X-9")
    assert point is not None
    assert school is not None
    assert point.parent == school.id
    assert (await trade.office.orgs.get("x1")).name == "新名字"  # type: ignore[union-attr]
    assert counts(await trade.apply("x.admin", "orgs", text)) == (0, 0, 4)
    assert [act for act, _ in await trade.acts()] == ["org.create", "org.edit", "org.create", "org.import", "org.import"]
    assert (await trade.acts())[3][1] == '{"changed":1,"new":2,"rows":4,"same":1,"table":"orgs"}'


async def test_every_bad_cell_is_named(trade: Trade) -> None:
    text = ORGS + "\n".join(
        (
            "C-x,X 1,,村",  # 2: code, name, tier
            "C-y,X-2,二,学校",  # 3: outside the caller's scope
            "NOWHERE,X-3,三,学校",  # 4: there is none such
            "C-x,X-4,四,学校",
            "C-x,X-4,四,学校",  # 6: twice
            "C-x,C-x1,石桥中心小学,教学点",  # 7: another tier
            "C-x,C-y1,五,学校",  # 8: a code of another county
            ",X-5,五,学校",  # 9: no parent
            "X-7,X-6,六,学校",  # 10, 11: each under the other
            "X-6,X-7,七,学校",
            "C-x1,X-8,八,学校",  # 12: a school under a school
        )
    )
    report = await trade.apply("x.admin", "orgs", text)
    assert bad(report) == [
        (2, "代码", "format"),
        (2, "名称", "required"),
        (2, "层级", "choice"),
        (3, "上级代码", "missing"),
        (4, "上级代码", "missing"),
        (6, "代码", "twice"),
        (7, "层级", "fixed"),
        (8, "代码", "taken"),
        (9, "上级代码", "required"),
        (10, "上级代码", "loop"),
        (11, "上级代码", "loop"),
        (12, "层级", "tier"),
    ]
    assert report.bad[5].params == {"other": 5}
    assert await trade.office.orgs.by_code("X-4") is None
    assert await trade.acts() == []


async def test_a_foreign_code_and_an_unknown_one_read_alike(trade: Trade) -> None:
    for name, text in (("orgs", ORGS + "%s,X-2,二,学校\n"), ("rooms", ROOMS + "%s,1,一,两用,5,5\n")):
        foreign, unknown = [await trade.check("x.admin", name, text % code) for code in ("C-y1", "C-zzz")]
        assert foreign == unknown


async def test_what_one_sees_and_may_not_change_is_forbidden(trade: Trade) -> None:
    assert bad(await trade.check("x1.admin", "orgs", ORGS + "C-x1,N-1,新,教学点\nC-x1,C-x1p,云岭,教学点\n")) == []
    assert bad(await trade.check("x1.admin", "orgs", ORGS + "C-x,C-x1,改名,学校\n")) == [(2, "上级代码", "missing")]
    for who in ("x.inspector", "x1.teacher", "x1.c1.s1", "x1.d1"):
        with pytest.raises(Forbidden):
            await trade.check(who, "orgs", ORGS)
        with pytest.raises(Forbidden):
            await trade.export(who, "orgs")
    with pytest.raises(NotThere):
        await trade.check("x.admin", "passwords", ORGS)
    with pytest.raises(NotThere):
        await trade.export("x.admin", "orgs", "y1")


async def test_a_school_moves_with_all_under_it(trade: Trade) -> None:
    text = ORGS + "C-y,C-x1,石桥中心小学,学校\n"
    assert bad(await trade.check("x.admin", "orgs", text)) == [(2, "上级代码", "missing")]
    assert counts(await trade.apply("d.admin", "orgs", text)) == (0, 1, 0)
    assert (await trade.office.orgs.get("x1p")).path == "/n/p/d/y/x1/x1p/"  # type: ignore[union-attr]
    swap = ORGS + "C-d,C-y,红旗县,县\nC-y,C-x,石桥县,县\n"
    assert bad(await trade.check("d.admin", "orgs", swap)) == [(3, "层级", "tier")]


async def test_rooms(trade: Trade) -> None:
    text = ROOMS + "C-x1,1,1号教室,主讲,5,8\nC-x1,2,二号,remote,6,8\nC-x2,10,音乐教室,主讲教室,1,12\n"
    assert counts(await trade.check("x.admin", "rooms", text)) == (1, 1, 1)
    assert counts(await trade.apply("x.admin", "rooms", text)) == (1, 1, 1)
    changed = await trade.office.rooms.get("x1.r2")
    assert changed is not None
    assert (changed.name, changed.kind, changed.seat_rows) == ("二号", "remote", 6)
    assert [act for act, _ in await trade.acts()] == ["room.edit", "room.create", "org.import"]
    assert counts(await trade.check("x.admin", "rooms", text)) == (0, 0, 3)
    wrong = ROOMS + "C-x,1,1,主讲,5,8\nC-y1,1,1,主讲,5,8\nC-x1,1,1,大,0,13\nC-x1,1,1,主讲,x,8\nC-x1,9,,主讲,5,8,垃圾\n"
    assert bad(await trade.check("x.admin", "rooms", wrong)) == [
        (2, "学校代码", "not_school"),
        (3, "学校代码", "missing"),
        (4, "类型", "choice"),
        (4, "排数", "low"),
        (4, "列数", "high"),
        (5, "教室代码", "twice"),
        (5, "排数", "number"),
        (6, "名称", "required"),
        (6, "G", "no_header"),
    ]


async def test_headers(trade: Trade) -> None:
    english = "School Code,room_code,Name,room kind,Rows,columns,Notes\nC-x1,1,1号教室,master,5,8,whatever\n"
    assert counts(await trade.check("x.admin", "rooms", english)) == (0, 0, 1)
    wrong = "\n学校代码,教室代码(必填),名称,教室代码,密码,排数\nC-x1,1,1号教室,主讲,5,8\n"
    assert bad(await trade.check("x.admin", "rooms", wrong)) == [
        (2, "教室代码", "header_twice"),
        (2, "类型", "header_missing"),
        (2, "列数", "header_missing"),
        (2, "密码", "header_unknown"),
    ]


async def test_data_that_changed_since_the_dry_run_is_checked_again(trade: Trade) -> None:
    text = ROOMS + "C-x1,7,七号,两用,5,8\nC-x2,7,七号,两用,5,8\n"
    assert counts(await trade.check("x.admin", "rooms", text)) == (2, 0, 0)
    assert counts(await trade.apply("x1.admin", "rooms", ROOMS + "C-x1,7,别的,两用,5,8\n")) == (1, 0, 0)
    assert counts(await trade.apply("x.admin", "rooms", text)) == (1, 1, 0)
    assert counts(await trade.check("d.admin", "orgs", ORGS + "C-x,X-1,一,学校\n")) == (1, 0, 0)
    await trade.apply("d.admin", "orgs", ORGS + "C-y,X-1,一,学校\n")
    report = await trade.apply("x.admin", "orgs", ORGS + "C-x,X-2,二,学校\nC-x,X-1,一,学校\n")
    assert bad(report) == [(3, "代码", "taken")]
    assert await trade.office.orgs.by_code("X-2") is None


async def test_exports_are_of_the_own_scope_and_come_back_unchanged(trade: Trade) -> None:
    assert await trade.export("x1.admin", "orgs") == [
        ["上级代码", "代码", "名称", "层级"],
        ["", "C-x1", "石桥中心小学", "学校"],
        ["C-x1", "C-x1p", "云岭教学点", "教学点"],
    ]
    assert [row[0] for row in (await trade.export("x.admin", "rooms", "x2"))[1:]] == ["C-x2", "C-x2"]
    caller = await trade.town.caller("x.admin")
    for table, rows in (("orgs", 4), ("rooms", 6), ("classes", 3), ("students", 15), ("people", 10)):
        for kind in ("xlsx", "csv"):
            data = await trade.exchange.export(caller, table, kind)  # type: ignore[arg-type]
            assert counts(await trade.exchange.check(caller, table, data)) == (0, 0, rows), table
    lines = [details for act, details in await trade.acts() if act == "org.export"]
    assert lines[0] == '{"rows":2,"table":"orgs"}'
    assert len(lines) == 12


async def test_templates_are_accepted_and_ask_for_nothing(trade: Trade) -> None:
    caller = await trade.town.caller("x.admin")
    for table in ("orgs", "rooms", "classes", "students", "people", "courses"):
        for kind in ("xlsx", "csv"):
            data = trade.exchange.template(table, kind, [["列", "说明"]])  # type: ignore[arg-type]
            report = await trade.exchange.check(caller, table, data)
            assert (report.rows, bad(report)) == (0, [])
