"""Reports as people and scripts read them. A report may have a hundred thousand bad cells: call these outside the event loop."""

from __future__ import annotations

from markupsafe import Markup, escape

from server.school.exchange.findings import BadCell, Report
from server.school.sheets.files import write_table
from server.web.catalogue import LANGUAGES, Catalogue

COLUMNS = ("row", "column", "trouble")


def rows(report: Report, catalogue: Catalogue, lang: str) -> Markup:
    """Every bad cell as a row of the page's table."""
    return Markup().join(_row(one, escape(_words(catalogue, lang, one))) for one in report.bad)


def _row(one: BadCell, words: Markup) -> Markup:
    return Markup('<tr><td class="number">%d</td><td>%s</td><td>%s</td></tr>') % (one.row, one.column, words)


def as_csv(report: Report, catalogue: Catalogue, lang: str) -> bytes:
    """Every bad cell as a line of a CSV file; what a spreadsheet would take for a formula is guarded."""
    head = [catalogue.text(lang, f"exchange.{name}") for name in COLUMNS]
    lines = [[str(one.row), one.column, _words(catalogue, lang, one)] for one in report.bad]
    return write_table("csv", report.table, [head, *lines])


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
