"""The keys of personal data and of the audit: from the settings, or made once in the data directory (mode 0600).

| key | where | rotated |
|---|---|---|
| data keys, seal contents | `SHUANGSHI_DATA_KEYS`, else `data.keys` | `shuangshi admin rotate-keys` |
| audit key, chains the audit | `SHUANGSHI_AUDIT_KEY`, else `audit.key` | never: the chain begins with it |
| index key, finds numbers | from `SHUANGSHI_SECRET_KEY`, else `secret.key` | never: numbers would be found no more |

All live outside the database, so that a copy of the database alone opens no name and cannot be changed unseen.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.accounts.keyfile import KeyFile, key_of
from server.accounts.secret import KEY_BYTES, derive, load_secret, write_private
from server.accounts.vault import Vault
from server.settings import Settings

DATA_KEYS = "data.keys"
AUDIT_KEY = "audit.key"
INDEX = "blind index v1"


@dataclass(frozen=True, slots=True)
class Keys:
    """What an installation keeps secret."""

    vault: Vault
    audit_key: bytes
    file: KeyFile | None = None
    """Where the data keys lie; None: they come from the settings and change only with a new start."""

    @property
    def fresh(self) -> Callable[[], Vault] | None:
        """The keys as they are now, for `Contents`."""
        return self.file.vault if self.file else None


def load_keys(settings: Settings) -> Keys:
    """Read or make the keys. Two processes that start at once get the same ones. Raises `OSError`."""
    index_key = derive(load_secret(settings.data_dir, settings.secret_key), INDEX)
    audit_key = settings.audit_key or _audit_key(settings.data_dir / AUDIT_KEY)
    if settings.data_keys:
        keys = dict(settings.data_keys)
        return Keys(Vault(keys, next(reversed(keys)), index_key), audit_key)
    file = KeyFile(settings.data_dir / DATA_KEYS, index_key)
    return Keys(file.vault(), audit_key, file)


def _audit_key(path: Path) -> bytes:
    if not path.exists():
        write_private(path, secrets.token_hex(KEY_BYTES).encode())
    key = key_of(path.read_bytes().decode("ascii", "replace"))
    if key is None:
        raise OSError(f"{path}: not a key of ours")
    return key
