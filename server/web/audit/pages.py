"""`GET /audit` and `GET /audit.csv`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.errors import Invalid
from server.store.audit import PAGE, AuditLines, Wanted
from server.web.answers import language, page, wants_page
from server.web.audit.csv import as_csv
from server.web.audit.shown import ShownLine, Words, known_word, shown
from server.web.doors import caller_of
from server.web.forms import check
from server.web.keys import ACTS, AUDIT_WATCH, CATALOGUE, CONTENTS, SETTINGS, STORE

MOST = 10_000
"""Lines in one CSV file: the newest ones that fit the filter."""
Id = Annotated[str, Meta(max_length=64)]


class Filter(msgspec.Struct, frozen=True):
    """What the address asks for."""

    act: Annotated[str, Meta(max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$")] = ""
    target: Id = ""
    person: Id = ""
    """Id or login of who did it."""
    day: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] = ""
    before: Annotated[int, Meta(ge=1, le=2**62)] | None = None


async def audit(request: web.Request) -> web.StreamResponse:
    """The newest lines of the caller's scope that fit the filter, a hundred at a time."""
    _, scopes = await _asker(request)
    errors: Mapping[str, str] = {}
    try:
        asked, lines, more = await _lines(request, scopes, PAGE)
    except Invalid as error:
        if not wants_page(request):
            raise
        asked, lines, more, errors = Filter(), [], False, error.fields
    words, reader = _words(request), _reader(request)
    acts = sorted((known_word(words, "act", act), act) for act in await reader.acts(scopes))
    kept = msgspec.structs.asdict(asked) if not errors else {key: request.query.get(key, "") for key in Filter.__struct_fields__}
    values = {key: str(value) for key, value in kept.items() if value and key != "before"}
    context = {
        "lines": lines,
        "acts": [(act, word) for word, act in acts],
        "values": values,
        "errors": errors,
        "older": _address({**values, "before": lines[-1].line.seq}) if more else "",
        "newest": _address(values) if asked.before else "",
        "csv": f"/audit.csv?{urlencode(values)}" if values else "/audit.csv",
        "verified": request.app[AUDIT_WATCH].verified,
    }
    return page(request, "audit.html", context, 422 if errors else 200)


async def csv(request: web.Request) -> web.StreamResponse:
    """The lines that fit the filter as a file; taking them away leaves a line too."""
    caller, scopes = await _asker(request)
    _, lines, _ = await _lines(request, scopes, MOST)

    async def nothing(_: AsyncConnection) -> None:
        """Only the line."""

    target = Target("audit", caller.org or "shuangshi", scopes[0])
    await request.app[ACTS].do(caller, "audit.export", target, nothing, details={"lines": len(lines)})
    headers = {hdrs.CONTENT_DISPOSITION: 'attachment; filename="audit.csv"', hdrs.CACHE_CONTROL: "no-store"}
    body = as_csv(lines, _words(request), _zone(request))
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


async def _asker(request: web.Request) -> tuple[Caller, Sequence[str]]:
    caller = await caller_of(request)
    return caller, caller.need_scopes("audit.see")


async def _lines(request: web.Request, scopes: Sequence[str], limit: int) -> tuple[Filter, list[ShownLine], bool]:
    """The filter, the lines, and whether there are older ones. Raises `Invalid`."""
    asked = check(Filter, dict(request.query))
    reader = _reader(request)
    since, until = _day(asked.day, _zone(request))
    actor = (await reader.person(asked.person) or asked.person) if asked.person else ""
    wanted = Wanted(asked.act, asked.target, actor, since, until, asked.before)
    found = await reader.lines(scopes, wanted, limit + 1)
    lines = await shown(found[:limit], reader, request.app[CONTENTS], _words(request))
    return asked, lines, len(found) > limit


def _day(day: str, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """The day's first moment and the next day's, UTC ms."""
    if not day:
        return None, None
    try:
        begin = dt.date.fromisoformat(day)
        moments = [dt.datetime.combine(begin + dt.timedelta(days=n), dt.time(), zone).timestamp() for n in (0, 1)]
    except (ValueError, OverflowError) as error:
        raise Invalid({"day": "format"}) from error
    return int(moments[0] * 1000), int(moments[1] * 1000)


def _address(values: Mapping[str, object]) -> str:
    return f"/audit?{urlencode(values)}" if values else "/audit"


def _reader(request: web.Request) -> AuditLines:
    return AuditLines(request.app[STORE].database)


def _zone(request: web.Request) -> ZoneInfo:
    return ZoneInfo(request.app[SETTINGS].timezone)


def _words(request: web.Request) -> Words:
    catalogue, lang = request.app[CATALOGUE], language(request)
    return lambda key: catalogue.text(lang, key)
