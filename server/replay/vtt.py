"""Chapters as WebVTT (W3C WebVTT1). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from server.domain.chapters import Chapter

Formatted = Callable[[str, Mapping[str, object]], str]
"""Key of a sentence, and what stands in its places."""


def chapters_of(found: Sequence[Chapter], begin: int, end: int, names: Mapping[str, str], formatted: Formatted) -> str:
    """A recording's chapters in words; `names`: participant → what people call it."""

    def words(one: Chapter) -> str:
        params = {**one.params, "name": names.get(str(one.params.get("participant", "")), "")}
        return formatted(f"replay.chapter.{one.kind}", params)

    return webvtt(found, begin, end, words)


def webvtt(found: Sequence[Chapter], begin: int, end: int, words: Callable[[Chapter], str]) -> str:
    """Cues, each up to the next; times from `begin` on."""
    lines = ["WEBVTT", ""]
    for n, one in enumerate(found):
        until = found[n + 1].at if n + 1 < len(found) else end
        at = max(one.at, begin)
        if until > at:
            text = " ".join(words(one).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            lines += [str(n + 1), f"{_stamp(at - begin)} --> {_stamp(until - begin)}", text, ""]
    return "\n".join(lines)


def _stamp(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
