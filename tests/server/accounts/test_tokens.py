from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.tokens import Admission, LinkClaims, Signer, check_expiry
from server.domain.link import Link
from server.errors import LinkExpired, LinkInvalid

SIGNER = Signer(b"k" * 32)
LINK = Link("l1", "lesson1", "classroom", "p1", "石桥村小学", 0, 5_000)
TOKEN = SIGNER.link_token(LINK)


def test_round_trip() -> None:
    assert SIGNER.read_link(TOKEN) == LinkClaims("l1", "lesson1", "classroom", 5_000)
    admission = Admission("a1", "l1", "lesson1", "classroom", 7)
    assert SIGNER.read_admission(SIGNER.admission_cookie(admission)) == admission


def test_tokens_fit_addresses() -> None:
    assert len(TOKEN) < 250
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_every_single_change_is_noticed() -> None:
    for place in range(len(TOKEN)):
        for other in "Aa0_.":
            if TOKEN[place] != other:
                with pytest.raises(LinkInvalid):
                    SIGNER.read_link(TOKEN[:place] + other + TOKEN[place + 1 :])


def test_another_key_and_another_kind_of_paper() -> None:
    with pytest.raises(LinkInvalid):
        Signer(b"x" * 32).read_link(TOKEN)
    with pytest.raises(LinkInvalid):
        SIGNER.read_admission(TOKEN)
    with pytest.raises(LinkInvalid):
        SIGNER.read_link(SIGNER.admission_cookie(Admission("a", "l", "x", "viewer", 1)))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: "v1." + b.hex() + ".AA"))
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(LinkInvalid):
        SIGNER.read_link(text)


def test_expiry() -> None:
    check_expiry(None, 10**15)
    check_expiry(5_000, 4_999)
    with pytest.raises(LinkExpired):
        check_expiry(5_000, 5_000)
