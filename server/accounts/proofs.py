"""That whoever sits before a session is its owner: asked again before a way into the account is added or replaced."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import totp
from server.accounts.acts import Acts, Target
from server.accounts.caller import Caller
from server.accounts.contents import Contents
from server.accounts.passwords import Passwords
from server.accounts.recovery import Recovery, looks_like_one
from server.accounts.throttle import Throttle
from server.errors import BadLogin, Invalid, LoginStale, NotThere
from server.store import Database
from server.store import logins as rows
from server.store.logins import Account
from server.store.orgs import OrgStore

FRESH_MS = 10 * 60_000
"""So young a session stands for the password of an account that has none."""


class Proofs:
    """`now`: UTC ms."""

    def __init__(self, database: Database, acts: Acts, contents: Contents, throttle: Throttle, now: Callable[[], int]) -> None:
        self._database = database
        self._acts = acts
        self._contents = contents
        self._throttle = throttle
        self._now = now
        self.passwords = Passwords()
        self._orgs = OrgStore(database)
        self.recovery = Recovery(database, contents, now)

    async def account(self, caller: Caller) -> Account:
        """The caller's own. Raises `NotThere`."""
        found = await rows.account_of(self._database, person_id=caller.id)
        if found is None:
            raise NotThere
        return found

    async def password(self, account: Account, text: str, field: str) -> None:
        """Raises `Invalid`, naming `field`, unless `text` is the account's password; `TooMany`."""
        counted = ("account", f"change {account.id}")
        await self._throttle.begin(counted)
        if not await self.passwords.verify(account.password_hash, text):
            raise Invalid({field: "wrong"})
        await self._throttle.succeeded(*counted)

    async def owner(self, caller: Caller, password: str) -> None:
        """The password; of an account without one, that the login was a moment ago. Raises `Invalid`, `LoginStale`, `TooMany`."""
        account = await self.account(caller)
        if account.password_hash is None:
            if self._now() - caller.began >= FRESH_MS:
                raise LoginStale
        elif not password:
            raise Invalid({"password": "required"})
        else:
            await self.password(account, password, "password")

    async def second(self, caller: Caller, code: str) -> bool:
        """Whether `code` is the authenticator's, or a recovery code; it is spent. Raises `TooMany`."""
        await self._throttle.begin(("code", caller.id))
        account = await rows.account_of(self._database, person_id=caller.id)
        if account is None or account.totp is None:
            return False
        fits = await (self._recovered(caller, account, code) if looks_like_one(code) else self._shown(account, code))
        if fits:
            await self._throttle.succeeded("code", caller.id)
        return fits

    async def _shown(self, account: Account, code: str) -> bool:
        secret = (await self._contents.texts([account.totp or ""])).get(account.totp or "", "")
        step = totp.step_of(secret, code, self._now(), account.totp_step) if secret else None
        return step is not None and await self._database.write(lambda c: rows.take_step(c, account.id, step))

    async def _recovered(self, caller: Caller, account: Account, code: str) -> bool:
        async def work(connection: AsyncConnection) -> None:
            if not await self.recovery.take(connection, caller.id, code):
                raise BadLogin

        try:
            await self._acts.do(caller, "recovery.use", await self.target(account), work)
        except BadLogin:
            return False
        return True

    async def target(self, account: Account) -> Target:
        """What an act about the own account is about."""
        home = await self._orgs.get(account.org)
        return Target("person", account.id, home.path if home else "/")
