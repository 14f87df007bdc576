"""Check-in without network (S24): a browser killed and opened again offline loses no mark, and no mark counts twice."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from tests.harness.axe import violations
from tests.harness.browser import QUIET, kill
from tests.harness.product import Product
from tests.harness.school import within
from tests.harness.socket import LessonSocket

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOM = "Stone Bridge"
SEATS = 40
WAITING = "Check-ins waiting for the network: {}."


@asynccontextmanager
async def profile(folder: Path) -> AsyncIterator[BrowserContext]:
    """A browser whose profile outlives it."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch_persistent_context(
            str(folder),
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=[*QUIET],
            locale="en-US",
            viewport={"width": 360, "height": 740},
        )
        try:
            yield opened
        finally:
            with contextlib.suppress(Exception):  # a test may have killed it
                await opened.close()


async def visit(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.errors = errors  # type: ignore[attr-defined]
    await page.goto(url)
    return page


def checked(product: Product, lesson: str) -> list[dict[str, Any]]:
    """Payloads of the log's check-in events, in their order."""
    with contextlib.closing(sqlite3.connect(f"file:{product.data / 'shuangshi.db'}?mode=ro", uri=True)) as store:
        query = "SELECT payload FROM lesson_event WHERE lesson = ? AND kind = 'seat.checked' ORDER BY seq"
        return [json.loads(row[0]) for row in store.execute(query, (lesson,))]


async def stored(page: Page) -> list[dict[str, Any]]:
    """What the device's outbox holds."""
    return list(
        await page.evaluate(
            """() => new Promise((resolve) => {
                const request = indexedDB.open("shuangshi-offline");
                request.onsuccess = () => {
                    const all = request.result.transaction("outbox").objectStore("outbox").getAll();
                    all.onsuccess = () => { request.result.close(); resolve(all.result); };
                };
            })"""
        )
    )


async def put_back(page: Page, entries: list[dict[str, Any]]) -> None:
    """As if the browser had died before it could write down that they arrived."""
    await page.evaluate(
        """(entries) => new Promise((resolve) => {
            const request = indexedDB.open("shuangshi-offline");
            request.onsuccess = () => {
                const transaction = request.result.transaction("outbox", "readwrite");
                entries.forEach((entry) => transaction.objectStore("outbox").put(entry));
                transaction.oncomplete = () => { request.result.close(); resolve(null); };
            };
        })""",
        entries,
    )


async def mark(page: Page, *seats: int) -> None:
    for seat in seats:
        await page.locator("#seats .seat").nth(seat - 1).click()


async def take_in(page: Page) -> None:
    """The seat map, its taps meaning check-in, once the page is in the lesson."""
    await expect(page.locator("#phase")).to_contain_text("Waiting room")
    await page.get_by_role("tab", name="Seats").click()
    await page.get_by_label("Check in", exact=True).check()


async def until_stored(page: Page, count: int) -> None:
    async def there() -> bool:
        return len(await stored(page)) == count

    await within(10, there)


async def test_forty_marks_survive_a_killed_browser_and_count_once_when_sent_twice(school: Product, tmp_path: Path) -> None:
    lesson, (master, assistant) = await school.invite([("master", ""), ("assistant", ROOM)])
    folder = tmp_path / "profile"
    async with LessonSocket(school, lesson, master) as teacher:
        await teacher.command("lesson.open")
    async with profile(folder) as context:
        page = await visit(context, assistant.page)
        await take_in(page)
        await expect(page.locator("#kept")).to_have_attribute("data-reach", "ready")
        address = page.url  # closed as people do: a browser writes its cookies down half a minute later, or at its end
    async with profile(folder) as context:
        page = await visit(context, address)
        await take_in(page)
        await school.stop()
        await context.set_offline(True)
        await expect(page.locator("#bands")).to_contain_text("Connection lost")
        await mark(page, *range(1, 21))
        await expect(page.locator("#bands")).to_contain_text(WAITING.format(20))
        await page.reload()  # without network, and without a server
        await expect(page.locator("#room-name")).to_have_text(ROOM)
        await expect(page.locator("#present")).to_have_text("20 of 60 here")
        await mark(page, *range(21, SEATS + 1))
        await until_stored(page, SEATS)
        assert page.errors == []  # type: ignore[attr-defined]
        kill(f"--user-data-dir={folder}")

    async with profile(folder) as context:
        await context.set_offline(True)
        page = await visit(context, address)
        await expect(page.locator("#bands")).to_contain_text(WAITING.format(SEATS))
        await expect(page.locator("#phase")).to_contain_text("No network")
        await expect(page.locator("#seats .seat[data-status=here]")).to_have_count(SEATS)
        assert await violations(page) == []
        entries = await stored(page)
        assert len({entry["id"] for entry in entries}) == SEATS
        await school.start()
        assert checked(school, lesson) == []
        await context.set_offline(False)
        await expect(page.locator("#bands")).to_contain_text(f"check-ins delivered: {SEATS}", timeout=20_000)
        await until_stored(page, 0)
        events = checked(school, lesson)
        assert [event["seat"] for event in events] == list(range(1, SEATS + 1))
        assert {event["said"]["settles"] for event in events} == {False}
        assert [event["done_at"] for event in events] == [entry["done_at"] for entry in sorted(entries, key=lambda entry: entry["n"])]
        assert await violations(page) == []

        await put_back(page, entries)
        await page.reload()
        await expect(page.locator("#phase")).to_contain_text("Waiting room")
        await until_stored(page, 0)
        assert checked(school, lesson) == events
        assert page.errors == []  # type: ignore[attr-defined]
