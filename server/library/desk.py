"""The desk on which a resource is made of a lesson: what there is, and what the timetable says about it."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.orgs import Org
from server.domain.permissions import OFFICES
from server.domain.resource import About, Resource, Span, Standing
from server.domain.schedule import ScheduledLesson
from server.errors import Invalid
from server.library.fields import SaveSpan, clock, milliseconds

OVER = frozenset({"ended", "archived"})
"""Phases of lessons of which a resource can be made."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What somebody works on who makes a resource of a lesson."""

    lesson: ScheduledLesson
    recorded: Span
    resource: Resource | None
    about: About
    """What the draft says, else the public version, else the timetable."""
    span: Span
    summary: str

    @property
    def version(self) -> int:
        """Of the row; 0: there is none."""
        return self.resource.version if self.resource else 0

    @property
    def standing(self) -> Standing:
        """Of the resource, or of nothing."""
        return self.resource.standing if self.resource else Standing()

    @property
    def public(self) -> Span | None:
        """What others see or will see as it was handed in; None: neither."""
        if self.resource is None:
            return None
        stands = self.resource.standing
        n = stands.draft if stands.submitted else stands.live
        return self.resource.versions[n].span if n else None

    @property
    def offsets(self) -> tuple[int, int]:
        """Begin and end of the span, ms from the beginning of the recording."""
        return self.span.begin_ms - self.recorded.begin_ms, self.span.end_ms - self.recorded.begin_ms


def timetable(lesson: ScheduledLesson) -> About:
    """What the timetable says of the lesson."""
    said = {name: getattr(lesson, name) for name in ("subject", "stage", "grade", "edition", "volume", "unit", "teacher")}
    return About(title=lesson.name, **said)


def taught_by(lesson: ScheduledLesson) -> tuple[str, ...]:
    """Who taught it, and who should have."""
    return tuple(one for one in (lesson.teacher, lesson.instead_of) if one)


def span_of(recorded: Span, form: SaveSpan) -> Span:
    """What was typed, on the lesson's clock. Raises `Invalid`."""
    begin, end = milliseconds(form.begin), milliseconds(form.end)
    if end > milliseconds(clock(recorded.length)):
        raise Invalid({"end": "high"})
    if begin >= min(end, recorded.length):
        raise Invalid({"begin": "high"})
    return Span(recorded.begin_ms + begin, recorded.begin_ms + min(end, recorded.length))


def area_of(above: list[Org]) -> Org:
    """Who shares it at first: the county; where a school has none, the office next above it."""
    counties = [one for one in above if one.tier == "county"]
    offices = [one for one in above if one.tier in OFFICES]
    return (counties or offices or above)[-1]


def taught(desk: Desk) -> tuple[str, ...]:
    """Ids of those who may be named as its teacher."""
    return tuple(dict.fromkeys((*((desk.about.teacher,) if desk.about.teacher else ()), *taught_by(desk.lesson))))
