"""Forms of the library's pages, and its times of a recording as people write them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.accounts.fields import Version

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
SaidName = Annotated[str, Meta(max_length=200)]
"""May be empty: not said."""
SaidWord = Annotated[str, Meta(max_length=32)]
Stage = Literal["primary", "junior", "senior"]
MinuteSecond = Annotated[str, Meta(pattern=r"^[0-9]{1,3}:[0-5][0-9]\Z")]
"""`mm:ss` from the beginning of the recording."""
SeenVersion = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""The version of the row that the form showed; 0: there was none yet."""


class SaveSpan(msgspec.Struct, frozen=True, kw_only=True):
    """取段: which part of the lesson."""

    begin: MinuteSecond
    end: MinuteSecond
    version: SeenVersion


class SaveInfo(msgspec.Struct, frozen=True, kw_only=True):
    """信息: what it is about. What is left empty is not said, and what is mandatory is asked for before publishing."""

    title: Title
    summary: Annotated[str, Meta(max_length=2000)] = ""
    subject: SaidWord = ""
    stage: Stage | Literal[""] = ""
    grade: SaidWord = ""
    edition: SaidName = ""
    volume: SaidWord = ""
    unit: SaidName = ""
    teacher: Id | None = None
    version: Version


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """发布, or handing in: a button."""

    version: Version


class TakeBack(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody may see it any more, and why."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    version: Version


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: words and facets; all of them must fit. Empty: whatever it is."""

    q: Annotated[str, Meta(max_length=100)] = ""
    subject: SaidWord = ""
    stage: SaidWord = ""
    grade: SaidWord = ""
    edition: SaidName = ""
    volume: SaidWord = ""
    unit: SaidName = ""
    after: Annotated[str, Meta(pattern=r"^[0-9]{1,15}\.[!-~]{1,64}\Z")] | Literal[""] = ""
    """`MS.ID` of the last one on the page before."""


def clock(ms: int) -> str:
    """As `mm:ss`; the last second counts whole."""
    seconds = -(-ms // 1000)
    return f"{seconds // 60:02}:{seconds % 60:02}"


def milliseconds(text: str) -> int:
    """Of `mm:ss`."""
    minutes, _, seconds = text.partition(":")
    return (int(minutes) * 60 + int(seconds)) * 1000
