"""The first pass over a take: what clocks, tracks and holes are in it. Pure; its size grows with the reports, not with the packets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from media.recording.records import ClockMap, Gap, Packet, Record, TakeEnded, TrackBegan, TrackEnded

SILENT_NS = 2_000_000_000
"""A track of which nothing arrives for longer is missing."""


@dataclass(slots=True)
class Silence:
    """A track was expected, and nothing of it came. ns of the worker's clock."""

    track: int
    begin: int
    end: int


@dataclass(slots=True)
class Facts:
    """Of one take."""

    began: dict[int, TrackBegan] = field(default_factory=dict)
    """The first of each track."""
    assumed: set[int] = field(default_factory=set)
    """Tracks with packets before they began: what told of them is damaged."""
    maps: list[ClockMap] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)
    """Nothing was expected in between."""
    kinds: dict[int, int] = field(default_factory=dict)
    """Track → payload type of its first packet."""
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Track → arrival of its first and last packet."""
    first: int | None = None
    """When what was captured begins: the first packet, or the first track that was expected."""
    last: int = 0
    ended: bool = False
    """Closed on purpose."""

    @property
    def packets(self) -> bool:
        """Whether there is any."""
        return bool(self.spans)


def scan(records: Iterable[Record]) -> Facts:
    """Read all of a take."""
    scanner = Scanner()
    for record in records:
        scanner.push(record)
    scanner.finish()
    return scanner.facts


class Scanner:
    """Reads a take record by record."""

    def __init__(self) -> None:
        self.facts = Facts()
        self._heard: dict[int, int] = {}
        """Expected track → when something of it came last, or it was expected from."""
        self._over: set[int] = set()
        self._by_source: dict[str, int] = {}
        self._idle: int | None = None
        """Since when nothing is expected."""

    def push(self, record: Record) -> None:
        """The next."""
        if type(record) is Packet:
            self._packet(record.track, record.kind, record.arrival)
        else:
            self._other(record)

    def _packet(self, track: int, kind: int, arrival: int) -> None:
        facts = self.facts
        if track not in self._heard:
            if track in self._over:
                return  # a straggler
            self._unannounced(track, arrival)
        heard = self._heard[track]
        if arrival - heard > SILENT_NS:
            facts.silences.append(Silence(track, heard, arrival))
        if arrival > heard:
            self._heard[track] = facts.last = arrival
        span = facts.spans.get(track)
        if span is None:
            facts.kinds[track] = kind & 0x7F
        facts.spans[track] = (span[0] if span else arrival, arrival)

    def _other(self, record: Record) -> None:
        facts = self.facts
        if isinstance(record, TrackBegan):
            self._begin(record)
        elif isinstance(record, TrackEnded):
            if not record.gone:
                self._end(record.track, record.at)
        elif isinstance(record, ClockMap):
            facts.maps.append(record)
        elif isinstance(record, Gap):
            facts.gaps.append(record)
        elif isinstance(record, TakeEnded):
            facts.ended = True
            facts.last = max(facts.last, record.at)

    def finish(self) -> None:
        """Nothing follows."""
        for track in list(self._heard):
            self._end(track, self.facts.last)

    def _begin(self, record: TrackBegan) -> None:
        self.facts.began.setdefault(record.track, record)
        before = self._by_source.get(record.source)
        if before is not None and before != record.track:
            self._end(before, record.at)
        self._by_source[record.source] = record.track
        self._over.discard(record.track)
        self._expect(record.track, record.at)

    def _unannounced(self, track: int, arrival: int) -> None:
        self.facts.assumed.add(track)
        self._expect(track, arrival)

    def _expect(self, track: int, at: int) -> None:
        self._heard.setdefault(track, at)
        self._seen(at)
        if self._idle is not None and at - self._idle > SILENT_NS:
            self.facts.pauses.append((self._idle, at))
        self._idle = None

    def _seen(self, at: int) -> None:
        facts = self.facts
        facts.first = at if facts.first is None else min(facts.first, at)
        facts.last = max(facts.last, at)

    def _end(self, track: int, at: int) -> None:
        heard = self._heard.pop(track, None)
        self._over.add(track)
        if heard is not None and at - heard > SILENT_NS:
            self.facts.silences.append(Silence(track, heard, at))
        if heard is not None and not self._heard:
            self._idle = at
