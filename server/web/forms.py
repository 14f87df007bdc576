"""What people send: forms and JSON bodies become typed models; every field that does not fit is named (422).

A model is a `msgspec.Struct` whose fields have `Meta` limits. Texts are stripped; an empty one counts as not given, but where the
field tells the two apart (its default is `UNSET`): there it is given, and empty.
Codes of a field: `required`, `long`, `short`, `format`, `number`, `choice`, `low`, `high`; sentences: catalogue `field.<code>`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import hdrs, web

from server.errors import BadRequest, Forbidden, Invalid, TooLarge, WrongType
from server.web.keys import TYPED

BODY_BYTES = 256 * 1024
FIELDS = 3000
"""Fields in one form: a seating plan of a large room has one for each seat."""
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"

SECRET = frozenset({CSRF_FIELD, "password", "old", "pin", "code", "current"})
"""Never shown again."""

M = TypeVar("M", bound=msgspec.Struct)

_CODES = (
    (r"length >=", "short"),
    (r"length <=", "long"),
    (r"matching regex", "format"),
    (r">= ", "low"),
    (r"<= ", "high"),
    (r"(?:int|float|Decimal)", "number"),
    (r"enum value|bool", "choice"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""What no name holds: PostgreSQL takes no NUL, and text direction must not be turned around."""


async def read_values(request: web.Request, *, many: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The raw values: of a JSON object, or of a form (names in `many` as lists). Raises `BadRequest`, `TooLarge`, `WrongType`."""
    if request.content_length is not None and request.content_length > BODY_BYTES:
        raise TooLarge(limit=BODY_BYTES)
    body = await _bounded(request)
    if request.content_type == "application/json":
        values = _json(body)
    elif request.content_type == "application/x-www-form-urlencoded":
        values = _form(body, many)
    else:
        raise WrongType(expected="application/x-www-form-urlencoded")
    request[TYPED] = {name: value for name, value in values.items() if name not in SECRET and isinstance(value, str)}
    return values


async def read_form(request: web.Request, model: type[M], *, token: str | None) -> M:
    """A checked model. `token`: the CSRF token the page was given, None where there is no login to protect.

    Raises `Invalid` with the code of every bad field, `Forbidden` for a missing or foreign token.
    """
    many = frozenset(f.name for f in msgspec.structs.fields(model) if "list" in str(f.type) or "tuple" in str(f.type))
    values = await read_values(request, many=many)
    check_token(request, str(values.pop(CSRF_FIELD, "")), token)
    return check(model, values)


def check_token(request: web.Request, sent: str, token: str | None) -> None:
    """Raises `Forbidden` unless the form, or the header, carries the token of this login; None: there is no login to protect."""
    sent = sent or request.headers.get(CSRF_HEADER, "")
    shown = sent.encode("utf-8", "surrogatepass")  # a header's bytes may be no text
    if token is not None and not (token and hmac.compare_digest(shown, token.encode())):
        raise Forbidden("no CSRF token, or another session's")


def check(model: type[M], values: Mapping[str, Any]) -> M:
    """The values as a model; raises `Invalid`. Unknown names are refused as `unknown`."""
    wrong: dict[str, str] = {}
    known: dict[str, Any] = {}
    fields = {f.encode_name: f for f in msgspec.structs.fields(model)}
    for name in values.keys() - fields.keys():
        wrong[name[:64]] = "unknown"
    for name, field in fields.items():
        value = _clean(values.get(name))
        if value is None or (value in ("", []) and field.default is not msgspec.UNSET):
            if field.required:
                wrong[name] = "required"
            continue
        try:
            known[field.name] = msgspec.convert(value, field.type, strict=False)
        except msgspec.ValidationError as error:
            wrong[name] = _code(str(error))
        if isinstance(value, str) and _CONTROL.search(value):
            wrong[name] = "format"
    if wrong:
        raise Invalid(wrong)
    return model(**known)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return [v for v in (_clean(each) for each in value) if v not in ("", None)] if isinstance(value, list) else value


def _code(message: str) -> str:
    return next((code for pattern, code in _CODES if re.search(pattern, message)), "format")


async def _bounded(request: web.Request) -> bytes:
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > BODY_BYTES:
            raise TooLarge(limit=BODY_BYTES)
    return bytes(data)


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest("not JSON") from error
    if not isinstance(values, dict):
        raise BadRequest("not an object")
    return values


def _form(body: bytes, many: frozenset[str]) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest("not a form") from error
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in many:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def done(request: web.Request, location: str, body: object = None) -> web.Response:
    """After a change: a browser goes on to `location` (303), a script gets JSON."""
    if "application/json" in request.headers.get(hdrs.ACCEPT, "") or request.content_type == "application/json":
        answer = msgspec.json.encode(body if body is not None else {"location": location})
        return web.Response(body=answer, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"})
    return web.Response(status=303, headers={hdrs.LOCATION: location, hdrs.CACHE_CONTROL: "no-store"})
