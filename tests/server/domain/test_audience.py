from __future__ import annotations

import pytest
from hypothesis import given

from server.domain.audience import AUDIENCE, VIEWS, last_seen, project_event, project_state, view_of
from server.domain.events import PAYLOADS
from server.domain.lesson import fold, fold_all
from tests.server.domain.logs import NAMES, START, STEPS, live, reduce


def test_every_kind_has_an_audience() -> None:
    assert AUDIENCE.keys() == PAYLOADS.keys()
    assert all(views <= set(VIEWS) and views for views in AUDIENCE.values())


@pytest.mark.parametrize("view", VIEWS)
@given(steps=STEPS)
def test_a_page_that_followed_sees_what_a_fresh_one_sees(view, steps) -> None:
    log = live(steps)
    for start in (0, len(log) // 2):
        state = fold_all(START, log[:start])
        shown, seen = project_state(state, view, NAMES), last_seen(view, log[:start])
        for event in log[start:]:
            state = fold(state, event)
            message = project_event(event, view, last_seen(view, log[: event.seq - 1]), NAMES)
            if message:
                assert message["prev"] == seen
                reduce(view, shown, message)
                seen = message["seq"]
            assert shown == project_state(state, view, NAMES)


def test_viewers_see_of_the_roster_only_the_stage() -> None:
    from server.domain import commands as c
    from tests.server.domain.logs import act

    state = act(START, c.GoLive(), 1)
    for who in ("p1", "p2"):
        state = act(state, c.Join(participant=who, role="classroom"), 2)
    state = act(state, c.CallOnStage(participant="p1"), 3)
    assert project_state(state, view_of("viewer"), NAMES)["participants"] == {"p1": {"name": "Room p1", "role": "classroom"}}
    assert set(project_state(state, view_of("classroom"), NAMES)["participants"]) == {"p1", "p2"}
