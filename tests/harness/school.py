"""A lesson as its people see it: the console, classroom screens and viewers in real browser pages."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from server.domain.principal import Role
from tests.harness.browser import open_page, quietly, received
from tests.harness.product import Link, Product

PROGRAM = ("program.audio", "program.camera", "program.screen")
STAGES = tuple(f"stage.{n}.{kind}" for n in range(1, 5) for kind in ("audio", "video"))
ROOM_SLOTS = (*PROGRAM, *STAGES)
MASTER_SLOTS = (*STAGES, *(f"wall.{n}.video" for n in range(1, 10)))


@dataclass(frozen=True)
class Got:
    """What one slot brought so far."""

    packets: int
    frames: int
    energy: float
    size: tuple[int, int]


async def within(seconds: float, condition: Callable[[], Awaitable[Any]], about: Callable[[], Any] = lambda: "") -> float:
    """Wait until the condition holds; how long it took, s."""
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {about()}"
        await asyncio.sleep(0.04)
    return time.monotonic() - began


class Seat:
    """Somebody's page."""

    def __init__(self, page: Page, slots: Sequence[str] = ROOM_SLOTS) -> None:
        self.page = page
        self._slots = slots
        self._known: dict[str, dict[str, Got]] = {}

    async def got(self) -> tuple[str, dict[str, Got]]:
        """The connected watching session's own word (empty: none is), and what each of its slots brought."""
        found = await received(self.page)
        if found is None:
            return "", {}
        lines = [Got(line["packets"], line["frames"], line["energy"], tuple(line["size"])) for line in found["lines"]]
        self._known[found["session"]] = dict(zip(self._slots, lines, strict=False))
        return found["session"], self._known[found["session"]]

    async def plays(self, *slots: str, seconds: float = 10, frames: int = 3) -> float:
        """Until each slot brought more: so many frames decoded, or sound that is not silence. How long it took, s."""
        start = await self.got()
        now = start

        async def more() -> bool:
            nonlocal now, start
            known = dict(self._known)
            now = await self.got()
            if now[0] != start[0]:  # one seen before goes on where it was, a new one counts from zero
                start = (now[0], known.get(now[0]) or {slot: Got(0, 0, 0.0, (0, 0)) for slot in now[1]})
            return bool(now[1]) and all(_more(slot, start[1], now[1], frames) for slot in slots)

        return await within(seconds, more, lambda: (slots, start, now))

    async def stops(self, *slots: str, seconds: float = 4, quiet: float = 1.0) -> None:
        """Until nothing has come on these slots for a while; the session stays."""
        before = await self.got()
        counts, since, began = _packets(before[1], slots), time.monotonic(), time.monotonic()
        while time.monotonic() - since < quiet:
            assert time.monotonic() - began < seconds, f"{slots} still flow after {seconds} s"
            await asyncio.sleep(0.1)
            session, now = await self.got()
            assert session == before[0]
            if _packets(now, slots) != counts:
                counts, since = _packets(now, slots), time.monotonic()

    async def says(self, selector: str, words: str, seconds: float = 10) -> float:
        """Until the element shows these words."""
        shown = ""

        async def look() -> bool:
            nonlocal shown
            shown = await quietly(self.page, f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
            return words in shown

        return await within(seconds, look, lambda: f"{selector}: {shown!r}, wanted {words!r}")

    async def shows(self, selector: str, seconds: float = 10) -> None:
        """Until the element is to be seen."""
        await within(seconds, lambda: self.sees(selector), lambda: f"{selector} is not shown")

    async def sees(self, selector: str) -> bool:
        """The element is to be seen now."""
        return bool(await quietly(self.page, f"(document.querySelector({json.dumps(selector)})?.getClientRects().length ?? 0) > 0"))

    async def close(self) -> None:
        """The browser window goes away with everything in it."""
        await self.page.context.close()


def _packets(got: dict[str, Got], slots: Sequence[str]) -> list[int]:
    return [got[slot].packets for slot in slots]


def _more(slot: str, start: dict[str, Got], now: dict[str, Got], frames: int) -> bool:
    if slot.endswith(".audio"):
        return now[slot].energy > start[slot].energy + 1e-6
    return now[slot].frames >= start[slot].frames + frames


class Console(Seat):
    """The master's page."""

    async def start(self) -> None:
        """Press the one button, and be live."""
        await self.page.locator("#go").click()
        await self.says("#phase", "Live")

    async def end(self) -> None:
        """End class, and mean it."""
        await self.page.get_by_role("button", name="End class").click()
        await self.page.get_by_role("button", name="Yes, end it").click()
        await self.says("#phase", "Ended")

    async def tab(self, name: str) -> None:
        """Open a tab of the right column."""
        await self.page.locator(f"#tab-{name}").click()

    async def call(self, name: str) -> None:
        await self.page.get_by_role("button", name=f"Call {name} on stage").click()

    async def release(self, name: str) -> None:
        await self.page.get_by_role("button", name=f"Send back {name}").click()


@dataclass
class Lesson:
    """One lesson of a running product, and the links of its people."""

    product: Product
    browser: Browser
    id: str
    links: dict[str, Link]

    @classmethod
    async def make(cls, product: Product, browser: Browser, *rooms: str, viewer: bool = False) -> Lesson:
        """A lesson with a master (`master`), the named classrooms and, if wanted, a viewer (`viewer`)."""
        people: list[tuple[Role, str]] = [("master", ""), *(("classroom", room) for room in rooms), *([("viewer", "")] if viewer else [])]
        lesson, links = await product.invite(people)
        return cls(product, browser, lesson, {name or role: link for (role, name), link in zip(people, links, strict=True)})

    async def console(self, **how: Any) -> Console:
        return Console(await self._open("master", **how), MASTER_SLOTS)

    async def seat(self, name: str, **how: Any) -> Seat:
        """The page of a classroom or of the viewer."""
        return Seat(await self._open(name, **how))

    async def _open(self, name: str, **how: Any) -> Page:
        return await open_page(self.browser, self.links[name].page, locale="en-US", **how)
