"""A picture of a classroom whose pupils hold up cards: perspective, uneven light, blur, noise and JPEG, all from a seed."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Any

import cv2
import numpy as np

from server.cards.marker import bits_of

WIDTH, HEIGHT = 1280, 720


def card(seat: int, side: int, size: int) -> Any:
    """The card with its white border, turned so that `side` (0–3: A–D) is up."""
    cells = np.where(np.array(bits_of(seat)), 20, 245).astype(np.uint8)
    bordered = np.pad(cells, 1, constant_values=245)
    return cv2.resize(np.ascontiguousarray(np.rot90(bordered, side)), (size, size), interpolation=cv2.INTER_NEAREST)


def jpeg(picture: Any, quality: int = 80) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return bytes(data)


def photograph(held: Mapping[int, int], draw: random.Random, covered: Collection[int] = ()) -> bytes:
    """Rows of ten, the far ones smaller; `covered` seats hide part of their card behind a head."""
    picture = np.full((HEIGHT, WIDTH), 120, np.uint8)
    picture[: HEIGHT // 3] = 165
    for place, (seat, side) in enumerate(held.items()):
        row, column = divmod(place, 10)
        size = 44 + row * 16
        x = 60 + column * 118 + draw.randint(-8, 8)
        y = 90 + row * 150 + draw.randint(-8, 8)
        _hold(picture, card(seat, side, 160), x, y, size, draw)
        if seat in covered:
            cv2.circle(picture, (x + size // 2, y + size // 2), size // 3, 70, -1)
    light = np.linspace(0.65, 1.05, WIDTH)[None, :] * np.linspace(1.0, 0.85, HEIGHT)[:, None]
    noise = np.random.default_rng(draw.randrange(2**32)).normal(0, 5, picture.shape)
    lit = np.clip(picture * light + noise, 0, 255).astype(np.uint8)
    return jpeg(cv2.GaussianBlur(lit, (3, 3), 0.7))


def _hold(picture: Any, flat: Any, x: int, y: int, size: int, draw: random.Random) -> None:
    """Held by hand: leaning up to 20 degrees and turned away a little."""
    turn = np.radians(draw.uniform(-20, 20))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2
    bent = square * np.array([[1, draw.uniform(0.85, 1)], [1, 1], [1, draw.uniform(0.85, 1)], [1, 1]])
    target = (bent @ spin.T + [x + size / 2, y + size / 2]).astype(np.float32)
    source = np.array([[0, 0], [160, 0], [160, 160], [0, 160]], np.float32)
    shape = cv2.getPerspectiveTransform(source, target)
    drawn = cv2.warpPerspective(flat, shape, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((160, 160), 255, np.uint8), shape, (WIDTH, HEIGHT))
    picture[mask > 127] = drawn[mask > 127]
