"""Points of ink as text: whole numbers, each written as its difference from the one before it in the same direction.

A text is one or more runs divided by `.`; every run begins afresh, so runs are joined by writing one after the other. A run is
x, y, x, y …, or after a leading `~` x, y, pressure, x, y, pressure … A number is zigzagged (0, -1, 1, -2 … become 0, 1, 2, 3 …)
and written in groups of five bits, the lowest first, each a letter of base64url (RFC 4648 section 5), 32 added while more follow.

Unit of x and y: 1/10000 of the page's width. Pressure: 0–255. `client_web/static/js/board/codec.js` is the same in a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WIDTH = 10_000
"""A page is so wide; its height is in the same unit."""
REACH = 250_000
"""No coordinate is farther from the page's corner."""
MOST_POINTS = 4_000
MOST_TEXT = 16_384
"""Characters."""
PRESSED = "~"
RUN = "."

Point = tuple[int, ...]
"""x, y, or x, y, pressure."""

_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}


def encode(runs: Sequence[Sequence[Point]]) -> str:
    """Runs of points as text; points of one run have the same length."""
    return RUN.join(_run(points) for points in runs)


def decode(text: str) -> list[list[Point]]:
    """The runs of a text. Raises `ValueError` for one that `encode` does not write, or with coordinates out of reach."""
    return [_points(run) for run in text.split(RUN)]


def count(text: str) -> int:
    """How many points; raises `ValueError` as `decode`, and above `MOST_POINTS` and `MOST_TEXT`."""
    if len(text) > MOST_TEXT:
        raise ValueError("too long")
    points = sum(len(run) for run in decode(text))
    if points > MOST_POINTS:
        raise ValueError("too many points")
    return points


def _run(points: Sequence[Point]) -> str:
    size = len(points[0])
    last, words = [0] * size, [PRESSED if size == 3 else ""]
    for point in points:
        words += [_number(value - before) for value, before in zip(point, last, strict=True)]
        last = list(point)
    return "".join(words)


def _number(value: int) -> str:
    rest, letters = (value << 1) ^ (value >> 63), ""
    while rest >= 32:
        letters += ALPHABET[32 | (rest & 31)]
        rest >>= 5
    return letters + ALPHABET[rest]


def _points(run: str) -> list[Point]:
    size = 3 if run.startswith(PRESSED) else 2
    numbers = list(_numbers(run[1:] if size == 3 else run))
    if not numbers or len(numbers) % size:
        raise ValueError("half a point")
    last, points = [0] * size, []
    for begin in range(0, len(numbers), size):
        last = [before + step for before, step in zip(last, numbers[begin : begin + size], strict=True)]
        if any(abs(value) > REACH for value in last[:2]) or not all(0 <= value <= 255 for value in last[2:]):
            raise ValueError("out of reach")
        points.append(tuple(last))
    return points


def _numbers(letters: str) -> Iterator[int]:
    value = shift = 0
    for letter in letters:
        bits = _VALUE.get(letter)
        if bits is None or shift > 25:
            raise ValueError("not a number")
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            yield (value >> 1) ^ -(value & 1)
            value = shift = 0
    if shift:
        raise ValueError("half a number")
