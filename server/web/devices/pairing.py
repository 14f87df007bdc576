"""`/pair` on an unpaired PC, `/rooms/ID/devices` for who approves it."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from server.accounts import cookies
from server.accounts.devices import ApproveCode
from server.errors import PairingGone
from server.school import orgs
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import DEVICES, KNOCKS, LESSONS, OFFICE, PAIRINGS_BY_ADDRESS, PEOPLE, SIGNER, STORE
from server.web.school.orgs import Empty
from server.web.visitor import visitor

COOKIE = "ss_pairing"
DEVICE_SECONDS = 400 * 24 * 3600
"""The longest a browser keeps a cookie (RFC 6265bis, 400 days); each visit of the room's page renews it."""


class AskPairing(msgspec.Struct, frozen=True):
    """The room's join code."""

    join_code: Annotated[str, Meta(pattern=r"^\d{3} ?\d{3}$")]


async def show_pair(request: web.Request, again: Again) -> web.Response:
    """`GET /pair`."""
    return page(request, "devices/pair.html", {"again": again})


@posts(show_pair)
async def ask(request: web.Request) -> web.Response:
    """`POST /pair`: the join code names the room; it grants nothing."""
    request.app[PAIRINGS_BY_ADDRESS].take(visitor(request).address, time.monotonic_ns())
    form = await read_form(request, AskPairing, token=None)
    agent = request.headers.get(hdrs.USER_AGENT, "")
    name = next((word for word in ("Windows", "Android", "Linux", "Mac") if word in agent), "PC")
    _, bearer, _ = await request.app[DEVICES].ask(form.join_code, name)
    response = done(request, "/pair/wait")
    secure = visitor(request).secure
    response.set_cookie(COOKIE, bearer.text, path="/pair", max_age=600, secure=secure, httponly=True, samesite="Lax")
    return response


async def wait(request: web.Request) -> web.Response:
    """`GET /pair/wait`: shows the code and looks again every few seconds; paired: on to the room's page; let in: into the lesson."""
    knock = await request.app[KNOCKS].answer_of(request.cookies.get(COOKIE))
    link = await request.app[STORE].link(knock.link) if knock.link else None
    if link:
        location = f"/join/{request.app[SIGNER].link_token(link)}"
        return web.Response(status=303, headers={hdrs.LOCATION: location, hdrs.CACHE_CONTROL: "no-store"})
    try:
        waiting = await request.app[DEVICES].answer(request.cookies.get(COOKIE))
    except PairingGone:
        return page(request, "devices/gone.html", {}, 410)
    room = await request.app[OFFICE].rooms.get(waiting.classroom)
    if waiting.device is None:
        lesson = await request.app[KNOCKS].lesson_now(waiting.classroom)
        return page(request, "devices/wait.html", {"waiting": waiting, "room": room, "lesson": lesson, "knock": knock})
    secret = cookies.read(request.cookies.get(COOKIE))
    response = web.Response(status=303, headers={hdrs.LOCATION: "/room", hdrs.CACHE_CONTROL: "no-store"})
    if secret:
        keep_device(request, response, cookies.Bearer(waiting.device, secret.secret))
    response.del_cookie(COOKIE, path="/pair", secure=visitor(request).secure, httponly=True, samesite="Lax")
    return response


def keep_device(request: web.Request, response: web.StreamResponse, bearer: cookies.Bearer) -> None:
    """Set the device's cookie."""
    secure = visitor(request).secure
    response.set_cookie(cookies.DEVICE, bearer.text, path="/", max_age=DEVICE_SECONDS, secure=secure, httponly=True, samesite="Lax")


async def show_devices(request: web.Request, again: Again) -> web.Response:
    """`GET /rooms/ID/devices`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    room, org = await office.room(caller, request.match_info["room"], "device.approve")
    devices = await request.app[DEVICES].of(caller, room.id)
    context = {
        "again": again,
        "room": room,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "devices": devices,
        "waiting": await request.app[DEVICES].waiting(caller, room.id),
        "names": await request.app[PEOPLE].names([one.approved_by for one in devices]),
    }
    return page(request, "devices/devices.html", context)


@posts(show_devices)
async def approve(request: web.Request) -> web.Response:
    """`POST /rooms/ID/devices`."""
    form = await read_form(request, ApproveCode, token=csrf_token(request))
    new = await request.app[DEVICES].approve(await caller_of(request), request.match_info["room"], form)
    return done(request, f"/rooms/{request.match_info['room']}/devices", {"id": new})


async def revoke(request: web.Request) -> web.Response:
    """`POST /devices/ID/revoke`."""
    await read_form(request, Empty, token=csrf_token(request))
    room = await request.app[DEVICES].revoke(await caller_of(request), request.match_info["device"])
    await request.app[LESSONS].tell_revoked(f"device:{request.match_info['device']}")
    return done(request, f"/rooms/{room}/devices")


def add_routes(doors: Doors) -> None:
    """Addresses of pairing."""
    doors.get("/pair", first(show_pair), "device.pair")
    doors.post("/pair", ask, "device.pair")
    doors.get("/pair/wait", wait, "device.pair")
    doors.get("/rooms/{room}/devices", first(show_devices), "device.approve")
    doors.post("/rooms/{room}/devices", approve, "device.approve")
    doors.post("/devices/{device}/revoke", revoke, "device.revoke")
