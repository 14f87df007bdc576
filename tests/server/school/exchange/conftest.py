"""An exchange over the two counties."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from server.accounts.office import Office as RealOffice
from server.accounts.verify import Verifier
from server.school.exchange.exchange import Exchange
from server.school.exchange.findings import Report
from server.school.sheets.files import read_table
from server.store.tables import audit
from tests.server.conftest import Office

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Trade:
    """What a test does."""

    town: Office
    office: RealOffice
    exchange: Exchange

    async def check(self, who: str, table: str, text: str) -> Report:
        return await self.exchange.check(await self.town.caller(who), table, text.encode())

    async def apply(self, who: str, table: str, text: str) -> Report:
        return await self.exchange.apply(await self.town.caller(who), table, text.encode())

    async def export(self, who: str, table: str, org: str = "") -> list[list[str]]:
        data = await self.exchange.export(await self.town.caller(who), table, "csv", org)
        return [list(line.cells) for line in read_table(data)]

    async def acts(self) -> list[tuple[str, str]]:
        rows = await self.office.database.read(select(audit).order_by(audit.c.seq))
        assert (await Verifier(self.office.database, self.office.contents, b"a" * 32).verify()).ok
        return [(row.act, row.details) for row in rows]


def bad(report: Report) -> list[tuple[int, str, str]]:
    """Row, column, code."""
    return [(one.row, one.column, one.code) for one in report.bad]


def counts(report: Report) -> tuple[int, int, int]:
    assert report.ok, bad(report)
    return report.new, report.changed, report.same


@pytest.fixture
async def trade(office: Office) -> Trade:
    real = RealOffice(office.database, office.acts, office.contents, office.clock)
    return Trade(office, real, Exchange(real, ZONE))
