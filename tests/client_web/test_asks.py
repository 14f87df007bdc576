"""What pages work out of the state is what the server works out: the queue, who is heard, the layout (S19, S22)."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.domain.audience import project_state
from server.domain.board.state import Board, Sheet
from server.domain.director.layout import layout_of
from server.domain.director.state import Director
from server.domain.hands.queue import place_in_queue, queue
from server.domain.hands.state import Hand, Hands
from server.domain.lesson import LessonState, Participant
from server.domain.mic.heard import is_heard
from server.domain.mic.state import Microphones
from server.domain.seen import IN_THE_LESSON
from tests.server.domain.logs import AUDIENCES, LOOKUP, PEOPLE

NODE = shutil.which("node")
RUNNER = Path(__file__).with_name("asks.mjs")
STATES = 300

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def some_hands(draw: random.Random) -> Hands:
    """Small numbers, so that much is alike."""
    rooms = draw.sample(PEOPLE, draw.randint(0, 5))
    seats = {who: draw.sample(range(1, 13), draw.randint(1, 6)) for who in rooms}
    hand = lambda: Hand(draw.randint(1, 5), draw.randint(1, 3), draw.choice((1, 2, 2**32 - 1)), draw.randint(0, 2))  # noqa: E731
    return Hands(
        mode=draw.choice(("first", "least", "random")),
        raised={who: {seat: hand() for seat in numbers} for who, numbers in seats.items()},
        calls={who: {seat: draw.randint(1, 2) for seat in draw.sample(range(1, 13), 3)} for who in draw.sample(PEOPLE, 3)},
    )


def some_state(seed: int) -> LessonState:
    draw = random.Random(seed)
    people = {who: Participant(who, "classroom", draw.random() < 0.8) for who in PEOPLE}
    on_stage = draw.sample(PEOPLE, draw.randint(0, 4))
    sheets = (Sheet("c1", 9, "v1"),) if draw.random() < 0.6 else ()
    return LessonState(
        "L1",
        "Fractions",
        phase=draw.choice(("live", "live", "break")),
        participants=people,
        stage=dict(zip(draw.sample((1, 2, 3, 4), len(on_stage)), on_stage, strict=True)),
        hands=some_hands(draw),
        mic=Microphones({who: "room" for who in on_stage if draw.random() < 0.4}),
        board=Board(sheets=sheets, at=("c1", 1) if sheets else None, shown=draw.random() < 0.7),
        director=Director(draw.choice(("auto", "auto", "pip")), draw.choice(("stage", "courseware"))),
    )


def ask(questions: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(NODE), str(RUNNER)], input=json.dumps(questions), capture_output=True, text=True, timeout=60)


def agree(questions: list[dict[str, Any]]) -> None:
    done = ask(questions)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) == len(questions)


def question(module: str, name: str, answer: object, *args: object) -> dict[str, Any]:
    return {"module": module, "name": name, "args": args, "answer": answer}


def shown(state: LessonState) -> list[dict[str, Any]]:
    """As everybody in the lesson sees it."""
    return [project_state(state, who, LOOKUP) for who in AUDIENCES if who.view in IN_THE_LESSON]


def the_queue(state: LessonState) -> list[dict[str, Any]]:
    names = ("at", "wave", "lot", "before")
    return [
        {"participant": one.participant, "seat": one.seat, "hand": {name: getattr(one.hand, name) for name in names}}
        for one in queue(state)
    ]


def test_the_queue_is_the_same_for_everybody() -> None:
    states = [some_state(seed) for seed in range(STATES)]
    assert {state.hands.mode for state in states if len(queue(state)) > 5} == {"first", "least", "random"}
    agree([question("fold/hands.js", "queue", the_queue(state), page) for state in states for page in shown(state)])


def test_everybody_knows_every_place_in_it() -> None:
    asked = []
    for state in (some_state(seed) for seed in range(40)):
        page = shown(state)[-1]
        places = [(who, seat) for who in PEOPLE for seat in range(1, 13)]
        asked += [question("fold/hands.js", "placeInQueue", place_in_queue(state, *place), page, *place) for place in places]
    assert {one["answer"] for one in asked} >= {None, 1, 2, 3}
    agree(asked)


def test_who_is_heard() -> None:
    states = [some_state(seed) for seed in range(60)]
    asked = [
        (state, page, who) for state in states for page in (*shown(state), project_state(state, AUDIENCES[-1], LOOKUP)) for who in PEOPLE
    ]
    # A plain viewer is not told who is away: the media is, and forwards nothing.
    known = [(state, page, who) for state, page, who in asked if "present" in page["participants"].get(who, {"present": None})]
    answers = [question("fold/mic.js", "isHeard", is_heard(state, who), page, who) for state, page, who in known]
    assert {one["answer"] for one in answers} == {True, False}
    agree(answers)


def test_the_layout() -> None:
    states = [some_state(seed) for seed in range(STATES)]
    assert {layout_of(state) for state in states} == {"teacher", "courseware", "stage", "pip"}
    agree(
        [
            question("fold/director.js", "layoutOf", layout_of(state), project_state(state, who, LOOKUP))
            for state in states
            for who in AUDIENCES
        ]
    )


def test_a_difference_is_noticed() -> None:
    state = next(state for state in map(some_state, range(STATES)) if len(queue(state)) > 1)
    assert ask([question("fold/hands.js", "queue", the_queue(state)[::-1], shown(state)[0])]).returncode != 0
