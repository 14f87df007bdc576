from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.board.codec import ALPHABET, MOST_POINTS, MOST_TEXT, REACH, count, decode, encode

NODE = shutil.which("node")
CODEC = Path(__file__).resolve().parents[3] / "client_web" / "static" / "js" / "board" / "codec.js"

numbers = st.integers(-REACH, REACH)
plain = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=30)
pressed = st.lists(st.tuples(numbers, numbers, st.integers(0, 255)), min_size=1, max_size=30)
RUNS = st.lists(st.one_of(plain, pressed), min_size=1, max_size=4)


@given(RUNS)
def test_points_survive(runs) -> None:
    assert decode(encode(runs)) == runs
    assert count(encode(runs)) == sum(map(len, runs))


def test_written_as_documented() -> None:
    assert encode([[(0, 0), (1, -1), (1, -17)]]) == "AACBAf"
    assert encode([[(16, -17)]]) == "gBhB"
    assert encode([[(5, 5)], [(5, 5, 255)]]) == "KK.~KK-P"


@given(RUNS, RUNS)
def test_runs_are_joined_by_writing_one_after_the_other(one, other) -> None:
    assert decode(encode(one) + "." + encode(other)) == one + other


@pytest.mark.parametrize("text", ["", ".", "A", "AAA", "gg", "AA.", "~AA", "AA AA", "AA/A", "g" * 7 + "AA", "~AAh", "~AAgQ", "________BA"])
def test_what_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        count(text)


@given(st.text(ALPHABET + ".~", max_size=40))
def test_any_text_is_points_or_refused(text: str) -> None:
    try:
        runs = decode(text)
    except ValueError:
        return
    assert all(abs(value) <= REACH for run in runs for point in run for value in point)


def test_a_stroke_is_bounded() -> None:
    assert count(encode([[(0, 0)] * MOST_POINTS])) == MOST_POINTS
    with pytest.raises(ValueError, match="points"):
        count(encode([[(0, 0)] * (MOST_POINTS + 1)]))
    with pytest.raises(ValueError, match="long"):
        count("A" * (MOST_TEXT + 2))


def test_handwriting_is_small() -> None:
    draw = random.Random(1)
    x, y, points = 3000, 2000, []
    for _ in range(120):  # two seconds of a pen
        x, y = x + draw.randint(-15, 40), y + draw.randint(-30, 30)
        points.append((x, y))
    assert len(encode([points])) < 500


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_pages_read_and_write_the_same() -> None:
    draw = random.Random(7)
    wide = [[(draw.randint(-REACH, REACH), draw.randint(-REACH, REACH)) for _ in range(50)] for _ in range(20)]
    small = [[(draw.randint(0, 10_000), draw.randint(0, 5_625), draw.randint(0, 255)) for _ in range(50)] for _ in range(20)]
    cases = [[run] for run in (*wide, *small)] + [[*wide[:3], *small[:3]]]
    script = (
        f"import {{ encode, decode }} from {json.dumps(CODEC.as_uri())};"
        "let text = ''; for await (const chunk of process.stdin) text += chunk;"
        "const out = JSON.parse(text).map(({ runs, text }) => ({ text: encode(runs), runs: decode(text) }));"
        "process.stdout.write(JSON.stringify(out));"
    )
    sent = json.dumps([{"runs": runs, "text": encode(runs)} for runs in cases])
    done = subprocess.run([str(NODE), "--input-type=module", "-e", script], input=sent, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr[-2000:]
    for runs, back in zip(cases, json.loads(done.stdout), strict=True):
        assert back["text"] == encode(runs)
        assert [[tuple(point) for point in run] for run in back["runs"]] == runs
