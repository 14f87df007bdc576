"""From an upload to pages: the queue, its leases, what is kept on disk and what is thrown away."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from server import errors
from server.accounts.acts import Acts
from server.courseware import drawing, process
from server.courseware.blobs import Blobs
from server.courseware.drawing import LEASE_MS, MOST_TRIES, Drawing
from server.courseware.kinds import kind_of
from server.courseware.service import CoursewareService
from server.domain.courseware import MOST_FILES, Courseware, Media, Page
from server.domain.facts import CoursewareFacts
from server.store import Store
from server.store.courseware import CoursewareStore, Full, add_file
from tests.harness.postgres import both_databases
from tests.server.courseware.conftest import Clock, hand
from tests.server.courseware.files import endless_pdf, pdf, picture

HOUR = 3600.0


async def upload(service: CoursewareService, tmp_path: Path, data: bytes, lesson: str = "L1", name: str = "分数.pdf") -> Courseware:
    file = tmp_path / "upload"
    file.write_bytes(data)
    return await service.add(hand(lesson), name, file)


async def put(store: Store, new: Courseware) -> None:
    await store.database.write(lambda connection: add_file(connection, new))


def blobs_of(blobs: Blobs) -> set[str]:
    return {path.name for path in blobs.root.glob("[0-9a-f][0-9a-f]/*")}


async def test_a_file_is_waiting_then_ready(service: CoursewareService, shelf: CoursewareStore, tmp_path: Path) -> None:
    new = await upload(service, tmp_path, pdf(["", "1 0 0 rg 0 0 99 99 re f"]))
    assert (new.state, new.pages, new.kind, new.name) == ("waiting", 2, "pdf", "分数.pdf")
    assert await shelf.facts("L1") == {}
    assert await service.drawing.draw_next()
    assert not await service.drawing.draw_next()
    ((ready, pages),) = await service.listed("L1")
    assert (ready.state, ready.drawn, [page.page for page in pages]) == ("ready", 2, [1, 2])
    assert await shelf.facts("L1") == {new.id: CoursewareFacts(2, ready.version)}
    assert (await service.page("L1", ready.version, 2)) == pages[1]
    data = await service.blobs.read(pages[0].picture)
    assert data is not None
    assert (data[8:12], len(data)) == (b"WEBP", pages[0].size)
    assert await service.listed("L2") == []
    with pytest.raises(errors.NoSuchCourseware):
        await service.page("L2", ready.version, 1)
    with pytest.raises(errors.NoSuchCourseware):
        await service.page("L1", ready.version, 3)


async def test_the_same_pages_have_the_same_address_and_lie_there_once(service: CoursewareService, blobs: Blobs, tmp_path: Path) -> None:
    for lesson in ("L1", "L2"):
        await upload(service, tmp_path, picture(), lesson)
        await service.drawing.draw_next()
    (one, _), (two, _) = (await service.listed("L1"))[0], (await service.listed("L2"))[0]
    assert (one.version, one.id != two.id) == (two.version, True)
    assert len(blobs_of(blobs)) == 3, "the file, the picture, the preview"


async def test_the_board_of_a_lesson_made_by_hand_may_show_it(service: CoursewareService, store: Store, tmp_path: Path) -> None:
    new = await upload(service, tmp_path, picture())
    await service.drawing.draw_next()
    assert (await store.facts("L1")).courseware[new.id].pages == 1


async def test_what_is_refused_leaves_nothing(service: CoursewareService, blobs: Blobs, tmp_path: Path) -> None:
    for data, error in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", errors.CoursewareType),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, errors.CoursewareType),
        (b"", errors.CoursewareType),
        (pdf([""] * 501), errors.CoursewareTooLarge),
        (b"%PDF-1.4 nothing", errors.CoursewareUnreadable),
    ):
        with pytest.raises(error):
            await upload(service, tmp_path, data)
    assert await service.listed("L1") == []
    assert blobs_of(blobs) == set()
    assert list((blobs.root / "work").iterdir()) == []


async def test_a_presentation_needs_libreoffice(shelf: CoursewareStore, blobs: Blobs, acts: Acts, clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(errors.CoursewareNoOffice):
        await upload(CoursewareService(shelf, blobs, acts, "", clock), tmp_path, b"PK\x03\x04")


async def test_a_page_that_cannot_be_drawn_says_why(
    service: CoursewareService, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PAGE_SECONDS", 0.5)
    await upload(service, tmp_path, endless_pdf())
    clock.now += 1
    await upload(service, tmp_path, pdf(["", ""], (3, 900)))
    assert await service.drawing.draw_next()
    assert await service.drawing.draw_next()
    slow, thin = [one for one, _ in await service.listed("L1")]
    assert (slow.state, slow.error, slow.params) == ("failed", "courseware.too_slow", {"page": 1})
    assert (thin.error, thin.params) == ("courseware.page_size", {"page": 1})
    assert not await service.drawing.draw_next()


async def test_the_queue_draws_by_itself_and_gives_back_what_is_half_done(service: CoursewareService, clock: Clock, tmp_path: Path) -> None:
    service.drawing.start()
    await upload(service, tmp_path, picture())
    async with asyncio.timeout(20):
        while (await service.listed("L1"))[0][0].state != "ready":
            await asyncio.sleep(0.02)
    clock.now += 1
    await upload(service, tmp_path, endless_pdf())
    async with asyncio.timeout(20):
        while (await service.listed("L1"))[1][0].state != "drawing":
            await asyncio.sleep(0.02)
    await service.drawing.stop()
    half = (await service.listed("L1"))[1][0]
    assert (half.state, half.lease, half.tries) == ("waiting", 0, 0)


@both_databases
async def test_a_silent_process_loses_its_file(service: CoursewareService, shelf: CoursewareStore, clock: Clock, tmp_path: Path) -> None:
    await upload(service, tmp_path, picture())
    held = await shelf.claim(clock.now, clock.now + LEASE_MS)
    assert held is not None
    assert not await service.drawing.draw_next(), "it is another process's"
    clock.now += LEASE_MS + 1
    assert await service.drawing.draw_next()
    assert not await shelf.renew(held, clock.now + LEASE_MS)
    assert not await shelf.finish(held, "v", [])
    await shelf.fail(held, "courseware.unreadable", {})
    assert (await service.listed("L1"))[0][0].state == "ready"


@both_databases
async def test_a_file_that_takes_processes_down_is_given_up(
    service: CoursewareService, shelf: CoursewareStore, clock: Clock, tmp_path: Path
) -> None:
    await upload(service, tmp_path, picture())
    for _ in range(MOST_TRIES):
        assert await shelf.claim(clock.now, clock.now + 10)
        clock.now += 11
    assert await service.drawing.draw_next()
    assert (await service.listed("L1"))[0][0].error == "courseware.too_slow"


async def test_a_file_deleted_while_it_is_drawn(
    service: CoursewareService, shelf: CoursewareStore, blobs: Blobs, clock: Clock, tmp_path: Path
) -> None:
    new = await upload(service, tmp_path, pdf(["", ""]))

    class Deleting(Drawing):
        async def _kept(self, room, line):
            await service.delete(hand(), new.id, ())
            return await super()._kept(room, line)

    assert await Deleting(shelf, blobs, "", clock).draw_next()
    assert await service.listed("L1") == []
    assert list((blobs.root / "work").iterdir()) == []


async def test_what_lies_on_the_board_is_not_deleted(service: CoursewareService, tmp_path: Path) -> None:
    new = await upload(service, tmp_path, picture())
    await service.drawing.draw_next()
    with pytest.raises(errors.CoursewareInUse):
        await service.delete(hand(), new.id, {new.id})
    with pytest.raises(errors.NoSuchCourseware):
        await service.delete(hand("L2"), new.id, ())
    await service.delete(hand(), new.id, ())
    assert await service.listed("L1") == []
    with pytest.raises(errors.NoSuchCourseware):
        await service.delete(hand(), new.id, ())


async def test_the_sweep_takes_what_belongs_to_nothing(service: CoursewareService, blobs: Blobs, shelf: CoursewareStore, tmp_path) -> None:
    kept = await upload(service, tmp_path, picture(100, 90))
    gone = await upload(service, tmp_path, picture(100, 80))
    for _ in range(2):
        await service.drawing.draw_next()
    await service.delete(hand(), gone.id, ())
    assert await blobs.sweep(shelf.needed, HOUR) == 0, "too young: somebody may be about to need it"
    before = blobs_of(blobs)
    for path in blobs.root.rglob("*"):
        os.utime(path, (0, 0))
    room = await blobs.room()
    assert await blobs.sweep(shelf.needed, HOUR) == 3
    pages = (await shelf.pages([kept.id]))[kept.id]
    assert blobs_of(blobs) == {kept.source, pages[0].picture, pages[0].preview} < before
    assert room.exists(), "work that goes on"


async def test_a_file_kept_again_is_young_again(blobs: Blobs, tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / str(n)).write_bytes(b"same")
    blob = await blobs.keep(tmp_path / "0")
    os.utime(blobs.path(blob), (0, 0))
    assert await blobs.keep(tmp_path / "1") == blob
    assert blobs.path(blob).stat().st_mtime > 0
    assert not (tmp_path / "1").exists()
    assert await blobs.read(blob) == b"same"
    assert await blobs.read("0" * 64) is None
    for wrong in ("", "../../etc/passwd", "A" * 64, "0" * 63):
        with pytest.raises(ValueError, match="SHA"):
            blobs.path(wrong)


@both_databases
async def test_a_lesson_has_so_many_files(store: Store, clock: Clock) -> None:
    new = Courseware("c0", "L1", "n", "pdf", 1, "s", "t", clock.now, pages=1)
    for number in range(MOST_FILES):
        await put(store, replace(new, id=f"c{number}"))
    with pytest.raises(Full):
        await put(store, replace(new, id="one more"))
    await put(store, replace(new, id="x", lesson="L2"))


@both_databases
async def test_reports_and_media_survive(store: Store, shelf: CoursewareStore, clock: Clock) -> None:
    await put(store, Courseware("c1", "L1", "n", "pptx", 1, "s", "t", clock.now, pages=2))
    held = await shelf.claim(clock.now, clock.now + 1000)
    assert held is not None
    media = (Media("m" * 64, "video/mp4"), Media("n" * 64, "audio/mpeg"))
    pages = [Page(1, 1600, 900, "a" * 64, "b" * 64, 9, True, ("楷体",), ("旧.wmv",), media), Page(2, 1600, 900, "c" * 64, "d" * 64, 8)]
    assert await shelf.finish(held, "v1", pages)
    assert (await shelf.pages(["c1", "c2"])) == {"c1": pages, "c2": []}
    assert await shelf.media_type("L1", "v1", "m" * 64) == "video/mp4"
    assert await shelf.media_type("L2", "v1", "m" * 64) is None
    assert await shelf.needed(["m" * 64, "d" * 64, "s", "zz"]) == {"m" * 64, "d" * 64, "s"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [("C:\\课件\\分数.pptx", "分数.pptx"), ("../../x.pdf", "x.pdf"), ("", "?"), ("a\x00b\u202e.pdf", "ab.pdf"), ("长" * 300, "长" * 200)],
)
async def test_names_are_what_people_see(service: CoursewareService, tmp_path: Path, name: str, shown: str) -> None:
    assert (await upload(service, tmp_path, picture(), name=name)).name == shown


def test_what_a_file_is_its_first_bytes_say() -> None:
    assert [kind_of(head) for head in (b"\xef\xbb\xbf\r\n%PDF-2.0", picture(9, 9), picture(9, 9, "jpg"), picture(9, 9, "webp"))] == [
        *("pdf", "png", "jpeg", "webp")
    ]
    for head in (b"<?xml version='1.0'?><svg/>", b"GIF89a", b"MZ\x90", b"<html>%PDF-", b"RIFF\0\0\0\0WAVE", b"PK\x05\x06"):
        with pytest.raises(errors.CoursewareType):
            kind_of(head)


def test_versions_tell_pages_apart() -> None:
    page = Page(1, 2, 3, "a", "b", 1)
    versions = {drawing.version_of(pages) for pages in ([page], [page, page], [replace(page, picture="c")], [replace(page, preview="c")])}
    assert len(versions) == 4
    assert drawing.version_of([page]) == drawing.version_of([replace(page, fonts=("x",))])
