"""Three classrooms of forty: 120 hands, sixty calls, 120 answers, through sockets as pages open them, with what goes wrong on the way."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from server.domain.hands.queue import queue
from server.domain.principal import Role
from server.live import snapshot
from server.settings import read
from server.store import Store
from tests.harness.county import Visitor
from tests.harness.product import Link, Product
from tests.harness.socket import LessonSocket

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = ("Stone Bridge", "Red Flag", "Cloud Ridge")
SEATS, OPTIONS, QUESTIONS = 40, 4, 60
LOST = (aiohttp.ClientError, ConnectionError, TimeoutError)


@dataclass
class Class:
    """A live lesson: its master's paper, those of the rooms, and a viewer's wall."""

    product: Product
    id: str
    master: Link
    rooms: list[Link]
    wall: Link
    participants: list[str] = field(default_factory=list)

    def socket(self, link: Link, after: int | None = None) -> LessonSocket:
        return LessonSocket(self.product, self.id, link, after=after)

    async def hands(self) -> list[dict[str, Any]]:
        """The hands as each of the pages is told them afresh: the master's, the rooms', the wall's."""
        found = []
        for link in (self.master, *self.rooms, self.wall):
            async with self.socket(link) as socket:
                found.append(socket.state["hands"])
        return found


@pytest_asyncio.fixture(loop_scope="module")
async def live(school: Product) -> AsyncIterator[Class]:
    people: list[tuple[Role, str]] = [("master", "Ms Wang"), *(("classroom", room) for room in ROOMS), ("wall", "")]
    lesson, (master, *rooms, wall) = await school.invite(people)
    made = Class(school, lesson, master, rooms, wall)
    async with made.socket(master) as socket:
        for kind in ("lesson.open", "lesson.live"):
            assert (await socket.command(kind))["type"] == "ack"
    for room in rooms:
        async with made.socket(room) as socket:
            made.participants.append((await socket.until(lambda m: m["type"] == "welcome"))["you"]["participant"])
    yield made


async def all_at_once(*asked: Coroutine[Any, Any, dict[str, Any]]) -> None:
    for answer in await asyncio.gather(*asked):
        assert answer["type"] == "ack", answer


@dataclass
class Screen:
    """A classroom's page whose pupils all raise their hands: what has no answer is sent again when the network is back."""

    lesson: Class
    link: Link
    participant: str
    answered: dict[str, int] = field(default_factory=dict)
    """Command → seq."""
    heard: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Seq → room and seat of a hand raised, as this page was told."""
    last: int | None = None
    sockets: int = 0

    async def run(self) -> None:
        while len(self.answered) < SEATS:
            try:
                async with self.lesson.socket(self.link, self.last) as socket:
                    self.sockets += 1
                    try:
                        await asyncio.gather(*(self._raise(socket, seat) for seat in range(1, SEATS + 1)))
                    finally:
                        self._take(socket.heard)
            except LOST:
                await asyncio.sleep(0.05)

    async def _raise(self, socket: LessonSocket, seat: int) -> None:
        name = f"hand-{seat}"
        if name not in self.answered:
            answer = await socket.send(name, "hand.raise", {"participant": self.participant, "seat": seat})
            assert answer["type"] == "ack", answer
            self.answered[name] = answer["seq"]

    def _take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["type"] in ("state", "event"):
                self.last = message["seq"]
            if message.get("kind") == "hand.raised":
                self.heard[message["seq"]] = (message["payload"]["participant"], message["payload"]["seat"])

    async def listen(self, until: int) -> None:
        """Whatever was missed, up to an event."""
        async with self.lesson.socket(self.link, self.last) as socket:
            await socket.until(lambda m: m.get("seq", 0) >= until or (m["type"] == "welcome" and (self.last or 0) >= until))
            self._take(socket.heard)


async def test_three_rooms_of_forty_raise_their_hands_and_the_web_process_dies(live: Class) -> None:
    screens = [Screen(live, link, who) for link, who in zip(live.rooms, live.participants, strict=True)]
    running = [asyncio.create_task(screen.run()) for screen in screens]
    async with asyncio.timeout(60):
        while sum(len(screen.answered) for screen in screens) < SEATS:
            await asyncio.sleep(0.001)
        live.product.kill_web()
        told = sum(len(screen.answered) for screen in screens)
        await asyncio.gather(*running)
    await live.product.wait_healthy()
    last = max(seq for screen in screens for seq in screen.answered.values())
    await asyncio.gather(*(screen.listen(last) for screen in screens))

    everybody = {(who, seat) for who in live.participants for seat in range(1, SEATS + 1)}
    assert set(screens[0].heard.values()) == everybody
    assert len(screens[0].heard) == len(everybody), "nobody's hand went up twice"
    assert screens[0].heard == screens[1].heard == screens[2].heard, "one order, the same for every page"
    for screen in screens:
        assert {seq: screen.heard[seq] for seq in screen.answered.values()} == {
            seq: (screen.participant, int(name.removeprefix("hand-"))) for name, seq in screen.answered.items()
        }
    before = await live.hands()
    order = await _queue(live)
    assert all(hands == before[0] for hands in before)
    assert (len(order), set(order)) == (len(everybody), everybody)
    live.product.kill_web()
    await live.product.wait_healthy()
    assert await live.hands() == before, "kept over a restart"
    assert await _queue(live) == order
    print(f"\n120 hands of three rooms, {told} acknowledged when the web process was killed, each in the log once, one order on 5 pages")


async def _queue(live: Class) -> list[tuple[str, int]]:
    """Who would be called, in what order, as the log says."""
    store = await Store.open(read(live.product.environment).database_url)
    try:
        start = await store.lesson(live.id)
        assert start
        return [(one.participant, one.seat) for one in queue(await snapshot.load_folded(store, start))]
    finally:
        await store.close()


async def test_three_rooms_of_forty_raise_their_hands_within_two_seconds(live: Class) -> None:
    async with live.socket(live.rooms[0]) as one, live.socket(live.rooms[1]) as two, live.socket(live.rooms[2]) as three:
        raising = [
            socket.command("hand.raise", participant=who, seat=seat)
            for socket, who in zip((one, two, three), live.participants, strict=True)
            for seat in range(1, SEATS + 1)
        ]
        random.Random(2).shuffle(raising)
        began = time.monotonic()
        await all_at_once(*raising)
        took = time.monotonic() - began
        orders = [[m["seq"] for m in socket.heard if m.get("kind") == "hand.raised"] for socket in (one, two, three)]
    hands = await live.hands()
    assert all(found == hands[0] for found in hands)
    assert len(orders[0]) == 3 * SEATS
    assert orders[0] == orders[1] == orders[2]
    print(f"\n120 hands of three rooms at once, all in the log {took:.2f} s later, one order on 5 pages")
    assert took <= 2


async def test_sixty_calls_with_hands_ten_to_one_to_one(live: Class) -> None:
    draw, calls = random.Random(4), Counter[str]()
    async with (
        live.socket(live.master) as master,
        live.socket(live.rooms[0]) as a,
        live.socket(live.rooms[1]) as b,
        live.socket(live.rooms[2]) as c,
    ):
        assert (await master.command("hand.mode", mode="least"))["type"] == "ack"
        rooms = list(zip((a, b, c), live.participants, (10, 1, 1), strict=True))
        for _ in range(QUESTIONS):
            hands = [(socket, who, seat) for socket, who, many in rooms for seat in draw.sample(range(1, SEATS + 1), many)]
            await all_at_once(*(socket.command("hand.raise", participant=who, seat=seat) for socket, who, seat in hands))
            seq = (await master.command("hand.next"))["seq"]
            called = next(m for m in reversed(master.heard) if m.get("kind") == "hand.called" and m["seq"] <= seq)
            calls[called["payload"]["participant"]] += 1
            await all_at_once(master.command("stage.release", participant=called["payload"]["participant"]), master.command("hand.clear"))
    counts = [calls[who] for who in live.participants]
    print(f"\n{QUESTIONS} calls over three rooms with 10, 1 and 1 hands each time: {counts}")
    assert sum(counts) == QUESTIONS
    assert max(counts) - min(counts) <= 2


@dataclass
class Phone:
    """A pupil's device."""

    visitor: Visitor
    lesson: str
    participant: str
    seat: int
    sent: list[tuple[str, int]] = field(default_factory=list)
    """Command and option, in their order."""

    async def answer(self, quiz: str, options: list[int], twice: bool, dropped: bool) -> None:
        """One answer after another, the last one counts. `twice`: sent again. `dropped`: the connection goes before the acknowledgement."""
        async with self.visitor.socket(self.lesson, "seat") as socket:
            for option in options:
                self.sent.append((f"a{len(self.sent)}", option))
                if dropped:
                    await socket.push(*self._command(quiz, self.sent[-1]))
                    break
                await self._settle(socket, quiz, twice)
        if dropped:
            async with self.visitor.socket(self.lesson, "seat") as socket:
                await self._settle(socket, quiz, twice)

    async def _settle(self, socket: LessonSocket, quiz: str, twice: bool) -> None:
        first = await socket.send(*self._command(quiz, self.sent[-1]))
        assert first["type"] == "ack", first
        if twice:
            assert (await socket.send(*self._command(quiz, self.sent[-1])))["seq"] == first["seq"], "one answer, one acknowledgement"

    def _command(self, quiz: str, one: tuple[str, int]) -> tuple[str, str, dict[str, Any]]:
        payload = {"quiz": quiz, "participant": self.participant, "seat": self.seat, "choice": [one[1]]}
        return one[0], "quiz.answer", payload


async def seated(live: Class) -> list[Phone]:
    """Every pupil of every room, let in by the code on the big screen."""
    phones = []
    for link, who in zip(live.rooms, live.participants, strict=True):
        async with live.socket(link) as socket:
            assert (await socket.command("phones.open", participant=who))["type"] == "ack"
        screen = Visitor(live.product, who)
        await screen.enter(link.page.removeprefix(live.product.url))
        for seat in range(1, SEATS + 1):
            phones.append(Phone(Visitor(live.product, f"{who}/{seat}"), live.id, who, seat))
            await phones[-1].visitor.sit(screen, live.id, seat)
    return phones


async def test_120_answers_with_repeats_and_reconnects_give_exact_totals(live: Class) -> None:
    draw = random.Random(6)
    phones = await seated(live)
    async with live.socket(live.master) as master:
        key = {"options": [1]}
        assert (await master.command("quiz.open", type="single", question="1/2 + 1/4 = ?", options=[""] * OPTIONS, key=key))[
            "type"
        ] == "ack"
        quiz = next(m for m in master.heard if m.get("kind") == "quiz.opened")["payload"]["quiz"]
        twice, dropped = (set(draw.sample(range(len(phones)), len(phones) // 10)) for _ in range(2))
        changes = [draw.choice((1, 1, 1, 2)) for _ in phones]
        answers = [[draw.randrange(OPTIONS) for _ in range(many)] for many in changes]
        await asyncio.gather(*(one.answer(quiz, answers[n], n in twice, n in dropped) for n, one in enumerate(phones)))
        assert (await master.command("quiz.reveal", quiz=quiz))["type"] == "ack"
    last = {(one.participant, one.seat): one.sent[-1][1] for one in phones}
    async with phones[0].visitor.socket(live.id, "seat") as late:
        refused = await late.command("quiz.answer", quiz=quiz, participant=phones[0].participant, seat=1, choice=[3])
        assert (refused["type"], refused["error"]["code"]) == ("refused", "quiz.closed")

    async with live.socket(live.master) as master:
        shown = master.state["quiz"]
    given = {(who, int(seat)): one["choice"] for who, seats in shown["answers"][quiz].items() for seat, one in seats.items()}
    assert given == {at: [option] for at, option in last.items()}
    everybody, total = Counter(last.values()), shown["cards"][quiz]["total"]
    assert (total["answered"], total["right"], total["options"]) == (120, everybody[1], [everybody[n] for n in range(OPTIONS)])
    for who in live.participants:
        own = Counter(option for (room, _), option in last.items() if room == who)
        assert shown["tallies"][quiz][who]["options"] == [own[n] for n in range(OPTIONS)]
    events = await _answers(live)
    said = sum(len(list(itertools.groupby(option for _, option in one.sent))) for one in phones)
    assert len(events) == said, "an answer is in the log once; the same again changes nothing"
    sent = sum(len(one.sent) for one in phones)
    print(
        f"\n120 answers of 120 devices: {sent} sent, {len(twice)} of them twice, {len(dropped)} connections dropped: {total['options']}, exact"
    )


async def _answers(live: Class) -> list[int]:
    store = await Store.open(read(live.product.environment).database_url)
    try:
        return [event.seq for event in await store.tail(live.id, 0) if event.kind == "quiz.answered"]
    finally:
        await store.close()
