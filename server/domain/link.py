"""A link: the paper that lets somebody into one lesson (S5). Accounts turn it into a `Principal`."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.principal import Principal, Role


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the table of links."""

    id: str
    """Opaque; it is the id of the link's principal."""
    lesson: str
    role: Role
    participant: str | None
    """`master`, a classroom's id, or None for viewer and wall."""
    name: str
    created: int
    """UTC ms."""
    expires_at: int | None
    """UTC ms, None: never. Expiry stops neither a running session nor its reconnect."""
    revoked_at: int | None = None
    """UTC ms; a revoked link's sockets and sessions end within two seconds."""
    seat: int = 0
    """Of a student's device; 0: none."""

    def principal(self, admission: str) -> Principal:
        """Who one admission of this link is."""
        return Principal(self.id, admission, self.lesson, self.role, self.participant, self.name, self.seat)
