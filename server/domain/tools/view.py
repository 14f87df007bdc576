"""Who sees what of `tools` (S16): the timer everybody; pick, stars and groups all who take part, not plain viewers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import EVERYBODY, IN_THE_LESSON, Audience, Seen
from server.domain.tools.state import Pick, Timer, Tools

_ALL = Seen(all=EVERYBODY)
_ROOMS = Seen(all=IN_THE_LESSON)

AUDIENCE: Mapping[str, Seen] = {
    "pick.drawn": _ROOMS,
    "praise.given": _ROOMS,
    "timer.started": _ALL,
    "timer.stopped": _ALL,
    "timer.rang": _ALL,
    "groups.set": _ROOMS,
}


def project(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """`timer`; for all who take part also `pick`, `stars` and `groups`."""
    tools = state.tools
    timer = {"timer": _timer(tools.timer, lookup)}
    if who.view == "viewer":
        return timer
    groups = {id_: {"name": lookup.text(group.name), "members": lookup.plain(group.members)} for id_, group in tools.groups.items()}
    return {**timer, "pick": _pick(tools.pick), "stars": _stars(tools, lookup), "groups": groups}


def _timer(timer: Timer | None, lookup: Lookup) -> dict[str, Any] | None:
    return None if timer is None else {**lookup.plain(timer.started), "rang": timer.rang}


def _pick(pick: Pick | None) -> dict[str, Any] | None:
    return None if pick is None else {"participant": pick.participant, "seat": pick.seat, "at": pick.at}


def _stars(tools: Tools, lookup: Lookup) -> dict[str, Any]:
    stars = tools.stars
    return {"rooms": lookup.plain(stars.rooms), "seats": lookup.plain(stars.seats), "groups": lookup.plain(stars.groups)}
