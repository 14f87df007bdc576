"""What an answer may be, and when it is right: one leaf of `quiz`, knowing neither time nor people.

| type | options | answer | key |
|---|---|---|---|
| `single` | 2–8 | one option | one option |
| `multiple` | 2–8 | one or more options | exactly these |
| `boolean` | yes is 0, no is 1 | one of them | one of them |
| `number` | none | a number | a number, and how far off still counts |
| `text` | none | a short text | any of up to eight texts |
| `poll` | 2–8 | one option | none |
"""

from __future__ import annotations

import math
import unicodedata
from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.domain.payload import TextRef

QuizType = Literal["single", "multiple", "boolean", "number", "text", "poll"]
Option = Annotated[int, Meta(ge=0, le=7)]
"""Options are numbered from 0; 0–3 are A–D of a printed card."""
Chosen = Annotated[tuple[Option, ...], Meta(max_length=8)]
Choice = Chosen | float | TextRef
"""Chosen options in ascending order, a number, or a text."""
Source = Literal["device", "pad", "card"]
"""Own device; a pad passed on, or the room's PC; a printed card held up (S23)."""

LISTED: frozenset[QuizType] = frozenset({"single", "multiple", "poll"})
"""Types whose options are written on the card."""
PICKED: frozenset[QuizType] = LISTED | {"boolean"}
"""Types answered by options: hands can be counted."""
HELD_UP: frozenset[QuizType] = PICKED - {"multiple"}
"""Types that one printed card can answer."""

_ROUNDING = 1e-9
"""0.1 + 0.2 is 0.3 for a pupil."""


class Key(Struct, frozen=True, kw_only=True):
    """The right answer."""

    options: Chosen = ()
    number: float | None = None
    tolerance: float = 0.0
    texts: tuple[TextRef, ...] = ()


def options_of(type_: QuizType, listed: int) -> int:
    """How many options there are to choose from; `listed`: how many are written on the card."""
    return 2 if type_ == "boolean" else listed if type_ in LISTED else 0


def chosen(type_: QuizType, options: int, choice: object) -> Chosen | float | str | None:
    """The answer in its one way of being written, None if the card cannot be answered so."""
    if type_ in PICKED:
        return _picked(type_, options, choice)
    if type_ == "number":
        return float(choice) if isinstance(choice, int | float) and math.isfinite(choice) else None
    return (choice.strip() or None) if isinstance(choice, str) else None


def _picked(type_: QuizType, options: int, choice: object) -> Chosen | None:
    if not isinstance(choice, tuple) or not choice or len(set(choice)) != len(choice):
        return None
    if any(option >= options for option in choice) or (type_ != "multiple" and len(choice) != 1):
        return None
    return tuple(sorted(choice))


def right(key: Key | None, choice: Choice) -> bool | None:
    """Whether an answer of options or a number is right; None: there is no key, or it takes the texts to tell."""
    if key is None or isinstance(choice, TextRef):
        return None
    if isinstance(choice, tuple):
        return choice == key.options
    return key.number is not None and abs(choice - key.number) <= key.tolerance + _ROUNDING * max(1.0, abs(key.number))


def same_text(one: str, other: str) -> bool:
    """Texts that a teacher would take for the same: width, case and spaces do not matter."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())
