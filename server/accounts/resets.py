"""What the school takes back for somebody who cannot get in: the second factor, the identity at the OIDC provider."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.office import Office, target
from server.accounts.people import People
from server.accounts.recovery import Recovery
from server.accounts.sessions import Sessions
from server.store import logins as rows
from server.store.identities import drop_identities
from server.store.people import narrow

What = Literal["totp", "oidc"]


class Resets:
    """Works on the office. Whoever may enter as somebody may: nobody above oneself (`People.lower`)."""

    def __init__(self, office: Office, people: People, sessions: Sessions, recovery: Recovery) -> None:
        self._office = office
        self._people = people
        self._sessions = sessions
        self._recovery = recovery

    async def do(self, who: Caller, person_id: str, what: What) -> None:
        """The second factor with its recovery codes, or the bound identities, count no more; all sessions end. Raises `Forbidden`."""
        found, home = await self._people.lower(who, person_id, "person.reset")
        account = await rows.account_of(self._office.database, person_id=found.id)

        async def work(connection: AsyncConnection) -> None:
            if what == "totp":
                await rows.set_totp(connection, found.id, None)
                await self._recovery.forget(connection, found.id)
                await self._office.contents.erase(connection, [account.totp] if account and account.totp else [])
            else:
                await drop_identities(connection, found.id)
            await narrow(connection, found.id)
            await self._sessions.end_all(connection, found.id)

        await self._office.acts.do(who, f"reset.{what}", target("person", found.id, home), work)
