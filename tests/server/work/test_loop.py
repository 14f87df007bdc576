"""A loop takes its step while there may be more, waits for a poke, and outlives what fails."""

from __future__ import annotations

import asyncio

import pytest

from server.work.loop import Loop

LONG = 3600.0


async def test_steps_follow_while_there_may_be_more_and_after_a_poke() -> None:
    taken, rest = [], asyncio.Event()

    async def step() -> bool:
        taken.append(len(taken))
        if len(taken) in (3, 4):
            rest.set()
        return len(taken) < 3

    loop = Loop("test", step, LONG)
    loop.start()
    await asyncio.wait_for(rest.wait(), 5)
    assert taken == [0, 1, 2]
    rest.clear()
    loop.poke()
    await asyncio.wait_for(rest.wait(), 5)
    assert taken == [0, 1, 2, 3]
    await loop.stop()


async def test_a_poke_during_a_step_is_not_lost() -> None:
    taken, again = [], asyncio.Event()

    async def step() -> bool:
        taken.append(1)
        if len(taken) == 1:
            loop.poke()
        else:
            again.set()
        return False

    loop = Loop("test", step, LONG)
    loop.start()
    await asyncio.wait_for(again.wait(), 5)
    await loop.stop()


async def test_one_that_fails_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tried, well = [], asyncio.Event()

    async def step() -> bool:
        tried.append(1)
        if len(tried) == 1:
            raise ValueError("broken")
        well.set()
        return False

    loop = Loop("the test", step, 0.001)
    loop.start()
    await asyncio.wait_for(well.wait(), 5)
    await loop.stop()
    assert "the test failed" in caplog.text


async def test_its_end_cancels_the_step() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def step() -> bool:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return False

    loop = Loop("test", step, LONG)
    await loop.stop()  # one that never began
    loop.start()
    await asyncio.wait_for(begun.wait(), 5)
    await loop.stop()
    assert ended.is_set()
