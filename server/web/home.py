"""The home page of everybody who is known: today's lessons with one obvious button; for offices the board of now."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

from aiohttp import web

from server.accounts.caller import Caller
from server.school.today import Item, today
from server.web.answers import page
from server.web.keys import OFFICE, PEOPLE, SETTINGS

OFFICES = frozenset({"nation", "province", "city", "county"})
BOARD = ("late", "live", "soon", "later", "missed", "over", "cancelled")
"""Order of the board: what needs somebody first."""


async def home_of(request: web.Request, caller: Caller) -> web.Response:
    """Today for the caller."""
    office = request.app[OFFICE]
    found = await today(office, caller, ZoneInfo(request.app[SETTINGS].timezone))
    context = {
        "today": found,
        "items": _ordered(caller, found.items),
        "counts": Counter(item.state for item in found.items),
        "board": on_board(caller),
        "names": await _teachers(request, found.items),
        "rooms": await office.rooms.many({room for item in found.items for room in item.lesson.rooms}),
        "orgs": await office.orgs.many({item.lesson.org for item in found.items if item.lesson.org}),
        "now": office.now(),
    }
    return page(request, "today.html", context)


def on_board(caller: Caller) -> bool:
    """Whether the caller looks after a tier above the school."""
    return any(grant.role in ("admin", "inspector") and grant.tier in OFFICES for grant in caller.grants)


def _ordered(caller: Caller, items: tuple[Item, ...]) -> list[Item]:
    if not on_board(caller):
        return list(items)
    return sorted(items, key=lambda item: (BOARD.index(item.state), item.lesson.starts_at or 0))


async def _teachers(request: web.Request, items: tuple[Item, ...]) -> dict[str, str]:
    return await request.app[PEOPLE].names([item.lesson.teacher for item in items if item.lesson.teacher])
