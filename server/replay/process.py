"""The processes that make a recording playable, cut it and make it thin, as the web process hears them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from server.work.process import child

SILENCE_SECONDS = 300.0
"""Longer than it may take for one file."""
NICE = 10
LAST = 19
"""Of what nobody waits for."""


class MakingFailed(Exception):
    """It ended with an error; the text says which."""


def run(folder: Path) -> AsyncGenerator[dict[str, object], None]:
    """What the reader tells while it works on a recording's folder. Raises `MakingFailed`."""
    return _told("media.recording", "--sounds", str(folder), nice=NICE)


def run_cut(folder: Path, play: Path, begin: int, end: int) -> AsyncGenerator[dict[str, object], None]:
    """What the cutter tells; `play`: where the playable files are. Raises `MakingFailed`."""
    return _told("media.recording.cut", str(folder), str(begin), str(end), "--play", str(play), nice=NICE)


def run_thin(folder: Path) -> AsyncGenerator[dict[str, object], None]:
    """What the maker of thin films tells. Raises `MakingFailed`."""
    return _told("media.recording.thin", str(folder), nice=LAST)


async def _told(module: str, *words: str, nice: int) -> AsyncGenerator[dict[str, object], None]:
    why = ""
    async with child(module, *words, nice=nice) as made:
        try:
            while line := await made.line(SILENCE_SECONDS):
                said = _read(line)
                why = str(said["detail"]) if "error" in said else why
                yield said
        except TimeoutError as error:
            raise MakingFailed("fell silent") from error
        if status := await made.ended():
            raise MakingFailed(why or (await made.last_words())[-400:] or f"ended with {status}")


def _read(line: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}
