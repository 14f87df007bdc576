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
from server.accounts.familiar import Familiar
from server.accounts.passwords import Passwords, weakness
from server.accounts.proofs import Proofs
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


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A second factor that counts from now on."""

    bearer: cookies.Bearer
    codes: tuple[str, ...]
    """Recovery codes, shown this once."""


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
        self.familiar = Familiar(database, contents, now)
        self.proofs = Proofs(database, acts, contents, self.throttle, now)
        self.recovery = self.proofs.recovery
        self.people = PeopleStore(database)
        self.orgs = OrgStore(database)

    @property
    def passwords(self) -> Passwords:
        """How passwords and PINs are hashed."""
        return self.proofs.passwords

    @passwords.setter
    def passwords(self, hasher: Passwords) -> None:
        self.proofs.passwords = hasher

    # --- logging in --------------------------------------------------------------------------------------------------

    async def person(self, login: str, password: str, address: str, instead_of: str = "") -> Begun:
        """By login name and password. Raises `BadLogin`, whatever of both is wrong, and `TooMany`."""
        account, source = ("account", login), ("address", address)
        counted = await self._counted(account, address)
        await self.throttle.begin(counted, source)
        known = await rows.account_of(self._database, login=login)
        if not await self.passwords.verify(known.password_hash if known else None, password) or known is None:
            await self.throttle.failed(source)
            raise BadLogin
        await self.throttle.succeeded(*counted)
        await self.familiar.remember(account, address)
        bearer = await self.sessions.begin(person=known.id, instead_of=instead_of, proved=known.password_hash)
        if known.password_hash and self.passwords.stale(known.password_hash):
            await self._hash_anew(known.id, known.password_hash, password)
        return Begun(bearer, known.totp is not None)

    async def student(self, school: str, group: str, number: str, pin: str, address: str, instead_of: str = "") -> Begun:
        """By class, number and PIN. Raises `BadLogin`, `TooMany`."""
        school, group = school.strip(), group.strip()
        # every spelling that finds the same student is the same account: else each gets its own free tries
        account, source = ("student", f"{school}/{group}/{number.strip().upper()}"), ("address", address)
        counted = await self._counted(account, address)
        await self.throttle.begin(counted, source)
        index = self._contents.blind(f"student/{await rows.class_of(self._database, school, group) or ''}", number)
        pupil = await rows.pupil_of(self._database, school, group, index)
        if not await self.passwords.verify(pupil.pin_hash if pupil else None, pin) or pupil is None:
            await self.throttle.failed(source)
            raise BadLogin
        await self.throttle.succeeded(*counted)
        await self.familiar.remember(account, address)
        return Begun(await self.sessions.begin(student=pupil.id, instead_of=instead_of, proved=pupil.pin_hash))

    async def _counted(self, account: tuple[str, str], address: str) -> tuple[str, str]:
        """What wrong tries count against: whoever came in from here before is not kept out by those who try elsewhere."""
        known = await self.familiar.knows(account, address)
        return ("familiar", f"{account[0]} {account[1].strip()} {address}") if known else account

    async def code(self, caller: Caller, code: str) -> cookies.Bearer:
        """The second factor of a session that waits for it, or a recovery code: a new session stands for it. Raises `BadLogin`, `TooMany`."""
        if not await self.proofs.second(caller, code):
            raise BadLogin
        return await self.sessions.begin(person=caller.id, second_factor=True, instead_of=caller.session)

    # --- the own account ---------------------------------------------------------------------------------------------

    async def change_password(self, caller: Caller, old: str, new: str) -> cookies.Bearer:
        """A new password; all other sessions end. Raises `Invalid`, `TooMany`."""
        account = await self.proofs.account(caller)
        await self.proofs.password(account, old, "old")
        kept = await self.checked(new, account.login or "", account.org, "password")

        async def work(connection: AsyncConnection) -> None:
            if not await rows.swap_password(connection, account.id, account.password_hash or "", kept, must_change=False):
                raise Invalid({"old": "wrong"})  # the second of two at once
            await self.sessions.end_all(connection, account.id)

        await self._acts.do(caller, "self.password", await self.proofs.target(account), work)
        return await self.sessions.begin(person=account.id, second_factor=caller.second_factor, instead_of=caller.session, proved=kept)

    async def enrol(self, caller: Caller, secret: str, code: str, *, password: str = "", current: str = "") -> Enrolled:
        """A second factor from now on, with new recovery codes; `code` proves that the app has it.

        In place of an older one it takes a code of that (`current`) or a recovery code, else the `password`: an unattended session is
        not enough. Raises `Invalid`, `LoginStale`, `TooMany`.
        """
        account = await self.proofs.account(caller)
        step = totp.step_of(secret, code, self._now(), 0)
        if step is None:
            raise Invalid({"code": "wrong"})
        if account.totp is None:
            await self.proofs.owner(caller, password)
        elif not current or not await self.proofs.second(caller, current):
            raise Invalid({"current": "wrong" if current else "required"})

        async def work(connection: AsyncConnection) -> tuple[str, ...]:
            kept = await self._contents.put(connection, "totp", caller.id, secret)
            if account.totp:
                await self._contents.erase(connection, [account.totp])
            await rows.set_totp(connection, account.id, kept.id, step)
            await self.sessions.end_all(connection, account.id)
            return await self.recovery.renew(connection, account.id)

        codes = await self._acts.do(caller, "self.totp", await self.proofs.target(account), work)
        return Enrolled(await self.sessions.begin(person=account.id, second_factor=True, instead_of=caller.session), codes)

    async def renew_codes(self, caller: Caller, code: str) -> tuple[str, ...]:
        """Ten new recovery codes, the older ones count no more. `code`: of the authenticator, or one of the old ones.

        Raises `Invalid`, `TooMany`.
        """
        if not await self.proofs.second(caller, code):
            raise Invalid({"code": "wrong"})
        account = await self.proofs.account(caller)
        target = await self.proofs.target(account)
        return await self._acts.do(caller, "recovery.renew", target, lambda connection: self.recovery.renew(connection, account.id))

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
        kept = await self.checked(password, name, someone.org, "password")

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

    async def checked(self, password: str, login: str, org_id: str, field: str) -> str:
        """The hash to keep of a new password; raises `Invalid`, naming `field`, for one that nobody should have."""
        home = await self.orgs.get(org_id)
        weak = weakness(password, login, home.code if home else "")
        if weak:
            raise Invalid({field: weak})
        return await self.passwords.hash(password)

    async def _hash_anew(self, person_id: str, old: str, password: str) -> None:
        kept = await self.passwords.hash(password)
        await self._database.write(lambda connection: rows.swap_password(connection, person_id, old, kept))

    async def _target(self, person_id: str, org_id: str) -> Target:
        home = await self.orgs.get(org_id)
        return Target("person", person_id, home.path if home else "/")
