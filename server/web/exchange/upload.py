"""A form with a file (RFC 7578), bounded while it is read."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http import HttpProcessingError

from server.errors import BadRequest, Invalid, TooLarge, WrongType
from server.school.sheets.limits import MOST_BYTES
from server.web.callers import csrf_token
from server.web.forms import CSRF_FIELD, check_token

BODY_BYTES = 8 * 1024 * 1024
"""A file of the largest size as base64, and the fields around it."""
PARTS = 8
KEPT = "kept"
"""The field in which the page that checked a file sends it back to be written: nothing of it stays here meanwhile."""
FILE = "file"


@dataclass(slots=True)
class _Body:
    """Parts by their names."""

    left: int = BODY_BYTES
    parts: dict[str, bytes] = field(default_factory=dict)


async def read_file(request: web.Request) -> bytes:
    """The file of an upload, or the one that was kept. Raises `Forbidden`, `Invalid`, `BadRequest`, `TooLarge`, `WrongType`."""
    body = await _read(request)
    check_token(request, body.parts.get(CSRF_FIELD, b"").decode("ascii", "replace"), csrf_token(request))
    data = body.parts.get(FILE) or _kept(body.parts.get(KEPT, b""))
    if not data:
        raise Invalid({FILE: "required"})
    return data


def keep(data: bytes) -> str:
    """A file as the text of a field."""
    return base64.b64encode(data).decode()


def _kept(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadRequest("not base64") from error


async def _read(request: web.Request) -> _Body:
    if request.content_type != "multipart/form-data":
        raise WrongType(expected="multipart/form-data")
    if request.content_length is not None and request.content_length > BODY_BYTES:
        raise TooLarge(limit=MOST_BYTES)
    body = _Body()
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or not part.name or part.name in body.parts or len(body.parts) >= PARTS:
                raise BadRequest("a part nobody asked for")
            if hdrs.CONTENT_TRANSFER_ENCODING in part.headers or hdrs.CONTENT_ENCODING in part.headers:
                raise BadRequest("an encoded part")  # RFC 7578 section 4.7: browsers send none
            body.parts[part.name] = await _bounded(part, body)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:  # what aiohttp's reader makes of a damaged body
        raise BadRequest("not a multipart form") from error
    return body


async def _bounded(part: BodyPartReader, body: _Body) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        body.left -= len(chunk)
        if body.left < 0:
            raise TooLarge(limit=MOST_BYTES)
    return bytes(data)
