"""Whatever lets somebody into a lesson can be revoked, and is asked about in one go."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from server.domain.link import Link
from server.store import tables as t
from server.store.papers import device_paper, revoked, session_paper
from tests.harness.postgres import both_databases
from tests.server.conftest import Office

pytestmark = both_databases

DEVICE = device_paper("x1.d1")
TEACHER = session_paper("s.x1.teacher", 1)
STUDENT = session_paper("s.x1.c1.s1", 0)
ASKED = {DEVICE, TEACHER, STUDENT, "l1", "person:x1.teacher", "nobody"}


async def test_valid_papers_are_not_revoked(office: Office) -> None:
    await office.store.add_link(Link("l1", "lesson.x", "viewer", None, "", 1, None))
    assert await revoked(office.database, ASKED) == set()


@pytest.mark.parametrize(
    ("statement", "paper"),
    [
        (update(t.device).where(t.device.c.id == "x1.d1").values(revoked_at=1), DEVICE),
        (update(t.classroom).where(t.classroom.c.id == "x1.r1").values(closed_at=1), DEVICE),
        (update(t.org).where(t.org.c.id == "x1").values(closed_at=1), DEVICE),
        (update(t.session).where(t.session.c.id == "s.x1.teacher").values(ended_at=1), TEACHER),
        (update(t.person).where(t.person.c.id == "x1.teacher").values(epoch=2), TEACHER),
        (update(t.person).where(t.person.c.id == "x1.teacher").values(disabled_at=1), TEACHER),
        (update(t.session).where(t.session.c.id == "s.x1.c1.s1").values(ended_at=1), STUDENT),
        (update(t.link).where(t.link.c.id == "l1").values(revoked_at=1), "l1"),
    ],
)
async def test_each_can_be_revoked(office: Office, statement: object, paper: str) -> None:
    await office.store.add_link(Link("l1", "lesson.x", "viewer", None, "", 1, None))
    await office.database.execute(statement)  # type: ignore[arg-type]
    assert await revoked(office.database, ASKED) == {paper}


async def test_expiry_is_no_revocation(office: Office) -> None:
    await office.database.execute(update(t.session).values(expires_at=1))
    assert await revoked(office.database, ASKED) == set()


async def test_a_session_whose_row_is_gone_is_over(office: Office) -> None:
    assert await revoked(office.database, {session_paper("s.gone", 1)}) == {session_paper("s.gone", 1)}
