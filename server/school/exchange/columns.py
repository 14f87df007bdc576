"""What a table to import or export is made of. One `Table` says everything about its columns; `specs.py` lists them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.school.exchange.words import Read, Words, same

NOTES = "备注"
"""The header of the column nobody reads."""
NOTE_NAMES = frozenset({"备注", "说明", "notes", "note", "remarks"})
SAMPLE = "示例"
"""A line whose note begins so is the template's example and is passed over."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    header: str
    aliases: tuple[str, ...]
    """Other headers, English ones too; compared without case, spaces and what stands in brackets."""
    type: Any
    """What a msgspec model would take."""
    example: str
    required: bool = True
    read: Read = same
    """What people write as what the type takes."""
    write: Callable[[str], str] = same
    """A kept value as people write it."""
    words: Words | None = None
    """Where only some words are right: which."""

    def fits(self, header: str) -> bool:
        """Whether a header names this column."""
        return plain(header) in {plain(one) for one in (self.header, self.name, *self.aliases)}


def choice(name: str, header: str, aliases: tuple[str, ...], kind: Any, example: str, words: Words) -> Column:
    """A column of a few words."""
    return Column(name, header, aliases, kind, example, read=words.read, write=words.write, words=words)


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of table."""

    name: str
    title: str
    """Name of the sheet."""
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(one for one in self.columns if one.name == name)

    def headers(self) -> list[str]:
        """As they are written."""
        return [column.header for column in self.columns]

    def example(self) -> list[str]:
        """The template's line."""
        return [column.example for column in self.columns]


def plain(header: str) -> str:
    """A header without what people add to it: case, spaces, `*`, a remark in brackets."""
    return re.sub(r"[\s_*＊-]|[（(].*?[)）]", "", header).casefold()
