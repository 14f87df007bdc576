"""ICE-lite for one session, pure (M22, RFC 8445): answers connectivity checks, chooses the media path, watches consent.

A lite agent is always controlled and sends no checks. A check with the right MESSAGE-INTEGRITY makes its path *validated*;
the latest valid check with USE-CANDIDATE makes its path *selected*, and nothing else moves media. During a restart both
generations answer; the old one ends when the new one is nominated.

Silence is counted from the last valid check on the selected path (RFC 7675): 10 s disconnected, 30 s nothing is sent; 75 s
without a valid check on any path end the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from media.fanout.interface import Path
from media.transport.stun import Check, conflict, success

SECOND = 1_000_000_000
DISCONNECTED_AFTER = 10 * SECOND
SILENT_AFTER = 30 * SECOND
DEAD_AFTER = 75 * SECOND
MAX_PATHS = 8


class IceState(Enum):
    """What the peer's checks tell about it."""

    NEW = "new"
    """No path is selected yet."""
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    """10 s of silence: video pauses."""
    SILENT = "silent"
    """30 s of silence: nothing is sent."""
    DEAD = "dead"


class Credentials(NamedTuple):
    """Our side of one ICE generation."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class Respond:
    """Send this STUN message back."""

    path: Path
    packet: bytes


@dataclass(frozen=True, slots=True)
class Validated:
    """A valid check came on a path not known before: DTLS and SRTP may come from it."""

    path: Path


@dataclass(frozen=True, slots=True)
class Evicted:
    """The path is no longer the session's."""

    path: Path


@dataclass(frozen=True, slots=True)
class Selected:
    """Media leaves on this path from now on; None sends nothing."""

    path: Path | None


@dataclass(frozen=True, slots=True)
class Retired:
    """A generation ended: its username fragment names nobody any more."""

    ufrag: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The state changed."""

    state: IceState


Action = Respond | Validated | Evicted | Selected | Retired | Changed


class IceAgent:
    """One session's ICE-lite agent. Times are monotonic nanoseconds; results are actions to carry out in order."""

    def __init__(self, local: Credentials, now: int) -> None:
        self.state = IceState.NEW
        self.selected: Path | None = None
        """The nominated path, kept while silent."""
        self.wrong_integrity = 0
        self.conflicts = 0
        self._generations = [local]
        self._nominated: Credentials | None = None
        self._paths: dict[Path, None] = {}
        self._valid_at = now
        self._consent_at = now
        self._sending = False

    @property
    def paths(self) -> tuple[Path, ...]:
        """Validated paths, least recently used first."""
        return tuple(self._paths)

    @property
    def reply_path(self) -> Path | None:
        """Where DTLS goes: the selected path, before a nomination the latest validated one."""
        if self.selected is not None:
            return self.selected if self._sending else None
        return next(reversed(self._paths), None)

    @property
    def ufrags(self) -> tuple[str, ...]:
        """Username fragments that name this session now."""
        return tuple(generation.ufrag for generation in self._generations)

    def receive(self, check: Check, path: Path, source: tuple[str, int], now: int) -> list[Action]:
        """Take in a Binding request from `source` (ip, port); a check that does not authenticate is counted and gives nothing."""
        generation = next((known for known in self._generations if known.ufrag == check.ufrag), None)
        if generation is None or self.state is IceState.DEAD or not check.authentic(generation.pwd):
            self.wrong_integrity += 1
            return []
        if check.peer_is_controlled:
            self.conflicts += 1
            return [Respond(path, conflict(check, generation.pwd))]
        actions: list[Action] = [Respond(path, success(check, source, generation.pwd))]
        self._valid_at = now
        self._touch(path, actions)
        if check.nominates:
            self._nominate(path, generation, actions)
        if path == self.selected:
            self._revive(now, actions)
        return actions

    def heard(self, at: int) -> list[Action]:
        """Authenticated media came at this time: a peer that sends no consent checks (FFmpeg) is alive. It never revives a silent one."""
        actions: list[Action] = []
        if self._sending and at > self._consent_at:
            self._valid_at = max(self._valid_at, at)
            self._revive(at, actions)
        return actions

    def restart(self, local: Credentials, now: int) -> list[Action]:
        """A new generation (RFC 8445 9): the nominated one, or else the oldest, answers until the new one is nominated."""
        self._valid_at = max(self._valid_at, now)
        keep = self._nominated or self._generations[0]
        dropped = [known for known in self._generations if known != keep]
        self._generations = [keep, local]
        return [Retired(known.ufrag) for known in dropped]

    def drop(self, path: Path) -> list[Action]:
        """The path is gone (a TCP connection ended, our address vanished)."""
        if path not in self._paths:
            return []
        del self._paths[path]
        actions: list[Action] = [Evicted(path)]
        if path == self.selected:
            self.selected = None
            self._stop_sending(actions)
            self._change(IceState.DISCONNECTED, actions)
        return actions

    def poll_timeout(self) -> int | None:
        """When `handle_timeout` has something to do at the earliest; None once dead."""
        if self.state is IceState.DEAD:
            return None
        dead = self._valid_at + DEAD_AFTER
        if self.selected is None or self.state is IceState.SILENT:
            return dead
        after = DISCONNECTED_AFTER if self.state is IceState.CONNECTED else SILENT_AFTER
        return min(dead, self._consent_at + after)

    def handle_timeout(self, now: int) -> list[Action]:
        """Apply the consent times."""
        actions: list[Action] = []
        if self.state is IceState.DEAD:
            return actions
        if now - self._valid_at >= DEAD_AFTER:
            self._stop_sending(actions)
            self._change(IceState.DEAD, actions)
        elif self.selected is not None and self._sending:
            silence = now - self._consent_at
            if silence >= SILENT_AFTER:
                self._stop_sending(actions)
                self._change(IceState.SILENT, actions)
            elif silence >= DISCONNECTED_AFTER:
                self._change(IceState.DISCONNECTED, actions)
        return actions

    def _touch(self, path: Path, actions: list[Action]) -> None:
        known = path in self._paths
        self._paths.pop(path, None)
        self._paths[path] = None
        if known:
            return
        actions.append(Validated(path))
        if len(self._paths) > MAX_PATHS:
            oldest = next(old for old in self._paths if old != self.selected)
            del self._paths[oldest]
            actions.append(Evicted(oldest))

    def _nominate(self, path: Path, generation: Credentials, actions: list[Action]) -> None:
        newest = self._generations[-1]
        if generation == newest and len(self._generations) > 1:
            actions.extend(Retired(old.ufrag) for old in self._generations[:-1])
            self._generations = [newest]
        self._nominated = generation
        if path != self.selected:
            self.selected = path
            self._sending = True
            actions.append(Selected(path))

    def _revive(self, now: int, actions: list[Action]) -> None:
        self._consent_at = now
        if not self._sending:
            self._sending = True
            actions.append(Selected(self.selected))
        self._change(IceState.CONNECTED, actions)

    def _stop_sending(self, actions: list[Action]) -> None:
        if self._sending:
            self._sending = False
            actions.append(Selected(None))

    def _change(self, state: IceState, actions: list[Action]) -> None:
        if state is not self.state:
            self.state = state
            actions.append(Changed(state))
