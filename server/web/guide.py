"""The guide to the local CA of LAN mode, and its certificate. Also served over plain HTTP: it is read before the CA is trusted."""

from __future__ import annotations

from aiohttp import hdrs, web

from server.errors import NoSuchPage
from server.web.answers import page
from server.web.doors import Doors
from server.web.keys import SETTINGS, TLS
from server.web.visitor import visitor


async def guide(request: web.Request) -> web.Response:
    """`GET /guide`: how to make this computer trust the school's own certificates, and where to go then."""
    ca = request.app[TLS].ca_pem
    if not ca:
        raise NoSuchPage("no local CA")
    context = {"ca": "/ca.crt", "fingerprint": request.app[TLS].ca_fingerprint, "home": secure_home(request)}
    return page(request, "guide.html", context)


async def certificate(request: web.Request) -> web.Response:
    """`GET /ca.crt`: the certificate of the local CA."""
    ca = request.app[TLS].ca_pem
    if not ca:
        raise NoSuchPage("no local CA")
    headers = {hdrs.CONTENT_DISPOSITION: 'attachment; filename="shuangshi-ca.crt"', hdrs.CACHE_CONTROL: "no-cache"}
    return web.Response(body=ca, content_type="application/x-x509-ca-cert", headers=headers)


def secure_home(request: web.Request) -> str:
    """Our HTTPS address as this visitor reaches us."""
    host = visitor(request).host
    name = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
    return f"https://{name}:{request.app[SETTINGS].http_port}/"


def add_routes(doors: Doors) -> None:
    """The guide's addresses."""
    doors.get("/guide", guide, "page.public")
    doors.get("/ca.crt", certificate, "page.public")


async def to_guide(_: web.Request) -> web.Response:
    """On the plain port everything else leads to the guide."""
    return web.Response(status=303, headers={hdrs.LOCATION: "/guide"})
