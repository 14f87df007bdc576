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
from server.errors import Forbidden, Invalid, NotThere
from server.school.fields import Code, Id, Name, Version
from server.store.orgs import add_org, change_org, move_paths


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
    return await _add(office, who, new)


async def create_root(office: Office, who: Caller, form: NewOrg) -> Org:
    """The first one; only the command line may. Raises `Forbidden` where there is one already."""
    if who.kind != "system" or await office.orgs.count():
        raise Forbidden("there is a root already")
    row = draw()
    return await _add(office, who, Org(row, None, form.tier, form.code, form.name, f"/{row}/", 1))


async def _add(office: Office, who: Caller, new: Org) -> Org:
    async def work(connection: AsyncConnection) -> Org:
        await add_org(connection, new, office.now())
        return new

    return await office.acts.do(who, "org.create", target("org", new.id, new), work, unique="code", details={"tier": new.tier})


async def edit(office: Office, who: Caller, org_id: str, form: EditOrg) -> Org:
    """Change name and code. Raises `EditConflict`, `Taken`."""
    org = await office.org(who, org_id, "org.edit")

    async def work(connection: AsyncConnection) -> Org:
        await change_org(connection, org.id, form.version, name=form.name, code=form.code)
        return replace(org, name=form.name, code=form.code, version=form.version + 1)

    return await office.acts.do(who, "org.edit", target("org", org.id, org), work, unique="code")


async def move(office: Office, who: Caller, org_id: str, form: MoveOrg) -> None:
    """Hang it under another, with all that is under it; the caller needs rights at both ends. Raises `Invalid`, `EditConflict`."""
    org = await office.org(who, org_id, "org.create")
    parent = await office.orgs.get(form.parent)
    if parent is None or not who.may("org.create", at(parent.path)):
        raise Invalid({"parent": "missing"})
    if parent.path.startswith(org.path) or not below(org.tier, parent.tier) or parent.closed_at is not None:
        raise Invalid({"parent": "choice"})

    async def work(connection: AsyncConnection) -> None:
        await change_org(connection, org.id, form.version, parent=parent.id)
        await move_paths(connection, org.path, f"{parent.path}{org.id}/")

    said: dict[str, str | int] = {"from": org.parent or "", "to": parent.id}
    await office.acts.do(who, "org.move", target("org", org.id, org), work, locks=("org tree",), details=said)


async def close(office: Office, who: Caller, org_id: str, form: CloseOrg) -> None:
    """Close or reopen; what is open under it must be closed first. Raises `Invalid`, `EditConflict`."""
    org = await office.org(who, org_id, "org.edit")
    closing = form.closed == "1"
    if closing and any(child.closed_at is None for child in await office.orgs.children(org.id)):
        raise Invalid({"closed": "children"})

    async def work(connection: AsyncConnection) -> None:
        await change_org(connection, org.id, form.version, closed_at=office.now() if closing else None)

    await office.acts.do(who, "org.close" if closing else "org.reopen", target("org", org.id, org), work)


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
