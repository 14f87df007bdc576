"""Packages of office documents (ECMA-376 part 2): looked through before anything is unpacked from them."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from server.courseware.render.refused import RefusedFile

MOST_PARTS = 10_000
MOST_UNPACKED = 512 * 1024 * 1024
MOST_XML = 48 * 1024 * 1024
"""One part of XML."""
RATIO = 300
"""A part above eight megabytes that is packed tighter than this is a bomb: pictures of presentations hardly pack at all."""
SUSPECT = 8 * 1024 * 1024
MAIN = "ppt/presentation.xml"
_MACROS = "vbaProject"
_XML = (".xml", ".rels", ".vml")

Element = Callable[[str, Mapping[str, str]], None]
"""Told of every element: its name without namespace, and its attributes; one with a namespace is called `:name`."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A line of a part's relations. `target`: a part's name, or an address outside."""

    kind: str
    """The last word of the type: `slide`, `image`, `video` …"""
    target: str
    outside: bool


@contextmanager
def opened(path: Path, *, known: bool = False) -> Iterator[zipfile.ZipFile]:
    """The package. Raises `RefusedFile` for what is none, damaged, protected, or built to harm. `known`: it was opened before."""
    try:
        with zipfile.ZipFile(path) as package:
            if not known:
                _look_through(package)
            yield package
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, UnicodeError, ValueError) as error:
        raise RefusedFile("unreadable") from error


def _look_through(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS or len(names) < len(parts) or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise RefusedFile("unsafe")
    if MAIN not in names or any(_MACROS in name for name in names) or any(part.flag_bits & 1 for part in parts):
        raise RefusedFile("type")
    for part in parts:
        tight = part.file_size > SUSPECT and part.file_size > RATIO * max(part.compress_size, 1)
        if tight or (part.filename.endswith(_XML) and part.file_size > MOST_XML):
            raise RefusedFile("unsafe")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedFile("unreadable")
        if part.filename.endswith(_XML):
            with package.open(part) as content:
                scan(content)


def scan(content: IO[bytes], element: Element = lambda _, __: None) -> None:
    """Go through a part of XML. Raises `RefusedFile`: damaged, or with a document type declaration, which entities need."""

    def declared(*_: object) -> None:
        raise RefusedFile("unsafe")

    def begun(name: str, attributes: Mapping[str, str]) -> None:
        element(name.rpartition(" ")[2], {_attribute(key): value for key, value in attributes.items()})

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = declared, begun
    try:
        while chunk := content.read(65536):
            parser.Parse(chunk)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise RefusedFile("unreadable") from error


def _attribute(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f":{local}" if space else local


def relations(package: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """The relations of a part by their ids."""
    folder, name = posixpath.split(part)
    file = f"{folder}/_rels/{name}.rels"
    found: dict[str, Relation] = {}

    def element(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            outside = attributes.get("TargetMode") == "External"
            target = attributes.get("Target", "")
            whole = target if outside else posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[attributes.get("Id", "")] = Relation(attributes.get("Type", "").rpartition("/")[2], whole, outside)

    if file in package.namelist():
        with package.open(file) as content:
            scan(content, element)
    return found


def without_links(package: zipfile.ZipFile, target: Path) -> None:
    """A copy in which nothing leads outside but what a reader would click: no picture is fetched from the net or from our disk."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for part in package.infolist():
            if part.is_dir():
                continue
            with package.open(part) as content, copy.open(part.filename, "w") as kept:
                if part.filename.endswith(".rels"):
                    kept.write(_harmless(content))
                else:
                    while chunk := content.read(1024 * 1024):
                        kept.write(chunk)


def _harmless(content: IO[bytes]) -> bytes:
    lines: list[str] = []

    def element(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            kept = dict(attributes)
            if kept.get("TargetMode") == "External" and not kept.get("Type", "").endswith("/hyperlink"):
                kept["Target"] = "about:blank"
            lines.append("<Relationship " + " ".join(f"{name}={quoteattr(value)}" for name, value in kept.items()) + "/>")

    scan(content, element)
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{space}">{"".join(lines)}</Relationships>'.encode()
