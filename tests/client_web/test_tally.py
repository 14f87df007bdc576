"""The master's page counts a running card as the server does (S19, S23)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.domain.audience import project_state
from server.domain.lesson import LessonState, fold_all
from server.domain.quiz.tally import tally, total
from tests.client_web.test_fold import life
from tests.server.domain.logs import AUDIENCES, LOOKUP, START

NODE = shutil.which("node")
RUNNER = Path(__file__).with_name("tally.mjs")
LIVES = 60


def sums(state: LessonState) -> dict[str, Any]:
    rooms = {quiz: tally(state.quiz, quiz) for quiz in state.quiz.cards}
    shown: dict[str, Any] = {
        quiz: {"rooms": {who: LOOKUP.plain(one) for who, one in its.items()}, "total": LOOKUP.plain(total(state.quiz.cards[quiz], its))}
        for quiz, its in rooms.items()
    }
    return shown


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_the_page_counts_as_the_server_does() -> None:
    states = [fold_all(START, life(seed)) for seed in range(LIVES)]
    parts = [project_state(state, AUDIENCES[0], LOOKUP)["quiz"] for state in states]
    done = subprocess.run([str(NODE), str(RUNNER)], input=json.dumps(parts), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    expected = [sums(state) for state in states]
    assert json.loads(done.stdout) == expected
    totals = [card["total"] for each in expected for card in each.values()]
    assert any(one["right"] for one in totals)
    assert any(one["counted"] for one in totals)
