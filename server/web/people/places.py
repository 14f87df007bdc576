"""Organisations in forms about people: chosen from a list, or named by their code where a list would be too long."""

from __future__ import annotations

from aiohttp import web

from server.accounts.caller import Caller, at
from server.domain.orgs import Org
from server.errors import Invalid
from server.web.keys import OFFICE

MOST_PLACES = 500
"""Organisations in one list to choose from."""


async def places(request: web.Request, caller: Caller, action: str) -> list[tuple[str, str]] | None:
    """Open organisations where the caller may do `action`, with their names; None: too many to choose from, and a code is typed."""
    found = await request.app[OFFICE].orgs.under(caller.scopes(action), MOST_PLACES + 1)
    return [(one.id, one.name) for one in found if one.closed_at is None] if len(found) <= MOST_PLACES else None


async def asked_org(request: web.Request, caller: Caller) -> Org | None:
    """The organisation that a list is narrowed to, by id or code. Raises `NotThere`, `Forbidden`."""
    text = request.query.get("org", "").strip()
    if not text:
        return None
    named = await request.app[OFFICE].orgs.by_code(text)
    return await request.app[OFFICE].org(caller, named.id if named else text, "person.see")


async def org_id(request: web.Request, caller: Caller, text: str) -> str:
    """The id of an organisation that was chosen, or whose code was typed. Raises `Invalid`."""
    orgs = request.app[OFFICE].orgs
    if await orgs.get(text) is not None:
        return text
    named = await orgs.by_code(text)
    if named is None or not caller.may("org.see", at(named.path)):
        raise Invalid({"org": "missing"})
    return named.id
