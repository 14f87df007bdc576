"""What is sent to each door: an address that names real objects, and a form that would be accepted."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np
import pyotp

from server.accounts import cookies
from tests.server.cards.room import jpeg
from tests.server.courseware.files import picture
from tests.server.live.doubles import OFFER
from tests.server.permissions import furnished
from tests.server.permissions.furnished import PIN, TOTP, secret, tomorrow
from tests.server.permissions.table import Door
from tests.server.services import PASSWORD

NEW_PASSWORD = "石桥的春天真的很长很长"
JPEG = base64.b64encode(b"\xff\xd8\xff" + b"0" * 30).decode()
SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}
OPEN = frozenset({"/login", "/login/student", "/slip", "/slip/oidc", "/pair", "/pair/knock"})
"""Forms of people without a login: there is no token to protect."""


def county(door: Door) -> str:
    """In whose county the object lies."""
    return "y" if door.object == "y" else "x"


def names(door: Door, papers: dict[str, str]) -> dict[str, str]:
    """What stands in the address."""
    c = county(door)
    s = f"{c}1"
    token = {"/slip/{token}": "slip", "/feed/{token}.ics": "feed", "/join/{token}": "link"}.get(
        door.path, "hls" if door.path.startswith("/hls/") else "slip"
    )
    return {
        "org": "x" if door.object == "c" else s,
        "room": f"{s}.r1",
        "class": f"{s}.c1",
        "group": f"g.{c}",
        "student": f"{s}.c1.s1",
        "person": f"{s}.colleague",
        "term": f"t.{s}",
        "bell": f"b.{s}",
        "course": f"k.{s}",
        "device": f"{s}.d9",
        "lesson": f"lesson.{c}",
        "later": f"later.{c}",
        "knock": f"knock.{s}",
        "ticket": "none",
        "note": "none",
        "session": papers.get("session", "none"),
        "token": papers[token],
        "path": "favicon.svg",
        "asked": f"{s}.r2",
        "asking": f"ask.{c}",
        "table": "rooms",
        "pupils": "students",
        "people": "people",
        "courseware": f"cw.{c}",
        "version": f"v.{c}",
        "page": "1",
        "paper": papers["replay"],
        "file": furnished.FILM,
        "part": furnished.PART,
        "playlist": "index",
        "name": furnished.FILM,
        "taught": f"of.draft.{c}",
        "resource": f"lib.{c}",
        "blob": furnished.page_of(c)[1],
    }


def address(door: Door, papers: dict[str, str]) -> str:
    """The address with everything named."""
    known = names(door, papers)
    return re.sub(r"\{(\w+)\}", lambda match: known[match[1]], door.path)


def paper_cookies(door: Door, papers: dict[str, str]) -> dict[str, str]:
    """Cookies that stand for the paper which this door asks for."""
    if door.path in ("/slip", "/slip/oidc", "/slip/bind"):
        return {"ss_slip": papers["child" if door.path == "/slip/bind" else "slip"]}
    if door.path in ("/pair/wait", "/pair/state", "/pair/knock"):
        return {"ss_pairing": papers["wait.x1" if door.path == "/pair/wait" else "knock.x1"]}
    return {}


def media(door: Door) -> tuple[dict[str, str], str | bytes] | None:
    """Headers and body of WHIP and WHEP, of a picture and of a script's JSON; None for a form."""
    if door.method == "POST" and door.path in _BODIES:
        return _BODIES[door.path]
    if not door.path.startswith(("/whip", "/whep")):
        return None
    return (FRAGMENT, "a=ice-ufrag:x") if door.method == "PATCH" else (SDP, OFFER if door.method == "POST" else "")


def file(door: Door) -> bytes | None:
    """The file of an upload: a new room of the county's school, or a page of courseware."""
    if door.path.endswith("/courseware") or door.path == "/courseware/{lesson}":
        return picture(64, 36)
    line = f"C-{county(door)}1,7,音乐教室,两用,5,8"
    return f"学校代码,教室代码,名称,类型,排数,列数\n{line}\n".encode() if door.path.startswith("/exchange/") else None


def form(door: Door) -> dict[str, Any]:
    """A form that is right."""
    c = county(door)
    s = f"{c}1"
    fields = _FORMS[door.path]
    if door.object == "c" and door.path == "/orgs/{org}/children":
        return {"name": "新学校", "code": "N-1", "tier": "school"}
    return dict(fields(c, s) if callable(fields) else fields)


_BODIES: dict[str, tuple[dict[str, str], str | bytes]] = {
    "/class/{lesson}/cards": ({"Content-Type": "image/jpeg"}, jpeg(np.zeros((8, 8), np.uint8))),
    "/class/{lesson}/panel": ({"Content-Type": "application/json"}, f'{{"pin": "{PIN}"}}'),
    "/seat/{lesson}/free": ({"Content-Type": "application/json"}, '{"seat": 1}'),
}
_V1 = {"version": "1"}
_FORMS: dict[str, Any] = {
    "/login": {"login": "x1.colleague", "password": PASSWORD},
    "/login/student": {"school": "C-x1", "group": "301", "number": secret("pupil number", "x"), "pin": PIN},
    "/login/code": {"code": "123456"},
    "/logout": {},
    "/self/password": {"old": PASSWORD, "password": NEW_PASSWORD},
    "/self/totp": lambda c, s: {"secret": TOTP, "code": pyotp.TOTP(TOTP).now(), "current": pyotp.TOTP(TOTP).now()},
    "/self/sessions": {},
    "/self/recovery": lambda c, s: {"code": pyotp.TOTP(TOTP).now()},
    "/self/oidc": {},
    "/self/oidc/end": {},
    "/slip": {"password": NEW_PASSWORD},
    "/slip/oidc": {},
    "/slip/bind": {},
    "/people": lambda c, s: {"name": "新人", "org": s, "role": "teacher"},
    "/people/{person}": _V1 | {"name": "改名"},
    "/people/{person}/roles": lambda c, s: {
        "role": "librarian",
        "org": s,
        "first_day": tomorrow(1).isoformat(),
        "last_day": tomorrow(9).isoformat(),
    },
    "/people/{person}/roles/end": lambda c, s: {"assignment": f"a.{s}.colleague"},
    "/people/{person}/disable": _V1 | {"disabled": "1"},
    "/people/{person}/erase": _V1 | {"sure": "1"},
    "/people/{person}/reset": {"what": "totp"},
    "/people/{person}/invite": {"kind": "invitation"},
    "/orgs/{org}": _V1 | {"name": "改名", "code": "N-2"},
    "/orgs/{org}/children": {"name": "新教学点", "code": "N-1", "tier": "point"},
    "/orgs/{org}/rules": _V1 | {"calls": "1", "phones": "1", "record": "1"},
    "/orgs/{org}/close": _V1 | {"closed": "0"},
    "/orgs/{org}/move": lambda c, s: _V1 | {"parent": c},
    "/orgs/{org}/rooms": {"code": "9", "name": "新教室", "kind": "both", "seat_rows": "2", "seat_columns": "3"},
    "/orgs/{org}/classes": {"code": "309", "name": "新班", "grades": "3", "year": "2026"},
    "/orgs/{org}/groups": lambda c, s: {"name": "新小组", "kind": "schools", "master_classroom": f"{s}.r1"},
    "/rooms/{room}": _V1 | {"code": "8", "name": "改名", "kind": "master", "seat_rows": "2", "seat_columns": "3"},
    "/rooms/{room}/close": _V1 | {"closed": "1"},
    "/rooms/{room}/join-code": {},
    "/rooms/{room}/pin": {"pin": "4071"},
    "/groups/{group}": lambda c, s: _V1 | {"name": "改名", "kind": "paired", "master_classroom": f"{s}.r1"},
    "/groups/{group}/rooms": lambda c, s: _V1 | {"room": f"{c}2.r2"},
    "/groups/{group}/rooms/remove": lambda c, s: _V1 | {"room": f"{c}2.r1"},
    "/rooms/{asked}/groups/{asking}/accept": lambda c, s: {"school_class": f"{s}.c1"},
    "/rooms/{asked}/groups/{asking}/refuse": {},
    "/groups/{group}/close": _V1 | {"closed": "1"},
    "/classes/{class}": _V1 | {"code": "308", "name": "改名", "grades": "3", "year": "2026"},
    "/classes/{class}/students": {"lines": "77 新同学"},
    "/classes/{class}/pin": lambda c, s: _V1 | {"student": f"{s}.c1.s3"},
    "/classes/{class}/leave": lambda c, s: _V1 | {"student": f"{s}.c1.s4"},
    "/classes/{class}/erase": lambda c, s: _V1 | {"student": f"{s}.c1.s5"},
    "/classes/{class}/slips": {},
    "/classes/{class}/parents/end": lambda c, s: {"assignment": f"a.{s}.c1.s1.parent"},
    "/classes/{class}/plans/{room}": lambda c, s: {"valid_from": tomorrow().isoformat(), "seat.2": secret("pupil number", c)},
    "/s": {"seat": "1"},
    "/inspect/{lesson}/notes": {"at": "1", "text": "板书清楚"},
    "/inspect/{lesson}/notes/{note}/remove": {},
    "/replay/{lesson}/position": {"at": "1"},
    "/recordings/{lesson}/keep": {"days": "30"},
    "/recordings/{later}/again": {},
    "/recordings/{lesson}/remove": {},
    "/pair": lambda c, s: {"join_code": secret("join code", c)},
    "/pair/knock": {"picture": JPEG},
    "/rooms/{room}/devices": lambda c, s: {"code": secret("pairing code", c)},
    "/devices/{device}/revoke": {},
    "/lessons/{lesson}/knocks/{knock}": {"allow": "1"},
    "/orgs/{org}/terms": lambda c, s: {"name": "新学期", "first_day": "2031-09-01", "last_day": "2032-01-20", "week_one": "2031-09-01"},
    "/orgs/{org}/terms/{term}/days": lambda c, s: _V1 | {"day": tomorrow(4).isoformat(), "kind": "off", "name": "放假"},
    "/orgs/{org}/bells": {"name": "冬季", "valid_from": "2031-01-01", "lines": "08:00-08:40"},
    "/orgs/{org}/bells/{bell}": _V1 | {"name": "夏季", "valid_from": "2031-01-01", "lines": "08:00-08:45"},
    "/orgs/{org}/courses": lambda c, s: {
        "name": "新课程",
        "subject": "maths",
        "stage": "primary",
        "grade": "3",
        "edition": "人教版",
        "volume": "上册",
        "teacher": f"{s}.teacher",
        "term": f"t.{s}",
        "standing_group": f"g.{c}",
    },
    "/courses/{course}": lambda c, s: (
        _V1 | {"name": "改名", "grade": "3", "edition": "人教版", "volume": "上册", "teacher": f"{s}.teacher"}
    ),
    "/courses/{course}/close": _V1 | {"closed": "1"},
    "/courses/{course}/slots": _V1 | {"weekday": "2", "period": "1"},
    "/courses/{course}/slots/remove": lambda c, s: _V1 | {"slot": f"slot.{s}"},
    "/courses/{course}/rooms": _V1,
    "/courses/{course}/publish": {},
    "/lessons/new": lambda c, s: {"name": "加课", "standing_group": f"g.{c}", "day": tomorrow().isoformat(), "begins": "05:00"},
    "/lessons/{later}": _V1 | {"name": "改名"},
    "/lessons/{later}/cancel": _V1,
    "/lessons/{later}/move": lambda c, s: _V1 | {"day": tomorrow().isoformat(), "begins": "13:00", "ends": "13:40"},
    "/lessons/{later}/substitute": lambda c, s: _V1 | {"teacher": f"{s}.colleague"},
    "/lessons/{later}/assistants": lambda c, s: {"person": f"{s}.colleague"},
    "/lessons/{later}/assistants/end": lambda c, s: {"assignment": f"a.later.{c}"},
    "/lessons/{lesson}/courseware": {},
    "/lessons/{lesson}/courseware/{courseware}/delete": {},
    "/class/{lesson}/panel/close": {},
    "/courseware/{lesson}": {},
    "/courseware/{lesson}/{courseware}/delete": {},
    "/recordings/{taught}/publish/span": _V1 | {"begin": "00:30", "end": "20:00"},
    "/recordings/{taught}/publish/info": lambda c, s: (
        _V1 | {"title": "新课题", "stage": "primary", "teacher": f"{s}.teacher", "summary": "？"}
    ),
    "/recordings/{taught}/publish/again": {},
    "/recordings/{taught}/publish/submit": _V1,
    "/recordings/{taught}/publish": _V1,
    "/library/{resource}/withdraw": _V1 | {"reason": "错字"},
    "/exchange/{table}": {},
    "/exchange/{table}/apply": {},
    "/timetable/feed": {},
    "/timetable/feed/end": {},
}
"""Route → the form, or how it is made for a county `c` and its school `s`."""

POSTED = frozenset(_FORMS)
SESSION_COOKIE = cookies.SESSION
