"""Reads `expected.txt`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("expected.txt")


@dataclass(frozen=True)
class Door:
    """One line of [doors] for one object."""

    method: str
    path: str
    """The route's pattern, with a query where the line has one."""
    row: str
    object: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.object}"


@dataclass
class Table:
    """What people wrote down."""

    askers: list[str] = field(default_factory=list)
    rows: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """(row, object) → asker → sign."""
    doors: list[Door] = field(default_factory=list)
    secrets: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    roles: dict[str, dict[str, Mapping[str, str]]] = field(default_factory=dict)
    """Section of the lesson → kind, source or slot → role → sign."""


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    for part in text.split("\n[")[1:]:
        name, _, body = part.partition("]")
        yield name, [line for line in body.splitlines() if line.strip() and not line.startswith("#")]


def _signs(askers: list[str], line: str) -> tuple[str, str, dict[str, str]]:
    """Name, object and signs of a row; the name may have spaces."""
    words = line.split()
    begin = next(n for n, word in enumerate(words) if word in ("x", "y", "c", "-"))
    signs = "".join(words[begin + 1 :])
    assert len(signs) == len(askers), f"{len(signs)} signs for {len(askers)} askers: {line}"
    return " ".join(words[:begin]), words[begin], dict(zip(askers, signs, strict=True))


def read() -> Table:
    """The whole table; fails on a line twice or a door whose row is missing."""
    table = Table()
    roles = ["master", "classroom", "assistant", "seat", "viewer", "wall"]
    heads: dict[str, list[str]] = dict.fromkeys(("events", "sources", "slots", "signals"), roles)
    heads["commands"] = [*roles, "server"]
    for name, lines in _sections(FILE.read_text()):
        for line in lines:
            words = line.split()
            if name == "askers":
                table.askers += words[1:]
            elif name in ("rows", "secrets"):
                row, thing, signs = _signs(table.askers, line)
                kept = table.rows if name == "rows" else table.secrets
                assert (row, thing) not in kept, line
                kept[row, thing] = signs
            elif name == "doors":
                method, path, row = words
                objects = [thing for known, thing in table.rows if known == row]
                assert objects, f"no row {row}: {line}"
                table.doors += [Door(method, path, row, thing) for thing in objects]
            else:
                known = table.roles.setdefault(name, {})
                assert words[0] not in known, line
                known[words[0]] = dict(zip(heads[name], words[1:], strict=True))
    assert len(set(table.doors)) == len(table.doors), "a door twice"
    return table


TABLE = read()
