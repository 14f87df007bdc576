"""Which address leads to which handler."""

from __future__ import annotations

from aiohttp import web

from server.domain.permissions import LESSON_PAPER
from server.domain.principal import ROLES
from server.web import (
    audit,
    book,
    cards,
    child,
    cors,
    going_on,
    guide,
    health,
    hls,
    inspect,
    join,
    offline,
    pages,
    panel,
    recordings,
    replay,
    replay_by_link,
    replay_files,
    seats,
    shift,
    socket,
    static,
    whip,
)
from server.web.courseware import live as courseware
from server.web.courseware import office as courseware_office
from server.web.devices import knocking, pairing, room
from server.web.doors import Doors
from server.web.exchange import pages as exchange
from server.web.library import pages as library
from server.web.library import publish, watch
from server.web.login import oidc, own, recovery, slip
from server.web.login import pages as login
from server.web.middleware import harden
from server.web.people import pages as people
from server.web.school import classes, groups, orgs, parents, rooms
from server.web.timetable import assisting, calendar, courses, feed, lessons, week

AREAS = (
    *(login, oidc, own, recovery, slip, people, child, book),
    *(orgs, rooms, groups, classes, parents),
    *(pairing, knocking, room),
    *(calendar, courses, lessons, assisting, week, feed, exchange),
    *(courseware, courseware_office),
    *(library, publish, watch),
)
"""Pages of the office, each with `add_routes`."""


def add_routes(app: web.Application) -> None:
    """Everything the web process answers."""
    doors = Doors(app)
    doors.get("/", pages.home, "page.public")
    doors.get("/join/{token}", join.join, "link.enter")
    offline.add_routes(doors)
    for role in ROLES:
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
    seats.add_routes(doors)
    cards.add_routes(doors)
    panel.add_routes(doors)
    inspect.add_routes(doors)
    replay.add_routes(doors)
    replay_by_link.add_routes(doors)
    replay_files.add_routes(doors)
    shift.add_routes(doors)
    going_on.add_routes(doors)
    hls.add_routes(doors)
    recordings.add_routes(doors)
    audit.add_routes(doors)
    for area in AREAS:
        area.add_routes(doors)
    app.on_response_prepare.append(harden)
    app.on_response_prepare.append(cors.open_to_players)
