"""The assistant's panel on a room's big screen (S3): the room's PIN opens the assistant's console there, inside the screen's page.

An open panel is a paper beside the screen's own: it names it, and is worth nothing without it. Each of its requests shows both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from server.accounts.passwords import Passwords
from server.accounts.throttle import Throttle
from server.accounts.tokens import PanelPaper, Signer
from server.domain.principal import Principal
from server.errors import LinkInvalid, NoPin, Unauthenticated, WrongPin
from server.store.rooms import RoomStore

VALID_MS = 15 * 60_000
"""So long an open panel may load again and reconnect; its page closes it long before."""


class Panels:
    """`now`: UTC ms."""

    def __init__(self, signer: Signer, rooms: RoomStore, throttle: Throttle, now: Callable[[], int]) -> None:
        self._signer = signer
        self._rooms = rooms
        self._throttle = throttle
        self._passwords = Passwords()
        self._now = now

    async def open(self, screen: Principal, admission: str, room: str, pin: str) -> str:
        """The cookie of a panel that this PIN opens. `admission`: the screen's; `room`: the classroom, empty for one that is only in
        this lesson. Raises `NoPin`, `WrongPin`, `TooMany`.
        """
        kept = await self._rooms.pin(room) if room else None
        if kept is None:
            raise NoPin
        here = f"{room} {screen.id}"  # the device or the link, however often it came in
        await self._throttle.begin(("pin", here), ("pins", room))
        if not await self._passwords.verify(kept, pin):
            await self._throttle.failed(("pins", room))
            raise WrongPin
        await self._throttle.succeeded("pin", here)
        paper = PanelPaper(screen.lesson, screen.participant or "", admission, room, _named(kept), self._now())
        return self._signer.panel_cookie(paper)

    async def read(self, cookie: str, lesson: str) -> PanelPaper:
        """The open panel of a lesson; raises `Unauthenticated`."""
        try:
            paper = self._signer.read_panel(cookie)
        except LinkInvalid as error:
            raise Unauthenticated from error
        if paper.lesson != lesson or not 0 <= self._now() - paper.opened_at < VALID_MS:
            raise Unauthenticated
        if _named(await self._rooms.pin(paper.room) or "") != paper.pin:
            raise Unauthenticated
        return paper


def _named(kept: str) -> str:
    """A short name of a PIN's salted hash."""
    return hashlib.sha256(kept.encode()).hexdigest()[:16]
