"""What the library is told of recordings (`library.recorded`): how far they reach, and a picture out of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from media.client.manifest import Manifest, cut_of
from server.domain.recording import CutState, Recording
from server.domain.resource import Span
from server.errors import AppError, RecordingNotReady
from server.library.recorded import Picture
from server.replay.service import Replays

_FIRST = ("teacher", "screen")
"""Whose picture is the cover."""
LARGEST = 1024 * 1024
"""Bytes of a picture."""


class Offered:
    """Of one process."""

    def __init__(self, replays: Replays) -> None:
        self._replays = replays

    async def recordings(self, lessons: Collection[str]) -> Mapping[str, Span]:
        """See `library.recorded.Recordings`."""
        found = {}
        for lesson, recording in (await self._replays.table.of_lessons(lessons)).items():
            made = await self._manifest(recording)
            if made is not None and made.end > made.begin:
                found[lesson] = Span(made.begin, made.end)
        return found

    async def cover(self, lesson: str, span: Span) -> Picture | None:
        """See `library.recorded.Covers`: the first picture of the cut; what was outside of it is not public."""
        recording = await self._replays.table.of_lesson(lesson)
        try:
            made = await self._replays.public(recording, span) if recording else None
        except AppError:
            return None
        if made is None:
            return None
        films = [(one, one.thumbnails[0][1]) for one in made.files if one.thumbnails]
        films.sort(key=lambda found: (found[0].group not in _FIRST, found[0].group not in _FIRST[:1], found[0].begin))
        if not films:
            return None
        return await self._picture(made.recording, cut_of(span.begin_ms, span.end_ms), films[0][1])

    async def prepared(self, lesson: str, span: Span) -> CutState | None:
        """See `library.recorded.Prepared`."""
        recording = await self._replays.table.of_lesson(lesson)
        found = await self._replays.cuts.get(recording.id, span) if recording else None
        return None if found is None else "ready" if found.usable else found.state

    async def _picture(self, recording: str, folder: str, name: str) -> Picture | None:
        files = self._replays.files
        try:
            size = await files.size(recording, folder, name)
            if size is None or size > LARGEST:
                return None
            return Picture(b"".join([block async for block in files.read(recording, folder, name, 0, size)]), "image/jpeg")
        except (AppError, OSError):
            return None  # the page has another picture for it

    async def _manifest(self, recording: Recording) -> Manifest | None:
        if not recording.playable:
            return None
        try:
            return await self._replays.manifest(recording)
        except RecordingNotReady:
            return None
