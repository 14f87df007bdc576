"""Answers that several handlers give."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web

from server.errors import AppError, LoginNeeded, MediaUnavailable, StepNeeded, TooMany, Unauthenticated
from server.web.callers import csrf_token
from server.web.catalogue import error_body, preferred
from server.web.keys import ASSETS, CALLER, CATALOGUE, DEMO_DATA, SETTINGS

STEPS = {"password": "/self/password", "code": "/login/code", "enrol": "/self/totp"}
"""Where what must be done first is done."""
AGAIN_SECONDS = 2
"""`Retry-After` where the refusal knows no better (RFC 9725 section 4.5): a killed worker is back by then."""


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer that nobody stores."""
    merged = {hdrs.CACHE_CONTROL: "no-store", **(headers or {})}
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json", headers=merged)


def language(request: web.Request) -> str:
    """The language of this request's answer."""
    return preferred(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""), request.app[SETTINGS].lang)


def page(request: web.Request, template: str, context: Mapping[str, object], status: int = 200) -> web.Response:
    """A rendered page in the visitor's language."""
    lang = language(request)
    caller = request.get(CALLER)
    shown = {
        "me": caller if caller and caller.kind != "nobody" else None,
        "csrf": csrf_token(request),
        "path": request.path,
        "demo_data": request.app.get(DEMO_DATA, False),
        **context,
    }
    text = request.app[ASSETS].render(template, lang, shown)
    headers = {hdrs.CACHE_CONTROL: "no-store", hdrs.VARY: "Accept-Language, Cookie", hdrs.CONTENT_LANGUAGE: lang}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def refusal(request: web.Request, error: AppError) -> web.Response:
    """A refusal: a page for a browser that wants a page, else the one JSON shape."""
    if isinstance(error, LoginNeeded) and wants_page(request):
        return web.Response(
            status=303, headers={hdrs.LOCATION: "/login?" + urlencode({"next": request.path_qs}), hdrs.CACHE_CONTROL: "no-store"}
        )
    if isinstance(error, StepNeeded) and wants_page(request):
        return web.Response(status=303, headers={hdrs.LOCATION: STEPS[str(error.params["step"])], hdrs.CACHE_CONTROL: "no-store"})
    if wants_page(request):
        message = request.app[CATALOGUE].formatted(language(request), f"error.{error.code}", error.params)
        context = {"code": error.code, "message": message, "status": error.status, "params": error.params}
        response = page(request, "message.html", context, error.status)
    else:
        response = json_answer(error_body(request.app[CATALOGUE], error), error.status)
    if isinstance(error, TooMany | MediaUnavailable):
        response.headers[hdrs.RETRY_AFTER] = str(error.params.get("retry_after", AGAIN_SECONDS))
    if isinstance(error, Unauthenticated):
        response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="shuangshi"'
    return response


def wants_page(request: web.Request) -> bool:
    """A browser is going somewhere or sends a form (not a script or tool asking for data)."""
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")
