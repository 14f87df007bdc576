"""Every door, asked by everybody, with real requests about real objects: the status, the body, and what was changed."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict

import aiohttp
import pytest

from server.web import keys
from tests.server.permissions import forms, furnished
from tests.server.permissions.conftest import Furnished
from tests.server.permissions.table import TABLE, Door

LESSON = ("/teach/", "/class/", "/watch/", "/wall/", "/assist/", "/seat/", "/cards/", "/ws/", "/whip/", "/whep/", "/courseware/", "/shift/")
"""Doors where the paper of one lesson is shown: cookies of links count, forms have no token."""
WALL = "?slots=stage.1.audio,stage.1.video,wall.1.video"
WATCHING_WALL = {"wall": "?slots=wall.1.video,wall.2.video,wall.3.video", "master": WALL, "x1.teacher": WALL, "y1.teacher": WALL}
"""Who may not watch the program asks for what it may."""
ALIASES = {"asked": "{room}", "asking": "{group}", "later": "{lesson}", "taught": "{lesson}", "pupils": "{table}", "people": "{table}"}
"""Words that name another object in the same place of a route."""
HEADS = frozenset({"nobody", "x1.admin", "y.admin", "y2.assistant", "x1.c1.s1"})
"""Ask with HEAD too: the handlers are those of GET."""


def pattern(door: Door) -> tuple[str, str]:
    """The route that a line speaks of."""
    return door.method, re.sub(r"\{(" + "|".join(ALIASES) + r")\}", lambda m: ALIASES[m[1]], door.path.partition("?")[0])


def test_every_route_is_in_the_table_and_the_other_way_round(web) -> None:
    declared = {(method, path) for method, path in web.app[keys.DECLARED] if method != "HEAD"}
    written = {pattern(door) for door in TABLE.doors}
    assert declared - written == set(), "doors that nobody wrote down in expected.txt"
    assert written - declared == set(), "lines of expected.txt that are no doors"
    routes = {(route.method, route.resource.canonical) for route in web.app.router.routes() if route.resource}
    assert routes == set(web.app[keys.DECLARED])


def test_every_row_is_used_and_every_form_belongs_to_a_door() -> None:
    assert {row for row, _ in TABLE.rows} == {door.row for door in TABLE.doors}
    posts = {door.path for door in TABLE.doors if door.method == "POST" and not forms.media(door)}
    assert posts == forms.POSTED


def text_of(body: bytes) -> str:
    """What can be read in an answer, workbooks unpacked."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    return body.decode("utf-8", "replace")


async def outcome(door: Door, answer: aiohttp.ClientResponse) -> str:
    """The sign of an answer."""
    if answer.status == 401 or (answer.status == 303 and answer.headers["Location"].startswith("/login?next=")):
        return "L"
    return {403: "F", 404: "H", 422: "R"}.get(
        answer.status, "A" if answer.status < 400 else f"{answer.status} {(await answer.text())[:300]}"
    )


async def through_socket(town: Furnished, asker: str, door: Door) -> str:
    """The sign of a handshake."""
    browser = town.browser(asker)
    headers = {"Origin": town.web.origin, "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        try:
            async with http.ws_connect(town.web.origin + forms.address(door, town.papers), headers=headers):
                return "A"
        except aiohttp.WSServerHandshakeError as error:
            return {401: "L", 403: "F", 404: "H"}.get(error.status, str(error.status))


class Walk:
    """One asker goes from door to door."""

    def __init__(self, town: Furnished, asker: str) -> None:
        self.town, self.asker = town, asker
        self.browser = town.browser(asker)
        self.wrong: list[str] = []
        self.seen: dict[tuple[str, str], list[str]] = defaultdict(list)

    async def go(self, door: Door) -> None:
        """Ask once, as the table says that it may be asked; then as nobody may."""
        expected = TABLE.rows[door.row, door.object][self.asker]
        if door.path == "/ws/{lesson}":
            self.say(door, expected, await through_socket(self.town, self.asker, door))
            return
        if "{session}" in door.path and door.method in ("PATCH", "DELETE"):
            await self.town.session(door.path[1:5])
        if expected == "A" and door.method == "POST":
            await self.forged(door)
        before = self.town.keeper.stand()
        answer = await self.town.ask(self.browser, door, query=self.query(door))
        got = await outcome(door, answer)
        self.say(door, expected, got)
        if got == "A" and answer.status == 303 and door.path.startswith(LESSON):
            answer = await self.browser.get(answer.headers["Location"], page=True)
        if door.row != "paper":
            self.look(door, text_of(await answer.read()))
        if got != "A" and not door.path.startswith(LESSON):
            self.check(door, self.town.keeper.stand() == before, "was refused and changed something")
        elif door.method == "POST" and not door.path.startswith(LESSON):
            self.town.keeper.put_back()
        if door.method == "GET" and self.asker in HEADS:
            await self.head(door, got)

    def query(self, door: Door) -> str:
        return WATCHING_WALL.get(self.asker, "") if (door.method, door.path) == ("POST", "/whep/{lesson}") else ""

    async def head(self, door: Door, got: str) -> None:
        """HEAD is let in and sent away as GET is, and has no body."""
        answer = await self.town.ask(self.browser, door, method="HEAD")
        self.say(door, got, await outcome(door, answer))
        self.check(door, await answer.read() == b"", "HEAD has a body")

    async def forged(self, door: Door) -> None:
        """Somebody who may is sent away without the own token, with another's, and from a foreign page."""
        before, media = self.town.keeper.stand(), len(self.town.web.worker.fake.sessions)
        tries: list[tuple[str | None, str]] = [("own", "https://evil.example"), ("own", "null")]
        if door.path not in forms.OPEN and not door.path.startswith(LESSON):
            stranger = self.town.browser("y2.assistant" if self.asker != "y2.assistant" else "x2.assistant")
            tries += [(None, ""), ("", ""), ("0" * 64, ""), (stranger.token, "")]
        for token, origin in tries:
            answer = await self.town.ask(self.browser, door, csrf=token, origin=origin, query=self.query(door))
            self.check(door, answer.status == 403, f"{answer.status} for token {token} and origin {origin}")
        kept = self.town.keeper.stand() == before or door.path.startswith(LESSON)  # the lesson itself may have gone on
        self.check(door, kept and len(self.town.web.worker.fake.sessions) == media, "a forged form changed something")

    def say(self, door: Door, expected: str, got: str) -> None:
        if expected != got:
            self.wrong.append(f"{door}: expected {expected}, got {got}")

    def check(self, door: Door, right: bool, problem: str) -> None:
        if not right:
            self.wrong.append(f"{door}: {problem}")

    def look(self, door: Door, body: str) -> None:
        """Note the secrets of an answer; nobody reads a full name who did not ask for names."""
        for name, county in TABLE.secrets:
            if furnished.secret(name, county) in body:
                self.seen[name, county].append(str(door))
                asked = "?names=1" in door.path or "/export" in door.path
                self.check(door, name != "pupil name" or asked, f"shows a {name} unasked")


@pytest.mark.parametrize("asker", TABLE.askers)
async def test_doors(furnished_town: Furnished, asker: str) -> None:
    walk = Walk(furnished_town, asker)
    for door in sorted(TABLE.doors, key=lambda door: door.path.startswith(LESSON)):
        await walk.go(door)
    assert not walk.wrong, "\n".join(["", *walk.wrong])
    expected = {secret for secret, signs in TABLE.secrets.items() if signs[asker] == "+"}
    leaked = {secret: doors for secret, doors in walk.seen.items() if secret not in expected}
    assert not leaked
    assert expected == set(walk.seen), "what this one should find was nowhere"


def test_every_secret_is_seen_by_somebody_or_is_nobodys() -> None:
    for (name, county), signs in TABLE.secrets.items():
        assert "+" in signs.values() or name in ("person number", "pairing code"), (name, county)


async def test_masked_names_are_what_the_class_shows(furnished_town: Furnished) -> None:
    page = await (await furnished_town.browser("x1.teacher").get("/classes/x1.c1", page=True)).text()
    assert re.search(r"标\*\*\*X", page)


NASTY = ("9" * 20, "a\0b", "a\r\nX-Injected: 1", "٣", "x" * 5000)
"""A number larger than any column, a NUL, a header's end, a digit that is none of ours, a text longer than any field."""
EDGES = ("0001-01-01", "9999-12-31")
"""Days beyond which there are none, for another time zone to fall into."""
DATED = frozenset({"day", "first_day", "last_day", "week_one", "valid_from", "stands_for"})


def allowed(door: Door) -> str:
    """Somebody who may."""
    return next(asker for asker in TABLE.askers if TABLE.rows[door.row, door.object][asker] == "A")


async def test_whatever_stands_in_a_field_is_refused_or_taken_and_never_a_failure(furnished_town: Furnished) -> None:
    town, failed = furnished_town, []
    doors = {door.path: door for door in TABLE.doors if door.path in forms.POSTED and "A" in TABLE.rows[door.row, door.object].values()}
    assert len(doors) > 60
    for door in doors.values():
        browser, right = town.browser(allowed(door)), forms.form(door)
        for name, value in ((one, value) for one in right for value in (*NASTY, *(EDGES if one in DATED else ()))):
            before = town.keeper.stand()
            answer = await town.ask(browser, door, values={**right, name: value})
            if answer.status >= 500 or "X-Injected" in answer.headers:
                failed.append(f"{door} {name}={value[:24]!r}: {answer.status}")
            if town.keeper.stand() != before:
                town.keeper.put_back()
    assert not failed, "\n".join(["", *failed])
