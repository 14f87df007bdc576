"""What the media worker is told of recordings, and what it says of them (S13, S18).

The worker keeps nothing over its own end, and this process nothing over its own: the log says what is wanted, so after either
everything is simply told again.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Collection
from typing import Literal, Protocol

from media.client import Refused, WorkerGone
from media.client import messages as m
from server.domain.lesson import LessonState
from server.domain.media_plan import WantedRecording, wanted_recording
from server.live.clock import Clock
from server.live.desk import MediaControl

log = logging.getLogger(__name__)

AGAIN_MS = 5_000
"""After a refusal the worker is asked again this much later."""


class LessonClock(Protocol):
    """Of one lesson, in milliseconds."""

    def now(self) -> int:
        """Where it is."""

    def reach(self, at: int) -> None:
        """It is at least here."""


Failing = Literal["", "disk", "queue", "refused"]


class Recorder:
    """One per process; the recordings of all lessons."""

    def __init__(self, media: MediaControl, node: str, clock: Clock, changed: Callable[[str], None]) -> None:
        """`changed`: told the recording that began or ceased to fail."""
        self._media = media
        self._clock = clock
        self._changed = changed
        self._ids = (f"{node}-r{n}" for n in itertools.count(1))
        self._ready = False
        self._told: dict[str, WantedRecording] = {}
        self._held: dict[str, Failing] = {}
        """What the worker has open, and why it fails."""
        self._again: dict[str, int] = {}
        """Refused recordings → when to ask again, monotonic ms."""
        self._clocks: dict[str, m.Moment] = {}
        """What the worker was told of the lessons' clocks, also by a process before this one."""
        media.subscribe(self._hear)

    @property
    def held(self) -> frozenset[str]:
        """Recordings that the worker has open."""
        return frozenset(self._held)

    def failing(self, recording: str) -> Failing:
        """Why what arrives now is lost; empty: it is not, as far as is known."""
        return "refused" if recording in self._again else self._held.get(recording, "")

    async def settle(self, get_state: Callable[[], LessonState], clock: LessonClock) -> bool:
        """Have the worker capture what the state says; False if something is left to tell it. The lesson's clock is told how far the worker
        is: what was captured is not behind what happens.
        """
        state = get_state()
        if not state.record.recording:
            return True
        if not self._ready:
            return False
        wanted = wanted_recording(state)
        if wanted is None:
            return await self._stop(state.record.recording)
        return await self._record(state, wanted, clock)

    async def close_orphans(self, recordings: Collection[str]) -> None:
        """Stop what no lesson answers for."""
        for recording in recordings:
            await self._stop(recording)

    async def _record(self, state: LessonState, wanted: WantedRecording, clock: LessonClock) -> bool:
        recording, now = wanted.recording, self._clock.monotonic_ms()
        if self._told.get(recording) == wanted:
            return True
        if self._again.get(recording, now) > now:
            return False
        self._told[recording] = wanted
        if before := self._clocks.get(recording):
            clock.reach(before.lesson + (now - before.at // 1_000_000))
        moment = self._clocks[recording] = m.Moment(at=now * 1_000_000, lesson=max(state.at, clock.now()))
        command = m.Record(
            id=next(self._ids),
            recording=recording,
            tracks=dict(wanted.tracks),
            labels=wanted.labels,
            clock=moment,
            as_of=state.seq,
        )
        done = await self._tell(command, recording)
        if done:
            self._held.setdefault(recording, "")
        return done

    async def _stop(self, recording: str) -> bool:
        self._told.pop(recording, None)
        self._succeeded(recording)
        if recording not in self._held:
            return True
        done = await self._tell(m.StopRecording(id=next(self._ids), recording=recording), recording)
        if done:
            self._held.pop(recording, None)
            self._clocks.pop(recording, None)
        return done

    async def _tell(self, command: m.Record | m.StopRecording, recording: str) -> bool:
        try:
            await self._media.command(command)
        except WorkerGone:
            log.info("no worker for %s; its snapshot brings it back", type(command).__name__)
            self._told.pop(recording, None)
            return False
        except Refused as refused:
            log.warning("the worker refused %s: %s", type(command).__name__, refused)
            self._told.pop(recording, None)
            if isinstance(command, m.StopRecording):
                return True
            self._again[recording] = self._clock.monotonic_ms() + AGAIN_MS
            self._changed(recording)
            return False
        except Exception:
            self._told.pop(recording, None)
            raise
        self._succeeded(recording)
        return True

    def _succeeded(self, recording: str) -> None:
        if self._again.pop(recording, None) is not None:
            self._changed(recording)

    # --- what the worker says ----------------------------------------------------------------------------------------

    def _hear(self, message: m.Hello | m.Snapshot | m.Event | None) -> None:
        if message is None or isinstance(message, m.Hello):
            self._ready = False
        elif isinstance(message, m.Snapshot):
            self._snapshot(message)
        elif isinstance(message, m.RecordingChanged):
            self._keep(message.state.recording, message.state.failing)
        elif isinstance(message, m.RecordingClosed) and self._held.pop(message.recording, ""):
            self._changed(message.recording)

    def _snapshot(self, snapshot: m.Snapshot) -> None:
        """Whatever was told may not have arrived, or have gone with the worker before: it is told again."""
        before = {*self._held, *self._again}
        self._told.clear()
        self._again.clear()
        self._held = {state.recording: state.failing for state in snapshot.recordings}
        self._clocks = {state.recording: state.clock for state in snapshot.recordings if state.clock}
        self._ready = True
        for recording in before | self._held.keys():
            self._changed(recording)

    def _keep(self, recording: str, failing: Failing) -> None:
        before = self._held.get(recording, "")
        self._held[recording] = failing
        if before != failing:
            self._changed(recording)
