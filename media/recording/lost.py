"""What is missing of a recording by what its takes say of themselves, and between them. Pure, but that a take knows its file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from media.client.manifest import Missing, Why
from media.recording.clock import MS, LessonClock
from media.recording.player import playable
from media.recording.records import Gap, Record, TrackBegan
from media.recording.scan import Facts
from media.recording.take import Head, TakeReader


@dataclass(slots=True, eq=False)
class Taken:
    """One that can be read, after the first pass."""

    path: Path
    head: Head
    whole_head: bool
    facts: Facts
    clock: LessonClock
    after_damage: bool
    """Between the one before and this one is a file of which nothing can be read."""

    def records(self) -> Iterator[Record]:
        """All of it, from the beginning. Raises `OSError`."""
        with self.path.open("rb") as file:
            yield from TakeReader(file, self.head).records()

    def ms(self, at: int) -> int:
        """Lesson time of a moment of the worker's clock."""
        return round(self.clock.lesson(at) / MS)

    @property
    def begin(self) -> int:
        """Lesson time, ms."""
        return self.ms(self.facts.first or self.head.started)

    @property
    def end(self) -> int:
        """Lesson time, ms."""
        return self.ms(self.facts.last or self.head.started)

    def missing(self, begin: int, end: int, track: str, why: Why) -> Missing:
        """A span of the worker's clock, as it is told."""
        return Missing(begin=self.ms(begin), end=self.ms(end), track=track, why=why)


def within(take: Taken) -> Iterator[Missing]:
    """Of one take."""
    facts = take.facts
    sources = {track: began.source for track, began in facts.began.items()}
    for gap in facts.gaps:
        source = "" if gap.track is None else sources.get(gap.track, "")
        yield take.missing(_clamped(gap, take), gap.end, source, gap.why)
    for silence in facts.silences:
        yield take.missing(silence.begin, silence.end, sources.get(silence.track, ""), "publisher")
    for begin, end in take.clock.steps():
        yield Missing(begin=round(begin / MS), end=round(end / MS), track="", why="clock")
    for begin, end in facts.pauses:
        yield take.missing(begin, end, "", "pause")
    for began in unplayable(take):
        yield take.missing(*facts.spans[began.track], began.source, "unplayable")


def unplayable(take: Taken) -> list[TrackBegan]:
    """Tracks of which something came that no file can hold."""
    return [began for track, began in take.facts.began.items() if not playable(began.codec) and track in take.facts.spans]


def between(takes: Sequence[Taken], *, bad_end: bool, live: bool) -> Iterator[Missing]:
    """From one take to the next. `bad_end`: of what followed the last nothing can be read; `live`: it is still being written."""
    for before, after in itertools.pairwise(takes):
        why = _why(before, after)
        if why is not None:
            yield Missing(begin=before.end, end=max(before.end, after.begin), track="", why=why)
    end = takes[-1].end if takes else 0
    if takes and (takes[0].after_damage or not takes[0].whole_head):
        yield Missing(begin=takes[0].begin, end=takes[0].begin, track="", why="damage")
    if bad_end:
        yield Missing(begin=end, end=end, track="", why="damage")
    elif takes and not takes[-1].facts.ended and not live:
        yield Missing(begin=end, end=end, track="", why="worker")


def _clamped(gap: Gap, take: Taken) -> int:
    """A damage before the first packet of a take without a head has no beginning of its own."""
    return gap.begin if take.whole_head else max(gap.begin, take.facts.first or gap.end)


def _why(before: Taken, after: Taken) -> Why | None:
    """The reason of the hole between two takes; None if there is none."""
    if after.after_damage or not after.whole_head:
        return "damage"
    if not before.facts.ended or before.head.epoch != after.head.epoch:
        return "worker"
    return "pause" if after.begin > before.end else None


def set_clocks(takes: Sequence[Taken]) -> None:
    """Takes without reports stand beside the nearest that has some."""
    known = [take for take in takes if take.facts.maps]
    for take in known:
        take.clock = LessonClock(take.facts.maps)
    for number, take in enumerate(takes):
        if not take.facts.maps:
            near = min(known, key=lambda other: abs(takes.index(other) - number), default=None)
            take.clock = LessonClock((), beside(take, near))
            known.append(take)


def beside(take: Taken, near: Taken | None) -> tuple[int, int]:
    """A moment by the worker's and by the lesson's clock: by the wall clock, or right after the other."""
    started = take.head.started if take.whole_head else take.facts.first or 0
    if near is None:
        return started, 0
    if take.whole_head and near.whole_head:
        return started, near.clock.lesson(near.head.started) + (take.head.wall - near.head.wall) * MS
    return started, near.clock.lesson(near.facts.last or near.head.started)
