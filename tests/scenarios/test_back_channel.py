"""What travels back: hands, room signals, intercom, quiz, phones at their seats; through real pages, with a restart in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.harness.axe import violations
from tests.harness.browser import close_pages, open_page
from tests.harness.product import Product
from tests.harness.school import Console, Lesson, Seat, within
from tests.server.courseware.files import pdf

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = ("Stone Bridge", "Red Flag")
PAGES = ["BT /F1 90 Tf 200 180 Td (1/2) Tj ET", "BT /F1 90 Tf 200 180 Td (3/4) Tj ET"]


@pytest_asyncio.fixture(loop_scope="module")
async def lesson(school: Product, browser: Browser) -> AsyncIterator[Lesson]:
    made = await Lesson.make(school, browser, *ROOMS)
    yield made
    await close_pages(browser)


async def gathered(lesson: Lesson) -> tuple[Console, Seat, Seat, Page]:
    """Live: the master, two rooms, and the first one's assistant on a phone."""
    console, one, two = await asyncio.gather(lesson.console(), lesson.seat(ROOMS[0]), lesson.seat(ROOMS[1]))
    paper = await lesson.product.link(lesson.id, "assistant", ROOMS[0])
    phone = await open_page(lesson.browser, paper.page, 360, 740, allowed=False)
    await console.says("#delivery", "Classrooms here: 2")
    await console.start()
    await console.says("#phase", "Live")
    return console, one, two, phone


async def raise_hand(room: Seat, seat: int) -> None:
    """As a pupil does at the classroom's keyboard."""
    await room.page.keyboard.type(str(seat))
    await expect(room.page.locator("#seatpad")).to_contain_text(str(seat))
    await room.page.keyboard.press("Enter")


async def test_hands_from_keyboard_and_phone_in_one_order_and_kept_over_a_restart(lesson: Lesson) -> None:
    console, one, two, phone = await gathered(lesson)
    await raise_hand(one, 12)
    await expect(one.page.locator("#own-hands")).to_contain_text("No. 12 place 1")
    await raise_hand(two, 5)
    await phone.get_by_role("tab", name="Seats").click()
    await phone.locator("#seats button", has_text="7").first.click()
    await expect(console.page.locator("#hands-list .hand")).to_have_count(3)

    lesson.product.kill_web()
    await lesson.product.wait_healthy()
    await expect(console.page.locator("#hands-list .hand")).to_have_count(3)
    queue = await console.page.locator("#hands-list .who").all_inner_texts()
    assert sorted(queue) == sorted([f"{ROOMS[0]} No. 12", f"{ROOMS[1]} No. 5", f"{ROOMS[0]} No. 7"])

    called, seat = queue[0].rsplit(" No. ", 1)
    await console.page.keyboard.press("1")
    room = one if called == ROOMS[0] else two
    await room.says("#air-words", f"No. {seat} · We are on stage · everyone hears us")
    await expect(console.page.locator("#hands-list .hand")).to_have_count(2)
    await raise_hand(room, 9)
    await room.page.keyboard.type("9")
    await room.page.keyboard.press("Escape")
    await expect(room.page.locator("#own-hands")).not_to_contain_text("No. 9")
    await console.page.locator("#hands-clear").click()
    await expect(two.page.locator("#own-hands")).to_be_hidden()
    assert [page.errors for page in (console.page, one.page, two.page, phone)] == [[], [], [], []]


async def test_a_room_says_what_it_needs_and_hears_that_it_was_seen(lesson: Lesson) -> None:
    console, one, _, phone = await gathered(lesson)
    await phone.get_by_role("button", name="Cannot hear").click()
    tile = console.page.locator(".tile", has_text=ROOMS[0])
    await expect(tile.locator(".word")).to_have_text("Cannot hear")
    await tile.get_by_role("button", name="Seen").click()
    await expect(phone.locator("#signal-words")).to_have_text("The teacher has seen it")

    await phone.locator("#speak-text").fill("the loudspeaker is broken")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(console.page.locator("#unread")).to_have_text("1")
    await console.tab("talk")
    await expect(console.page.locator("#said")).to_contain_text("the loudspeaker is broken")
    await console.page.locator("#speak-text").fill("a new one is coming")
    await console.page.locator("#speak button").click()
    await expect(phone.locator("#said")).to_contain_text("a new one is coming")
    for words in ("loudspeaker is broken", "a new one is coming"):
        assert words not in await one.page.content(), "the intercom is never on the public screen"


async def test_a_quiz_answered_by_keyboard_phone_and_show_of_hands(lesson: Lesson, tmp_path: Path) -> None:
    console, one, two, phone = await gathered(lesson)
    await phone.get_by_role("tab", name="Seats").click()
    await phone.get_by_role("button", name="Let students' devices in").click()
    code = one.page.locator("#phones-code")
    await expect(code).to_be_visible()
    answer = await one.page.evaluate("async () => (await fetch(location.pathname + '/code' + location.search)).json()")
    pupil = await open_page(lesson.browser, answer["address"], 360, 740, allowed=False)
    assert answer["address"] not in pupil.url, "the ticket leaves the address bar"
    await pupil.get_by_role("button", name="3", exact=True).click()
    await expect(pupil.locator("#hand")).to_be_enabled()
    late = await open_page(lesson.browser, answer["address"], 360, 740, allowed=False)
    await expect(late.get_by_role("button", name="3", exact=True)).to_be_disabled()

    await console.page.keyboard.press("q")
    await expect(console.page.locator("#quiz-question")).to_be_focused()
    await console.page.locator("#quiz-question").fill("1/2 + 1/4 = ?\n2/6\n3/4\n1/8\n2/4")
    await console.page.locator("#quiz-key").fill("B")
    await console.page.get_by_role("button", name="Ask", exact=True).click()
    await expect(pupil.get_by_role("heading", name="1/2 + 1/4 = ?")).to_be_visible()
    assert "Right" not in await pupil.locator("#card").inner_text()
    await pupil.get_by_role("button", name="B 3/4").click()
    await expect(pupil.locator("#card")).to_contain_text("Received")
    await expect(one.page.locator("#card .answered .done")).to_have_count(1)
    await two.page.keyboard.type("8a")
    await two.page.keyboard.type("9b")
    await expect(two.page.locator("#card .answered .done")).to_have_count(2)
    await phone.locator("#count-A").fill("4")
    await phone.locator("#count-B").fill("20")
    await phone.get_by_role("button", name="Report").click()
    await expect(console.page.locator("#panel-quiz .quiz-now")).to_contain_text("3 seats answered")
    await expect(console.page.locator("#panel-quiz .quiz-now")).to_contain_text("Hands counted: 4 / 20 / 0 / 0")
    await console.page.get_by_role("button", name="Close", exact=True).click()
    await console.page.get_by_role("button", name="Show the answer").click()
    await expect(pupil.locator("#card")).to_contain_text("Right: B")
    await expect(two.page.locator("#card .right")).to_contain_text("3/4")

    await pupil.locator("#ask summary").click()
    await pupil.locator("#ask-text").fill("why not 2/6?")
    await pupil.get_by_role("button", name="Send to the assistant").click()
    await phone.get_by_role("tab", name="Questions").click()
    await expect(phone.locator("#questions")).to_contain_text("why not 2/6?")
    await expect(one.page.locator("#panel-dot")).to_have_text("●")
    await expect(two.page.locator("#panel-dot")).to_have_text("○")
    assert "why not 2/6?" not in await one.page.content(), "the big screen knows that somebody asks, not what"
    assert "why not 2/6?" not in await console.page.content(), "held until an assistant releases it"
    await phone.get_by_role("button", name="Release").click()
    await console.tab("talk")
    await expect(one.page.locator("#panel-dot")).to_have_text("○")
    await expect(console.page.locator("#questions")).to_contain_text("why not 2/6?")
    await console.page.get_by_role("button", name="Answered aloud").click()
    await expect(pupil.locator("#asked")).to_contain_text("Answered")

    for page in (console.page, one.page, phone, pupil):
        assert await violations(page) == []
    assert [page.errors for page in (console.page, one.page, two.page, phone, pupil)] == [[], [], [], [], []]

    await phone.get_by_role("tab", name="Seats").click()
    await phone.get_by_label("Device", exact=True).check()
    await phone.locator("#seats button", has_text="3").first.click()
    await expect(pupil.locator("#bands")).to_contain_text("link", timeout=3000)


async def test_courseware_is_put_on_the_board_and_turned_and_a_room_gets_the_pen(lesson: Lesson, tmp_path: Path) -> None:
    console, one, two, _ = await gathered(lesson)
    file = tmp_path / "fractions.pdf"
    file.write_bytes(pdf(PAGES))
    await console.page.locator("#shelf-file").set_input_files(str(file))
    await console.tab("shelf")
    await console.page.get_by_role("button", name="Put on", exact=True).click(timeout=20_000)
    for page in (console.page, one.page, two.page):
        await expect(page.locator("#board .board-page")).to_be_visible()
    await expect(console.page.locator("#board-tools .board-count")).to_contain_text("1 / 2")
    await console.page.keyboard.press("PageDown")
    await expect(console.page.locator("#board-tools .board-count")).to_contain_text("2 / 2")
    await expect(one.page.locator("#program")).to_have_attribute("data-layout", "courseware")

    await console.page.locator("#layout").select_option("teacher")
    await expect(one.page.locator("#board")).to_be_hidden()
    await console.page.locator("#layout").select_option("auto")
    await console.call(ROOMS[0])
    await expect(one.page.locator("#program")).to_have_attribute("data-layout", "stage")
    await console.page.keyboard.press("k")
    await console.page.get_by_role("button", name="Give the pen to").click()
    await console.page.keyboard.press("PageUp")
    await expect(one.page.locator("#board-tools .board-tools")).to_be_visible()
    await expect(two.page.locator("#board-tools .board-tools")).to_be_hidden()
    await one.page.get_by_role("button", name="Pen", exact=True).click()
    box = await one.page.locator("#board .board-page").bounding_box()
    assert box
    await one.page.mouse.move(box["x"] + 80, box["y"] + 80)
    await one.page.mouse.down()
    await one.page.mouse.move(box["x"] + 200, box["y"] + 140, steps=6)
    await one.page.mouse.up()
    await within(5, lambda: inked(two.page))
    await console.page.get_by_role("button", name="Take the pen from").click()
    await expect(one.page.locator("#board-tools .board-tools")).to_be_hidden()
    assert [page.errors for page in (console.page, one.page, two.page)] == [[], [], []]


async def inked(page: Page) -> bool:
    """Something is drawn on the board's lower layer."""
    return bool(
        await page.evaluate(
            """() => {
                const canvas = document.querySelector(".board-layer");
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                return data.some((value, at) => at % 4 === 3 && value > 40);
            }"""
        )
    )
