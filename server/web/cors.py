"""CORS for WHIP, WHEP and HLS: a player on any site may use them, with a bearer token or an address that is the paper, and never with cookies."""

from __future__ import annotations

from aiohttp import hdrs, web

_METHODS = {False: "POST, OPTIONS", True: "PATCH, DELETE, OPTIONS"}


async def open_to_players(request: web.Request, response: web.StreamResponse) -> None:
    """Let scripts of other origins read what WHIP, WHEP and HLS answer, refusals included.

    There is no `Allow-Credentials`, so browsers hide answers to requests with cookies from them.
    """
    if hdrs.ORIGIN in request.headers and request.path.startswith(("/whip/", "/whep/", "/hls/")):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "Location, ETag, Link, Accept-Patch, Retry-After"


async def options(request: web.Request) -> web.Response:
    """`OPTIONS` on an endpoint or a session (RFC 9725 section 4.2), which is also the preflight of the Fetch standard."""
    about_session = "session" in request.match_info
    headers: dict[str, str] = {hdrs.ALLOW: _METHODS[about_session]}
    if about_session:
        headers["Accept-Patch"] = "application/trickle-ice-sdpfrag"
    else:
        headers["Accept-Post"] = "application/sdp"
    if hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        headers |= {
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS[about_session],
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type, If-Match",
            hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
        }
    return web.Response(status=204, headers=headers)
