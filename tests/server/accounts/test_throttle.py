"""Failed logins make one wait, longer each time, and whole crowds of guesses get no more tries than one after the other."""

from __future__ import annotations

import asyncio

import pytest

from server.accounts.throttle import FORGOTTEN_MS, FREE, LONGEST_S, Throttle, wait_ms
from server.errors import TooMany
from tests.harness.postgres import both_databases
from tests.server.services import Services

ME = ("account", "wang.fang")


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_ms("account", failures) // 1000 for failures in range(4, 20)]
    assert waits[:4] == [0, 2, 4, 8]
    assert max(waits) == LONGEST_S
    assert wait_ms("address", FREE["address"] - 1) == 0


async def wait(throttle: Throttle, *who: tuple[str, str]) -> int:
    """Seconds that a try must wait; 0: it was let through."""
    try:
        await throttle.begin(*who)
    except TooMany as refused:
        return int(refused.params["retry_after"])
    return 0


@both_databases
async def test_the_fifth_try_makes_the_next_wait_and_a_success_forgets(process: Services) -> None:
    throttle = process.logins.throttle
    assert [await wait(throttle, ME) for _ in range(6)] == [0, 0, 0, 0, 0, 2]
    assert await wait(throttle, ("account", "  WANG.Fang ")) == 2, "another spelling is the same account"
    assert await wait(throttle, ("account", "li.si")) == 0
    assert await wait(throttle, ("code", "wang.fang")) == 0, "kinds do not count for each other"
    process.clock.now += 2_000
    assert [await wait(throttle, ME) for _ in range(2)] == [0, 4]
    process.clock.now += 4_000
    assert await wait(throttle, ME) == 0
    await throttle.succeeded(*ME)
    assert [await wait(throttle, ME) for _ in range(5)] == [0] * 5


@both_databases
async def test_an_address_waits_only_after_fifty_failures_and_right_ones_do_not_count(process: Services) -> None:
    throttle, school = process.logins.throttle, ("address", "203.0.113.7")
    for number in range(FREE["address"] + 10):
        assert await wait(throttle, ("student", str(number)), school) == 0
    for _ in range(FREE["address"]):
        await throttle.failed(school)
    assert await wait(throttle, ("student", "new"), school) == 2
    assert await wait(throttle, ("student", "new"), ("address", "203.0.113.8")) == 0


@both_databases
async def test_everything_is_forgotten_after_an_hour(process: Services) -> None:
    throttle = process.logins.throttle
    for _ in range(5):
        await throttle.begin(ME)
    assert await wait(throttle, ME) == 2
    process.clock.now += FORGOTTEN_MS
    assert [await wait(throttle, ME) for _ in range(5)] == [0] * 5


@both_databases
async def test_a_crowd_of_guesses_in_two_processes_has_five_tries(pair: tuple[Services, Services]) -> None:
    waits = await asyncio.gather(*(wait(one.logins.throttle, ME) for one in pair for _ in range(15)))
    assert sorted(waits) == [0] * 5 + [2] * 25


@both_databases
async def test_two_processes_count_no_failure_less(pair: tuple[Services, Services]) -> None:
    school = ("address", "203.0.113.7")
    await asyncio.gather(*(one.logins.throttle.failed(school) for one in pair for _ in range(FREE["address"] // 2)))
    with pytest.raises(TooMany):
        await pair[0].logins.throttle.begin(ME, school)
