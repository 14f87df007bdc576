"""What a browser carries while somebody is at the OIDC provider: sealed, so that nobody reads or changes it, and short-lived."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Literal, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
LIVES_MS = 10 * 60_000
LONGEST_NEXT = 1000

Purpose = Literal["login", "bind", "slip"]


class Flow(msgspec.Struct, frozen=True):
    """One way to the provider and back."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE (RFC 7636)."""
    back: str
    """The redirect address that was named."""
    purpose: Purpose
    about: str
    """`bind`: the login session; `slip`: the slip's id."""
    next: str
    expires_at: int
    """UTC ms."""

    @property
    def spent(self) -> str:
        """What is kept of a state that has come back."""
        return hashlib.sha256(self.state.encode()).hexdigest()


class Pending(msgspec.Struct, frozen=True):
    """An identity that was shown and waits for its owner to say what it is for."""

    issuer: str
    subject: str
    second_factor: bool
    about: str
    """As in `Flow`: it counts for this session or slip only."""
    expires_at: int


T = TypeVar("T", Flow, Pending)


def begin(back: str, purpose: Purpose, about: str, wanted: str, now: int) -> Flow:
    """A new way: everything that must not be guessed is drawn here."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Flow(state, nonce, verifier, back, purpose, about, wanted if len(wanted) <= LONGEST_NEXT else "/", now + LIVES_MS)


class Sealer:
    """`key`: 32 bytes, for nothing else."""

    def __init__(self, key: bytes) -> None:
        self._box = AESGCM(key)

    def seal(self, what: Flow | Pending) -> str:
        """A cookie's value."""
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._box.encrypt(nonce, msgspec.json.encode(what), type(what).__name__.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, text: str, kind: type[T], now: int) -> T | None:
        """What was sealed; None: altered, of another kind, or too old."""
        try:
            sealed = base64.urlsafe_b64decode(text.encode())
            found = msgspec.json.decode(self._box.decrypt(sealed[:NONCE], sealed[NONCE:], kind.__name__.encode()), type=kind)
        except (InvalidTag, ValueError, binascii.Error, msgspec.DecodeError):
            return None
        return found if found.expires_at > now else None
