"""Finding resources: words, facets with counts, the tree of textbooks. All of it bounded, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from server.accounts.caller import Caller
from server.errors import Invalid
from server.library.fields import Wanted
from server.store import Database
from server.store.cuts import playable
from server.store.tables import org, resource, resource_version

PAGE = 24
FACETS = ("subject", "stage", "grade", "edition", "unit")
FILTERS = (*FACETS, "volume")
TREE = ("stage", "subject", "edition", "volume", "unit")
"""Levels of the tree of textbooks, from the root."""
VALUES = 60
"""Values of one facet that are counted: the most frequent ones."""
LEAVES = 600
"""Units in the tree."""
WORDS = 6
"""Words of a search that are looked for."""
_r, _v = resource.c, resource_version.c


@dataclass(frozen=True, slots=True)
class Card:
    """One resource in a list."""

    id: str
    title: str
    subject: str
    stage: str
    grade: str
    edition: str
    volume: str
    unit: str
    school: str
    published_at: int
    """UTC ms."""
    length: int
    """ms."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A level of the tree: `value` of `name`, how many lie under it, and what."""

    name: str
    value: str
    count: int
    chosen: Mapping[str, str]
    """The filters that lead here."""
    below: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    cards: tuple[Card, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    """Facet → value and how many there are with the other filters as they are; what is most frequent first."""
    tree: tuple[Branch, ...]
    after: str = ""
    """What to ask for to read on; empty: that was all."""


async def find(database: Database, who: Caller, wanted: Wanted) -> Found:
    """What the caller may see of what is wanted. Raises `Forbidden` to who may see none anywhere, `Invalid`."""
    who.need_anywhere("resource.see")
    seen = and_(_r.live > 0, playable(), _visible(who), *_words(wanted.q))
    cards = await database.read(_listed(and_(seen, *_filters(wanted)), wanted.after))
    facets = {name: await _facet(database, and_(seen, *_filters(wanted, without=name)), name) for name in FACETS}
    tree = await _tree(database, seen)
    found = tuple(_card(row) for row in cards[:PAGE])
    more = len(cards) > PAGE
    return Found(found, facets, tree, f"{found[-1].published_at}.{found[-1].id}" if more else "")


def _visible(who: Caller) -> ColumnElement[bool]:
    """Shared in an area in which the caller stands, or owned below an office of theirs."""
    # not LIKE: it takes `x` for `X` on SQLite
    owned = [func.substr(org.c.path, 1, len(path)) == path for path in who.scopes("resource.see")]
    return or_(false(), _r.shared.in_(sorted(who.areas("resource.see"))), *owned)


def _words(text: str) -> list[ColumnElement[bool]]:
    """Each word is somewhere in title, unit or school: Chinese has no spaces, so a part of a word counts."""
    places = (_v.title, _v.unit, org.c.name)
    return [or_(*(place.icontains(word, autoescape=True) for place in places)) for word in text.split()[:WORDS]]


def _filters(wanted: Wanted, without: str = "") -> list[ColumnElement[bool]]:
    return [_v[name] == getattr(wanted, name) for name in FILTERS if getattr(wanted, name) and name != without]


def _from(*columns: Any) -> Select[Any]:
    joined = resource.join(resource_version, (_v.resource == _r.id) & (_v.n == _r.live)).join(org, org.c.id == _r.org)
    return select(*columns).select_from(joined)


def _listed(condition: ColumnElement[bool], after: str) -> Select[Any]:
    columns = (_r.id, _r.published_at, org.c.name.label("school"), _v.begin_ms, _v.end_ms)
    query = _from(*columns, *(_v[name] for name in ("title", *FILTERS))).where(condition)
    if after:
        at, _, last = after.partition(".")
        if int(at) > 2**53:
            raise Invalid({"after": "high"})
        query = query.where(or_(_r.published_at < int(at), and_(_r.published_at == int(at), _r.id < last)))
    return query.order_by(_r.published_at.desc(), _r.id.desc()).limit(PAGE + 1)


def _card(row: Any) -> Card:
    said = {name: getattr(row, name) for name in ("id", "title", *FILTERS, "school", "published_at")}
    return Card(**said, length=row.end_ms - row.begin_ms)


async def _facet(database: Database, condition: ColumnElement[bool], name: str) -> tuple[tuple[str, int], ...]:
    count = func.count().label("many")
    query = _from(_v[name], count).where(condition, _v[name] != "").group_by(_v[name])
    rows = await database.read(query.order_by(count.desc(), _v[name]).limit(VALUES))
    return tuple((row[0], row.many) for row in rows)


async def _tree(database: Database, condition: ColumnElement[bool]) -> tuple[Branch, ...]:
    """Of everything that the words find, whatever the filters: it is the way to other books."""
    levels = [_v[name] for name in TREE]
    query = _from(*levels, func.count().label("many")).where(condition).group_by(*levels).order_by(*levels)
    return _grown([(tuple(row[: len(TREE)]), row.many) for row in await database.read(query.limit(LEAVES))], {})


def _grown(leaves: Sequence[tuple[tuple[str, ...], int]], chosen: Mapping[str, str]) -> tuple[Branch, ...]:
    level = len(chosen)
    if level == len(TREE):
        return ()
    by_value: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for leaf in leaves:
        by_value.setdefault(leaf[0][level], []).append(leaf)
    branches = []
    for value, own in by_value.items():
        if value:  # without a unit it lies in the volume
            here = {**chosen, TREE[level]: value}
            branches.append(Branch(TREE[level], value, sum(many for _, many in own), here, _grown(own, here)))
    return tuple(branches)
