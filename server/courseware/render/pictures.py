"""Pictures: what their heads say before anything is unpacked, reading, and writing as WebP."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.courseware.render.refused import RefusedFile
from server.domain.courseware import Kind

Picture = NDArray[np.uint8]
"""Rows, columns, blue-green-red."""

LONG = 1600
"""Pixels of a page's longer side."""
MOST_PIXELS = 64_000_000
MOST_RATIO = 20
PICTURE_BYTES = 300_000
"""A page that is larger is written coarser, as far as that helps."""
PREVIEW_BYTES = 8_000
_QUALITIES = (86, 76, 64, 50)
_PREVIEWS = tuple((side, quality) for side in (480, 400, 320, 240, 160) for quality in (60, 40, 25, 10))


def check_shape(width: float, height: float, page: int) -> None:
    """Raises `RefusedFile` for a page nobody can look at."""
    if width <= 0 or height <= 0 or max(width, height) > MOST_RATIO * min(width, height):
        raise RefusedFile("page_size", page=page)


def read(path: Path, kind: Kind) -> Picture:
    """A picture file, its turned sides turned back, what is transparent on white."""
    width, height = _size(path.read_bytes(), kind)
    if width * height > MOST_PIXELS:
        raise RefusedFile("too_large", what="pixels", limit=MOST_PIXELS)
    check_shape(width, height, 1)
    flags = cv2.IMREAD_COLOR if kind == "jpeg" else cv2.IMREAD_UNCHANGED  # EXIF turns pictures from cameras only
    found = cv2.imread(str(path), flags)
    if found is None:
        raise RefusedFile("unreadable")
    return fit(_plain(found))


def fit(picture: Picture, side: int = LONG) -> Picture:
    """The picture with its longer side of at most `side` pixels."""
    height, width = picture.shape[:2]
    scale = side / max(width, height)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _bytes(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def write_page(picture: Picture, path: Path) -> None:
    """A page's picture."""
    data = b""
    for quality in _QUALITIES:
        data = _webp(picture, quality)
        if len(data) <= PICTURE_BYTES:
            break
    path.write_bytes(data)


def write_preview(picture: Picture, path: Path) -> None:
    """The small one, at most `PREVIEW_BYTES`, as good as that allows."""
    made = (_webp(fit(picture, side), quality) for side, quality in _PREVIEWS)
    path.write_bytes(next(data for data in made if len(data) <= PREVIEW_BYTES))


def _webp(picture: Picture, quality: int) -> bytes:
    done, data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise RefusedFile("unreadable")
    return data.tobytes()


def _plain(found: NDArray[Any]) -> Picture:
    """Eight bits, three colours."""
    picture = (found // 257).astype(np.uint8) if found.dtype == np.uint16 else _bytes(found)
    if picture.ndim == 2 or picture.shape[2] == 1:
        return _bytes(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    if picture.shape[2] == 2:  # grey and transparency
        picture = np.dstack([picture[:, :, :1]] * 3 + [picture[:, :, 1:]])
    if picture.shape[2] == 4:
        picture = fit(picture)  # before it is spread out to floats
        cover = picture[:, :, 3:].astype(np.float32) / 255
        return _bytes((picture[:, :, :3] * cover + 255 * (1 - cover)).round().astype(np.uint8))
    return picture


def _bytes(found: Any) -> Picture:
    return np.ascontiguousarray(found, dtype=np.uint8)


# --- heads -------------------------------------------------------------------------------------------------------------


def _size(data: bytes, kind: Kind) -> tuple[int, int]:
    """Width and height as the head of the file says."""
    try:
        found = {"png": _png, "jpeg": _jpeg, "webp": _webp_head}[kind](data)
    except (struct.error, IndexError) as error:
        raise RefusedFile("unreadable") from error
    if found is None:
        raise RefusedFile("unreadable")
    return found


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """The frame header (ITU-T T.81 B.2.2)."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None


def _webp_head(data: bytes) -> tuple[int, int] | None:
    """RFC 9649 sections 2.4–2.7."""
    form = data[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def moves(path: Path, kind: Kind) -> bool:
    """An animation, of which only the first picture is kept."""
    data = path.read_bytes()
    return b"acTL" in data[:1024] if kind == "png" else kind == "webp" and data[12:16] == b"VP8X" and bool(data[20] & 2)
