"""What is kept of the audit outside its database: exported heads, and the result of the last verification.

`audit-heads.jsonl` has a line `{"date", "seq", "mac"}` for each day and start of the web process; whoever cuts off the end of the
audit and sets the head row back is found by it. Both files lie in the data directory, mode 0600.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server.accounts.secret import write_private

HEADS = "audit-heads.jsonl"
VERIFIED = "audit-verified.json"
MAX_BYTES = 16 * 1024 * 1024
"""Of a file of heads: a line a day is read for centuries."""


class Head(msgspec.Struct, frozen=True):
    """The end of the chain on a day."""

    date: str
    """`YYYY-MM-DD`, UTC."""
    seq: int
    mac: str


class Verified(msgspec.Struct, frozen=True):
    """What the last verification found."""

    at: int
    """UTC ms."""
    seq: int
    """Verified up to this line."""
    ok: bool
    fault: str = ""
    fault_seq: int = 0


@dataclass(frozen=True, slots=True)
class Heads:
    """What a file of exported heads holds."""

    heads: tuple[Head, ...] = ()
    unreadable: int = 0
    """Lines that are none: one torn by a full disk, say."""


def read_heads(path: Path) -> Heads:
    """The heads of a file, empty if there is none. Raises `OSError`: not to be read, or too large to be ours."""
    if not path.exists():
        return Heads()
    if path.stat().st_size > MAX_BYTES:
        raise OSError(f"{path}: too large for exported heads")
    return heads_of(path.read_bytes().splitlines())


def heads_of(lines: Iterable[bytes]) -> Heads:
    """The heads in these lines."""
    found, bad = [], 0
    for line in lines:
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line, type=Head))
        except msgspec.MsgspecError:
            bad += 1
    return Heads(tuple(found), bad)


def keep_head(path: Path, head: Head) -> bool:
    """Append a head unless it is the last one already. One write: several processes may do it at once. Raises `OSError`."""
    known = read_heads(path)
    if known.heads and known.heads[-1] == head:
        return False
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (b"\n" if _torn(handle) else b"") + msgspec.json.encode(head) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    return True


def _torn(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def latest(heads: Sequence[Head]) -> Head | None:
    """The one that reaches furthest."""
    return max(heads, key=lambda head: head.seq, default=None)


def keep_verified(path: Path, verified: Verified) -> None:
    """Remember the last verification, whole or not at all. Raises `OSError`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, msgspec.json.encode(verified))
    draft.replace(path)


def read_verified(path: Path) -> Verified | None:
    """The last verification, None if there was none or its file is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Verified)
    except (OSError, msgspec.MsgspecError):
        return None
