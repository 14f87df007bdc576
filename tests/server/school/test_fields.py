"""Types of form fields: what they take, and that nothing else gets by."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.school.fields import Code, Day, Id, Name, TimeOfDay, Version


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Code, ["SQ-1", "a", "1.2_3", "x" * 32], ["", "-1", "a b", "石桥", "a/b", "a\n", "x" * 33, "a'--"]),
        (Day, ["2026-09-01", "2026-12-31"], ["2026-9-1", "2026-13-01", "2026-00-10", "2026-01-32", "2026-01-01\n", "01.01.2026", ""]),
        (TimeOfDay, ["00:00", "23:59"], ["24:00", "8:00", "08:60", "0800", "08:00:00", "08:00\n"]),
        (Name, ["石桥中心小学", "x" * 200], ["", "x" * 201]),
        (Id, ["x1.r1", "x" * 64], ["", "x" * 65]),
        (Version, [1, 10**6], [0, -1, 1.5, True]),
    ],
)
def test_what_a_field_takes(kind: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert msgspec.convert(value, kind) == value
    for value in bad:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)


@given(st.text(alphabet="0123456789:-\n ٣", max_size=12))
def test_a_time_that_is_taken_can_be_read(text: str) -> None:
    try:
        found = msgspec.convert(text, TimeOfDay)
    except msgspec.ValidationError:
        return
    hour, minute = found.split(":")
    assert found.isascii()
    assert 0 <= int(hour) < 24
    assert 0 <= int(minute) < 60
