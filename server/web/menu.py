"""The main menu: the places a person's roles lead to."""

from __future__ import annotations

from server.accounts.caller import Caller

_PLACES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("home", "/", frozenset()),
    ("child", "/child", frozenset({"parent"})),
    ("inspect", "/inspect", frozenset({"inspector"})),
    ("timetable", "/timetable", frozenset({"admin", "inspector", "teacher", "assistant"})),
    ("school", "/orgs", frozenset({"admin", "inspector", "teacher", "assistant", "librarian", "reviewer"})),
    ("people", "/people", frozenset({"admin", "inspector"})),
    ("audit", "/audit", frozenset({"admin"})),
    ("self", "/self", frozenset()),
)
"""Name (sentence `office.<name>`), address, roles it is for; empty: everybody."""


def menu_of(caller: Caller) -> list[tuple[str, str]]:
    """Name and address of each place."""
    return [(name, address) for name, address, roles in _PLACES if not roles or roles & caller.roles]
