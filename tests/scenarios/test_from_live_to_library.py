"""From going live to a resource that a teacher of another school finds and plays: real browsers, a killed worker and a killed web process
on the way, one recording.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from media.client.manifest import Manifest
from server.cli.hall import open_hall
from server.settings import read
from server.store.recordings import RecordingStore
from tests.harness.browser import close_pages, open_page
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.s3 import kept_manifest
from tests.harness.school import MASTER_SLOTS, Console, Seat, within
from tests.server.world import World

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

LESSON = "lesson.x"
STONE = "石桥二小 1号教室"
LIGHT = """() => { // how different the pixels of the film are: nothing, where it is not decoded
    const film = [...document.querySelectorAll('video.film')].find((one) => one.videoWidth && one.getClientRects().length);
    if (!film) return 0;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [32, 18];
    const pen = canvas.getContext('2d');
    pen.drawImage(film, 0, 0, 32, 18);
    return new Set(pen.getImageData(0, 0, 32, 18).data).size;
}"""


@dataclass
class County:
    """The installation, its people."""

    product: Product
    world: World
    browser: Browser

    async def page(self, who: str, path: str, **how: str) -> Page:
        page = await open_page(self.browser, "about:blank", **{"locale": "zh-CN", **how})  # type: ignore[arg-type]
        cookies = [{"name": name, "value": value, "url": self.product.url} for name, value in self.world.cookies(who).items()]
        await page.context.add_cookies(cookies)  # type: ignore[arg-type]
        await page.goto(self.product.url + path)
        return page

    async def get(self, who: str, path: str) -> tuple[int, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.world.cookies(who).items()) if who else ""
        headers = {"Cookie": cookies, "Accept": "application/json"}
        async with aiohttp.ClientSession() as http, http.get(self.product.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read()

    async def thin(self) -> bool:
        """Whether all films for weak links are made, that some need."""
        async with open_hall(read(self.product.environment)) as hall:
            found = await RecordingStore(hall.store.database).of_lesson(LESSON)
            return found is not None and found.thin == "done"

    async def made(self) -> Manifest:
        (folder,) = (self.product.data / "recordings").iterdir()
        return await kept_manifest(self.product, folder.name)


@pytest_asyncio.fixture(loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[County]:
    product = Product(tmp_path_factory.mktemp("county") / "data")
    world = await furnish(product)
    async with product:
        yield County(product, world, browser)
        await close_pages(browser)


async def teach(county: County) -> None:
    """A short lesson: the worker dies, then the web process, a room comes on stage and goes."""
    console = Console(await county.page("x1.teacher", f"/teach/{LESSON}", locale="en-US"), MASTER_SLOTS)
    room = Seat(await county.page("x2.d1", f"/class/{LESSON}"))
    await console.says("#delivery", "Classrooms here: 1", seconds=20)
    await console.start()
    await room.says("#rec-chip", "录制中")
    await room.plays("program.camera", "program.audio")
    await asyncio.sleep(3)
    county.product.kill_worker()
    await room.plays("program.camera", "program.audio", seconds=20)
    county.product.kill_web()
    await county.product.wait_healthy()
    await console.call(STONE)
    await console.plays("stage.1.video", seconds=20)
    await asyncio.sleep(4)
    await console.release(STONE)
    await asyncio.sleep(2)
    await console.end()
    await console.says("#over-record", "The recording is saved")
    assert [page.errors for page in (console.page, room.page)] == [[], []]  # type: ignore[attr-defined]


async def playable(county: County) -> bool:
    status, body = await county.get("x1.teacher", f"/replay/{LESSON}/data")
    return status == 200 and "live" not in json.loads(body)


async def light(page: Page) -> int:
    return int(await page.evaluate(LIGHT))


async def test_from_going_live_to_a_resource_found_by_another_school(county: County) -> None:
    await teach(county)
    await within(60, lambda: playable(county))

    await within(120, lambda: county.thin())
    made = await county.made()
    groups = {one.group for one in made.files}
    assert groups >= {"teacher", "sound", "stage.1"}
    assert made.takes == 2, "the worker began anew"
    assert [one.why for one in made.missing if one.track == ""] == ["worker"]
    assert made.end - made.begin > 10_000
    stage = [one for one in made.files if one.group == "stage.1"]
    assert all(one.end - one.begin < 12_000 for one in stage), "off stage nothing is recorded"

    pupil = await county.page("x2.c1.s1", "/")
    await pupil.get_by_role("link", name="看回放").click()
    await expect(pupil.locator("#cover")).to_be_hidden(timeout=15_000)
    assert await pupil.locator(".chapter").count() >= 2
    await pupil.locator("#play").click()
    await within(15, lambda: pupil.evaluate("[...document.querySelectorAll('video.film')].some((film) => film.currentTime > 1)"))
    assert await light(pupil) > 20
    await pupil.locator(".chapter", has_text="上台").click()
    await within(
        15,
        lambda: pupil.evaluate(
            "[...document.querySelectorAll('figure.of-stage')].some((one) => !one.hidden && one.querySelector('video').videoWidth > 0)"
        ),
    )
    assert pupil.errors == []  # type: ignore[attr-defined]

    address = await publish(county)
    assert (await county.get("y1.teacher", address))[0] == 404, "another county's"
    await within(60, lambda: seen(county, address))
    teacher = await county.page("x2.teacher", "/library")
    await teacher.locator("[name=q]").fill("初步认识")
    await teacher.keyboard.press("Enter")
    await teacher.locator(".covers a").first.click()
    assert await teacher.evaluate("document.querySelector('.cover').naturalWidth") > 100
    await teacher.get_by_role("link", name="播放").click()
    await expect(teacher.locator("#cover")).to_be_hidden(timeout=15_000)
    await teacher.locator("#play").click()
    await within(15, lambda: teacher.evaluate("[...document.querySelectorAll('video.film')].some((film) => film.currentTime > 1)"))
    assert await light(teacher) > 20
    assert teacher.errors == []  # type: ignore[attr-defined]

    status, body = await county.get("x2.teacher", f"{address}/data")
    assert status == 200
    told = json.loads(body)
    kinds = {kind for _, kind, _ in told["log"]["events"]}
    assert "stage.called" in kinds
    assert not kinds & {"participant.joined", "clock.anchored", "hand.raised"}
    await only_the_span(county, told, made)
    film = told["files"][0]["url"]

    await withdraw(county, address)
    for path in (address, f"{address}/watch", f"{address}/data", f"{address}/cover"):
        assert (await county.get("x2.teacher", path))[0] == 410, path
    assert (await county.get("", film))[0] == 410, "what was handed out before, too"

    status, body = await county.get("x1.teacher", f"/recordings/{LESSON}/files/{made.files[0].name}")
    assert status == 200
    with av.open(io.BytesIO(body)) as file:
        assert sum(1 for _ in file.decode(video=0)) > 20


async def seen(county: County, address: str) -> bool:
    status, _ = await county.get("x2.teacher", address)
    assert status in (200, 409), "409: it is being prepared"
    return status == 200


async def only_the_span(county: County, told: dict[str, Any], made: Manifest) -> None:
    """Every file that a teacher of another school can open, looked through: it begins two seconds later than the recording."""
    first = made.begin + 2000
    assert told["begin"] == first
    assert {one["group"] for one in told["files"]} >= {"teacher", "sound", "stage.1"}
    for one in told["files"]:
        status, body = await county.get("", one["url"])
        assert status == 200
        with av.open(io.BytesIO(body)) as file:
            times = [one["begin"] + float(p.pts * p.time_base) * 1000 for p in file.demux() if p.pts is not None and p.size]
        assert min(times) >= first - 20, one
        assert max(times) <= told["end"] + 20, one
    for one in made.files:
        name = told["files"][0]["url"].rpartition("/")[0] + "/" + one.name
        if one.end <= first:
            assert (await county.get("", name))[0] == 404


async def publish(county: County) -> str:
    """By the librarian, in the four steps, without the first two seconds; the resource's address."""
    page = await county.page("x.librarian", "/")
    await page.get_by_role("link", name="整理成资源").click()
    await page.locator("[name=begin]").fill("00:02")
    await page.get_by_role("button", name="下一步").click()
    await page.locator("[name=unit]").fill("第八单元 分数的初步认识")
    await page.locator("[name=edition]").fill("人教版")
    await page.locator("[name=volume]").fill("上册")
    for name, value in (("subject", "maths"), ("stage", "primary"), ("grade", "3")):
        field = page.locator(f"[name={name}]")
        await (field.select_option(value) if await field.evaluate("(one) => one.tagName") == "SELECT" else field.fill(value))
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("link", name="下一步", exact=True).click()
    await page.get_by_role("button", name="发布").click()
    await page.wait_for_url("**/library/*")
    return page.url.removeprefix(county.product.url)


async def withdraw(county: County, address: str) -> None:
    page = await county.page("x.librarian", address)
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    await page.locator("[name=reason]").fill("要重新录")
    await page.get_by_role("button", name="退出", exact=True).click()
    await page.wait_for_url("**/library")
