"""What a dry run found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.school.exchange.columns import Table

Kind = Literal["new", "changed", "same"]
CODES = (
    "header_missing",
    "header_unknown",
    "header_twice",
    "no_header",
    "required",
    "long",
    "short",
    "format",
    "number",
    "choice",
    "low",
    "high",
    "missing",
    "forbidden",
    "closed",
    "not_school",
    "taken",
    "twice",
    "differs",
    "fixed",
    "tier",
    "loop",
    "full",
    "left",
    "ambiguous",
    "teacher",
    "no_bell",
    "period",
    "clash",
    "clash_row",
)
"""Of bad cells; sentences: catalogue `cell.<code>`."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """Where, and what is wrong."""

    row: int
    """As spreadsheets number them."""
    column: str
    """The header, as the file has it."""
    name: str
    """The column's name in the specification; empty: no such column."""
    code: str
    params: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Report:
    """Of a dry run, or of an import. With bad cells nothing was, and nothing can be, written."""

    table: str
    rows: int
    new: int
    changed: int
    same: int
    bad: tuple[BadCell, ...]
    """By row, then in the order of the columns."""

    @property
    def ok(self) -> bool:
        """It can be written."""
        return not self.bad


class Findings:
    """Collects bad cells."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._bad: list[BadCell] = []
        self.headers: dict[str, str] = {}
        """Column → header as the file has it."""
        self.rows: set[int] = set()
        """Rows with something bad."""

    def add(self, row: int, name: str, code: str, **params: str | int) -> None:
        """The cell of a column we know."""
        self.elsewhere(row, self.headers.get(name, self._table.column(name).header), code, name, **params)

    def elsewhere(self, row: int, header: str, code: str, name: str = "", **params: str | int) -> None:
        """Any cell."""
        assert code in CODES, code
        self._bad.append(BadCell(row, header, name, code, params))
        self.rows.add(row)

    def bad(self) -> tuple[BadCell, ...]:
        """All of them, in order."""
        order = {column.name: number for number, column in enumerate(self._table.columns)}
        return tuple(sorted(self._bad, key=lambda one: (one.row, order.get(one.name, len(order)))))
