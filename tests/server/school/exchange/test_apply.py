"""Writing: all or nothing, whoever else writes meanwhile."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from server.accounts.caller import system
from server.errors import EditConflict
from server.school import orgs, rooms
from server.school.exchange import exchange
from server.school.exchange.specs import TABLES
from server.store.bulk import Change, change_many
from server.store.tables import classroom
from tests.harness.postgres import both_databases
from tests.server.school.exchange.conftest import Trade, bad, counts

pytestmark = both_databases
ROOMS = "学校代码,教室代码,名称,类型,排数,列数\n"
ORGS = "上级代码,代码,名称,层级\n"


def meanwhile(trade: Trade, monkeypatch: pytest.MonkeyPatch, *others: Any) -> list[int]:
    """Between the check and the writing, somebody else does these, one at each try."""
    together, tries = trade.office.acts.together, []

    async def late(*arguments: Any, **named: Any) -> Any:
        if len(tries) < len(others):
            await others[len(tries)]()
        tries.append(1)
        return await together(*arguments, **named)

    monkeypatch.setattr(trade.office.acts, "together", late)
    return tries


async def edit(trade: Trade, room_id: str) -> None:
    room = await trade.office.rooms.get(room_id)
    assert room is not None
    form = rooms.EditRoom(code=room.code, name=room.name + "+", kind="both", seat_rows=1, seat_columns=1, version=room.version)
    await rooms.edit(trade.office, system(), room_id, form)


async def test_a_code_taken_meanwhile_is_found_by_checking_again(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    async def other() -> None:
        await orgs.create(trade.office, system(), "y", orgs.NewOrg(name="别县", code="NEW-1", tier="school"))

    tries = meanwhile(trade, monkeypatch, other)
    report = await trade.apply("x.admin", "orgs", ORGS + "C-x,NEW-2,二,学校\nC-x,NEW-1,一,学校\n")
    assert bad(report) == [(3, "代码", "taken")]
    assert len(tries) == 1
    assert await trade.office.orgs.by_code("NEW-2") is None
    assert [act for act, _ in await trade.acts()] == ["org.create"]


async def test_a_row_changed_meanwhile_is_written_over_knowingly(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = meanwhile(trade, monkeypatch, lambda: edit(trade, "x1.r2"))
    assert counts(await trade.apply("x.admin", "rooms", ROOMS + "C-x1,9,九,两用,5,8\nC-x1,2,二,两用,5,8\n")) == (1, 1, 0)
    assert len(tries) == 2
    room = await trade.office.rooms.get("x1.r2")
    assert room is not None
    assert (room.name, room.version) == ("二", 3)
    assert [act for act, _ in await trade.acts()] == ["room.edit", "room.create", "room.edit", "org.import"]


async def test_it_gives_up_where_somebody_is_always_first(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(trade, monkeypatch, *[lambda: edit(trade, "x1.r2")] * exchange.TRIES)
    with pytest.raises(EditConflict):
        await trade.apply("x.admin", "rooms", ROOMS + "C-x1,9,九,两用,5,8\nC-x1,2,二,两用,5,8\n")
    assert await trade.office.rooms.by_number("x1", "9") is None
    assert {act for act, _ in await trade.acts()} == {"room.edit"}


async def test_two_imports_at_once(trade: Trade) -> None:
    text = ROOMS + "".join(f"C-x1,N{n},教室{n},两用,5,8\n" for n in range(40))
    reports = await asyncio.gather(*(trade.apply("x.admin", "rooms", text) for _ in range(3)))
    assert sorted(counts(report) for report in reports) == [(0, 0, 40), (0, 0, 40), (40, 0, 0)]
    assert len({room.join_code for room in await trade.office.rooms.of("x1")}) == 42
    assert [act for act, _ in await trade.acts()].count("room.create") == 40


async def test_changing_many_is_all_or_nothing(trade: Trade) -> None:
    async def change(*changes: Change) -> None:
        await trade.office.database.write(lambda connection: change_many(connection, classroom, changes))

    await change(Change("x1.r1", 1, {"name": "a"}), Change("x1.r2", 1, {"name": "b"}))
    for wrong in (Change("x1.r2", 1, {"name": "d"}), Change("nowhere", 1, {"name": "d"})):
        with pytest.raises(EditConflict):
            await change(Change("x1.r1", 2, {"name": "c"}), wrong)
    kept = await trade.office.rooms.many(["x1.r1", "x1.r2"])
    assert {room.id: (room.name, room.version) for room in kept.values()} == {"x1.r1": ("a", 2), "x1.r2": ("b", 2)}


async def test_no_cells_break_a_check(trade: Trade) -> None:
    """Cells at random, of things that are there, are not there and make no sense: every check ends with a report."""
    draw = random.Random(5)
    cells = [
        "",
        "C-x",
        "C-x1",
        "C-y1",
        "N-1",
        "N-2",
        "301",
        "1",
        "7",
        "2026",
        "x1.teacher",
        "y1.teacher",
        "li",
        "T-1",
        "01",
        "石桥专递课堂",
    ]
    cells += ["三", "学校", "县", "两用", "助教", "数学", "小学", "一", "每周", "1-99", "'; --", "<b>", "=1", "\u202e", "9" * 30, "T1"]
    for table in TABLES.values():
        for _ in range(15):
            rows = [[draw.choice(cells) for _ in table.columns] for _ in range(draw.randrange(1, 12))]
            text = "\n".join(",".join(row) for row in [table.headers(), *rows])
            for who in ("x.admin", "x1.admin"):
                report = await trade.check(who, table.name, text)
                assert report.ok or report.bad
