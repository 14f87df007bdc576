"""Pages that show made-up schools and people say so; pages of a school never do."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from server.app import create_app
from server.cli.hall import open_hall
from server.school import county, orgs
from server.settings import Settings
from server.web.assets import Assets
from tests.server import world as worlds
from tests.server.web.conftest import Town, Web, WorkerOnSocket

BAND = "演示数据：这里的学校和人都是虚构的。</p>"
CHIP = re.compile(r'<span class="chip demo"[^>]*>演示</span>')
PICTURES = (("master", "header"), ("classroom", "footer"), ("viewer", "footer"), ("wall", "main"))
"""Role of a picture page, and the part of it that the chip is in."""


@pytest.fixture(params=[True, False], ids=["demo", "school"])
def demo(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def place(demo: bool, settings: Settings, worker: WorkerOnSocket, assets: Assets) -> AsyncIterator[Town]:
    """A web process over the two counties, started with the demo county in the database, or without."""
    async with open_hall(settings) as hall:
        world = await worlds.build(hall.store.database, hall.contents, time.time_ns() // 1_000_000)
        if demo:
            form = orgs.NewOrg(name="云溪省（演示）", code=county.CODE, tier="province")
            await orgs.create(hall.office, hall.who, "n", form)
    async with TestClient(TestServer(create_app(settings, assets=assets)), cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        web = Web(client, worker)
        await web.until_media(True)
        yield Town(web, world)


async def visitor(place: Town, path: str) -> str:
    response = await place.web.client.get(path, headers={"Accept": "text/html"})
    return await response.text()


@pytest.mark.parametrize("path", ["/", "/login", "/pair", "/join/nonsense"])
async def test_a_band_above_pages_of_text(place: Town, demo: bool, path: str) -> None:
    assert (BAND in await visitor(place, path)) is demo


@pytest.mark.parametrize(("who", "path"), [("x1.teacher", "/"), ("x.admin", "/orgs/x1")])
async def test_a_band_above_pages_of_the_office(place: Town, demo: bool, who: str, path: str) -> None:
    assert (BAND in await (await place.browser(who).get(path, page=True)).text()) is demo


@pytest.mark.parametrize(("role", "part"), PICTURES)
async def test_a_chip_in_the_bar_of_picture_pages(place: Town, demo: bool, role: str, part: str) -> None:
    lesson = await place.web.lesson()
    page = await visitor(place, await place.web.join(await place.web.link(lesson, role, "石桥村小学")))
    assert BAND not in page, "nothing that pushes the picture away"
    assert (len(CHIP.findall(page)) == 1) is demo
    found = re.search(rf"<{part}\b.*?</{part}>", page, re.S)
    assert found
    assert bool(CHIP.search(found[0])) is demo


async def test_a_chip_beside_the_name_of_a_room(place: Town, demo: bool) -> None:
    page = await (await place.browser("x1.d1").get("/room", page=True)).text()
    assert bool(CHIP.search(page)) is demo
