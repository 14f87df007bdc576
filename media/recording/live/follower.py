"""Takes that grow → segments. Each record is played once, by the same rules as afterwards; clocks are known as far as they were reported.

Nothing here depends on when it is read: the same bytes give the same segments.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import BinaryIO

from media.client.manifest import Missing
from media.recording import folder, gaps, lost
from media.recording.clock import SECOND, LessonClock
from media.recording.group import Shape, group_of
from media.recording.live.output import LiveOutput
from media.recording.live.shelf import Shelf
from media.recording.lost import Taken
from media.recording.player import LOOK_NS, Player
from media.recording.records import ClockMap, Packet, Record, TrackEnded
from media.recording.scan import Facts, Scanner
from media.recording.take import BadTake, Head, TakeReader

PATIENCE_NS = 2 * SECOND
"""For the first report of a take's clocks: it comes with the first track."""
HELD = 20_000
"""Records that wait for it, at most."""
STEP = 5_000
"""Records that are read before somebody is asked whether to go on."""
EARLY_MS = 5_000
"""Media time 0 is so long before the first moment: what was captured a little earlier has a place too."""
MOST_MISSING = 1_000
"""Gaps that are told, the latest."""


class _Open:
    """The take that is read."""

    def __init__(self, file: BinaryIO, reader: TakeReader, taken: Taken, scanner: Scanner) -> None:
        self.file = file
        self.reader = reader
        self.taken = taken
        self.scanner = scanner
        self.records = reader.records()
        self.player: Player | None = None
        self.held: list[Record] = []
        self.look = 0

    def next(self) -> Record | None:
        """None: nothing more is there yet."""
        record = next(self.records, None)
        if record is None:
            self.records = self.reader.records()  # reads on where the last whole block ended
        return record


class Follower:
    """Follows one recording. Raises `OSError`, and what the shelf raises."""

    def __init__(self, of: Path, shelf: Shelf) -> None:
        self._of = of
        self._shelf = shelf
        self._takes: list[Taken] = []
        self._number = 0
        """Of the take that is read, or was last."""
        self._damaged = False
        """Between the last take and the next is one of which nothing can be read."""
        self._open: _Open | None = None
        self._origin: int | None = None
        self._outputs: list[LiveOutput] = []
        self._found: list[Missing] = []
        self._seen = (-1, -1)
        self.at = 0
        """Lesson time that is reached, ms."""

    def step(self) -> bool:
        """Read on; False: nothing more is there yet."""
        more = self._more()
        if self._open is None:
            return more and self._begin()
        for count in range(STEP):
            record = self._open.next()
            if record is None:
                if not count and more:
                    self._end()
                    return True
                self._tell()
                return count > 0
            self._take(self._open, record)
        self._tell()
        return True

    def finish(self) -> None:
        """Nothing more comes."""
        self._end()
        self._damaged = self._damaged or self._more()
        self._tell(over=True)

    def close(self) -> None:
        """Let go of the file; what was not whole yet is not told."""
        if self._open is not None:
            self._open.file.close()
            self._open = None

    # --- from take to take

    def _more(self) -> bool:
        """Whether there is a take after this one."""
        known = folder.takes(self._of)
        return bool(known) and known[-1][0] > self._number

    def _begin(self) -> bool:
        """Open the next; False: it is being made."""
        number, path = next(one for one in folder.takes(self._of) if one[0] > self._number)
        file = path.open("rb")
        instead = Head(recording=self._of.name, take=number, epoch="", started=0, wall=0)
        try:
            reader = TakeReader(file, instead)
        except BadTake:
            file.close()
            if not self._later(number):
                return False
            self._number, self._damaged = number, True
            return True
        scanner = Scanner()
        taken = Taken(path, reader.head, reader.head is not instead, scanner.facts, LessonClock(()), self._damaged)
        self._open = _Open(file, reader, taken, scanner)
        self._number, self._damaged = number, False
        return True

    def _later(self, number: int) -> bool:
        return folder.takes(self._of)[-1][0] > number

    def _end(self) -> None:
        """The take is over."""
        take = self._open
        if take is None:
            return
        if take.player is None:
            self._play(take)
        assert take.player is not None
        take.player.close()
        take.scanner.finish()
        take.taken.facts.maps.clear()
        take.file.close()
        self._open = None

    # --- records

    def _take(self, take: _Open, record: Record) -> None:
        take.scanner.push(record)
        if take.player is not None:
            self._push(take, take.player, record)
            return
        take.held.append(record)
        waited = isinstance(record, Packet) and record.arrival - (take.taken.facts.first or 0) > PATIENCE_NS
        if isinstance(record, ClockMap) or waited or len(take.held) >= HELD:
            self._play(take)

    def _play(self, take: _Open) -> None:
        """Its clock is known, or none is."""
        taken, reports = take.taken, [one for one in take.held if isinstance(one, ClockMap)]
        near = self._takes[-1] if self._takes else None
        taken.clock = LessonClock(reports, lost.beside(taken, near))
        self._takes.append(taken)
        if self._origin is None:
            self._origin = taken.begin - EARLY_MS
            self._shelf.open(taken.head.recording, self._origin)
        facts = Facts(maps=reports)
        player = take.player = Player(facts, {}, taken.clock, self._output, self._found.append, growing=True)
        held, take.held = take.held, []
        for record in held:
            if not isinstance(record, ClockMap):
                self._push(take, player, record)

    def _push(self, take: _Open, player: Player, record: Record) -> None:
        if type(record) is Packet and record.arrival >= take.look:
            take.look = record.arrival + LOOK_NS
            now = take.taken.clock.lesson(record.arrival) // 1000
            self.at = now // 1000
            for output in self._outputs:
                output.expire(now)
        player.push(record)
        if isinstance(record, TrackEnded):
            self._over(take, record)

    def _over(self, take: _Open, record: TrackEnded) -> None:
        began = take.taken.facts.began.get(record.track)
        if began is not None:
            kind = "audio" if began.codec.upper() == "OPUS" else "video"
            for output in self._outputs:
                if output.group == group_of(began.source):
                    output.over(kind, take.taken.clock.lesson(record.at) // 1000)

    def _output(self, shape: Shape) -> LiveOutput:
        assert self._origin is not None
        made = LiveOutput(self._shelf, self._origin * 1000, shape, self._closed)
        self._outputs.append(made)
        return made

    def _closed(self, output: LiveOutput) -> None:
        with contextlib.suppress(ValueError):
            self._outputs.remove(output)

    # --- what is missing

    def _tell(self, over: bool = False) -> None:
        """As far as it is known."""
        facts = [one.facts for one in self._takes]
        seen = (len(self._takes), len(self._found) + sum(len(one.gaps) + len(one.silences) + len(one.pauses) for one in facts))
        if seen == self._seen and not over:
            return
        self._seen = seen
        found = [*self._found, *(one for take in self._takes for one in lost.within(take))]
        found += lost.between(self._takes, bad_end=self._damaged, live=not over)
        self._shelf.missing(gaps.settle(found)[-MOST_MISSING:])
