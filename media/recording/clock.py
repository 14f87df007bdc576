"""When, on the lesson's clock, was it? RTP timestamp → worker's clock → lesson clock (S18), piecewise, by a take's `ClockMap`s. Pure.

Senders' clocks drift, sources begin anew, the lesson's clock is anchored anew after a restart: nothing here is linear for a whole take.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from media.recording.records import ClockMap

MS = 1_000_000
SECOND = 1_000 * MS
JUMP = 500 * MS
"""Neighbouring reports that differ by more from the rate are not of one clock."""
BELIEF = 3 * SECOND
"""A packet's time this far from its arrival is not believed."""
STEP = 250 * MS
"""The lesson clock is corrected by slewing up to here; more is a step, and a step back is none (it never runs backwards)."""


class LessonClock:
    """Worker's monotonic clock → lesson clock, both ns. One for a take: all tracks' reports together."""

    def __init__(self, maps: Iterable[ClockMap], fallback: tuple[int, int] = (0, 0)) -> None:
        """`fallback`: a moment by both clocks, for a take without reports."""
        self._at: list[int] = []
        self._offset: list[int] = []
        self._assumed = False
        for at, lesson in sorted((one.at, one.lesson * MS) for one in maps):
            self.add(at, lesson)
        if not self._at:
            self._assumed = True
            self._at, self._offset = [fallback[0]], [fallback[1] - fallback[0]]

    def add(self, at: int, lesson: int) -> None:
        """One more report, ns both, where they are read as they come; one that is not later than those before says nothing new."""
        if self._assumed:
            self._assumed, self._at, self._offset = False, [], []
        if not self._at or (at > self._at[-1] and lesson - at > self._offset[-1] - STEP):
            self._at.append(at)
            self._offset.append(lesson - at)

    def steps(self) -> Iterator[tuple[int, int]]:
        """Where it was put forward: lesson time before and after, ns."""
        for at, (before, after) in zip(self._at[1:], pairwise(self._offset), strict=True):
            if after - before > STEP:
                yield at + before, at + after

    def lesson(self, at: int) -> int:
        """The moment `at` in lesson time, ns."""
        index = bisect_right(self._at, at) - 1
        if index < 0:
            return at + self._offset[0]
        if index + 1 == len(self._at):
            return at + self._offset[-1]
        begin, end = self._offset[index], self._offset[index + 1]
        if abs(end - begin) > STEP:
            return at + begin
        return at + begin + (end - begin) * (at - self._at[index]) // (self._at[index + 1] - self._at[index])


class _Run:
    """Reports of one uninterrupted clock, RTP timestamps rising."""

    def __init__(self, rtp: int, at: int) -> None:
        self.rtp = [rtp]
        self.at = [at]

    def time(self, rtp: int, rate: int) -> int:
        """Worker's time, ns; beyond the reports by the rate."""
        index = bisect_right(self.rtp, rtp) - 1
        if index < 0 or index + 1 == len(self.rtp):
            index = max(index, 0)
            return self.at[index] + (rtp - self.rtp[index]) * SECOND // rate
        span = self.rtp[index + 1] - self.rtp[index]
        return self.at[index] + (self.at[index + 1] - self.at[index]) * (rtp - self.rtp[index]) // span


class TrackClock:
    """RTP timestamps of one track → worker's clock, ns. Reports of other layers and earlier sources do not disturb."""

    def __init__(self, rate: int, maps: Sequence[ClockMap]) -> None:
        self._rate = rate
        self._runs: list[_Run] = []
        self._current = 0
        for one in sorted(maps, key=lambda one: one.at):
            self.add(one.rtp, one.at)

    def add(self, rtp: int, at: int) -> None:
        """One more report, where they are read as they come."""
        for run in reversed(self._runs[-4:]):  # layers may be reported in turn
            ticks = rtp - run.rtp[-1]
            if abs(at - run.at[-1] - ticks * SECOND // self._rate) <= JUMP:
                if ticks > 0:
                    run.rtp.append(rtp)
                    run.at.append(at)
                return
        self._runs.append(_Run(rtp, at))

    def time(self, rtp: int, arrival: int) -> int:
        """When it was captured. A timestamp of no known run begins one at its arrival."""
        if self._current < len(self._runs):
            time = self._runs[self._current].time(rtp, self._rate)
            if abs(time - arrival) <= BELIEF:
                return time
        times = [run.time(rtp, self._rate) for run in self._runs]
        best = min(range(len(times)), key=lambda index: abs(times[index] - arrival), default=-1)
        if best < 0 or abs(times[best] - arrival) > BELIEF:
            self._runs.append(_Run(rtp, arrival))
            self._current = len(self._runs) - 1
            return arrival
        self._current = best
        return times[best]
