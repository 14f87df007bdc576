"""The key that signs: from the settings, or made once in the data directory and shared by all commands."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

FILE = "secret.key"
KEY_BYTES = 32


def load_secret(data_dir: Path, configured: str = "") -> bytes:
    """The signing key, 32 bytes. Two processes that start at once get the same one. Raises `OSError`."""
    if configured:
        return hashlib.sha256(configured.encode()).digest()
    path = data_dir / FILE
    if not path.exists():
        write_private(path, secrets.token_hex(KEY_BYTES).encode())
    return _key(path)


def _key(path: Path) -> bytes:
    """A damaged file is an error: an empty key would let anybody sign."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise OSError(f"{path}: not a key of ours")
    return key


def write_private(path: Path, content: bytes) -> bool:
    """Write a file of mode 0600, whole or not at all; an existing one stays and False is returned. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, so that one kind of paper never passes for another."""
    return hmac.digest(secret, purpose.encode(), "sha256")
