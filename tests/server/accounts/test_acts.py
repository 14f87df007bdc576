"""An act and its line are one."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from server.accounts.acts import Target
from server.accounts.caller import system
from server.errors import Taken
from server.store.tables import audit, classroom
from tests.harness.postgres import both_databases
from tests.server.conftest import Office

pytestmark = both_databases
TARGET = Target("room", "x1.r9", "/n/x1/")


def room(code: str, name: str = "9号教室"):
    row = {"id": f"x1.r{code}", "org": "x1", "code": code, "name": name, "kind": "both", "seat_rows": 1, "seat_columns": 1}

    async def work(connection) -> str:
        await connection.execute(insert(classroom).values(**row, join_code=f"9{code}", created=1))
        return code

    return work


async def lines(office: Office):
    return await office.database.read(select(audit).order_by(audit.c.seq))


async def test_the_change_and_its_line_are_written_together(office: Office) -> None:
    who = await office.caller("x1.admin")
    assert await office.acts.do(who, "room.create", TARGET, room("9"), details=lambda code: {"code": code}) == "9"
    line = (await lines(office))[0]
    assert (line.seq, line.actor, line.actor_kind, line.act) == (1, "x1.admin", "person", "room.create")
    assert (line.target_kind, line.target, line.path, line.details) == ("room", "x1.r9", "/n/x1/", '{"code":"9"}')
    assert line.at == office.clock.now


async def test_what_fails_leaves_neither(office: Office) -> None:
    async def fails(connection) -> None:
        await room("9")(connection)
        raise LookupError("afterwards")

    with pytest.raises(LookupError):
        await office.acts.do(system(), "room.create", TARGET, fails)
    with pytest.raises(ValueError, match="detail"):
        await office.acts.do(system(), "room.create", TARGET, room("9"), details={"name": "九号"})
    assert await lines(office) == []
    assert await office.database.read(select(classroom).where(classroom.c.id == "x1.r9")) == []


async def test_what_is_taken_is_named(office: Office) -> None:
    with pytest.raises(Taken) as caught:
        await office.acts.do(system(), "room.create", TARGET, room("1"), unique="code")
    assert caught.value.params == {"field": "code"}
    with pytest.raises(IntegrityError):
        await office.acts.do(system(), "room.create", TARGET, room("1"))
    assert await lines(office) == []
