"""The tables: every column with its headers, its type, its words and an example."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.accounts.people import AssignedRole, Login, Number, Text
from server.domain.orgs import RoomKind, Tier
from server.school.classes import Grade
from server.school.exchange import words
from server.school.exchange.columns import Column, Table, choice
from server.school.fields import Code, Name, Stage, Word
from server.school.rooms import Side

Year = Annotated[int, Meta(ge=2000, le=2100)]
StudentNumber = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\W_]+$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Period = Annotated[int, Meta(ge=1, le=20)]
Weeks = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^(all|odd|even|\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*)$")]

_SCHOOL = Column("school", "学校代码", ("school code",), Code, "SQ-001")
_CLASS = ("class code",)

ORGS = Table(
    "orgs",
    "单位",
    (
        Column("parent", "上级代码", ("parent code", "上级单位代码"), Code, "SQ", required=False),
        Column("code", "代码", ("单位代码",), Code, "SQ-001"),
        Column("name", "名称", ("单位名称",), Name, "石桥小学"),
        choice("tier", "层级", ("level", "类型"), Tier, "学校", words.TIER),
    ),
)
ROOMS = Table(
    "rooms",
    "教室",
    (
        _SCHOOL,
        Column("code", "教室代码", ("room code", "教室编号"), Code, "101"),
        Column("name", "名称", ("教室名称", "room name"), Name, "多媒体教室"),
        choice("kind", "类型", ("room kind", "用途"), RoomKind, "两用", words.ROOM_KIND),
        Column("seat_rows", "排数", ("rows", "座位排数"), Side, "6"),
        Column("seat_columns", "列数", ("columns", "每排座位"), Side, "8"),
    ),
)
CLASSES = Table(
    "classes",
    "班级",
    (
        _SCHOOL,
        Column("code", "班级代码", _CLASS, Code, "301"),
        Column("name", "名称", ("班级名称", "class name"), Name, "三年级1班"),
        Column("grades", "年级", ("grade",), Annotated[tuple[Grade, ...], Meta(min_length=1, max_length=6)], "3", read=words.grades),
        Column("year", "学年", ("school year",), Year, "2026-2027", read=words.year),
    ),
)
STUDENTS = Table(
    "students",
    "学生",
    (
        _SCHOOL,
        Column("class", "班级代码", _CLASS, Code, "301"),
        Column("number", "学号", ("student number",), StudentNumber, "01"),
        Column("name", "姓名", ("student name",), Name, "张三", required=False),
        Column("year", "学年", ("school year",), Year, "2026-2027", required=False, read=words.year),
    ),
)
PEOPLE = Table(
    "people",
    "人员",
    (
        Column("org", "单位代码", ("org code", "学校代码", "organisation code"), Code, "SQ-001"),
        Column("login", "登录名", ("user name",), Login, "zhangsan", required=False),
        Column("name", "姓名", ("full name",), Text, "张三"),
        Column("number", "工号", ("person number", "身份编号"), Number, "T-0001", required=False, read=words.unmasked),
        Column(
            "role", "角色", (), AssignedRole, "主讲教师", required=False, read=words.ROLE.read, write=words.ROLE.write, words=words.ROLE
        ),
    ),
)
COURSES = Table(
    "courses",
    "课表",
    (
        _SCHOOL,
        Column("name", "课程名", ("course name", "课程"), Name, "三年级数学"),
        Column("subject", "学科", (), Word, "数学", read=words.SUBJECT.read, write=words.SUBJECT.write),
        choice("stage", "学段", (), Stage, "小学", words.STAGE),
        Column("grade", "年级", (), Word, "3", read=words.grade),
        Column("edition", "版本", ("textbook edition", "教材版本"), Name, "人教版"),
        Column("volume", "册次", (), Word, "上册"),
        Column("teacher", "教师登录名", ("teacher login", "教师"), Login, "zhangsan"),
        Column("term", "学期", (), Name, "2026-2027 (1)"),
        Column("group", "结对组", ("standing group",), Name, "石桥专递课堂"),
        Column("class", "班级代码", _CLASS, Code, "301", required=False),
        choice("weekday", "星期", ("day",), Weekday, "星期一", words.WEEKDAY),
        Column("period", "节次", (), Period, "3", read=words.period),
        Column("weeks", "周次", (), Weeks, "每周", required=False, read=words.weeks, write=words.WEEKS.write),
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in (ORGS, ROOMS, CLASSES, STUDENTS, PEOPLE, COURSES)}
"""In the order in which an installation is filled: what a table refers to comes before it."""
