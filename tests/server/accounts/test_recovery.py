"""Recovery codes: each lets its owner in once, when the phone is gone."""

from __future__ import annotations

import asyncio
import re

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from server.accounts import cookies, totp
from server.accounts.caller import Caller
from server.accounts.recovery import MANY, draw_code, looks_like_one, plain
from server.accounts.resets import Resets
from server.accounts.throttle import FREE
from server.errors import BadLogin, Forbidden, Invalid, NotThere, TooMany
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, Services

ME, ADDRESS = "x1.teacher", "203.0.113.7"


async def enrol(process: Services, person: str = ME) -> tuple[str, tuple[str, ...]]:
    """A second factor for somebody: its secret, and the codes that were shown."""
    await process.password(person)
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).at(process.clock.now // 1000)
    done = await process.logins.enrol(await process.caller(person), secret, code, password=PASSWORD)
    process.clock.now += 60_000
    return secret, done.codes


async def halfway(process: Services, person: str = ME) -> Caller:
    """Logged in with the password; the code is asked."""
    begun = await process.logins.person(person, PASSWORD, ADDRESS)
    caller = await process.gate.caller({cookies.SESSION: begun.bearer.text})
    assert caller.must == "code"
    return caller


@both_databases
async def test_ten_are_shown_once_and_only_their_indexes_are_kept(process: Services) -> None:
    _, codes = await enrol(process)
    assert len(set(codes)) == MANY
    assert all(re.fullmatch(r"\d{4} \d{4} \d{4}", code) for code in codes)
    kept = [row.code_index for row in await process.store.database.read(select(t.recovery_code.c.code_index))]
    assert len(kept) == MANY
    assert not [index for index in kept for code in codes if plain(code) in index]
    assert await process.logins.recovery.left(ME) == MANY


@both_databases
async def test_one_stands_for_a_code_and_is_gone(process: Services) -> None:
    _, codes = await enrol(process)
    bearer = await process.logins.code(await halfway(process), codes[3].replace(" ", "-"))
    caller = await process.gate.caller({cookies.SESSION: bearer.text})
    assert (caller.id, caller.must) == (ME, "")
    assert await process.logins.recovery.left(ME) == MANY - 1
    with pytest.raises(BadLogin):
        await process.logins.code(await halfway(process), codes[3])
    assert (await process.acts())[-1] == "recovery.use"
    line = await process.line()
    assert codes[3] not in str(line)


@both_databases
async def test_a_crowd_with_one_code_is_one(pair: tuple[Services, Services]) -> None:
    one, other = pair
    _, codes = await enrol(one)
    callers = [await halfway(one) for _ in range(6)]
    tries = [(one if n % 2 else other).logins.code(caller, codes[0]) for n, caller in enumerate(callers)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in found if not isinstance(each, cookies.Bearer)] == [BadLogin] * 5


@both_databases
async def test_nobody_elses_code_counts(process: Services) -> None:
    _, codes = await enrol(process, "x2.teacher")
    await enrol(process)
    with pytest.raises(BadLogin):
        await process.logins.code(await halfway(process), codes[0])
    assert await process.logins.recovery.left("x2.teacher") == MANY


async def test_guesses_are_throttled_like_codes(process: Services) -> None:
    _, codes = await enrol(process)
    caller = await halfway(process)
    for n in range(FREE["code"]):
        with pytest.raises(BadLogin):
            await process.logins.code(caller, f"{n:012}" if n % 2 else f"{n:06}")
    with pytest.raises(TooMany):
        await process.logins.code(caller, codes[0])
    process.clock.now += 3_000
    await process.logins.code(caller, codes[0])


async def test_new_ones_need_a_code_and_end_the_old_ones(process: Services) -> None:
    secret, old = await enrol(process)
    caller = await process.gate.caller({cookies.SESSION: (await process.logins.code(await halfway(process), old[0])).text})
    with pytest.raises(Invalid):
        await process.logins.renew_codes(caller, "000000")
    with pytest.raises(Invalid):
        await process.logins.renew_codes(caller, old[0])
    new = await process.logins.renew_codes(caller, pyotp.TOTP(secret).at(process.clock.now // 1000))
    assert not set(new) & set(old)
    assert (await process.acts())[-1] == "recovery.renew"
    with pytest.raises(BadLogin):
        await process.logins.code(await halfway(process), old[1])
    newer = await process.logins.renew_codes(caller, new[0])
    assert await process.logins.recovery.left(ME) == len(newer) == MANY


async def test_a_new_second_factor_has_new_codes(process: Services) -> None:
    _, old = await enrol(process)
    caller = await process.gate.caller({cookies.SESSION: (await process.logins.code(await halfway(process), old[0])).text})
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).at(process.clock.now // 1000)
    new = (await process.logins.enrol(caller, secret, code, current=old[2])).codes
    assert await process.logins.recovery.left(ME) == MANY
    with pytest.raises(BadLogin):
        await process.logins.code(await halfway(process), old[1])
    await process.logins.code(await halfway(process), new[1])


# --- what an admin takes back ------------------------------------------------------------------------------------------


def resets(process: Services) -> Resets:
    return Resets(process.office, process.people, process.sessions, process.logins.recovery)


@both_databases
async def test_an_admin_removes_the_second_factor_of_who_lost_everything(process: Services) -> None:
    _, codes = await enrol(process)
    inside = await process.logins.code(await halfway(process), codes[0])
    await resets(process).do(await process.caller("x1.admin"), ME, "totp")
    assert (await process.gate.caller({cookies.SESSION: inside.text})).kind == "nobody"
    begun = await process.logins.person(ME, PASSWORD, ADDRESS)
    assert not begun.needs_code
    assert await process.logins.recovery.left(ME) == 0
    assert (await process.acts())[-1] == "reset.totp"
    assert not await process.store.database.read(select(t.content.c.id).where(t.content.c.kind == "totp"))


@pytest.mark.parametrize(
    ("who", "whom", "refusal"),
    [
        ("x1.teacher", "x1.assistant", NotThere),
        ("y.admin", "x1.teacher", NotThere),
        ("x.inspector", "x1.teacher", Forbidden),
        ("x1.admin", "x.admin", NotThere),
    ],
)
async def test_nobody_else_may(process: Services, who: str, whom: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await resets(process).do(await process.caller(who), whom, "totp")
    assert await process.acts() == []


async def test_nobody_takes_it_from_who_stands_above(process: Services) -> None:
    """An admin of the school keeps the account of somebody who is the county's admin too."""
    await process.role("x1.teacher", "admin", "x")
    with pytest.raises(Forbidden):
        await resets(process).do(await process.caller("x1.admin"), "x1.teacher", "totp")


async def test_who_is_erased_has_no_codes_left(process: Services) -> None:
    await enrol(process)
    await process.people.erase(await process.caller("x1.admin"), ME, 1)
    assert await process.logins.recovery.left(ME) == 0


# --- pure --------------------------------------------------------------------------------------------------------------


def test_a_drawn_code_looks_like_one() -> None:
    assert all(looks_like_one(draw_code()) for _ in range(50))


@pytest.mark.parametrize(
    "text", ["", "123456", "123 456", "1234 5678 901", "1234 5678 9012 3", "１２３４５６７８９０１２", "12345678901a", "-" * 12]
)
def test_other_texts_do_not(text: str) -> None:
    assert not looks_like_one(text)


@given(st.text(max_size=30))
def test_whatever_looks_like_one_is_twelve_digits(text: str) -> None:
    assert looks_like_one(text) == bool(re.fullmatch(r"[0-9]{12}", plain(text)))
