"""Classes, students and people from tables, on both databases."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from server.school import classes
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.school.exchange.conftest import Trade, bad, counts

pytestmark = both_databases
CLASSES = "学校代码,班级代码,名称,年级,学年\n"
STUDENTS = "学校代码,班级代码,学号,姓名\n"
PEOPLE = "单位代码,登录名,姓名,工号,角色\n"


async def names(trade: Trade, class_id: str) -> dict[str, str]:
    who = await trade.town.caller("x.admin")
    return {one.number: one.name for one in await classes.shown(trade.office, who, class_id, full=True)}


async def test_classes(trade: Trade) -> None:
    text = CLASSES + "C-x1,301,三年级1班,三年级,2026\nC-x1,复式,C-1\n"
    assert bad(await trade.check("x.admin", "classes", text)) == [
        (3, "班级代码", "format"),
        (3, "年级", "required"),
        (3, "学年", "required"),
    ]
    text = (
        CLASSES
        + "C-x1,301,三年级1班,3,2026-2027\nC-x1,301,三年级1班,2,2025学年\nC-x1p,F1,复式班,一、二 3,2026\nC-x2,301,三（1）班,3,2026\n"
    )
    assert counts(await trade.apply("x.admin", "classes", text)) == (2, 1, 1)
    mixed = await trade.office.classes.by_code("x1p", "F1")
    assert mixed is not None
    assert mixed.grades == (1, 2, 3)
    assert [act for act, _ in await trade.acts()] == ["class.create", "class.create", "class.edit", "org.import"]
    wrong = CLASSES + "C-x1,301,a,13,2026\nC-x1,301,a,三,1999\nC-x1,301,a,x,2026-27\n"
    assert bad(await trade.check("x.admin", "classes", wrong)) == [
        (2, "年级", "high"),
        (3, "学年", "low"),
        (4, "班级代码", "twice"),
        (4, "年级", "number"),
    ]


async def test_students(trade: Trade) -> None:
    text = STUDENTS + "C-x1,301,01,王小明\nC-x1,301,02,\nC-x1,301,06,李四\nC-x1,301,07,\nC-x2,301,01,学生x2.c1.s1\n"
    assert counts(await trade.check("x.admin", "students", text)) == (2, 1, 2)
    assert counts(await trade.apply("x.admin", "students", text)) == (2, 1, 2)
    kept = await names(trade, "x1.c1")
    assert (kept["01"], kept["02"], kept["06"], kept["07"]) == ("王小明", "学生x1.c1.s2", "李四", "")
    assert [act for act, _ in await trade.acts()] == ["student.edit", "student.create", "org.import"]
    rows = await trade.office.database.read(select(t.content.c.id).where(t.content.c.owner == "x1.c1.s1", t.content.c.kind == "name"))
    assert len(rows) == 1, "the old name is gone"
    assert counts(await trade.apply("x.admin", "students", text)) == (0, 0, 5)


async def test_bad_students(trade: Trade) -> None:
    await trade.office.database.execute(update(t.student).where(t.student.c.id == "x1.c1.s5").values(left_at=1))
    lines = [f"C-x2,301,{n}," for n in range(100, 176)]
    text = STUDENTS + "C-x1,302,01,\nC-x1,301,01,a\nC-x1,301,01,b\nC-x1,301,05,\nC-x1,301,a b,\nC-y1,301,01,\n" + "\n".join(lines)
    assert bad(await trade.apply("x.admin", "students", text)) == [
        (2, "班级代码", "missing"),
        (4, "学号", "twice"),
        (5, "学号", "left"),
        (6, "学号", "format"),
        (7, "学校代码", "missing"),
        (83, "学号", "full"),
    ]
    assert (await names(trade, "x1.c1"))["01"] == "学生x1.c1.s1"


async def test_students_of_another_year(trade: Trade) -> None:
    await trade.apply("x.admin", "classes", CLASSES + "C-x1,301,二年级1班,2,2025\n")
    assert counts(
        await trade.apply("x.admin", "students", STUDENTS.strip() + ",学年\nC-x1,301,01,,2025\nC-x1,301,01,,2026\nC-x1,301,02,,\n")
    ) == (1, 0, 2)
    assert [row[4] for row in (await trade.export("x1.admin", "students"))[1:] if row[1:3] == ["301", "01"]] == ["2025", "2026", "2026"]


async def test_people(trade: Trade) -> None:
    text = (
        PEOPLE
        + "C-x1,li.ming,李明,T-1,教师\nC-x2,Li.Ming,李明,,助教\nC-x1,,赵六,T-2,\n"
        + "C-x1,x1.teacher,姓名x1.teacher,,主讲教师\nC-x2,x1.teacher,姓名x1.teacher,,助教\nC-x2,x2.assistant,新名,T-3,助教\n"
    )
    assert counts(await trade.check("x.admin", "people", text)) == (3, 2, 1)
    assert counts(await trade.apply("x.admin", "people", text)) == (3, 2, 1)
    made = await trade.office.people.by_login("li.ming")
    assert made is not None
    roles = {(role.role, role.org) for role in (await trade.office.people.assignments([made.id]))[made.id]}
    assert roles == {("teacher", "x1"), ("assistant", "x2")}
    listed = await trade.export("x.admin", "people", "x2")
    assert ["C-x2", "x2.assistant", "新名", "****", "助教"] in listed
    assert ["C-x2", "li.ming", "李明", "****", "助教"] in listed
    acts = [act for act, _ in await trade.acts()]
    assert acts == ["person.create", "role.grant", "person.create", "role.grant", "person.edit", "org.import", "org.export"]
    assert counts(await trade.apply("x.admin", "people", text)) == (0, 0, 6)


async def test_bad_people(trade: Trade) -> None:
    number = trade.office.contents.blind("person", "T-9")
    await trade.office.database.execute(update(t.person).where(t.person.c.id == "y1.teacher").values(number_index=number))
    text = PEOPLE + "\n".join(
        (
            "C-x1,,甲,,助教",  # 2: neither login nor number
            "C-x1,y1.teacher,乙,,助教",  # 3: a login of another county
            "C-x1,bing,丙,T-9,助教",  # 4: a number of another county
            "C-x1,ding,丁,,校长",
            "C-x1,wu,戊,,助教",
            "C-x1,wu,己,,教师",  # 7: another name
            "C-x1,wu,戊,,助教",  # 8: the same role
            "C-x1,geng,庚,T-1,",
            "C-x1,xin,辛,T-1,",  # 10: a number of another row
            "C-x1,x.admin,姓名x.admin,,",  # 11: the account is kept by the county
            "C-y1,ren,壬,,助教",
            "C-x1,a b,癸,?,助教",
        )
    )
    assert bad(await trade.apply("x.admin", "people", text)) == [
        (2, "登录名", "required"),
        (3, "登录名", "taken"),
        (4, "工号", "taken"),
        (5, "角色", "choice"),
        (7, "姓名", "differs"),
        (8, "角色", "twice"),
        (10, "工号", "taken"),
        (11, "单位代码", "fixed"),
        (12, "单位代码", "missing"),
        (13, "登录名", "format"),
        (13, "工号", "short"),
    ]
    assert await trade.office.people.by_login("wu") is None


async def test_a_colleague_of_a_school_may_get_a_role_and_no_other_name(trade: Trade) -> None:
    row = {"id": "a.more", "person": "y1.teacher", "role": "teacher", "org": "x1", "valid_from": 0, "granted_by": "test", "created": 1}
    await trade.office.database.execute(insert(t.assignment).values(**row))
    assert bad(await trade.check("x1.admin", "people", PEOPLE + "C-x1,y1.teacher,别名,,助教\n")) == [(2, "姓名", "forbidden")]
    assert counts(await trade.apply("x1.admin", "people", PEOPLE + "C-x1,y1.teacher,姓名y1.teacher,,助教\n")) == (0, 1, 0)
    assert bad(await trade.check("x1.admin", "people", PEOPLE + "C-x1,x.admin,姓名x.admin,,助教\n")) == [(2, "登录名", "taken")]


async def test_an_account_that_was_shut_gets_no_role_unsaid(trade: Trade) -> None:
    row = {"id": "a.more", "person": "y1.teacher", "role": "teacher", "org": "x1", "valid_from": 0, "granted_by": "test", "created": 1}
    await trade.office.database.execute(insert(t.assignment).values(**row))
    await trade.office.database.execute(update(t.person).where(t.person.c.id.in_(["x1.teacher", "y1.teacher"])).values(disabled_at=1))
    text = PEOPLE + "C-x1,x1.teacher,姓名x1.teacher,,助教\nC-x1,y1.teacher,姓名y1.teacher,,助教\nC-x1,x2.teacher,姓名x2.teacher,,助教\n"
    assert bad(await trade.apply("x.admin", "people", text)) == [(2, "登录名", "closed"), (3, "登录名", "closed")]
    assert await trade.acts() == []
    y2 = PEOPLE + "C-y2,y1.teacher,姓名y1.teacher,,助教\n"
    await trade.office.database.execute(update(t.assignment).where(t.assignment.c.person == "y1.teacher").values(valid_until=1))
    assert bad(await trade.check("x.admin", "people", PEOPLE + "C-x1,y1.teacher,姓名y1.teacher,,助教\n")) == [(2, "登录名", "taken")]
    assert bad(await trade.check("y.admin", "people", y2)) == [(2, "登录名", "closed")]


async def test_the_number_of_somebody_above_is_not_changed(trade: Trade) -> None:
    row = {"id": "a.more", "person": "x1.teacher", "role": "inspector", "org": "x", "valid_from": 0, "granted_by": "test", "created": 1}
    await trade.office.database.execute(insert(t.assignment).values(**row))
    text = PEOPLE + "C-x1,x1.teacher,姓名x1.teacher,T-77,主讲教师\n"
    assert bad(await trade.check("x1.admin", "people", text)) == [(2, "工号", "forbidden")]
    assert counts(await trade.check("x.admin", "people", text)) == (0, 1, 0)


async def test_hostile_texts_are_kept_as_texts(trade: Trade) -> None:
    evil = ["'; DROP TABLE person; --", "<script>alert(1)</script>", "../../etc/passwd", "=cmd|' /C calc'!A0", "@SUM(1)", "{{7*7}}", "'=1"]
    text = PEOPLE + "".join(f'C-x1,u{n},"{name}",,\n' for n, name in enumerate(evil))
    assert counts(await trade.apply("x.admin", "people", text)) == (len(evil), 0, 0)
    caller = await trade.town.caller("x1.admin")
    data = await trade.exchange.export(caller, "people", "csv")
    assert b"\"'=cmd" in data
    assert b"\"'@SUM" in data
    kept = {row[1]: row[2] for row in await trade.export("x1.admin", "people") if row[1].startswith("u")}
    wanted = {f"u{n}": name for n, name in enumerate(evil)} | {"u6": "=1"}
    assert kept == wanted, "an apostrophe before a formula is how such cells are written"
    for name in ("a\x01b", "a\u202eb", "Set-Cookie: x\r\nHost: y"):
        assert [code for *_, code in bad(await trade.check("x.admin", "people", PEOPLE + f'C-x1,u9,"{name}",,\n'))] == ["format"]
