"""Who is asking outside a lesson: a person, a student, a device, the command line, or nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from server.domain.people import Grant
from server.domain.permissions import Where, allows, anywhere, areas, scopes
from server.errors import Forbidden

Step = Literal["", "password", "code", "enrol"]
"""A new password, the code of the second factor, a second factor at all."""
Kind = Literal["person", "student", "device", "system", "nobody"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Made by `accounts.gate` from cookies. `need` before anything is read or changed for somebody."""

    kind: Kind
    id: str
    """Person, student or device id; `system` for the command line."""
    grants: tuple[Grant, ...] = ()
    session: str = ""
    """Id of the login session."""
    epoch: int = 0
    org: str = ""
    """The organisation that keeps the account."""
    origin: str = ""
    """Where the request comes from, for the audit: `web 203.0.113.7`, `cli`."""
    must: Step = ""
    """What must be done first; until then `grants` is empty."""
    login: str = ""
    second_factor: bool = False
    """The session passed one."""
    began: int = 0
    """When the session did, UTC ms."""
    checked: set[str] = field(default_factory=set, compare=False)
    """Actions that were asked about and allowed; the guard refuses an answer for which nothing was asked."""

    def may(self, action: str, where: Where) -> bool:
        """Whether it is allowed."""
        return self.kind == "system" or allows(self.grants, self.id, action, where)

    def need(self, action: str, where: Where, *, hidden: Exception | None = None) -> None:
        """Raises `Forbidden`, or `hidden` where even that the object exists is nobody else's business."""
        if not self.may(action, where):
            raise hidden or Forbidden(action)
        self.checked.add(action)

    def scopes(self, action: str) -> tuple[str, ...]:
        """Paths under which lists may show something; an empty list is allowed to everybody. The command line: everywhere."""
        self.checked.add(action)
        return ("/",) if self.kind == "system" else scopes(self.grants, action)

    def areas(self, action: str) -> frozenset[str]:
        """Ids of the organisations in whose areas lists may show what is shared there."""
        self.checked.add(action)
        return areas(self.grants, action)

    def need_scopes(self, action: str) -> tuple[str, ...]:
        """As `scopes`, for a page that would be empty: raises `Forbidden`."""
        found = self.scopes(action)
        if not found:
            raise Forbidden(action)
        return found

    def need_anywhere(self, action: str) -> None:
        """For a page of what one's roles have to do with; raises `Forbidden` where that is nothing."""
        if self.kind != "system" and not anywhere(self.grants, action):
            raise Forbidden(action)
        self.checked.add(action)

    @property
    def roles(self) -> frozenset[str]:
        """Roles one has anywhere."""
        return frozenset(grant.role for grant in self.grants)


NOBODY = Caller("nobody", "")


def system(origin: str = "cli") -> Caller:
    """The command line: whoever may read the data directory."""
    return Caller("system", "system", origin=origin)


def at(path: str) -> Where:
    """An object of the organisation with this path."""
    return Where(path=path)
