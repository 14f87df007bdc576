"""Parents: bound to one child at a time by a slip of paper that the school gives out (S7). They see the own child and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.logins import Logins
from server.accounts.office import Office, known_id, target
from server.accounts.people import Login
from server.accounts.slips import LIVES_MS, Slip
from server.domain.masking import masked_name
from server.domain.orgs import Org, SchoolClass, Student
from server.domain.people import Assignment, Person
from server.errors import Forbidden, LinkInvalid, NotThere, Taken
from server.store.parents import Bound, is_bound, parents_of
from server.store.people import add_assignment, add_person, end_assignment, narrow


class NewParent(msgspec.Struct, frozen=True, kw_only=True):
    """What a parent chooses."""

    login: Login
    password: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Annotated[str, Meta(max_length=60)] | None = None
    """How the school may call them; without it the login stands for it."""


@dataclass(frozen=True, slots=True)
class Child:
    """Whom a slip is about."""

    student: Student
    school_class: SchoolClass
    org: Org


@dataclass(frozen=True, slots=True)
class ShownSlip:
    """A slip as it is printed, once."""

    token: str
    number: str
    name: str
    """Masked."""
    expires_at: int


class Parents:
    """Works on the office; passwords and sessions are those of the logins."""

    def __init__(self, office: Office, logins: Logins) -> None:
        self._office = office
        self._logins = logins

    # --- the school --------------------------------------------------------------------------------------------------

    async def issue(self, who: Caller, class_id: str, student_id: str = "") -> list[ShownSlip]:
        """A slip for one student of a class, or for each; unused ones of before count no more. Raises `NotThere`."""
        group, org = await self._office.school_class(who, class_id, "slip.issue")
        students = await self._office.students.of_class(group.id)
        chosen = [one for one in students if one.id == student_id] if student_id else students
        if not chosen:
            raise NotThere

        async def work(connection: AsyncConnection) -> list[str]:
            return [await self._logins.slips.issue(connection, "parent", one.id, who.id) for one in chosen]

        about = target("student", chosen[0].id, org) if student_id else target("class", group.id, org)
        expires = self._office.now() + LIVES_MS["parent"]
        tokens = await self._office.acts.do(who, "slip.issue", about, work, details={"students": len(chosen)})
        texts = await self._office.contents.texts({text for one in chosen for text in (one.number, one.name) if text})
        slips = [
            ShownSlip(token, texts.get(one.number, ""), masked_name(texts.get(one.name or "", "")), expires)
            for one, token in zip(chosen, tokens, strict=True)
        ]
        return sorted(slips, key=lambda slip: (len(slip.number), slip.number))

    async def of_class(self, who: Caller, class_id: str) -> dict[str, list[Bound]]:
        """Student → parents bound now, for whoever may bind them."""
        group, _ = await self._office.school_class(who, class_id, "slip.issue")
        students = await self._office.students.of_class(group.id)
        return await parents_of(self._office.database, [one.id for one in students], self._office.now())

    async def end(self, who: Caller, assignment_id: str) -> str:
        """A parent is bound to a child no more; the child's class. Raises `NotThere`."""
        role = await self._office.people.assignment(known_id(assignment_id))
        student = await self._office.students.get(role.student) if role and role.student and role.role == "parent" else None
        if role is None or student is None:
            raise NotThere
        group, org = await self._office.school_class(who, student.school_class, "slip.issue")

        async def work(connection: AsyncConnection) -> None:
            await end_assignment(connection, role.id, self._office.now())
            await narrow(connection, role.person)

        await self._office.acts.do(who, "parent.end", target("student", student.id, org), work)
        return group.id

    # --- the parent --------------------------------------------------------------------------------------------------

    async def child(self, one: Slip) -> Child:
        """Whom the slip is about. Raises `LinkInvalid` for another kind of slip, and for a child that has left."""
        student = await self._office.students.get(one.subject) if one.kind == "parent" else None
        group = await self._office.classes.get(student.school_class) if student and student.left_at is None else None
        org = await self._office.orgs.get(group.org) if group else None
        if student is None or group is None or org is None:
            raise LinkInvalid("no child of ours")
        return Child(student, group, org)

    async def redeem(self, token: str, form: NewParent) -> cookies.Bearer:
        """A new account that is the child's parent; one is in. Raises `LinkInvalid`, `LinkExpired`, `Invalid`, `Taken`."""
        one = await self._logins.slips.peek(token)
        child = await self.child(one)
        login, person = form.login.lower(), draw()
        if await self._office.people.by_login(login) is not None:
            raise Taken(field="login")
        kept = await self._logins.checked(form.password, login, child.org.id, "password")

        async def work(connection: AsyncConnection) -> None:
            await self._logins.slips.use(connection, one)
            name = await self._office.contents.put(connection, "name", person, form.name or login)
            new = Person(person, child.org.id, login, name.id, None, 1, 1, True, False, False)
            await add_person(connection, new, None, self._office.now(), kept)
            await add_assignment(connection, self._role(one, person), self._office.now())

        actor = Caller("person", person, origin="slip")
        about = target("student", child.student.id, child.org)
        await self._office.acts.do(actor, "slip.parent", about, work, unique="login")
        return await self._logins.sessions.begin(person=person)

    async def bind(self, who: Caller, token: str) -> None:
        """One more child of somebody with an account. Raises `LinkInvalid`, `LinkExpired`, `Forbidden`."""
        if who.kind != "person" or who.must:
            raise Forbidden("not quite logged in")
        one = await self._logins.slips.peek(token)
        child = await self.child(one)

        async def work(connection: AsyncConnection) -> None:
            await self._logins.slips.use(connection, one)
            if not await is_bound(connection, who.id, one.subject, self._office.now()):
                await add_assignment(connection, self._role(one, who.id), self._office.now())

        await self._office.acts.do(who, "slip.parent", target("student", child.student.id, child.org), work)

    def _role(self, one: Slip, person: str) -> Assignment:
        return Assignment(draw(), person, "parent", None, None, one.subject, self._office.now(), None, one.issued_by)
