"""Who people are at an OIDC provider, and which of its answers have come in already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.tables import identity, oidc_spent, person


@dataclass(frozen=True, slots=True)
class Identity:
    """One account at a provider."""

    issuer: str
    subject: str
    created: int
    """UTC ms."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The person with an identity."""

    id: str
    disabled_at: int | None
    has_totp: bool
    """There is a second factor of our own."""


async def person_of(database: Database, issuer: str, subject: str) -> Bound | None:
    """Whose identity this is."""
    query = select(person.c.id, person.c.disabled_at, person.c.totp).select_from(identity.join(person))
    row = await database.one(query.where(identity.c.issuer == issuer, identity.c.subject == subject))
    return Bound(row.id, row.disabled_at, row.totp is not None) if row else None


async def identities(database: Database, person_id: str) -> Sequence[Identity]:
    """Somebody's identities, oldest first."""
    i = identity.c
    query = select(i.issuer, i.subject, i.created).where(i.person == person_id).order_by(i.created, i.issuer, i.subject)
    return [Identity(row.issuer, row.subject, row.created) for row in await database.read(query)]


async def add_identity(connection: AsyncConnection, person_id: str, issuer: str, subject: str, now: int) -> None:
    """Insert; an `IntegrityError` where it is somebody's already."""
    await connection.execute(insert(identity).values(issuer=issuer, subject=subject, person=person_id, created=now))


async def drop_identities(connection: AsyncConnection, person_id: str) -> int:
    """All of a person's are gone; how many that were."""
    return int((await connection.execute(delete(identity).where(identity.c.person == person_id))).rowcount)


async def spend(connection: AsyncConnection, state: str, expires_at: int, now: int) -> None:
    """Remember the hash of a state until it expires anyhow; an `IntegrityError` for the second time."""
    await connection.execute(delete(oidc_spent).where(oidc_spent.c.expires_at < now))
    await connection.execute(insert(oidc_spent).values(state=state, expires_at=expires_at))
