"""A room with the pen draws beside the master: every audience's page has the server's board, and the same word for it (S19)."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.domain import commands as lesson
from server.domain.audience import last_seen, project_event, project_state
from server.domain.board.digest import board_hash
from server.domain.command import Command, Giver
from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold, fold_all
from server.domain.refused import Refused
from server.domain.seen import Audience
from tests.server.domain.lives import board
from tests.server.domain.logs import AUDIENCES, LOOKUP, START, act

NODE = shutil.which("node")
RUNNER = Path(__file__).with_name("board_logs.mjs")
LIVES, STEPS = 15, 200
ROOMS = ("p1", "p2")
BEGIN: tuple[Command, ...] = (
    lesson.GoLive(),
    *(lesson.Join(participant=who, role="classroom") for who in ROOMS),
    *(lesson.CallOnStage(participant=who) for who in ROOMS),
)


def one(draw: random.Random) -> Command:
    who = draw.choice(ROOMS)
    comings = (lesson.ReleaseFromStage(participant=who), lesson.CallOnStage(participant=who), lesson.Leave(participant=who))
    return draw.choice((*comings, lesson.Join(participant=who, role="classroom"))) if draw.random() < 0.1 else board.draw(draw)


def giver(draw: random.Random, state: LessonState, command: Command) -> Giver | None:
    """The room with the pen as often as the master."""
    pen = state.board.pen
    if pen and "classroom" in command.roles and draw.random() < 0.5:
        return Giver("classroom", pen, 0, "room")
    return None


def life(seed: int) -> list[Envelope]:
    draw = random.Random(seed)
    state, log = START, list[Envelope]()
    for number, command in enumerate((*BEGIN, *(one(draw) for _ in range(STEPS))), 1):
        try:
            state = act(state, command, number * 1000, log, giver(draw, state, command))
        except Refused:
            continue
    return log


def story(log: list[Envelope], who: Audience, begin: int) -> dict[str, Any]:
    """What a page that came after `begin` events is told, and the board it should have after each."""
    state, seen, steps = fold_all(START, log[:begin]), last_seen(who, log[:begin]), list[dict[str, Any]]()
    start = project_state(state, who, LOOKUP)
    for event in log[begin:]:
        state = fold(state, event)
        message = project_event(event, who, seen, LOOKUP)
        if message:
            seen = event.seq
            shown = project_state(state, who, LOOKUP)["board"]
            steps.append({"event": message, "board": shown, "hash": board_hash(state.board)})
    return {"start": start, "steps": steps}


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("who", AUDIENCES, ids=lambda who: who.view)
def test_pages_have_the_servers_board(who: Audience) -> None:
    logs = [life(seed) for seed in range(LIVES)]
    drawn = {getattr(event.payload, "participant", "") for log in logs for event in log if event.kind == "board.drawn"}
    assert drawn == {"master", *ROOMS}
    stories = [story(log, who, begin) for log in logs for begin in (0, len(log) // 2)]
    done = subprocess.run([str(NODE), str(RUNNER)], input=json.dumps(stories), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) == sum(len(each["steps"]) for each in stories) > 100
