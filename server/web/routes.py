"""Which address leads to which handler."""

from __future__ import annotations

from aiohttp import web

from server.domain.permissions import LESSON_PAPER
from server.domain.principal import Role
from server.web import cors, guide, health, join, pages, socket, static, whip
from server.web.doors import Doors
from server.web.login import own as login_own
from server.web.login import pages as login_pages
from server.web.login import slip as login_slip
from server.web.middleware import harden


def add_routes(app: web.Application) -> None:
    """Everything the web process answers."""
    doors = Doors(app)
    doors.get("/", pages.home, "page.public")
    doors.get("/join/{token}", join.join, "link.enter")
    roles: tuple[Role, ...] = ("master", "classroom", "viewer", "wall")
    for role in roles:
        doors.get(f"/{join.PAGES[role]}/{{lesson}}", pages.role_page(role), LESSON_PAPER)
    doors.get("/ws/{lesson}", socket.socket, LESSON_PAPER)
    for door, handler in (("whip", whip.publish), ("whep", whip.watch)):
        doors.post(f"/{door}/{{lesson}}", handler, LESSON_PAPER)
        doors.add("OPTIONS", f"/{door}/{{lesson}}", cors.options, "page.public")
        doors.add("PATCH", f"/{door}/{{lesson}}/{{session}}", whip.patch, LESSON_PAPER)
        doors.add("DELETE", f"/{door}/{{lesson}}/{{session}}", whip.close, LESSON_PAPER)
        doors.add("OPTIONS", f"/{door}/{{lesson}}/{{session}}", cors.options, "page.public")
    doors.get("/healthz", health.healthz, "page.public")
    doors.get("/metrics", health.metrics, "metrics.read")
    doors.get("/static/{path:.+}", static.static, "page.public")
    guide.add_routes(doors)
    for area in (login_pages, login_own, login_slip):
        area.add_routes(doors)
    app.on_response_prepare.append(harden)
    app.on_response_prepare.append(cors.open_to_players)
