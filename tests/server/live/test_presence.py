from __future__ import annotations

from server.live.links import make_link
from server.live.presence import Health, Presence, worst
from tests.server.live.doubles import OFFER, School


def kinds(page) -> list[str]:
    return [e["kind"] for e in page.of("event") if e["kind"].startswith("participant.")]


async def test_a_reload_says_nothing_and_leaving_takes_five_seconds(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    link = await school.link(lesson, "classroom", "Room")
    page = await school.page(link)
    await school.pass_ms(11_000)
    await page.connection.close()
    await school.pass_ms(4_000)
    page = await school.page(link)
    await school.pass_ms(6_000)
    assert kinds(console)[-1] == "participant.joined"
    await page.connection.close()
    await school.pass_ms(4_500)
    assert "participant.left" not in kinds(console)
    await school.pass_ms(1_000)
    assert kinds(console)[-1] == "participant.left"


async def test_a_tool_without_a_page_takes_part(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    link = await school.link(lesson, "classroom", "Box")
    published = await school.lessons.publish(link.principal("x"), OFFER, ("camera",))
    await school.calm()
    assert kinds(console)[-1] == "participant.joined"
    await school.pass_ms(250)
    assert console.of("presence")[-1]["participants"][link.participant]["media"] == "connected"
    school.worker.change(published.session, state="disconnected")
    await school.pass_ms(250)
    assert console.of("presence")[-1]["participants"][link.participant]["media"] == "disconnected"
    await school.pass_ms(16_000)
    assert kinds(console)[-1] == "participant.left"


async def test_a_room_off_the_net_keeps_its_stage_for_thirty_seconds(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    link = await school.link(lesson, "classroom", "Room")
    page = await school.page(link)
    await school.order(console, "lesson.live")
    await school.order(console, "stage.call", participant=link.participant)
    await school.pass_ms(10_000)
    await page.connection.close()
    await school.pass_ms(34_000, 500)
    assert console.of("event")[-1]["kind"] == "participant.left"
    await school.pass_ms(2_000, 500)
    assert console.of("event")[-1]["kind"] == "stage.released"


async def test_the_master_hears_what_rooms_play_and_rooms_only_of_themselves(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    one, two = [await school.page(await school.link(lesson, "classroom", name)) for name in ("One", "Two")]
    played = {"type": "signal", "kind": "played", "payload": {"audio": True, "camera": True}}
    await one.connection.handle(played)
    await console.connection.handle({"type": "signal", "kind": "mic", "payload": {"level": 0, "silent": True}})
    await school.pass_ms(250)
    seen = console.of("presence")[-1]["participants"]
    assert seen[one.principal.participant]["plays"] == {"audio": True, "camera": True, "screen": False}
    assert seen[two.principal.participant]["plays"]["audio"] is False
    assert seen["master"]["mic_silent"] is True
    assert list(two.of("presence")[-1]["participants"]) == [two.principal.participant]
    await school.pass_ms(6_250)
    assert console.of("presence")[-1]["participants"][one.principal.participant]["plays"]["audio"] is False


def test_other_processes_count_until_they_fall_silent() -> None:
    presence = Presence(0)
    presence.hear("node2", {"room": {"plays": {"audio": True}, "mic_silent": False}}, 100)
    assert presence.everywhere(5_000)["room"]["plays"]["audio"] is True
    assert presence.everywhere(7_000) == {}


def test_worst_link_of_the_connected() -> None:
    both = [Health("connected", 40, 0.01), Health("disconnected", 900, 1.0), Health("connected", 10, 0.2)]
    assert worst(both) == Health("connected", 40, 0.2)
    assert worst([Health("disconnected")]).media == "disconnected"
    assert worst([]).media == "none"


async def test_the_wall_pages_through_many_rooms(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"), "p1")
    rooms = []
    for n in range(27):
        link = await school.link(lesson, "classroom", f"Room {n}")
        rooms.append(link.participant)
        await school.lessons.publish(link.principal("x"), OFFER, ("camera",))
    wall = await school.lessons.watch(console.principal, OFFER, tuple(f"wall.{n}.video" for n in range(1, 26)), page="p1")
    await school.calm()
    first = {key for slot in school.worker.told[wall.session].slots.values() for key in slot.sources}
    assert len(first) == 25
    rest = [*rooms[25:], "nobody", "master"]
    await console.connection.handle({"type": "signal", "kind": "wall", "payload": {"rooms": rest}})
    await school.pass_ms(250)
    second = {key for slot in school.worker.told[wall.session].slots.values() for key in slot.sources}
    assert second == {f"{lesson}/{room}/camera" for room in rooms[25:]}
    assert {slot.quality for slot in school.worker.told[wall.session].slots.values()} == {"low"}


async def test_a_link_made_on_the_command_line_is_a_missing_room_for_a_master_that_comes(school: School) -> None:
    lesson = await school.lesson()
    teacher, viewer = await school.link(lesson, "master"), await school.page(await school.link(lesson, "viewer"))
    new = await make_link(school.store, school.clock, lesson, "classroom", "Far Village")
    console = await school.page(teacher)
    await school.pass_ms(250)
    seen = console.of("presence")[-1]["participants"]
    assert (seen[new.participant]["name"], seen[new.participant]["online"]) == ("Far Village", False)
    assert not viewer.of("presence")
