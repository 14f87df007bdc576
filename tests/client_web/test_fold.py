"""One fold in two languages (S19): for every kind and audience, what a page makes of the events is what the server would send afresh."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.domain import commands as c
from server.domain.audience import AUDIENCE, last_seen, project_event, project_state
from server.domain.command import Command
from server.domain.events import Envelope
from server.domain.lesson import fold, fold_all
from server.domain.plan import KEPT_MS
from server.domain.seen import Audience
from tests.server.domain.lives import LIVES as PARTS
from tests.server.domain.logs import AUDIENCES, LOOKUP, PEOPLE, START, live

NODE = shutil.which("node")
RUNNER = Path(__file__).with_name("fold_logs.mjs")
LIVES = 60
STEPS = 500


def one(draw: random.Random) -> Command:
    if draw.random() < 0.6:
        return draw.choice(PARTS)(draw)
    who = draw.choice(PEOPLE)
    kinds = (
        (c.OpenLesson(), 2),
        (c.GoLive(), 6),
        (c.EndLesson(), 1),
        (c.PauseLesson(), 2),
        (c.CancelLesson(), 0.22),
        (c.ArchiveLesson(), 0.3),
        (c.ReopenLesson(), 4),
        (c.AnchorClock(utc=1), 1),
        (c.Join(participant="master", role="master"), 3),
        (c.Leave(participant="master"), 1),
        (c.Join(participant=who, role="classroom"), 12),
        (c.Leave(participant=who), 5),
        (c.CallOnStage(participant=who), 10),
        (c.ReleaseFromStage(participant=who), 6),
        (c.RemoveParticipant(participant=who), 1),
        (c.ExpireStage(participant=who), 3),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]


def life(seed: int) -> list[Envelope]:
    draw = random.Random(seed)
    orders = [one(draw) for _ in range(STEPS)]
    return live([(order, KEPT_MS if isinstance(order, c.ArchiveLesson) else draw.choice((1, 900, 40_000))) for order in orders])


def story(log: list[Envelope], who: Audience, begin: int) -> dict[str, Any]:
    """What a page that came after `begin` events is told, and the state it should have after each."""
    state, seen, steps = fold_all(START, log[:begin]), last_seen(who, log[:begin]), []
    start = project_state(state, who, LOOKUP)
    for event in log[begin:]:
        state = fold(state, event)
        message = project_event(event, who, seen, LOOKUP)
        if message:
            seen = event.seq
            steps.append({"event": message, "state": project_state(state, who, LOOKUP)})
    return {"start": start, "steps": steps}


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@pytest.mark.parametrize("who", AUDIENCES, ids=lambda who: who.view)
def test_the_pages_fold_as_the_server_does(who: Audience) -> None:
    logs = [life(seed) for seed in range(LIVES)]
    stories = [story(log, who, begin) for log in logs for begin in (0, len(log) // 2)]
    told = [step["event"]["kind"] for each in stories for step in each["steps"]]
    assert set(told) == {kind for kind, seen in AUDIENCE.items() if who.view in seen.views()}
    done = subprocess.run([str(NODE), str(RUNNER)], input=json.dumps(stories), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) == len(told)


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_a_difference_is_noticed() -> None:
    wrong = story(life(1), AUDIENCES[0], 0)
    wrong["steps"][-1]["state"]["lesson"]["name"] = "another"
    done = subprocess.run([str(NODE), str(RUNNER)], input=json.dumps([wrong]), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
