"""Which address leads to which handler."""

from __future__ import annotations

from aiohttp import web

from server.domain.principal import Role
from server.web import cors, guide, health, join, pages, socket, static, whip
from server.web.middleware import harden


def add_routes(app: web.Application) -> None:
    """Everything the web process answers."""
    router = app.router
    router.add_get("/", pages.home)
    router.add_get("/join/{token}", join.join)
    roles: tuple[Role, ...] = ("master", "classroom", "viewer", "wall")
    for role in roles:
        router.add_get(f"/{join.PAGES[role]}/{{lesson}}", pages.role_page(role))
    router.add_get("/ws/{lesson}", socket.socket)
    for door, handler in (("whip", whip.publish), ("whep", whip.watch)):
        router.add_post(f"/{door}/{{lesson}}", handler)
        router.add_options(f"/{door}/{{lesson}}", cors.options)
        router.add_patch(f"/{door}/{{lesson}}/{{session}}", whip.patch)
        router.add_delete(f"/{door}/{{lesson}}/{{session}}", whip.close)
        router.add_options(f"/{door}/{{lesson}}/{{session}}", cors.options)
    router.add_get("/healthz", health.healthz)
    router.add_get("/metrics", health.metrics)
    router.add_get("/static/{path:.+}", static.static)
    guide.add_routes(app)
    app.on_response_prepare.append(harden)
    app.on_response_prepare.append(cors.open_to_players)
