from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from server.accounts.caller import NOBODY, Caller
from server.accounts.door import COOKIE, GRACE_MS, Door, surplus
from server.accounts.tokens import Admission, Signer
from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.people import Grant
from server.domain.plan import KEPT_MS
from server.domain.principal import MASTER, Principal, Role
from server.domain.schedule import ScheduledLesson, ScheduledRoom
from server.errors import Forbidden, LinkExpired, LinkInvalid, NoSuchLesson, Unauthenticated

SIGNER = Signer(b"k" * 32)


class Town:
    """Links, lessons and a clock."""

    def __init__(self) -> None:
        self.links = {"l1": Link("l1", "L", "classroom", "p1", "A", 0, 1_000), "l2": Link("l2", "L", "viewer", None, "", 0, None)}
        self.lessons = {"L": LessonState("L", "x"), "M": LessonState("M", "y")}
        room = ScheduledRoom("r1", "p1", None, "/n/x/x2/")
        self.scheduled_lessons = {
            "L": ScheduledLesson("L", "x", "scheduled", 1, path="/n/x/x1/", teacher="t", rooms={"r1": room}),
            "M": ScheduledLesson("M", "y", "scheduled", 1),
        }
        self.now = 0
        self.sessions: set[str] = set()
        ids = itertools.count(1)
        self.door = Door(SIGNER, self, lambda: self.now, lambda: f"a{next(ids)}")

    async def link(self, link_id: str) -> Link:
        if link_id not in self.links:
            raise LinkInvalid
        return self.links[link_id]

    async def find(self, lesson_id: str) -> LessonState:
        if lesson_id not in self.lessons:
            raise NoSuchLesson
        return self.lessons[lesson_id]

    async def scheduled(self, lesson_id: str) -> ScheduledLesson:
        await self.find(lesson_id)
        return self.scheduled_lessons[lesson_id]

    async def name(self, lesson_id: str, participant: str) -> str:
        return f"name of {participant}"

    async def has_session(self, lesson_id: str, link_id: str) -> bool:
        return link_id in self.sessions

    def token(self, link: str) -> str:
        return SIGNER.link_token(self.links[link])

    async def cookies(self, *links: str) -> dict[str, str]:
        held: dict[str, str] = {}
        for link in links:
            entered = await self.door.enter(self.token(link), held)
            held[COOKIE + entered.admission.id] = SIGNER.admission_cookie(entered.admission)
            self.now += 1
        return held


async def test_entering_gives_one_admission_per_browser_and_link() -> None:
    town = Town()
    cookies = await town.cookies("l1")
    assert (await town.door.enter(town.token("l1"), cookies)).admission.id == "a1"
    assert (await town.door.enter(town.token("l1"), {})).admission.id == "a2"


async def test_expiry_stops_entering_but_not_who_is_in() -> None:
    town = Town()
    cookies = await town.cookies("l1")
    town.now = 2_000
    with pytest.raises(LinkExpired):
        await town.door.enter(town.token("l1"), {})
    assert (await town.door.enter(town.token("l1"), cookies)).admission.id == "a1"
    assert (await town.door.by_cookie(cookies, "L")).principal.participant == "p1"


async def test_a_tool_that_was_in_before_expiry_may_come_back() -> None:
    town = Town()
    other = Town()
    assert (await town.door.by_bearer(town.token("l1"), "L")).id == "l1"
    town.now = other.now = 2_000
    assert (await town.door.by_bearer(town.token("l1"), "L")).id == "l1"
    with pytest.raises(LinkExpired):
        await other.door.by_bearer(other.token("l1"), "L")
    assert (await other.door.by_bearer(other.token("l1"), "L", session=True)).id == "l1"
    with pytest.raises(LinkExpired):
        await other.door.by_bearer(other.token("l1"), "L")
    other.sessions.add("l1")
    assert (await other.door.by_bearer(other.token("l1"), "L")).id == "l1"


async def test_revocation_stops_everybody() -> None:
    town = Town()
    cookies = await town.cookies("l1")
    await town.door.by_bearer(town.token("l1"), "L")
    town.links["l1"] = replace(town.links["l1"], revoked_at=5)
    for attempt in (
        town.door.enter(town.token("l1"), cookies),
        town.door.by_cookie(cookies, "L"),
        town.door.by_bearer(town.token("l1"), "L"),
    ):
        with pytest.raises(LinkInvalid):
            await attempt


async def test_an_admission_outlives_the_lesson_by_two_hours() -> None:
    town = Town()
    cookies = await town.cookies("l2")
    town.lessons["L"] = replace(town.lessons["L"], ended_at=1_000)
    town.now = 1_000 + GRACE_MS
    await town.door.by_cookie(cookies, "L")
    town.now += 1
    for attempt in (
        town.door.by_cookie(cookies, "L"),
        town.door.by_bearer(town.token("l2"), "L"),
        town.door.enter(town.token("l2"), cookies),
    ):
        with pytest.raises(LinkExpired):
            await attempt


async def test_each_page_names_its_admission() -> None:
    town = Town()
    cookies = await town.cookies("l1", "l2")
    assert (await town.door.by_cookie(cookies, "L")).principal.role == "viewer"
    assert (await town.door.by_cookie(cookies, "L", "a1")).principal.role == "classroom"
    assert (await town.door.by_cookie(cookies, "L", role="classroom")).admission.id == "a1"
    with pytest.raises(Unauthenticated):
        await town.door.by_cookie(cookies, "L", "a9")
    with pytest.raises(Unauthenticated):
        await town.door.by_cookie(cookies, "L", role="master")


async def test_other_lessons() -> None:
    town = Town()
    cookies = await town.cookies("l1")
    with pytest.raises(Forbidden):
        await town.door.by_bearer(town.token("l1"), "M")
    with pytest.raises(NoSuchLesson):
        await town.door.by_bearer(town.token("l1"), "nowhere")
    with pytest.raises(Forbidden):
        await town.door.by_cookie(cookies, "M", "a1")
    with pytest.raises(Unauthenticated):
        await town.door.by_cookie(cookies, "M")


async def test_cookies_that_were_altered_or_renamed_do_not_count() -> None:
    town = Town()
    cookies = await town.cookies("l1")
    (value,) = cookies.values()
    assert town.door.held({COOKIE + "a2": value, COOKIE + "a1": value[:-1] + "_", "other": value, COOKIE: "", COOKIE + "x": "é"}) == []


def test_surplus_is_the_oldest() -> None:
    held = [Admission(f"a{n}", "l", "L", "viewer", n) for n in range(5)]
    assert [a.id for a in surplus(held, 3)] == ["a1", "a0"]


TEACHER = Caller("person", "t", (Grant("teacher", "/n/x/x1/", "school"),), "s1", 3)
COLLEAGUE = Caller("person", "c", (Grant("teacher", "/n/x/x1/", "school"),), "s2", 1)
ASSISTANT = Caller("person", "h", (Grant("assistant", "/n/x/x2/", "school"),), "s3", 1)
DEVICE = Caller("device", "d", (Grant("device", "/n/x/x2/", "school", "r1"),), "d")
FOREIGN_DEVICE = Caller("device", "e", (Grant("device", "/n/x/x2/", "school", "r2"),), "e")
INSPECTOR = Caller("person", "i", (Grant("inspector", "/n/x/", "county"),), "s4", 1)
OTHER_COUNTY = Caller("person", "o", (Grant("inspector", "/n/y/", "county"), Grant("admin", "/n/y/", "county")), "s5", 1)


@pytest.mark.parametrize(
    ("caller", "role", "expected"),
    [
        (TEACHER, None, Principal("person:t", "session:s1:3", "L", "master", MASTER, "name of master")),
        (TEACHER, "wall", Principal("person:t", "session:s1:3", "L", "wall", None, "")),
        (ASSISTANT, None, Principal("person:h", "session:s3:1", "L", "classroom", "p1", "name of p1")),
        (DEVICE, None, Principal("device:d", "device:d", "L", "classroom", "p1", "name of p1")),
        (INSPECTOR, None, Principal("person:i", "session:s4:1", "L", "viewer", None, "")),
    ],
)
async def test_who_one_is_in_a_lesson_follows_from_the_timetable(caller: Caller, role: Role | None, expected: Principal) -> None:
    assert await Town().door.resident(caller, "L", role) == expected


@pytest.mark.parametrize("caller", [NOBODY, FOREIGN_DEVICE, OTHER_COUNTY])
async def test_of_a_lesson_one_has_no_part_in_one_does_not_even_know(caller: Caller) -> None:
    with pytest.raises(NoSuchLesson):
        await Town().door.resident(caller, "L", None)


@pytest.mark.parametrize(("caller", "role"), [(COLLEAGUE, "master"), (ASSISTANT, "master"), (INSPECTOR, "classroom"), (DEVICE, "wall")])
async def test_nobody_takes_another_part_than_the_own(caller: Caller, role: Role) -> None:
    with pytest.raises(Forbidden):
        await Town().door.resident(caller, "L", role)


async def test_a_room_that_is_not_ones_own_is_nobodys() -> None:
    with pytest.raises(Forbidden):
        await Town().door.resident(ASSISTANT, "L", "classroom", "r9")


async def test_residents_too_leave_two_hours_after_the_end() -> None:
    town = Town()
    town.lessons["L"] = replace(town.lessons["L"], ended_at=1_000)
    town.now = 1_001 + GRACE_MS
    with pytest.raises(LinkExpired):
        await town.door.resident(TEACHER, "L", None)


async def test_an_assistant_comes_with_late_check_in_for_seven_days() -> None:
    town = Town()
    town.links["l3"] = Link("l3", "L", "assistant", "p1", "A", 0, None)
    cookies = await town.cookies("l3")
    town.lessons["L"] = replace(town.lessons["L"], ended_at=1_000)
    town.now = 1_000 + KEPT_MS
    assert (await town.door.by_cookie(cookies, "L")).principal.role == "assistant"
    assert (await town.door.resident(ASSISTANT, "L", "assistant")).role == "assistant"
    with pytest.raises(LinkExpired):
        await town.door.resident(ASSISTANT, "L", "classroom")
    town.now += 1
    for attempt in (town.door.by_cookie(cookies, "L"), town.door.resident(ASSISTANT, "L", "assistant")):
        with pytest.raises(LinkExpired):
            await attempt
