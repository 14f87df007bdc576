"""What a lesson leaves for later: calls that count in the term's later lessons (S22), wrong answers by student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from server.accounts.contents import Contents
from server.accounts.vault import Vault
from server.domain.hands.queue import queue
from server.live.room import Room
from server.store import Store
from server.store import tables as t
from server.store.book import BookStore
from server.store.calls import earlier_calls
from tests.harness.postgres import both_databases
from tests.server import world as worlds
from tests.server.live.doubles import FakeWorker, Page, School

pytestmark = both_databases
DAY = 24 * worlds.HOUR
ROOMS = {"x2": "x2.r1", "y1": "y1.r1"}


@dataclass
class Day:
    """One lesson of the course."""

    school: School
    lesson: str
    console: Page
    rooms: dict[str, Page]

    async def order(self, kind: str, who: str = "", **payload: Any) -> None:
        page = self.rooms[who] if who else self.console
        await self.school.order(page, kind, **payload)
        assert page.of("refused") == []

    @property
    def room(self) -> Room:
        found = self.school.lessons.rooms.running(self.lesson)
        assert found is not None
        return found

    def part(self, who: str) -> str:
        return f"{self.lesson}.{who}"

    async def raised(self, *who: str) -> list[str]:
        """Rooms in the order of the queue, each with one hand."""
        for one in who:
            self.school.clock.now += 2_000
            await self.order("hand.raise", one, participant=self.part(one), seat=1)
        return [one.participant.rpartition(".")[2] for one in queue(self.room.state)]

    async def called(self, who: str, times: int) -> None:
        for seat in range(1, times + 1):
            await self.order("hand.call", participant=self.part(who), seat=seat)


@pytest.fixture
async def course(school: School) -> str:
    """The two counties with a course of `x1`, whose lessons go to `x2.r1` and `y1.r1`."""
    database = school.store.database
    await worlds.build(database, Contents(database, Vault({"1": b"k" * 32}, "1", b"i" * 32), lambda: worlds.NOW))
    term = {"id": "t.x1", "org": "x1", "name": "学期", "first_day": "2026-09-01", "last_day": "2027-01-20", "week_one": "2026-08-31"}
    row = {"id": "k.x1", "org": "x1", "term": "t.x1", "name": "数学", "subject": "maths", "stage": "primary", "grade": "3"}
    more = {"edition": "", "volume": "", "teacher": "x1.teacher", "master_classroom": "x1.r1", "created": 0}
    await database.execute(insert(t.term).values(**term, created=0))
    await database.execute(insert(t.course).values(**row, **more))
    for room in ("x1", "x2", "y1"):
        plan = {"id": f"plan.{room}", "school_class": f"{room}.c1", "classroom": f"{room}.r1", "valid_from": "2026-09-01", "created": 0}
        await database.execute(insert(t.seating_plan).values(**plan))
        seats = [{"plan": f"plan.{room}", "seat": n, "student": f"{room}.c1.s{n}"} for n in range(1, 6)]
        for seat in seats:
            await database.execute(insert(t.seat).values(**seat))
    return "k.x1"


async def begin(school: School, number: int, course: str | None = "k.x1", **more: Any) -> Day:
    """The course's lesson of that day is live, both rooms are there."""
    database, lesson = school.store.database, f"day{number}"
    at = school.clock.wall_ms() + number * DAY
    row = {"id": lesson, "name": "分数", "head": 0, "created": 0, "org": "x1", "course": course, "day": f"2026-10-{number:02}"}
    times = {"starts_at": at, "ends_at": at + worlds.HOUR, "teacher": "x1.teacher", "master_classroom": "x1.r1", "school_class": "x1.c1"}
    await database.execute(insert(t.lesson).values(**row | times | more))
    await database.execute(insert(t.participant).values(lesson=lesson, id="master", role="master", name="主讲"))
    for who, room in ROOMS.items():
        await database.execute(insert(t.participant).values(lesson=lesson, id=f"{lesson}.{who}", role="classroom", name=who))
        part = {"lesson": lesson, "classroom": room, "participant": f"{lesson}.{who}", "school_class": f"{who}.c1"}
        await database.execute(insert(t.lesson_room).values(**part))
    rooms = {who: await school.page(await school.link(lesson, "classroom", who)) for who in ROOMS}
    assert {page.principal.participant for page in rooms.values()} == {f"{lesson}.{who}" for who in ROOMS}
    day = Day(school, lesson, await school.page(await school.link(lesson, "master")), rooms)
    await school.pass_ms(6_000, 1_000)
    await day.order("lesson.live")
    await day.order("hand.mode", mode="least")
    return day


async def wish(store: Store, counts: bool) -> None:
    await store.database.execute(update(t.org).where(t.org.c.id == "x1").values(term_calls=counts))


async def test_a_room_called_often_in_earlier_lessons_comes_later_today(school: School, course: str) -> None:
    await wish(school.store, True)
    first = await begin(school, 1)
    await first.called("x2", 3)
    assert await first.raised("y1", "x2") == ["y1", "x2"]
    await first.order("lesson.end")
    second = await begin(school, 2)
    assert (second.room.facts.room("day2.x2").called, second.room.facts.room("day2.y1").called) == (3, 0)
    assert await second.raised("x2", "y1") == ["y1", "x2"], "x2 waits longer and was called three times yesterday"
    await second.called("y1", 4)
    assert await second.raised("y1") == ["x2", "y1"], "three of yesterday are fewer than four of today"
    await second.order("lesson.end")
    third = await begin(school, 3)
    assert (third.room.facts.room("day3.x2").called, third.room.facts.room("day3.y1").called) == (3, 4)


async def test_only_where_the_school_wants_it_so(school: School, course: str) -> None:
    first = await begin(school, 1)
    await first.called("x2", 3)
    await first.order("lesson.end")
    second = await begin(school, 2)
    assert second.room.facts.room("day2.x2").called == 0
    assert await second.raised("x2", "y1") == ["x2", "y1"]


async def test_an_hour_that_ends_while_the_next_one_waits_counts(school: School, course: str) -> None:
    await wish(school.store, True)
    first = await begin(school, 1)
    second = await begin(school, 2)
    await first.called("x2", 2)
    await first.order("lesson.end")
    assert second.room.facts.room("day2.x2").called == 0
    await second.order("lesson.pause")
    await second.order("lesson.live")
    assert second.room.facts.room("day2.x2").called == 2


async def test_a_reopened_lesson_is_counted_once(school: School, course: str) -> None:
    day = await begin(school, 1)
    await day.called("x2", 2)
    await day.order("hand.call", participant="master", seat=4)
    await day.order("lesson.end")
    await day.order("lesson.reopen")
    await day.called("x2", 1)
    await day.order("lesson.end")
    rows = await school.store.database.read(select(t.lesson_calls).order_by(t.lesson_calls.c.classroom))
    assert [tuple(row) for row in rows] == [("day1", "x1.r1", 1), ("day1", "x2.r1", 3)]


async def test_other_courses_rehearsals_and_later_lessons_do_not_count(school: School, course: str) -> None:
    for number, more in ((1, {}), (2, {"rehearsal": True}), (3, {"course": None}), (5, {})):
        day = await begin(school, number, **more)
        await day.called("x2", number)
        await day.order("lesson.end")
    at = school.clock.wall_ms() + 4 * DAY
    assert await earlier_calls(school.store.database, course, at) == {"x2.r1": 1}
    assert await earlier_calls(school.store.database, course, at + 2 * DAY) == {"x2.r1": 6}


# --- the wrong-answer book -------------------------------------------------------------------------------------------


async def asked(day: Day, answers: dict[tuple[str, int], Any], **card: Any) -> str:
    """A card is asked, answered and closed; its id."""
    await day.order("quiz.open", question="几分之几？", **card)
    quiz = day.room.state.quiz.open
    for (who, seat), choice in answers.items():
        part = "master" if who == "x1" else day.part(who)
        await day.order("quiz.answer", "" if who == "x1" else who, quiz=quiz, participant=part, seat=seat, choice=choice)
    await day.order("quiz.close", quiz=quiz)
    return quiz


async def book(school: School, *students: str) -> list[tuple[str, str, dict[str, Any]]]:
    everybody = students or tuple(f"{room}.c1.s{n}" for room in ("x1", "x2", "y1") for n in range(1, 6))
    page = await BookStore(school.store.database).of(everybody)
    return [(card.lesson, card.card.quiz, dict(card.wrong)) for card in page.cards]


SINGLE: dict[str, Any] = {"type": "single", "options": ["1/2", "1/3"], "key": {"options": [0]}}


async def test_wrong_answers_are_kept_by_student_once_the_answer_is_shown_and_the_lesson_is_over(school: School, course: str) -> None:
    day = await begin(school, 1)
    quiz = await asked(day, {("x1", 2): [1], ("x2", 1): [0], ("x2", 2): [1], ("y1", 3): [1], ("y1", 40): [1]}, **SINGLE)
    await day.order("quiz.reveal", quiz=quiz)
    assert await book(school) == [], "the lesson goes on"
    await day.order("lesson.end")
    wrong = {"x1.c1.s2": (1,), "x2.c1.s2": (1,), "y1.c1.s3": (1,)}
    assert await book(school) == [("day1", quiz, wrong)], "nobody sits on seat 40"
    assert await book(school, "x2.c1.s2") == [("day1", quiz, {"x2.c1.s2": (1,)})]
    assert await book(school, "x2.c1.s1") == []


async def test_of_every_kind_of_card(school: School, course: str) -> None:
    day = await begin(school, 1)
    cards: list[tuple[dict[str, Any], Any, Any]] = [
        ({"type": "multiple", "options": ["", "", ""], "key": {"options": [0, 2]}}, [0, 1], [0, 2]),
        ({"type": "boolean", "key": {"options": [0]}}, [1], [0]),
        ({"type": "number", "key": {"number": 0.5, "tolerance": 0.1}}, 0.7, 0.6),
        ({"type": "text", "key": {"texts": ["真分数"]}}, "假分数", "真 分数"),
    ]
    for card, wrong, right in cards:
        await day.order("quiz.reveal", quiz=await asked(day, {("x2", 1): wrong, ("x2", 2): right}, **card))
        school.clock.now += 1_000
    for card in ({"type": "poll", "options": ["", ""]}, SINGLE | {"key": None}):
        await day.order("quiz.reveal", quiz=await asked(day, {("x2", 1): [1]}, **card))
    await day.order("lesson.end")
    found = await book(school)
    assert [list(wrong) for _, _, wrong in found] == [["x2.c1.s1"]] * 4, "polls and cards without a key are right for everybody"
    text, number, boolean, multiple = (wrong["x2.c1.s1"] for _, _, wrong in found)
    assert (number, boolean, multiple) == (0.7, (1,), (0, 1))
    contents = day.room.log.lookup
    assert contents.text(text) == "假分数"


async def test_an_answer_in_words_that_this_process_was_not_told_of_yet(school: School, course: str) -> None:
    day = await begin(school, 1)
    await day.order("quiz.open", question="读作？", type="text", key={"texts": ["二分之一"]})
    other = await School(school.store, FakeWorker(), school.clock).open()
    words = {"quiz": day.room.state.quiz.open, "participant": day.part("x2"), "seat": 1, "choice": "一分之二"}
    await other.lessons.execute(day.rooms["x2"].principal, "theirs", "quiz.answer", words)
    await day.order("quiz.reveal", quiz=words["quiz"])
    await day.order("lesson.end")
    assert [list(wrong) for _, _, wrong in await book(school)] == [["x2.c1.s1"]]
    await other.lessons.stop()


async def test_neither_a_card_that_was_not_shown_nor_one_taken_back_nor_a_rehearsal(school: School, course: str) -> None:
    day = await begin(school, 1)
    await asked(day, {("x2", 1): [1]}, **SINGLE)
    taken = await asked(day, {("x2", 1): [1]}, **SINGLE)
    await day.order("quiz.reveal", quiz=taken)
    await day.order("quiz.discard", quiz=taken)
    await day.order("lesson.end")
    rehearsal = await begin(school, 2, rehearsal=True)
    await rehearsal.order("quiz.reveal", quiz=await asked(rehearsal, {("x2", 1): [1]}, **SINGLE))
    await rehearsal.order("lesson.end")
    assert await book(school) == []


async def test_whose_seat_was_given_away_between_answer_and_key_is_not_blamed(school: School, course: str) -> None:
    day = await begin(school, 1)
    quiz = await asked(day, {("x2", 1): [1], ("y1", 1): [1]}, **SINGLE)
    await school.store.database.execute(update(t.seating_plan).where(t.seating_plan.c.id == "plan.x2").values(version=2))
    await school.store.database.execute(update(t.seat).where(t.seat.c.plan == "plan.x2", t.seat.c.seat == 1).values(seat=9))
    await day.room.learn_facts()
    await day.order("quiz.reveal", quiz=quiz)
    await day.order("lesson.end")
    assert await book(school) == [("day1", quiz, {"y1.c1.s1": (1,)})]


async def test_it_is_read_in_parts_that_tear_no_card_apart(school: School, course: str) -> None:
    day = await begin(school, 1)
    quizzes = []
    for _ in range(4):
        quizzes.append(await asked(day, {("x2", 1): [1], ("x2", 2): [1], ("x2", 3): [1]}, **SINGLE))
        await day.order("quiz.reveal", quiz=quizzes[-1])
        school.clock.now += 1_000
    await day.order("lesson.end")
    store, students = BookStore(school.store.database), [f"x2.c1.s{n}" for n in range(1, 6)]
    seen: list[str] = []
    before: int | None = None
    for _ in range(4):
        part = await store.of(students, before, limit=4)
        assert all(len(card.wrong) == 3 for card in part.cards)
        seen += [card.card.quiz for card in part.cards]
        before = part.before
    assert (seen, before) == (quizzes[::-1], None)
    assert (await store.of(students, limit=12)).before is None
