"""A form with one large file (RFC 7578), written to disk while it is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http import HttpProcessingError

from server.courseware.kinds import HEAD, kind_of
from server.courseware.service import Hand
from server.domain.courseware import Courseware
from server.errors import BadRequest, CoursewareTooLarge, Invalid, TooLarge, WrongType
from server.web.forms import CSRF_FIELD
from server.web.keys import COURSEWARE, SETTINGS, UPLOADS_BY_SENDER

FILE = "file"
FIELDS_BYTES = 64 * 1024
"""What lies around the file."""
PARTS = 8
CHUNK = 1024 * 1024


@dataclass(slots=True)
class _Form:
    name: str = ""
    token: str = ""
    file: Path | None = None


async def add(request: web.Request, hand: Hand, check: Callable[[str], None]) -> Courseware:
    """Take the file of an upload. `check` is given the form's CSRF token and refuses. Raises the reason why the file is not taken."""
    request.app[UPLOADS_BY_SENDER].take(hand.by, time.monotonic_ns())
    service = request.app[COURSEWARE]
    room = await service.blobs.room()
    try:
        form = await _read(request, room / FILE)
        check(form.token)
        if form.file is None:
            raise Invalid({FILE: "required"})
        return await service.add(hand, form.name, form.file)
    finally:
        await service.blobs.leave(room)


async def _read(request: web.Request, path: Path) -> _Form:
    limit = request.app[SETTINGS].courseware_bytes
    if request.content_type != "multipart/form-data":
        raise WrongType(expected="multipart/form-data")
    if request.content_length is not None and request.content_length > limit + FIELDS_BYTES:
        raise _too_large(limit)
    form, seen = _Form(), 0
    try:
        async for part in await request.multipart():
            seen += 1
            if not isinstance(part, BodyPartReader) or seen > PARTS:
                raise BadRequest("a part nobody asked for")
            if hdrs.CONTENT_TRANSFER_ENCODING in part.headers or hdrs.CONTENT_ENCODING in part.headers:
                raise BadRequest("an encoded part")  # RFC 7578 section 4.7: browsers send none
            await _take(form, part, path, limit)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:  # what aiohttp's reader makes of a damaged body
        raise BadRequest("not a multipart form") from error
    return form


async def _take(form: _Form, part: BodyPartReader, path: Path, limit: int) -> None:
    if part.name == FILE and form.file is None:
        form.name = part.filename or ""
        if await _write(part, path, limit):
            form.file = path
        return
    text = bytearray()
    async for chunk in _chunks(part):
        text += chunk
        if len(text) > FIELDS_BYTES:
            raise TooLarge(limit=FIELDS_BYTES)
    if part.name == CSRF_FIELD:
        form.token = text.decode("ascii", "replace")


async def _write(part: BodyPartReader, path: Path, limit: int) -> int:
    """How many bytes were written; the first of them are looked at before the rest is waited for."""
    size, buffer = 0, bytearray()
    with await asyncio.to_thread(path.open, "wb") as file:
        async for chunk in _chunks(part):
            if size < HEAD:
                kind_of(chunk)
            size += len(chunk)
            buffer += chunk
            if size > limit:
                raise _too_large(limit)
            if len(buffer) >= CHUNK:
                await asyncio.to_thread(file.write, bytes(buffer))
                buffer.clear()
        await asyncio.to_thread(file.write, bytes(buffer))
    return size


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(64 * 1024):
        yield bytes(chunk)


def _too_large(limit: int) -> CoursewareTooLarge:
    return CoursewareTooLarge(what="bytes", limit=limit)
