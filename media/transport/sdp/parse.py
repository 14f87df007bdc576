"""The grammar of a session description (RFC 8866): text to sections of attributes, strict and bounded, nothing interpreted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from media.errors import BadSdp

MAX_BYTES = 256 * 1024
MAX_LINES = 16_384
MAX_LINE = 8_192
MAX_SECTIONS = 64
MAX_FORMATS = 256

TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}")
"""RFC 8866 9, `token`; the length is our bound."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MEDIA_LINE = re.compile(r"([a-zA-Z0-9]{1,32}) (\d{1,5})(?:/\d{1,5})? ([A-Za-z0-9/.\-]{1,64}) (.+)", re.ASCII)
SESSION_TYPES = frozenset("vosiuepcbtrzka")
MEDIA_TYPES = frozenset("micbka")

Attributes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line and the attributes under it."""

    kind: str
    """`audio`, `video`, `application`, …"""
    port: int
    protocol: str
    formats: tuple[str, ...]
    attributes: Attributes = field(default_factory=dict)
    """Attribute name → its values, in order; a flag has the value ''."""

    def first(self, name: str) -> str | None:
        """First value of the attribute, stripped, None if it is absent."""
        return first(self.attributes, name)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of the attribute."""
        return self.attributes.get(name, ())


@dataclass(frozen=True, slots=True)
class Description:
    """A whole session description."""

    attributes: Attributes
    """Session level."""
    sections: tuple[Section, ...]


def first(attributes: Attributes, name: str) -> str | None:
    """First value of the attribute, stripped, None if it is absent."""
    values = attributes.get(name)
    return values[0].strip() if values else None


def number(text: str, low: int, high: int) -> int:
    """A decimal in `low` … `high`; anything else is `BadSdp` (Python's `int` takes far more than SDP's grammar)."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high):
        raise BadSdp(f"not a number from {low} to {high}: {text[:24]!r}")
    return int(text)


def token(text: str) -> str:
    """The text itself if it is an RFC 8866 token of at most 64 characters, else `BadSdp`."""
    if not TOKEN.fullmatch(text):
        raise BadSdp(f"not a token: {text[:24]!r}")
    return text


def read_lines(text: str) -> list[tuple[str, str]]:
    """(type, value) of each line; `BadSdp` on a size over the limits, control characters or a line without type."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadSdp("larger than 256 KiB")
    text = text.replace("\r\n", "\n").rstrip("\n")
    if CONTROL.search(text):
        raise BadSdp("control character")
    lines = text.split("\n")
    if len(lines) > MAX_LINES or max(map(len, lines)) > MAX_LINE:
        raise BadSdp("too many lines or too long a line")
    return [_read_line(line) for line in lines]


def parse(text: str) -> Description:
    """Read a whole description: `v=0`, `o=` and `s=` first, `t=` present, then the m-lines."""
    lines = read_lines(text)
    if [kind for kind, _ in lines[:3]] != ["v", "o", "s"] or lines[0][1] != "0":
        raise BadSdp("does not begin with v=0, o=, s=")
    if len(lines[1][1].split()) != 6:
        raise BadSdp("malformed o= line")
    cuts = [index for index, (kind, _) in enumerate(lines) if kind == "m"]
    if len(cuts) > MAX_SECTIONS:
        raise BadSdp("more than 64 m-lines")
    head, *rest = (lines[start:end] for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True))
    if not any(kind == "t" for kind, _ in head) or not {kind for kind, _ in head} <= SESSION_TYPES:
        raise BadSdp("malformed session part")
    return Description(read_attributes(head), tuple(_read_section(part) for part in rest))


def read_attributes(lines: list[tuple[str, str]]) -> Attributes:
    """The `a=` lines by name."""
    found: dict[str, list[str]] = {}
    for kind, value in lines:
        if kind == "a":
            name, _, rest = value.partition(":")
            found.setdefault(token(name), []).append(rest)
    return {name: tuple(values) for name, values in found.items()}


def _read_line(line: str) -> tuple[str, str]:
    if len(line) < 3 or line[1] != "=" or not "a" <= line[0] <= "z":
        raise BadSdp(f"not a line of SDP: {line[:24]!r}")
    return line[0], line[2:]


def _read_section(lines: list[tuple[str, str]]) -> Section:
    match = MEDIA_LINE.fullmatch(lines[0][1])
    if match is None or not {kind for kind, _ in lines} <= MEDIA_TYPES:
        raise BadSdp(f"malformed m-line: {lines[0][1][:40]!r}")
    kind, port, protocol, rest = match.groups()
    formats = tuple(token(word) for word in rest.split())
    if not 0 < len(formats) <= MAX_FORMATS:
        raise BadSdp("no formats or too many")
    return Section(kind.lower(), number(port, 0, 65535), protocol, formats, read_attributes(lines[1:]))
