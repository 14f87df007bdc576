"""Many acts as one: all lines and all changes, or none."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select

from server.accounts.acts import Target
from server.accounts.caller import system
from server.accounts.verify import Verifier
from server.errors import EditConflict
from server.store.tables import audit, classroom
from tests.harness.postgres import both_databases
from tests.server.conftest import Office

pytestmark = both_databases
TARGET = Target("org", "x1", "/n/x1/")


def room(office: Office, code: str):
    async def work(connection) -> None:
        row = {"id": f"x1.n{code}", "org": "x1", "code": code, "name": "教室", "kind": "both", "seat_rows": 1, "seat_columns": 1}
        await connection.execute(insert(classroom).values(**row, join_code=f"8{code}", created=1))

    return office.acts.do(system("cli"), "room.create", Target("room", f"x1.n{code}", "/n/x1/"), work, unique="code")


async def rooms(office: Office) -> list[str]:
    return [row.id for row in await office.database.read(select(classroom).where(classroom.c.id.like("x1.n%")).order_by(classroom.c.id))]


async def acts(office: Office) -> list[str]:
    return [row.act for row in await office.database.read(select(audit).order_by(audit.c.seq))]


async def whole(office: Office, *codes: str, fail: Exception | None = None) -> int:
    async def work() -> int:
        for code in codes:
            await room(office, code)
            assert f"x1.n{code}" in await rooms(office), "what was written is seen inside"
        if fail:
            raise fail
        return len(codes)

    return await office.acts.together(
        system("cli"), "org.import", lambda _: TARGET, work, locks=("import",), details=lambda count: {"rows": count}
    )


async def test_all_or_nothing(office: Office) -> None:
    assert await whole(office, "70", "71") == 2
    assert await rooms(office) == ["x1.n70", "x1.n71"]
    assert await acts(office) == ["room.create", "room.create", "org.import"]
    for fail in (EditConflict(), LookupError()):
        with pytest.raises(type(fail)):
            await whole(office, "72", fail=fail)
    assert await rooms(office) == ["x1.n70", "x1.n71"]
    assert len(await acts(office)) == 3
    assert (await Verifier(office.database, office.contents, b"a" * 32).verify()).ok


async def test_a_failure_that_is_passed_over_undoes_all(office: Office) -> None:
    async def work() -> None:
        await room(office, "70")
        with pytest.raises(ValueError, match="no"):
            await office.database.write(refuses)

    async def refuses(_) -> None:
        raise ValueError("no")

    with pytest.raises(RuntimeError):
        await office.acts.together(system(), "org.import", lambda _: TARGET, work, details=lambda _: {})
    assert await rooms(office) == []


async def test_acts_beside_it_keep_their_own_transaction(office: Office) -> None:
    await asyncio.gather(whole(office, "70", "71"), room(office, "80"), whole(office, "72"))
    assert await rooms(office) == ["x1.n70", "x1.n71", "x1.n72", "x1.n80"]
    assert sorted(await acts(office)) == ["org.import"] * 2 + ["room.create"] * 4
    assert (await Verifier(office.database, office.contents, b"a" * 32).verify()).ok
