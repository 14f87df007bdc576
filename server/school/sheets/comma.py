"""CSV (RFC 4180) as spreadsheets and school offices write it: UTF-8 with or without a byte order mark, GB18030; `,` `;` or tab."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from server.errors import SheetType, SheetUnreadable

DELIMITERS = ",;\t"
BOM = b"\xef\xbb\xbf"


def read_csv(data: bytes) -> Iterator[list[str]]:
    """The records, in their order. Raises `SheetUnreadable`, `SheetType`."""
    text = _decoded(data)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    except csv.Error as error:
        raise SheetUnreadable(str(error)) from error


def write_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with a byte order mark, which Excel needs to read Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)  # a `;` in a header must not be taken for the delimiter
    writer.writerows(rows)
    return BOM + out.getvalue().encode()


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        raise SheetUnreadable("a NUL")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise SheetUnreadable("neither UTF-8 nor GB18030") from error
    if text.lstrip().startswith("<"):
        raise SheetType("a web page")  # what many school systems call .xls
    return text


def _delimiter(text: str) -> str:
    """The one that the first record has most of, outside quotes."""
    counts, quoted, begun = dict.fromkeys(DELIMITERS, 0), False, False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        elif sign in "\r\n" and not quoted and begun:
            break
        elif not quoted and sign in counts:
            counts[sign] += 1
        begun = begun or sign not in "\r\n"
    return max(DELIMITERS, key=lambda sign: counts[sign])
