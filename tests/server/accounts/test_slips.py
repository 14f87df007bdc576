"""One-time papers: worth something once, for a while, and only the last one of its kind."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from server.accounts import cookies
from server.accounts.slips import KEPT_MS, LIVES_MS, SlipKind
from server.errors import LinkExpired, LinkInvalid
from server.store.tables import slip
from tests.harness.postgres import both_databases
from tests.server.services import Services

pytestmark = both_databases


async def issue(process: Services, kind: SlipKind = "invitation", subject: str = "x1.teacher") -> str:
    return await process.store.database.write(lambda connection: process.people.slips.issue(connection, kind, subject, "x1.admin"))


async def test_a_slip_says_what_it_is_worth_until_its_time_is_over(process: Services) -> None:
    slips, token = process.people.slips, await issue(process)
    one = await slips.peek(token)
    assert (one.kind, one.subject, one.issued_by) == ("invitation", "x1.teacher", "x1.admin")
    assert await slips.pending("invitation", "x1.teacher") == one.expires_at == process.clock.now + LIVES_MS["invitation"]
    process.clock.now = one.expires_at
    with pytest.raises(LinkExpired):
        await slips.peek(token)
    with pytest.raises(LinkInvalid):
        await process.store.database.write(lambda connection: slips.use(connection, one))
    assert await slips.pending("invitation", "x1.teacher") is None


async def test_only_the_last_one_of_a_kind_counts(process: Services) -> None:
    first, reset = await issue(process), await issue(process, "reset")
    second = await issue(process)
    with pytest.raises(LinkInvalid):
        await process.people.slips.peek(first)
    for token in (second, reset):
        assert await process.people.slips.peek(token)


@pytest.mark.parametrize(
    "change", [lambda text: text[:-1] + "_", lambda text: "", lambda text: text.partition(".")[0], lambda text: "x." + text]
)
async def test_a_token_that_was_altered_is_nothing(process: Services, change) -> None:
    token = await issue(process)
    with pytest.raises(LinkInvalid):
        await process.people.slips.peek(change(token))


async def test_redeemed_twice_at_once_it_lets_one_in(pair: tuple[Services, Services]) -> None:
    one, other = pair
    token = await issue(one)
    outcomes = await asyncio.gather(
        one.logins.redeem(token, "first", "a long enough word"),
        other.logins.redeem(token, "second", "a long enough word"),
        return_exceptions=True,
    )
    winners = [bearer for bearer in outcomes if isinstance(bearer, cookies.Bearer)]
    assert len(winners) == 1
    assert [type(error) for error in outcomes if isinstance(error, BaseException)] == [LinkInvalid]
    assert (await one.acts()).count("slip.invitation") == 1
    caller = await other.gate.caller({cookies.SESSION: winners[0].text})
    assert (caller.id, caller.login) == ("x1.teacher", "first" if isinstance(outcomes[0], cookies.Bearer) else "second")


async def test_old_ones_are_swept(process: Services) -> None:
    await issue(process)
    await issue(process, "parent", "x1.c1.s1")
    process.clock.now += LIVES_MS["invitation"] + KEPT_MS + 1
    await issue(process, "reset")
    rows = await process.store.database.read(select(slip.c.kind).order_by(slip.c.kind))
    assert [row.kind for row in rows] == ["parent", "reset"], "a parent's lives longer"
