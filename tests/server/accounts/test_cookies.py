"""What stands in a cookie, and what the table keeps of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts import cookies


def test_the_table_keeps_nothing_that_opens() -> None:
    bearer = cookies.issue("s1")
    kept = cookies.hash_secret(bearer.secret)
    assert bearer.secret not in kept
    assert len(bearer.secret) >= 43, "256 bits"
    assert bearer.fits(kept)
    assert not cookies.issue("s1").fits(kept)
    assert cookies.read(bearer.text) == bearer


@pytest.mark.parametrize("value", [None, "", ".", "s1", "s1.", ".secret", "s1.sec\0ret", "s1.gé", "s1." + "x" * 300])
def test_what_is_none_of_ours_is_nobodys(value: str | None) -> None:
    assert cookies.read(value) is None


@given(st.text(max_size=250))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = cookies.read(text)
    assert found is None or found.text == text
