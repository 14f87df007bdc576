"""Who may come in by an OIDC provider: an identity counts once its owner has bound it to an account that was there before.

Nobody is found by e-mail address or name, and nobody is made: an identity that is bound to no open account opens nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Acts, Target
from server.accounts.caller import Caller
from server.accounts.id_token import Who
from server.accounts.logins import Begun, Logins
from server.accounts.oidc_flow import Flow
from server.errors import Forbidden, LinkInvalid, OidcRefused, OidcTaken, OidcUnknown, Taken
from server.store import Database
from server.store import identities as rows
from server.store.identities import Identity


class Identities:
    """`now`: UTC ms."""

    def __init__(self, database: Database, acts: Acts, logins: Logins, now: Callable[[], int]) -> None:
        self._database = database
        self._acts = acts
        self._logins = logins
        self._now = now

    async def of(self, person_id: str) -> Sequence[Identity]:
        """Somebody's identities."""
        return await rows.identities(self._database, person_id)

    async def spend(self, flow: Flow) -> None:
        """It came back: it never does again. Raises `OidcRefused`."""
        try:
            await self._database.write(lambda connection: rows.spend(connection, flow.spent, flow.expires_at, self._now()))
        except IntegrityError as error:
            raise OidcRefused("came back already") from error

    async def enter(self, who: Who, instead_of: str = "") -> Begun:
        """A session for the person whose identity this is. Raises `OidcUnknown`, also for an account that is shut."""
        found = await rows.person_of(self._database, who.issuer, who.subject)
        if found is None or found.disabled_at is not None:
            raise OidcUnknown("not bound" if found is None else "disabled")
        bearer = await self._logins.sessions.begin(person=found.id, second_factor=who.second_factor, instead_of=instead_of)
        again = await rows.person_of(self._database, who.issuer, who.subject)
        if again is None or again.id != found.id or again.disabled_at is not None:
            await self._logins.sessions.end(bearer.id)  # unbound meanwhile: what ended all sessions then missed this one
            raise OidcUnknown("unbound meanwhile")
        return Begun(bearer, found.has_totp and not who.second_factor)

    async def bound_to(self, who: Who) -> str | None:
        """The person whose identity this is."""
        found = await rows.person_of(self._database, who.issuer, who.subject)
        return found.id if found else None

    async def bind(self, caller: Caller, who: Who, password: str = "") -> None:
        """The caller's identity from now on; `password` as for `Proofs.owner`. Raises `OidcTaken`, `Invalid`, `LoginStale`, `TooMany`."""
        if caller.kind != "person" or caller.must:
            raise Forbidden("not quite logged in")
        if await self.bound_to(who) == caller.id:
            return
        await self._logins.proofs.owner(caller, password)

        async def work(connection: AsyncConnection) -> None:
            await rows.add_identity(connection, caller.id, who.issuer, who.subject, self._now())

        await self._do(caller, "self.oidc", await self._target(caller.id, caller.org), work)

    async def end(self, caller: Caller) -> None:
        """The caller comes in by the provider no more. Raises `Forbidden` where there would be no other way in."""
        someone = await self._logins.people.get(caller.id)
        if someone is None or not someone.has_password or caller.must:
            raise Forbidden("no other way in")
        target = await self._target(caller.id, caller.org)
        await self._acts.do(caller, "self.oidc_end", target, lambda connection: rows.drop_identities(connection, caller.id))

    async def redeem(self, token: str, who: Who) -> Begun:
        """An invitation: the account is entered with this identity, without a password. Raises `LinkInvalid`, `LinkExpired`, `OidcTaken`."""
        slips = self._logins.slips
        one = await slips.peek(token)
        someone = await self._logins.people.get(one.subject) if one.kind == "invitation" else None
        if someone is None or someone.disabled_at is not None:
            raise LinkInvalid("no invitation")

        async def work(connection: AsyncConnection) -> None:
            await slips.use(connection, one)
            await rows.add_identity(connection, someone.id, who.issuer, who.subject, self._now())
            await self._logins.sessions.end_all(connection, someone.id)

        actor = Caller("person", someone.id, origin="slip")
        await self._do(actor, "slip.invitation", await self._target(someone.id, someone.org), work, {"by": "oidc"})
        return await self.enter(who)

    async def _do(
        self,
        caller: Caller,
        act: str,
        target: Target,
        work: Callable[[AsyncConnection], Awaitable[None]],
        details: dict[str, str | int] | None = None,
    ) -> None:
        try:
            await self._acts.do(caller, act, target, work, unique="identity", details=details)
        except Taken as error:
            raise OidcTaken from error

    async def _target(self, person_id: str, org_id: str) -> Target:
        home = await self._logins.orgs.get(org_id)
        return Target("person", person_id, home.path if home else "/")
