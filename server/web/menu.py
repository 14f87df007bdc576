"""The main menu: the places a person's roles lead to."""

from __future__ import annotations

from server.accounts.caller import Caller

_PLACES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("home", "/", frozenset()),
    ("child", "/child", frozenset({"parent"})),
    ("inspect", "/inspect", frozenset({"inspector"})),
    ("timetable", "/timetable", frozenset({"admin", "inspector", "teacher", "assistant"})),
    ("library", "/library", frozenset({"admin", "inspector", "teacher", "assistant", "librarian", "reviewer"})),
    ("school", "/orgs", frozenset({"admin", "inspector", "teacher", "assistant", "librarian", "reviewer"})),
    ("people", "/people", frozenset({"admin", "inspector"})),
    ("recordings", "/recordings", frozenset({"admin", "inspector", "librarian"})),
    ("audit", "/audit", frozenset({"admin"})),
    ("self", "/self", frozenset()),
)
"""Name (sentence `office.<name>`), address, roles it is for; empty: everybody."""
_IN_PASSING = frozenset({"home", "child", "timetable", "self"})
"""Also for whoever has the role in one lesson, or for one child, and at no organisation."""


def menu_of(caller: Caller) -> list[tuple[str, str]]:
    """Name and address of each place."""
    standing = {grant.role for grant in caller.grants if grant.path}
    has = {name: caller.roles if name in _IN_PASSING else standing for name, _, _ in _PLACES}
    return [(name, address) for name, address, roles in _PLACES if not roles or roles & has[name]]
