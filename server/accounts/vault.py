"""Personal data at rest: AES-256-GCM under named keys, and keyed blind indexes to find a number without opening it (S7, S20). Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
SALT = 16


class Sealed(Exception):
    """A text that cannot be opened: its key is not here, or it was altered."""


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys of one installation."""

    keys: Mapping[str, bytes]
    """Key id → 32 bytes."""
    current: str
    """Id of the key that new texts are sealed under."""
    index_key: bytes
    """Never rotated: numbers are found by it."""

    def seal(self, text: str, about: str) -> bytes:
        """Nonce and ciphertext; `about` (the row's id and kind) is authenticated with it, so that rows cannot be swapped."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self.keys[self.current]).encrypt(nonce, text.encode(), about.encode())

    def open(self, key_id: str, sealed: bytes, about: str) -> str:
        """The text; raises `Sealed`."""
        key = self.keys.get(key_id)
        if key is None:
            raise Sealed(f"no key {key_id!r}")
        try:
            return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], about.encode()).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: a row too short to hold a nonce and a tag
            raise Sealed("altered") from error

    def blind(self, kind: str, text: str) -> str:
        """Index of a number: equal texts of one kind give the same 64 hex digits, and only with the key."""
        return hmac.digest(self.index_key, f"{kind}\0{text.strip().upper()}".encode(), "sha256").hex()


def digest(salt: bytes, text: str) -> str:
    """What other tables keep of a text: without the salt, which is erased with it, it says nothing."""
    return hashlib.sha256(salt + text.encode()).hexdigest()
