"""A removed recording's folder between the transaction that removes it and its end: a lesson that is recorded again meanwhile begins a
folder of its own, and nothing of what was removed comes back with it.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from media.client import manifest

log = logging.getLogger(__name__)

_MARK = ".removed-"
"""No recording's name has a dot."""
OLD_SECONDS = 3600
"""What lies aside for longer was left by a process that died."""


def put_aside(data: Path, recording: str) -> list[Path]:
    """Where its folder lies now; nothing: it has none. To be called while nobody else can change the row. Raises `OSError`."""
    folder = manifest.folder(data, recording)
    aside = folder.with_name(f"{recording}{_MARK}{secrets.token_hex(4)}")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return []
    return [aside]


def put_back(data: Path, recording: str, asides: Iterable[Path]) -> None:
    """It was not removed after all."""
    for aside in asides:
        try:
            aside.rename(manifest.folder(data, recording))
        except OSError:
            kept = aside.with_name(aside.name.replace(_MARK, ".kept-"))
            log.exception("recording %s: what was captured before lies in %s", recording, kept.name)
            aside.rename(kept)


def throw_away(asides: Iterable[Path]) -> None:
    """Delete everything that was captured and made. Raises `OSError`."""
    for aside in asides:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(aside)


def left_over(data: Path, now: float) -> list[tuple[str, Path]]:
    """Recording and folder of what lies aside for too long; `now`: UTC seconds."""
    try:
        found = list((data / "recordings").iterdir())
    except FileNotFoundError:
        return []
    return [(path.name.partition(_MARK)[0], path) for path in found if _MARK in path.name and now - path.stat().st_ctime > OLD_SECONDS]
