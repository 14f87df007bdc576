"""A lesson from the first page to the last: master and two classrooms join by their links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.harness.browser import close_pages
from tests.harness.product import Product
from tests.harness.school import Console, Lesson, Seat

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = ("Stone Bridge", "Red Flag")


@pytest_asyncio.fixture(loop_scope="module")
async def lesson(school: Product, browser: Browser) -> AsyncIterator[Lesson]:
    made = await Lesson.make(school, browser, *ROOMS)
    yield made
    await close_pages(browser)


async def _gathered(lesson: Lesson) -> tuple[Console, Seat, Seat]:
    """The waiting room: everybody is here."""
    console, one, two = await asyncio.gather(lesson.console(), lesson.seat(ROOMS[0]), lesson.seat(ROOMS[1]))
    await console.says("#delivery", "Classrooms here: 2")
    for room in (one, two):
        await room.says("#cover-title", "Class is about to start")
    return console, one, two


async def test_a_lesson_from_the_waiting_room_to_its_end_and_again(lesson: Lesson) -> None:
    console, one, two = await _gathered(lesson)
    await console.plays("wall.1.video", "wall.2.video")
    assert (await one.got())[1]["program.camera"].packets == 0, "before class nothing of the master is forwarded"

    await console.start()
    await asyncio.gather(*(room.plays("program.camera", "program.audio", seconds=5) for room in (one, two)))
    await console.says("#delivery", "2 of 2 classrooms hear and see you")

    await console.page.locator("#screen").click()
    await asyncio.gather(*(room.plays("program.camera", "program.screen", "program.audio", seconds=5) for room in (one, two)))
    await asyncio.gather(*(room.page.locator("#program[data-screen='1'][data-camera='1']").wait_for() for room in (one, two)))

    await _stage(console, one, two)

    await console.end()
    await asyncio.gather(*(room.says("#cover-title", "Class is over") for room in (one, two)))
    for seat in (console, one, two):
        assert await seat.page.evaluate("window.connections.every((pc) => pc.connectionState === 'closed')")

    await console.page.get_by_role("button", name="Reopen class").click()
    await console.says("#phase", "Live")
    await asyncio.gather(*(room.plays("program.camera", "program.audio") for room in (one, two)))
    await console.says("#delivery", "2 of 2 classrooms hear and see you")
    assert [seat.page.errors for seat in (console, one, two)] == [[], [], []]


async def _stage(console: Console, one: Seat, two: Seat) -> None:
    """The first room is called: seen and heard by all, and loudly told so; then sent back: by nobody."""
    assert (await two.got())[1]["stage.1.video"].packets == 0
    pressed = asyncio.get_running_loop().time()
    await console.call(ROOMS[0])
    await asyncio.gather(*(seat.plays("stage.1.video", "stage.1.audio", frames=1) for seat in (console, two)))
    took = asyncio.get_running_loop().time() - pressed
    print(f"\nstage call seen and heard by all after {took:.2f} s")
    assert took <= 1.5
    await one.says("#air-words", "We are on stage · everyone hears us")
    await two.page.locator("#program[data-stage='1']").wait_for()
    assert (await one.got())[1]["stage.1.video"].packets == 0, "nobody gets the own picture back"

    await console.release(ROOMS[0])
    await two.page.locator("#program[data-stage='0']").wait_for()
    await asyncio.gather(*(seat.stops("stage.1.video", "stage.1.audio") for seat in (console, two)))
    assert await one.page.locator("#air").is_hidden()


async def test_microphone_and_camera_switched_off_and_a_microphone_that_died(lesson: Lesson) -> None:
    console, one, _ = await _gathered(lesson)
    await console.start()
    await one.plays("program.camera", "program.audio")
    await console.page.locator("#camera").click()
    await one.stops("program.camera")
    await console.page.locator("#mic").click()
    await console.says("#delivery", "0 of 2 classrooms hear and see you")
    await console.page.locator("#mic").click()
    await console.page.locator("#camera").click()
    await one.plays("program.camera", "program.audio")

    await console.page.evaluate(
        "() => window.connections.flatMap((pc) => pc.getSenders()).forEach(({ track }) => track?.kind === 'audio' && (track.enabled = false))"
    )
    assert await console.says("#bands", "Your microphone is silent") < 5
