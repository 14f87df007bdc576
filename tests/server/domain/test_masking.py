"""What lists show of names and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.masking import masked_name, masked_number

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=10)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("  ", ""),
        ("张", "张*"),
        ("张三", "张*"),
        ("张三丰", "张*丰"),
        ("欧阳娜娜", "欧**娜"),
        (" 张三 ", "张*"),
        ("Anna", "A***"),
        ("Anna Berg", "A*** B***"),
        ("买买提·吐尔逊", "买*****逊"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(CHINESE)
def test_of_a_chinese_name_at_most_two_characters_are_shown(name: str) -> None:
    shown = masked_name(name)
    assert "*" in shown
    assert sum(one != "*" for one in shown) <= 2
    assert shown[0] == name[0]
    assert len(name) == 1 or shown != name


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12), min_size=1, max_size=4))
def test_of_another_name_only_the_first_letters(words: list[str]) -> None:
    assert masked_name(" ".join(words)).split() == [f"{word[0]}***" for word in words]  # not even how long they are


@given(st.text(max_size=30))
def test_any_text_can_be_masked(text: str) -> None:
    assert bool(masked_name(text)) is bool(text.strip())
    assert bool(masked_number(text)) is bool(text)


@given(st.text("0123456789X", min_size=1, max_size=20))
def test_of_a_number_at_most_the_last_four(number: str) -> None:
    shown = masked_number(number)
    assert shown.startswith("****")
    rest = shown[4:]
    assert number.endswith(rest)
    assert len(rest) == (4 if len(number) >= 8 else 2 if len(number) >= 4 else 0)
    assert len(rest) <= len(number) / 2
