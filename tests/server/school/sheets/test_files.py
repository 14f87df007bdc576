"""Tables from files: what schools send is read, what is written comes back, what is hostile is refused with one kind of error."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from server.errors import AppError, SheetTooLarge, SheetType, SheetUnreadable, SheetUnsafe
from server.school.sheets import workbook
from server.school.sheets.files import read_table, write_table
from server.school.sheets.formulas import freed, guarded
from server.school.sheets.limits import MOST_BYTES, MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS
from tests.server.school.sheets import bytes_of as b

ROWS = [["学号", "姓名"], ["01", "张三丰"], ["02", "李“四”,\n第二行"], ["", "only the second"]]
OURS = (SheetUnreadable, SheetType, SheetTooLarge, SheetUnsafe)
SIGNS = "=+-@\t\r\n＝＋－＠' a张,;\"|"
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12) | st.text(st.sampled_from(SIGNS), max_size=6)


def cells(data: bytes) -> list[list[str]]:
    return [list(line.cells) for line in read_table(data)]


def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_of_every_kind(encoding: str, delimiter: str, newline: str) -> None:
    lines = ["学号@姓名@备注", '01@"张三, 又名""四""; 第一行\n第二行"@x', "", "02@李四𠮷@"]
    data = newline.join(lines).replace("@", delimiter).encode(encoding)
    found = read_table(data)
    assert [line.row for line in found] == [1, 2, 4]
    assert found[1].cells == ("01", '张三, 又名"四"; 第一行\n第二行', "x")
    assert found[2].cells == ("02", "李四𠮷")


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_written_rows_come_back(kind: str) -> None:
    assert cells(write_table(kind, "学生", ROWS, [["字段", "说明"]])) == ROWS  # type: ignore[arg-type]


def test_values_of_a_workbook_are_text_as_people_see_them() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(
        ["a", 1, 2.0, 1.5, True, dt.datetime(2026, 9, 1), dt.time(8, 30), None, 123456789012345678.0, "=1+1", "#N/A", 10**17, "01"]
    )
    out = io.BytesIO()
    book.save(out)
    assert cells(out.getvalue()) == [
        ["a", "1", "2", "1.5", "TRUE", "2026-09-01", "08:30:00", "", "1.234567890123457e+17", "", "#N/A", "1e+17", "01"]
    ]


def test_only_the_first_sheet_counts_and_rows_keep_their_numbers() -> None:
    data = b.workbook(b.sheet(b.row(3, b.cell("B3", "head")) + b.row(7, b.cell("A7", "x"))))
    found = read_table(data)
    assert [(line.row, line.cells) for line in found] == [(3, ("", "head")), (7, ("x",))]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(TEXTS, min_size=1, max_size=5), min_size=1, max_size=8))
def test_whatever_is_written_comes_back(kind: str, rows: list[list[str]]) -> None:
    def kept(row: list[str]) -> list[str]:
        row = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row]
        while row and not row[-1].strip():
            row.pop()
        return row

    wanted = [row for row in map(kept, rows) if row]
    data = write_table(kind, "表", rows)  # type: ignore[arg-type]
    if wanted:
        assert [[*row] for row in cells(data)] == wanted
    else:
        with pytest.raises(SheetUnreadable):
            read_table(data)


@settings(max_examples=200)
@given(TEXTS)
def test_no_written_cell_is_a_formula_and_all_come_back(text: str) -> None:
    safe = guarded(text)
    assert not safe.lstrip(" ").startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert freed(safe) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8), min_size=2, max_size=4), min_size=1))
def test_csv_in_every_encoding_never_fails_otherwise(encoding: str, rows: list[list[str]]) -> None:
    text = "学校代码,班级代码,学号\n" + "\n".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    found = cells(text.encode(encoding))
    assert found[0] == ["学校代码", "班级代码", "学号"]


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda data: b"PK\x03\x04" + data))
def test_arbitrary_bytes_raise_only_what_is_declared(data: bytes) -> None:
    with contextlib.suppress(*OURS):
        read_table(data)


GOOD = write_table("xlsx", "表", ROWS)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8), st.integers(0, len(GOOD)))
def test_a_damaged_workbook_raises_only_what_is_declared(place: int, with_what: bytes, length: int) -> None:
    for data in (GOOD[:place] + with_what + GOOD[place + len(with_what) :], GOOD[:length]):
        with contextlib.suppress(*OURS):
            read_table(data)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('<>/="row c1AZ9t'), max_size=60), st.text("0123456789-ZAé", max_size=30))
def test_a_workbook_with_any_sheet_raises_only_what_is_declared(inner: str, ref: str) -> None:
    for xml in (b.sheet(inner), b.sheet(f'<row r="{ref}"><c r="{ref}" t="n"><v>{ref}</v></c></row>')):
        with contextlib.suppress(*OURS):
            read_table(b.workbook(xml))


# --- hostile files ------------------------------------------------------------------------------------------------------


def quick(data: bytes, error: type[AppError]) -> AppError:
    begun = time.thread_time()
    with pytest.raises(error) as caught:
        read_table(data)
    assert time.thread_time() - begun < 5
    return caught.value


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    assert isinstance(quick(b.workbook(b.sheet(" " * 20_000_000)), SheetUnsafe), SheetUnsafe)
    many = {f"xl/media/{n}.bin": b"\0" * 900_000 for n in range(60)}
    quick(b.workbook(b.sheet(""), **many), SheetUnsafe)
    quick(b.workbook(b.sheet(""), **{f"x{n}": b"" for n in range(workbook.MOST_PARTS)}), SheetUnsafe)


def test_a_lying_directory_unpacks_to_no_more_than_it_says() -> None:
    data = bytearray(b.workbook(b.sheet(" " * 20_000_000)))
    for head, size_at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.find(head)
        while place >= 0:
            if int.from_bytes(data[place + size_at : place + size_at + 4], "little") > 1_000_000:
                data[place + size_at : place + size_at + 4] = (1000).to_bytes(4, "little")
            place = data.find(head, place + 4)
    quick(bytes(data), SheetUnreadable)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml"])
def test_entity_bombs_and_external_entities_are_refused(encoding: str, part: str) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    for inside in (lol, '<!ENTITY l9 SYSTEM "file:///etc/passwd">'):
        xml = f'<?xml version="1.0" encoding="{encoding}"?><!-- {"x" * 9000} --><!DOCTYPE a [{inside}]>' + b.sheet("&l9;")[21:]
        quick(b.workbook(b.sheet(""), **{part: xml.encode(encoding)}), SheetUnsafe)


def test_a_million_rows_are_too_many() -> None:
    assert quick(b"a\n" * 1_000_000, SheetTooLarge).params == {"what": "rows", "limit": MOST_ROWS}
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 300_000))
    assert quick(b.workbook(b.sheet(rows)), SheetTooLarge).params["what"] == "rows"
    for far in (10**6, 10**12):
        data = b.workbook(b.sheet(b.row(1, b.cell("A1", "学号")) + b.row(far, b.cell(f"A{far}", "x"))))
        if far == 10**6:
            assert read_table(data)[1].row == far
        else:
            quick(data, SheetTooLarge)
    quick(b"\n" * 4_000_000, SheetTooLarge)


def test_wide_and_long_cells_are_too_many() -> None:
    assert quick(b"a" + b",a" * MOST_COLUMNS, SheetTooLarge).params["what"] == "columns"
    assert quick(b"a" * (MOST_CHARACTERS + 1), SheetTooLarge).params["what"] == "characters"
    quick(b'"' + b"a" * 200_000 + b'"', SheetUnreadable)
    assert quick(b"a" * (MOST_BYTES + 1), SheetTooLarge).params["what"] == "bytes"
    wide = b.workbook(b.sheet(b.row(1, *(b.cell(ref, "x") for ref in ("A1", "XFD1")))))
    assert cells(wide) == [["x"]]
    quick(b.workbook(b.sheet(b.row(1, b.cell("ZZZZZZZ1", "x")))), SheetUnreadable)


@pytest.mark.parametrize(
    "data",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"%PDF-1.7\n",
        b"\x89PNG\r\n",
        "学号".encode("utf-16"),
        b"<html><table>",
        b"Rar!\x1a",
    ],
)
def test_other_types_are_told(data: bytes) -> None:
    quick(data, SheetType)


def test_other_packages_are_told() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("word/document.xml", "<a/>")
    quick(out.getvalue(), SheetType)


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b" \n\n", b",,\n", b"a\0b", b"\xff\x00", b"\x81\x20\xff", b'a,"b', b'"a"b,c', b"PK\x03\x04"]
)
def test_what_is_no_table_is_told(data: bytes) -> None:
    quick(data, SheetUnreadable)


def test_a_workbook_packed_with_lzma_is_not_read() -> None:
    quick(b.workbook(b.sheet(""), zipfile.ZIP_LZMA), SheetUnreadable)
