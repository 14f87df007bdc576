"""A table from bytes, and bytes from a table. What a file is, its first bytes say, not its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from server.errors import SheetTooLarge, SheetType
from server.school.sheets.comma import read_csv, write_csv
from server.school.sheets.formulas import freed, guarded
from server.school.sheets.limits import MOST_BYTES, Line, bounded
from server.school.sheets.workbook import read_xlsx, write_xlsx

Format = Literal["xlsx", "csv"]
MIME: dict[Format, str] = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OTHERS = (
    b"\xd0\xcf\x11\xe0",  # the old Excel format, and a workbook with a password
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"{\\rtf",
    b"\xff\xfe",
    b"\xfe\xff",
)


def read_table(data: bytes) -> list[Line]:
    """The lines that are not empty, the headers first.

    Raises `SheetTooLarge`, `SheetType`, `SheetUnsafe`, `SheetUnreadable`, and nothing else, whatever the bytes are.
    """
    if len(data) > MOST_BYTES:
        raise SheetTooLarge(what="bytes", limit=MOST_BYTES)
    if data.startswith(_OTHERS):
        raise SheetType
    rows = read_xlsx(data) if data.startswith(_ZIP) else read_csv(data)
    return bounded([freed(cell) for cell in row] for row in rows)


def write_table(kind: Format, title: str, rows: Sequence[Sequence[str]], notes: Sequence[Sequence[str]] = ()) -> bytes:
    """A file of these rows, headers first. `notes`: a second sheet, of a workbook only."""
    safe = [[guarded(_plain(cell)) for cell in row] for row in rows]
    if kind == "csv":
        return write_csv(safe)
    return write_xlsx(title, safe, [[guarded(_plain(cell)) for cell in row] for row in notes])


def _plain(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n")
