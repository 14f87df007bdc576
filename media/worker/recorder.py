"""The recordings of one worker: commands in, capture files and their news out. Nothing here waits for a disk."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from media.client.messages import Record, RecordingState
from media.errors import BadRecording
from media.recording.disk import Disk
from media.recording.take import RingPacket
from media.relay import CapturePlan, Relay, TrackBegun, TrackOver
from media.worker.recording import Recording

SECOND = 1_000_000_000
BEAT_SECONDS = 0.25
"""Between two calls of `beat`, while there is something to record."""
TELL_EVERY = 10 * SECOND
ALONE = 75 * SECOND
"""A worker without any controller for so long has orphans …"""
SILENT = 600 * SECOND
"""… which end when no source of theirs was live for so long."""
STOPPED = 256
"""Ended recordings whose newest decision is remembered, so that an older one does not begin them again."""
CLOSE_SECONDS = 5.0
"""How long the end of the worker waits for its disk."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TRACK = re.compile(r"camera|screen|mic|stage\.[1-9][0-9]?\.(?:video|audio)")


class Recorder:
    """Every method runs on the event loop's thread."""

    def __init__(self, relay: Relay, folder: Path, changed: Callable[[RecordingState], None], closed: Callable[[str], None]) -> None:
        self._relay = relay
        self._folder = folder
        self._changed, self._closed = changed, closed
        self.epoch = ""
        """Of the worker process: written into each take."""
        self.attended: Callable[[], bool] = lambda: True
        """Whether a controller is connected."""
        self._attended_at = 0
        self._disk: Disk | None = None
        self._recordings: dict[str, Recording] = {}
        self._ending: list[Recording] = []
        self._by_sink: dict[int, Recording] = {}
        self._stopped: OrderedDict[str, int] = OrderedDict()
        self._told: dict[str, tuple[int, RecordingState]] = {}
        self._count: Counter[str] = Counter()

    @property
    def busy(self) -> bool:
        """Whether `beat` has anything to do."""
        return bool(self._recordings or self._ending)

    def states(self) -> tuple[RecordingState, ...]:
        """What a snapshot holds."""
        return tuple(recording.state() for recording in self._recordings.values())

    def counters(self) -> dict[str, int]:
        """Totals since the start, and how many go on."""
        live = [*self._recordings.values(), *self._ending]
        return {
            "recordings": len(self._recordings),
            "failing": sum(bool(recording.failing) for recording in live),
            "octets": self._count["octets"] + sum(recording.octets for recording in live),
            "packets": self._count["packets"] + sum(recording.packets for recording in live),
            "gaps": self._count["gaps"] + sum(recording.gaps for recording in live),
            "takes": self._count["takes"],
            "disk_failures": self._count["disk_failures"],
        }

    # --- commands

    def record(self, command: Record, now: int) -> None:
        """Capture what the command says from now on. Raises `BadRecording` and `TableFull`, with nothing changed."""
        name = command.recording
        if not _NAME.fullmatch(name) or not all(map(_TRACK.fullmatch, command.tracks)):
            raise BadRecording(f"{name}: {', '.join(command.tracks)}")
        known = self._recordings.get(name)
        if command.as_of < (known.as_of if known is not None else self._stopped.get(name, 0)):
            return
        self._relay.record(name, (_plan(*track) for track in command.tracks.items()), frozenset(command.labels), now)
        recording = known or self._begin(command, now)
        recording.as_of = command.as_of
        recording.set_clock(command.clock, now)
        self.drain(now)

    def _begin(self, command: Record, now: int) -> Recording:
        if self._disk is None:
            self._disk = Disk()
        name, wall = command.recording, time.time_ns() // 1_000_000
        made = Recording(name, self._folder / name, self._disk, self.epoch, command.clock, now, wall)
        self._recordings[name] = made
        self._attended_at = now
        self._count["takes"] += 1
        return made

    def stop(self, name: str, now: int) -> None:
        """Close its take; an unknown one is no error."""
        self._relay.stop_recording(name, now)
        self.drain(now)
        recording = self._recordings.get(name)
        if recording is None:
            return
        if self._disk is not None:
            self._hear_failures(self._disk, [*self._recordings.values(), *self._ending])  # its last block is to tell of them
        del self._recordings[name]
        recording.end(now)
        self._ending.append(recording)
        self._told.pop(name, None)
        self._by_sink = {sink: other for sink, other in self._by_sink.items() if other is not recording}
        self._stopped[name] = recording.as_of
        self._stopped.move_to_end(name)
        if len(self._stopped) > STOPPED:
            self._stopped.popitem(last=False)

    # --- what is captured

    def take(self, sink: int, packets: Sequence[RingPacket], now: int) -> None:
        """The fan-out's taker: packets of a sink."""
        self.drain(now)
        recording = self._by_sink.get(sink)
        if recording is not None:
            recording.take(sink, packets, now)

    def drain(self, now: int) -> None:
        """Take what the relay tells of tracks: it comes before the packets it is about."""
        for event in self._relay.take_captured():
            recording = self._recordings.get(event.recording)
            if recording is None:
                continue
            recording.apply(event, now)
            if isinstance(event, TrackBegun):
                self._by_sink[event.sink] = recording
            elif isinstance(event, TrackOver):
                self._by_sink.pop(event.sink, None)

    # --- time

    def beat(self, now: int) -> None:
        """Put what is due, look what became of what was put, tell."""
        disk = self._disk
        if disk is None:
            return
        live = [*self._recordings.values(), *self._ending]
        # In this order: what failed before the progress was read is told before it is believed.
        progress = {recording.file: disk.progress(recording.file) for recording in live}
        self._hear_failures(disk, live)
        for recording in live:
            reached = progress[recording.file]
            if reached is not None:
                recording.progressed(reached)
                recording.flush(now)
        self._ending = [recording for recording in self._ending if not self._over(recording, progress[recording.file] is None)]
        for recording in self._recordings.values():
            self._tell(recording, now)
        self._end_orphans(now)

    def _hear_failures(self, disk: Disk, live: Sequence[Recording]) -> None:
        by_file = {recording.file: recording for recording in live}
        for failure in disk.take_failures():
            self._count["disk_failures"] += 1
            if failure.file in by_file:
                by_file[failure.file].failed(failure)

    def _over(self, recording: Recording, closed: bool) -> bool:
        if closed:
            self._count.update(octets=recording.octets, packets=recording.packets, gaps=recording.gaps)
            self._closed(recording.name)
        return closed

    def _tell(self, recording: Recording, now: int) -> None:
        state = recording.state()
        if not state.take and not state.failing:
            return
        at, before = self._told.get(recording.name, (now - TELL_EVERY, state))
        if now - at >= TELL_EVERY or (state.take, state.tracks, state.failing) != (before.take, before.tracks, before.failing):
            self._told[recording.name] = (now, state)
            self._changed(state)

    def _end_orphans(self, now: int) -> None:
        """Without a controller a recording goes on while something of it lives, and not for ever."""
        if self.attended():
            self._attended_at = now
        for recording in tuple(self._recordings.values()):
            if self._relay.recording_live(recording.name):
                recording.live_at = now
            if now - self._attended_at > ALONE and now - recording.live_at > SILENT:
                self.stop(recording.name, now)

    async def close(self, now: int) -> None:
        """End every take and wait for the disk, but not for ever."""
        for name in tuple(self._recordings):
            self.stop(name, now)
        if self._disk is not None:
            await asyncio.to_thread(self._disk.close, CLOSE_SECONDS)
            self.beat(now)


def _plan(name: str, key: str) -> CapturePlan:
    return CapturePlan(name, key, "audio" if name == "mic" or name.endswith(".audio") else "video")
