"""Reads one job, answers in lines, ends. Whatever goes wrong in here is the file's matter, not the server's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from server.courseware.lines import AnyLine, Done, Drawn, Job, Opened, Refusal, decode_job, encode
from server.courseware.render import limits, pdf, pictures, slides
from server.courseware.render.office import convert
from server.courseware.render.refused import RefusedFile


def main() -> None:
    """One job from standard input."""
    answers = _own_output()
    job = decode_job(sys.stdin.buffer.read())
    limits.apply(limits.OFFICE_MEMORY if job.kind == "pptx" else limits.MEMORY)
    page = 0
    try:
        for line in _work(job):
            page = line.page if isinstance(line, Drawn) else page
            _say(answers, line)
        _say(answers, Done())
    except RefusedFile as refused:
        _say(answers, Refusal(code=refused.code, params=refused.params))
    except MemoryError:
        _say(answers, Refusal(code="courseware.too_slow", params={"page": page + 1 if page else 0}))


def _own_output() -> BinaryIO:
    """Standard output for us alone: libraries that print there must not be taken for answers."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return answers


def _say(answers: BinaryIO, line: AnyLine) -> None:
    answers.write(encode(line) + b"\n")


def _work(job: Job) -> Iterator[AnyLine]:
    source, out = Path(job.source), Path(job.out)
    if job.kind == "pdf":
        yield from _pdf(source, out, job.task)
    elif job.kind == "pptx":
        yield from _slides(job, source, out)
    else:
        yield Opened(pages=1)
        picture = pictures.read(source, job.kind)
        if job.task == "draw":
            yield _drawn(out, 1, picture, flattened=pictures.moves(source, job.kind))


def _pdf(source: Path, out: Path, task: str) -> Iterator[AnyLine]:
    document = pdf.open_pdf(source)
    yield Opened(pages=len(document))
    for number in range(1, len(document) + 1) if task == "draw" else ():
        picture, fonts = pdf.draw(document, number)
        yield _drawn(out, number, picture, fonts=fonts)


def _slides(job: Job, source: Path, out: Path) -> Iterator[AnyLine]:
    told = slides.read(source)
    if job.task == "look":
        yield Opened(pages=len(told))
        return
    document = pdf.open_pdf(convert(job.soffice, source, out))
    limits.narrow()
    yield Opened(pages=len(document))
    substituted = slides.Substitutes()
    together = len(document) == len(told)
    for number in range(1, len(document) + 1):
        picture, _ = pdf.draw(document, number)
        slide = told[number - 1] if together else slides.UNTOLD
        media = slides.extract(source, slide, out, number)
        yield _drawn(
            out,
            number,
            picture,
            flattened=slide.moves,
            fonts=substituted.of(slide),
            unplayable=media.unplayable,
            media=media.playable,
        )


def _drawn(out: Path, number: int, picture: pictures.Picture, **report: object) -> Drawn:
    page, preview = f"{number}.webp", f"{number}.preview.webp"
    pictures.write_page(picture, out / page)
    pictures.write_preview(picture, out / preview)
    height, width = picture.shape[:2]
    return Drawn(page=number, width=width, height=height, picture=page, preview=preview, **report)  # type: ignore[arg-type]  # of Drawn


if __name__ == "__main__":
    main()
