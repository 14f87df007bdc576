"""The printed permission matrix: every action once, every role a column, every cell what the rule says."""

from __future__ import annotations

import json

import pytest

from server.cli.matrix import as_json, as_table
from server.domain.orgs import TIERS
from server.domain.people import SCHOOL_ROLES
from server.domain.permissions import ACTIONS, RULES

LETTERS = {"B": "below", "L": "lesson", "S": "self", "A": "area"}
LINES = as_table()
ROWS = {line.split()[0]: line for line in LINES[2 : LINES.index("")]}


def test_every_action_has_one_row() -> None:
    assert set(ROWS) == ACTIONS
    assert len(LINES[2 : LINES.index("")]) == len(ACTIONS)


@pytest.mark.parametrize("action", RULES)
def test_a_cell_stands_under_its_role_and_says_what_the_rule_says(action: str) -> None:
    head, row, rule = LINES[0], ROWS[action], RULES[action]
    for role in SCHOOL_ROLES:
        begin = head.index(f"  {role}  ") + 2
        cell = row[begin : begin + len(role)].strip()
        reach = {str(known): value for known, value in rule.reach.items()}.get(role, frozenset())
        assert cell == "".join(letter for letter, name in LETTERS.items() if name in reach) or (cell, reach) == ("·", frozenset())
        assert row[begin - 2 : begin] == "  "
    tiers = row[head.index("tiers for B") :].split()
    assert tiers == (["every"] if rule.tiers == frozenset(TIERS) else [tier for tier in TIERS if tier in rule.tiers])


def test_it_can_be_read_on_a_terminal() -> None:
    assert max(len(line) for line in LINES) <= 140
    assert LINES[0].split()[: len(SCHOOL_ROLES) + 1] == ["action", *SCHOOL_ROLES]
    legend = LINES[LINES.index("") + 1 :]
    assert [line[0] for line in legend] == [*LETTERS, "·"]
    assert not any(line != line.rstrip() for line in LINES)


def test_for_tools_it_says_the_same() -> None:
    table = json.loads(json.dumps(as_json()))
    assert {*table["actions"], *table["person"], *table["public"], *table["paper"]} == ACTIONS
    for action, row in table["actions"].items():
        assert {role: set(reach) for role, reach in row["roles"].items()} == {r: set(v) for r, v in RULES[action].reach.items()}
        assert set(row["tiers"]) == RULES[action].tiers
