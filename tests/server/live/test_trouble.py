"""When the store, the worker or one lesson is in trouble, the rest goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from media.client import messages as m
from server.store import Store
from tests.server.live.doubles import OFFER, FakeClock, FakeWorker, School


async def break_log(store: Store, lesson: str) -> None:
    """An event no version of ours wrote, as a newer process beside this one would."""
    async with store.database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO lesson_event SELECT :l, head + 1, 1, 1, 'from.the.future', 'x', NULL, 'x', '{}' FROM lesson WHERE id = :l"),
            {"l": lesson},
        )
        await connection.execute(text("UPDATE lesson SET head = head + 1 WHERE id = :l"), {"l": lesson})


async def test_a_lesson_that_cannot_be_read_does_not_hold_up_the_revocations_of_others(school: School, store: Store) -> None:
    broken, lesson = await school.lesson("broken"), await school.lesson()
    await school.page(await school.link(broken, "viewer"))
    link = await school.link(lesson, "viewer")
    page = await school.page(link)
    await school.lessons.watch(page.principal, OFFER, None)
    await break_log(store, broken)
    await store.revoke_link(link.id, 1)
    await school.pass_ms(1_250)
    assert [said["code"] for said in page.of("bye")] == ["revoked"]
    assert school.worker.sessions == {}


async def test_a_lesson_that_cannot_be_read_does_not_hold_up_taking_over_the_others(store: Store) -> None:
    before = await School(store, FakeWorker(), FakeClock()).open()
    lessons = [await before.lesson(name) for name in ("broken", "sound")]
    players = [await before.lessons.watch((await before.link(each, "viewer")).principal("x"), OFFER, None) for each in lessons]
    before.worker.listeners.clear()
    await before.lessons.stop()
    await break_log(store, lessons[0])
    before.worker.told.clear()

    after = await School(store, before.worker, before.clock).open()
    assert list(before.worker.told) == [players[1].session]
    assert not before.worker.closed
    await after.lessons.stop()


class Stumbling(FakeWorker):
    """Its client fails once in a way nobody planned."""

    trouble = 0

    async def command(self, command: Any) -> m.Reply:
        if self.trouble and isinstance(command, m.Label):
            self.trouble -= 1
            raise RuntimeError("nobody planned this")
        return await super().command(command)


async def test_a_failed_reconciliation_is_made_again(store: Store) -> None:
    worker = Stumbling()
    school = await School(store, worker, FakeClock()).open()
    lesson = await school.lesson()
    teacher = (await school.link(lesson, "master")).principal("a")
    await school.lessons.publish(teacher, OFFER, ("camera",))
    await school.calm()
    worker.trouble = 1
    await school.lessons.execute(teacher, "c1", "lesson.live", {})
    await school.pass_ms(500)
    assert worker.sources[f"{lesson}/master/camera"].labels == (f"{lesson}/program",)
    await school.lessons.stop()


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        return getattr(self._store, name)


async def test_an_ended_lesson_with_rooms_that_left_is_quiet(store: Store) -> None:
    counting = Counting(store)
    school = await School(counting, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    rooms = [await school.page(await school.link(lesson, "classroom", f"Room {n}")) for n in range(5)]
    await school.order(console, "lesson.live")
    await school.order(console, "lesson.end")
    for room in rooms:
        await room.connection.close()
    await school.page(await school.link(lesson, "classroom", "Late"))
    await school.pass_ms(15_000)
    counting.asked.clear()
    await school.pass_ms(5_000)
    assert set(counting.asked) == {"standings", "revoked", "due"}
    await school.lessons.stop()


async def test_a_room_somebody_asks_for_is_not_forgotten_at_that_moment(school: School) -> None:
    lesson = await school.lesson()
    await school.lessons.rooms.get(lesson)
    await school.pass_ms(59_500, 500)
    asked = await school.lessons.rooms.get(lesson)
    await school.pass_ms(1_000, 500)
    assert school.lessons.rooms.running(lesson) is asked
    await school.pass_ms(61_000, 500)
    assert school.lessons.rooms.running(lesson) is None


class Pausing:
    """A store whose reading of the log stops for a moment, in which something happens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.meanwhile: Callable[[], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def tail(self, *arguments: Any) -> Any:
        found = await self._store.tail(*arguments)
        if self.meanwhile:
            self.meanwhile()
        return found


async def test_a_link_revoked_while_its_page_enters_does_not_enter(store: Store) -> None:
    pausing = Pausing(store)
    school = await School(pausing, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    lesson = await school.lesson()
    link = await school.link(lesson, "viewer")
    await school.page(await school.link(lesson, "viewer"))
    room = school.lessons.rooms.running(lesson)
    assert room
    pausing.meanwhile = lambda: room.revoke({link.id})
    assert [said["code"] for said in (await school.page(link)).of("bye")] == ["revoked"]
    await school.lessons.stop()
