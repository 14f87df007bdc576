from __future__ import annotations

import pytest

from server.domain.principal import Principal
from server.errors import (
    BadSdp,
    BadSlots,
    Forbidden,
    MediaUnavailable,
    NoSuchSession,
    PlaceTaken,
    StaleEtag,
    WrongPhase,
)
from tests.server.live.doubles import OFFER, School

SOURCES = ("mic", "camera")


async def test_same_principal_takes_over_at_once_and_the_old_page_is_told(school: School) -> None:
    lesson = await school.lesson()
    link = await school.link(lesson, "master")
    old, new = await school.page(link, "p1"), await school.page(link, "p2")
    first = await school.lessons.publish(old.principal, OFFER, SOURCES, page="p1")
    await school.lessons.publish(new.principal, OFFER, SOURCES, page="p2")
    await school.calm()
    assert (first.session, "replaced") in school.worker.closed
    assert [m["code"] for m in old.of("bye")] == ["replaced"]
    assert not old.of("media.lost")
    assert not new.of("bye")


async def test_a_page_that_publishes_again_is_not_sent_away(school: School) -> None:
    link = await school.link(await school.lesson(), "master")
    page = await school.page(link, "p1")
    for _ in range(3):
        await school.lessons.publish(page.principal, OFFER, SOURCES, page="p1")
        await school.calm()
    assert not page.of("bye")
    assert len(school.worker.sessions) == 1


async def test_pages_without_a_word_the_newest_stays(school: School) -> None:
    link = await school.link(await school.lesson(), "master")
    old, new = await school.page(link), await school.page(link)
    await school.lessons.publish(old.principal, OFFER, SOURCES)
    await school.lessons.publish(new.principal, OFFER, SOURCES)
    assert [m["code"] for m in old.of("bye")] == ["replaced"]
    assert not new.of("bye")


async def test_another_principal_needs_takeover(school: School) -> None:
    lesson = await school.lesson()
    one, two = await school.link(lesson, "classroom", "Stone Bridge"), await school.link(lesson, "classroom", "Stone Bridge")
    assert one.participant == two.participant
    page = await school.page(one, "p1")
    await school.lessons.publish(page.principal, OFFER, SOURCES, page="p1")
    with pytest.raises(PlaceTaken):
        await school.lessons.publish(two.principal("x"), OFFER, ("camera",))
    assert not page.of("bye")
    await school.lessons.publish(two.principal("x"), OFFER, ("camera",), takeover=True)
    assert [m["code"] for m in page.of("bye")] == ["replaced"]


async def test_a_disconnected_publisher_does_not_hold_its_place(school: School) -> None:
    lesson = await school.lesson()
    one, two = await school.link(lesson, "master"), await school.link(lesson, "master")
    first = await school.lessons.publish(one.principal("x"), OFFER, SOURCES)
    school.worker.change(first.session, state="disconnected")
    second = await school.lessons.publish(two.principal("y"), OFFER, SOURCES)
    assert list(school.worker.sessions) == [second.session]


async def test_a_refused_takeover_leaves_the_old_publisher(school: School) -> None:
    link = await school.link(await school.lesson(), "master")
    page = await school.page(link, "p1")
    await school.lessons.publish(page.principal, OFFER, SOURCES, page="p1")
    school.worker.refuse = "sdp.malformed"
    with pytest.raises(BadSdp):
        await school.lessons.publish(page.principal, "nonsense", SOURCES, page="p2")
    assert not page.of("bye")
    assert len(school.worker.sessions) == 1


@pytest.mark.parametrize(
    ("role", "slots", "error"),
    [
        ("viewer", ("wall.1.video",), Forbidden),
        ("classroom", ("program.audio", "wall.1.video"), Forbidden),
        ("master", ("program.audio",), Forbidden),
        ("wall", ("stage.1.video",), Forbidden),
        ("wall", None, BadSlots),
        ("viewer", ("program.smell",), BadSlots),
        ("viewer", ("program.audio", "program.audio"), BadSlots),
        ("viewer", (), BadSlots),
    ],
)
async def test_slots_a_role_may_not_have(school: School, role: str, slots: tuple[str, ...] | None, error: type) -> None:
    link = await school.link(await school.lesson(), role, "Room")
    with pytest.raises(error):
        await school.lessons.watch(link.principal("x"), OFFER, slots)
    assert school.worker.commands == []


@pytest.mark.parametrize(
    ("role", "names", "error"),
    [
        ("viewer", ("camera",), Forbidden),
        ("wall", ("camera",), Forbidden),
        ("classroom", ("screen",), Forbidden),
        ("master", ("hologram",), BadSlots),
        ("master", (), BadSlots),
    ],
)
async def test_sources_a_role_may_not_send(school: School, role: str, names: tuple[str, ...], error: type) -> None:
    link = await school.link(await school.lesson(), role, "Room")
    with pytest.raises(error):
        await school.lessons.publish(link.principal("x"), OFFER, names)
    assert school.worker.commands == []


async def test_sessions_are_ones_own(school: School) -> None:
    lesson = await school.lesson()
    mine, other = await school.link(lesson, "viewer"), await school.link(lesson, "viewer")
    session = (await school.lessons.watch(mine.principal("x"), OFFER, None)).session
    with pytest.raises(NoSuchSession):
        await school.lessons.close(other.principal("x"), session)
    with pytest.raises(StaleEtag):
        await school.lessons.patch(mine.principal("x"), session, '"0"', "a=candidate")
    assert (await school.lessons.patch(mine.principal("x"), session, '"1"', "a=candidate")).answer == "fragment"
    await school.lessons.close(mine.principal("x"), session)
    assert session not in school.worker.sessions
    with pytest.raises(NoSuchSession):
        await school.lessons.close(mine.principal("x"), session)


async def test_without_a_worker_media_is_unavailable(school: School) -> None:
    link = await school.link(await school.lesson(), "viewer")
    school.worker.disconnect()
    with pytest.raises(MediaUnavailable):
        await school.lessons.watch(link.principal("x"), OFFER, None)


async def test_no_media_after_the_end(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    await school.order(console, "lesson.open")
    await school.order(console, "lesson.end")
    with pytest.raises(WrongPhase):
        await school.lessons.publish(console.principal, OFFER, SOURCES)


async def test_a_plain_player_gets_the_program_then_the_stage(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    room = await school.page(await school.link(lesson, "classroom", "Room"))
    who = room.principal.participant
    await school.lessons.publish(console.principal, OFFER, ("mic", "camera", "screen"))
    await school.lessons.publish(room.principal, OFFER, SOURCES)
    viewer = (await school.link(lesson, "viewer")).principal("x")
    player = await school.lessons.watch(viewer, OFFER + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", None, "screen")
    await school.order(console, "lesson.live")
    await school.order(console, "stage.call", participant=who)
    slots = {name: slot.sources for name, slot in school.worker.told[player.session].slots.items()}
    assert slots == {
        "plain.1": (f"{lesson}/master/mic", f"{lesson}/{who}/mic"),
        "plain.2": (f"{lesson}/master/screen",),
        "plain.3": (f"{lesson}/master/camera",),
        "plain.4": (f"{lesson}/{who}/camera",),
    }


async def test_an_unknown_lesson(school: School) -> None:
    from server.errors import NoSuchLesson

    stranger = Principal("p", "a", "nowhere", "viewer", None, "")
    with pytest.raises(NoSuchLesson):
        await school.lessons.watch(stranger, OFFER, None)
