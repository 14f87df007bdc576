"""The seating plan's page: what is over stays as it was."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert

from server.store import tables as t
from server.web import keys
from tests.harness.zones import SCHOOL_ZONE
from tests.server.web.conftest import Town

PATH = "/classes/x1.c1/plans/x1.r2"


async def test_a_plan_that_is_over_is_shown_and_followed_by_a_new_one(town: Town) -> None:
    today = dt.datetime.now(SCHOOL_ZONE).date().isoformat()
    plan = {"id": "p1", "school_class": "x1.c1", "classroom": "x1.r2", "valid_from": "2026-01-05", "created": 0}

    async def write(connection) -> None:
        await connection.execute(insert(t.seating_plan).values(**plan))
        await connection.execute(insert(t.seat).values(plan="p1", seat=3, student="x1.c1.s4"))

    await town.web.app[keys.STORE].database.write(write)
    teacher = town.browser("x1.teacher")
    for address in (PATH, f"{PATH}?day=2026-01-05", f"{PATH}?day=2026-02-01"):
        page = await (await teacher.get(address, page=True)).text()
        assert f'value="{today}"' in page
        assert 'name="seat.3" value="04"' in page
        assert 'name="version"' not in page
    late = await teacher.post(PATH, {"valid_from": "2026-01-05", "version": 1, "seat.1": "01"}, page=True)
    assert late.status == 422
    assert 'name="seat.1" value="01"' in await late.text()
    assert (await teacher.post(PATH, {"valid_from": today, "seat.1": "01"})).status == 200
    plans = await town.web.app[keys.OFFICE].plans.of_class("x1.c1")
    assert [(one.valid_from, dict(one.seats)) for one in plans] == [(today, {1: "x1.c1.s1"}), ("2026-01-05", {3: "x1.c1.s4"})]
    assert 'name="version"' in await (await teacher.get(PATH, page=True)).text()


async def test_each_field_is_named(town: Town) -> None:
    teacher = town.browser("x1.teacher")
    for form, wrong in (
        ({"valid_from": "2030-01-01", "version": "9" * 20}, "version"),
        ({"valid_from": "2030-01-01", "version": "٣"}, "version"),
        ({"valid_from": "٢٠٣٠-01-01"}, "valid_from"),
        ({"valid_from": "2030-02-30"}, "valid_from"),
        ({}, "valid_from"),
        ({"valid_from": "2030-01-01", "seat.1": "x" * 5000}, "seat.1"),
    ):
        answer = await teacher.post(PATH, form)
        assert answer.status == 422
        assert set((await answer.json())["error"]["fields"]) == {wrong}
    assert (await teacher.get(f"{PATH}?day=٢٠٢٦-٠١-٠١")).status == 422
