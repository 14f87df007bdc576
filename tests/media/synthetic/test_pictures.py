from __future__ import annotations

import numpy as np
import pytest

from media.synthetic.pictures import SLIDE_SECONDS, Painter, classroom, slides, teacher

PAINTERS = {"slides": slides(640, 360), "teacher": teacher(320, 180), "classroom": classroom(320, 180, 2)}


@pytest.mark.parametrize("painter", PAINTERS.values(), ids=PAINTERS)
def test_a_picture_moves_and_is_the_same_for_the_same_moment(painter: Painter) -> None:
    assert np.array_equal(painter(5.0), painter(5.0))
    assert not np.array_equal(painter(5.0), painter(8.0))
    assert painter(5.0).std() > 20


def test_slides_turn() -> None:
    paint = slides(640, 360)
    turned = np.mean(paint(SLIDE_SECONDS - 0.1) != paint(SLIDE_SECONDS + 0.1))
    stayed = np.mean(paint(1.0) != paint(1.2))
    assert turned > 5 * stayed


def test_classrooms_are_told_apart() -> None:
    assert not np.array_equal(classroom(320, 180, 1)(0), classroom(320, 180, 2)(0))
