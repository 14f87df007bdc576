"""How large a table may be, and what a line of one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.errors import SheetTooLarge, SheetUnreadable

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5000
"""Lines with something in them, under the headers."""
MOST_COLUMNS = 64
MOST_CHARACTERS = 2000
"""In one cell."""
LAST_ROW = 1_048_576
"""No spreadsheet has more; empty ones count."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something in it. `row`: as spreadsheets number it, from 1."""

    row: int
    cells: tuple[str, ...]


def bounded(rows: Iterable[Sequence[str]]) -> list[Line]:
    """The lines that are not empty. Raises `SheetTooLarge`; `SheetUnreadable` where there are none."""
    lines: list[Line] = []
    for number, cells in enumerate(rows, 1):
        if number > LAST_ROW:
            raise SheetTooLarge(what="rows", limit=LAST_ROW)
        kept = tuple(cells)
        while kept and not kept[-1].strip():
            kept = kept[:-1]
        if not kept:
            continue
        _check(kept, len(lines))
        lines.append(Line(number, kept))
    if not lines:
        raise SheetUnreadable("nothing in it")
    return lines


def _check(cells: tuple[str, ...], lines: int) -> None:
    if lines > MOST_ROWS:
        raise SheetTooLarge(what="rows", limit=MOST_ROWS)
    if len(cells) > MOST_COLUMNS:
        raise SheetTooLarge(what="columns", limit=MOST_COLUMNS)
    if any(len(cell) > MOST_CHARACTERS for cell in cells):
        raise SheetTooLarge(what="characters", limit=MOST_CHARACTERS)
