"""The board in real browsers: courseware is uploaded, preloaded and turned; teacher and a room with the pen draw on it.

The board is put onto a bare page of ours, with a socket of its own: what the console and the big screen do around it is their story.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.harness.axe import violations
from tests.harness.browser import close_pages, open_page
from tests.harness.product import Link, Product
from tests.server.courseware.files import pdf

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

PAGES = ["BT /F1 90 Tf 200 180 Td (1/2) Tj ET", "BT /F1 90 Tf 200 180 Td (3/4) Tj ET", "0.2 0.4 0.8 rg 100 100 300 200 re f"]
ROOM = "Stone Bridge"

BOARD = """async ({ lesson, admission }) => {
    const load = (path) => import(`/static/js/${path}.js`);
    const [{ LiveSocket }, { Lesson }, { BoardView }, { BoardTools, showProgress }] =
        await Promise.all(["protocol", "lesson", "board/view", "board/tools"].map(load));
    const [{ browserClock }, words, { useIcons }, { boardHash }] = await Promise.all(["clock", "i18n", "views/dom", "board/digest"].map(load));
    await words.load("/static/locale/en.json");
    useIcons("/static/icons.svg");
    for (const name of ["button", "board"]) {
        const link = document.createElement("link");
        link.rel = "stylesheet";
        link.href = `/static/css/components/${name}.css`;
        document.head.append(link);
        await new Promise((done) => link.addEventListener("load", done));
    }
    document.body.replaceChildren();
    const make = (style) => document.body.appendChild(Object.assign(document.createElement("div"), { style }));
    const [holder, bar, progress] = [make("width:960px;height:540px"), make(""), make("")];
    const word = Math.random().toString(36).slice(2, 12);
    const url = `${location.origin.replace("http", "ws")}/ws/${lesson}?a=${admission}`;
    const socket = new LiveSocket({ url, build: "", surface: "screen", page: word, clock: browserClock, open: (at) => new WebSocket(at) });
    const held = new Lesson(socket);
    const you = await new Promise((done) => {
        socket.on("welcome", (message) => done(message.you));
        socket.start();
    });
    const boot = { lesson: { id: lesson }, admission, page: word, you };
    const canDraw = () => you.role === "master" || held.state?.board.pen === you.participant;
    const send = { command: (kind, payload) => socket.command(kind, payload), signal: (kind, payload) => socket.signal(kind, payload) };
    const view = new BoardView(holder, { boot, lesson: held, canDraw, send });
    showProgress(progress, view);
    new BoardTools(bar, view, you.role === "master");
    window.board = { view, socket, held, you, hash: () => boardHash(held.state.board), hidden: () => progress.hidden };
}"""

UPLOAD = """async ({ lesson, admission, bytes }) => {
    const form = new FormData();
    form.append("file", new File([new Uint8Array(bytes)], "分数的认识.pdf"));
    const answer = await fetch(`/courseware/${lesson}?a=${admission}`, { method: "POST", body: form });
    return { status: answer.status, body: await answer.json() };
}"""

INKED = """(layer) => {
    const canvas = document.querySelectorAll(".board-layer")[layer];
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 40) count += 1;
    return count;
}"""
"""How many pixels of a layer have something on them. 0: what is in the log, 1: what moves."""


@dataclass
class Desk:
    """Somebody's page with the board on it."""

    page: Page
    lesson: str
    admission: str

    @classmethod
    async def open(cls, school: Product, browser: Browser, lesson: str, link: Link) -> Desk:
        page = await open_page(browser, f"{school.url}/login", 1000, 760)
        joined = await page.request.get(link.page, max_redirects=0)
        admission = parse_qs(urlsplit(joined.headers["location"]).query)["a"][0]
        await page.evaluate(BOARD, {"lesson": lesson, "admission": admission})
        return cls(page, lesson, admission)

    async def until(self, expression: str, seconds: float = 10) -> None:
        """Asked again and again: the pages' policy forbids the evaluation that Playwright's own waiting needs."""
        async with asyncio.timeout(seconds):
            while not await self.page.evaluate(expression):
                await asyncio.sleep(0.03)

    async def command(self, kind: str, **payload: Any) -> None:
        await self.page.evaluate("([kind, payload]) => board.socket.command(kind, payload)", [kind, payload])

    async def inked(self, layer: int = 0) -> int:
        return int(await self.page.evaluate(INKED, layer))

    async def line(self, *points: tuple[int, int], lift: bool = True) -> None:
        """Draw by mouse; pixels of the board."""
        await self.page.mouse.move(*points[0])
        await self.page.mouse.down()
        for point in points[1:]:
            await self.page.mouse.move(*point, steps=6)
        if lift:
            await self.page.mouse.up()

    async def tool(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def shows(self, n: int, of: int = 3) -> None:
        await self.page.get_by_role("img", name=f"Courseware, page {n} of {of}").wait_for()
        await self.page.locator(".board-page[data-quality='page'] img").wait_for()


@pytest_asyncio.fixture(loop_scope="module")
async def desks(school: Product, browser: Browser) -> AsyncIterator[tuple[Desk, Desk]]:
    """The master's board with three pages on it, and a room's."""
    lesson, links = await school.invite((("master", "Ms Wang"), ("classroom", ROOM)))
    master, room = await asyncio.gather(*(Desk.open(school, browser, lesson, link) for link in links))
    sent = await master.page.evaluate(UPLOAD, {"lesson": lesson, "admission": master.admission, "bytes": list(pdf(PAGES))})
    assert (sent["status"], sent["body"]["name"]) == (201, "分数的认识.pdf")
    list_of = f"fetch('/courseware/{lesson}?a={master.admission}').then((a) => a.json()).then((a) => a.courseware[0].state)"
    async with asyncio.timeout(20):
        while await master.page.evaluate(list_of) != "ready":
            await asyncio.sleep(0.05)
    await master.command("courseware.attach", courseware=sent["body"]["id"])
    await master.command("lesson.live")
    await asyncio.gather(master.shows(1), room.shows(1))
    yield master, room
    await close_pages(browser)


async def same(*desks: Desk) -> str:
    """All boards are the same; the word for them."""
    async with asyncio.timeout(5):
        while len(words := {await desk.page.evaluate("board.hash()") for desk in desks}) > 1:
            await asyncio.sleep(0.02)
    return str(words.pop())


async def test_pages_are_preloaded_and_turned_everywhere(desks: tuple[Desk, Desk]) -> None:
    master, room = desks
    await room.until("board.view.store.kept.size === 6")
    assert await room.page.evaluate("board.hidden()")
    fetched: list[str] = []
    room.page.on("request", lambda request: fetched.append(request.url))
    await master.page.keyboard.press("PageDown")
    await asyncio.gather(master.shows(2), room.shows(2))
    await master.page.keyboard.press("PageUp")
    await asyncio.gather(master.shows(1), room.shows(1))
    await master.page.get_by_role("button", name="Blank page").click()
    await room.page.locator(".board-page[data-quality='blank']").wait_for()
    assert [url for url in fetched if "/courseware/" in url] == [], "what was preloaded is not fetched again"
    assert await room.page.locator(".board-tools").is_hidden(), "only who may draw has tools"
    assert [found for desk in desks for found in await violations(desk.page) if ".board" in found] == []
    await same(master, room)
    assert (master.page.errors, room.page.errors) == ([], [])  # type: ignore[attr-defined]


async def test_ink_is_seen_while_it_is_drawn_and_is_the_same_afterwards(desks: tuple[Desk, Desk]) -> None:
    master, room = desks
    await master.tool("Pen")
    await master.line((200, 100), (400, 300), (600, 100), lift=False)
    await room.until(f"({INKED})(1) > 500")
    assert await room.inked() == 0, "nothing of it is in the log yet"
    await master.page.mouse.up()
    await room.until(f"({INKED})(0) > 500")
    await asyncio.gather(*(desk.until(f"({INKED})(1) === 0") for desk in desks))
    assert abs(await master.inked() - await room.inked()) < 20
    before = await same(master, room)
    await master.tool("Marker")
    await master.line((100, 400), (700, 400))
    for name, points in (("Box", ((300, 200), (500, 320))), ("Arrow", ((120, 120), (180, 240)))):
        await master.page.get_by_label("Shape").select_option(name)
        await master.line(*points)
    await room.until("board.held.state.board.ink[`${board.view.at.sheet}/1`].length === 4")
    await master.tool("Text")
    await master.page.mouse.click(420, 60)
    await master.page.keyboard.type("one half")
    await master.page.keyboard.press("Control+Enter")
    await room.until("Object.values(board.held.state.board.ink)[0].at(-1).text === 'one half'")
    await master.page.keyboard.press("Control+z")
    await room.until("Object.values(board.held.state.board.ink)[0].length === 4")
    await master.tool("Eraser")
    await master.line((400, 190), (400, 210))
    await room.until("Object.values(board.held.state.board.ink)[0].length === 3")
    assert await same(master, room) != before
    await master.tool("Clear")
    await room.until(f"({INKED})(0) === 0")
    assert (master.page.errors, room.page.errors) == ([], [])  # type: ignore[attr-defined]


async def test_a_room_on_stage_draws_with_the_pen_and_no_longer(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    master, room = desks
    participant = await room.page.evaluate("board.you.participant")
    await master.until(f"'{participant}' in board.held.state.participants")
    await master.command("stage.call", participant=participant)
    await master.command("pen.give", participant=participant)
    await room.page.locator(".board-tools").wait_for()
    assert await room.page.get_by_role("button", name="Clear").count() == 0
    await room.tool("Pen")
    await room.line((200, 100), (300, 200))
    await master.until("Object.values(board.held.state.board.ink)[0]?.length === 1")
    await room.tool("Point")
    await room.page.mouse.move(500, 300, steps=5)
    await master.until(f"({INKED})(1) > 100")
    await room.page.keyboard.press("PageDown")
    await master.shows(2)
    await master.command("stage.release", participant=participant)
    await room.page.locator(".board-tools").wait_for(state="hidden")
    await room.line((200, 100), (300, 200))
    await same(master, room)
    assert await master.page.evaluate("Object.values(board.held.state.board.ink).flat().length") == 1
    assert (master.page.errors, room.page.errors) == ([], [])  # type: ignore[attr-defined]


async def test_a_joiner_has_the_same_page_and_ink(school: Product, browser: Browser, desks: tuple[Desk, Desk]) -> None:
    master, room = desks
    await master.page.keyboard.press("PageDown")
    await master.tool("Pen")
    for n in range(5):
        await master.line((100 + 60 * n, 100), (140 + 60 * n, 300))
    link = await school.link(master.lesson, "viewer")
    late = await Desk.open(school, browser, master.lesson, link)
    await late.shows(2)
    await same(master, room, late)
    assert abs(await late.inked() - await master.inked()) < 60
