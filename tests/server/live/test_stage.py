from __future__ import annotations

from tests.server.live.doubles import OFFER, School


async def test_stage_call_reaches_pages_and_media(school: School) -> None:
    lesson = await school.lesson()
    teacher = await school.link(lesson, "master")
    room = await school.link(lesson, "classroom", "Stone Bridge")
    other = await school.link(lesson, "classroom", "Red Flag")
    console, screen, screen2 = await school.page(teacher, "pt"), await school.page(room, "pr"), await school.page(other, "po")
    await school.lessons.publish(console.principal, OFFER, ("mic", "camera"), page="pt")
    await school.lessons.publish(screen.principal, OFFER, ("mic", "camera"), page="pr")
    seen = await school.lessons.watch(screen2.principal, OFFER, ("program.camera", "stage.1.audio", "stage.1.video"), page="po")
    await school.calm()
    mic, camera = f"{lesson}/{room.participant}/mic", f"{lesson}/{room.participant}/camera"
    assert school.worker.sources[camera].labels == (f"{lesson}/wall",)
    assert school.worker.sources[mic].muted
    assert school.worker.sources[f"{lesson}/master/camera"].labels == ()
    assert school.worker.told[seen.session].slots["program.camera"].sources == ()

    await school.order(console, "lesson.live")
    assert school.worker.sources[f"{lesson}/master/camera"].labels == (f"{lesson}/program",)
    assert school.worker.told[seen.session].slots["program.camera"].sources == (f"{lesson}/master/camera",)

    await school.order(console, "stage.call", participant=room.participant)
    assert school.worker.sources[camera].labels == (f"{lesson}/wall", f"{lesson}/stage")
    assert not school.worker.sources[mic].muted
    assert school.worker.told[seen.session].slots["stage.1.audio"].sources == (mic,)
    assert [e["kind"] for e in screen2.of("event")][-1] == "stage.called"
    assert console.of("ack")[-1]["seq"] == screen2.of("event")[-1]["seq"]

    await school.order(console, "stage.release", participant=room.participant)
    assert school.worker.sources[camera].labels == (f"{lesson}/wall",)
    assert school.worker.sources[mic].muted
    assert school.worker.told[seen.session].slots["stage.1.video"].sources == ()


async def test_label_is_taken_before_watchers_are_configured(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    room = await school.link(lesson, "classroom", "Stone Bridge")
    screen = await school.page(room)
    await school.lessons.publish(screen.principal, OFFER, ("camera",))
    await school.lessons.watch(console.principal, OFFER, ("stage.1.video",))
    await school.order(console, "lesson.live")
    await school.order(console, "stage.call", participant=room.participant)
    school.worker.commands.clear()
    await school.order(console, "stage.release", participant=room.participant)
    assert [type(c).__name__ for c in school.worker.commands] == ["Label", "Configure", "Record"]


async def test_end_closes_all_media_and_refuses_more(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    viewer = await school.page(await school.link(lesson, "viewer"))
    await school.lessons.publish(console.principal, OFFER, ("mic", "camera", "screen"))
    await school.lessons.watch(viewer.principal, OFFER, None)
    await school.order(console, "lesson.live")
    await school.order(console, "lesson.end")
    assert school.worker.sessions == {}
    assert not console.of("bye")
    assert not viewer.of("media.lost")
