"""The cookies of a login session and of a paired device: `ID.SECRET`; the table keeps only the secret's hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

SESSION = "ss_session"
DEVICE = "ss_device"
MAX = 200


@dataclass(frozen=True, slots=True)
class Bearer:
    """Somebody's word for who they are."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        """The cookie's value."""
        return f"{self.id}.{self.secret}"

    def fits(self, secret_hash: str) -> bool:
        """Whether the secret is the one whose hash is kept."""
        return hmac.compare_digest(hash_secret(self.secret), secret_hash)


def hash_secret(secret: str) -> str:
    """What is kept of a secret that was drawn at random (a plain hash is enough for 256 bits of chance)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def issue(identity: str) -> Bearer:
    """A new secret for an id."""
    return Bearer(identity, secrets.token_urlsafe(32))


def read(value: str | None) -> Bearer | None:
    """A cookie's value, None if it is none of ours."""
    identity, _, secret = (value or "").rpartition(".")
    if not identity or not secret or len(value or "") > MAX or not (value or "").isascii() or "\0" in (value or ""):
        return None
    return Bearer(identity, secret)
