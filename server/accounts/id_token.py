"""What an ID token must say before it is believed (OpenID Connect Core 1.0 section 3.1.3.7). Pure: time is an argument."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signed with the provider's private key: never `none`, and nothing that our own client secret could have signed."""
LEEWAY_S = 60
LONGEST_SUBJECT = 255
_PUBLIC = frozenset({"RSA", "EC", "OKP"})


class BadToken(Exception):
    """Not a token for us, now; why is for the log."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What we asked for."""

    issuer: str
    client_id: str
    nonce: str
    second_factors: Collection[str] = ()
    """Values of `acr` that stand for two factors."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, as the provider knows them."""

    issuer: str
    subject: str
    second_factor: bool
    """The provider says that it asked for more than one factor."""


def key_set(jwks: Mapping[str, Any]) -> KeySet:
    """The provider's public keys for signatures; others are left out. Raises `BadToken` if nothing is left."""
    known = jwks.get("keys")
    keys = [key for key in known if isinstance(key, dict)] if isinstance(known, list) else []
    usable = [key for key in keys if key.get("kty") in _PUBLIC and key.get("use", "sig") == "sig"]
    try:
        found = KeySet.import_key_set({"keys": usable}) if usable else None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadToken(f"keys: {error}") from error
    if found is None:
        raise BadToken("no keys")
    return found


def check(token: str, keys: KeySet, expected: Expected, now_s: int, access_token: str = "") -> Who:
    """Signature, issuer, audience, times, nonce. Raises `BadToken`."""
    try:
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadToken(f"signature: {error}") from error
    claims = dict(read.claims)
    options = {"iss": {"essential": True, "value": expected.issuer}, "aud": {"essential": True, "value": expected.client_id}}
    params = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": access_token}
    try:
        CodeIDToken(claims, read.header, options, params).validate(now=now_s, leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        raise BadToken(f"claims: {error}") from error
    return Who(expected.issuer, _checked(claims, expected, now_s), _second_factor(claims, expected.second_factors))


def _checked(claims: Mapping[str, Any], expected: Expected, now_s: int) -> str:
    """The subject, after what is stricter here than in the library."""
    subject, iat, exp = claims.get("sub"), claims.get("iat"), claims.get("exp")
    if claims.get("iss") != expected.issuer or not expected.nonce or claims.get("nonce") != expected.nonce:
        raise BadToken("issuer or nonce")
    audience: Sequence[Any] = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if expected.client_id not in audience or (len(audience) > 1 and claims.get("azp") != expected.client_id):
        raise BadToken("audience")
    if not isinstance(exp, int | float) or not isinstance(iat, int | float) or iat > now_s + LEEWAY_S:
        raise BadToken("times")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise BadToken("subject")
    return subject


def _second_factor(claims: Mapping[str, Any], acrs: Collection[str]) -> bool:
    """`amr` has `mfa` (RFC 8176 section 2), or `acr` is one that the settings name."""
    amr = claims.get("amr")
    return (isinstance(amr, list) and "mfa" in amr) or (isinstance(claims.get("acr"), str) and claims["acr"] in acrs)
