"""The demo county of `shuangshi run`: made once, its logins printed and kept in the data directory (mode 0600)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from server.accounts.passwords import Passwords
from server.accounts.people import People
from server.accounts.secret import write_private
from server.accounts.sessions import Sessions
from server.cli.hall import open_hall
from server.school.county import County, lines_of
from server.settings import Settings

FILE = "demo-logins.txt"


async def prepare(settings: Settings) -> list[str]:
    """Make it in an empty installation; the lines of its logins, also at later starts. Empty: a school's own data is here."""
    async with open_hall(settings) as hall:
        office, now = hall.office, hall.office.now
        people = People(office, Sessions(office.database, now), now)
        county = County(office, people, Passwords(), ZoneInfo(settings.timezone))
        logins = await county.build()
        if logins:
            (settings.data_dir / FILE).unlink(missing_ok=True)
            write_private(settings.data_dir / FILE, ("\n".join(lines_of(logins)) + "\n").encode())
        if (settings.data_dir / FILE).exists():
            await county.something_soon()
            return (settings.data_dir / FILE).read_text("utf-8").splitlines()
    return []
