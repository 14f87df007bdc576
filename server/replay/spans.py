"""What of a recording lies in a span of the lesson clock. A file is whole: what it holds beyond the span comes with it."""

from __future__ import annotations

from media.client.manifest import Manifest, PlayFile
from server.domain.resource import Span


def within(made: Manifest, begin: int, end: int) -> list[PlayFile]:
    """Files of which something lies in it."""
    return [one for one in made.files if one.end > begin and one.begin < end]


def pictures(one: PlayFile, begin: int, end: int) -> list[tuple[int, str]]:
    """Lesson time and name of the file's pictures in it."""
    return [(at, name) for at, name in one.thumbnails if begin <= at < end]


def public(made: Manifest, span: Span) -> frozenset[str]:
    """Names of everything in a resource's span."""
    begin, end = span.begin_ms, span.end_ms
    files = within(made, begin, end)
    return frozenset({one.name for one in files} | {name for one in files for _, name in pictures(one, begin, end)})
