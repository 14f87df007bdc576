"""The demo county: made-up schools, people and a timetable around now, so that whoever starts the product can try it.

Everything is made through the services, as an office would, and leaves its lines in the audit. Passwords are drawn for each
installation and stored only as hashes; the caller prints them once.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.accounts.caller import Caller, system
from server.accounts.office import Office
from server.accounts.passwords import Passwords
from server.accounts.people import AssignedRole, NewPerson, People
from server.domain.orgs import Classroom, GroupKind, Org, RoomKind, Tier
from server.domain.people import Grant
from server.errors import BookingClash
from server.school import classes, courses, groups, lessons, orgs, rooms, terms, timetable
from server.school import seats as seating
from server.school.courses import NewCourse
from server.store.logins import set_password
from server.store.schedule import teacher_resource

CODE = "DEMO"
"""Code of its root; by it pages know that they show made-up people."""
WHO = system("demo")
SOON_MS = 45 * 60_000
"""Something to enter begins within this time, whenever the demo is started."""

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = ("子涵", "雨桐", "浩然", "欣怡", "宇轩", "梓萱", "思远", "佳宁", "明哲", "若曦", "天佑", "语晨", "小满", "立夏", "春生", "秋实")
_SCHOOLS: tuple[tuple[str, str, Tier, str, tuple[tuple[str, str, RoomKind], ...]], ...] = (
    ("SQ", "DEMO-SQ-1", "school", "石桥县实验小学", (("101", "录播教室", "master"), ("102", "三（1）班教室", "both"))),
    ("DEMO-SQ-1", "DEMO-SQ-1A", "point", "云岭教学点", (("1", "教室", "remote"),)),
    ("SQ", "DEMO-SQ-2", "school", "石桥村小学", (("1", "多媒体教室", "remote"),)),
    ("SQ", "DEMO-SQ-3", "school", "河湾小学", (("1", "多媒体教室", "remote"), ("2", "音乐教室", "remote"))),
    ("HQ", "DEMO-HQ-1", "school", "红旗小学", (("1", "多媒体教室", "both"),)),
    ("HQ", "DEMO-HQ-2", "school", "北山小学", (("1", "多媒体教室", "remote"),)),
)
_PEOPLE: tuple[tuple[str, str, str, AssignedRole], ...] = (
    ("admin", "DEMO", "方敏", "admin"),
    ("county", "DEMO-SQ", "周正", "admin"),
    ("county2", "DEMO-HQ", "郑红", "admin"),
    ("inspector", "DEMO-SQ", "严明", "inspector"),
    ("librarian", "DEMO-SQ", "舒馆", "librarian"),
    ("reviewer", "DEMO-SQ", "沈核", "reviewer"),
    ("teacher", "DEMO-SQ-1", "林老师", "teacher"),
    ("teacher2", "DEMO-SQ-1", "高老师", "teacher"),
    ("assistant", "DEMO-SQ-2", "石助教", "assistant"),
    ("assistant2", "DEMO-SQ-1A", "云助教", "assistant"),
    ("assistant3", "DEMO-HQ-1", "洪助教", "assistant"),
)


@dataclass(frozen=True, slots=True)
class Login:
    """What a visitor types."""

    login: str
    password: str
    role: str
    org: str


class County:
    """Builds it. `zone`: the school's; `passwords`: hashes them."""

    def __init__(self, office: Office, people: People, passwords: Passwords, zone: ZoneInfo) -> None:
        self._office = office
        self._people = people
        self._passwords = passwords
        self._zone = zone
        self._draw = random.Random(20260901)  # noqa: S311 — the same made-up names in every demo
        self._orgs: dict[str, Org] = {}
        self._rooms: dict[str, list[Classroom]] = {}
        self._sitting: dict[str, str] = {}
        """School → its class."""

    async def build(self) -> list[Login]:
        """Make everything; empty if the installation has organisations already."""
        if await self._office.orgs.count():
            return []
        await self._tree()
        logins = await self._logins()
        await self._classes()
        await self._groups()
        await self._calendar()
        await self._courses()
        return logins

    async def something_soon(self) -> None:
        """A lesson that can be entered soon, unless the timetable has one."""
        office, now = self._office, self._office.now()
        teacher = await office.people.by_login("teacher")
        group = next(iter(await office.groups.under([f"{(await self._root()).path}"])), None)
        if teacher is None or group is None:
            return
        soon = await office.schedule.booked([teacher_resource(teacher.id)], now, now + SOON_MS)
        if any(one.phase != "cancelled" for one in soon):
            return
        home = await office.orgs.get(teacher.org)
        caller = Caller("person", teacher.id, (Grant("teacher", home.path, home.tier),) if home else (), origin="demo")
        begin = datetime.fromtimestamp(now / 1000, self._zone).replace(second=0, microsecond=0) + timedelta(minutes=3)
        form = lessons.NewLesson(
            name="分数的认识",
            standing_group=group.id,
            day=begin.date().isoformat(),
            begins=begin.strftime("%H:%M"),
            unit="分数的初步认识",
            subject="maths",
            stage="primary",
            grade="3",
            edition="人教版",
            volume="上册",
        )
        try:
            await lessons.create(office, caller, form, self._zone)
        except BookingClash:
            return

    async def _root(self) -> Org:
        return await orgs.by_code(self._office, WHO, CODE)

    async def _tree(self) -> None:
        root = await orgs.create_root(self._office, WHO, orgs.NewOrg(name="云溪省（演示）", code=CODE, tier="province"))
        city = await orgs.create(self._office, WHO, root.id, orgs.NewOrg(name="青川市", code="DEMO-QC", tier="city"))
        self._orgs = {CODE: root}
        for short, name in (("SQ", "石桥县"), ("HQ", "红旗县")):
            new = await orgs.create(self._office, WHO, city.id, orgs.NewOrg(name=name, code=f"DEMO-{short}", tier="county"))
            self._orgs[short] = self._orgs[f"DEMO-{short}"] = new
        for parent, code, tier, name, places in _SCHOOLS:
            school = await orgs.create(self._office, WHO, self._orgs[parent].id, orgs.NewOrg(name=name, code=code, tier=tier))
            self._orgs[code] = school
            for number, called, kind in places:
                form = rooms.NewRoom(code=number, name=called, kind=kind, seat_rows=5, seat_columns=6)
                self._rooms.setdefault(code, []).append(await rooms.create(self._office, WHO, school.id, form))

    async def _groups(self) -> None:
        await self._group("DEMO-SQ", "石桥专递课堂", "schools", ("DEMO-SQ-1A", "DEMO-SQ-2", "DEMO-SQ-3"))
        await self._group("DEMO-SQ", "石桥红旗结对", "paired", ("DEMO-HQ-1", "DEMO-HQ-2"))

    async def _group(self, org: str, name: str, kind: GroupKind, schools: tuple[str, ...]) -> None:
        master = self._rooms["DEMO-SQ-1"][0]
        form = groups.NewGroup(name=name, kind=kind, master_classroom=master.id)
        group = await groups.create(self._office, WHO, self._orgs[org].id, form)
        for number, school in enumerate(schools):
            room, sitting = self._rooms[school][0], self._sitting[school]
            follows = groups.AddRoom(room=room.join_code, school_class=sitting, version=group.version + number)
            await groups.add_room(self._office, WHO, group.id, follows)

    async def _logins(self) -> list[Login]:
        found = []
        for login, org, name, role in _PEOPLE:
            person = await self._people.create(WHO, self._orgs[org].id, NewPerson(name=name, login=login, role=role))
            password = _password()
            kept = await self._passwords.hash(password)
            await self._office.database.write(lambda connection, p=person, k=kept: set_password(connection, p.id, k))  # type: ignore[misc]
            found.append(Login(login, password, role, self._orgs[org].name))
        return found

    async def _classes(self) -> None:
        year = datetime.fromtimestamp(self._office.now() / 1000, self._zone).year
        for _, code, _, _, _ in _SCHOOLS:
            form = classes.NewClass(code="301", name="三年级（1）班", grades=(3,), year=year)
            group = await classes.create(self._office, WHO, self._orgs[code].id, form)
            names = [(f"{n:02}", self._draw.choice(_SURNAMES) + self._draw.choice(_GIVEN)) for n in range(1, 13)]
            await classes.add_many(self._office, WHO, group.id, names)
            self._sitting[code] = group.id
            room = self._rooms[code][-1]
            seats = {str(seat): number for seat, (number, _) in enumerate(names, 1)}
            plan = seating.SetSeats(classroom=room.id, valid_from=f"{year}-01-01", seats=seats)
            await seating.set_seats(self._office, WHO, group.id, plan, self._zone)

    async def _calendar(self) -> None:
        today = datetime.fromtimestamp(self._office.now() / 1000, self._zone).date()
        form = terms.proposal(today)
        if not form.first_day <= today.isoformat() <= form.last_day:  # the holidays: the demo goes on
            first, last = today - timedelta(days=28), today + timedelta(days=120)
            monday = first - timedelta(days=first.weekday())
            form = terms.NewTerm(name=form.name, first_day=first.isoformat(), last_day=last.isoformat(), week_one=monday.isoformat())
        root = self._orgs[CODE]
        await terms.create_term(self._office, WHO, root.id, form)
        lines = " ".join(f"{begins}-{ends}" for begins, ends in terms.EIGHT.values())
        await terms.create_bell(self._office, WHO, root.id, terms.NewBell(name="作息时间", valid_from=form.first_day, lines=lines))

    async def _courses(self) -> None:
        office, school = self._office, self._orgs["DEMO-SQ-1"]
        term = (await terms.calendar(office).terms(school.path))[0]
        by_name = {group.name: group for group in await office.groups.under([self._orgs[CODE].path])}
        for login, name, subject, group, slots in (
            ("teacher", "三年级数学", "maths", "石桥专递课堂", ((1, 2), (3, 2), (5, 3))),
            ("teacher2", "三年级音乐", "music", "石桥红旗结对", ((2, 3), (4, 5))),
        ):
            person = await office.people.by_login(login)
            assert person is not None
            form = NewCourse(
                name=name,
                subject=subject,
                stage="primary",
                grade="3",
                edition="人教版",
                volume="上册",
                teacher=person.id,
                term=term.id,
                standing_group=by_name[group].id,
            )
            course = await courses.create(office, WHO, school.id, form)
            for number, (weekday, period) in enumerate(slots):
                slot = courses.AddSlot(weekday=weekday, period=period, version=course.version + number)
                await courses.slot_added(office, WHO, course.id, slot)
            await timetable.publish(office, WHO, course.id, self._zone)


def _password() -> str:
    """Easy to read out, 50 bits of chance."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


def lines_of(logins: list[Login]) -> list[str]:
    """What is printed and kept."""
    return [f"{one.login:<12}{one.password:<18}{one.role:<12}{one.org}" for one in logins]
