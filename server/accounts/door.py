"""The door: who is asking? Tokens and cookies go in, a `Principal` comes out (S5).

A browser that enters by a link gets an *admission*, kept in a cookie of its own: one browser may hold several, and a page names
its own by the admission's id. Expiry is checked when somebody enters; an admission then lives until two hours after the
lesson's end, an assistant's for seven days: so long the lesson takes check-in that was done without network (S15).
Revocation is checked every time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from server.accounts.caller import Caller
from server.accounts.residents import principal_of, role_of
from server.accounts.tokens import Admission, Signer, check_expiry
from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.plan import KEPT_MS
from server.domain.principal import Principal, Role
from server.domain.schedule import ScheduledLesson
from server.errors import Forbidden, LinkExpired, LinkInvalid, NoSuchLesson, Unauthenticated

COOKIE = "ss-"
"""Prefix of admission cookies; the admission's id follows."""
GRACE_MS = 2 * 3600 * 1000
"""An admission outlives its lesson by this (M33)."""
REMEMBERED = 10_000
"""Tools remembered as having entered before their link expired."""


class Papers(Protocol):
    """What the door asks of the running lessons. Both raise an `AppError` for an id nobody knows."""

    async def link(self, link_id: str) -> Link:
        """The link of this id."""

    async def find(self, lesson_id: str) -> LessonState:
        """The lesson's state."""

    async def scheduled(self, lesson_id: str) -> ScheduledLesson:
        """The lesson as the timetable knows it."""

    async def name(self, lesson_id: str, participant: str) -> str:
        """What the lesson's roster calls a participant."""

    async def has_session(self, lesson_id: str, link_id: str) -> bool:
        """The link has a media session now: whoever shows it again reconnects."""


@dataclass(frozen=True, slots=True)
class Entered:
    """One who is let in."""

    principal: Principal
    admission: Admission


class Door:
    """Turns papers into principals. `now`: UTC ms; `draw`: an unused opaque id."""

    def __init__(self, signer: Signer, papers: Papers, now: Callable[[], int], draw: Callable[[], str]) -> None:
        self._signer = signer
        self._papers = papers
        self._now = now
        self._draw = draw
        self._tools: OrderedDict[str, None] = OrderedDict()

    async def enter(self, token: str, cookies: Mapping[str, str]) -> Entered:
        """A browser opens a link: a new admission, or the one it already has by this link. Raises `LinkInvalid`, `LinkExpired`."""
        claims = self._signer.read_link(token)
        link = await self._valid(claims.link)
        held = next((a for a in self.held(cookies) if a.link == link.id), None)
        if held is None:
            check_expiry(link.expires_at, self._now())
            held = Admission(self._draw(), link.id, link.lesson, link.role, self._now())
        await self._not_over(link.lesson, link.role)
        return Entered(link.principal(held.id), held)

    async def by_bearer(self, token: str, lesson: str, *, session: bool = False) -> Principal:
        """A tool shows its link's token. `session`: it asks for a session it already has, which expiry does not end."""
        claims = self._signer.read_link(token)
        await self._same_lesson(claims.lesson, lesson)
        link = await self._valid(claims.link)
        if not session:
            await self._enter_as_tool(link)
        await self._not_over(link.lesson, link.role)
        return link.principal(f"tool-{link.id}")

    async def by_cookie(self, cookies: Mapping[str, str], lesson: str, named: str = "", role: Role | None = None) -> Entered:
        """A page shows its cookies. `named`: the admission it wants; else the newest of the lesson, of `role` where given."""
        held = [a for a in self.held(cookies) if (a.id == named if named else role in (None, a.role))]
        fitting = [a for a in held if a.lesson == lesson]
        if not fitting:
            if held and named:
                await self._same_lesson(held[0].lesson, lesson)
            raise Unauthenticated
        admission = fitting[0]
        link = await self._valid(admission.link)
        await self._not_over(lesson, link.role)
        return Entered(link.principal(admission.id), admission)

    async def resident(self, caller: Caller, lesson: str, role: Role | None, room: str = "") -> Principal:
        """Somebody with an account, or a paired device, enters a lesson of the timetable. `role` None: what one is there first of all.

        Raises `Forbidden` to who may only know of the lesson, `NoSuchLesson` to all others, `LinkExpired` two hours after its end, as an assistant seven days.
        """
        scheduled = await self._papers.scheduled(lesson)
        wanted = role or role_of(caller, scheduled)
        principal = principal_of(caller, scheduled, wanted, room) if wanted else None
        if principal is None:
            raise Forbidden("no part in it") if caller.may("lesson.see", scheduled.where()) else NoSuchLesson
        await self._not_over(lesson, principal.role)
        return replace(principal, name=await self._papers.name(lesson, principal.participant) if principal.participant else "")

    def held(self, cookies: Mapping[str, str]) -> list[Admission]:
        """Admissions among a browser's cookies, newest first; altered ones do not count."""
        found = []
        for name, value in cookies.items():
            if name.startswith(COOKIE):
                admission = self._read(value)
                if admission and name == COOKIE + admission.id:
                    found.append(admission)
        return sorted(found, key=lambda a: a.admitted_at, reverse=True)

    def _read(self, value: str) -> Admission | None:
        try:
            return self._signer.read_admission(value)
        except LinkInvalid:
            return None

    async def _valid(self, link_id: str) -> Link:
        link = await self._papers.link(link_id)
        if link.revoked_at is not None:
            raise LinkInvalid("revoked")
        return link

    async def _same_lesson(self, own: str, asked: str) -> None:
        if own != asked:
            await self._papers.find(asked)
            raise Forbidden("a link of another lesson")

    async def _not_over(self, lesson: str, role: Role) -> None:
        state = await self._papers.find(lesson)
        grace = KEPT_MS if role == "assistant" else GRACE_MS
        if state.ended_at is not None and self._now() > state.ended_at + grace:
            raise LinkExpired("the lesson is over")

    async def _enter_as_tool(self, link: Link) -> None:
        if link.id not in self._tools and not await self._papers.has_session(link.lesson, link.id):
            check_expiry(link.expires_at, self._now())
        self._remember(link.id)

    def _remember(self, link_id: str) -> None:
        self._tools[link_id] = None
        self._tools.move_to_end(link_id)
        while len(self._tools) > REMEMBERED:
            self._tools.popitem(last=False)


def surplus(admissions: Iterable[Admission], keep: int) -> list[Admission]:
    """The oldest admissions beyond `keep`: browsers hold few cookies, and a request's head is bounded."""
    newest_first = sorted(admissions, key=lambda a: a.admitted_at, reverse=True)
    return newest_first[keep:]
