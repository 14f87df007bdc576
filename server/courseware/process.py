"""The drawing process, as the web process hears it: killed when it takes too long."""

from __future__ import annotations

import logging
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from server.courseware.lines import AnyLine, Done, Drawn, Job, Opened, Refusal, decode_line, encode
from server.errors import BY_CODE, AppError, CoursewareTooSlow, CoursewareUnreadable
from server.work.process import Child, child

log = logging.getLogger(__name__)

OPEN_SECONDS = 30.0
OFFICE_SECONDS = 240.0
"""LibreOffice makes all pages before the first is told."""
PAGE_SECONDS = 30.0


async def run(job: Job) -> AsyncGenerator[Opened | Drawn, None]:
    """What the process tells of a file. Raises the `AppError` of the reason why it is not taken, `CoursewareTooSlow` with the page
    that it did not finish, `CoursewareUnreadable` where it ended without a word.
    """
    page, patience = 0, OFFICE_SECONDS if job.kind == "pptx" and job.task == "draw" else OPEN_SECONDS
    own = {"HOME": job.out, "TMPDIR": job.out, **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")}
    async with child("server.courseware.render", given=encode(job), cwd=Path(job.out), environment=own) as process:
        while True:
            line = await _heard(process, patience, page)
            if isinstance(line, Done):
                return
            if isinstance(line, Refusal):
                raise BY_CODE.get(line.code, CoursewareUnreadable)(line.code, **line.params)
            page, patience = line.page + 1 if isinstance(line, Drawn) else 1, PAGE_SECONDS
            yield line


async def _heard(process: Child, patience: float, page: int) -> AnyLine:
    try:
        text = await process.line(patience)
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


async def _silent(process: Child, page: int) -> AppError:
    """It ended without saying why: the kernel stopped it, or the file made it crash."""
    code = await process.ended()
    log.info("drawing ended with %s: %s", code, (await process.last_words())[-400:])
    if -code in (signal.SIGXCPU, signal.SIGKILL, signal.SIGABRT, signal.SIGTRAP):  # the last two: PDFium found no memory
        return CoursewareTooSlow(page=page)
    return CoursewareUnreadable(f"the drawing process ended with {code}")
