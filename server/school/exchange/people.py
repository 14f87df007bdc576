"""People and their roles. Several rows of one login are one person with several roles; no row takes a role away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import at
from server.accounts.contents import Ref
from server.accounts.ids import draw
from server.domain.masking import masked_number
from server.domain.orgs import Org
from server.domain.people import ASSIGNABLE, Assignment, Person
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.store.bulk import Change, change_many
from server.store.people import add_assignments, add_people
from server.store.tables import person as person_table


@dataclass(slots=True)
class _Somebody:
    """All rows of one person."""

    rows: list[Row] = field(default_factory=list)
    old: Person | None = None
    home: Org | None = None
    """Where the known account is kept."""
    name: str = ""
    roles: frozenset[tuple[str, str]] = frozenset()
    """Role and organisation, of a known account, now or later."""
    places: frozenset[str] = frozenset()
    """Paths of those organisations."""
    renumbered: bool = False
    seen: bool = True
    """The caller may know of the account."""

    @property
    def first(self) -> Row:
        """The row that says where a new account is kept."""
        return self.rows[0]

    @property
    def edited(self) -> bool:
        """A known account gets another name or number."""
        return self.old is not None and (self.renumbered or self.first.get("name") != self.name)


async def plan(desk: Desk, rows: Sequence[Row]) -> None:
    """Find what is bad, and what would write it."""
    homes = await desk.places(rows, "org", "person.edit", schools=False)
    crowd = _crowd(desk, rows)
    await _known(desk, crowd)
    for one in crowd:
        _check(desk, one, homes)
    if not desk.findings.rows:
        _write(desk, crowd, homes)


def _crowd(desk: Desk, rows: Sequence[Row]) -> list[_Somebody]:
    """Rows by login, those without one by number."""
    crowd: dict[tuple[str, str], _Somebody] = {}
    logins = {row.get("number"): row.get("login").lower() for row in reversed(rows) if row.has("number", "login")}
    for row in rows:
        login, number = row.get("login"), row.get("number")
        login = login.lower() if login else logins.get(number)
        if not login and not number:
            if not desk.findings.rows or desk.sound(row):
                desk.bad(row, "login", "required")
            continue
        crowd.setdefault(("login", login) if login else ("number", number), _Somebody()).rows.append(row)
        if login and number and logins.get(number) != login:
            desk.bad(row, "number", "taken")
    return list(crowd.values())


async def _known(desk: Desk, crowd: Sequence[_Somebody]) -> None:
    """Find the accounts that are there already, and whether the caller may know of them."""
    store, blind = desk.office.people, desk.office.contents.blind
    by_login = await store.by_logins({row.get("login").lower() for one in crowd for row in one.rows if row.has("login")})
    indexes = {row.get("number"): blind("person", row.get("number")) for one in crowd for row in one.rows if row.has("number")}
    by_number = await store.by_numbers(set(indexes.values()))
    for one in crowd:
        login = next((row.get("login").lower() for row in one.rows if row.has("login")), "")
        numbered = next((row for row in one.rows if row.has("number")), None)
        owner = by_number.get(indexes[numbered.get("number")]) if numbered else None
        one.old = by_login.get(login) if login else owner
        one.renumbered = numbered is not None and owner is None
        if numbered and owner is not None and (one.old is None or owner.id != one.old.id):
            desk.bad(numbered, "number", "taken")
    found = {one.old.id: one for one in crowd if one.old}
    homes = await desk.office.orgs.many({one.old.org for one in found.values() if one.old})
    names = await desk.office.contents.texts({one.old.name for one in found.values() if one.old})
    roles, now = await store.assignments(found), desk.office.now()
    places = await desk.office.orgs.many({role.org for given in roles.values() for role in given if role.org})
    for person_id, one in found.items():
        assert one.old is not None
        one.home, one.name = homes[one.old.org], names.get(one.old.name, "")
        held = [role for role in roles[person_id] if _held(role, now)]
        one.roles = frozenset((role.role, role.org) for role in held if role.org)
        one.places = frozenset(places[org].path for _, org in one.roles)
        one.seen = any(desk.who.may("person.see", at(place.path)) for place in (one.home, *(places[org] for _, org in one.roles)))
        if not one.seen:
            desk.bad(one.first, "login" if one.first.has("login") else "number", "taken")


def _held(role: Assignment, now: int) -> bool:
    return role.valid_until is None or role.valid_until > now


def _check(desk: Desk, one: _Somebody, homes: dict[int, Org]) -> None:
    """Rows of one person say the same of them, and the caller may write it."""
    for row in one.rows:
        for name in ("name", "number"):
            if row.has(name) and one.first.has(name) and row.get(name) != one.first.get(name):
                desk.bad(row, name, "differs", other=one.first.number)
        desk.once(row, "role", id(one), row.get("org"), row.get("role"))
        home = homes.get(row.number)
        if home and row.has("role") and not desk.who.may("role.grant", at(home.path)):
            desk.bad(row, "role", "forbidden")
        if home and one.home and one.seen and not row.has("role") and home.id != one.home.id:
            desk.bad(row, "org", "fixed")
    if one.old and one.seen:
        _check_account(desk, one)


def _check_account(desk: Desk, one: _Somebody) -> None:
    """A known account may get what the rows say: it is open; the name is its home's matter, the number also that of whoever is above."""
    assert one.old is not None
    if one.old.disabled_at is not None:
        desk.bad(one.first, "login" if one.first.has("login") else "number", "closed")
    may = one.home is None or desk.who.may("person.edit", at(one.home.path))
    if not may and one.first.has("name") and one.first.get("name") != one.name:
        desk.bad(one.first, "name", "forbidden")
    if one.renumbered and not (may and all(desk.who.may("person.edit", at(path)) for path in one.places)):
        desk.bad(one.first, "number", "forbidden")


def _write(desk: Desk, crowd: Sequence[_Somebody], homes: dict[int, Org]) -> None:
    new: list[tuple[str, _Somebody]] = []
    edited: list[tuple[Person, _Somebody]] = []
    roles: list[Assignment] = []
    now = desk.office.now()
    for one in crowd:
        person = one.old.id if one.old else draw()
        fresh = [row for row in one.rows if row.has("role") and (row.get("role"), homes[row.number].id) not in one.roles]
        roles += [Assignment(draw(), person, row.get("role"), homes[row.number].id, None, None, now, None, desk.who.id) for row in fresh]
        if one.old is None:
            new.append((person, one))
            desk.line("person.create", "person", person, homes[one.first.number], role=one.first.get("role") or "")
        elif one.edited and one.home:
            edited.append((one.old, one))
            desk.line("person.edit", "person", person, one.home)
        for row in fresh:
            if one.old or row is not one.first:
                desk.line("role.grant", "person", person, homes[row.number], role=row.get("role"))
        for row in one.rows:
            changed = row in fresh or (one.edited and row is one.first)
            desk.kinds.append("new" if one.old is None else "changed" if changed else "same")

    async def write(connection: AsyncConnection) -> None:
        named = [(person, one.first.get("name")) for person, one in [*new, *((old.id, one) for old, one in edited)]]
        names = dict(zip([i for i, _ in named], await desk.office.contents.put_many(connection, "name", named), strict=True))
        numbered = [(i, _number(one)) for i, one in [*new, *((old.id, one) for old, one in edited if one.renumbered)]]
        given = [(i, number) for i, number in numbered if number]
        numbers = dict(zip([i for i, _ in given], await desk.office.contents.put_many(connection, "number", given), strict=True))
        await add_people(connection, [_person(desk, i, one, homes, names[i].id, numbers.get(i)) for i, one in new], now)
        await add_assignments(connection, roles, now)
        await _edit(desk, connection, edited, names, numbers)

    desk.writes.append(write)


def _person(desk: Desk, row: str, one: _Somebody, homes: dict[int, Org], name: str, number: Ref | None) -> tuple[Person, str | None]:
    login = next((each.get("login").lower() for each in one.rows if each.has("login")), None)
    person = Person(row, homes[one.first.number].id, login, name, number.id if number else None, 1, 1, False, False, False)
    return person, _index(desk, one)


async def _edit(
    desk: Desk,
    connection: AsyncConnection,
    edited: Sequence[tuple[Person, _Somebody]],
    names: Mapping[str, Ref],
    numbers: Mapping[str, Ref],
) -> None:
    """New names, and new numbers where they are new; the old texts are gone for good."""
    renamed = [Change(old.id, old.version, {"name": names[old.id].id}) for old, one in edited if not one.renumbered]
    both = [
        Change(old.id, old.version, {"name": names[old.id].id, "number": numbers[old.id].id, "number_index": _index(desk, one)})
        for old, one in edited
        if one.renumbered
    ]
    await change_many(connection, person_table, renamed)
    await change_many(connection, person_table, both)
    gone = [old.name for old, _ in edited] + [old.number for old, one in edited if one.renumbered and old.number]
    await desk.office.contents.erase(connection, gone)


def _index(desk: Desk, one: _Somebody) -> str | None:
    number = _number(one)
    return desk.office.contents.blind("person", number) if number else None


def _number(one: _Somebody) -> str | None:
    return next((row.get("number") for row in one.rows if row.has("number")), None)


async def listed(desk: Desk, paths: Sequence[str], limit: int) -> list[list[str]]:
    """People with an open account or a role in these paths, a row for each role there; numbers are masked."""
    office = desk.office
    found = [one for one in await office.people.under(paths, office.now(), limit=limit) if one.disabled_at is None]
    roles, now = await office.people.assignments([person.id for person in found]), office.now()
    orgs = await office.orgs.many({person.org for person in found} | {role.org for held in roles.values() for role in held if role.org})
    texts = await office.contents.texts({text for person in found for text in (person.name, person.number) if text})
    write = desk.table.column("role").write
    rows = []
    for person in found:
        number = masked_number(texts.get(person.number or "", ""))
        held = [role for role in roles[person.id] if role.org and _held(role, now) and role.role in ASSIGNABLE]
        held.sort(key=lambda role: (role.org != person.org, role.valid_from))
        here = [(orgs[role.org or ""], str(role.role)) for role in held if orgs[role.org or ""].path.startswith(tuple(paths))]
        if not here and orgs[person.org].path.startswith(tuple(paths)) and not _parent_only(roles[person.id]):
            here = [(orgs[person.org], "")]
        name = texts.get(person.name, "")
        rows += [[org.code, person.login or "", name, number, write(role) if role else ""] for org, role in here if name]
    return rows


def _parent_only(roles: Sequence[Assignment]) -> bool:
    return bool(roles) and all(role.role not in ASSIGNABLE for role in roles)
