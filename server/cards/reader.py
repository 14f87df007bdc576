"""From one picture of a classroom to its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from server.cards.marker import SEATS, SIDES, detector
from server.errors import BadPicture, TooLarge

MOST_BYTES = 3 * 1024 * 1024
MOST_PIXELS = 4096 * 3072
TILTED = math.radians(55)
"""A side counts as up while it leans less than this much more than its neighbour: beyond, a card is between two answers."""
_SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


@dataclass(frozen=True, slots=True)
class Cards:
    """What a picture shows."""

    answers: dict[int, int] = field(default_factory=dict)
    """Seat → option, 0–3 for A–D."""
    unclear: frozenset[int] = frozenset()
    """Seats whose card is held between two answers, or was seen twice with different ones."""


def read_cards(jpeg: bytes) -> Cards:
    """The answers in a JPEG. Raises `TooLarge`, `BadPicture`. Takes some tens of ms: not for the event loop."""
    if len(jpeg) > MOST_BYTES:
        raise TooLarge("picture")
    width, height = jpeg_size(jpeg)
    if width * height > MOST_PIXELS:
        raise TooLarge("pixels")
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise BadPicture
    return _read(picture)


def _read(picture: Any) -> Cards:
    corners, numbers, _ = detector().detectMarkers(picture)
    seen: dict[int, set[int | None]] = {}
    for quad, number in zip(corners, numbers.ravel() if numbers is not None else (), strict=True):
        if 1 <= number <= SEATS:
            seen.setdefault(int(number), set()).add(side_up(quad.reshape(4, 2)))
    sure = {seat: next(iter(sides)) for seat, sides in seen.items() if len(sides) == 1}
    answers = {seat: side for seat, side in sorted(sure.items()) if side is not None}
    return Cards(answers, frozenset(seen.keys() - answers.keys()))


def side_up(quad: Any) -> int | None:
    """Which printed side of a marker is up, from its corners (pixels, clockwise from the printed top left); None: between two."""
    middle = quad.mean(axis=0)
    leans = []
    for side in range(SIDES):
        edge = (quad[side] + quad[(side + 1) % SIDES]) / 2 - middle
        leans.append(abs(math.atan2(float(edge[0]), float(-edge[1]))))
    first, second = sorted(leans)[:2]
    return leans.index(first) if second - first > math.pi / 2 - TILTED else None


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG (ITU T.81 B.2.2), before anything is decoded; raises `BadPicture`."""
    place = 2
    while data[:2] == b"\xff\xd8" and place + 9 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        if marker in _SOF:
            return int.from_bytes(data[place + 7 : place + 9]), int.from_bytes(data[place + 5 : place + 7])
        place += 2 + length
    raise BadPicture
