"""What a browser carries to the provider and back is ours, whole, fresh and of its kind."""

from __future__ import annotations

import base64

import pytest

from server.accounts.oidc_flow import LIVES_MS, Flow, Pending, Sealer, begin

SEALER = Sealer(b"k" * 32)
FLOW = begin("https://c.example/login/oidc/back", "login", "", "/timetable", 1000)
PENDING = Pending("https://i.example", "u1", True, "s1", 1000 + LIVES_MS)


@pytest.mark.parametrize("what", [FLOW, PENDING])
def test_it_comes_back_as_it_went(what: Flow | Pending) -> None:
    assert SEALER.open(SEALER.seal(what), type(what), 2000) == what


def test_nothing_is_drawn_twice_or_readable() -> None:
    again = begin(FLOW.back, "login", "", "/timetable", 1000)
    assert len({FLOW.state, FLOW.nonce, FLOW.verifier, again.state, again.nonce, again.verifier}) == 6
    assert len(FLOW.verifier) >= 43
    assert FLOW.nonce.encode() not in base64.urlsafe_b64decode(SEALER.seal(FLOW))
    assert FLOW.state not in FLOW.spent


def test_it_grows_old() -> None:
    sealed = SEALER.seal(FLOW)
    assert SEALER.open(sealed, Flow, 1000 + LIVES_MS - 1) == FLOW
    assert SEALER.open(sealed, Flow, 1000 + LIVES_MS) is None


@pytest.mark.parametrize("place", [0, 15, 40, -1])
def test_an_altered_one_is_none(place: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(SEALER.seal(FLOW)))
    raw[place] ^= 1
    assert SEALER.open(base64.urlsafe_b64encode(raw).decode(), Flow, 2000) is None


def test_another_key_or_kind_is_none() -> None:
    assert Sealer(b"x" * 32).open(SEALER.seal(FLOW), Flow, 2000) is None
    assert SEALER.open(SEALER.seal(PENDING), Flow, 2000) is None
    assert SEALER.open(SEALER.seal(FLOW), Pending, 2000) is None


@pytest.mark.parametrize("text", ["", "=", "AAAA", "A" * 40, "字", "\0", "%%%"])
def test_texts_of_others_are_none(text: str) -> None:
    assert SEALER.open(text, Flow, 0) is None


def test_a_long_address_is_home() -> None:
    assert begin("b", "login", "", "/" + "a" * 2000, 0).next == "/"
