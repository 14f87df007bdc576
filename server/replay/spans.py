"""What of a recording lies in a span of the lesson clock."""

from __future__ import annotations

from media.client.manifest import Manifest, PlayFile


def within(made: Manifest, begin: int, end: int) -> list[PlayFile]:
    """Files of which something lies in it."""
    return [one for one in made.files if one.end > begin and one.begin < end]


def pictures(one: PlayFile, begin: int, end: int) -> list[tuple[int, str]]:
    """Lesson time and name of the file's pictures in it."""
    return [(at, name) for at, name in one.thumbnails if begin <= at < end]


def named(made: Manifest) -> frozenset[str]:
    """Names of everything that a manifest tells of."""
    return frozenset({one.name for one in made.files} | {name for one in made.files for _, name in one.thumbnails})
