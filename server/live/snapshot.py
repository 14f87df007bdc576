"""What a log folds to, kept so that a long one need not be folded from its beginning (S19). Only a cache: snapshot + tail = full fold.

A snapshot of another version of the program, or one that does not fit today's shapes, is as good as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

import server.domain
from server.domain.lesson import LessonState, fold
from server.domain.payload import TextRef
from server.live.horizon import Horizon, Row
from server.store import Store

EVERY = 500
"""Events between two snapshots of a lesson."""


@dataclass(frozen=True, slots=True)
class _Body:
    state: LessonState
    horizon: tuple[Row, ...]


def fold_version(folder: Path) -> str:
    """Hash of all that states are shaped and folded by: nobody can change a fold and forget to say so."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:32]


FOLD_VERSION = fold_version(Path(next(iter(server.domain.__path__))))


def _plain(value: Any) -> Any:
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"no state may hold {type(value).__name__}")


_encode: Callable[[_Body], bytes] = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_decode: Callable[[bytes], _Body] = msgspec.msgpack.Decoder(_Body).decode


def encode(state: LessonState, horizon: Horizon) -> bytes:
    """Everything that a process needs to go on from here."""
    return _encode(_Body(state, horizon.rows()))


def decode(body: bytes) -> tuple[LessonState, Horizon] | None:
    """None: these bytes do not fit today's shapes."""
    try:
        found = _decode(body)
    except msgspec.MsgspecError:
        return None
    return found.state, Horizon(found.horizon)


async def load(store: Store, start: LessonState) -> tuple[LessonState, Horizon]:
    """The newest snapshot of a lesson that counts, else its start."""
    body = await store.snapshot(start.id, FOLD_VERSION)
    found = decode(body) if body is not None else None
    if found is None:
        return start, Horizon()
    state, horizon = found
    return replace(state, name=start.name), horizon


async def load_folded(store: Store, start: LessonState) -> LessonState:
    """The lesson as its whole log says, read from the newest snapshot on."""
    state, _ = await load(store, start)
    for event in await store.tail(state.id, state.seq):
        state = fold(state, event)
    return state


async def keep(store: Store, state: LessonState, horizon: Horizon) -> None:
    """Write a snapshot unless a later one is there."""
    await store.keep_snapshot(state.id, state.seq, FOLD_VERSION, encode(state, horizon))


def texts_in(value: Any) -> set[str]:
    """Ids of all texts that a state refers to."""
    if isinstance(value, TextRef):
        return {value.id}
    if isinstance(value, msgspec.Struct):
        return texts_in([getattr(value, name) for name in value.__struct_fields__])
    if is_dataclass(value):
        return texts_in([getattr(value, field.name) for field in fields(value)])
    if isinstance(value, Mapping):
        return texts_in(list(value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return set().union(*(texts_in(one) for one in value))
    return set()
