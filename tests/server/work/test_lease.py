"""A lease goes on from the row that was written last, and says when it is lost."""

from __future__ import annotations

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
