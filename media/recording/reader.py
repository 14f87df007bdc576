"""All takes of a recording → playable files and a manifest. Two passes over each take, whatever their length."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import msgspec

from media.client.manifest import MANIFEST, Manifest, Missing, PlayFile
from media.recording import folder, gaps, lost, play
from media.recording.alone import sound_alone
from media.recording.clock import LessonClock
from media.recording.group import Shape, Unplayable
from media.recording.lost import Taken
from media.recording.mux import FileWriter
from media.recording.player import Player
from media.recording.records import TrackBegan
from media.recording.scan import scan
from media.recording.take import BadTake, Head, TakeReader
from media.recording.telling import Tell

MOST_FILES = 2000
"""Of a group: a publisher whose parameters change with every picture fills no disk with files."""


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
            self._lost(takes)
            manifest = self._manifest(takes, len(files))
            play.write(into / MANIFEST, msgspec.json.encode(manifest))
        return manifest

    # --- first pass

    def _scan(self, files: list[tuple[int, Path]]) -> list[Taken]:
        takes: list[Taken] = []
        damaged = False
        for number, path in files:
            take = self._scan_one(number, path)
            if take is None:
                damaged = True
                continue
            take.after_damage, damaged = damaged, False
            takes.append(take)
        self._bad_end = damaged
        lost.set_clocks(takes)
        return takes

    def _scan_one(self, number: int, path: Path) -> Taken | None:
        instead = Head(recording=self._of.name, take=number, epoch="", started=0, wall=0)
        with path.open("rb") as file:
            try:
                reader = TakeReader(file, instead)
            except BadTake:
                return None
            return Taken(path, reader.head, reader.head is not instead, scan(reader.records()), LessonClock(()), False)

    def _assumed(self, takes: list[Taken], index: int) -> dict[int, TrackBegan]:
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
                self._missing.append(takes[index].missing(*facts.spans[track], "", "damage"))
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

    def _lost(self, takes: list[Taken]) -> None:
        for take in takes:
            self._missing += lost.within(take)
            for began in lost.unplayable(take):
                self._tell({"unplayable": began.codec, "track": began.source})
        self._missing += lost.between(takes, bad_end=self._bad_end, live=self._live)

    def _manifest(self, takes: list[Taken], count: int) -> Manifest:
        full = [take for take in takes if take.facts.packets]
        names = [take.head.recording for take in takes if take.whole_head]
        missing = gaps.settle(self._missing)
        spans = [(take.begin, take.end) for take in full] + [(file.begin, file.end) for file in self._files]
        if spans:  # what should have been captured before the first packet, or after the last, belongs to it
            spans += [(one.begin, one.end) for one in missing if one.why in ("disk", "queue") and not one.track]
        return Manifest(
            recording=names[0] if names else self._of.name,
            begin=min((begin for begin, _ in spans), default=0),
            end=max((end for _, end in spans), default=0),
            takes=count,
            files=tuple(sorted(self._files, key=lambda file: (file.group.startswith("sound"), file.begin, file.name))),
            missing=missing,
        )
