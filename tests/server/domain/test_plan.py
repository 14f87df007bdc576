"""What the clock does for a planned lesson (S8)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.decide import next_deadline
from server.domain.plan import ENDS_MS, KEPT_MS, NO_PLAN, OPENS_MS, Plan
from tests.server.domain.logs import START, act

starts = st.integers(10**12, 2 * 10**12)
MINUTE = 60_000


def planned(starts_at: int) -> Plan:
    return Plan(starts_at, starts_at + 40 * MINUTE)


def test_a_lesson_made_by_hand_waits_for_people() -> None:
    assert next_deadline(START, NO_PLAN) is None
    assert next_deadline(act(START, c.GoLive(), 1), NO_PLAN) is None


@given(starts)
def test_the_waiting_room_opens_ten_minutes_before_and_not_after_the_end(at: int) -> None:
    due = next_deadline(START, planned(at))
    assert due is not None
    assert isinstance(due.command, c.OpenLesson)
    assert due.at == at - OPENS_MS == at - 10 * MINUTE
    assert not due.due(due.at - 1)
    assert due.due(due.at)
    assert not due.due(at + 40 * MINUTE)
    assert act(START, due.command, due.at).phase == "open"


@given(starts, st.integers(0, 60 * MINUTE))
def test_without_its_master_it_ends_a_quarter_of_an_hour_after_the_planned_end(at: int, late: int) -> None:
    plan = planned(at)
    state = act(START, c.GoLive(), at)
    due = next_deadline(state, plan)
    assert due is not None
    assert due.at == (plan.ends_at or 0) + ENDS_MS
    here = act(state, c.Join(participant="master", role="master"), at)
    assert next_deadline(here, plan) is None
    gone = act(here, c.Leave(participant="master"), at + late)
    due = next_deadline(gone, plan)
    assert due is not None
    assert due.at == max(plan.ends_at or 0, at + late) + ENDS_MS
    assert act(gone, due.command, due.at).phase == "ended"
    assert act(gone, due.command, due.at - 1) == gone


@given(starts)
def test_a_cancelled_one_is_cancelled_at_once_and_once(at: int) -> None:
    plan = replace(planned(at), cancelled=True)
    due = next_deadline(START, plan)
    assert due is not None
    assert (due.at, type(due.command)) == (0, c.CancelLesson)
    cancelled = act(START, due.command, at)
    assert cancelled.phase == "cancelled"
    assert next_deadline(cancelled, plan) is None
    assert next_deadline(act(START, c.GoLive(), at), plan) != due  # live: nobody is sent home by a form


@given(starts)
def test_an_ended_one_is_archived_after_a_week(at: int) -> None:
    ended = act(act(START, c.GoLive(), at), c.EndLesson(), at + MINUTE)
    due = next_deadline(ended, planned(at))
    assert due is not None
    assert due.at == at + MINUTE + KEPT_MS
    assert act(ended, due.command, due.at - 1) == ended
    assert next_deadline(act(ended, due.command, due.at), planned(at)) is None


@pytest.mark.parametrize("plan", [planned(10**12), NO_PLAN])
def test_the_same_deadline_has_the_same_command_id_wherever_it_fires(plan: Plan) -> None:
    state = act(act(START, c.GoLive(), 10**12), c.EndLesson(), 10**12 + 1)
    assert next_deadline(state, plan) == next_deadline(state, plan)
