"""Static files: kept for ever under the build's address, checked each time under the plain one."""

from __future__ import annotations

import zlib
from pathlib import Path

from aiohttp import hdrs, web

from server.errors import NoSuchPage
from server.web.keys import ASSETS
from server.web.packed import takes_gzip

FOR_EVER = "public, max-age=31536000, immutable"
CHECK = "public, no-cache"
MOST_SHEETS = 20
"""Style sheets of one page."""
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}


async def static(request: web.Request) -> web.StreamResponse:
    """`GET /static/[BUILD/]PATH`. A path of an older build gets today's file, checked each time."""
    assets = request.app[ASSETS]
    path = request.match_info["path"]
    first, _, rest = path.partition("/")
    current = first == assets.build
    relative = rest if current or _is_build(first) else path
    headers: dict[str, str] = {hdrs.CACHE_CONTROL: FOR_EVER if current else CHECK}
    if relative.startswith("locale/"):
        return _locale(request, relative, headers)
    if relative.startswith("css/") and "+" in relative:
        return _sheets(request, relative, headers)
    file = _inside(assets.static, relative)
    if file.suffix not in _TYPES:
        return web.FileResponse(file, headers=headers)
    headers |= {hdrs.CONTENT_TYPE: _TYPES[file.suffix], hdrs.VARY: "Accept-Encoding"}
    packed = assets.packed.file(file) if _packs(request) else None
    return web.FileResponse(file, headers=headers) if packed is None else _answer(request, packed, headers)


def _sheets(request: web.Request, relative: str, headers: dict[str, str]) -> web.Response:
    """Several style sheets in one answer, in this order: `css/base+components/chip.css`."""
    names = relative.removeprefix("css/").removesuffix(".css").split("+")
    if len(set(names)) < len(names) or len(names) > MOST_SHEETS:
        raise NoSuchPage
    assets = request.app[ASSETS]
    body, packed = assets.packed.joined([_inside(assets.static, f"css/{name}.css") for name in names])
    headers |= {hdrs.CONTENT_TYPE: _TYPES[".css"], hdrs.VARY: "Accept-Encoding"}
    return _answer(request, packed, headers) if _packs(request) else web.Response(body=body, headers=headers)


def _packs(request: web.Request) -> bool:
    """A part of a file is a part of the plain one."""
    return hdrs.RANGE not in request.headers and takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))


def _answer(request: web.Request, packed: bytes, headers: dict[str, str]) -> web.Response:
    tag = f'"{zlib.crc32(packed):08x}-{len(packed):x}-gz"'
    headers[hdrs.ETAG] = tag
    if tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})


def _is_build(word: str) -> bool:
    return len(word) == 12 and all(c in "0123456789abcdef" for c in word)


def _locale(request: web.Request, relative: str, headers: dict[str, str]) -> web.Response:
    name = relative.removeprefix("locale/")
    assets, lang = request.app[ASSETS], name.removesuffix(".json")
    body = assets.locale(lang) if name.endswith(".json") else None
    if body is None:
        raise NoSuchPage
    headers |= {hdrs.CONTENT_TYPE: _TYPES[".json"], hdrs.VARY: "Accept-Encoding"}
    return _answer(request, assets.packed_locale(lang), headers) if _packs(request) else web.Response(body=body, headers=headers)


def _inside(root: Path, relative: str) -> Path:
    try:
        file = (root / relative).resolve()
        if file.is_relative_to(root.resolve()) and file.is_file():
            return file
    except (OSError, ValueError):  # a name too long, or with a zero byte
        pass
    raise NoSuchPage
