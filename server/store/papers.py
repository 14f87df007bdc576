"""Which papers are no longer valid: links by their id, devices as `device:ID`, login sessions as `session:ID:EPOCH` (S5).

A session is over for a lesson when it was ended, when its person was disabled, and when the person's rights were narrowed
(`epoch` grew) since it entered; a device, when it was revoked and when its room or school was closed. Expiry is no revocation:
it stops neither a running lesson nor a reconnect.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from server.store.database import Database, chunks
from server.store.tables import classroom, device, link, org, person, session

DEVICE = "device:"
SESSION = "session:"


def device_paper(device_id: str) -> str:
    """The paper of a paired device."""
    return DEVICE + device_id


def session_paper(session_id: str, epoch: int) -> str:
    """The paper of a login session, as the person's rights were when it entered."""
    return f"{SESSION}{session_id}:{epoch}"


async def revoked(database: Database, papers: Collection[str]) -> set[str]:
    """Those of `papers` that are revoked; words that are none of ours are not."""
    devices = {paper.removeprefix(DEVICE) for paper in papers if paper.startswith(DEVICE)}
    sessions = {paper for paper in papers if paper.startswith(SESSION)}
    links = {paper for paper in papers if not paper.startswith((DEVICE, SESSION, "person:", "student:"))}
    return await _links(database, links) | await _devices(database, devices) | await _sessions(database, sessions)


async def _links(database: Database, ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(ids):
        rows = await database.read(select(link.c.id).where(link.c.id.in_(chunk), link.c.revoked_at.is_not(None)))
        found.update(row.id for row in rows)
    return found


async def _devices(database: Database, ids: Collection[str]) -> set[str]:
    """Those of a closed room, or a closed school, too."""
    found: set[str] = set()
    places = device.join(classroom, classroom.c.id == device.c.classroom).join(org, org.c.id == classroom.c.org)
    gone = or_(device.c.revoked_at.is_not(None), classroom.c.closed_at.is_not(None), org.c.closed_at.is_not(None))
    for chunk in chunks(ids):
        rows = await database.read(select(device.c.id).select_from(places).where(device.c.id.in_(chunk), gone))
        found.update(device_paper(row.id) for row in rows)
    return found


async def _sessions(database: Database, papers: Collection[str]) -> set[str]:
    """A session whose row is gone is over as well."""
    alive: set[str] = set()
    s, p = session.c, person.c
    for chunk in chunks({paper.split(":")[1] for paper in papers}):
        query = select(s.id, p.epoch).select_from(session.outerjoin(person, p.id == s.person))
        rows = await database.read(query.where(s.id.in_(chunk), s.ended_at.is_(None), p.disabled_at.is_(None)))
        alive.update(session_paper(row.id, row.epoch or 0) for row in rows)
    return set(papers) - alive
