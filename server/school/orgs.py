"""The tree of organisations: adding, changing, moving, closing (S2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller, at
from server.accounts.ids import draw
from server.accounts.office import Office, target
from server.domain.orgs import Org, Tier, below
from server.errors import EditConflict, Forbidden, Invalid, NotThere
from server.school.fields import Code, Id, Name, Version
from server.store.orgs import add_org, change_org, has_open_children, move_paths, read_org

TREE = "org tree"
"""Name of the lock of whoever adds, moves or closes."""


class NewOrg(msgspec.Struct, frozen=True, kw_only=True):
    """A new organisation under another."""

    name: Name
    code: Code
    tier: Tier


class EditOrg(msgspec.Struct, frozen=True, kw_only=True):
    """Its name and code."""

    name: Name
    code: Code
    version: Version


class RulesOfSchool(msgspec.Struct, frozen=True, kw_only=True):
    """What a school's lessons do: whose calls count (S22), whether pupils' devices are let in (S5), whether
    recording begins by itself (S13).
    """

    calls: Literal["0", "1"]
    phones: Literal["0", "1"]
    record: Literal["0", "1"]
    version: Version


class MoveOrg(msgspec.Struct, frozen=True, kw_only=True):
    """It hangs under another from now on."""

    parent: Id
    version: Version


class CloseOrg(msgspec.Struct, frozen=True, kw_only=True):
    """Close, or open again."""

    closed: Literal["0", "1"]
    version: Version


async def create(office: Office, who: Caller, parent_id: str, form: NewOrg) -> Org:
    """Add one. A school may add its own teaching points; everything else is an office's matter. Raises `Invalid`, `Taken`."""
    parent = await office.org(who, parent_id, "org.edit" if form.tier == "point" else "org.create")
    if not below(form.tier, parent.tier) or parent.closed_at is not None:
        raise Invalid({"tier": "choice"})
    row = draw()
    new = Org(row, parent.id, form.tier, form.code, form.name, f"{parent.path}{row}/", 1)
    return await _add(office, who, new, parent)


async def create_root(office: Office, who: Caller, form: NewOrg) -> Org:
    """The first one; only the command line may. Raises `Forbidden` where there is one already."""
    if who.kind != "system" or await office.orgs.count():
        raise Forbidden("there is a root already")
    row = draw()
    return await _add(office, who, Org(row, None, form.tier, form.code, form.name, f"/{row}/", 1))


async def _add(office: Office, who: Caller, new: Org, parent: Org | None = None) -> Org:
    async def work(connection: AsyncConnection) -> Org:
        await _unchanged(connection, parent)
        await add_org(connection, new, office.now())
        return new

    about = target("org", new.id, new)
    return await office.acts.do(who, "org.create", about, work, locks=(TREE,), unique="code", details={"tier": new.tier})


async def _unchanged(connection: AsyncConnection, *known: Org | None) -> None:
    """They were neither moved nor closed since they were read, and are not until the commit (`TREE`): paths are made of them.

    Raises `EditConflict`.
    """
    for one in known:
        now = await read_org(connection, one.id) if one else None
        if one and (now is None or (now.path, now.closed_at) != (one.path, one.closed_at)):
            raise EditConflict


async def edit(office: Office, who: Caller, org_id: str, form: EditOrg) -> Org:
    """Change name and code. Raises `EditConflict`, `Taken`."""
    org = await office.org(who, org_id, "org.edit")

    async def work(connection: AsyncConnection) -> Org:
        await change_org(connection, org.id, form.version, name=form.name, code=form.code)
        return replace(org, name=form.name, code=form.code, version=form.version + 1)

    return await office.acts.do(who, "org.edit", target("org", org.id, org), work, unique="code")


async def set_rules(office: Office, who: Caller, org_id: str, form: RulesOfSchool) -> None:
    """Change the rules of a school's lessons. Raises `Invalid`, `EditConflict`."""
    org = await office.org(who, org_id, "org.edit")
    if org.tier not in ("school", "point"):
        raise Invalid({"org": "choice"})

    async def work(connection: AsyncConnection) -> None:
        await change_org(connection, org.id, form.version, **wanted)

    wanted = {"term_calls": form.calls == "1", "seat_phones": form.phones == "1", "auto_record": form.record == "1"}
    said: dict[str, str | int] = {"calls": form.calls, "phones": form.phones, "record": form.record}
    await office.acts.do(who, "org.rules", target("org", org.id, org), work, details=said)


async def move(office: Office, who: Caller, org_id: str, form: MoveOrg) -> None:
    """Hang it under another, with all that is under it; the caller needs rights at both ends. Raises `Invalid`, `EditConflict`."""
    org = await office.org(who, org_id, "org.create")
    parent = await office.orgs.get(form.parent)
    if parent is None or not who.may("org.create", at(parent.path)):
        raise Invalid({"parent": "missing"})
    if parent.path.startswith(org.path) or not below(org.tier, parent.tier) or parent.closed_at is not None:
        raise Invalid({"parent": "choice"})

    async def work(connection: AsyncConnection) -> None:
        await _unchanged(connection, org, parent)
        await change_org(connection, org.id, form.version, parent=parent.id)
        await move_paths(connection, org.path, f"{parent.path}{org.id}/")

    said: dict[str, str | int] = {"from": org.parent or "", "to": parent.id}
    await office.acts.do(who, "org.move", target("org", org.id, org), work, locks=(TREE,), details=said)


async def close(office: Office, who: Caller, org_id: str, form: CloseOrg) -> None:
    """Close or reopen; nothing is open under what is closed. Raises `Invalid`, `EditConflict`."""
    org = await office.org(who, org_id, "org.edit")
    closing = form.closed == "1"

    async def work(connection: AsyncConnection) -> None:
        if closing and await has_open_children(connection, org.id):
            raise Invalid({"closed": "children"})
        above = await read_org(connection, org.parent) if org.parent and not closing else None
        if above is not None and above.closed_at is not None:
            raise Invalid({"closed": "above"})
        await change_org(connection, org.id, form.version, closed_at=office.now() if closing else None)

    await office.acts.do(who, "org.close" if closing else "org.reopen", target("org", org.id, org), work, locks=(TREE,))


async def crumbs(office: Office, who: Caller, org: Org) -> list[Org]:
    """The way down to it, from the first one the caller may see."""
    return [one for one in await office.orgs.ancestors(org.path) if who.may("org.see", at(one.path))]


async def tops(office: Office, who: Caller) -> list[Org]:
    """Where the caller's part of the tree begins."""
    scopes = set(who.scopes("org.see"))
    if who.kind == "system":
        return [one for one in await office.orgs.under(["/"]) if one.parent is None]
    ids = {path.rstrip("/").rsplit("/", 1)[-1] for path in scopes}
    return sorted((await office.orgs.many(ids)).values(), key=lambda one: one.path)


async def by_code(office: Office, who: Caller, code: str) -> Org:
    """The organisation of a code, if the caller may see it; raises `NotThere`."""
    found = await office.orgs.by_code(code)
    if found is None or not who.may("org.see", at(found.path)):
        raise NotThere
    return found
