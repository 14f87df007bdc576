"""PDF pages, drawn by PDFium. Scripts in them are not run: the library is built without an engine for them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from server.courseware.render.pictures import LONG, Picture, check_shape
from server.courseware.render.refused import RefusedFile
from server.domain.courseware import MOST_PAGES

MOST_POINTS = 14_400
"""A page's longer side: ISO 32000-1 annex C.2, 200 inches."""
MOST_OBJECTS = 20_000
"""Texts of one page that are asked for their font."""
MOST_FONTS = 20


def open_pdf(path: Path) -> Any:
    """The document. Raises `RefusedFile`: locked, damaged, empty, too many pages."""
    try:
        document = pdfium.PdfDocument(path)
        pages = len(document)
    except pdfium.PdfiumError as error:
        raise RefusedFile("locked" if error.err_code == raw.FPDF_ERR_PASSWORD else "unreadable") from error
    if pages > MOST_PAGES:
        raise RefusedFile("too_large", what="pages", limit=MOST_PAGES)
    if not pages:
        raise RefusedFile("unreadable")
    return document


def draw(document: Any, number: int) -> tuple[Picture, tuple[str, ...]]:
    """Page `number`, from 1, and the fonts that were not in the file."""
    try:
        page = document[number - 1]
    except pdfium.PdfiumError as error:
        raise RefusedFile("unreadable") from error
    width, height = page.get_size()
    check_shape(width, height, number)
    if max(width, height) > MOST_POINTS:
        raise RefusedFile("page_size", page=number)
    bitmap = page.render(scale=LONG / max(width, height), may_draw_forms=False)
    picture = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    fonts = tuple(dict.fromkeys(_missing_fonts(page)))[:MOST_FONTS]
    page.close()
    return picture, fonts


def _missing_fonts(page: Any) -> Iterator[str]:
    seen: set[int] = set()
    for place, text in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])):
        if place >= MOST_OBJECTS:
            return
        font = raw.FPDFTextObj_GetFont(text)
        address = ctypes.addressof(font.contents) if font else 0
        if not address or address in seen:
            continue
        seen.add(address)
        if raw.FPDFFont_GetIsEmbedded(font) == 0:
            yield _name(font)


def _name(font: Any) -> str:
    """`ABCDEF+SimSun,Bold` → `SimSun`."""
    buffer = ctypes.create_string_buffer(256)
    length = raw.FPDFFont_GetBaseFontName(font, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char)), 256)
    name = buffer.raw[: max(0, min(length, 256) - 1)].decode("utf-8", "replace")
    return family(name)


def family(name: str) -> str:
    """A font's family as people call it."""
    plain = name.partition("+")[2] if len(name) > 7 and name[6] == "+" else name
    return "".join(letter for letter in plain.partition(",")[0] if letter.isprintable())[:60] or "?"
