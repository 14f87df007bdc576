"""Reading the people: who there is in one's scope, with their roles and the texts one may see. Names are opened in memory, never searched
by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.accounts.caller import Caller
from server.accounts.office import Office
from server.domain.masking import masked_number
from server.domain.people import Assignment, Person
from server.errors import Invalid

MOST_SEARCHED = 20_000
"""Names that one search opens at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A person with the texts the caller may read."""

    person: Person
    name: str
    """Empty: erased."""
    number: str
    """Masked."""
    roles: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of people."""

    people: list[Shown]
    total: int


class Directory:
    """Works on the office. `now`: UTC ms."""

    def __init__(self, office: Office, now: Callable[[], int]) -> None:
        self._office = office
        self._now = now

    async def listed(self, who: Caller, search: str = "", role: str = "", under: str = "") -> list[Shown]:
        """All people of the caller's scope (or of `under`, a path inside it) with a role, and whose name or login has `search` in it.

        Names are opened here, in memory, chunk by chunk.
        """
        found = [
            one
            async for chunk in self._office.people.walk(_scopes(who, under), self._now(), role=role)
            for one in await self._fit(chunk, search)
        ]
        return await self._shown(sorted(found, key=_order))

    async def page(self, who: Caller, number: int, size: int, search: str = "", role: str = "", under: str = "") -> Found:
        """So many of `listed`, and how many there are. Raises `Invalid` where a search would have to open more than `MOST_SEARCHED` names."""
        scopes, store, now = _scopes(who, under), self._office.people, self._now()
        total = await store.count(scopes, now, role=role)
        if not search.strip():
            return Found(await self._shown(await store.under(scopes, now, role=role, limit=size, offset=number * size)), total)
        if total > MOST_SEARCHED:
            raise Invalid({"search": "narrow"})
        found = [one async for chunk in store.walk(scopes, now, role=role) for one in await self._fit(chunk, search)]
        return Found(await self._shown(sorted(found, key=_order)[number * size : (number + 1) * size]), len(found))

    async def _fit(self, people: Sequence[Person], search: str) -> list[Person]:
        """Those whose name or login has it in it."""
        wanted = search.strip().lower()
        if not wanted:
            return list(people)
        names = await self._office.contents.texts({one.name for one in people})
        return [one for one in people if wanted in names.get(one.name, "").lower() or wanted in (one.login or "")]

    async def shown(self, found: Person) -> Shown:
        """One person."""
        return (await self._shown([found]))[0]

    async def names(self, ids: Sequence[str]) -> dict[str, str]:
        """Names of people, for whoever was allowed to see what they stand in."""
        people = await self._office.people.many(ids)
        texts = await self._office.contents.texts({one.name for one in people.values()})
        return {one.id: texts.get(one.name, "") for one in people.values()}

    async def _shown(self, people: Sequence[Person]) -> list[Shown]:
        texts = await self._office.contents.texts({t for one in people for t in (one.name, one.number) if t})
        roles = await self._office.people.assignments([one.id for one in people])
        return [Shown(one, texts.get(one.name, ""), masked_number(texts.get(one.number or "", "")), tuple(roles[one.id])) for one in people]


def _scopes(who: Caller, under: str) -> tuple[str, ...]:
    scopes = who.scopes("person.see")
    if not under:
        return scopes
    return (under,) if any(under.startswith(scope) for scope in scopes) else ()


def _order(one: Person) -> tuple[str, str, str]:
    return one.org, one.login or "", one.id
