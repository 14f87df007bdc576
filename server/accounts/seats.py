"""The way of a pupil's device to its seat (S5): the big screen shows a ticket, the phone that reads it may choose a free seat.

A ticket changes every 30 s and is valid for 60; the choice it gives lasts five minutes. A seat's paper is a link of the role
`seat`, so it is revoked, expires and comes back like every other.
"""

from __future__ import annotations

from collections.abc import Callable

from server.accounts.tokens import SeatChoice, SeatTicket, Signer
from server.errors import SeatTicketOver

CHANGES_MS = 30_000
VALID_MS = 60_000
CHOOSES_MS = 5 * 60_000


class SeatPapers:
    """`now`: UTC ms."""

    def __init__(self, signer: Signer, now: Callable[[], int]) -> None:
        self._signer = signer
        self._now = now

    def ticket(self, lesson: str, participant: str) -> tuple[str, int]:
        """The ticket to show now, and for how many ms it should stay on the screen."""
        now = self._now()
        begun = now - now % CHANGES_MS
        return self._signer.seat_paper(SeatTicket(lesson, participant, begun)), begun + CHANGES_MS - now

    def read(self, ticket: str) -> str:
        """The right to choose a seat, for a ticket that counts; raises `LinkInvalid`, `SeatTicketOver`."""
        read = self._signer.read_ticket(ticket)
        if not 0 <= self._now() - read.shown_at < VALID_MS:
            raise SeatTicketOver
        return self._signer.seat_paper(SeatChoice(read.lesson, read.participant, self._now()))

    def choice(self, paper: str) -> SeatChoice:
        """What may be chosen; raises `LinkInvalid`, `SeatTicketOver`."""
        choice = self._signer.read_choice(paper)
        if not 0 <= self._now() - choice.read_at < CHOOSES_MS:
            raise SeatTicketOver
        return choice
