"""Identities at an OIDC provider: bound once, to one person, and worth nothing by themselves. The way there and back: tests/server/web."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from server.accounts import cookies
from server.accounts.id_token import Who
from server.accounts.identities import Identities
from server.accounts.oidc_flow import LIVES_MS, begin
from server.accounts.proofs import FRESH_MS
from server.accounts.resets import Resets
from server.errors import AppError, Forbidden, Invalid, LinkInvalid, LoginStale, OidcTaken, OidcUnknown, TooMany
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, Services

pytestmark = both_databases
ME = "x1.teacher"
WHO = Who("https://login.example", "u-1", False)


def identities(process: Services) -> Identities:
    return Identities(process.store.database, process.office.acts, process.logins, process.clock)


async def invitation(process: Services) -> str:
    return await process.people.invite(await process.caller("x1.admin"), ME, "invitation")


async def test_a_way_comes_back_once(pair: tuple[Services, Services]) -> None:
    flow = begin("https://c.example/back", "login", "", "/", pair[0].clock.now)
    found = await asyncio.gather(*(identities(pair[n % 2]).spend(flow) for n in range(6)), return_exceptions=True)
    assert sorted(str(getattr(each, "code", "done")) for each in found) == ["done", *["oidc.refused"] * 5]


async def test_spent_ways_are_swept_once_they_are_old(process: Services) -> None:
    await identities(process).spend(begin("b", "login", "", "/", process.clock.now))
    process.clock.now += LIVES_MS + 1
    await identities(process).spend(begin("b", "login", "", "/", process.clock.now))
    assert len(await process.store.database.read(select(t.oidc_spent))) == 1


async def test_only_what_was_bound_opens(process: Services) -> None:
    with pytest.raises(OidcUnknown):
        await identities(process).enter(WHO)
    await identities(process).bind(await process.caller(ME), WHO)
    bearer = (await identities(process).enter(WHO)).bearer
    assert (await process.gate.caller({cookies.SESSION: bearer.text})).id == ME
    for other in (Who("https://login.example", "u-2", False), Who("https://other.example", "u-1", False)):
        with pytest.raises(OidcUnknown):
            await identities(process).enter(other)
    assert await process.acts() == ["self.oidc"]


async def test_binding_again_changes_nothing(process: Services) -> None:
    for _ in range(2):
        await identities(process).bind(await process.caller(ME), WHO)
    assert await process.acts() == ["self.oidc"]
    with pytest.raises(OidcTaken):
        await identities(process).bind(await process.caller("x2.teacher"), WHO)


async def test_two_people_at_once_are_one(pair: tuple[Services, Services]) -> None:
    callers = [await pair[0].caller(who) for who in ("x1.teacher", "x2.teacher")]
    found = await asyncio.gather(*(identities(pair[n]).bind(callers[n], WHO) for n in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["NoneType", "OidcTaken"]


async def test_binding_takes_the_password(process: Services) -> None:
    await process.password(ME)
    me = await process.caller(ME)
    for password, wrong in (("", "required"), ("another word", "wrong")):
        with pytest.raises(Invalid) as caught:
            await identities(process).bind(me, WHO, password)
        assert caught.value.fields == {"password": wrong}
    with pytest.raises(OidcUnknown):
        await identities(process).enter(WHO)
    await identities(process).bind(me, WHO, PASSWORD)
    assert await identities(process).enter(WHO)
    other = Who("https://login.example", "u-2", False)
    for _ in range(5):
        with pytest.raises(Invalid):
            await identities(process).bind(me, other, "another word")
    with pytest.raises(TooMany):
        await identities(process).bind(me, other, PASSWORD)


async def test_an_account_without_a_password_binds_right_after_its_login(process: Services) -> None:
    process.clock.now += FRESH_MS
    with pytest.raises(LoginStale):
        await identities(process).bind(await process.caller(ME), WHO)
    fresh = await process.sessions.begin(person=ME)
    await identities(process).bind(await process.gate.caller({cookies.SESSION: fresh.text}), WHO)
    assert await process.acts() == ["self.oidc"]


@pytest.mark.parametrize("who", ["x1.c1.s1", "x1.d1"])
async def test_only_people_have_identities(process: Services, who: str) -> None:
    with pytest.raises(Forbidden):
        await identities(process).bind(await process.caller(who), WHO)


async def test_an_invitation_is_taken_once(pair: tuple[Services, Services]) -> None:
    token = await invitation(pair[0])
    found = await asyncio.gather(*(identities(one).redeem(token, WHO) for one in pair), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found)[0] == "Begun"
    assert all(isinstance(each, AppError) for each in found if type(each).__name__ != "Begun")
    assert (await pair[0].line()).details == '{"by":"oidc"}'
    with pytest.raises(LinkInvalid):
        await identities(pair[0]).redeem(token, Who("https://login.example", "u-2", False))


async def test_a_taken_identity_spends_no_invitation(process: Services) -> None:
    await identities(process).bind(await process.caller("x2.teacher"), WHO)
    token = await invitation(process)
    with pytest.raises(OidcTaken):
        await identities(process).redeem(token, WHO)
    await identities(process).redeem(token, Who("https://login.example", "u-2", False))


async def test_a_reset_is_no_invitation(process: Services) -> None:
    token = await process.people.invite(await process.caller("x1.admin"), ME, "reset")
    with pytest.raises(LinkInvalid):
        await identities(process).redeem(token, WHO)


async def test_ending_it_ends_nothing_else_but_keeps_a_way_in(process: Services) -> None:
    me = await process.caller(ME)
    await identities(process).bind(me, WHO)
    with pytest.raises(Forbidden):
        await identities(process).end(me)
    await process.password(ME)
    await identities(process).end(me)
    with pytest.raises(OidcUnknown):
        await identities(process).enter(WHO)
    assert await identities(process).of(ME) == []


async def test_an_admin_ends_it_and_all_sessions(process: Services) -> None:
    await identities(process).bind(await process.caller(ME), WHO)
    inside = (await identities(process).enter(WHO)).bearer
    resets = Resets(process.office, process.people, process.sessions, process.logins.recovery)
    await resets.do(await process.caller("x1.admin"), ME, "oidc")
    assert (await process.gate.caller({cookies.SESSION: inside.text})).kind == "nobody"
    with pytest.raises(OidcUnknown):
        await identities(process).enter(WHO)
    assert (await process.acts())[-1] == "reset.oidc"


@pytest.mark.parametrize("how", ["disable", "erase"])
async def test_a_shut_or_erased_account_is_not_entered(process: Services, how: str) -> None:
    await identities(process).bind(await process.caller(ME), WHO)
    admin = await process.caller("x1.admin")
    await (process.people.erase(admin, ME, 1) if how == "erase" else process.people.disable(admin, ME, 1, disabled=True))
    with pytest.raises(OidcUnknown):
        await identities(process).enter(WHO)
    assert len(await identities(process).of(ME)) == (0 if how == "erase" else 1)
