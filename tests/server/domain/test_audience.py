from __future__ import annotations

from server.domain import commands as c
from server.domain.audience import AUDIENCE, project_state
from server.domain.events import PAYLOADS
from server.domain.seen import VIEWS, Audience, audience_of
from tests.server.domain.logs import LOOKUP, START, act


def test_every_kind_has_an_audience() -> None:
    assert AUDIENCE.keys() == PAYLOADS.keys()
    assert all(seen.views() and seen.views() <= set(VIEWS) for seen in AUDIENCE.values())


def test_what_is_hidden_is_a_field() -> None:
    for kind, seen in AUDIENCE.items():
        fields = set(PAYLOADS[kind].__struct_fields__)
        assert all(hidden <= fields for hidden in seen.hidden.values()), kind
        assert seen.hidden.keys() <= seen.views(), kind


def test_viewers_see_of_the_roster_only_the_stage() -> None:
    state = act(START, c.GoLive(), 1)
    for who in ("p1", "p2"):
        state = act(state, c.Join(participant=who, role="classroom"), 2)
    state = act(state, c.CallOnStage(participant="p1"), 3)
    viewer, room = audience_of("viewer", None), audience_of("classroom", "p1")
    assert project_state(state, viewer, LOOKUP)["participants"] == {"p1": {"name": "Room p1", "role": "classroom"}}
    assert set(project_state(state, room, LOOKUP)["participants"]) == {"p1", "p2"}


def test_roles_look_through_their_views() -> None:
    assert audience_of("assistant", "p1") == Audience("staff", "p1")
    assert audience_of("seat", "p1", 7) == Audience("seat", "p1", 7)
    assert audience_of("wall", None) == Audience("room")
