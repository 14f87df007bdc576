"""The home page of everybody who is known: today's lessons with one obvious button; for offices the board of now; for librarians
what waits for them.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from server.accounts.caller import Caller
from server.library.waiting import waiting
from server.school.today import Item, board, today
from server.web.answers import page
from server.web.board import missing
from server.web.keys import LIBRARY, OFFICE, PEOPLE, REPLAYS, SETTINGS

OFFICES = frozenset({"nation", "province", "city", "county"})


async def home_of(request: web.Request, caller: Caller) -> web.Response:
    """Today for the caller; for whoever is nothing but a parent, the child's week."""
    if caller.roles == {"parent"}:
        return web.Response(status=303, headers={hdrs.LOCATION: "/child", hdrs.CACHE_CONTROL: "no-store"})
    office, zone = request.app[OFFICE], ZoneInfo(request.app[SETTINGS].timezone)
    over_all = await board(office, caller, zone) if on_board(caller) else None
    found = await today(office, caller, zone, own=over_all is not None)
    items = over_all.items if over_all else found.items
    rooms = await office.rooms.many({room for item in items for room in item.lesson.rooms})
    homes = {room.org for room in rooms.values()} | {item.lesson.org for item in items if item.lesson.org}
    context = {
        "next": found.next,
        "items": items,
        "board": over_all,
        "missing": await missing(request, items, rooms) if over_all else {},
        "names": await _teachers(request, items),
        "rooms": rooms,
        "orgs": await office.orgs.many(homes),
        "now": office.now(),
        "replays": await request.app[REPLAYS].among(caller, [item.lesson.id for item in items if item.state == "over"]),
        "waiting": await waiting(request.app[LIBRARY], caller) if "librarian" in caller.roles else None,
    }
    return page(request, "today.html", context)


def on_board(caller: Caller) -> bool:
    """Whether the caller looks after a tier above the school."""
    return any(grant.role in ("admin", "inspector") and grant.tier in OFFICES for grant in caller.grants)


async def _teachers(request: web.Request, items: tuple[Item, ...]) -> dict[str, str]:
    return await request.app[PEOPLE].names([item.lesson.teacher for item in items if item.lesson.teacher])
