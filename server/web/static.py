"""Static files: kept for ever under the build's address, checked each time under the plain one."""

from __future__ import annotations

from pathlib import Path

from aiohttp import hdrs, web

from server.errors import NoSuchPage
from server.web.keys import ASSETS

FOR_EVER = "public, max-age=31536000, immutable"
CHECK = "public, no-cache"
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
    file = _inside(assets.static, relative)
    if file.suffix in _TYPES:
        headers[hdrs.CONTENT_TYPE] = _TYPES[file.suffix]
    return web.FileResponse(file, headers=headers)


def _is_build(word: str) -> bool:
    return len(word) == 12 and all(c in "0123456789abcdef" for c in word)


def _locale(request: web.Request, relative: str, headers: dict[str, str]) -> web.Response:
    name = relative.removeprefix("locale/")
    body = request.app[ASSETS].locale(name.removesuffix(".json")) if name.endswith(".json") else None
    if body is None:
        raise NoSuchPage
    return web.Response(body=body, content_type="application/json", headers=headers)


def _inside(root: Path, relative: str) -> Path:
    try:
        file = (root / relative).resolve()
        if file.is_relative_to(root.resolve()) and file.is_file():
            return file
    except (OSError, ValueError):  # a name too long, or with a zero byte
        pass
    raise NoSuchPage
