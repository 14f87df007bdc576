"""What a presentation (PPTX, ECMA-376 part 1) has that pages have not: animations, sound and film, fonts that are not here."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from server.courseware.lines import Found
from server.courseware.render.package import MAIN, Relation, opened, relations, scan
from server.courseware.render.pdf import MOST_FONTS, family
from server.courseware.render.refused import RefusedFile
from server.domain.courseware import MOST_PAGES

MOST_MEDIA = 10
"""Of one slide."""
_ANIMATIONS = frozenset({"anim", "animClr", "animEffect", "animMotion", "animRot", "animScale", "set"})
"""Children of `p:timing` (section 19.5) that move something; film alone has a timing too."""
_MEDIA = frozenset({"audio", "video", "media"})
"""Last words of the types of relations to sound and film."""
_HEADS: tuple[tuple[int, bytes, str, str], ...] = (
    (4, b"ftyp", "video/mp4", "mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm", "webm"),
    (0, b"ID3", "audio/mpeg", "mp3"),
    (0, b"\xff\xfb", "audio/mpeg", "mp3"),
    (0, b"\xff\xf3", "audio/mpeg", "mp3"),
    (8, b"WAVE", "audio/wav", "wav"),
    (0, b"OggS", "audio/ogg", "ogg"),
)
"""Offset, first bytes, media type, ending: what browsers play."""
_SOUND = ("M4A ", "M4B ")
"""Brands of MP4 files without pictures."""


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide that is shown."""

    moves: bool = False
    fonts: tuple[str, ...] = ()
    """Families it asks for."""
    media: tuple[Relation, ...] = ()


UNTOLD = Slide()


@dataclass(frozen=True, slots=True)
class Extracted:
    """Sound and film of one slide."""

    playable: tuple[Found, ...] = ()
    unplayable: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    in_timing: bool = False
    moves: bool = False
    shown: bool = True
    fonts: dict[str, None] = field(default_factory=dict)

    def element(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sld":
            self.shown = attributes.get("show", "1") not in ("0", "false")
        elif tag == "timing":
            self.in_timing = True
        elif self.in_timing and tag in _ANIMATIONS:
            self.moves = True
        if name := attributes.get("typeface"):
            self.fonts.setdefault(name)


def read(path: Path) -> list[Slide]:
    """The slides that are shown, in their order. Raises `RefusedFile`."""
    with opened(path) as package:
        names = set(package.namelist())
        parts = [part for part in _order(package) if part in names]
        if len(parts) > MOST_PAGES:
            raise RefusedFile("too_large", what="pages", limit=MOST_PAGES)
        theme = _theme(package)
        slides = [slide for part in parts if (slide := _slide(package, part, theme))]
    if not slides:
        raise RefusedFile("unreadable")
    return slides


def _order(package: zipfile.ZipFile) -> Iterator[str]:
    """Slide parts as the presentation lists them."""
    ids: list[str] = []

    def element(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sldId":
            ids.append(attributes.get(":id", ""))

    with package.open(MAIN) as content:
        scan(content, element)
    known = relations(package, MAIN)
    return (known[one].target for one in ids if one in known and known[one].kind == "slide")


def _slide(package: zipfile.ZipFile, part: str, theme: Mapping[str, str]) -> Slide | None:
    """None: it is hidden, so no page is made of it."""
    reading = _Reading()
    with package.open(part) as content:
        scan(content, reading.element)
    if not reading.shown:
        return None
    fonts = dict.fromkeys([*(theme.get(name, name) for name in reading.fonts), *theme.values()])
    media = [one for one in relations(package, part).values() if one.kind in _MEDIA]
    plain = tuple(family(name) for name in fonts if name and not name.startswith("+"))
    return Slide(reading.moves, plain, tuple({one.target: one for one in media}.values())[:MOST_MEDIA])


def _theme(package: zipfile.ZipFile) -> dict[str, str]:
    """The theme's fonts by the words that slides call them with: `+mj-lt`, `+mn-ea` … (section 20.1.4.1)."""
    found: dict[str, str] = {}
    place = ""

    def element(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal place
        if tag in ("majorFont", "minorFont"):
            place = "mj" if tag == "majorFont" else "mn"
        elif place and attributes.get("typeface") and (tag in ("latin", "ea") or attributes.get("script") == "Hans"):
            found.setdefault(f"+{place}-{'lt' if tag == 'latin' else 'ea'}", attributes["typeface"])
        elif tag == "fmtScheme":
            place = ""

    file = next((name for name in sorted(package.namelist()) if name.startswith("ppt/theme/theme")), None)
    if file:
        with package.open(file) as content:
            scan(content, element)
    return found


def extract(source: Path, slide: Slide, out: Path, number: int) -> Extracted:
    """Copy a slide's sound and film into `out`, as far as browsers play it."""
    if not slide.media:
        return Extracted()
    playable: list[Found] = []
    unplayable: list[str] = []
    with opened(source, known=True) as package:
        held = set(package.namelist())
        for place, one in enumerate(slide.media):
            found = _copied(package, one, out / f"{number}.{place}") if one.target in held and not one.outside else None
            if found:
                playable.append(found)
            else:
                unplayable.append(one.target.rpartition("/")[2][:100])
    return Extracted(tuple(playable), tuple(unplayable))


def _copied(package: zipfile.ZipFile, one: Relation, path: Path) -> Found | None:
    with package.open(one.target) as content:
        head = content.read(64)
        known = next(((kind, ending) for at, magic, kind, ending in _HEADS if head[at : at + len(magic)] == magic), None)
        if known is None:
            return None
        kind, ending = known
        if ending == "mp4" and head[8:12].decode("latin-1") in _SOUND:
            kind = "audio/mp4"
        file = path.with_name(f"{path.name}.{ending}")
        with file.open("wb") as kept:
            kept.write(head)
            shutil.copyfileobj(content, kept)
    return Found(file=file.name, type=kind)


class Substitutes:
    """Fonts that this machine has not: LibreOffice draws with others in their place."""

    def __init__(self) -> None:
        self._here = _families()

    def of(self, slide: Slide) -> tuple[str, ...]:
        """The slide's fonts that are not here; none where nobody can tell."""
        return tuple(name for name in slide.fonts if self._here and name.casefold() not in self._here)[:MOST_FONTS]


def _families() -> frozenset[str]:
    """Every name of every family that fontconfig knows; empty: there is no fontconfig."""
    program = shutil.which("fc-list")
    if program is None:
        return frozenset()
    done = subprocess.run([program, ":", "family"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 — our own words
    return frozenset(name.strip().casefold() for line in done.stdout.splitlines() for name in line.replace("\\", "").split(","))
