"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): media sessions as HTTP resources."""

from __future__ import annotations

import time
from collections.abc import Mapping

from aiohttp import hdrs, web

from server.accounts.turn import as_link_header
from server.errors import BadRequest, BadSlots, NeedsEtag, TooLarge, WrongType
from server.web.entitled import Asker, asker
from server.web.keys import ICE, LESSONS, POSTS_BY_ADDRESS, POSTS_BY_LINK, SETTINGS
from server.web.visitor import visitor

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
NAMES = 64
"""Names taken in one query."""


async def publish(request: web.Request) -> web.Response:
    """`POST /whip/LESSON?sources=…[&takeover=1]`: an offer in, a session out."""
    who = await _entitled_post(request)
    offer = await _body(request, SDP)
    names = _names(request, "sources") or ("mic", "camera")
    takeover = request.query.get("takeover", "0") == "1"
    answer = await request.app[LESSONS].publish(who.principal, offer, names, takeover, _page(request))
    return _created(request, who, answer.session, answer.etag, answer.answer)


async def watch(request: web.Request) -> web.Response:
    """`POST /whep/LESSON[?slots=…][&source=screen]`: an offer in, a session out."""
    who = await _entitled_post(request)
    offer = await _body(request, SDP)
    source = request.query.get("source", "camera")
    if source not in ("camera", "screen"):
        raise BadSlots("source")
    answer = await request.app[LESSONS].watch(who.principal, offer, _names(request, "slots"), source, _page(request))
    return _created(request, who, answer.session, answer.etag, answer.answer)


async def patch(request: web.Request) -> web.Response:
    """`PATCH …/SESSION`: trickle or ICE restart (RFC 9725 section 4.3). 204, or 200 with the fragment that answers a restart."""
    who = await asker(request, session=True)
    if request.content_type != FRAGMENT:
        raise WrongType(expected=FRAGMENT)
    etag = request.headers.get(hdrs.IF_MATCH)
    if etag is None:
        raise NeedsEtag
    fragment = await _body(request, FRAGMENT)
    answer = await request.app[LESSONS].patch(who.principal, request.match_info["session"], _wanted(etag), fragment)
    if not answer.answer:
        return web.Response(status=204)
    headers = {hdrs.ETAG: _quoted(answer.etag)}
    return web.Response(text=answer.answer, content_type=FRAGMENT, headers=headers)


async def close(request: web.Request) -> web.Response:
    """`DELETE …/SESSION`: the end of a session."""
    who = await asker(request, session=True)
    await request.app[LESSONS].close(who.principal, request.match_info["session"])
    return web.Response(status=200)


async def _entitled_post(request: web.Request) -> Asker:
    now = time.monotonic_ns()
    request.app[POSTS_BY_ADDRESS].take(visitor(request).address, now)
    who = await asker(request)
    request.app[POSTS_BY_LINK].take(who.principal.admission, now)
    return who


def _page(request: web.Request) -> str:
    """The page's own word for itself, the same as in its `hello`; empty for tools."""
    return request.query.get("page", "")[:64]


def _names(request: web.Request, key: str) -> tuple[str, ...] | None:
    if key not in request.query:
        return None
    names = tuple(word for word in request.query[key].split(",") if word)
    if not names or len(names) > NAMES:
        raise BadSlots(key)
    return names


async def _body(request: web.Request, content_type: str) -> str:
    if request.content_type != content_type:
        raise WrongType(expected=content_type)
    limit = request.app[SETTINGS].sdp_bytes
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(limit=limit)
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > limit:
            raise TooLarge(limit=limit)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("body is not UTF-8") from error


def _created(request: web.Request, who: Asker, session: str, etag: str, answer: str) -> web.Response:
    location = f"{request.path}/{session}" + (f"?a={who.admission}" if who.admission else "")
    headers: Mapping[str, str] = {
        hdrs.LOCATION: location,
        hdrs.ETAG: _quoted(etag),
        "Accept-Patch": FRAGMENT,
        hdrs.CACHE_CONTROL: "no-store",
    }
    response = web.Response(text=answer, status=201, content_type=SDP, headers=headers)
    for server in request.app[ICE].servers(who.principal.admission, int(time.time())):
        response.headers.add(hdrs.LINK, as_link_header(server))
    return response


def _quoted(etag: str) -> str:
    return etag if etag.startswith('"') else f'"{etag}"'


def _wanted(if_match: str) -> str:
    """An If-Match value (RFC 9110 section 13.1.1) as the worker compares it: `*`, or one strong tag in its quotes."""
    value = if_match.strip()
    return value if value == "*" else _quoted(value)
