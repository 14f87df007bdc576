"""Playable files over HTTP: conditions, ranges and entity tags (RFC 9110 sections 8.8.3, 13 and 14), in blocks however large they are.

Several ranges at once, units that are not bytes, and what cannot be read as a range are ignored, as section 14.2 allows.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from aiohttp import ETag, hdrs, web

from server.errors import AppError, NotThere
from server.replay.files import Files
from server.web.keys import METRICS

log = logging.getLogger(__name__)

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
_STRONG = re.compile(r'"([\x21\x23-\x7e]*)"')
_CONDITIONS = (hdrs.IF_MATCH, hdrs.IF_NONE_MATCH, hdrs.IF_MODIFIED_SINCE, hdrs.IF_UNMODIFIED_SINCE, hdrs.IF_RANGE)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file, the last one excluded."""

    begin: int
    end: int


class Unsatisfiable(Exception):
    """Nothing of the file lies in the range."""


def part_of(text: str | None, size: int) -> Part | None:
    """What `Range` asks for of so many bytes; None: everything. Raises `Unsatisfiable`."""
    found = _RANGE.fullmatch(text) if text else None
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        if not int(last) or not size:
            raise Unsatisfiable
        return Part(max(0, size - int(last)), size)
    begin, end = int(first), int(last) + 1 if last else size
    if last and end <= begin:
        return None  # no range at all (section 14.1.1), unlike one beyond the end
    if begin >= size:
        raise Unsatisfiable
    return Part(begin, min(end, size))


def _asked(request: web.Request, tag: str) -> str | None:
    """The `Range` that counts: `If-Range` names this very file, or there is none (section 13.1.5)."""
    condition = request.headers.get(hdrs.IF_RANGE)
    if condition is not None:
        strong = _STRONG.fullmatch(condition.strip())
        if strong is None or strong.group(1) != tag:
            return None
    return request.headers.get(hdrs.RANGE)


def _fails(request: web.Request, tag: str) -> int:
    """The status of a condition that does not hold (section 13.2.2); 0: all do."""
    if request.if_match is not None and not _matches(request.if_match, tag, weak=False):
        return 412
    return 304 if request.if_none_match is not None and _matches(request.if_none_match, tag, weak=True) else 0


def _matches(wanted: tuple[ETag, ...], tag: str, *, weak: bool) -> bool:
    return any(one.value == "*" or (one.value == tag and (weak or not one.is_weak)) for one in wanted)


class _Plain(web.FileResponse):
    """One of a file that lies plain on this disk, under the tag it has wherever it is kept."""

    def __init__(self, *args: object, tag: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._tag = tag

    @property
    def etag(self) -> ETag | None:
        """As `StreamResponse.etag`."""
        return ETag(self._tag)

    @etag.setter
    def etag(self, _: ETag | str | None) -> None:
        self.headers[hdrs.ETAG] = f'"{self._tag}"'


async def send(
    request: web.Request, files: Files, recording: str, folder: str, name: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Answer GET or HEAD with a file or a part of it; `headers`: at least its `Content-Type`. Raises `NotThere`, and what reading raises."""
    size = await files.size(recording, folder, name)
    if size is None:
        raise NotThere
    tag = await files.tag(recording, folder, name)
    shown = {**headers, hdrs.ETAG: f'"{tag}"', hdrs.ACCEPT_RANGES: "bytes"}
    if status := _fails(request, tag):
        kept = {key: value for key, value in shown.items() if key != hdrs.CONTENT_TYPE}
        return web.Response(status=status, headers=kept)
    try:
        part = part_of(_asked(request, tag) if request.method == hdrs.METH_GET else None, size)
    except Unsatisfiable:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{size}", hdrs.ACCEPT_RANGES: "bytes"})
    if not any(one in request.headers for one in _CONDITIONS) and (part is not None or hdrs.RANGE not in request.headers):
        path = await files.plain(recording, folder, name)
        if path is not None:
            return _Plain(path, headers=dict(shown), tag=tag)
    if part is not None:
        shown[hdrs.CONTENT_RANGE] = f"bytes {part.begin}-{part.end - 1}/{size}"
    response = web.StreamResponse(status=200 if part is None else 206, headers=shown)
    begin, end = (part.begin, part.end) if part else (0, size)
    response.content_length = end - begin
    if request.method == hdrs.METH_HEAD or begin == end:
        await response.prepare(request)
        await response.write_eof()
        return response
    return await _stream(request, response, files.read(recording, folder, name, begin, end))


async def _stream(request: web.Request, response: web.StreamResponse, blocks: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """The first block comes before the status: what cannot be read at all is an error like any other. What breaks off later ends the
    connection, and the client sees that bytes are missing.
    """
    async with aclosing(blocks) as reading:
        first = await anext(reading)
        await response.prepare(request)
        try:
            await response.write(first)
            async for block in reading:
                await response.write(block)
            await response.write_eof()
        except AppError as error:
            request.app[METRICS].refusals.labels(error.code).inc()
            log.warning("a file breaks off: %s: %s", error.code, error.detail)
            if request.transport is not None:
                request.transport.abort()
    return response
