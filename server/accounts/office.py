"""What the school's services work with: the tables by noun, the acts, the contents, the time."""

from __future__ import annotations

from collections.abc import Callable

from server.accounts.acts import Acts, Target
from server.accounts.caller import Caller, at
from server.accounts.contents import Contents
from server.domain.orgs import Classroom, Org, SchoolClass
from server.errors import NotThere
from server.store import Database
from server.store.classes import ClassStore
from server.store.groups import GroupStore
from server.store.orgs import OrgStore
from server.store.people import PeopleStore
from server.store.plans import PlanStore
from server.store.rooms import RoomStore
from server.store.schedule import Schedule
from server.store.students import StudentStore


class Office:
    """One per process. `now`: UTC ms."""

    def __init__(self, database: Database, acts: Acts, contents: Contents, now: Callable[[], int]) -> None:
        self.database = database
        self.acts = acts
        self.contents = contents
        self.now = now
        self.orgs = OrgStore(database)
        self.rooms = RoomStore(database)
        self.groups = GroupStore(database)
        self.classes = ClassStore(database)
        self.students = StudentStore(database)
        self.plans = PlanStore(database)
        self.people = PeopleStore(database)
        self.schedule = Schedule(database)

    async def org(self, who: Caller, org_id: str, action: str) -> Org:
        """An organisation the caller may do `action` in. Raises `NotThere` outside the caller's sight, `Forbidden` inside it."""
        found = await self.orgs.get(known_id(org_id))
        if found is None:
            raise NotThere
        who.need(action, at(found.path), hidden=None if who.may("org.see", at(found.path)) else NotThere())
        return found

    async def room(self, who: Caller, room_id: str, action: str) -> tuple[Classroom, Org]:
        """A classroom and its school, as `org`."""
        found = await self.rooms.get(known_id(room_id))
        if found is None:
            raise NotThere
        return found, await self.org(who, found.org, action)

    async def school_class(self, who: Caller, class_id: str, action: str) -> tuple[SchoolClass, Org]:
        """A class and its school, as `org`."""
        found = await self.classes.get(known_id(class_id))
        if found is None:
            raise NotThere
        return found, await self.org(who, found.org, action)


def known_id(text: str) -> str:
    """An id from an address; raises `NotThere` for what cannot be one."""
    if not text or len(text) > 64 or not text.isprintable():
        raise NotThere
    return text


def target(kind: str, row_id: str, org: Org) -> Target:
    """What an act in an organisation is about."""
    return Target(kind, row_id, org.path)
