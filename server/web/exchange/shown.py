"""Reports as people and scripts read them."""

from __future__ import annotations

from dataclasses import dataclass

from server.school.exchange.findings import BadCell, Report
from server.web.catalogue import LANGUAGES, Catalogue

MOST_SHOWN = 500
"""Bad cells on a page; the JSON answer has them all."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A bad cell with its sentence."""

    row: int
    column: str
    words: str


def cells(report: Report, catalogue: Catalogue, lang: str) -> list[ShownCell]:
    """The first bad cells."""
    return [ShownCell(one.row, one.column, _words(catalogue, lang, one)) for one in report.bad[:MOST_SHOWN]]


def as_json(report: Report, catalogue: Catalogue) -> dict[str, object]:
    """The whole report."""
    counts = {name: getattr(report, name) for name in ("table", "rows", "new", "changed", "same", "ok")}
    return {**counts, "bad": bad_json(report, catalogue)}


def bad_json(report: Report, catalogue: Catalogue) -> list[dict[str, object]]:
    """Every bad cell, with its sentence in each language."""
    return [
        {
            "row": one.row,
            "column": one.column,
            "name": one.name,
            "code": one.code,
            "params": dict(one.params),
            "message": {lang: _words(catalogue, lang, one) for lang in LANGUAGES},
        }
        for one in report.bad
    ]


def _words(catalogue: Catalogue, lang: str, one: BadCell) -> str:
    return catalogue.formatted(lang, f"cell.{one.code}", one.params)
