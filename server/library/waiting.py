"""What waits for a librarian: lessons of which nothing was made yet, and what is being made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.accounts.caller import Caller
from server.domain.orgs import Org
from server.domain.resource import Resource
from server.domain.schedule import ScheduledLesson
from server.library.service import Library

LISTED = 20
"""Of each kind on the page."""
LOOKED_AT = 400
"""Lessons that are asked for a recording: a county's of some days."""
RECENT_MS = 30 * 24 * 3_600_000
"""A lesson that nobody has made anything of for so long does not wait any more; its page still makes one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """At most `LISTED` of each."""

    lessons: tuple[ScheduledLesson, ...]
    """Recorded, over, without a resource; the latest first."""
    drafts: tuple[Resource, ...]
    """Handed in first."""
    orgs: Mapping[str, Org]
    """Their schools."""


async def waiting(library: Library, who: Caller) -> Waiting:
    """Below the caller's organisations."""
    office, paths = library.office, who.scopes("resource.publish")
    ids = await library.store.untitled(paths, office.now() - RECENT_MS, LOOKED_AT)
    recorded = await library.recordings(ids) if ids else {}
    first = [one for one in ids if one in recorded][:LISTED]
    known = {one.id: one for one in await office.schedule.many(first)}
    lessons = tuple(known[one] for one in first if one in known)
    drafts = tuple(await library.store.drafts(paths, LISTED))
    orgs = await office.orgs.many({one.org for one in drafts} | {one.org for one in lessons if one.org})
    return Waiting(lessons, drafts, orgs)
