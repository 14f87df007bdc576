"""A lease goes on from the row that was written last, and says when it is lost."""

from __future__ import annotations

import asyncio

import pytest

from server.work.lease import Lease, Lost


async def test_it_goes_on_until_another_has_it() -> None:
    row, now = 110, 0

    async def renew(held: int, until: int) -> int | None:
        nonlocal row
        if held != row:
            return None
        row = until
        return until

    lease = Lease(110, renew, lambda: now, 100)
    for now in (50, 120):
        await lease.go_on()
        assert lease.held == row == now + 100
    row = 999
    with pytest.raises(Lost):
        await lease.go_on()
    assert lease.held == 220


async def test_whoever_is_stopped_gives_it_back_as_it_was_renewed_last() -> None:
    async def renew(_: int, until: int) -> int:
        return until

    given, begun = [], asyncio.Event()

    async def give_back(held: int) -> None:
        given.append(held)

    lease = Lease(10, renew, lambda: 50, 100)

    async def work() -> None:
        async with lease.working(give_back):
            await lease.go_on()
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ValueError, match="broken"):
        async with lease.working(give_back):
            raise ValueError("broken")
    assert given == [150], "what fails is not given back but told by whoever does it"
