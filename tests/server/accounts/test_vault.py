from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.vault import Sealed, Vault, digest

KEYS = {"old": b"o" * 32, "new": b"n" * 32}
VAULT = Vault(KEYS, "new", b"i" * 32)


@given(st.text(max_size=300))
def test_a_text_comes_back_and_is_not_in_what_is_stored(text: str) -> None:
    sealed = VAULT.seal(text, "row/name")
    assert VAULT.open("new", sealed, "row/name") == text
    assert len(text.encode()) < 4 or text.encode() not in sealed


def test_the_same_text_is_never_sealed_alike() -> None:
    assert VAULT.seal("张三丰", "a") != VAULT.seal("张三丰", "a")


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
def test_an_altered_byte_is_found(at: int) -> None:
    sealed = bytearray(VAULT.seal("张三丰", "a/name"))
    sealed[at] ^= 1
    with pytest.raises(Sealed, match="altered"):
        VAULT.open("new", bytes(sealed), "a/name")


@pytest.mark.parametrize("stored", [b"", b"short", b"x" * 12, b"x" * 27])
def test_a_torn_row_is_no_crash(stored: bytes) -> None:
    with pytest.raises(Sealed):
        VAULT.open("new", stored, "a/name")


def test_rows_cannot_be_swapped() -> None:
    with pytest.raises(Sealed):
        VAULT.open("new", VAULT.seal("admin", "row1/login"), "row2/login")


def test_each_text_needs_its_own_key() -> None:
    sealed = Vault(KEYS, "old", b"i" * 32).seal("x", "a")
    assert VAULT.open("old", sealed, "a") == "x"
    with pytest.raises(Sealed):
        VAULT.open("new", sealed, "a")
    with pytest.raises(Sealed, match="no key"):
        VAULT.open("third", sealed, "a")


def test_the_blind_index_finds_a_number_by_kind_and_key_only() -> None:
    index = VAULT.blind("person", " 11010519491231002x ")
    assert index == VAULT.blind("person", "11010519491231002X")
    assert len(index) == 64
    assert index != VAULT.blind("student/1", "11010519491231002X")
    assert index != Vault(KEYS, "new", b"j" * 32).blind("person", "11010519491231002X")
    assert index == Vault({"z": b"z" * 32}, "z", b"i" * 32).blind("person", "11010519491231002X"), "rotating data keys keeps numbers"


def test_a_digest_says_nothing_without_its_salt() -> None:
    assert digest(b"s" * 16, "web 203.0.113.7") != digest(b"t" * 16, "web 203.0.113.7")
    assert digest(b"s" * 16, "a") != digest(b"s" * 16, "b")
