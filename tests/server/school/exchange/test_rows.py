"""From lines to typed rows: whatever stands in the cells, each is a value of its type or a named bad cell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.school.exchange import words
from server.school.exchange.findings import CODES, Findings
from server.school.exchange.rows import read_rows
from server.school.exchange.specs import TABLES
from server.school.sheets.files import read_table, write_table
from server.school.sheets.limits import Line
from server.web.assets import ROOT
from server.web.catalogue import load
from server.web.timetable.courses import SUBJECTS

CELLS = st.text(max_size=40) | st.sampled_from(
    [
        "C-x1",
        "301",
        "0",
        "-1",
        "99999999999999999999",
        "1e9",
        "NaN",
        "一",
        "星期八",
        "1-",
        "1-8,,",
        "第3节",
        "'=1",
        "\x00",
        "\u202e",
        "true",
        "[]",
        "{}",
    ]
)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_cell_is_a_value_or_named(table, data) -> None:
    row = data.draw(st.lists(CELLS, min_size=len(table.columns), max_size=len(table.columns)))
    findings = Findings(table)
    rows = read_rows(table, [Line(1, tuple(table.headers())), Line(2, tuple(row))], findings)
    assert {one.code for one in findings.bad()} <= set(CODES)
    bad = {one.name for one in findings.bad()}
    for one in rows:
        for column, text in zip(table.columns, row, strict=True):
            assert one.has(column.name) + (column.name in bad) == 1 or (not column.required and not column.read(text.strip())), column.name


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
@settings(max_examples=50, deadline=None)
@given(heads=st.lists(st.text(max_size=8) | st.sampled_from(["代码", "名称", "学校代码", "notes", "备注"]), min_size=1, max_size=20))
def test_any_headers_are_taken_or_named(table, heads) -> None:
    findings = Findings(table)
    rows = read_rows(table, [Line(1, tuple(heads)), Line(2, ("x",) * 20)], findings)
    assert bool(rows) != any(one.row == 1 for one in findings.bad())


def test_examples_are_right_and_aliases_name_one_column() -> None:
    for table in TABLES.values():
        lines = read_table(write_table("csv", table.title, [table.headers(), table.example()]))
        findings = Findings(table)
        (row,) = read_rows(table, lines, findings)
        assert findings.bad() == ()
        assert row.has(*(column.name for column in table.columns))
        for column in table.columns:
            for header in (column.header, column.name, *column.aliases):
                assert [one.name for one in table.columns if one.fits(header)] == [column.name], header


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (words.year, "2026—2027学年度", "2026"),
        (words.year, "26", "26"),
        (words.grades, "一年级、二年级", ["1", "2"]),
        (words.grades, "3,4 5", ["3", "4", "5"]),
        (words.grade, "六年级", "6"),
        (words.period, "第 十 节", "10"),
        (words.weeks, "第1-8周", "1-8"),
        (words.weeks, "1-4，6、8", "1-4,6,8"),
        (words.WEEKDAY.read, "周日", "7"),
        (words.WEEKDAY.read, "星期天", "7"),
        (words.WEEKDAY.read, "Fri", "5"),
        (words.TIER.read, " 区 县 ", "county"),
        (words.unmasked, "****1234", ""),
    ],
)
def test_words_people_write(read, text: str, value: object) -> None:
    assert read(text) == value


def test_words_are_those_of_the_pages() -> None:
    """Whoever copies a word from a page into a table is understood."""
    sentences = load(ROOT / "locales").sentences["zh"]
    assert {code: sentences[f"subject.{code}"] for code in SUBJECTS} == dict(words.SUBJECT.written)
    families = (("tier", words.TIER), ("stage", words.STAGE), ("weeks", words.WEEKS), ("weekday", words.WEEKDAY))
    for family, known in (*families, ("role.school", words.ROLE)):
        for code, word in known.written.items():
            assert sentences[f"{family}.{code}"] == word
