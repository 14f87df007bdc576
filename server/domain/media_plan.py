"""What media forwards, as a pure function of the lesson's state (S21).

| source | labels | muted |
|---|---|---|
| master's mic, camera, screen | `program` while live | no |
| classroom's camera | `wall`; `stage` too while it is on stage | no |
| classroom's mic | the same | unless on stage, present and closed by nobody (`mic.heard`) |

| watcher | holds |
|---|---|
| viewer, classroom, plain player | `program`, `stage` |
| master | `stage`, `wall` |
| wall | `wall` |

The recorder gets the program and the stage while the lesson is live and the recording neither paused nor stopped (S13).

Before the lesson is live (候课) and after a reopening that never was live nothing is forwarded but the wall: the master sees
who arrives, rooms see nothing yet. In every other phase there are no sessions at all. Labels and keys carry the lesson's id, so
lessons cannot reach each other; `owner` is the participant, so nobody gets the own picture or sound back (M27).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from server.domain.lesson import JOINABLE, ON_AIR, LessonState
from server.domain.mic.heard import is_heard
from server.domain.principal import MASTER, Role
from server.domain.slots import SOURCES, Kind
from server.domain.stage import POSITIONS, position_of


@dataclass(frozen=True, slots=True)
class Place:
    """What one participant publishes or may publish (S4)."""

    participant: str
    source: str
    """`mic`, `camera` or `screen`."""


@dataclass(frozen=True, slots=True)
class WantedSource:
    """How the worker should treat one source."""

    key: str
    labels: tuple[str, ...]
    muted: bool


@dataclass(frozen=True, slots=True)
class WantedSlot:
    """What should feed one slot: the first key is the default, the loudest of several wins (M30)."""

    sources: tuple[str, ...] = ()
    low: bool = False
    """The thumbnail layer is enough (M32)."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """One watching session: who, and which m-lines."""

    role: Role
    participant: str | None
    slots: tuple[str, ...] = ()
    """Named slots; empty for a plain offer."""
    plain: tuple[Kind, ...] = ()
    """Kinds of a plain offer's m-lines."""
    screen_first: bool = False
    """`?source=screen`: the first plain video is the screen."""
    rooms: tuple[str, ...] = ()
    """Which classrooms a wall shows, slot by slot; none: those that came first."""


@dataclass(frozen=True, slots=True)
class WantedRecording:
    """What of a lesson is to be captured."""

    recording: str
    tracks: Mapping[str, str]
    """Where it belongs, by the slots' words (`camera`, `stage.1.video` …) → the worker's key; empty: paused."""
    labels: tuple[str, ...]
    """A source without one of these is not captured, whatever the tracks say (M27)."""


def source_key(lesson: str, place: Place) -> str:
    """The worker's key of a place."""
    return f"{lesson}/{place.participant}/{place.source}"


def place_of(key: str) -> Place | None:
    """The place behind a worker's key, None if it is no key of ours."""
    parts = key.split("/")
    return Place(parts[1], parts[2]) if len(parts) == 3 else None


def owner_of(lesson: str, participant: str | None, admission: str) -> str:
    """Sessions of one owner never reach each other."""
    return f"{lesson}/{participant}" if participant else f"{lesson}//{admission}"


def wanted_sources(state: LessonState, places: Iterable[Place]) -> dict[str, WantedSource]:
    """Labels and mute of every place that is fed, by key."""
    return {wanted.key: wanted for wanted in (_wanted_source(state, place) for place in places)}


def _wanted_source(state: LessonState, place: Place) -> WantedSource:
    key = source_key(state.id, place)
    if place.participant == MASTER:
        return WantedSource(key, _labels(state, "program") if state.phase in ON_AIR else (), False)
    if state.phase not in JOINABLE or place.participant in state.removed:
        return WantedSource(key, (), True)
    on_stage = _on_stage(state, place.participant)
    labels = _labels(state, "wall", "stage") if on_stage else _labels(state, "wall")
    return WantedSource(key, labels, place.source == "mic" and not is_heard(state, place.participant))


def wanted_labels(state: LessonState, role: Role) -> tuple[str, ...]:
    """Labels a watcher of this role holds."""
    words: Mapping[Role, tuple[str, ...]] = {
        "master": ("stage", "wall"),
        "classroom": ("program", "stage"),
        "assistant": (),
        "seat": (),
        "viewer": ("program", "stage"),
        "wall": ("wall",),
    }
    return _labels(state, *words[role]) if state.phase in JOINABLE else ()


def wanted_slots(state: LessonState, watcher: Watcher, places: Iterable[Place]) -> dict[str, WantedSlot]:
    """What should feed each slot of a watcher, from the places that are fed; a slot without a source is there, empty."""
    plan = _Plan(state, frozenset(p for p in places if p.participant != watcher.participant), watcher)
    return plan.plain() if watcher.plain else {name: plan.named(name) for name in watcher.slots}


def wanted_recording(state: LessonState) -> WantedRecording | None:
    """What is to be captured; None: nothing, and what was captured is complete. Sources need not be fed yet."""
    if state.record.mode == "off":
        return None
    flows = state.record.mode == "on" and state.phase in ON_AIR
    places = {source: Place(MASTER, source) for source in SOURCES["master"]}
    for position, who in sorted(state.stage.items()):
        places |= {f"stage.{position}.video": Place(who, "camera"), f"stage.{position}.audio": Place(who, "mic")}
    tracks = {name: source_key(state.id, place) for name, place in places.items()} if flows else {}
    return WantedRecording(state.record.recording, tracks, _labels(state, "program", "stage"))


def _labels(state: LessonState, *words: str) -> tuple[str, ...]:
    return tuple(f"{state.id}/{word}" for word in words)


def _on_stage(state: LessonState, participant: str) -> bool:
    return state.phase in ON_AIR and position_of(state.stage, participant) is not None


@dataclass(frozen=True, slots=True)
class _Plan:
    state: LessonState
    fed: frozenset[Place]
    watcher: Watcher

    def named(self, name: str) -> WantedSlot:
        """The plan of one named slot."""
        group, rest = name.split(".", 1)
        if group == "program":
            return WantedSlot(self._program("mic" if rest == "audio" else rest))
        number, kind = rest.split(".")
        if group == "stage":
            return WantedSlot(self._stage(int(number), "mic" if kind == "audio" else "camera"))
        return WantedSlot(self._wall(int(number)), low=True)

    def plain(self) -> dict[str, WantedSlot]:
        """The plan of a plain offer, m-line by m-line (M30)."""
        videos = self._plain_videos()
        audios = iter([self._voices()])
        return {
            f"plain.{n}": WantedSlot(next(audios, ()) if kind == "audio" else next(videos, ()))
            for n, kind in enumerate(self.watcher.plain, 1)
        }

    def _plain_videos(self) -> Iterator[tuple[str, ...]]:
        first, second = ("screen", "camera") if self.watcher.screen_first else ("camera", "screen")
        return iter([self._program(first), self._program(second), *(self._stage(n, "camera") for n in POSITIONS)])

    def _voices(self) -> tuple[str, ...]:
        return (*self._program("mic"), *(key for n in POSITIONS for key in self._stage(n, "mic")))

    def _key(self, participant: str, source: str) -> tuple[str, ...]:
        place = Place(participant, source)
        return (source_key(self.state.id, place),) if place in self.fed else ()

    def _program(self, source: str) -> tuple[str, ...]:
        return self._key(MASTER, source) if self.state.phase in ON_AIR else ()

    def _stage(self, position: int, source: str) -> tuple[str, ...]:
        who = self.state.stage.get(position)
        return self._key(who, source) if who and self.state.phase in ON_AIR else ()

    def _wall(self, number: int) -> tuple[str, ...]:
        if self.watcher.rooms:
            wanted = self.watcher.rooms[number - 1 : number]
            who = next((one for one in wanted if (p := self.state.participants.get(one)) and p.wall), None)
        else:
            who = next((p.id for p in self.state.participants.values() if p.wall == number), None)
        return self._key(who, "camera") if who and self.state.phase in JOINABLE else ()
