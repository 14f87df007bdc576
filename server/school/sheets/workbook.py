"""XLSX (ECMA-376): the first sheet's values as text. The package is looked through before anything is unpacked from it."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO
from xml.parsers import expat

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from server.errors import AppError, SheetType, SheetUnreadable, SheetUnsafe
from server.school.sheets.limits import MOST_COLUMNS

MOST_PARTS = 500
MOST_UNPACKED = 16 * 1024 * 1024
RATIO = 200
"""A part above a megabyte that is packed tighter than this is a bomb: rows of a school pack about 20 to 1."""
EXACT = 10**15
"""From here on a spreadsheet's numbers have lost digits."""
_MAIN = "xl/workbook.xml"


def read_xlsx(data: bytes) -> Iterator[list[str]]:
    """The first sheet's rows, in their order. Raises `SheetUnreadable`, `SheetType`, `SheetUnsafe`."""
    try:
        _look_through(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        for cells in sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True):
            yield [_text(cell) for cell in cells] if cells.count(None) < len(cells) else []
    except AppError:
        raise
    except Exception as error:  # whatever a damaged package makes zipfile, expat and openpyxl raise
        raise SheetUnreadable(f"{type(error).__name__}: {error}"[:200]) from error


def _look_through(data: bytes) -> None:
    """Refuse what would unpack to too much, or declares entities."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
        names = {part.filename for part in parts}
        if len(parts) > MOST_PARTS or len(names) < len(parts) or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise SheetUnsafe("too many parts, or too much in them")
        if _MAIN not in names or any(part.flag_bits & 1 for part in parts):
            raise SheetType("a package of another kind, or a protected one")
        for part in parts:
            if part.file_size > 1024 * 1024 and part.file_size > RATIO * max(part.compress_size, 1):
                raise SheetUnsafe("packed too tightly")
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise SheetUnreadable("packed in another way")
            with package.open(part) as content:
                if _declares(content):
                    raise SheetUnsafe("a document type declaration")


class _Begun(Exception):
    """The root element: from here on nothing can be declared."""


class _Declared(Exception):
    """A document type declaration."""


def _declares(part: IO[bytes]) -> bool:
    """Whether an XML part has a document type declaration, in whatever encoding; what is no XML has none."""

    def declared(*_: object) -> None:
        raise _Declared

    def begun(*_: object) -> None:
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = declared, begun
    try:
        while chunk := part.read(4096):
            parser.Parse(chunk)
    except _Declared:
        return True
    except (_Begun, expat.ExpatError):
        return False
    return False


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float) and abs(value) >= EXACT:
        return repr(float(value))  # `1.2e+17`: no code or number looks so, and it is refused instead of read wrongly
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return str(value)


# --- writing -----------------------------------------------------------------------------------------------------------


def write_xlsx(title: str, rows: Sequence[Sequence[str]], notes: Sequence[Sequence[str]] = ()) -> bytes:
    """A workbook of one sheet, headers first; `notes` fill a second one. Every cell is text: `01` stays `01`."""
    book = Workbook(write_only=True)
    for name, lines in ((title, rows), ("说明", notes)):
        if lines:
            _sheet(book, name, lines)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, title: str, lines: Sequence[Sequence[str]]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number in range(len(lines[0])):
        sheet.column_dimensions[get_column_letter(number + 1)].width = 18
    for number, line in enumerate(lines):
        cells = []
        for text in line:
            cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("\ufffd", text))
            cell.number_format, cell.data_type = "@", "s"
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
