"""A child process, started without our secrets, heard line by line, ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import server

_ROOT = Path(server.__file__).resolve().parents[1]
_KEPT = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "HOME", "TMPDIR")
_WORDS_BYTES = 2_000
"""Of what it wrote to standard error the end is kept."""


class Child:
    """A process that goes on."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._words = b""
        self._listening = asyncio.create_task(self._listen())

    async def line(self, seconds: float) -> bytes:
        """Its next line; nothing once it closed its output. Raises `TimeoutError` after so long, `ValueError` for a line over 64 KiB."""
        assert self._process.stdout is not None
        async with asyncio.timeout(seconds):
            return await self._process.stdout.readline()

    async def ended(self) -> int:
        """Its exit status; negative: the signal that ended it."""
        return await self._process.wait()

    async def last_words(self) -> str:
        """The end of what it wrote to standard error; to be asked when it has ended."""
        await asyncio.wait([self._listening], timeout=1)  # what it started may still hold the pipe
        return self._words.decode("utf-8", "replace").strip()

    async def end(self) -> None:
        """Kill it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self.last_words()
        self._listening.cancel()

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(16_384):
            self._words = (self._words + data)[-_WORDS_BYTES:]


@asynccontextmanager
async def child(
    module: str, *words: str, given: bytes = b"", cwd: Path | None = None, environment: Mapping[str, str] | None = None, nice: int = 0
) -> AsyncIterator[Child]:
    """`python -m MODULE WORDS`, with `given` on standard input; afterwards it is ended. `nice`: lessons that are live come first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", module, *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env={name: os.environ[name] for name in _KEPT if name in os.environ}
        | {"PYTHONPATH": str(_ROOT), "OPENCV_LOG_LEVEL": "SILENT", **(environment or {})},
        start_new_session=True,  # so that what it starts is ended with it
        preexec_fn=(lambda: os.nice(nice)) if nice else None,
    )
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.write_eof()
    made = Child(process)
    try:
        yield made
    finally:
        await made.end()
