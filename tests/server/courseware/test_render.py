"""The drawing process: what it makes of files, and of those that were built to do harm."""

from __future__ import annotations

import asyncio
import os
import zipfile
from contextlib import aclosing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from server.courseware import process
from server.courseware.lines import Drawn, Job, Opened
from server.courseware.render.package import opened, without_links
from server.courseware.render.pictures import PREVIEW_BYTES
from server.errors import AppError
from tests.server.courseware import presentations as office
from tests.server.courseware.conftest import soffice
from tests.server.courseware.files import endless_pdf, locked_pdf, noise, pdf, picture

needs_office = pytest.mark.skipif(not soffice(), reason="LibreOffice is not installed")


async def ask(tmp_path: Path, data: bytes, kind: Any = "pdf", task: Any = "draw", program: str = "") -> tuple[int, list[Drawn]]:
    """Pages that the file has, and those that were drawn."""
    source, out = tmp_path / "file", tmp_path / "out"
    source.write_bytes(data)
    out.mkdir()
    pages, drawn = 0, []
    job = Job(task=task, kind=kind, source=str(source), out=str(out), soffice=program or soffice())
    async with aclosing(process.run(job)) as lines:
        async for line in lines:
            if isinstance(line, Opened):
                pages = line.pages
            else:
                drawn.append(line)
    return pages, drawn


async def refused(tmp_path: Path, data: bytes, kind: Any = "pdf", task: Any = "draw", program: str = "") -> AppError:
    with pytest.raises(AppError) as caught:
        await ask(tmp_path, data, kind, task, program)
    return caught.value


async def test_every_page_of_a_pdf(tmp_path: Path) -> None:
    pages, drawn = await ask(tmp_path, pdf(["BT /F1 60 Tf 60 300 Td (1/2) Tj ET", "1 0 0 rg 0 0 720 405 re f"]))
    assert (pages, [line.page for line in drawn]) == (2, [1, 2])
    assert [(line.width, line.height) for line in drawn] == [(1600, 900)] * 2
    red = cv2.imread(str(tmp_path / "out" / drawn[1].picture))
    assert red.shape == (900, 1600, 3)
    assert red[450, 800, 2] > 200
    assert red[450, 800, 0] < 60


async def test_only_looking_draws_nothing(tmp_path: Path) -> None:
    assert await ask(tmp_path, pdf(["", "", ""]), task="look") == (3, [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == []


async def test_fonts_that_are_not_in_the_file_are_named(tmp_path: Path) -> None:
    _, (drawn,) = await ask(tmp_path, pdf(font="ABCDEF+STKaiti,Bold"))
    assert drawn.fonts == ("STKaiti",)


async def test_portraits_fit_too(tmp_path: Path) -> None:
    _, (drawn,) = await ask(tmp_path, pdf(size=(595, 842)))
    assert (drawn.width, drawn.height) == (1131, 1600)


@pytest.mark.parametrize(("kind", "channels"), [("png", 3), ("png", 1), ("png", 4), ("jpg", 3), ("webp", 3)])
async def test_pictures(tmp_path: Path, kind: str, channels: int) -> None:
    named = {"jpg": "jpeg"}.get(kind, kind)
    pages, (drawn,) = await ask(tmp_path, picture(4000, 2000, kind, channels), named)
    assert (pages, drawn.width, drawn.height, drawn.flattened) == (1, 1600, 800, False)
    made = cv2.imread(str(tmp_path / "out" / drawn.picture))
    assert made.shape == (800, 1600, 3)


async def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    pixels = np.zeros((100, 100, 4), np.uint8)
    pixels[50:, :, 3] = 255
    _, (drawn,) = await ask(tmp_path, cv2.imencode(".png", pixels)[1].tobytes(), "png")
    made = cv2.imread(str(tmp_path / "out" / drawn.picture))
    assert made[20, 50].min() > 240
    assert made[80, 50].max() < 15


async def test_the_hardest_picture_stays_small(tmp_path: Path) -> None:
    _, (drawn,) = await ask(tmp_path, noise(), "png")
    assert (tmp_path / "out" / drawn.preview).stat().st_size <= PREVIEW_BYTES
    small = cv2.imread(str(tmp_path / "out" / drawn.preview))
    assert small.shape[1] >= 160


# --- files that are refused -------------------------------------------------------------------------------------------


async def test_a_pdf_with_a_password(tmp_path: Path) -> None:
    assert (await refused(tmp_path, locked_pdf(), task="look")).code == "courseware.locked"


async def test_ten_thousand_pages(tmp_path: Path) -> None:
    error = await refused(tmp_path, pdf([""] * 10_000), task="look")
    assert (error.code, error.params) == ("courseware.too_large", {"what": "pages", "limit": 500})


@pytest.mark.parametrize("size", [(1e9, 1e9), (20_000, 20_000), (10, 1000), (1000, 3)])
async def test_a_page_as_large_as_a_field_or_as_thin_as_a_hair(tmp_path: Path, size: tuple[float, float]) -> None:
    error = await refused(tmp_path, pdf(["", ""], size))
    assert (error.code, error.params) == ("courseware.page_size", {"page": 1})


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\xff" * 5000, pdf()[:200], pdf([])])
async def test_a_damaged_pdf(tmp_path: Path, data: bytes) -> None:
    assert (await refused(tmp_path, data)).code == "courseware.unreadable"


async def test_a_page_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PAGE_SECONDS", 1.0)
    error = await refused(tmp_path, endless_pdf())
    assert (error.code, error.params) == ("courseware.too_slow", {"page": 1})


async def test_a_picture_that_claims_to_be_huge(tmp_path: Path) -> None:
    head = bytearray(picture(10, 10))
    head[16:24] = (60_000).to_bytes(4, "big") * 2
    error = await refused(tmp_path, bytes(head), "png", "look")
    assert (error.code, error.params["what"]) == ("courseware.too_large", "pixels")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_a_damaged_picture(tmp_path: Path, kind: str) -> None:
    whole = picture(100, 100, {"jpeg": "jpg"}.get(kind, kind))
    for n, data in enumerate((whole[:20], whole[:12] + b"\x00" * 100)):
        (tmp_path / str(n)).mkdir()
        assert (await refused(tmp_path / str(n), data, kind)).code == "courseware.unreadable", n


async def test_a_process_that_is_cancelled_is_ended(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(endless_pdf())
    (tmp_path / "out").mkdir()
    lines = process.run(Job(task="draw", kind="pdf", source=str(tmp_path / "file"), out=str(tmp_path / "out")))
    assert isinstance(await anext(lines), Opened)
    waiting = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await lines.aclose()
    mine = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _read(path).count(b"server.courseware.render")]
    assert [path for path in mine if str(tmp_path).encode() in _read(path.with_name("environ"))] == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def test_the_process_has_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUANGSHI_SECRET_KEY", "very secret")
    spy = tmp_path / "soffice"
    spy.write_text('#!/bin/sh\nenv > "$HOME/seen"\nulimit -c >> "$HOME/seen"\n')
    spy.chmod(0o755)
    await refused(tmp_path, office.pptx(), "pptx", program=str(spy))
    seen = (tmp_path / "out" / "seen").read_text()
    assert "SHUANGSHI" not in seen
    assert f"HOME={tmp_path}/out" in seen
    assert seen.splitlines()[-1] == "0"
    assert "SHUANGSHI_SECRET_KEY" in os.environ


# --- presentations ----------------------------------------------------------------------------------------------------


async def test_a_presentation_is_counted_without_its_hidden_slides(tmp_path: Path) -> None:
    data = office.pptx([office.slide("1"), office.slide("2", shown=False), office.slide("3")])
    assert (await ask(tmp_path, data, "pptx", "look"))[0] == 2


async def test_without_libreoffice_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.server.courseware.test_render.soffice", lambda: "")
    assert (await refused(tmp_path, office.pptx(), "pptx")).code == "courseware.no_office"


def bomb(unpacked: int) -> bytes:
    parts = {"ppt/presentation.xml": b"<p/>", "ppt/media/image1.bmp": b"\0" * unpacked}
    return office.package(parts)


HARMFUL: dict[str, tuple[bytes, str]] = {
    "a zip bomb": (bomb(64 * 1024 * 1024), "courseware.unsafe"),
    "too many parts": (office.package({"ppt/presentation.xml": b"<p/>", **{f"p{n}": b"" for n in range(10_001)}}), "courseware.unsafe"),
    "entities": (office.pptx(parts={"ppt/x.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "courseware.unsafe"),
    "macros": (office.pptx(parts={"ppt/vbaProject.bin": b"x"}), "courseware.type"),
    "a workbook": (office.package({"xl/workbook.xml": b"<w/>"}), "courseware.type"),
    "no slides": (office.pptx([]), "courseware.unreadable"),
    "501 slides": (office.pptx([office.slide()] * 501), "courseware.too_large"),
    "half a file": (office.pptx()[:-200], "courseware.unreadable"),
    "not XML": (office.pptx(["<p:sld"]), "courseware.unreadable"),
}


@pytest.mark.parametrize("name", HARMFUL)
async def test_presentations_that_are_refused(tmp_path: Path, name: str) -> None:
    data, code = HARMFUL[name]
    assert (await refused(tmp_path, data, "pptx", "look")).code == code


def test_nothing_leads_outside_any_more(tmp_path: Path) -> None:
    links = [("image", "file:///etc/passwd"), ("video", "http://192.0.2.1/x.mp4"), ("hyperlink", "https://example.org/?a=1&amp;b=2")]
    (tmp_path / "a.pptx").write_bytes(office.pptx(relations={1: links}))
    with opened(tmp_path / "a.pptx") as package:
        without_links(package, tmp_path / "b.pptx")
    with zipfile.ZipFile(tmp_path / "b.pptx") as cleaned, zipfile.ZipFile(tmp_path / "a.pptx") as before:
        assert cleaned.namelist() == before.namelist()
        kept = cleaned.read("ppt/slides/_rels/slide1.xml.rels").decode()
        assert cleaned.read("ppt/slides/slide1.xml") == before.read("ppt/slides/slide1.xml")
    assert "passwd" not in kept
    assert "192.0.2.1" not in kept
    assert kept.count("about:blank") == 2
    assert 'Target="https://example.org/?a=1&amp;b=2"' in kept


@needs_office
async def test_a_presentation_with_its_report(tmp_path: Path) -> None:
    slides = [office.slide("one"), office.slide("hidden", shown=False), office.slide("two", "NoSuchFont", office.ANIMATION)]
    files = {3: [("video", "../media/media1.mp4"), ("media", "../media/old.wmv")]}
    data = office.pptx(slides, files, {"ppt/media/media1.mp4": office.MP4, "ppt/media/old.wmv": b"0&\xb2u" * 50})
    pages, (one, two) = await ask(tmp_path, data, "pptx")
    assert (pages, one.width, one.page, two.page) == (2, 1600, 1, 2)
    assert (one.flattened, one.fonts, one.media, one.unplayable) == (False, (), (), ())
    assert (two.flattened, two.fonts, two.unplayable) == (True, ("NoSuchFont",), ("old.wmv",))
    assert (tmp_path / "out" / two.media[0].file).read_bytes() == office.MP4
    assert two.media[0].type == "video/mp4"
    made = cv2.imread(str(tmp_path / "out" / one.picture))
    assert made.min() < 60 < 200 < made.max(), "black words on white"


@needs_office
async def test_chinese_words_are_drawn_by_a_font_that_has_them(tmp_path: Path) -> None:
    """Where no font has them each becomes the same empty box."""
    pages, drawn = await ask(
        tmp_path, office.pptx([office.slide("一", "Noto Sans CJK SC"), office.slide("国", "Noto Sans CJK SC")]), "pptx"
    )
    assert pages == 2
    one, other = (cv2.imread(str(tmp_path / "out" / page.picture)) for page in drawn)
    assert (one < 128).sum() * 2 < (other < 128).sum(), "one stroke, and eight"
