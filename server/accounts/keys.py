"""The keys of personal data and of the audit: from the settings, or made once in the data directory (mode 0600).

`data.keys` holds a line `ID HEX` for each key that seals contents, the newest last; `audit.key` one key. Both live outside the
database, so that a copy of the database alone opens no name and cannot be changed unseen.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from server.accounts.secret import KEY_BYTES, derive, load_secret, write_private
from server.accounts.vault import Vault
from server.settings import Settings

DATA_KEYS = "data.keys"
AUDIT_KEY = "audit.key"


@dataclass(frozen=True, slots=True)
class Keys:
    """What an installation keeps secret."""

    vault: Vault
    audit_key: bytes


def load_keys(settings: Settings) -> Keys:
    """Read or make the keys. Two processes that start at once get the same ones. Raises `OSError`."""
    root = load_secret(settings.data_dir, settings.secret_key)
    path = settings.data_dir / DATA_KEYS
    if not path.exists():
        write_private(path, f"1 {secrets.token_hex(KEY_BYTES)}\n".encode())
    keys = read_keys(path)
    return Keys(Vault(keys, next(reversed(keys)), derive(root, "blind index v1")), _audit_key(settings.data_dir / AUDIT_KEY))


def read_keys(path: Path) -> dict[str, bytes]:
    """Key id → 32 bytes, the current one last. Raises `OSError` for a damaged file."""
    found: dict[str, bytes] = {}
    for line in path.read_text("ascii").splitlines():
        key_id, _, text = line.strip().partition(" ")
        key = _hex(text)
        if not key_id or len(key) != KEY_BYTES:
            raise OSError(f"{path}: not keys of ours")
        found[key_id] = key
    if not found:
        raise OSError(f"{path}: no key")
    return found


def _audit_key(path: Path) -> bytes:
    if not path.exists():
        write_private(path, secrets.token_hex(KEY_BYTES).encode())
    key = _hex(path.read_text("ascii"))
    if len(key) != KEY_BYTES:
        raise OSError(f"{path}: not a key of ours")
    return key


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        return b""
