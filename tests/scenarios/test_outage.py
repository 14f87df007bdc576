"""The network of a school is cut, long enough for the lesson to miss the room: its big screen and a pupil's phone come back by
themselves, and seat, hand and answer are as they were. What a minute of the server's own time does is `tests/server/live/test_outage.py`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.harness import link as udp
from tests.harness.browser import open_page
from tests.harness.product import Link, Product
from tests.harness.school import Seat, within
from tests.harness.socket import LessonSocket
from tests.harness.thin import ThinLink

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

CODE = "async () => (await fetch(location.pathname + '/code' + location.search)).json()"
BACK_MS = 20_000
"""Pages look for the network at least every eight seconds."""


@pytest_asyncio.fixture(loop_scope="module")
async def media(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Product, udp.Link]]:
    """An installation whose media pass through a link that can be blocked, UDP alone."""
    product = Product(tmp_path_factory.mktemp("cut") / "data")
    async with udp.Link(product.media_port) as link:
        product.settings = {**link.announce, "SHUANGSHI_MEDIA_TCP_PORT": "-1"}
        async with product:
            yield product, link


async def test_seat_hand_and_answer_are_kept(media: tuple[Product, udp.Link], browser: Browser) -> None:
    school, datagrams = media
    people = [("master", "Ms Wang"), ("classroom", "Near"), ("classroom", "Far")]
    lesson, (master, near, far) = await school.invite(people)  # type: ignore[arg-type]
    async with (
        LessonSocket(school, lesson, master) as teacher,
        LessonSocket(school, lesson, near) as other,
        ThinLink(school.http_port) as link,
    ):
        for kind in ("lesson.open", "lesson.live"):
            assert (await teacher.command(kind))["type"] == "ack"
        screen = Seat(await open_page(browser, link.through(far.page), 1280, 720, locale="en-US"))
        who, own = await _participant(teacher, "Far"), await _participant(teacher, "Near")
        phone = await _phone(browser, link, screen.page, school, lesson, far)

        assert (await other.command("hand.raise", participant=own, seat=7))["type"] == "ack"
        await teacher.until(lambda m: m.get("kind") == "hand.raised")
        await phone.locator("#hand").click()
        await expect(phone.locator("#place")).not_to_be_empty()
        await screen.page.keyboard.type("12")
        await screen.page.keyboard.press("Enter")
        await expect(screen.page.locator("#own-hands")).to_contain_text("No. 12")
        key = {"options": [1]}
        assert (await teacher.command("quiz.open", type="single", question="1/2 + 1/4 = ?", options=["2/6", "3/4"], key=key))[
            "type"
        ] == "ack"
        await phone.get_by_role("button", name="A 2/6").click()
        await expect(phone.locator("#card")).to_contain_text("Received")
        await expect(screen.page.locator("#card .answered .done")).to_have_count(1)
        before, hands = await _state(school, lesson, master), await screen.page.locator("#own-hands").inner_text()

        cut = time.monotonic()
        link.break_off()
        datagrams.blocked = True
        await screen.says("#bands", "Connection lost, reconnecting")
        await phone.get_by_role("button", name="B 3/4").click()
        heard = len(teacher.heard)
        await teacher.until(lambda m: m.get("kind") == "participant.left" and m["payload"]["participant"] == who, 40)
        datagrams.blocked = False
        link.mend()
        away = time.monotonic() - cut
        await teacher.until(lambda m: m.get("kind") == "participant.joined" and m["payload"]["participant"] == who, 40, heard)
        await teacher.until(lambda m: m.get("kind") == "quiz.answered" and m["payload"]["choice"] == [1], 40, heard)

        await expect(phone.get_by_role("button", name="B 3/4")).to_have_attribute("aria-pressed", "true", timeout=BACK_MS)
        await expect(screen.page.locator("#bands")).not_to_contain_text("Connection lost", timeout=BACK_MS)
        after = await _state(school, lesson, master)
        quiz = before["quiz"]["open"]
        assert before["quiz"]["answers"][quiz][who].popitem()[1]["choice"] == [0]
        assert [one["choice"] for one in after["quiz"]["answers"][quiz][who].values()] == [[1]], "what was touched meanwhile counts, once"
        assert len([m for m in teacher.heard[heard:] if m.get("kind") == "quiz.answered"]) == 1
        assert (after["hands"], after["seats"]) == (before["hands"], before["seats"])
        await within(5, lambda: _same(screen.page, hands))
        await expect(screen.page.locator("#card .answered .done")).to_have_count(1)
        print(f"\nthe network of a room was cut for {away:.1f} s and the lesson missed it: hand, seat and answer as they were")
        assert (screen.page.errors, phone.errors) == ([], [])  # type: ignore[attr-defined]
        for page in (screen.page, phone):
            await page.context.close()


async def _phone(browser: Browser, link: ThinLink, screen: Page, school: Product, lesson: str, far: Link) -> Page:
    """A pupil's phone at seat 3, in by the code on the big screen, through the same network."""
    async with LessonSocket(school, lesson, far) as room:
        who = next(m for m in room.heard if m["type"] == "welcome")["you"]["participant"]
        assert (await room.command("phones.open", participant=who))["type"] == "ack"
    answer = await screen.evaluate(CODE)
    phone = await open_page(browser, link.through(answer["address"]), 360, 740, allowed=False, locale="en-US")
    await phone.get_by_role("button", name="3", exact=True).click()
    await expect(phone.locator("#hand")).to_be_enabled()
    return phone


async def _participant(teacher: LessonSocket, name: str) -> str:
    joined = await teacher.until(lambda m: m.get("kind") == "participant.joined" and m["payload"].get("name") == name)
    return str(joined["payload"]["participant"])


async def _state(school: Product, lesson: str, master: Link) -> dict[str, Any]:
    async with LessonSocket(school, lesson, master) as socket:
        return socket.state


async def _same(page: Page, hands: str) -> bool:
    return await page.locator("#own-hands").inner_text() == hands
