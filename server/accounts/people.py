"""People: their accounts and dated roles (S2). Every change is an audited act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller, at
from server.accounts.directory import Directory
from server.accounts.fields import Moment, Version
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.accounts.sessions import Sessions
from server.accounts.slips import Slips
from server.domain.orgs import Org
from server.domain.people import Assignment, Person
from server.errors import Forbidden, Invalid, LastAdmin, NotThere, Taken
from server.store.identities import drop_identities
from server.store.people import add_assignment, add_person, change_person, end_assignment, narrow, root_admins
from server.store.recordings import forget_viewer
from server.store.recovery import set_codes
from server.store.tables import person as person_table

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Login = Annotated[str, Meta(min_length=2, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
Number = Annotated[str, Meta(min_length=2, max_length=40, pattern=r"^[A-Za-z0-9-]+$")]
AssignedRole = Literal["admin", "inspector", "teacher", "assistant", "librarian", "reviewer"]
DAY_MS = 24 * 3_600_000
ADMINS = "root admins"
"""Name of the lock of whoever takes somebody's rights away."""


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody new at an organisation."""

    name: Text
    login: Login | None = None
    number: Number | None = None
    role: AssignedRole | None = None


class EditPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Name, login, number."""

    name: Text
    login: Login | None = None
    number: Number | None = None
    version: Version


class GrantRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role at an organisation, from now or a day on, for good or until a day (UTC ms, made of days by the page)."""

    role: AssignedRole
    org: Annotated[str, Meta(min_length=1, max_length=64)]
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class People(Directory):
    """Works on the office. `sessions`: ended when somebody is disabled."""

    def __init__(self, office: Office, sessions: Sessions, now: Callable[[], int]) -> None:
        super().__init__(office, now)
        self._sessions = sessions
        self.slips = Slips(office.database, now)

    async def find(self, who: Caller, person_id: str, action: str) -> tuple[Person, Org]:
        """Somebody the caller may do `action` with: one whose account, or who has a role, inside the scope.

        Raises `NotThere`, `Forbidden`.
        """
        found = await self._office.people.get(known_id(person_id))
        home = await self._office.orgs.get(found.org) if found else None
        if found is None or home is None:
            raise NotThere
        if who.may(action, at(home.path)):
            who.need(action, at(home.path))
            return found, home
        if action == "person.see":
            for place in await self._places(found.id):
                if who.may(action, at(place.path)):
                    who.need(action, at(place.path))
                    return found, home
        raise Forbidden(action) if who.may("person.see", at(home.path)) else NotThere

    async def lower(self, who: Caller, person_id: str, action: str) -> tuple[Person, Org]:
        """As `find`, for what gives or takes the way in, with which somebody has all the own rights. Raises `Forbidden` for a role above."""
        found, home = await self.find(who, person_id, action)
        for place in await self._places(found.id):
            who.need(action, at(place.path))
        return found, home

    async def _places(self, person_id: str) -> Sequence[Org]:
        """Where somebody has a role now or later: a school one has left has no say any more."""
        roles = (await self._office.people.assignments([person_id]))[person_id]
        now = self._now()
        return list((await self._office.orgs.many({role.org for role in roles if role.org and not _over(role, now)})).values())

    # --- changing ----------------------------------------------------------------------------------------------------

    async def create(self, who: Caller, org_id: str, form: NewPerson) -> Person:
        """Add somebody, with a first role where given. Raises `Taken`."""
        org = await self._office.org(who, org_id, "person.edit")
        row, now = draw(), self._now()
        if form.role:
            who.need("role.grant", at(org.path))
        await self._check_free(form)

        async def work(connection: AsyncConnection) -> Person:
            put = self._office.contents.put
            name = await put(connection, "name", row, form.name)
            number = await put(connection, "number", row, form.number) if form.number else None
            login = form.login.lower() if form.login else None
            new = Person(row, org.id, login, name.id, number.id if number else None, 1, 1, False, False, False)
            await add_person(connection, new, self._index(form.number), now)
            if form.role:
                await add_assignment(connection, Assignment(draw(), row, form.role, org.id, None, None, now, None, who.id), now)
            return new

        said: dict[str, str | int] = {"role": form.role or ""}
        return await self._office.acts.do(who, "person.create", target("person", row, org), work, unique=self._unique(form), details=said)

    async def edit(self, who: Caller, person_id: str, form: EditPerson) -> None:
        """Change name, login, number; an empty number keeps the old one. Raises `EditConflict`, `Taken`.

        By login and number one is known and comes in: nobody changes those of somebody above.
        """
        found, home = await self.find(who, person_id, "person.edit")
        if form.number or (form.login or "").lower() != (found.login or ""):
            await self.lower(who, found.id, "person.edit")
        await self._check_free(form, found.id)

        async def work(connection: AsyncConnection) -> None:
            put, old = self._office.contents.put, [found.name]
            values: dict[str, Any] = {
                "name": (await put(connection, "name", found.id, form.name)).id,
                "login": form.login and form.login.lower(),
            }
            if form.number:
                values |= {"number": (await put(connection, "number", found.id, form.number)).id, "number_index": self._index(form.number)}
                old += [found.number] if found.number else []
            await change_person(connection, found.id, form.version, **values)
            await self._office.contents.erase(connection, old)

        await self._office.acts.do(who, "person.edit", target("person", found.id, home), work, unique=self._unique(form))

    async def disable(self, who: Caller, person_id: str, version: int, *, disabled: bool) -> None:
        """Shut the account, or open it again. Raises `EditConflict`, `LastAdmin`, `Forbidden` for somebody above."""
        found, home = await self.lower(who, person_id, "person.edit")
        at_ms = self._now() if disabled else None

        async def work(connection: AsyncConnection) -> None:
            if disabled:
                await self._not_the_last(connection, person=found.id)
            await change_person(connection, found.id, version, disabled_at=at_ms)
            await narrow(connection, found.id)
            await self._sessions.end_all(connection, found.id)

        act = "person.disable" if disabled else "person.enable"
        await self._office.acts.do(who, act, target("person", found.id, home), work, locks=(ADMINS,))

    async def erase(self, who: Caller, person_id: str, version: int) -> None:
        """Name, number and second factor are gone for good, the account is shut; what the log says of its id stays (S20).

        Raises as `disable`.
        """
        found, home = await self.lower(who, person_id, "person.edit")

        async def work(connection: AsyncConnection) -> None:
            await self._not_the_last(connection, person=found.id)
            await change_person(
                connection, found.id, version, disabled_at=self._now(), number=None, number_index=None, login=None, totp=None
            )
            await connection.execute(update(person_table).where(person_table.c.id == found.id).values(password_hash=None))
            await narrow(connection, found.id)
            await self._sessions.end_all(connection, found.id)
            await drop_identities(connection, found.id)
            await set_codes(connection, found.id, (), self._now())
            await forget_viewer(connection, found.id)
            await self._office.contents.erase_owner(connection, found.id)

        await self._office.acts.do(who, "person.erase", target("person", found.id, home), work, locks=(ADMINS,))

    async def grant(self, who: Caller, person_id: str, form: GrantRole) -> None:
        """A role at an organisation of the caller's scope. Raises `Invalid`, `NotThere`."""
        found, _ = await self.find(who, person_id, "person.see")
        org = await self._office.org(who, form.org, "role.grant")
        begin = form.valid_from or self._now()
        if form.valid_until is not None and form.valid_until <= begin:
            raise Invalid({"valid_until": "low"})
        new = Assignment(draw(), found.id, form.role, org.id, None, None, begin, form.valid_until, who.id)

        async def work(connection: AsyncConnection) -> None:
            await add_assignment(connection, new, self._now())

        await self._office.acts.do(who, "role.grant", target("person", found.id, org), work, details={"role": form.role})

    async def end_role(self, who: Caller, assignment_id: str) -> str:
        """A role ends now; what was entered with it is closed within two seconds. The person's id. Raises `NotThere`, `LastAdmin`."""
        role = await self._office.people.assignment(known_id(assignment_id))
        if role is None or role.org is None:
            raise NotThere
        org = await self._office.org(who, role.org, "role.grant")

        async def work(connection: AsyncConnection) -> None:
            await self._not_the_last(connection, role=role.id)
            await end_assignment(connection, role.id, self._now())
            await narrow(connection, role.person)

        about = target("person", role.person, org)
        await self._office.acts.do(who, "role.end", about, work, locks=(ADMINS,), details={"role": role.role})
        return role.person

    async def invite(self, who: Caller, person_id: str, kind: Literal["invitation", "reset"]) -> str:
        """A one-time token to choose login and password, or only a new password; with a reset the old password opens nothing any more.

        Raises `Forbidden` for somebody with a role above the caller's.
        """
        action = "person.invite" if kind == "invitation" else "person.reset"
        found, home = await self.lower(who, person_id, action)

        async def work(connection: AsyncConnection) -> str:
            if kind == "reset":
                await connection.execute(update(person_table).where(person_table.c.id == found.id).values(password_hash=None))
                await self._sessions.end_all(connection, found.id)
            return await self.slips.issue(connection, kind, found.id, who.id)

        return await self._office.acts.do(who, action, target("person", found.id, home), work)

    async def _not_the_last(self, connection: AsyncConnection, *, person: str = "", role: str = "") -> None:
        """The installation keeps an admin at its root, whom two at once cannot take away from each other (`ADMINS`)."""
        admins = await root_admins(connection, self._now())
        if admins and all(person == one or role == assignment for one, assignment in admins):
            raise LastAdmin

    async def _check_free(self, form: NewPerson | EditPerson, but: str = "") -> None:
        """Login and number are nobody else's; raises `Taken`, naming which."""
        other = await self._office.people.by_login(form.login) if form.login else None
        if other is not None and other.id != but:
            raise Taken(field="login")
        index = self._index(form.number)
        other = await self._office.people.by_number(index) if index else None
        if other is not None and other.id != but:
            raise Taken(field="number")

    def _index(self, number: str | None) -> str | None:
        return self._office.contents.blind("person", number) if number else None

    def _unique(self, form: NewPerson | EditPerson) -> str:
        return "login" if form.login and not form.number else "number" if form.number and not form.login else "login"


def _over(role: Assignment, now: int) -> bool:
    return role.valid_until is not None and role.valid_until <= now
