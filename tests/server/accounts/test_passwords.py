"""What is kept of a password, what it costs to try one, and which ones nobody should have."""

from __future__ import annotations

import argon2
import pytest

from server.accounts import passwords
from server.accounts.passwords import LONGEST, SHORTEST, Passwords, weakness

WORD = "石桥的春天真的很长"


async def test_only_the_password_fits_and_two_hashes_of_it_differ() -> None:
    quick = Passwords(1, 8)
    one, other = await quick.hash(WORD), await quick.hash(WORD)
    assert one != other
    assert one.startswith("$argon2id$")
    assert WORD not in one
    assert await quick.verify(one, WORD)
    assert not await quick.verify(one, WORD + " ")
    assert not await quick.verify("not a hash", WORD)


async def test_with_nothing_kept_the_same_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    class Counting(argon2.PasswordHasher):
        def verify(self, kept, password):  # type: ignore[no-untyped-def, override]
            tried.append(kept.rpartition("$")[0].rpartition("$")[0])
            return super().verify(kept, password)

    monkeypatch.setattr(passwords, "PasswordHasher", Counting)
    quick = Passwords(1, 8)
    kept = await quick.hash(WORD)
    assert not await quick.verify(kept, "something else")
    assert not await quick.verify(None, "nobody's password")
    assert len(tried) == 2
    assert tried[0] == tried[1], "a hash of the same parameters"


async def test_a_hash_of_other_parameters_is_stale() -> None:
    quick, slow = Passwords(1, 8), Passwords(2, 8)
    kept = await quick.hash(WORD)
    assert slow.stale(kept)
    assert not quick.stale(kept)
    assert await slow.verify(kept, WORD)


@pytest.mark.parametrize(
    ("text", "related", "code"),
    [
        ("x" * (SHORTEST - 1), (), "short"),
        ("ab1c" * 100, (), "long"),
        ("Password123", (), "common"),
        ("abababababab", (), "common"),
        ("wang.fang-2026", ("wang.fang",), "common"),
        ("my school SQ-12 is fine", ("x", "SQ-12"), "common"),
        ("石桥的春天真的很长很长", ("wang.fang", "SQ-12"), None),
        ("correct horse battery", ("ho",), None),
        ("ab1c" * (LONGEST // 4), (), None),
    ],
)
def test_weak_ones_are_named(text: str, related: tuple[str, ...], code: str | None) -> None:
    assert weakness(text, *related) == code
