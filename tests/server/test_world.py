"""The tests' two counties can be written and asked for, on both databases."""

from __future__ import annotations

import pytest

from server.accounts.caller import Caller
from server.store.schedule import Schedule
from tests.harness.postgres import both_databases
from tests.server import world
from tests.server.conftest import Office

pytestmark = both_databases


@pytest.mark.parametrize("who", ["x.admin", "x1.teacher", "x1.c1.s1", "x1.c1.s1.parent", "x1.d1"])
async def test_the_gate_knows_everybody_of_the_world(office: Office, who: str) -> None:
    caller = await office.caller(who)
    assert isinstance(caller, Caller)
    assert caller.grants


async def test_the_lesson_lies_in_the_schedule(office: Office) -> None:
    schedule = Schedule(office.database)
    for found in (
        await schedule.booked(["room:y1.r1"], world.NOW, world.NOW + world.HOUR),
        await schedule.under([office.world.paths["y"]], world.NOW, world.NOW + world.HOUR),
        await schedule.many(["lesson.x"]),
    ):
        assert [one.id for one in found] == ["lesson.x"]
        assert set(found[0].rooms) == {"x2.r1", "y1.r1"}
