"""The drawing process, as the web process sees it: started without our secrets, heard line by line, killed when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

import server
from server.courseware.lines import AnyLine, Done, Drawn, Job, Opened, Refusal, decode_line, encode
from server.errors import BY_CODE, AppError, CoursewareTooSlow, CoursewareUnreadable

log = logging.getLogger(__name__)

OPEN_SECONDS = 30.0
OFFICE_SECONDS = 240.0
"""LibreOffice makes all pages before the first is told."""
PAGE_SECONDS = 30.0
_ROOT = Path(server.__file__).resolve().parents[1]
_WORDS = ("-P", "-m", "server.courseware.render")
_KEPT = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


async def run(job: Job) -> AsyncGenerator[Opened | Drawn, None]:
    """What the process tells of a file. Raises the `AppError` of the reason why it is not taken, `CoursewareTooSlow` with the page
    that it did not finish, `CoursewareUnreadable` where it ended without a word.
    """
    process = await _start(job)
    page, patience = 0, OFFICE_SECONDS if job.kind == "pptx" and job.task == "draw" else OPEN_SECONDS
    try:
        while True:
            line = await _heard(process, patience, page)
            if isinstance(line, Done):
                return
            if isinstance(line, Refusal):
                raise BY_CODE.get(line.code, CoursewareUnreadable)(line.code, **line.params)
            page, patience = line.page + 1 if isinstance(line, Drawn) else 1, PAGE_SECONDS
            yield line
    finally:
        await _end(process, job)


async def _start(job: Job) -> asyncio.subprocess.Process:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"PYTHONPATH": str(_ROOT), "HOME": job.out, "TMPDIR": job.out, "OPENCV_LOG_LEVEL": "SILENT"}
    environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    with (Path(job.out) / "errors").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_WORDS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=job.out,
            env=environment,
            start_new_session=True,  # so that LibreOffice is ended with it
        )
    assert process.stdin is not None
    process.stdin.write(encode(job))
    process.stdin.write_eof()
    return process


async def _heard(process: asyncio.subprocess.Process, patience: float, page: int) -> AnyLine:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(patience):
            text = await process.stdout.readline()
    except TimeoutError as error:
        raise CoursewareTooSlow(page=page) from error
    except ValueError as error:  # a line longer than the reader takes
        raise CoursewareUnreadable("no line") from error
    if not text:
        raise await _silent(process, page)
    try:
        line: AnyLine = decode_line(text)
    except msgspec.MsgspecError as error:
        raise CoursewareUnreadable("no line") from error
    return line


async def _silent(process: asyncio.subprocess.Process, page: int) -> AppError:
    """It ended without saying why: the kernel stopped it, or the file made it crash."""
    code = await process.wait()
    if -code in (signal.SIGXCPU, signal.SIGKILL, signal.SIGABRT, signal.SIGTRAP):  # the last two: PDFium found no memory
        return CoursewareTooSlow(page=page)
    return CoursewareUnreadable(f"the drawing process ended with {code}")


async def _end(process: asyncio.subprocess.Process, job: Job) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    code = await process.wait()
    said = await asyncio.to_thread(_last_words, Path(job.out) / "errors")
    if code and said:
        log.info("drawing %s ended with %s: %s", job.kind, code, said)


def _last_words(path: Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 400))
        return file.read().decode("utf-8", "replace").strip()
    return ""
