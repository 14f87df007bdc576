"""The process that makes a recording playable, as the web process sees it: heard line by line, killed when it falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

import server

SILENCE_SECONDS = 300.0
"""Longer than it may take for one file."""
_ROOT = Path(server.__file__).resolve().parents[1]
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "HOME", "TMPDIR")


class MakingFailed(Exception):
    """It ended with an error; the text says which."""


async def run(folder: Path) -> AsyncGenerator[dict[str, object], None]:
    """What it tells while it works on a recording's folder. Raises `MakingFailed`."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | {
        "PYTHONPATH": str(_ROOT),
        "OPENCV_LOG_LEVEL": "SILENT",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "media.recording", "--sounds", str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
        preexec_fn=_politely,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    words = asyncio.create_task(process.stderr.read(16_384))
    why = ""
    try:
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                line = await process.stdout.readline()
            if not line:
                break
            said = _read(line)
            why = str(said["detail"]) if "error" in said else why
            yield said
        if await process.wait():
            raise MakingFailed(why or (await words).decode("utf-8", "replace").strip()[-400:] or f"ended with {process.returncode}")
    except TimeoutError as error:
        raise MakingFailed("fell silent") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        words.cancel()
        await process.wait()


def _read(line: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}


def _politely() -> None:
    os.nice(10)  # lessons that are live come first
