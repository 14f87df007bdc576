"""The permission matrix for people and for tools."""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.orgs import TIERS
from server.domain.people import SCHOOL_ROLES
from server.domain.permissions import ACTIONS, LESSON_PAPER, PERSON, PUBLIC, RULES, Rule

_LETTERS = {"below": "B", "lesson": "L", "self": "S", "area": "A"}
_LEGEND = (
    "B  in the role's organisation or under it",
    "L  in a lesson one takes part in",
    "S  about oneself: the student, the parent's child, the device's own room",
    "A  shared in the area in which the role stands",
    "·  never",
)


def as_table() -> list[str]:
    """Lines of text: a row for each action, a column for each role, and the tiers a role must stand at for B."""
    width = max(len(action) for action in ACTIONS)
    head = f"{'action':{width}}  " + "  ".join(SCHOOL_ROLES) + "  tiers for B"
    return [head, "-" * len(head), *_rows(width), "", *_LEGEND]


def _rows(width: int) -> Iterator[str]:
    for action, rule in RULES.items():
        cells = "  ".join(f"{_reach(rule, role):<{len(role)}}" for role in SCHOOL_ROLES)
        yield f"{action:{width}}  {cells}  {_tiers(rule)}".rstrip()
    others = (
        (PERSON, "everybody who is logged in, about oneself"),
        (PUBLIC, "anybody: the paper shown is checked"),
        ({LESSON_PAPER}, "whoever has a link of the lesson, or one of lesson.teach, lesson.attend, lesson.inspect in it"),
    )
    for actions, words in others:
        for action in sorted(actions):
            yield f"{action:{width}}  {words}"


def _reach(rule: Rule, role: str) -> str:
    reach = {str(known): value for known, value in rule.reach.items()}.get(role, frozenset())
    return "".join(letter for name, letter in _LETTERS.items() if name in reach) or "·"


def _tiers(rule: Rule) -> str:
    return "every" if rule.tiers == frozenset(TIERS) else " ".join(tier for tier in TIERS if tier in rule.tiers)


def as_json() -> dict[str, object]:
    """The same for tools."""
    rules = {
        action: {
            "tiers": [tier for tier in TIERS if tier in rule.tiers],
            "roles": {role: sorted(rule.reach[role]) for role in SCHOOL_ROLES if role in rule.reach},
        }
        for action, rule in RULES.items()
    }
    return {"actions": rules, "person": sorted(PERSON), "public": sorted(PUBLIC), "paper": [LESSON_PAPER]}
