"""All takes of a recording → playable files and a manifest. Two passes over each take, whatever their length."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from media.client.manifest import MANIFEST, Manifest, Missing, PlayFile, Why
from media.recording import folder, gaps, play
from media.recording.alone import sound_alone
from media.recording.clock import MS, LessonClock
from media.recording.group import Shape, Unplayable
from media.recording.mux import FileWriter
from media.recording.player import Player, playable
from media.recording.records import Gap, Record, TrackBegan
from media.recording.scan import Facts, scan
from media.recording.take import BadTake, Head, TakeReader

MOST_FILES = 2000
"""Of a group: a publisher whose parameters change with every picture fills no disk with files."""
Tell = Callable[[dict[str, object]], None]


@dataclass(slots=True, eq=False)
class _Take:
    """One that can be read, after the first pass."""

    path: Path
    head: Head
    whole_head: bool
    facts: Facts
    clock: LessonClock
    after_damage: bool
    """Between the one before and this one is a file of which nothing can be read."""

    def records(self) -> Iterator[Record]:
        with self.path.open("rb") as file:
            yield from TakeReader(file, self.head).records()

    def ms(self, at: int) -> int:
        """Lesson time of a moment of the worker's clock."""
        return round(self.clock.lesson(at) / MS)

    @property
    def begin(self) -> int:
        return self.ms(self.facts.first or self.head.started)

    @property
    def end(self) -> int:
        return self.ms(self.facts.last or self.head.started)


class Reader:
    """Reads one recording."""

    def __init__(self, of: Path, tell: Tell, live: bool = False, sounds: bool = False) -> None:
        """`live`: the last take is still being written; `sounds`: the sound of each film is made a file by itself too. `tell` hears of progress."""
        self._of = of
        self._tell = tell
        self._live = live
        self._alone = sounds
        self._files: list[PlayFile] = []
        self._missing: list[Missing] = []
        self._names: Counter[str] = Counter()
        self._bad_end = False

    def run(self) -> Manifest:
        """Make `play/`. Raises `Busy` and `OSError`."""
        files = folder.takes(self._of)
        with play.made_anew(self._of) as into:
            takes = self._scan(files)
            for number, take in enumerate(takes, 1):
                self._tell({"take": number, "of": len(takes)})
                assumed = self._assumed(takes, number - 1)
                Player(take.facts, assumed, take.clock, functools.partial(self._open, into), self._missing.append).play(take.records())
            if self._alone:
                self._sounds(into)
            self._between(takes)
            manifest = self._manifest(takes, len(files))
            play.write(into / MANIFEST, msgspec.json.encode(manifest))
        return manifest

    # --- first pass

    def _scan(self, files: list[tuple[int, Path]]) -> list[_Take]:
        takes: list[_Take] = []
        damaged = False
        for number, path in files:
            take = self._scan_one(number, path)
            if take is None:
                damaged = True
                continue
            take.after_damage, damaged = damaged, False
            takes.append(take)
        self._bad_end = damaged
        _set_clocks(takes)
        return takes

    def _scan_one(self, number: int, path: Path) -> _Take | None:
        instead = Head(recording=self._of.name, take=number, epoch="", started=0, wall=0)
        with path.open("rb") as file:
            try:
                reader = TakeReader(file, instead)
            except BadTake:
                return None
            return _Take(path, reader.head, reader.head is not instead, scan(reader.records()), LessonClock(()), False)

    def _assumed(self, takes: list[_Take], index: int) -> dict[int, TrackBegan]:
        """For tracks whose beginning is damaged: what this take says of them later, or one beside it."""
        facts = takes[index].facts
        near = sorted(range(len(takes)), key=lambda other: abs(other - index))
        found: dict[int, TrackBegan] = {}
        for track in facts.assumed:
            told = (takes[other].facts.began.get(track) for other in near)
            fitting = next((one for one in told if one is not None and one.payload_type == facts.kinds[track]), None)
            if fitting is not None:
                found[track] = facts.began.setdefault(track, fitting)
            else:
                self._add(takes[index], *facts.spans[track], "", "damage")
        return found

    # --- second pass

    def _open(self, into: Path, shape: Shape) -> FileWriter:
        number = self._names[shape.group] + 1
        if number > MOST_FILES:
            raise Unplayable("a file for every picture")
        writer = FileWriter(into, f"{shape.group}-{number:03}", shape, self._done)
        self._names[shape.group] = number
        return writer

    def _done(self, file: PlayFile) -> None:
        self._files.append(file)
        self._tell({"file": file.name, "octets": file.octets, "begin": file.begin, "end": file.end})

    def _sounds(self, into: Path) -> None:
        for film in tuple(self._files):
            alone = sound_alone(into, film)
            if alone is not None:
                self._done(alone)

    # --- what is missing

    def _add(self, take: _Take, begin: int, end: int, track: str, why: Why) -> None:
        self._missing.append(Missing(begin=take.ms(begin), end=take.ms(end), track=track, why=why))

    def _between(self, takes: list[_Take]) -> None:
        for take in takes:
            self._within(take)
        for before, after in itertools.pairwise(takes):
            why = _why(before, after)
            if why is not None:
                self._missing.append(Missing(begin=before.end, end=max(before.end, after.begin), track="", why=why))
        end = takes[-1].end if takes else 0
        if takes and (takes[0].after_damage or not takes[0].whole_head):
            self._missing.append(Missing(begin=takes[0].begin, end=takes[0].begin, track="", why="damage"))
        if self._bad_end:
            self._missing.append(Missing(begin=end, end=end, track="", why="damage"))
        elif takes and not takes[-1].facts.ended and not self._live:
            self._missing.append(Missing(begin=end, end=end, track="", why="worker"))

    def _within(self, take: _Take) -> None:
        facts = take.facts
        sources = {track: began.source for track, began in facts.began.items()}
        for gap in facts.gaps:
            source = "" if gap.track is None else sources.get(gap.track, "")
            self._add(take, _clamped(gap, take), gap.end, source, gap.why)
        for silence in facts.silences:
            self._add(take, silence.begin, silence.end, sources.get(silence.track, ""), "publisher")
        for begin, end in facts.pauses:
            self._add(take, begin, end, "", "pause")
        for track, began in facts.began.items():
            if not playable(began.codec) and track in facts.spans:
                self._tell({"unplayable": began.codec, "track": began.source})
                self._add(take, *facts.spans[track], began.source, "unplayable")

    def _manifest(self, takes: list[_Take], count: int) -> Manifest:
        full = [take for take in takes if take.facts.packets]
        names = [take.head.recording for take in takes if take.whole_head]
        return Manifest(
            recording=names[0] if names else self._of.name,
            begin=min([take.begin for take in full] + [file.begin for file in self._files], default=0),
            end=max([take.end for take in full] + [file.end for file in self._files], default=0),
            takes=count,
            files=tuple(sorted(self._files, key=lambda file: (file.group.startswith("sound"), file.begin, file.name))),
            missing=gaps.settle(self._missing),
        )


def _clamped(gap: Gap, take: _Take) -> int:
    """A damage before the first packet of a take without a head has no beginning of its own."""
    return gap.begin if take.whole_head else max(gap.begin, take.facts.first or gap.end)


def _why(before: _Take, after: _Take) -> Why | None:
    """The reason of the hole between two takes; None if there is none."""
    if after.after_damage or not after.whole_head:
        return "damage"
    if not before.facts.ended or before.head.epoch != after.head.epoch:
        return "worker"
    return "pause" if after.begin > before.end else None


def _set_clocks(takes: list[_Take]) -> None:
    """Takes without reports stand beside the nearest that has some."""
    known = [take for take in takes if take.facts.maps]
    for take in known:
        take.clock = LessonClock(take.facts.maps)
    for number, take in enumerate(takes):
        if not take.facts.maps:
            near = min(known, key=lambda other: abs(takes.index(other) - number), default=None)
            take.clock = LessonClock((), _beside(take, near))
            known.append(take)


def _beside(take: _Take, near: _Take | None) -> tuple[int, int]:
    """A moment by the worker's and by the lesson's clock: by the wall clock, or right after the other."""
    started = take.head.started if take.whole_head else take.facts.first or 0
    if near is None:
        return started, 0
    if take.whole_head and near.whole_head:
        return started, near.clock.lesson(near.head.started) + (take.head.wall - near.head.wall) * MS
    return started, near.clock.lesson(near.facts.last or near.head.started)
