"""Knocking (S5): nobody is there at eight o'clock to approve a room's new PC, so the device asks the lesson itself.

The master sees a picture of the room and lets it in for this lesson only: the answer is a link for that room's place, and the
device stays unpaired. Pictures are sealed like names and erased with the answer, or when nobody gave one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies
from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id
from server.domain.link import Link
from server.domain.plan import OPENS_MS
from server.domain.schedule import ScheduledLesson
from server.errors import Invalid, KnockGone, NotThere, PairingGone, TooMany
from server.store.schedule import room_resource
from server.store.tables import knock, link, pairing, participant

LIVES_MS = 5 * 60_000
KEPT_MS = 24 * 3_600_000
"""Rows are swept so long after they expired."""
AT_ONCE = 8
"""Unanswered knocks of one lesson."""
PICTURE_BYTES = 64 * 1024
KIND = "knock"
_JPEG = b"\xff\xd8\xff"


class AskKnock(msgspec.Struct, frozen=True, kw_only=True):
    """What the room's camera sees: base64 of a JPEG of 64 KiB at most."""

    picture: Annotated[str, Meta(min_length=8, max_length=PICTURE_BYTES * 4 // 3 + 4)]


class AnswerKnock(msgspec.Struct, frozen=True, kw_only=True):
    """Let it in, or not."""

    allow: Literal["0", "1"]


@dataclass(frozen=True, slots=True)
class Knock:
    """One that waits, as the master sees it."""

    id: str
    classroom: str
    room: str
    """What the lesson's roster calls the room."""
    picture: str
    """Base64 of a JPEG; empty: erased."""
    created: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How a device's knock stands."""

    state: Literal["none", "waiting", "allowed", "refused", "gone"]
    link: str | None = None


class Knocks:
    """Works on the office. `link_ms`: how long the link of an admitted device can be entered."""

    def __init__(self, office: Office, link_ms: int) -> None:
        self._office = office
        self._link_ms = link_ms

    # --- the device's side -------------------------------------------------------------------------------------------

    async def lesson_now(self, classroom: str) -> ScheduledLesson | None:
        """The lesson that a remote classroom could knock at now."""
        now = self._office.now()
        found = await self._office.schedule.booked([room_resource(classroom)], now, now + OPENS_MS)
        return next((one for one in found if one.phase in ("scheduled", "open", "live", "break") and classroom in one.rooms), None)

    async def ask(self, cookie: str | None, form: AskKnock) -> ScheduledLesson:
        """Knock at the lesson of the room that this unpaired device named. Raises `PairingGone`, `NotThere`, `Invalid`, `TooMany`."""
        row = await self._pairing(cookie)
        if row is None or row.expires_at <= self._office.now():
            raise PairingGone
        picture = _checked(form.picture)
        lesson = await self.lesson_now(row.classroom)
        if lesson is None:
            raise NotThere("no lesson of this room now")

        async def work(connection: AsyncConnection) -> None:
            await self._put(connection, row.id, row.classroom, lesson.id, picture)

        await self._office.database.write(work)
        return lesson

    async def _put(self, connection: AsyncConnection, row: str, classroom: str, lesson: str, picture: str) -> None:
        k, now = knock.c, self._office.now()
        await self._sweep(connection)
        known = (await connection.execute(select(k.id, k.picture, k.answered_at).where(k.id == row))).first()
        if known and known.answered_at is None:
            return  # pressed twice
        if known:
            await connection.execute(delete(knock).where(k.id == row))
        waiting = select(func.count()).where(k.lesson == lesson, k.answered_at.is_(None), k.expires_at > now)
        if (await connection.execute(waiting)).scalar_one() >= AT_ONCE:
            raise TooMany(retry_after=LIVES_MS // 1000)
        kept = await self._office.contents.put(connection, KIND, row, picture)
        values = {"id": row, "lesson": lesson, "classroom": classroom, "picture": kept.id, "created": now, "expires_at": now + LIVES_MS}
        await connection.execute(insert(knock).values(**values))

    async def _sweep(self, connection: AsyncConnection) -> None:
        """Pictures nobody answered are gone; a day later so is the row."""
        now = self._office.now()
        k, over = knock.c, knock.c.expires_at < now
        old = (await connection.execute(select(k.picture).where(over, k.picture.is_not(None)).limit(100))).all()
        await self._office.contents.erase(connection, [row.picture for row in old])
        await connection.execute(update(knock).where(k.picture.in_([row.picture for row in old])).values(picture=None))
        await connection.execute(delete(knock).where(k.expires_at < now - KEPT_MS, k.picture.is_(None)))

    async def answer_of(self, cookie: str | None) -> Answer:
        """How it stands with what this device asked."""
        asked = await self._pairing(cookie)
        row = await self._office.database.one(select(knock).where(knock.c.id == asked.id)) if asked else None
        if row is None:
            return Answer("none")
        if row.answered_at is not None:
            return Answer("allowed", row.link) if row.link else Answer("refused")
        return Answer("waiting" if row.expires_at > self._office.now() else "gone")

    async def _pairing(self, cookie: str | None) -> Pairing | None:
        bearer = cookies.read(cookie)
        row = await self._office.database.one(select(pairing).where(pairing.c.id == bearer.id)) if bearer else None
        return Pairing(row.id, row.classroom, row.expires_at) if bearer and row and bearer.fits(row.secret_hash) else None

    # --- the master's side -------------------------------------------------------------------------------------------

    async def _lesson(self, who: Caller, lesson_id: str) -> ScheduledLesson:
        found = await self._office.schedule.lesson(known_id(lesson_id))
        if found is None or found.org is None:
            raise NotThere
        who.need("knock.answer", found.where(), hidden=None if who.may("lesson.see", found.where()) else NotThere())
        return found

    async def waiting(self, who: Caller, lesson_id: str) -> Sequence[Knock]:
        """Who knocks at a lesson. Raises `NotThere`, `Forbidden`."""
        lesson = await self._lesson(who, lesson_id)
        k = knock.c
        query = select(knock).where(k.lesson == lesson.id, k.answered_at.is_(None), k.expires_at > self._office.now()).order_by(k.created)
        rows = await self._office.database.read(query)
        names = await self._names(lesson) if rows else {}
        pictures = await self._office.contents.texts([row.picture for row in rows if row.picture])
        return [
            Knock(row.id, row.classroom, names.get(row.classroom, ""), pictures.get(row.picture or "", ""), row.created) for row in rows
        ]

    async def _names(self, lesson: ScheduledLesson) -> dict[str, str]:
        rows = await self._office.database.read(select(participant.c.id, participant.c.name).where(participant.c.lesson == lesson.id))
        called = {row.id: row.name for row in rows}
        return {part.classroom: called.get(part.participant, "") for part in lesson.rooms.values()}

    async def answer(self, who: Caller, lesson_id: str, knock_id: str, form: AnswerKnock) -> None:
        """Let a device in for this lesson, or send it away. Raises `NotThere`, `Forbidden`, `KnockGone`."""
        lesson = await self._lesson(who, lesson_id)
        names, allow = await self._names(lesson), form.allow == "1"

        async def work(connection: AsyncConnection) -> str:
            k, now = knock.c, self._office.now()
            free = (k.id == known_id(knock_id)) & (k.lesson == lesson.id) & k.answered_at.is_(None) & (k.expires_at > now)
            row = (await connection.execute(select(knock).where(free))).first()
            part = lesson.rooms.get(row.classroom) if row else None
            if row is None or part is None:
                raise KnockGone
            new = self._link(lesson, part.participant, names.get(part.classroom, "")) if allow else None
            if new:
                await connection.execute(insert(link).values(**asdict(new)))
            values = {"answered_at": now, "link": new.id if new else None, "picture": None}
            if (await connection.execute(update(knock).where(free).values(**values))).rowcount != 1:
                raise KnockGone
            await self._office.contents.erase(connection, [row.picture])
            return str(row.classroom)

        about = Target("lesson", lesson.id, lesson.path)
        await self._office.acts.do(who, "knock.allow" if allow else "knock.refuse", about, work, details=lambda room: {"room": room})

    def _link(self, lesson: ScheduledLesson, place: str, name: str) -> Link:
        now = self._office.now()
        return Link(draw() + draw(), lesson.id, "classroom", place, name, now, now + self._link_ms)


@dataclass(frozen=True, slots=True)
class Pairing:
    """What an unpaired device asked."""

    id: str
    classroom: str
    expires_at: int


def _checked(picture: str) -> str:
    try:
        raw = base64.b64decode(picture, validate=True)
    except binascii.Error as error:
        raise Invalid({"picture": "format"}) from error
    if not raw.startswith(_JPEG):
        raise Invalid({"picture": "format"})
    if len(raw) > PICTURE_BYTES:
        raise Invalid({"picture": "long"})
    return picture
