"""From a table's lines to typed rows; whatever does not fit is a bad cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from server.school.exchange.columns import NOTE_NAMES, SAMPLE, Column, Table, plain
from server.school.exchange.findings import Findings
from server.school.sheets.limits import Line

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""What no name or code holds; a line break in a cell is a slip of the hand."""
_LIMIT = re.compile(r"-?\d+")
_CODES = (
    (r"length >=", "short"),
    (r"length <=", "long"),
    (r"matching regex", "format"),
    (r">= ", "low"),
    (r"<= ", "high"),
    (r"enum value", "choice"),
    (r"`(?:int|float)`", "number"),
)


@dataclass(slots=True)
class Row:
    """A row of the file. A cell that is empty or bad has no value."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """A value, None where there is none."""
        return self.values.get(name)

    def has(self, *names: str) -> bool:
        """Whether all of these have one."""
        return all(name in self.values for name in names)


def read_rows(table: Table, lines: Sequence[Line], findings: Findings) -> list[Row]:
    """The rows under the headers, none where the headers are wrong. The template's example is passed over."""
    places, notes = _places(table, lines[0], findings)
    if findings.rows:
        return []
    kept = [line for line in lines[1:] if not _cell(line, notes).startswith(SAMPLE) and any(n != notes for n in _filled(line))]
    return [_row(table, line, places, notes, findings) for line in kept]


def _places(table: Table, head: Line, findings: Findings) -> tuple[dict[int, Column], int]:
    """Where each column stands, and where the notes are (-1: nowhere)."""
    places: dict[int, Column] = {}
    notes = -1
    for place, header in enumerate(head.cells):
        found = next((column for column in table.columns if column.fits(header)), None)
        if found is not None and found not in places.values():
            places[place] = found
            findings.headers[found.name] = header.strip()
        elif found is not None:
            findings.elsewhere(head.row, header.strip(), "header_twice", found.name)
        elif plain(header) in NOTE_NAMES:
            notes = place
        elif header.strip():
            findings.elsewhere(head.row, header.strip()[:80], "header_unknown")
    for column in table.columns:
        if column.required and column not in places.values():
            findings.add(head.row, column.name, "header_missing")
    return places, notes


def _row(table: Table, line: Line, places: dict[int, Column], notes: int, findings: Findings) -> Row:
    row = Row(line.row)
    for place, text in enumerate(line.cells):
        if place not in places and place != notes and text.strip():
            findings.elsewhere(line.row, _letters(place), "no_header")
    for place, column in places.items():
        _read(column, _cell(line, place), row, findings)
    return row


def _filled(line: Line) -> list[int]:
    return [place for place, text in enumerate(line.cells) if text.strip()]


def _cell(line: Line, place: int) -> str:
    return line.cells[place].replace("\r\n", "\n").strip() if 0 <= place < len(line.cells) else ""


def _read(column: Column, text: str, row: Row, findings: Findings) -> None:
    value = column.read(text) if text else ""
    if not value:
        if column.required:
            findings.add(row.number, column.name, "required")
    elif _CONTROL.search(text):
        findings.add(row.number, column.name, "format")
    else:
        try:
            row.values[column.name] = msgspec.convert(value, column.type, strict=False)
        except msgspec.ValidationError as error:
            code = next((code for pattern, code in _CODES if re.search(pattern, str(error))), "format")
            code = "choice" if column.words and code in ("number", "low", "high") else code
            findings.add(row.number, column.name, code, **_params(column, code, str(error)))


def _params(column: Column, code: str, message: str) -> dict[str, str | int]:
    if code == "choice" and column.words:
        return {"choices": column.words.all()}
    limit = _LIMIT.search(message)
    return {"limit": int(limit[0])} if limit and code in ("short", "long", "low", "high") else {}


def _letters(place: int) -> str:
    """`A`, `B`, … `AA`, as spreadsheets call their columns."""
    letters = ""
    place += 1
    while place:
        place, left = divmod(place - 1, 26)
        letters = chr(ord("A") + left) + letters
    return letters
