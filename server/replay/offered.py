"""What the library is told of recordings (`library.recorded`): how far they reach, and a picture out of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from media.client.manifest import Manifest, PlayFile
from server.domain.resource import Span
from server.errors import RecordingNotReady
from server.library.recorded import Picture
from server.replay.service import Replays

_FIRST = ("teacher", "screen")
"""Whose picture is the cover."""


class Offered:
    """Of one process."""

    def __init__(self, replays: Replays) -> None:
        self._replays = replays

    async def recordings(self, lessons: Collection[str]) -> Mapping[str, Span]:
        """See `library.recorded.Recordings`."""
        found = {}
        for lesson in await self._replays.table.of_lessons(lessons):
            made = await self._manifest(lesson)
            if made is not None and made.end > made.begin:
                found[lesson] = Span(made.begin, made.end)
        return found

    async def cover(self, lesson: str, span: Span) -> Picture | None:
        """See `library.recorded.Covers`: the first picture within the span, or the last before it."""
        made = await self._manifest(lesson)
        if made is None:
            return None
        films = [one for one in made.files if one.thumbnails and one.begin < span.end_ms and one.end > span.begin_ms]
        films.sort(key=lambda one: (one.group not in _FIRST, one.group not in _FIRST[:1], one.begin))
        if not films:
            return None
        path = self._replays.file(made.recording, _picture(films[0], span))
        return Picture(await asyncio.to_thread(path.read_bytes), "image/jpeg")

    async def _manifest(self, lesson: str) -> Manifest | None:
        recording = await self._replays.table.of_lesson(lesson)
        if recording is None or not recording.playable:
            return None
        try:
            return await self._replays.manifest(recording)
        except RecordingNotReady:
            return None


def _picture(film: PlayFile, span: Span) -> str:
    within = [name for at, name in film.thumbnails if span.begin_ms <= at < span.end_ms]
    before = [name for at, name in film.thumbnails if at < span.begin_ms]
    return (within or before[-1:] or [film.thumbnails[0][1]])[0]
