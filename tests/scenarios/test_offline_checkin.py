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
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from tests.harness.axe import violations
from tests.harness.browser import QUIET, kill
from tests.harness.product import Link, Product
from tests.harness.school import within
from tests.harness.socket import LessonSocket

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOM = "Stone Bridge"
SEATS = 40
patiently = type(expect)()
patiently.set_options(timeout=30_000)  # a worker that installs beside other tests takes its time
WAITING = "Check-ins waiting for the network: {}."


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def running(school: Product) -> None:
    """A story that fails while it has the product stopped takes no other with it."""
    if not school.running:
        await school.start()


@asynccontextmanager
async def profile(folder: Path, *arguments: str) -> AsyncIterator[BrowserContext]:
    """A browser whose profile outlives it."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch_persistent_context(
            str(folder),
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=[*QUIET, *arguments],
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


async def stored(page: Page, table: str = "outbox") -> list[dict[str, Any]]:
    """What one table of the device's database holds; a key only as what may be known of it."""
    return list(
        await page.evaluate(
            """(table) => new Promise((resolve) => {
                const request = indexedDB.open("shuangshi-offline");
                request.onsuccess = () => {
                    const all = request.result.transaction(table).objectStore(table).getAll();
                    all.onsuccess = () => { request.result.close(); resolve(all.result.map(shown)); };
                };
                const shown = ({ key, iv, sealed, ...row }) => ({
                    ...row,
                    ...(key && { extractable: key.extractable, algorithm: key.algorithm.name }),
                    ...(sealed && { sealed: Array.from(new Uint8Array(sealed), (byte) => String.fromCharCode(byte)).join("") }),
                });
            })""",
            table,
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
    await patiently(page.locator("#phase")).to_contain_text("Waiting room")
    await page.get_by_role("tab", name="Seats").click()
    await page.get_by_label("Check in", exact=True).check()


async def until_stored(page: Page, count: int, table: str = "outbox") -> None:
    async def there() -> bool:
        return len(await stored(page, table)) == count

    await within(30, there)


async def open_lesson(school: Product, *rooms: str) -> tuple[str, list[Link]]:
    """A lesson in its waiting room, and an assistant's link for each room."""
    lesson, (master, *assistants) = await school.invite([("master", ""), *(("assistant", room) for room in rooms)])
    async with LessonSocket(school, lesson, master) as teacher:
        await teacher.command("lesson.open")
    return lesson, assistants


async def test_forty_marks_survive_a_killed_browser_and_count_once_when_sent_twice(school: Product, tmp_path: Path) -> None:
    lesson, (assistant,) = await open_lesson(school, ROOM)
    folder = tmp_path / "profile"
    async with profile(folder) as context:
        page = await visit(context, assistant.page)
        await take_in(page)
        await patiently(page.locator("#kept")).to_have_attribute("data-reach", "ready")
        address = page.url  # closed as people do: a browser writes its cookies down half a minute later, or at its end
    async with profile(folder) as context:
        page = await visit(context, address)
        await take_in(page)
        await school.stop()
        await context.set_offline(True)
        await patiently(page.locator("#bands")).to_contain_text("Connection lost")
        await mark(page, *range(1, 21))
        await patiently(page.locator("#bands")).to_contain_text(WAITING.format(20))
        await until_stored(page, 20)
        await page.reload()  # without network, and without a server
        await patiently(page.locator("#room-name")).to_have_text(ROOM)
        await patiently(page.locator("#present")).to_have_text("20 of 60 here")
        await mark(page, *range(21, SEATS + 1))
        await until_stored(page, SEATS)
        assert page.errors == []  # type: ignore[attr-defined]
        kill(f"--user-data-dir={folder}")

    async with profile(folder) as context:
        await context.set_offline(True)
        page = await visit(context, address)
        await patiently(page.locator("#bands")).to_contain_text(WAITING.format(SEATS))
        await patiently(page.locator("#phase")).to_contain_text("No network")
        await patiently(page.locator("#seats .seat[data-status=here]")).to_have_count(SEATS)
        assert await violations(page) == []
        entries = await stored(page)
        assert len({entry["id"] for entry in entries}) == SEATS
        await school.start()
        assert checked(school, lesson) == []
        await context.set_offline(False)
        await patiently(page.locator("#bands")).to_contain_text(f"check-ins delivered: {SEATS}")
        await until_stored(page, 0)
        events = checked(school, lesson)
        assert [event["seat"] for event in events] == list(range(1, SEATS + 1))
        assert {event["said"]["settles"] for event in events} == {False}
        assert [event["done_at"] for event in events] == [entry["done_at"] for entry in sorted(entries, key=lambda entry: entry["n"])]
        assert await violations(page) == []

        await put_back(page, entries)
        await page.reload()
        await patiently(page.locator("#phase")).to_contain_text("Waiting room")
        await until_stored(page, 0)
        assert checked(school, lesson) == events
        assert page.errors == []  # type: ignore[attr-defined]


async def test_a_device_whose_link_was_revoked_forgets_the_lesson_and_shows_what_it_could_not_deliver(
    school: Product, tmp_path: Path
) -> None:
    lesson, (assistant,) = await open_lesson(school, ROOM)
    async with profile(tmp_path / "profile") as context:
        page = await visit(context, assistant.page)
        await take_in(page)
        await patiently(page.locator("#kept")).to_have_attribute("data-reach", "ready")
        (key,) = await stored(page, "keys")
        assert (key["extractable"], key["algorithm"]) == (False, "AES-GCM")
        (kept,) = await stored(page, "kept")
        assert ROOM not in kept["sealed"]
        assert ROOM not in json.dumps(kept | {"sealed": ""})
        await school.stop()
        await mark(page, 3, 5)
        await patiently(page.locator("#bands")).to_contain_text(WAITING.format(2))
        await school.cli("link", "revoke", assistant.id)
        await school.start()
        await patiently(page.locator("#unsent-list li")).to_have_count(2)
        await patiently(page.locator("#unsent-list")).to_contain_text("Seat 3 here")
        await patiently(page.locator("#unsent-list")).to_contain_text("withdrawn")
        assert await violations(page) == []
        assert (await stored(page, "keys"), await stored(page, "kept")) == ([], [])
        assert len(await stored(page)) == 2
        await page.get_by_role("button", name="Discard them").click()
        await patiently(page.locator("#unsent")).to_be_hidden()
        await until_stored(page, 0)
        assert checked(school, lesson) == []


async def test_a_page_revoked_before_its_eyes_or_while_it_was_closed_forgets_too(school: Product, tmp_path: Path) -> None:
    for closed in (False, True):
        _, (assistant,) = await open_lesson(school, ROOM)
        async with profile(tmp_path / f"profile-{closed}") as context:
            page = await visit(context, assistant.page)
            await take_in(page)
            await until_stored(page, 1, "kept")
            address = page.url
            if closed:
                await patiently(page.locator("#kept")).to_have_attribute("data-reach", "ready")
                await page.goto(f"{school.url}/guide")
            await school.cli("link", "revoke", assistant.id)
            if closed:
                await page.goto(address)
                await patiently(page.locator("main")).to_contain_text("link.invalid")
            await until_stored(page, 0, "kept")
            await until_stored(page, 0, "keys")


async def test_who_comes_back_by_the_same_link_delivers_what_waited(school: Product, tmp_path: Path) -> None:
    lesson, (assistant,) = await open_lesson(school, ROOM)
    async with profile(tmp_path / "profile") as context:
        page = await visit(context, assistant.page)
        await take_in(page)
        await patiently(page.locator("#kept")).to_have_attribute("data-reach", "ready")
        await school.stop()
        await mark(page, 8)
        await patiently(page.locator("#bands")).to_contain_text(WAITING.format(1))
        await context.clear_cookies()
        await school.start()
        await page.wait_for_url("**/login**", timeout=30_000)
        await page.goto(f"{school.url}/assist/")
        await patiently(page.locator("#others")).to_contain_text("Other check-ins not sent: 1")
        assert await violations(page) == []
        await page.goto(assistant.page)
        await until_stored(page, 0)
        assert [event["seat"] for event in checked(school, lesson)] == [8]


async def test_two_devices_that_differ_are_shown_on_both_until_somebody_settles_it(school: Product, tmp_path: Path) -> None:
    lesson, links = await open_lesson(school, ROOM, ROOM)
    async with profile(tmp_path / "one") as first, profile(tmp_path / "two") as second:
        away, here = [await visit(context, link.page) for context, link in zip((first, second), links, strict=True)]
        await take_in(away)
        await take_in(here)
        await patiently(away.locator("#kept")).to_have_attribute("data-reach", "ready")
        await first.set_offline(True)
        await patiently(away.locator("#bands")).to_contain_text("Connection lost")
        await mark(away, 5, 6)
        await mark(here, 5, 5, 5, 6)
        await patiently(here.locator("#seats .seat").nth(4)).to_have_attribute("data-status", "absent")
        await first.set_offline(False)
        for page in (away, here):
            await patiently(page.locator("#differences-list li")).to_have_count(1)
            await patiently(page.locator("#differences-list")).to_contain_text("Seat 5 counts as “absent”")
            assert await violations(page) == []
        await away.get_by_role("button", name="Seat 5: here it is").click()
        for page in (away, here):
            await patiently(page.locator("#differences")).to_be_hidden()
            await patiently(page.locator("#seats .seat").nth(4)).to_have_attribute("data-status", "here")
        assert [event["said"]["settles"] for event in checked(school, lesson) if event["seat"] == 5][-1] is True


async def test_a_page_that_is_not_secure_checks_in_and_says_that_it_keeps_nothing(school: Product, tmp_path: Path) -> None:
    lesson, (assistant,) = await open_lesson(school, ROOM)
    async with profile(tmp_path / "profile", "--host-resolver-rules=MAP school.test 127.0.0.1") as context:
        page = await visit(context, assistant.page.replace("127.0.0.1", "school.test"))
        assert await page.evaluate("[isSecureContext, 'serviceWorker' in navigator]") == [False, False]
        await take_in(page)
        await patiently(page.locator("#kept")).to_contain_text("This browser cannot keep check-ins without network")
        await mark(page, 4)
        await until_checked(school, lesson, 4)
        await context.set_offline(True)
        await patiently(page.locator("#bands")).to_contain_text("Connection lost")
        await mark(page, 5)
        await patiently(page.locator("#bands")).to_contain_text("cannot store: 1. Do not close this page")
        await context.set_offline(False)
        await until_checked(school, lesson, 4, 5)
        assert page.errors == []  # type: ignore[attr-defined]


async def until_checked(school: Product, lesson: str, *seats: int) -> None:
    """The log has check-in events of exactly these seats, in this order."""

    async def marked() -> bool:
        return [event["seat"] for event in checked(school, lesson)] == list(seats)

    await within(30, marked)


async def test_an_accounts_day_is_kept_sealed_lists_offline_and_goes_with_the_logout(tmp_path: Path) -> None:
    county = Product(tmp_path / "data")
    await county.start("run")
    seat_the_classes(county)
    try:
        async with profile(tmp_path / "profile") as context:
            page = await visit(context, f"{county.url}/login")
            await page.locator("[name=login]").fill("assistant")
            await page.locator("[name=password]").fill(passwords(county)["assistant"])
            await page.keyboard.press("Enter")
            await page.get_by_role("link", name="Assist on this phone").click()
            await take_in(page)
            await patiently(page.locator("#kept")).to_have_attribute("data-reach", "ready")
            names = page.locator("#seats .name:not(:empty)")
            await patiently(names.first).to_contain_text("*")
            masked = await names.all_inner_texts()
            await page.get_by_label("Full names").check()
            await patiently(names.first).not_to_contain_text("*")
            full = await names.all_inner_texts()
            assert len(full) == len(masked) > 5
            await page.evaluate("scrollTo(0, 0)")  # the tabs stay on top and cover a row of seats else
            assert await violations(page) == []
            lesson, room = await page.inner_text("#lesson-name"), await page.inner_text("#room-name")
            rows = [row for table in ("keys", "kept", "outbox", "clock") for row in await stored(page, table)]
            assert [word for word in {*full, *masked, lesson, room} for row in rows if word in json.dumps(row, ensure_ascii=False)] == []

            await county.stop()
            await page.goto(f"{county.url}/assist/")
            await page.get_by_role("link", name=lesson).click()
            await patiently(page.locator("#lesson-name")).to_have_text(lesson)
            assert await names.all_inner_texts() == full
            await county.start("run")
            await page.goto(county.url)
            await page.get_by_role("button", name="Log out").click()
            await page.wait_for_url("**/login")
            await until_stored(page, 0, "keys")
            await until_stored(page, 0, "kept")
            await page.goto(f"{county.url}/assist/")
            await patiently(page.locator("#state")).to_contain_text("No lesson is kept here")
            assert page.errors == []  # type: ignore[attr-defined]
    finally:
        if county.running:
            await county.stop()


def seat_the_classes(county: Product) -> None:
    """The demo's rooms are taken part in by the classes that have a seating plan there."""
    with contextlib.closing(sqlite3.connect(county.data / "shuangshi.db", timeout=10)) as store, store:
        plan = "SELECT school_class FROM seating_plan WHERE classroom = lesson_room.classroom"
        assert store.execute(f"UPDATE lesson_room SET school_class = ({plan})").rowcount > 0


def passwords(county: Product) -> dict[str, str]:
    """Login → password, as `shuangshi run` keeps them for its owner."""
    lines = [line.split() for line in (county.data / "demo-logins.txt").read_text().splitlines()]
    return {words[0]: words[1] for words in lines if len(words) >= 3}
