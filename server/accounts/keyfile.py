"""`data.keys`: the keys that seal contents, a line `ID HEX` each, the current one last. Mode 0600, replaced whole or not at all."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from server.accounts.secret import KEY_BYTES, write_private
from server.accounts.vault import Vault


class KeyFile:
    """The file, and what it held when it was last read. Several processes may share it. Everything raises `OSError`."""

    def __init__(self, path: Path, index_key: bytes) -> None:
        self.path = path
        self._index_key = index_key
        self._seen: tuple[int, ...] = ()
        if not path.exists():
            write_private(path, _text({draw_key_id(): secrets.token_bytes(KEY_BYTES)}))
        self._vault = self.vault()

    def vault(self) -> Vault:
        """The keys in force; the file is read again only when it was replaced."""
        stat = self.path.stat()
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            keys = read_keys(self.path)
            self._vault = Vault(keys, next(reversed(keys)), self._index_key)
            self._seen = seen
        return self._vault

    def add(self) -> str:
        """A new current key; its id. Two at once add two."""
        with self._alone():
            keys = read_keys(self.path)
            new = draw_key_id()
            self._replace({**keys, new: secrets.token_bytes(KEY_BYTES)})
        return new

    def drop(self, unused: Collection[str]) -> list[str]:
        """Remove these keys, never the current one; the ids that went."""
        with self._alone():
            keys = read_keys(self.path)
            current = next(reversed(keys))
            gone = [key for key in keys if key in unused and key != current]
            if gone:
                self._replace({key: value for key, value in keys.items() if key not in gone})
        return gone

    def _replace(self, keys: Mapping[str, bytes]) -> None:
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        write_private(draft, _text(keys))
        try:
            draft.replace(self.path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(self.path.parent)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process changes the file; the lock ends with the process that holds it."""
        handle = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def draw_key_id() -> str:
    """An unused id: two installations never mean different keys by one id."""
    return secrets.token_hex(4)


def sync_folder(folder: Path) -> None:
    """A rename is kept through a power cut only when its folder is written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_keys(path: Path) -> dict[str, bytes]:
    """Key id → 32 bytes, the current one last. Raises `OSError` for a damaged file."""
    found: dict[str, bytes] = {}
    for line in path.read_bytes().decode("ascii", "replace").splitlines():
        key_id, _, text = line.strip().partition(" ")
        key = key_of(text)
        if not key_id or key is None or key_id in found:
            raise OSError(f"{path}: not keys of ours")
        found[key_id] = key
    if not found:
        raise OSError(f"{path}: no key")
    return found


def key_of(text: str) -> bytes | None:
    """32 bytes from 64 hex digits, None for anything else."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _text(keys: Mapping[str, bytes]) -> bytes:
    return "".join(f"{key_id} {key.hex()}\n" for key_id, key in keys.items()).encode()
