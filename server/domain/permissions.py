"""Who may do what: one table of action × role, with how far each role reaches. Whatever is not in it is forbidden.

| reach | the object must be |
|---|---|
| `below` | in the role's organisation or under it |
| `lesson` | a lesson one takes part in: as its teacher or one named for it, from a room of one's own organisation or device, or as a pupil of its classes |
| `self` | oneself: the student, the parent's child, the device's own room |
| `area` | shared in the area of an office, and the role stands in that area |

`tiers` says at which tier a role must stand for `below` to count; `person` actions are everybody's who is logged in, about
oneself; `public` ones anybody's. Taking part in a foreign lesson grants that lesson and nothing else of the other school (S6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from server.domain.orgs import TIERS, Tier
from server.domain.people import Grant, SchoolRole

Reach = Literal["below", "lesson", "self", "area"]

OFFICES: frozenset[Tier] = frozenset({"nation", "province", "city", "county"})
EVERY: frozenset[Tier] = frozenset(TIERS)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one action."""

    reach: Mapping[SchoolRole, frozenset[Reach]]
    tiers: frozenset[Tier] = EVERY


@dataclass(frozen=True, slots=True)
class Where:
    """What an action is about."""

    path: str = ""
    """Path of the organisation it lies in; empty: in none."""
    lesson: str = ""
    people: frozenset[str] = field(default_factory=frozenset)
    """Ids of those who take part in the lesson in person: teacher, substitute, assistants."""
    rooms: Mapping[str, str] = field(default_factory=dict)
    """The lesson's classrooms, master's included, with their organisations' paths."""
    classes: frozenset[str] = field(default_factory=frozenset)
    """The classes that sit in them."""
    subject: str = ""
    """The student, device room or person it is about."""
    shared: str = ""
    """Path of the office in whose area it is shared; empty: in none."""


def _rule(tiers: frozenset[Tier] = EVERY, **roles: str) -> Rule:
    known: dict[str, frozenset[Reach]] = {
        "below": frozenset({"below"}),
        "lesson": frozenset({"lesson"}),
        "self": frozenset({"self"}),
        "below+lesson": frozenset({"below", "lesson"}),
        "area": frozenset({"area"}),
        "below+area": frozenset({"below", "area"}),
    }
    return Rule({role: known[reach] for role, reach in roles.items()}, tiers)  # type: ignore[misc]  # names are checked by the tests


PUBLIC: frozenset[str] = frozenset(
    {
        "page.public",  # home before login, static files, health, guide to the local CA
        "login",  # login, OIDC, invitation, reset, parent's slip, first admin: the paper itself is checked
        "link.enter",  # a lesson's link
        "device.pair",  # an unpaired device shows its code, or knocks
        "feed.read",  # the own lessons, for calendar programs: its address is the paper
        "metrics.read",  # by address
        "hls.watch",  # a lesson that goes on, for televisions: its address holds a viewer's link
        "replay.file",  # a file of a replay that somebody was let into: its address is the paper, for some hours
    }
)
"""Anybody's."""

PERSON: frozenset[str] = frozenset({"home.see", "self.edit", "session.end"})
"""Everybody's who is logged in, about oneself."""

RULES: Mapping[str, Rule] = {
    # organisations
    "org.see": _rule(admin="below", inspector="below", teacher="below", assistant="below", librarian="below", reviewer="below"),
    "org.create": _rule(tiers=OFFICES, admin="below"),
    "org.edit": _rule(admin="below"),
    "org.export": _rule(admin="below"),
    "org.import": _rule(admin="below"),
    # rooms
    "room.see": _rule(admin="below", inspector="below", teacher="below", assistant="below", device="self"),
    "room.edit": _rule(admin="below"),
    "room.pin": _rule(admin="below", assistant="below"),
    "device.approve": _rule(admin="below", assistant="below"),
    "device.revoke": _rule(admin="below", assistant="below"),
    "knock.answer": _rule(teacher="lesson"),
    # classes and students
    "class.see": _rule(admin="below", inspector="below", teacher="below", assistant="below"),
    "class.edit": _rule(admin="below"),
    "student.see": _rule(admin="below", teacher="below", assistant="below", student="self", parent="self"),
    "student.edit": _rule(admin="below"),
    "plan.edit": _rule(admin="below", teacher="below", assistant="below"),
    "slip.issue": _rule(admin="below", assistant="below"),
    # standing groups
    "group.see": _rule(admin="below", inspector="below", teacher="below", assistant="below"),
    "group.edit": _rule(admin="below"),
    # people
    "person.see": _rule(admin="below", inspector="below"),
    "person.edit": _rule(admin="below"),
    "person.invite": _rule(admin="below"),
    "person.reset": _rule(admin="below"),
    "role.grant": _rule(admin="below"),
    # timetable
    "calendar.see": _rule(admin="below", inspector="below", teacher="below", assistant="below", student="below", device="below"),
    "calendar.edit": _rule(admin="below"),
    "course.see": _rule(admin="below", inspector="below", teacher="below", assistant="below"),
    "course.edit": _rule(admin="below"),
    "lesson.see": _rule(
        admin="below+lesson",
        inspector="below+lesson",
        teacher="below+lesson",
        assistant="below+lesson",
        student="lesson",
        device="lesson",
    ),
    "lesson.edit": _rule(admin="below"),
    "lesson.create": _rule(admin="below", teacher="below"),
    "lesson.teach": _rule(teacher="lesson"),
    "lesson.assist": _rule(assistant="lesson"),
    "lesson.attend": _rule(assistant="lesson", device="lesson"),
    "lesson.inspect": _rule(inspector="below"),
    # recordings
    "replay.see": _rule(
        admin="below+lesson",
        inspector="below+lesson",
        librarian="below",
        reviewer="below",
        teacher="lesson",
        assistant="lesson",
        student="lesson",
        device="lesson",
    ),
    "recording.list": _rule(admin="below", inspector="below", librarian="below"),
    "recording.export": _rule(admin="below", librarian="below", teacher="lesson"),
    "recording.keep": _rule(admin="below"),
    "board.see": _rule(tiers=OFFICES, admin="below", inspector="below"),
    # the resource library
    "resource.see": _rule(
        admin="below+area",
        inspector="below+area",
        librarian="below+area",
        reviewer="below+area",
        teacher="area",
        assistant="area",
        student="area",
        device="area",
    ),
    "resource.edit": _rule(librarian="below", teacher="lesson"),
    "resource.publish": _rule(librarian="below"),
    # audit
    "audit.see": _rule(admin="below"),
}

LESSON_PAPER = "lesson.paper"
"""What a link's principal does in its one lesson: page, socket, WHIP, WHEP. The paper itself is checked at the door."""

ACTIONS: frozenset[str] = frozenset({*RULES, *PUBLIC, *PERSON, LESSON_PAPER})


def allows(grants: Iterable[Grant], person: str, action: str, where: Where) -> bool:
    """Whether somebody with these grants may do `action` there. `person` is the id of who asks. Raises `KeyError`: no such action."""
    if action in PUBLIC or action in PERSON:
        return True
    rule = RULES[action]
    return any(_reaches(grant, person, rule, where) for grant in grants)


def _reaches(grant: Grant, person: str, rule: Rule, where: Where) -> bool:
    reach = rule.reach.get(grant.role, frozenset())
    if "below" in reach and grant.path and where.path.startswith(grant.path) and grant.tier in rule.tiers:
        return True
    if "self" in reach and grant.subject and grant.subject == where.subject:
        return True
    if "area" in reach and where.shared and grant.path.startswith(where.shared):
        return True
    return "lesson" in reach and bool(where.lesson) and _takes_part(grant, person, where)


def _takes_part(grant: Grant, person: str, where: Where) -> bool:
    if grant.role == "student":
        return grant.school_class in where.classes  # of the same school's other classes they see nothing
    if grant.subject == where.lesson or person in where.people:
        return True
    if grant.role == "teacher":
        return False  # a colleague of the same school is not the lesson's teacher
    if grant.role == "device":
        return grant.subject in where.rooms
    return bool(grant.path) and any(path.startswith(grant.path) for path in where.rooms.values())


def anywhere(grants: Iterable[Grant], action: str) -> bool:
    """Whether one of the roles may do `action` to something at all."""
    return any(grant.role in RULES[action].reach for grant in grants)


def scopes(grants: Iterable[Grant], action: str) -> tuple[str, ...]:
    """Paths under which the grants allow `action`: what lists and searches are limited to. Empty: nowhere."""
    rule = RULES[action]
    found = {g.path for g in grants if "below" in rule.reach.get(g.role, frozenset()) and g.path and g.tier in rule.tiers}
    return tuple(sorted(path for path in found if not any(path != other and path.startswith(other) for other in found)))


def areas(grants: Iterable[Grant], action: str) -> frozenset[str]:
    """Ids of the organisations in whose areas the grants allow `action`: theirs and all above."""
    rule = RULES[action]
    paths = {grant.path for grant in grants if "area" in rule.reach.get(grant.role, frozenset())}
    return frozenset(part for path in paths for part in path.split("/") if part)
