"""Marked secrets of every role, searched for in every other role's socket, pages, feeds and exports: none (S3, S6, S11, S16, S20).

One lesson of the timetable over two counties, with accounts, paired PCs, pupils' devices at their seats, an inspector and plain papers.
Everything that may carry private words carries a marker of its own; of each it is said who was sent it, by name, and nobody else was.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update

from media.client import manifest
from server.cli.hall import open_hall
from server.settings import read
from server.store import tables as t
from server.store.recordings import RecordingStore
from tests.harness.county import Visitor, furnish
from tests.harness.product import Product
from tests.harness.recorded import make
from tests.harness.school import within
from tests.harness.socket import LessonSocket
from tests.server.courseware.files import pdf
from tests.server.world import World

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

LESSON, TWO, THREE = "lesson.x", "pt.x2", "pt.y1"
TABLES = ("people", "rooms", "classes", "students", "timetable")
OFFICE = ("/", "/self", "/timetable", "/orgs", "/people", "/inspect", "/audit", "/audit.csv", "/exchange", "/child", "/room", "/room/next")
OFFICE += ("/classes/x2.c1?names=1", "/classes/x2.c1/plans/x2.r1", "/people/x2.assistant", f"/lessons/{LESSON}", "/timetable/feed")
OFFICE += (f"/lessons/{LESSON}/courseware", f"/lessons/{LESSON}/knocks", f"/inspect/{LESSON}/notes", "/rooms/x2.r1")
OFFICE += tuple(f"/exchange/{table}/export?as={kind}" for table in TABLES for kind in ("csv", "xlsx"))
PAGES = tuple(f"/{page}/{LESSON}" for page in ("teach", "class", "watch", "wall", "assist", "seat", "cards", "courseware"))

ROOM_TWO = {"screen2", "assistant2", "seat2", "neighbour2"}
ROOM_THREE = {"screen3", "assistant3", "seat3"}
IN_THE_LESSON = {"teacher", "wall", *ROOM_TWO, *ROOM_THREE}
WATCHING = {"viewer", "inspector"}
SOCKETS = IN_THE_LESSON | WATCHING
ACCOUNTS = {
    "teacher": "x1.teacher",
    "assistant2": "x2.assistant",
    "assistant3": "y1.assistant",
    "screen2": "x2.d1",
    "screen3": "y1.d1",
    "inspector": "x.inspector",
    "county": "x.admin",
    "other county": "y.admin",
    "other inspector": "y.inspector",
    "school1": "x1.admin",
    "school2": "x2.admin",
    "teacher of school2": "x2.teacher",
    "librarian": "x.librarian",
    "reviewer": "x.reviewer",
    "pupil2": "x2.c1.s1",
    "parent2": "x2.c1.s1.parent",
    "parent3": "y1.c1.s1.parent",
}
"""Visitor → whose login or paired PC; the others have a paper, or nothing."""

SEEN: dict[str, set[str]] = {
    "intercom-to-all": {"teacher", "assistant2", "assistant3"},
    "intercom-to-two": {"teacher", "assistant2"},
    "intercom-from-three": {"teacher", "assistant3"},
    "question-held": {"seat2", "assistant2"},
    "question-put-aside": {"neighbour2", "assistant2"},
    "question-released": {"teacher", "seat3", "assistant3"},
    "question-answered": IN_THE_LESSON,
    "answer-in-writing": IN_THE_LESSON,
    "announcement-to-two": {"teacher", *ROOM_TWO},
    "announcement-to-all": IN_THE_LESSON,
    "quiz-asked": SOCKETS,
    "quiz-answer-of-a-seat": {"teacher", "seat2"},
    "quiz-answer-by-assistant": {"teacher", "seat3"},  # told no assistant: it was typed by one, and is the seat's
    "quiz-key": {"teacher"},
    "group-name": IN_THE_LESSON,
    "board-words": SOCKETS,
    "inspector-note": {"inspector"},
    "courseware-name": {"teacher"},
    "学生x2.c1.s1": {"county", "school2", "teacher of school2", "assistant2", "pupil2", "parent2"},
    "学生y1.c1.s1": {"other county", "assistant3", "parent3"},
}
"""Marker → exactly who is ever sent it; the quiz key until it is revealed."""
HEARD: dict[tuple[str, str], set[str]] = {
    ("help.signalled", TWO): {"teacher", "screen2", "assistant2"},
    ("mic.requested", TWO): {"teacher", "screen2", "assistant2"},
    ("seat.checked", TWO): {"teacher", "screen2", "assistant2", "neighbour2"},
    ("seat.taken", TWO): {"teacher", "screen2", "assistant2"},
    ("quiz.answered", TWO): {"teacher", "screen2", "assistant2", "seat2"},
    ("hand.raised", TWO): IN_THE_LESSON,
}
"""Events that carry no free words: kind and room → exactly who hears of them."""
TALLIES: dict[tuple[str, str], set[str]] = {
    ("quiz.tallied", TWO): {"teacher", *ROOM_TWO},
    ("quiz.tallied", THREE): {"teacher", *ROOM_THREE},
}
"""The same, of what is told when the answer is shown, and before that to nobody."""


class Class:
    """The lesson and everybody who asks for something of it."""

    def __init__(self, product: Product, world: World) -> None:
        self.product = product
        self.who = {name: Visitor(product, name, dict(world.cookies(account))) for name, account in ACCOUNTS.items()}
        for name in ("viewer", "wall", "seat2", "neighbour2", "seat3", "nobody"):
            self.who[name] = Visitor(product, name)
        for name, role in (("teacher", "master"), ("screen2", "classroom"), ("screen3", "classroom"), ("inspector", "viewer")):
            self.who[name].admission = f"me-{role}"
        for name in ("assistant2", "assistant3"):
            self.who[name].admission = "me-assistant"
        self.sockets: dict[str, LessonSocket] = {}
        self.stack = AsyncExitStack()

    async def papers(self) -> None:
        for role in ("viewer", "wall"):
            link = await self.product.link(LESSON, role)
            await self.who[role].enter(link.page.removeprefix(self.product.url))

    async def open(self, *names: str) -> None:
        for name in names:
            self.sockets[name] = await self.stack.enter_async_context(self.who[name].socket(LESSON))

    async def say(self, name: str, kind: str, **payload: Any) -> dict[str, Any]:
        answer = await self.sockets[name].command(kind, **payload)
        assert answer["type"] == "ack", (name, kind, answer)
        return answer

    async def calm(self) -> None:
        """Until everybody has everything that was written so far."""
        started = await self.say("teacher", "timer.start", seconds=300)
        for socket in self.sockets.values():
            await socket.until(lambda m: m.get("kind") == "timer.started" and m["seq"] >= started["seq"])

    async def afresh(self) -> None:
        """What each is told who comes now: the state, not the events."""
        for name in SOCKETS:
            async with self.who[name].socket(LESSON) as socket:
                self.who[name].hear(socket.frames)

    def listen(self) -> None:
        for name, socket in self.sockets.items():
            self.who[name].hear(socket.frames)

    def heard(self) -> dict[tuple[str, str], set[str]]:
        """Kind and room of every event → who was told of it."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name, socket in self.sockets.items():
            for message in socket.heard:
                if message["type"] == "event":
                    found[message["kind"], message["payload"].get("participant", "")].add(name)
        return found

    def who_has(self, marker: str) -> set[str]:
        return {name for name, visitor in self.who.items() if visitor.has(marker)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lesson(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Class]:
    product = Product(tmp_path_factory.mktemp("county") / "data")
    product.data.mkdir(parents=True)
    world = await furnish(product)
    async with product:
        found = Class(product, world)
        async with found.stack:
            yield found


async def gather(lesson: Class) -> None:
    """Everybody is in class."""
    await lesson.papers()
    await lesson.open("teacher", "screen2", "screen3", "assistant2", "assistant3", "viewer", "wall", "inspector")
    await lesson.say("teacher", "lesson.open")
    await lesson.say("teacher", "lesson.live")
    await lesson.sockets["teacher"].until(lambda m: m.get("kind") == "participant.joined" and m["payload"]["participant"] == THREE)
    for assistant, room in (("assistant2", TWO), ("assistant3", THREE)):
        await lesson.say(assistant, "phones.open", participant=room)
    for name, screen, seat in (("seat2", "screen2", 1), ("neighbour2", "screen2", 2), ("seat3", "screen3", 1)):
        await lesson.who[name].sit(lesson.who[screen], LESSON, seat)
    await lesson.open("seat2", "neighbour2", "seat3")


async def talk(lesson: Class) -> None:
    teacher = lesson.sockets["teacher"]
    assert (await teacher.speak("intercom-to-all"))["type"] == "ack"
    assert (await teacher.speak("intercom-to-two", TWO))["type"] == "ack"
    assert (await lesson.sockets["assistant3"].speak("intercom-from-three"))["type"] == "ack"
    for name, room, seat, words in (
        ("seat2", TWO, 1, "question-held"),
        ("neighbour2", TWO, 2, "question-put-aside"),
        ("seat3", THREE, 1, "question-released"),
        ("seat3", THREE, 1, "question-answered"),
    ):
        await lesson.say(name, "question.ask", participant=room, seat=seat, text=words)
    asked = {
        m["payload"]["text"]: m["payload"]["id"]
        for name in ("assistant2", "assistant3")
        for m in await told(lesson, name, "question.asked", 2)
    }
    await lesson.say("assistant2", "question.discard", id=asked["question-put-aside"])
    for words in ("question-released", "question-answered"):
        await lesson.say("assistant3", "question.release", id=asked[words])
    await lesson.say("teacher", "question.answer", id=asked["question-answered"], mode="written", text="answer-in-writing")
    await lesson.say("assistant2", "announcement.make", participant=TWO, text="announcement-to-two")
    await lesson.say("teacher", "announcement.make", participant="", text="announcement-to-all")


async def told(lesson: Class, name: str, kind: str, count: int) -> list[dict[str, Any]]:
    """The events of a kind that a visitor hears of, once there are so many."""
    socket = lesson.sockets[name]
    async with asyncio.timeout(10):
        while len(found := [m for m in socket.heard if m.get("kind") == kind]) < count:
            await asyncio.sleep(0.01)
    return found


async def work(lesson: Class) -> str:
    """A quiz in words, hands, check-in, help, groups, the board; the quiz."""
    await lesson.say("teacher", "quiz.open", type="text", question="quiz-asked", key={"texts": ["quiz-key"]})
    quiz = str((await told(lesson, "teacher", "quiz.opened", 1))[0]["payload"]["quiz"])
    await lesson.say("seat2", "quiz.answer", quiz=quiz, participant=TWO, seat=1, choice="quiz-answer-of-a-seat")
    await lesson.say("assistant3", "quiz.answer", quiz=quiz, participant=THREE, seat=1, choice="quiz-answer-by-assistant")
    now = time.time_ns() // 1_000_000
    await lesson.say("assistant2", "checkin.mark", participant=TWO, seat=2, status="absent", done_at=now)
    await lesson.say("assistant2", "help.signal", participant=TWO, word="help")
    await lesson.say("screen2", "mic.request", participant=TWO)
    await lesson.say("seat2", "hand.raise", participant=TWO, seat=1)
    await lesson.say("teacher", "groups.set", groups=[{"id": "g1", "name": "group-name", "members": [[TWO, 1], [THREE, 1]]}])
    await lesson.say("teacher", "board.blank")
    sheet = (await told(lesson, "teacher", "board.blanked", 1))[0]["payload"]["sheet"]
    look = {"x": 100, "y": 100, "size": 340, "color": "#108040"}
    await lesson.say("teacher", "board.text", sheet=sheet, page=1, item="t1", text="board-words", **look)
    return quiz


async def leave_behind(lesson: Class) -> None:
    """What lies about the lesson outside its log: courseware, an inspector's note."""
    form = aiohttp.FormData()
    form.add_field("file", pdf(), filename="courseware-name.pdf", content_type="application/pdf")
    status, text, _ = await lesson.who["teacher"].ask("POST", f"/courseware/{LESSON}?a=me-master", data=form)
    assert status == 201, text
    inspector = lesson.who["inspector"]
    _, page, _ = await inspector.ask("GET", "/inspect")
    token = page.partition('"csrf": "')[2].partition('"')[0]
    headers = {"X-CSRF-Token": token, "Accept": "application/json"}
    status, text, _ = await inspector.ask("POST", f"/inspect/{LESSON}/notes", data={"at": "1", "text": "inspector-note"}, headers=headers)
    assert status == 201, text


async def look_everywhere(lesson: Class) -> None:
    """Everybody asks for every page and every file there is, allowed or not, and follows every link."""
    for visitor in lesson.who.values():
        tail = f"?a={visitor.admission}" if visitor.admission else ""
        await visitor.walk([*(page + tail for page in PAGES), *OFFICE])
        await asyncio.gather(*(socket.ping() for socket in lesson.sockets.values()))


async def test_nobody_is_sent_what_is_another_s(lesson: Class) -> None:
    await gather(lesson)
    await talk(lesson)
    quiz = await work(lesson)
    await leave_behind(lesson)
    await lesson.calm()
    await lesson.afresh()
    await look_everywhere(lesson)
    lesson.listen()

    assert {marker: lesson.who_has(marker) for marker in SEEN} == SEEN
    heard = lesson.heard()
    assert {event: heard[event] for event in HEARD} == HEARD
    assert {event: heard.get(event, set()) for event in TALLIES} == {event: set() for event in TALLIES}

    await lesson.say("teacher", "quiz.reveal", quiz=quiz)
    await lesson.calm()
    await lesson.afresh()
    lesson.listen()
    assert lesson.who_has("quiz-key") == SOCKETS
    heard = lesson.heard()
    assert {event: heard[event] for event in TALLIES} == TALLIES
    kept = {marker: who for marker, who in SEEN.items() if marker != "quiz-key"}
    assert {marker: lesson.who_has(marker) for marker in kept} == kept
    pages = {name: len([status for status in visitor.visited.values() if status == 200]) for name, visitor in lesson.who.items()}
    print(
        f"\n{len(SEEN)} marks and {len(HEARD) + len(TALLIES)} kinds of events, {len(lesson.sockets)} sockets; pages and files read: {pages}"
    )
    assert all(pages[name] >= 3 for name in ACCOUNTS)


async def held(lesson: Class) -> None:
    """The lesson is over; it has films, and a resource that shows all of it."""
    await lesson.say("teacher", "lesson.end")
    product = lesson.product
    async with open_hall(read(product.environment)) as hall:
        database, table = hall.store.database, RecordingStore(hall.store.database)

        async def settled() -> bool:
            found = await table.of_lesson(LESSON)
            return found is not None and found.state in ("ready", "empty")

        await within(30, settled)
        recording, row = await table.of_lesson(LESSON), await database.one(select(t.lesson).where(t.lesson.c.id == LESSON))
        assert recording is not None
        assert row is not None
        made = msgspec.structs.replace(make(product.data, recording.id, row.live_at), end=row.ended_at)
        (manifest.folder(product.data, recording.id) / manifest.PLAY / manifest.MANIFEST).write_bytes(msgspec.json.encode(made))
        await database.execute(update(t.recording).values(state="ready", octets=9, thin="done"))
        resource = {"id": "res", "org": "x1", "lesson": LESSON, "shared": "x", "created": 1, "created_by": "x1.teacher", "published_at": 1}
        await database.execute(insert(t.resource).values(**resource, state="published", head=1, live=1))
        said = {"title": "分数", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册", "unit": ""}
        said |= {"begin_ms": made.begin, "end_ms": made.end, "made_by": "x1.teacher", "made_at": 1, "state": "published"}
        await database.execute(insert(t.resource_version).values(resource="res", n=1, **said))

    async def cut() -> bool:
        return (await lesson.who["teacher of school2"].ask("GET", "/library/res/data"))[0] == 200

    await within(30, cut)


REPLAY = tuple(f"/replay/{LESSON}{more}" for more in ("", "/data", "/data?as=student"))
REPLAY += tuple(f"/recordings/{LESSON}{more}" for more in ("", "/publish", "/log.jsonl", "/chapters.vtt"))
RESOURCE = ("/library/res", "/library/res/watch", "/library/res/data", "/library?q=分数")


async def test_afterwards_nobody_is_told_more_than_in_class_and_a_resource_tells_what_everybody_saw(lesson: Class) -> None:
    """Goes on where the lesson of the test before ended: the answer was shown."""
    await held(lesson)
    public = {marker for marker, who in SEEN.items() if who == SOCKETS} | {"quiz-key"}
    told = dict.fromkeys((*REPLAY, *RESOURCE), 0)
    for name, visitor in lesson.who.items():
        heard = {marker for marker, who in SEEN.items() if name in who or (name == "pupil2" and "screen2" in who)}
        for paths, may in ((REPLAY, public | heard), (RESOURCE, public | heard & {"学生x2.c1.s1", "学生y1.c1.s1"})):
            for path in paths:
                status, text, _ = await visitor.ask("GET", path, headers={"Accept": "application/json"} if "/data" in path else {})
                told[path] += status == 200
                assert {marker for marker in SEEN if marker in text} <= may, (name, path)
    assert all(told.values()), told
    status, text, _ = await lesson.who["teacher of school2"].ask("GET", "/library/res/data")
    assert status == 200
    assert {marker for marker in SEEN if marker in text} == public, "else this shows nothing"
    assert not {marker for marker in SEEN if marker in lesson.product.log.read_text()}
