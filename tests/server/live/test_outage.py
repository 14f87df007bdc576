"""A classroom's big screen and a pupil's phone without network for a minute: seat, hand, quiz and check-in are as they were (S3, S12, S14)."""

from __future__ import annotations

from typing import Any

from server.domain.hands.queue import queue
from tests.harness.postgres import both_databases
from tests.server.live.doubles import Page, School

pytestmark = both_databases

KEPT = ("hands", "quiz", "seats", "checkin", "stage", "talk", "help")
NEVER = 2**50


async def state_of(school: School, link: Any, word: str) -> dict[str, Any]:
    """What a page that comes now is told."""
    page = await school.page(link, word)
    state = page.of("state")[-1]["state"]
    await page.connection.close()
    return {part: state[part] for part in KEPT if part in state}


async def test_a_minute_without_network_changes_nothing_for_who_comes_back(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    near, far = [await school.link(lesson, "classroom", name) for name in ("Near", "Far")]
    here, screen = await school.page(near, "p1"), await school.page(far, "p2")
    who = str(far.participant)
    await school.order(console, "lesson.live")
    await school.order(screen, "phones.open", participant=who)
    seat = await school.lessons.sit_down(lesson, who, 3, NEVER)
    phone = await school.page(seat, "p3")
    await school.pass_ms(11_000)
    for page, room, number in ((here, near, 7), (phone, far, 3), (screen, far, 12), (here, near, 8)):
        await school.order(page, "hand.raise", participant=room.participant, seat=number)
        await school.pass_ms(2_000)
    await school.order(console, "quiz.open", type="single", options=["", "", ""], key={"options": [1]})
    quiz = console.of("event")[-1]["payload"]["quiz"]
    answer = {"type": "command", "id": "answer-1", "kind": "quiz.answer", "payload": _answer(quiz, who, 1)}
    await phone.connection.handle(answer)
    await school.order(screen, "checkin.mark", participant=who, seat=3, status="present", done_at=school.clock.wall_ms())
    before = [await state_of(school, link, f"before-{n}") for n, link in enumerate((far, seat))]
    order = _order(await _state(school, lesson))
    assert [(room == who, number) for room, number in order] == [(False, 7), (True, 3), (True, 12), (False, 8)]

    last = [_last(page) for page in (screen, phone)]
    for page in (screen, phone):
        await page.connection.close()
    await school.pass_ms(60_000, 500)
    assert not (await _state(school, lesson)).participants[who].present, "the lesson has missed it"
    assert [room for room, _ in _order(await _state(school, lesson))] == [near.participant] * 2, "whoever is away is passed over"

    screen, phone = await school.page(far, "p2", after=last[0]), await school.page(seat, "p3", after=last[1])
    await school.pass_ms(1_000)
    assert not screen.of("state"), "it goes on where it was"
    assert not phone.of("state")
    assert [await state_of(school, link, f"after-{n}") for n, link in enumerate((far, seat))] == before
    assert _order(await _state(school, lesson)) == order
    await phone.connection.handle(answer)
    told = [event for event in console.of("event") if event["kind"] == "quiz.answered"]
    assert len(told) == 1, "sent again, said once"
    assert phone.of("ack")[-1] == {"type": "ack", "id": "answer-1", "seq": told[0]["seq"]}
    await school.order(phone, "quiz.answer", **_answer(quiz, who, 2))
    assert (await _state(school, lesson)).quiz.cards[quiz].answers[who][3].choice == (2,), "and may still change its mind"


def _answer(quiz: str, participant: str, option: int) -> dict[str, Any]:
    return {"quiz": quiz, "participant": participant, "seat": 3, "choice": [option]}


def _last(page: Page) -> int:
    """Seq of the last event that a page has seen."""
    return max(int(message["seq"]) for kind in ("state", "event") for message in page.of(kind))


def _order(state: Any) -> list[tuple[str, int]]:
    return [(one.participant, one.seat) for one in queue(state)]


async def _state(school: School, lesson: str) -> Any:
    return (await school.lessons.rooms.get(lesson)).state
