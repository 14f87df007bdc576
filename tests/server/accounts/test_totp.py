"""Codes of the second factor: the own step, one either way, each once."""

from __future__ import annotations

import pyotp
import pytest

from server.accounts import totp

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""RFC 6238, appendix B."""
NOW = 1_790_000_010_000
STEP = NOW // 30_000


def code(step: int) -> str:
    return pyotp.TOTP(SECRET).at(step * 30)


def test_the_test_vector_of_the_rfc() -> None:
    assert totp.step_of(SECRET, "287082", 59_000, 0) == 1


@pytest.mark.parametrize(("drift", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_a_step(drift: int, good: bool) -> None:
    assert totp.step_of(SECRET, code(STEP + drift), NOW, 0) == (STEP + drift if good else None)


def test_a_code_is_used_once_and_none_before_it_counts_then() -> None:
    assert totp.step_of(SECRET, code(STEP), NOW, STEP) is None
    assert totp.step_of(SECRET, code(STEP - 1), NOW, STEP) is None
    assert totp.step_of(SECRET, code(STEP + 1), NOW, STEP) == STEP + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "\x00"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert totp.step_of(SECRET, typed, NOW, 0) is None


def test_a_code_may_be_typed_in_two_halves() -> None:
    assert totp.step_of(SECRET, f"{code(STEP)[:3]} {code(STEP)[3:]}", NOW, 0) == STEP


def test_secrets_are_fresh_and_scannable() -> None:
    assert totp.new_secret() != totp.new_secret()
    assert len(totp.new_secret()) == 32
    assert totp.uri(SECRET, "王 芳").startswith("otpauth://totp/shuangshi:")
