"""`/exchange`: tables in and out. A file is checked first; the same file, sent back by the page, is then written as a whole."""

from __future__ import annotations

import asyncio
from typing import get_args

from aiohttp import hdrs, web

from server.accounts.caller import Caller
from server.domain.orgs import Org
from server.errors import Forbidden, ImportRefused, Invalid
from server.school.exchange.columns import Table
from server.school.exchange.exchange import table as table_of
from server.school.exchange.findings import Report
from server.school.exchange.specs import TABLES
from server.school.sheets.files import MIME, Format
from server.web.again import Again, first, posts
from server.web.answers import json_answer, language, page, wants_page
from server.web.callers import caller_of
from server.web.catalogue import error_body
from server.web.doors import Doors
from server.web.exchange.shown import as_csv, as_json, bad_json, rows
from server.web.exchange.upload import keep, read_file
from server.web.keys import CATALOGUE, EXCHANGE, METRICS, OFFICE


async def show_tables(request: web.Request) -> web.Response:
    """`GET /exchange[?org=ID]`: the tables, in the order in which an installation is filled."""
    caller = await _asker(request)
    return page(request, "exchange/tables.html", {"tables": list(TABLES.values()), "org": await _org(request, caller)})


async def show(request: web.Request, again: Again, report: Report | None = None, kept: str = "", *, done: bool = False) -> web.Response:
    """`GET /exchange/TABLE[?org=ID]`. `kept`: the file that was checked, to be written, or to be listed again; `done`: it was written."""
    caller = await _asker(request)
    table = table_of(request.match_info["table"])
    context = {
        "again": again,
        "table": table,
        "notes": _notes(request, table),
        "org": await _org(request, caller),
        "report": report,
        "cells": await asyncio.to_thread(rows, report, request.app[CATALOGUE], language(request)) if report else "",
        "kept": kept,
        "done": done,
    }
    return page(request, "exchange/table.html", context, 422 if done and report and not report.ok else 200)


async def template(request: web.Request) -> web.Response:
    """`GET /exchange/TABLE/template?as=xlsx`."""
    await _asker(request)
    table, kind = table_of(request.match_info["table"]), _format(request)
    notes = [[request.app[CATALOGUE].text(language(request), f"exchange.{key}") for key in ("column", "how")], *_notes(request, table)]
    return _file(request.app[EXCHANGE].template(table.name, kind, notes), f"{table.name}-template", kind)


@posts(show, "check")
async def check(request: web.Request) -> web.StreamResponse:
    """`POST /exchange/TABLE[?as=csv]`: a dry run of the file; its bad cells as a file."""
    caller, catalogue = await _asker(request), request.app[CATALOGUE]
    data = await read_file(request)
    report = await request.app[EXCHANGE].check(caller, request.match_info["table"], data)
    if request.query.get("as") == "csv":
        return _file(await asyncio.to_thread(as_csv, report, catalogue, language(request)), f"{report.table}-bad-cells", "csv")
    if not wants_page(request):
        return json_answer(await asyncio.to_thread(as_json, report, catalogue))
    return await show(request, Again(), report, keep(data))


@posts(show, "check")
async def apply(request: web.Request) -> web.StreamResponse:
    """`POST /exchange/TABLE/apply`: all of it, or nothing (422)."""
    caller = await _asker(request)
    data = await read_file(request)
    report = await request.app[EXCHANGE].apply(caller, request.match_info["table"], data)
    if wants_page(request):
        return await show(request, Again(), report, "" if report.ok else keep(data), done=True)
    catalogue = request.app[CATALOGUE]
    if report.ok:
        return json_answer(await asyncio.to_thread(as_json, report, catalogue))
    request.app[METRICS].refusals.labels(ImportRefused.code).inc()
    refused = ImportRefused(cells=len(report.bad))
    return json_answer({**error_body(catalogue, refused), "bad": await asyncio.to_thread(bad_json, report, catalogue)}, refused.status)


async def export(request: web.Request) -> web.Response:
    """`GET /exchange/TABLE/export?as=xlsx[&org=ID]`: the rows of the caller's scope; leaves a line in the audit."""
    caller, kind = await caller_of(request), _format(request)
    table = table_of(request.match_info["table"])
    data = await request.app[EXCHANGE].export(caller, table.name, kind, request.query.get("org", ""))
    return _file(data, table.name, kind)


async def _asker(request: web.Request) -> Caller:
    """Who may import at least somewhere; raises `Forbidden`."""
    caller = await caller_of(request)
    if not caller.scopes("org.import"):
        raise Forbidden("org.import")
    return caller


async def _org(request: web.Request, caller: Caller) -> Org | None:
    """The organisation that exports are limited to."""
    wanted = request.query.get("org", "")
    return await request.app[OFFICE].org(caller, wanted, "org.export") if wanted else None


def _notes(request: web.Request, table: Table) -> list[list[str]]:
    """Each column's header and how it is filled in."""
    catalogue, lang = request.app[CATALOGUE], language(request)
    return [[column.header, catalogue.text(lang, f"exchange.note.{table.name}.{column.name}")] for column in table.columns]


def _format(request: web.Request) -> Format:
    wanted = request.query.get("as", "xlsx")
    found = next((kind for kind in get_args(Format) if kind == wanted), None)
    if found is None:
        raise Invalid({"as": "choice"})
    return found  # type: ignore[no-any-return]  # one of the literals


def _file(data: bytes, name: str, kind: Format) -> web.Response:
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.{kind}"', hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=data, content_type=MIME[kind], charset="utf-8" if kind == "csv" else None, headers=headers)


def add_routes(doors: Doors) -> None:
    """Addresses of import and export."""
    doors.get("/exchange", show_tables, "org.import")
    doors.get("/exchange/{table}", first(show), "org.import")
    doors.get("/exchange/{table}/template", template, "org.import")
    doors.get("/exchange/{table}/export", export, "org.export")
    doors.post("/exchange/{table}", check, "org.import")
    doors.post("/exchange/{table}/apply", apply, "org.import")
