"""Printed answer cards: a picture of the room is read, and cards are printed."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from server.cards.marker import bits_of
from server.cards.reader import MOST_BYTES, read_cards
from server.domain.permissions import LESSON_PAPER
from server.errors import Forbidden, TooLarge
from server.web.answers import json_answer, page
from server.web.doors import Doors
from server.web.entitled import asker
from server.web.keys import CARDS_BY_ROOM, LESSONS

CARDS_PER_MINUTE = 90
"""Pictures of one room: three in two seconds."""


async def read(request: web.Request) -> web.Response:
    """`POST /class/L/cards`, a JPEG: `{"answers": {SEAT: OPTION}, "unclear": [SEAT]}`. Nothing of the picture is kept."""
    who = (await asker(request)).principal
    if who.role not in ("classroom", "assistant", "master") or who.participant is None:
        raise Forbidden
    request.app[CARDS_BY_ROOM].take(f"{who.lesson}/{who.participant}", time.monotonic_ns())
    picture = await _body(request)
    cards = await asyncio.to_thread(read_cards, picture)
    return json_answer({"answers": {str(seat): option for seat, option in cards.answers.items()}, "unclear": sorted(cards.unclear)})


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for part in request.content.iter_chunked(64 * 1024):
        body += part
        if len(body) > MOST_BYTES:
            raise TooLarge("picture")
    return bytes(body)


async def show(request: web.Request) -> web.Response:
    """`GET /cards/L`: the room's cards, to be printed and cut."""
    who = (await asker(request)).principal
    if who.role not in ("classroom", "assistant", "master") or who.participant is None:
        raise Forbidden
    room = await request.app[LESSONS].rooms.get(who.lesson)
    seats = room.facts.room(who.participant).seats
    cards = [(seat, bits_of(seat)) for seat in range(1, seats + 1)]
    return page(request, "seats/cards.html", {"cards": cards, "room": who.name or room.names.get(who.participant, "")})


def add_routes(doors: Doors) -> None:
    """Addresses of the cards."""
    doors.post("/class/{lesson}/cards", read, LESSON_PAPER)
    doors.get("/cards/{lesson}", show, LESSON_PAPER)
