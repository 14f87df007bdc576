"""The rules of permission as properties: whatever the grants are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain.orgs import TIERS
from server.domain.people import ASSIGNABLE, SCHOOL_ROLES, Grant
from server.domain.permissions import ACTIONS, LESSON_PAPER, PERSON, PUBLIC, RULES, Where, allows, anywhere, areas, scopes

TREE: dict[str, str] = {
    "/n/": "nation",
    "/n/p/": "province",
    "/n/p/x/": "county",
    "/n/p/x/x1/": "school",
    "/n/p/x/x1/q/": "point",
    "/n/p/x/x2/": "school",
    "/n/p/y/": "county",
    "/n/p/y/y1/": "school",
    "/n/p/x1/": "county",  # begins like another's id
}
IN_X = [path for path in TREE if path.startswith("/n/p/x/")]
IN_Y = [path for path in TREE if path.startswith("/n/p/y/")]
IDS = ["s1", "s2", "r1", "r2", "c1", "c2"]
actions = st.sampled_from(sorted(RULES))
paths = st.sampled_from(sorted(TREE))


def grants_in(places: Sequence[str]) -> st.SearchStrategy[Grant]:
    """A role of somebody, at one of the places: its path, tier and subject as the gate makes them."""
    placed = st.builds(lambda role, path: Grant(role, path, TREE[path]), st.sampled_from(ASSIGNABLE), st.sampled_from(list(places)))  # type: ignore[arg-type]
    bound = st.builds(
        lambda role, path, subject, group: Grant(role, path, TREE[path], subject, group if role == "student" else ""),  # type: ignore[arg-type]
        st.sampled_from(["student", "device"]),
        st.sampled_from(list(places)),
        st.sampled_from(IDS),
        st.sampled_from(IDS),
    )
    parents = st.builds(lambda subject: Grant("parent", subject=subject), st.sampled_from(IDS))
    helpers = st.builds(
        lambda role, lesson: Grant(role, subject=lesson), st.sampled_from(["teacher", "assistant"]), st.sampled_from(["L1", "L2"])
    )
    return st.one_of(placed, bound, parents, helpers)


grants = grants_in(list(TREE))
wheres = st.builds(
    Where,
    path=st.one_of(st.just(""), paths),
    lesson=st.sampled_from(["", "L1", "L2"]),
    people=st.frozensets(st.sampled_from(["me", "other"])),
    rooms=st.dictionaries(st.sampled_from(IDS), paths, max_size=3),
    classes=st.frozensets(st.sampled_from(IDS), max_size=2),
    subject=st.sampled_from(["", *IDS]),
)


@given(st.lists(grants, max_size=4), grants, actions, wheres)
def test_one_grant_more_never_takes_anything_away(held: list[Grant], more: Grant, action: str, where: Where) -> None:
    both = allows([*held, more], "me", action, where)
    assert both == (allows(held, "me", action, where) or allows([more], "me", action, where))
    assert both == allows([more, *reversed(held)], "me", action, where)


@given(st.sampled_from(sorted(ACTIONS - {LESSON_PAPER})), wheres)
def test_without_a_grant_only_what_is_everybodys(action: str, where: Where) -> None:
    assert allows([], "me", action, where) is (action in PUBLIC or action in PERSON)


@given(st.lists(grants_in(IN_X), max_size=4), actions, wheres, st.sampled_from(IN_Y))
def test_a_grant_in_one_county_reaches_another_only_through_a_lesson(held: list[Grant], action: str, where: Where, foreign: str) -> None:
    there = replace(where, path=foreign)
    if not allows(held, "me", action, there):
        return
    about_oneself = any(g.subject == there.subject and "self" in RULES[action].reach.get(g.role, ()) for g in held)
    in_the_lesson = bool(there.lesson) and any("lesson" in RULES[action].reach.get(g.role, ()) for g in held)
    assert about_oneself or in_the_lesson
    assert about_oneself or not allows(held, "me", action, replace(there, lesson=""))


@given(st.lists(grants_in(IN_X), max_size=4), actions, wheres, st.sampled_from(IN_Y))
def test_nor_through_a_lesson_in_which_it_has_no_part(held: list[Grant], action: str, where: Where, foreign: str) -> None:
    assume(where.subject not in {g.subject for g in held})
    strange = replace(where, path=foreign, lesson="L9", people=frozenset(), rooms={"r9": foreign}, classes=frozenset({"c9"}))
    assert not allows(held, "me", action, strange)


@given(st.lists(grants, max_size=4), actions, paths)
def test_scopes_say_where_lists_reach_as_allows_says_it_of_one_object(held: list[Grant], action: str, path: str) -> None:
    reached = scopes(held, action)
    assert any(path.startswith(scope) for scope in reached) is allows(held, "me", action, Where(path=path))
    assert not any(one != other and one.startswith(other) for one in reached for other in reached)
    assert list(reached) == sorted(set(reached))


@given(grants, actions, paths)
def test_what_is_shared_in_an_area_is_for_those_who_stand_in_it_and_over_its_owner(grant: Grant, action: str, area: str) -> None:
    there = Where("/n/p/y/y1/", shared=area)
    inside = "area" in RULES[action].reach.get(grant.role, ()) and grant.path.startswith(area)
    assert allows([grant], "me", action, there) is (inside or allows([grant], "me", action, Where("/n/p/y/y1/")))
    above = {part for part in grant.path.split("/") if part}
    assert areas([grant], action) == (above if "area" in RULES[action].reach.get(grant.role, ()) else set())


@given(st.lists(grants, max_size=4), actions, wheres)
def test_whoever_may_somewhere_is_known_to(held: list[Grant], action: str, where: Where) -> None:
    assert anywhere(held, action) or not allows(held, "me", action, where)


@given(actions, wheres, st.sampled_from(["janitor", "", "Admin", "master", "viewer"]), paths)
def test_unknown_roles_may_nothing(action: str, where: Where, role: Any, path: str) -> None:
    grant = Grant(role, path, TREE[path], where.subject, "c1")  # type: ignore[arg-type]
    assert not allows([grant], "me", action, replace(where, people=frozenset({"me"})))
    assert scopes([grant], action) == ()


@given(actions, paths, st.sampled_from(ASSIGNABLE), st.sampled_from([None, "galaxy", ""]))
def test_unknown_tiers_reach_nothing(action: str, path: str, role: Any, tier: Any) -> None:
    assert not allows([Grant(role, path, tier)], "me", action, Where(path=path))


@given(actions, st.sampled_from(ASSIGNABLE), wheres)
def test_a_grant_without_a_place_is_not_everywhere(action: str, role: Any, where: Where) -> None:
    assert not allows([Grant(role, "", "nation")], "me", action, replace(where, people=frozenset(), subject=""))


@given(grants.filter(lambda grant: grant.role == "student"), wheres)
def test_a_student_sees_the_lessons_of_the_own_class_only(grant: Grant, where: Where) -> None:
    assert allows([grant], "s1", "lesson.see", where) is (bool(where.lesson) and grant.school_class in where.classes)


@given(paths, wheres)
def test_parents_see_the_own_child_and_nothing_else(path: str, where: Where) -> None:
    child = Grant("parent", subject="s1")
    allowed = {action for action in RULES if allows([child], "me", action, replace(where, path=path))}
    assert allowed == ({"student.see"} if where.subject == "s1" else set())


@pytest.mark.parametrize("action", ["lesson.teach", "knock.answer"])
def test_a_colleague_is_not_the_lessons_teacher(action: str) -> None:
    where = Where("/n/p/x/x1/", "L1", frozenset({"t"}), {"r1": "/n/p/x/x1/", "r2": "/n/p/x/x2/"})
    for path in ("/n/p/x/x1/", "/n/p/x/x2/", "/n/p/x/", "/n/"):
        grant = Grant("teacher", path, TREE[path])  # type: ignore[arg-type]
        assert allows([grant], "t", action, where)
        assert not allows([grant], "colleague", action, where)


def test_offices_make_schools_and_schools_do_not() -> None:
    for path, tier in TREE.items():
        may = allows([Grant("admin", path, tier)], "me", "org.create", Where(path=path))  # type: ignore[arg-type]
        assert may is (tier in ("nation", "province", "city", "county"))


def test_the_table_itself() -> None:
    assert not (RULES.keys() & PUBLIC | RULES.keys() & PERSON | PUBLIC & PERSON)
    for action, rule in RULES.items():
        assert rule.tiers <= set(TIERS), action
        assert rule.reach, action
        assert rule.reach.keys() <= set(SCHOOL_ROLES), action
        assert all(reach and reach <= {"below", "lesson", "self", "area"} for reach in rule.reach.values()), action
    with pytest.raises(KeyError):
        allows([Grant("admin", "/n/", "nation")], "me", "everything.do", Where(path="/n/"))
    with pytest.raises(KeyError):
        allows([Grant("admin", "/n/", "nation")], "me", LESSON_PAPER, Where(path="/n/"))
