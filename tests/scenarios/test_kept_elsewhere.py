"""Recordings in an S3-compatible store: recorded, sealed, sent away, played from there, removed everywhere; and a process killed on the way."""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from media.client import manifest
from server.cli.hall import open_hall
from server.settings import read
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.recorded import recorded
from tests.harness.s3 import SECRET, ObjectStore, object_store
from tests.harness.school import MASTER_SLOTS, Console, within
from tests.scenarios.test_from_live_to_library import LESSON, County, light, playable

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

PAGE = f"/recordings/{LESSON}"


@pytest_asyncio.fixture(loop_scope="module")
async def away(tmp_path: Path) -> AsyncIterator[ObjectStore]:
    async with object_store(tmp_path / "s3") as store:
        yield store


async def said(county: County, words: str) -> bool:
    """The recording's page says so."""
    _, body = await county.get("x.admin", PAGE)
    return words in body.decode()


async def captured(product: Product, seconds: float) -> bool:
    """The worker has captured for so long."""
    takes = list((product.data / "recordings").glob("*/take-*.capture"))
    return bool(takes) and takes[0].stat().st_mtime - takes[0].parent.stat().st_ctime > seconds


async def plays(page: Page) -> None:
    await expect(page.locator("#cover")).to_be_hidden(timeout=15_000)
    await page.locator("#play").click()
    await within(15, lambda: page.evaluate("[...document.querySelectorAll('video.film')].some((film) => film.currentTime > 1)"))
    assert await light(page) > 20


async def counters(product: Product) -> dict[str, float]:
    """What `/metrics` says of keeping."""
    async with aiohttp.ClientSession() as http, http.get(f"{product.url}/metrics") as answer:
        return {
            name: float(value) for name, value in re.findall(r"^shuangshi_recordings_(\w+) ([\d.e+]+)$", await answer.text(), re.MULTILINE)
        }


async def test_recorded_kept_sealed_in_a_store_played_and_removed(tmp_path: Path, browser: Browser, away: ObjectStore) -> None:
    product = Product(tmp_path / "data", settings=away.settings)
    world = await furnish(product)
    async with product:
        county = County(product, world, browser)
        console = Console(await county.page("x1.teacher", f"/teach/{LESSON}", locale="en-US"), MASTER_SLOTS)
        await console.start()
        await within(30, lambda: captured(product, 6))
        await console.end()
        await within(60, lambda: playable(county))
        await within(60, lambda: said(county, "对象存储，已加密"))

        (folder,) = (product.data / "recordings").iterdir()
        assert not (folder / "play").exists(), "nothing playable is left here"
        objects = away.objects()
        assert any(key.endswith("/manifest.json.sealed") for key in objects)
        assert all(b"webm" not in path.read_bytes()[:200] and b"teacher-0" not in path.read_bytes() for path in objects.values())

        page = await county.page("x1.teacher", f"/replay/{LESSON}")
        await plays(page)
        assert page.errors == []  # type: ignore[attr-defined]

        await product.stop()
        await product.start()
        await plays(await county.page("x1.teacher", f"/replay/{LESSON}"))

        away.link.cut()
        status, body = await county.get("x1.teacher", f"/replay/{LESSON}/data")
        assert (status, json.loads(body)["error"]["code"]) == (503, "recording.away")
        page = await county.page("x1.teacher", f"/replay/{LESSON}")
        await expect(page.locator("#cover-words")).to_contain_text("现在连不上", timeout=15_000)
        assert await said(county, "现在连不上")
        away.link.down = False
        await plays(page)

        page = await county.page("x.admin", PAGE)
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        await page.get_by_role("button", name="删除录像").click()
        await page.wait_for_url("**/recordings")

        async def gone() -> bool:
            return not away.objects()

        await within(30, gone)
        assert list((product.data / "recordings").iterdir()) == []
        assert (await county.get("x1.teacher", f"/replay/{LESSON}"))[0] == 410
        assert SECRET not in product.log.read_text()


async def test_a_web_process_killed_while_it_sends_sends_only_the_rest(tmp_path: Path, browser: Browser, away: ObjectStore) -> None:
    product = Product(tmp_path / "data", settings=away.settings)
    world = await furnish(product)
    begin = time.time_ns() // 1_000_000 - 3_600_000
    async with open_hall(read(product.environment)) as hall:
        made = await recorded(hall.store.database, product.data, begin)
    film = random.Random(6).randbytes(60 * 1024 * 1024)
    play = manifest.folder(product.data, made.recording) / manifest.PLAY
    (play / "screen-001.webm").write_bytes(film)
    large = msgspec.structs.replace(
        made.files[0], name="screen-001.webm", group="screen", octets=len(film), sha256=hashlib.sha256(film).hexdigest(), thumbnails=()
    )
    (play / manifest.MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(made, files=(*made.files, large))))
    away.link.stall_at = 30 * 1024 * 1024
    async with product:
        county = County(product, world, browser)

        async def stalled() -> bool:
            return away.link.up >= (away.link.stall_at or 0)

        await within(30, stalled)
        sent = await counters(product)
        assert sent["sent_parts"] >= 2
        product.kill_web()
        away.link.break_all()
        away.link.stall_at = None
        await product.wait_healthy()
        await within(120, lambda: said(county, "对象存储，已加密"))
        after = await counters(product)
        assert after["resumed_parts"] >= 2, "what the dead process had sent"
        assert after["sent_bytes"] < len(film), after
        status, body = await county.get("x.admin", f"{PAGE}/files/screen-001.webm")
        assert (status, hashlib.sha256(body).hexdigest()) == (200, large.sha256)
        assert not play.exists()
