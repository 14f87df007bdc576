"""`python -m tests.docs_tables`: writes the tables that code knows better into the documents, between their marks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

from media.client import messages
from server import errors
from server.school.exchange.findings import CODES
from server.school.exchange.specs import TABLES as SHEETS
from server.settings import PREFIX, Settings
from server.web.assets import ROOT
from server.web.catalogue import load

DOCS = Path(__file__).resolve().parents[1] / "docs"


def _cell(text: str | None) -> str:
    return re.sub(r"\s+", " ", (text or "").strip()).replace("|", r"\|")


def settings() -> str:
    """Every setting, its default and its meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(Settings):
        default = f"`{field.metadata['default']}`" if field.metadata["default"] else ""
        rows.append(f"| `{PREFIX}{field.name.upper()}` | {default} | {_cell(field.metadata['meaning'])} |")
    return "\n".join(rows)


def error_codes() -> str:
    """Every code, the HTTP status it comes with, and what it means."""
    kinds = {v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, errors.AppError)}
    rows = [f"| `{kind.code}` | {kind.status} | {_cell(kind.__doc__)} |" for kind in sorted(kinds, key=lambda k: (k.status, k.code))]
    return "\n".join(["| code | status | meaning |", "|---|---|---|", *rows])


def control_messages() -> str:
    """Every message of the control socket with its fields."""
    rows = ["| type | from | fields | meaning |", "|---|---|---|---|"]
    for sender, kinds in (("server", messages.AnyCommand), ("worker", messages.FromWorker)):
        for kind in kinds.__args__:
            fields = " ".join(f"`{name}`" for name in kind.__struct_fields__)
            rows.append(f"| `{kind.__struct_config__.tag}` | {sender} | {fields} | {_cell(kind.__doc__)} |")
    return "\n".join(rows)


def import_columns() -> str:
    """Every column of the tables that are imported and exported."""
    words = load(ROOT / "locales").sentences["en"]
    parts = []
    for table in SHEETS.values():
        rows = ["| header | also | needed | how it is filled in |", "|---|---|---|---|"]
        for column in table.columns:
            also = ", ".join(f"`{name}`" for name in (column.name, *column.aliases))
            needed = "yes" if column.required else ""
            rows.append(f"| {column.header} | {also} | {needed} | {_cell(words[f'exchange.note.{table.name}.{column.name}'])} |")
        parts.append(f"### `{table.name}` — {words[f'exchange.table.{table.name}'].lower()} {table.title}\n\n" + "\n".join(rows))
    return "\n\n".join(parts)


def bad_cells() -> str:
    """Every code of a bad cell with its sentence."""
    words = load(ROOT / "locales").sentences["en"]
    return "\n".join(["| code | sentence |", "|---|---|", *(f"| `{code}` | {_cell(words[f'cell.{code}'])} |" for code in CODES)])


TABLES: dict[str, tuple[str, Callable[[], str]]] = {
    "settings": ("operations.md", settings),
    "errors": ("protocol.md", error_codes),
    "control": ("protocol.md", control_messages),
    "import columns": ("import.md", import_columns),
    "bad cells": ("import.md", bad_cells),
}
"""Name of the mark → page and maker."""


def filled(name: str) -> tuple[Path, str]:
    """The page of a table, with the table as it should be."""
    page, make = TABLES[name]
    text = (DOCS / page).read_text()
    begin, end = f"<!-- {name}: made by `python -m tests.docs_tables` -->\n", f"<!-- /{name} -->"
    before, rest = text.split(begin, 1)
    return DOCS / page, before + begin + make() + "\n" + end + rest.split(end, 1)[1]


if __name__ == "__main__":
    for table in TABLES:
        path, text = filled(table)
        path.write_text(text)
