"""The web process over the furnished counties, put back after every change."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.accounts.acts import Target
from server.accounts.caller import system
from server.accounts.tokens import ReplayPaper
from server.courseware.drawing import Drawing
from server.live import rooms
from server.replay import service
from server.replay.afterwards import Afterwards
from server.replay.keeping import Keeping
from server.replay.making import Making
from server.settings import Settings
from server.web import keys
from tests.server.permissions import forms, furnished
from tests.server.permissions.table import Door
from tests.server.services import QUICK
from tests.server.web.conftest import (  # noqa: F401  # fixtures
    Browser,
    Town,
    Web,
    assets,
    environment,
    settings,
    web,
    worker,
)

PAPERS: tuple[Any, ...] = ("master", "classroom", "viewer", "wall")


class Keeper:
    """Sees whether anything was written to the database, and puts it back as it was."""

    def __init__(self, path: str) -> None:
        self._live = sqlite3.connect(path, timeout=10)
        self._kept = sqlite3.connect(":memory:")
        self._live.backup(self._kept)

    def stand(self) -> int:
        """Another number after every commit of the process."""
        (number,) = self._live.execute("PRAGMA data_version").fetchone()
        return int(number)

    def put_back(self) -> None:
        self._kept.backup(self._live)

    def close(self) -> None:
        self._live.close()
        self._kept.close()


@dataclass
class Furnished:
    """A town with one of everything."""

    town: Town
    keeper: Keeper
    papers: dict[str, str]
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    """Asker → cookies, of those who have only a link."""

    @property
    def web(self) -> Web:
        return self.town.web

    def browser(self, asker: str) -> Browser:
        if asker in self.cookies:
            return Browser(self.web, self.cookies[asker])
        return self.town.browser(None if asker == "nobody" else asker)

    async def session(self, kind: str) -> None:
        """A media session of the lesson's teacher, `papers["session"]`."""
        teacher = self.browser("x1.teacher")
        door = Door("POST", f"/{kind}/{{lesson}}", "", "x")
        slots = "&slots=stage.1.audio,stage.1.video,wall.1.video" if kind == "whep" else ""
        answer = await self.ask(teacher, door, query=f"?a=me-master&takeover=1{slots}")
        assert answer.status == 201, await answer.text()
        self.papers["session"] = answer.headers["Location"].partition("?")[0].rpartition("/")[2]

    async def ask(
        self,
        browser: Browser,
        door: Door,
        *,
        method: str = "",
        csrf: str | None = "own",
        origin: str = "",
        query: str = "",
        values: dict[str, Any] | None = None,
    ) -> aiohttp.ClientResponse:
        """Send what the door expects, or other `values`. `csrf`: `own`, None, or another token."""
        path = forms.address(door, self.papers) + query
        method = method or door.method
        page = method in ("GET", "HEAD")
        headers = {"Accept": "text/html" if page else "application/json"} | ({"Origin": origin} if origin else {})
        asked = Browser(self.web, browser.cookies | forms.paper_cookies(door, self.papers))
        if sent := forms.media(door):
            return await asked._ask(method, path, data=sent[1], headers=headers | sent[0])
        if page or method == "OPTIONS":
            return await asked._ask(method, path, headers=headers)
        values = forms.form(door) if values is None else dict(values)
        if csrf is not None and door.path not in forms.OPEN:
            values["csrf"] = browser.token if csrf == "own" else csrf
        if sheet := forms.file(door):
            upload = aiohttp.FormData(values, default_to_multipart=True)
            upload.add_field("file", sheet, filename="rooms.csv")
            return await asked._ask(method, path, data=upload, headers=headers)
        return await asked._ask(method, path, data=values, headers=headers)


def kept(*_: Any) -> list[Path]:
    """Files are not put back as the database is: they stay."""
    return []


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens by itself: the clock of the lessons stands, no courseware is drawn, no recording made playable."""
    monkeypatch.setattr(rooms, "TICK_SECONDS", 3600)
    monkeypatch.setattr(Drawing, "start", lambda _: None)
    monkeypatch.setattr(Making, "start", lambda _: None)
    monkeypatch.setattr(Keeping, "start", lambda _: None)
    monkeypatch.setattr(Afterwards, "start", lambda _: None)
    monkeypatch.setattr(service, "put_aside", kept)


@pytest.fixture
async def furnished_town(still: None, web: Web, settings: Settings) -> AsyncIterator[Furnished]:  # noqa: F811
    """Put back after every change by whoever changes it."""
    database, contents = web.app[keys.STORE].database, web.app[keys.CONTENTS]
    now = time.time_ns() // 1_000_000
    world, papers = await furnished.build(database, contents, now)
    web.app[keys.LOGINS].passwords = QUICK

    async def nothing(_: Any) -> None:
        """Only the line."""

    for county in furnished.COUNTIES:
        text, blob = furnished.page_of(county)
        place = web.app[keys.COURSEWARE].blobs.path(blob)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        about = Target("org", f"{county}1", world.paths[f"{county}1"])
        await web.app[keys.ACTS].do(system(), "org.edit", about, nothing, details={"said": furnished.secret("audit line", county)})
    furnished.keep_recordings(settings.data_dir, now)
    papers["replay"] = web.signer.replay_paper(ReplayPaper("lesson.x", "rec-lesson-x", "", now + 3_600_000))
    town = Furnished(Town(web, world), Keeper(str(settings.data_dir / "shuangshi.db")), papers)
    for role in PAPERS:
        link = await web.link("lesson.x", role, "石桥二小 1号教室" if role == "classroom" else None)
        papers["link"] = web.signer.link_token(link)
        if role == "viewer":
            papers["hls"] = papers["link"]
        admitted = await Browser(web, {}).get(f"/join/{papers['link']}", page=True)
        assert admitted.status == 303
        town.cookies[role] = {name: morsel.value for name, morsel in admitted.cookies.items()}
    town.keeper.close()
    town.keeper = Keeper(str(settings.data_dir / "shuangshi.db"))
    yield town
    town.keeper.close()
