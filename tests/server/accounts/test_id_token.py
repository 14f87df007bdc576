"""Tokens that are believed, and all those that are not."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from server.accounts.id_token import BadToken, Expected, Who, check, key_set

NOW = 1_790_000_000
ISSUER = "https://login.example/realms/school"
EXPECTED = Expected(ISSUER, "shuangshi", "n-1", ("two",))
RSA = RSAKey.generate_key(2048, {"kid": "a", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "b"})
OTHER = RSAKey.generate_key(2048, {"kid": "a"})
JWKS: dict[str, Any] = {"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]}
CLAIMS = {"iss": ISSUER, "aud": "shuangshi", "sub": "u1", "iat": NOW - 5, "exp": NOW + 300, "nonce": "n-1"}


def signed(key: Any = RSA, alg: str = "RS256", **changed: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])


def read(token: str, now: int = NOW) -> Who:
    return check(token, key_set(JWKS), EXPECTED, now)


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256")])
def test_a_good_token_says_who(key: Any, alg: str) -> None:
    assert read(signed(key, alg)) == Who(ISSUER, "u1", False)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["shuangshi"]},
        {"aud": ["shuangshi", "other"], "azp": "shuangshi"},
        {"azp": "shuangshi"},
        {"exp": NOW - 30},
        {"iat": NOW + 30},
    ],
)
def test_what_else_is_good(changed: dict[str, Any]) -> None:
    assert read(signed(**changed)).subject == "u1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"aud": "somebody else"},
        {"aud": None},
        {"aud": []},
        {"aud": ["other"]},
        {"aud": ["shuangshi", "other"]},
        {"aud": ["shuangshi", "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": None},
        {"exp": NOW - 61},
        {"exp": str(NOW + 300)},
        {"iat": None},
        {"iat": NOW + 61},
        {"nbf": NOW + 100},
        {"nonce": None},
        {"nonce": "n-2"},
        {"nonce": ""},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a" * 256},
        {"sub": "a\u202eb"},
        {"at_hash": "AAAA"},
        {"amr": "mfa"},
    ],
)
def test_what_is_not(changed: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        check(signed(**changed), key_set(JWKS), EXPECTED, NOW, "an access token")


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(alg: str) -> str:
    return ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": alg, "kid": "a"}, CLAIMS)) + "."


def confused() -> str:
    """HMAC with our public key as the secret."""
    said = unsigned("HS256")[:-1]
    return f"{said}.{encoded(hmac.digest(RSA.as_pem(private=False), said.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        unsigned("none"),
        unsigned("RS256"),
        confused(),
        signed(OTHER),
        signed()[:-4] + "AAAA",
        signed() + "A",
    ],
)
def test_signatures_of_nobody(token: str) -> None:
    with pytest.raises(BadToken):
        read(token)


def test_a_key_that_is_not_there() -> None:
    with pytest.raises(BadToken):
        check(signed(), key_set({"keys": [EC.as_dict(private=False)]}), EXPECTED, NOW)


@pytest.mark.parametrize(
    "jwks", [{}, {"keys": []}, {"keys": 7}, {"keys": [7]}, {"keys": [{"kty": "RSA"}]}, {"keys": [{"kty": "oct", "k": "AA"}]}]
)
def test_keys_that_are_none(jwks: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        check(signed(), key_set(jwks), EXPECTED, NOW)


@pytest.mark.parametrize(
    ("changed", "two"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["pwd", "otp"]}, False),
        ({"acr": "two"}, True),
        ({"acr": "one"}, False),
        ({"acr": ["two"]}, False),
        ({}, False),
    ],
)
def test_two_factors_only_if_it_says_so(changed: dict[str, Any], two: bool) -> None:
    assert read(signed(**changed)).second_factor is two


def test_without_a_nonce_of_ours_nothing_is_believed() -> None:
    with pytest.raises(BadToken):
        check(signed(), key_set(JWKS), Expected(ISSUER, "shuangshi", ""), NOW)


@given(st.text(max_size=200))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        read(text)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nonce", "azp", "amr", "acr", "nbf"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2),
        min_size=1,
    )
)
def test_strange_claims_are_refused_or_harmless(changed: dict[str, Any]) -> None:
    try:
        who = read(signed(**changed))
    except BadToken:
        return
    assert who.issuer == ISSUER
    assert who.subject == ({**CLAIMS, **changed})["sub"]
    assert ({**CLAIMS, **changed})["nonce"] == "n-1"
