"""Wanted against actual (S21): what the worker has to be told so that it forwards what the lesson's state says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from media.client.messages import SlotPlan, SourceSpec
from server.domain.decide import admits_media
from server.domain.lesson import LessonState
from server.domain.media_plan import Place, WantedSource, wanted_labels, wanted_slots, wanted_sources
from server.live.registry import Configured, Registry, Session
from server.live.tags import Tag

UNHEARD = frozenset({"seq", "at", "seats", "hands", "help", "checkin", "quiz", "talk", "tools", "board"})
"""Parts of a lesson that media have nothing to do with: most of what happens in a class."""
_ROUTING = tuple(field.name for field in fields(LessonState) if field.name not in UNHEARD)


def routes_alike(one: LessonState, other: LessonState) -> bool:
    """Nothing that media depend on differs; may say False without need."""
    return all(getattr(one, name) is getattr(other, name) for name in _ROUTING)


@dataclass(frozen=True, slots=True)
class Difference:
    """What to do, in this order: a source loses its label before a watcher hears of the new plan."""

    close: list[tuple[Session, str]]
    """Sessions nobody is entitled to any more, and why."""
    label: list[WantedSource]
    configure: list[tuple[Session, Configured]]

    def __bool__(self) -> bool:
        return bool(self.close or self.label or self.configure)


def difference(state: LessonState, registry: Registry, revoked: Collection[str]) -> Difference:
    """What is missing for `state`; `revoked` are papers that were revoked."""
    sessions = registry.of(state.id)
    close = [(s, why) for s in sessions if (why := _unwanted(state, s.tag, revoked))]
    closing = {s.id for s, _ in close}
    kept = [s for s in sessions if s.id not in closing]
    fed = {place for s in kept for place in s.places()}
    label = [w for key, w in wanted_sources(state, fed).items() if registry.sources.get(key) != w]
    watching = [(s, configuration(state, s.tag, fed, s.wall_rooms)) for s in kept if not s.publishes]
    return Difference(close, label, [(s, wanted) for s, wanted in watching if s.applied != wanted])


def configuration(state: LessonState, tag: Tag, fed: Collection[Place], wall_rooms: tuple[str, ...] = ()) -> Configured:
    """Labels and slot plans of a watcher."""
    slots = wanted_slots(state, tag.watcher(wall_rooms), fed)
    plans = {name: SlotPlan(sources=slot.sources, quality="low" if slot.low else "high") for name, slot in slots.items()}
    return Configured(wanted_labels(state, tag.role), plans)


def spec(wanted: WantedSource) -> SourceSpec:
    """A wanted source in the worker's words."""
    return SourceSpec(key=wanted.key, labels=wanted.labels, muted=wanted.muted)


def _unwanted(state: LessonState, tag: Tag, revoked: Collection[str]) -> str:
    if not tag.papers.isdisjoint(revoked):
        return "revoked"
    return "" if admits_media(state, tag.participant) else "closed"
