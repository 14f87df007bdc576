"""The process that makes a recording playable, as the web process hears it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from server.work.process import child

SILENCE_SECONDS = 300.0
"""Longer than it may take for one file."""
NICE = 10


class MakingFailed(Exception):
    """It ended with an error; the text says which."""


async def run(folder: Path) -> AsyncGenerator[dict[str, object], None]:
    """What it tells while it works on a recording's folder. Raises `MakingFailed`."""
    why = ""
    async with child("media.recording", "--sounds", str(folder), nice=NICE) as made:
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
