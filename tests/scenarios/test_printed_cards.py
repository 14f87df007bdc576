"""Forty printed cards held up in a classroom: one picture of them, taken from a corner, gives forty right answers in the lesson (S23)."""

from __future__ import annotations

import random

import aiohttp
import pytest

from tests.harness.product import Product
from tests.harness.socket import LessonSocket
from tests.server.cards.room import photograph

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

SEATS, RIGHT = 40, 1


async def test_a_picture_of_forty_cards_is_forty_answers(school: Product) -> None:
    draw = random.Random(11)
    held = {seat: draw.randrange(4) for seat in range(1, SEATS + 1)}
    lesson, (master, room) = await school.invite([("master", "Ms Wang"), ("classroom", "Stone Bridge")])
    async with LessonSocket(school, lesson, master) as teacher, LessonSocket(school, lesson, room) as screen:
        for kind in ("lesson.open", "lesson.live"):
            assert (await teacher.command(kind))["type"] == "ack"
        who = (await screen.until(lambda m: m["type"] == "welcome"))["you"]["participant"]
        asked = {"type": "single", "options": [""] * 4, "key": {"options": [RIGHT]}}
        assert (await teacher.command("quiz.open", **asked))["type"] == "ack"
        quiz = (await screen.until(lambda m: m.get("kind") == "quiz.opened"))["payload"]["quiz"]

        headers = {"Authorization": f"Bearer {room.token}", "Content-Type": "image/jpeg"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{school.url}/class/{lesson}/cards", data=photograph(held, draw)) as answer,
        ):
            read = await answer.json()
        assert read == {"answers": {str(seat): option for seat, option in held.items()}, "unclear": []}
        for _ in range(2):  # a room looks again until every card was seen
            assert (await screen.command("quiz.cards", quiz=quiz, participant=who, answers=read["answers"]))["type"] == "ack"
        assert (await teacher.command("quiz.reveal", quiz=quiz))["type"] == "ack"
    async with LessonSocket(school, lesson, master) as teacher:
        total = teacher.state["quiz"]["cards"][quiz]["total"]
    chosen = list(held.values())
    assert (total["answered"], total["right"]) == (SEATS, chosen.count(RIGHT))
    assert total["options"] == [chosen.count(option) for option in range(4)]
    print(f"\n{SEATS} printed cards in one picture: {len(read['answers'])} right answers, totals {total['options']}")
