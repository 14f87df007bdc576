"""Inside a lesson: who may give which command and signal, who hears of which event, who publishes and watches what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from typing import Any, get_args, get_type_hints

import aiohttp
import pytest

from server.domain import commands as c
from server.domain.audience import project_event, sees
from server.domain.command import Giver, Moment
from server.domain.decide import decide
from server.domain.events import PAYLOADS, Envelope
from server.domain.link import Link
from server.domain.lookup import Lookup
from server.domain.principal import Role
from server.domain.refused import Refused
from server.domain.seats.commands import OpenPhones
from server.domain.seen import audience_of
from server.domain.slots import SLOTS, SOURCES, check_slots
from server.live.messages import Signal
from server.web import keys
from tests.server.domain.logs import START
from tests.server.permissions.samples import COMMANDS, EVENTS, sample
from tests.server.permissions.table import TABLE
from tests.server.web.conftest import Web, assets, environment, settings, web, worker  # noqa: F401  # fixtures

ROLES: tuple[Role, ...] = get_args(Role)
HELLO = {"type": "hello", "protocol": 1, "surface": "screen"}
ROOM = "石桥村小"
SIGNS = {"forbidden": "F", "request.malformed": "U"}
EVERY_SLOT = frozenset().union(*SLOTS.values())


def unwritten(section: str, kinds: Collection[str]) -> set[str]:
    """Kinds without a line, and lines without a kind."""
    return set(kinds) ^ set(TABLE.roles[section])


def family(slot: str) -> str:
    """`stage.3.audio` → `stage.N.audio`: the number grants nothing."""
    return re.sub(r"\.\d+\.", ".N.", slot)


def test_everything_of_a_lesson_is_in_the_table() -> None:
    assert unwritten("commands", c.COMMANDS) == set()
    assert unwritten("events", PAYLOADS) == set()
    assert unwritten("sources", {one for names in SOURCES.values() for one in names}) == set()
    assert unwritten("slots", {family(slot) for slot in EVERY_SLOT}) == set()
    assert unwritten("signals", get_args(get_type_hints(Signal)["kind"])) == set()
    for lines in TABLE.roles.values():
        assert all(set(ROLES) <= set(signs) for signs in lines.values())


def test_a_new_command_without_a_line_is_noticed() -> None:
    class Wave(c.Command, frozen=True):
        """A kind nobody wrote down."""

        kind = "hand.wave"

    assert unwritten("commands", [*c.COMMANDS, Wave.kind]) == {"hand.wave"}


def payload(kind: str, participant: str = "p1") -> dict[str, Any]:
    return sample(c.COMMANDS[kind], COMMANDS.get(kind, {}), participant)


@pytest.mark.parametrize("kind", TABLE.roles["commands"])
def test_the_server_may_and_a_role_may_as_the_table_says(kind: str) -> None:
    command = c.COMMANDS[kind](**payload(kind))
    for role, sign in TABLE.roles["commands"][kind].items():
        code = ""
        try:
            decide(START, command, None if role == "server" else Giver(role, "p1", 1), Moment(0))  # type: ignore[arg-type]
        except Refused as refused:
            code = refused.code
        assert (code == "forbidden") is (sign != "A"), role
        assert sign in ("U", "F", "A"), role
        assert (sign == "U") <= (not command.roles), role


class Page:
    """A socket of the lesson and what it heard."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, participant: str) -> None:
        self.ws = ws
        self.participant = participant
        self.heard: list[dict[str, Any]] = []

    async def until(self, *kinds: str, **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while True:
                message: dict[str, Any] = await self.ws.receive_json()
                self.heard.append(message)
                if message["type"] in kinds and all(message.get(key) == value for key, value in wanted.items()):
                    return message

    async def say(self, kind: str, **more: Any) -> dict[str, Any]:
        identity = f"c{len(self.heard)}"
        await self.ws.send_json({"type": "command", "id": identity, "kind": kind, "payload": more})
        return await self.until("ack", "refused", id=identity)


async def paper(web: Web, lesson: str, role: Role) -> Link:  # noqa: F811
    """A link of this role; a pupil's device sits at seat 1 of its room."""
    if role != "seat":
        return await web.link(lesson, role, ROOM if role in ("classroom", "assistant") else None)
    participant = str((await web.link(lesson, "classroom", ROOM)).participant)
    room = await web.app[keys.LESSONS].rooms.get(lesson)
    await room.execute(c.SYSTEM, None, "open", c.OpenLesson())
    await room.execute(c.SYSTEM, None, "phones", OpenPhones(participant=participant))
    return await web.app[keys.LESSONS].sit_down(lesson, participant, 1, 2**50)


async def enter(web: Web, lesson: str, role: Role) -> Page:  # noqa: F811
    """A page of this role, welcomed."""
    link = await paper(web, lesson, role)
    page = Page(await web.socket(lesson, web.bearer(link)), link.participant or "p1")
    await page.ws.send_json(HELLO)
    await page.until("state")
    return page


@pytest.mark.parametrize("role", ROLES)
async def test_commands_through_the_socket(web: Web, role: Role) -> None:  # noqa: F811
    page = await enter(web, await web.lesson(), role)
    for kind, signs in TABLE.roles["commands"].items():
        answer = await page.say(kind, **payload(kind, page.participant))
        code = answer["error"]["code"] if answer["type"] == "refused" else ""
        assert SIGNS.get(code, "A") == signs[role], (kind, answer)


@pytest.mark.parametrize("role", ROLES)
async def test_signals_through_the_socket(web: Web, role: Role) -> None:  # noqa: F811
    page = await enter(web, await web.lesson(), role)
    for kind, signs in TABLE.roles["signals"].items():
        await page.ws.send_json({"type": "signal", "kind": kind, "payload": {}})
        await page.ws.send_json({"type": "ping", "t": 1})
        before = len(page.heard)
        await page.until("pong")
        refused = [message for message in page.heard[before:] if message["type"] == "refused"]
        assert bool(refused) is (signs[role] == "F"), (kind, refused)


@pytest.mark.parametrize("kind", TABLE.roles["events"])
def test_who_may_hear_of_an_event(kind: str) -> None:
    event = PAYLOADS[kind](**sample(PAYLOADS[kind], EVENTS.get(kind, {})))
    for role in ROLES:
        hears = TABLE.roles["events"][kind][role] == "+"
        who = audience_of(role, None if role in ("viewer", "wall") else "p1", 1 if role == "seat" else 0)
        shown = project_event(Envelope("L1", 1, 0, event, "t", None, ""), who, 0, Lookup({"p1": ROOM}))
        assert (shown is not None) is sees(who, event) is hears, role


async def test_what_each_page_hears_of_a_lesson(web: Web) -> None:  # noqa: F811
    lesson = await web.lesson()
    pages = {role: await enter(web, lesson, role) for role in ("master", "viewer", "wall")}
    room = await enter(web, lesson, "classroom")
    joined = await pages["master"].until("event", kind="participant.joined")
    while joined["payload"]["participant"] == "master":
        joined = await pages["master"].until("event", kind="participant.joined")
    who, happened = joined["payload"]["participant"], ["participant.joined"]
    steps = [("lesson.open", {}, "lesson.opened"), ("lesson.live", {}, "lesson.live"), ("stage.call", {"participant": who}, "stage.called")]
    steps += [("stage.release", {"participant": who}, "stage.released"), ("lesson.pause", {}, "lesson.paused")]
    steps += [("participant.remove", {"participant": who}, "participant.removed"), ("lesson.end", {}, "lesson.ended")]
    for command, more, event in steps:
        await pages["master"].say(command, **more)
        happened.append(event)
    await room.until("bye")
    for role, page in pages.items():
        await page.until("event", kind="lesson.ended") if not _heard(page, "lesson.ended") else None
        for kind in happened:
            assert _heard(page, kind) is (TABLE.roles["events"][kind][role] == "+"), (role, kind)
    public = str([m for m in pages["viewer"].heard if m["type"] != "event" or not m["kind"].startswith("stage.")])
    assert ROOM not in public
    assert who not in public


def _heard(page: Page, kind: str) -> bool:
    return any(message["type"] == "event" and message["kind"] == kind for message in page.heard)


async def sign(response: aiohttp.ClientResponse) -> str:
    return {201: "A", 403: "F"}.get(response.status, f"{response.status} {await response.text()}")


@pytest.mark.parametrize("role", ROLES)
async def test_media_through_whip_and_whep(web: Web, role: Role) -> None:  # noqa: F811
    lesson = await web.lesson()
    tool = web.bearer(await paper(web, lesson, role))
    for source, signs in TABLE.roles["sources"].items():
        assert await sign(await web.post("whip", lesson, tool, f"?sources={source}")) == signs[role], source
    for slot, signs in TABLE.roles["slots"].items():
        assert await sign(await web.post("whep", lesson, tool, f"?slots={slot.replace('N', '1')}")) == signs[role], slot


@pytest.mark.parametrize("role", ROLES)
def test_the_number_of_a_slot_grants_nothing(role: Role) -> None:
    for slot in EVERY_SLOT:
        code = ""
        try:
            check_slots(role, [slot])
        except Refused as refused:
            code = refused.code
        assert code == ("" if TABLE.roles["slots"][family(slot)][role] == "A" else "forbidden"), slot
    for beyond in ("stage.5.audio", "wall.26.video", "wall.0.video", "intercom.1.audio"):
        with pytest.raises(Refused, match=r"sdp\.names" if SLOTS[role] else "forbidden"):
            check_slots(role, [beyond])
