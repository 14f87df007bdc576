"""What happens around every handler: counting and logging, errors, headers. The order is that of `ALL`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import hdrs, web

from server.errors import AppError
from server.web.answers import refusal
from server.web.doors import guard
from server.web.failure import as_app_error
from server.web.keys import FRAMES, METRICS, TLS
from server.web.visitor import visitor

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger("web")

_QUIET = frozenset({"/healthz", "/metrics", "/static/{path}"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"})


def route_of(request: web.Request) -> str:
    """The route's pattern: safe to log and to count by, whatever the address holds (a token, say)."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


@web.middleware
async def account(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and log the answer. Addresses are logged as patterns, never with their tokens."""
    begun, peer = time.perf_counter(), visitor(request).address
    response = await handler(request)
    seconds = time.perf_counter() - begun
    route, metrics = route_of(request), request.app[METRICS]
    method = request.method if request.method in _METHODS else "other"
    metrics.requests.labels(method, route, str(response.status)).inc()
    if not isinstance(response, web.WebSocketResponse):
        metrics.seconds.labels(route).observe(seconds)
    write = log.debug if response.status < 400 or route in _QUIET else log.info
    write("answered", method=method, route=route, status=response.status, ms=round(seconds * 1000, 1), peer=peer)
    return response


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every exception becomes the one error shape; redirects and the like pass."""
    try:
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _refused(request, error)
    except Exception as error:
        return _refused(request, error)


def _refused(request: web.Request, error: Exception) -> web.Response:
    known = as_app_error(error)
    request.app[METRICS].refusals.labels(known.code).inc()
    if known.code == AppError.code:
        log.error("failed", route=route_of(request), code=known.code, detail=known.detail, exc_info=error)
    else:
        log.info("refused", route=route_of(request), code=known.code, detail=known.detail)
    response = refusal(request, known)
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers[hdrs.ALLOW] = ", ".join(sorted(error.allowed_methods))
    return response


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers of every answer, put on when it is prepared."""
    secure, host = visitor(request).secure, _host_source(request)
    headers = response.headers
    headers[hdrs.SERVER] = "shuangshi"  # versions of what we are built from are nobody's business
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")  # with `no-referrer` a browser posts forms with `Origin: null`
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if secure and not request.app[TLS].ca_pem:  # it holds for every port of a host name: it would shut the plain guide to a local CA
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.content_type == "text/html":
        headers.setdefault("Content-Security-Policy", _policy(host, request.get(FRAMES, ("'none'", "'none'"))))
        headers.setdefault(
            "Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self)"
        )


def _policy(host: str, frames: tuple[str, str]) -> str:
    # Safari 15.6 does not count the socket's own scheme into 'self': it is named
    connect = f"'self' ws://{host} wss://{host}" if host else "'self'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob: mediastream:; "
        f"connect-src {connect}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        f"frame-src {frames[0]}; frame-ancestors {frames[1]}"
    )


def _host_source(request: web.Request) -> str:
    host = request.headers.get(hdrs.HOST, "")
    return host if host and all((c.isalnum() and c.isascii()) or c in ".-:[]" for c in host) else ""


ALL = (account, errors, guard)
