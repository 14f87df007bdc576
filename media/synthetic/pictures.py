"""Generated pictures: lesson slides with a moving clock, a teacher's corner, a remote classroom. Pure: the picture of a moment.

Everything is drawn with OpenCV primitives, so that a picture needs no font, file or camera.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""Height × width × 3, BGR."""
Painter = Callable[[float], Picture]
"""Seconds since the start → picture."""
Colour = tuple[int, int, int]

PAPER: Colour = (236, 244, 248)
INK: Colour = (52, 44, 40)
ACCENT: Colour = (110, 98, 20)
WARM: Colour = (72, 120, 214)
SLIDE_SECONDS = 20.0
FRACTIONS = ((1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (2, 5), (5, 6), (3, 8))


def _text(picture: Any, words: str, x: int, y: int, size: float, colour: Colour = INK, weight: int = 2) -> None:
    cv2.putText(picture, words, (x, y), cv2.FONT_HERSHEY_DUPLEX, size, colour, weight, cv2.LINE_AA)


def _clock(picture: Any, centre: tuple[int, int], radius: int, t: float) -> None:
    cv2.circle(picture, centre, radius, INK, 2, cv2.LINE_AA)
    for period, length in ((60.0, 0.85), (3600.0, 0.55)):
        angle = 2 * math.pi * (t % period) / period
        tip = (round(centre[0] + radius * length * math.sin(angle)), round(centre[1] - radius * length * math.cos(angle)))
        cv2.line(picture, centre, tip, ACCENT, 2, cv2.LINE_AA)


def _pie(picture: Any, centre: tuple[int, int], radius: int, part: int, whole: int) -> None:
    step = 360 / whole
    for i in range(whole):
        colour = ACCENT if i < part else (214, 222, 226)
        cv2.ellipse(picture, centre, (radius, radius), -90, i * step, (i + 1) * step, colour, -1, cv2.LINE_AA)
        angle = math.radians(i * step - 90)
        rim = (round(centre[0] + radius * math.cos(angle)), round(centre[1] + radius * math.sin(angle)))
        cv2.line(picture, centre, rim, PAPER, 3, cv2.LINE_AA)


def slides(width: int, height: int) -> Painter:
    """A slide on fractions every 20 s, with a clock whose hand moves."""

    def paint(t: float) -> Picture:
        picture: Picture = np.full((height, width, 3), PAPER, np.uint8)
        page = int(t // SLIDE_SECONDS)
        part, whole = FRACTIONS[page % len(FRACTIONS)]
        cv2.rectangle(picture, (0, 0), (width, height // 40), ACCENT, -1)
        _pie(picture, (width * 3 // 10, height * 11 // 20), height * 3 // 10, part, whole)
        _text(picture, str(part), width * 13 // 20, height * 9 // 20, height / 120, ACCENT, 4)
        cv2.line(picture, (width * 12 // 20, height * 10 // 20), (width * 15 // 20, height * 10 // 20), INK, 4)
        _text(picture, str(whole), width * 13 // 20, height * 14 // 20, height / 120, INK, 4)
        _text(picture, f"{page % 99 + 1}", width // 40, height * 39 // 40, height / 600, INK, 1)
        _clock(picture, (width * 37 // 40, height * 3 // 20), height // 14, t)
        return picture

    return paint


def _person(picture: Any, x: int, base: int, size: int, colour: Colour) -> None:
    cv2.ellipse(picture, (x, base), (size, round(size * 1.1)), 0, 180, 360, colour, -1, cv2.LINE_AA)
    cv2.circle(picture, (x, base - round(size * 1.45)), round(size * 0.52), (170, 196, 224), -1, cv2.LINE_AA)


def teacher(width: int, height: int) -> Painter:
    """A teacher before a board, who sways and speaks."""

    def paint(t: float) -> Picture:
        picture: Picture = np.full((height, width, 3), (96, 84, 58), np.uint8)
        cv2.rectangle(picture, (width // 12, height // 10), (width * 11 // 12, height * 7 // 10), (72, 92, 46), -1)
        x = width // 2 + round(width * 0.06 * math.sin(t * 0.9))
        size = height // 4
        _person(picture, x, height, size, ACCENT)
        mouth = 2 + round(abs(math.sin(t * 7.0)) * size * 0.08)
        cv2.ellipse(picture, (x, height - round(size * 1.25)), (size // 7, mouth), 0, 0, 360, (80, 70, 150), -1, cv2.LINE_AA)
        _text(picture, f"{int(t) // 60:02d}:{t % 60:04.1f}", width // 9, height // 4, height / 360, (230, 236, 230), 1)
        return picture

    return paint


def classroom(width: int, height: int, number: int) -> Painter:
    """Rows of pupils; one raises an arm now and then."""

    def paint(t: float) -> Picture:
        shade = 40 * (number % 3)
        picture: Picture = np.full((height, width, 3), (200 - shade, 214, 190 + shade // 2), np.uint8)
        _text(picture, str(number), width // 20, height // 4, height / 140, INK, 2)
        raised = int(t / 3) % 10
        for pupil in range(10):
            row, column = divmod(pupil, 5)
            x = width * (2 * column + 1) // 10 + row * width // 20
            base = height * (13 + 6 * row) // 18
            size = height // 12
            if pupil == raised:
                cv2.line(picture, (x + size, base), (x + size, base - 3 * size), (170, 196, 224), max(2, size // 3), cv2.LINE_AA)
            _person(picture, x, base, size, WARM if row else ACCENT)
        _clock(picture, (width * 9 // 10, height // 6), height // 9, t)
        return picture

    return paint
