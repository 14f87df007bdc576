"""Logging in and what one does with one's own account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies, totp
from server.accounts.acts import Acts, Target
from server.accounts.caller import Caller
from server.accounts.contents import Contents
from server.accounts.passwords import Passwords, weakness
from server.accounts.sessions import Sessions
from server.accounts.slips import Slip, Slips
from server.accounts.throttle import Throttle
from server.errors import BadLogin, Invalid, NotThere, Taken
from server.store import Database
from server.store import logins as rows
from server.store.orgs import OrgStore
from server.store.people import PeopleStore, narrow
from server.store.tables import person


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that succeeded."""

    bearer: cookies.Bearer
    needs_code: bool = False
    """A second factor is asked next; until then the session may do nothing else."""


class Logins:
    """`now`: UTC ms."""

    def __init__(self, database: Database, acts: Acts, contents: Contents, sessions: Sessions, now: Callable[[], int]) -> None:
        self._database = database
        self._acts = acts
        self._contents = contents
        self._now = now
        self.sessions = sessions
        self.slips = Slips(database, now)
        self.throttle = Throttle(database, now)
        self.passwords = Passwords()
        self.people = PeopleStore(database)
        self.orgs = OrgStore(database)

    # --- logging in --------------------------------------------------------------------------------------------------

    async def person(self, login: str, password: str, address: str, instead_of: str = "") -> Begun:
        """By login name and password. Raises `BadLogin`, whatever of both is wrong, and `TooMany`."""
        who = (("account", login), ("address", address))
        await self.throttle.check(*who)
        row = await rows.person_row(self._database, login=login)
        if not await self.passwords.verify(row.password_hash if row else None, password) or row is None:
            await self.throttle.failed(*who)
            raise BadLogin
        await self.throttle.succeeded("account", login)
        if self.passwords.stale(row.password_hash):
            await self._keep_password(row.id, password)
        return Begun(await self.sessions.begin(person=row.id, instead_of=instead_of), row.totp is not None)

    async def student(self, school: str, group: str, number: str, pin: str, address: str, instead_of: str = "") -> Begun:
        """By class, number and PIN. Raises `BadLogin`, `TooMany`."""
        who = (("student", f"{school}/{group}/{number}"), ("address", address))
        await self.throttle.check(*who)
        found = await rows.class_row(self._database, school.strip(), group.strip())
        index = self._contents.blind(f"student/{found.id if found else ''}", number)
        row = await rows.student_row(self._database, school.strip(), group.strip(), index)
        if not await self.passwords.verify(row.pin_hash if row else None, pin) or row is None:
            await self.throttle.failed(*who)
            raise BadLogin
        await self.throttle.succeeded(*who[0])
        return Begun(await self.sessions.begin(student=row.id, instead_of=instead_of))

    async def code(self, caller: Caller, code: str) -> cookies.Bearer:
        """The second factor of a session that waits for it: a new session stands for it. Raises `BadLogin`, `TooMany`."""
        await self.throttle.check(("code", caller.id))
        row = await rows.person_row(self._database, person_id=caller.id)
        if row is None or row.totp is None:
            raise BadLogin
        secret = (await self._contents.texts([row.totp])).get(row.totp, "")
        step = totp.step_of(secret, code, self._now(), row.totp_step) if secret else None
        if step is None or not await self._database.write(lambda c: rows.take_step(c, row.id, step)):
            await self.throttle.failed(("code", caller.id))
            raise BadLogin
        await self.throttle.succeeded("code", caller.id)
        return await self.sessions.begin(person=row.id, second_factor=True, instead_of=caller.session)

    # --- the own account ---------------------------------------------------------------------------------------------

    async def change_password(self, caller: Caller, old: str, new: str, *, second_factor: bool) -> cookies.Bearer:
        """A new password; all other sessions end. Raises `Invalid`, `TooMany`."""
        await self.throttle.check(("account", f"change {caller.id}"))
        row = await rows.person_row(self._database, person_id=caller.id)
        if row is None or not await self.passwords.verify(row.password_hash, old):
            await self.throttle.failed(("account", f"change {caller.id}"))
            raise Invalid({"old": "wrong"})
        kept = await self._checked(new, row.login or "", row.org, "password")

        async def work(connection: AsyncConnection) -> None:
            await rows.set_password(connection, row.id, kept)
            await self.sessions.end_all(connection, row.id)

        await self._acts.do(caller, "self.password", await self._target(row.id, row.org), work)
        return await self.sessions.begin(person=row.id, second_factor=second_factor, instead_of=caller.session)

    async def enrol(self, caller: Caller, secret: str, code: str) -> cookies.Bearer:
        """A second factor from now on; `code` proves that the app has it. Raises `Invalid`."""
        row = await rows.person_row(self._database, person_id=caller.id)
        step = totp.step_of(secret, code, self._now(), 0)
        if row is None or step is None:
            raise Invalid({"code": "wrong"})

        async def work(connection: AsyncConnection) -> None:
            kept = await self._contents.put(connection, "totp", caller.id, secret)
            if row.totp:
                await self._contents.erase(connection, [row.totp])
            await rows.set_totp(connection, row.id, kept.id, step)
            await self.sessions.end_all(connection, row.id)

        await self._acts.do(caller, "self.totp", await self._target(row.id, row.org), work)
        return await self.sessions.begin(person=row.id, second_factor=True, instead_of=caller.session)

    async def end_others(self, caller: Caller) -> None:
        """End every other session of one's own."""
        await self._database.write(lambda connection: self.sessions.end_all(connection, caller.id, keep=caller.session))

    # --- one-time papers ---------------------------------------------------------------------------------------------

    async def redeem(self, token: str, login: str, password: str) -> cookies.Bearer:
        """An invitation, a reset or the first admin's link: the account has this login and password now, and one is in.

        Raises `LinkInvalid`, `LinkExpired`, `Invalid`, `Taken`.
        """
        one = await self.slips.peek(token)
        if one.kind == "parent":
            raise NotThere
        someone = await self.people.get(one.subject)
        if someone is None or someone.disabled_at is not None:
            raise NotThere
        name = (login.strip().lower() or someone.login or "") if one.kind != "reset" else someone.login or ""
        if not name:
            raise Invalid({"login": "required"})
        other = await self.people.by_login(name)
        if other is not None and other.id != someone.id:
            raise Taken(field="login")
        kept = await self._checked(password, name, someone.org, "password")

        async def work(connection: AsyncConnection) -> None:
            await self.slips.use(connection, one)
            await connection.execute(update(person).where(person.c.id == someone.id).values(login=name))
            await rows.set_password(connection, someone.id, kept)
            if one.kind == "reset":
                await narrow(connection, someone.id)
                await self.sessions.end_all(connection, someone.id)

        actor = Caller("person", someone.id, origin="slip")
        await self._acts.do(actor, f"slip.{one.kind}", await self._target(someone.id, someone.org), work, unique="login")
        return await self.sessions.begin(person=someone.id)

    async def slip(self, token: str) -> Slip:
        """What a token is worth; raises `LinkInvalid`, `LinkExpired`."""
        return await self.slips.peek(token)

    async def _checked(self, password: str, login: str, org_id: str, field: str) -> str:
        home = await self.orgs.get(org_id)
        weak = weakness(password, login, home.code if home else "")
        if weak:
            raise Invalid({field: weak})
        return await self.passwords.hash(password)

    async def _keep_password(self, person_id: str, password: str) -> None:
        kept = await self.passwords.hash(password)
        await self._database.write(lambda connection: rows.set_password(connection, person_id, kept))

    async def _target(self, person_id: str, org_id: str) -> Target:
        home = await self.orgs.get(org_id)
        return Target("person", person_id, home.path if home else "/")
