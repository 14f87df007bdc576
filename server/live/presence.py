"""Who is here, as far as sockets and media tell. Plain data; time is an argument (ms, monotonic).

A participant is online while it has a page's socket here or at another web process, or a connected media session. It joins at
once and leaves after five seconds without either, so a reload says nothing (S17); a new process gives everybody ten seconds
to come back before it misses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.domain.lesson import LessonState

LEAVE_MS = 5_000
GRACE_MS = 10_000
STALE_MS = 6_000
"""A `played` or `mic` signal, or another process's word, counts this long."""
_NOTHING = {"audio": False, "camera": False, "screen": False}


@dataclass(slots=True)
class Seat:
    """One socket."""

    participant: str | None
    plays: Mapping[str, bool] = field(default_factory=lambda: _NOTHING)
    plays_at: int = -STALE_MS
    silent: bool = False
    silent_at: int = -STALE_MS


@dataclass(frozen=True, slots=True)
class Health:
    """A participant's media."""

    media: str = "none"
    """`none`, `connected`, `disconnected`."""
    rtt: int = -1
    loss: float = 0.0


class Presence:
    """The presence of one lesson in one process."""

    def __init__(self, now: int) -> None:
        self._since = now
        self._seats: dict[int, Seat] = {}
        self._others: dict[str, tuple[int, Mapping[str, Mapping[str, Any]]]] = {}
        self._missing: dict[str, int] = {}

    def arrive(self, connection: int, participant: str | None) -> None:
        """A socket opened."""
        self._seats[connection] = Seat(participant)

    def depart(self, connection: int) -> None:
        """A socket closed."""
        self._seats.pop(connection, None)

    def played(self, connection: int, plays: Mapping[str, bool], now: int) -> None:
        """What a page's receivers played."""
        if seat := self._seats.get(connection):
            seat.plays, seat.plays_at = plays, now

    def mic(self, connection: int, silent: bool, now: int) -> None:
        """Whether a page's microphone is silent."""
        if seat := self._seats.get(connection):
            seat.silent, seat.silent_at = silent, now

    def hear(self, node: str, participants: Mapping[str, Mapping[str, Any]], now: int) -> None:
        """What another process sees."""
        self._others[node] = (now, participants)

    def here(self, now: int) -> dict[str, dict[str, Any]]:
        """What this process sees by its sockets, by participant: for the bus."""
        seen: dict[str, dict[str, Any]] = {}
        for seat in self._seats.values():
            if seat.participant is not None:
                entry = seen.setdefault(seat.participant, {"plays": dict(_NOTHING), "mic_silent": False})
                _merge(entry, _said(seat, now))
        return seen

    def everywhere(self, now: int) -> dict[str, dict[str, Any]]:
        """The same over all processes."""
        self._others = {node: said for node, said in self._others.items() if now - said[0] < STALE_MS}
        seen = self.here(now)
        for _, participants in self._others.values():
            for participant, said in participants.items():
                _merge(seen.setdefault(participant, {"plays": dict(_NOTHING), "mic_silent": False}), said)
        return seen

    def view(self, people: Mapping[str, tuple[str, str]], health: Mapping[str, Health], now: int) -> dict[str, dict[str, Any]]:
        """Presence of everybody in `people` (id → role, name), as in `docs/protocol.md`."""
        seen = self.everywhere(now)
        return {who: _entry(role, name, seen.get(who), health.get(who, Health())) for who, (role, name) in people.items()}

    def changes(self, state: LessonState, health: Mapping[str, Health], now: int) -> tuple[set[str], set[str]]:
        """Who has joined and who has left, measured against the lesson's log."""
        online = self.everywhere(now).keys() | {who for who, its in health.items() if its.media == "connected"}
        present = {who.id for who in state.participants.values() if who.present}
        self._missing = {who: self._missing.get(who, now) for who in present - online}
        left = {who for who, since in self._missing.items() if now - since >= LEAVE_MS and now - self._since >= GRACE_MS}
        return online - present - state.removed, left


def _said(seat: Seat, now: int) -> dict[str, Any]:
    plays = seat.plays if now - seat.plays_at < STALE_MS else _NOTHING
    return {"plays": plays, "mic_silent": seat.silent and now - seat.silent_at < STALE_MS}


def _merge(entry: dict[str, Any], said: Mapping[str, Any]) -> None:
    entry["mic_silent"] = bool(entry["mic_silent"] or said.get("mic_silent"))
    plays = said.get("plays") or {}
    entry["plays"] = {kind: bool(entry["plays"][kind] or plays.get(kind)) for kind in _NOTHING}


def _entry(role: str, name: str, seen: Mapping[str, Any] | None, health: Health) -> dict[str, Any]:
    return {
        "name": name,
        "role": role,
        "online": seen is not None or health.media == "connected",
        "media": health.media,
        "plays": seen["plays"] if seen else dict(_NOTHING),
        "rtt": health.rtt,
        "loss": health.loss,
        "mic_silent": seen["mic_silent"] if seen else False,
    }


def worst(healths: Iterable[Health]) -> Health:
    """One participant's health from its sessions': connected if any is, with the worst link."""
    all_of = list(healths)
    connected = [h for h in all_of if h.media == "connected"]
    if not connected:
        return Health("disconnected" if any(h.media == "disconnected" for h in all_of) else "none")
    return Health("connected", max(h.rtt for h in connected), max(h.loss for h in connected))
