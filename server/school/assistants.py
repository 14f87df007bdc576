"""Who assists in one lesson (S2): a role in that lesson and nowhere else, given by whoever may change the lesson."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office
from server.domain.people import Assignment, Person
from server.errors import EditConflict, Invalid, NotThere
from server.school.fields import Id
from server.school.lessons import NOT_OVER, find
from server.store.people import add_assignment, end_assignment, named_now, narrow

MOST = 20
"""In one lesson."""


class AddAssistant(msgspec.Struct, frozen=True, kw_only=True):
    """Who."""

    person: Id


class EndAssistant(msgspec.Struct, frozen=True, kw_only=True):
    """Which role ends."""

    assignment: Id


async def named(office: Office, lesson_id: str) -> Sequence[Assignment]:
    """Roles in a lesson that the caller may see."""
    return _assistants(await office.people.named_for(lesson_id, office.now()))


def _assistants(roles: Sequence[Assignment]) -> list[Assignment]:
    return [one for one in roles if one.role == "assistant"]


async def add(office: Office, who: Caller, lesson_id: str, form: AddAssistant) -> str:
    """Somebody of the caller's people assists from now on; the role's id. Raises `Invalid`, `EditConflict` once the lesson is over."""
    lesson = await find(office, who, lesson_id, "lesson.edit")
    if lesson.phase not in NOT_OVER:
        raise EditConflict("the lesson is over")
    person = await office.people.get(form.person)
    if person is None or person.disabled_at is not None or not await _known(office, who, person):
        raise Invalid({"person": "choice"})
    new = Assignment(draw(), person.id, "assistant", None, lesson.id, None, office.now(), None, who.id)

    async def work(connection: AsyncConnection) -> str:
        here = _assistants(await named_now(connection, lesson.id, office.now()))
        if person.id == lesson.teacher or person.id in {one.person for one in here}:
            raise Invalid({"person": "taken"})
        if len(here) >= MOST:
            raise Invalid({"person": "high"})
        await add_assignment(connection, new, office.now())
        return new.id

    about, locks = Target("lesson", lesson.id, lesson.path), (f"assistants:{lesson.id}",)
    return await office.acts.do(who, "lesson.assistant", about, work, locks=locks, details={"person": person.id})


async def end(office: Office, who: Caller, lesson_id: str, form: EndAssistant) -> None:
    """Nobody's assistant any more; what was entered as one is closed within two seconds. Raises `NotThere`."""
    lesson = await find(office, who, lesson_id, "lesson.edit")
    role = next((one for one in await named(office, lesson.id) if one.id == form.assignment), None)
    if role is None:
        raise NotThere

    async def work(connection: AsyncConnection) -> None:
        await end_assignment(connection, role.id, office.now())
        await narrow(connection, role.person)

    about = Target("lesson", lesson.id, lesson.path)
    await office.acts.do(who, "lesson.assistant_end", about, work, details={"person": role.person})


async def _known(office: Office, who: Caller, person: Person) -> bool:
    """One of the people whom the caller may see: the account, or a role now or later, lies in the scope."""
    now = office.now()
    roles = (await office.people.assignments([person.id]))[person.id]
    held = {role.org for role in roles if role.org and (role.valid_until is None or role.valid_until > now)}
    homes = await office.orgs.many({person.org, *held})
    scopes = who.scopes("person.see")
    return any(home.path.startswith(scope) for home in homes.values() for scope in scopes)
