"""A resource's life: every order of commands keeps its promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.refused import Refused
from server.domain.resource import (
    MANDATORY,
    About,
    Publish,
    Published,
    Save,
    Saved,
    Span,
    Standing,
    Submit,
    Submitted,
    Withdraw,
    Withdrawn,
    apply,
    decide,
    may_submit,
)

FULL = About("分数的认识", "maths", "primary", "3", "人教版", "上册", "", "p1")
COMMANDS: tuple[Any, ...] = (Save(), Submit(), Publish(), Withdraw())


def told(*commands: Any, about: About = FULL) -> Standing:
    now = Standing()
    for command in commands:
        now = apply(now, decide(now, command, about))
    return now


def test_from_draft_to_published_and_withdrawn() -> None:
    assert [told(*COMMANDS[:n]).state for n in range(1, 5)] == ["draft", "submitted", "published", "withdrawn"]


def test_a_draft_is_saved_in_place_and_what_was_submitted_is_not() -> None:
    assert decide(told(Save()), Save()) == Saved(1)
    assert decide(told(Save(), Submit()), Save()) == Saved(2, replaces=1)
    assert told(Save(), Submit(), Save()) == Standing(head=2, draft=2)


def test_saying_something_else_of_a_public_one_is_a_version_that_nobody_sees_yet() -> None:
    now = told(Save(), Publish(), Save())
    assert (now.state, now.live, now.draft) == ("published", 1, 2)
    assert decide(now, Publish(), FULL) == Published(2, replaces=1)
    assert told(Save(), Publish(), Save(), Publish()) == Standing(head=2, live=2)


def test_what_was_withdrawn_comes_back_only_as_another_version() -> None:
    gone = told(Save(), Publish(), Withdraw())
    with pytest.raises(Refused) as refused:
        decide(gone, Publish(), FULL)
    assert (refused.value.code, refused.value.params) == ("resource.state", {"state": "withdrawn"})
    assert decide(gone, Save()) == Saved(2)
    assert told(Save(), Publish(), Withdraw(), Save()).state == "withdrawn"
    assert told(Save(), Publish(), Withdraw(), Save(), Publish()) == Standing(head=2, live=2)


@pytest.mark.parametrize("field", MANDATORY)
@pytest.mark.parametrize("command", [Submit(), Publish()])
def test_nothing_incomplete_leaves_the_desk(field: str, command: Any) -> None:
    about = replace(FULL, **{field: None if field == "teacher" else ""})
    assert about.missing() == (field,)
    with pytest.raises(Refused) as refused:
        decide(told(Save()), command, about)
    assert refused.value.code == "resource.incomplete"


@pytest.mark.parametrize("command", [Submit(), Publish(), Withdraw()])
def test_of_nothing_nothing_comes(command: Any) -> None:
    with pytest.raises(Refused):
        decide(Standing(), command, FULL)


@given(st.lists(st.sampled_from(COMMANDS), max_size=12))
def test_whatever_the_order(commands: list[Any]) -> None:
    now, kept = Standing(), set[int]()
    for command in commands:
        try:
            event = decide(now, command, FULL)
        except Refused:
            continue
        if isinstance(event, Saved):
            assert event.n not in kept, "what was submitted or public has changed"
        if isinstance(event, Submitted | Published | Withdrawn):
            kept.add(event.n)
        after = apply(now, event)
        assert after.head >= now.head
        assert after.draft <= after.head
        assert after.live <= after.head
        assert not (after.submitted and not after.draft)
        assert may_submit(after) == (after.draft > 0 and not after.submitted)
        assert (after.state == "published") == bool(after.live)
        now = after


def test_a_span_is_inside_and_not_empty() -> None:
    whole = Span(1000, 5000)
    assert whole.length == 4000
    assert whole.holds(whole)
    assert whole.holds(Span(1000, 1001))
    assert not any(whole.holds(one) for one in (Span(999, 5000), Span(1000, 5001), Span(2000, 2000), Span(3000, 2000)))
