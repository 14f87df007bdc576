"""Organisations: rows may come in any order, a parent in the same file included; an office may be renamed and moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import at
from server.accounts.ids import draw
from server.domain.orgs import Org, below
from server.school import orgs
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.store.bulk import Change, change_many
from server.store.orgs import add_orgs
from server.store.tables import org


@dataclass(slots=True)
class _Tree:
    """The tree as it would be."""

    known: dict[str, Org]
    """Code → organisation: those the file names, and all above them."""
    codes: dict[str, str]
    """Id → code."""
    ids: dict[str, str]
    """Code → id; of a new one when its turn comes."""
    rows: dict[str, Row]
    """Code → the row that says what it will be."""
    empty: bool
    """There is no organisation at all."""

    def parent(self, code: str) -> str | None:
        """The code of what it will hang under."""
        row, old = self.rows.get(code), self.known.get(code)
        if row is not None and row.has("parent"):
            return str(row.get("parent"))
        return self.codes.get(old.parent) if old and old.parent else None

    def way(self, code: str) -> list[str] | None:
        """Codes from it up to the top; None: it comes back to itself."""
        way: list[str] = []
        at_code: str | None = code
        while at_code is not None:
            if at_code in way:
                return None
            way.append(at_code)
            at_code = self.parent(at_code)
        return way

    def base(self, code: str) -> Org | None:
        """The nearest organisation upwards that exists already: what the caller's rights are asked at."""
        return next((self.known[one] for one in self.way(code) or () if one in self.known), None)


async def plan(desk: Desk, rows: Sequence[Row]) -> None:
    """Find what is bad, and what would write it, parents first."""
    tree = await _tree(desk, rows)
    sound: list[tuple[int, Row]] = []
    for row in rows:
        code = row.get("code")
        if code is None or not desk.once(row, "code", code):
            continue
        _check(desk, tree, row)
        if desk.sound(row):
            sound.append((len(tree.way(code) or ()), row))
    if not desk.findings.rows:
        _write(desk, tree, [row for _, row in sorted(sound, key=lambda one: (one[0], one[1].number))])


async def _tree(desk: Desk, rows: Sequence[Row]) -> _Tree:
    mine: dict[str, Row] = {}
    for row in rows:
        if row.has("code"):
            mine.setdefault(row.get("code"), row)
    known = await desk.office.orgs.by_codes({*mine, *(row.get("parent") for row in rows if row.has("parent"))})
    above = await desk.office.orgs.many({part for one in known.values() for part in one.path.split("/") if part})
    known |= {one.code: one for one in above.values()}
    codes = {one.id: one.code for one in known.values()}
    return _Tree(known, codes, {code: row for row, code in codes.items()}, mine, not await desk.office.orgs.count())


def _check(desk: Desk, tree: _Tree, row: Row) -> None:
    code, old = row.get("code"), tree.known.get(row.get("code"))
    if not _check_parent(desk, tree, row):
        return
    if old is None:
        _check_new(desk, tree, row)
    elif not desk.sees(old):
        desk.bad(row, "code", "taken")
    else:
        desk.paths.add(old.path)
        if row.has("tier") and row.get("tier") != old.tier:
            desk.bad(row, "tier", "fixed")
        if row.has("name") and row.get("name") != old.name and not desk.who.may("org.edit", at(old.path)):
            desk.bad(row, "name", "forbidden")
        base = tree.base(tree.parent(code) or code)
        if _moves(tree, row, old) and not (base and all(desk.who.may("org.create", at(one.path)) for one in (old, base))):
            desk.bad(row, "parent", "forbidden")


def _check_parent(desk: Desk, tree: _Tree, row: Row) -> bool:
    """What it hangs under can be told, and is nothing under it."""
    old, code = tree.known.get(row.get("code")), row.get("code")
    parent = row.get("parent")
    if parent is None:
        first = tree.empty and desk.who.kind == "system" and desk.once(row, "parent", "")
        if not first and (old is None or not desk.sees(old)):
            desk.bad(row, "parent", "required")
        return first or (old is not None and desk.sees(old))
    known = tree.known.get(parent)
    if parent not in tree.rows and (known is None or not desk.sees(known)):
        desk.bad(row, "parent", "missing")
        return False
    if known is not None and known.closed_at is not None and desk.sees(known) and not (old and old.parent == known.id):
        desk.bad(row, "parent", "closed")
    if tree.way(code) is None:
        desk.bad(row, "parent", "loop")
        return False
    tier = tree.rows[parent].get("tier") if parent in tree.rows else known and known.tier
    if tier and row.has("tier") and not below(row.get("tier"), tier):
        desk.bad(row, "tier", "tier")
    return True


def _check_new(desk: Desk, tree: _Tree, row: Row) -> None:
    parent = tree.parent(row.get("code"))
    base = tree.base(parent) if parent else None
    if base is None:
        if parent and not tree.empty:
            desk.bad(row, "parent", "missing")
        return
    desk.paths.add(base.path)
    action = "org.edit" if row.get("tier") == "point" else "org.create"
    if not desk.sees(base):
        desk.bad(row, "parent", "missing")
    elif not desk.who.may(action, at(base.path)):
        desk.bad(row, "parent", "forbidden")


def _moves(tree: _Tree, row: Row, old: Org) -> bool:
    return row.has("parent") and tree.codes.get(old.parent or "") != row.get("parent")


def _write(desk: Desk, tree: _Tree, rows: Sequence[Row]) -> None:
    """New ones are inserted where they will be at the end; then offices move, by the service that takes all under them along."""
    new: list[Org] = []
    renamed: list[Change] = []
    moved: list[Row] = []
    for row in rows:
        code, name = row.get("code"), row.get("name")
        old = tree.known.get(code)
        if old is None:
            new.append(_org(tree, row))
            desk.line("org.create", "org", new[-1].id, new[-1], tier=new[-1].tier)
            desk.kinds.append("new")
            continue
        if name != old.name:
            renamed.append(Change(old.id, old.version, {"name": name}))
            desk.line("org.edit", "org", old.id, old)
        if _moves(tree, row, old):
            moved.append(row)
        desk.kinds.append("changed" if name != old.name or _moves(tree, row, old) else "same")

    async def write(connection: AsyncConnection) -> None:
        await add_orgs(connection, new, desk.office.now())
        await change_many(connection, org, renamed)
        for row in moved:
            await _move(desk, row)

    desk.writes.append(write)


def _org(tree: _Tree, row: Row) -> Org:
    """A new one, at its place in the tree as it will be."""
    code = row.get("code")
    tree.ids[code] = draw()
    ids = [tree.ids[one] for one in reversed(tree.way(code) or ())]
    parent = ids[-2] if len(ids) > 1 else None
    return Org(ids[-1], parent, row.get("tier"), code, row.get("name"), f"/{'/'.join(ids)}/", 1)


async def _move(desk: Desk, row: Row) -> None:
    here, above = [await orgs.by_code(desk.office, desk.who, row.get(name)) for name in ("code", "parent")]
    await orgs.move(desk.office, desk.who, here.id, orgs.MoveOrg(parent=above.id, version=here.version))


async def listed(desk: Desk, paths: Sequence[str], limit: int) -> list[list[str]]:
    """Open organisations of these paths as rows, parents first; a parent the caller may not see stays empty."""
    found = [one for one in await desk.office.orgs.under(paths, limit) if one.closed_at is None]
    above = await desk.office.orgs.many({one.parent for one in found if one.parent})
    tier = desk.table.column("tier").write
    seen = {one.id: one.code for one in above.values() if desk.sees(one)}
    return [[seen.get(one.parent or "", ""), one.code, one.name, tier(one.tier)] for one in sorted(found, key=lambda one: len(one.path))]
