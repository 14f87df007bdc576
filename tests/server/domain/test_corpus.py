"""Whatever a release wrote, every later one reads, and it means the same (S19)."""

from __future__ import annotations

import json

import pytest

from server.domain.events import PAYLOADS
from tests.server.domain.corpus import FOLDER, HASHES, folded, read

LOGS = sorted(FOLDER.glob("*.jsonl"))
RECORDED = json.loads(HASHES.read_text())


def test_every_log_has_its_hash_and_there_is_one() -> None:
    assert {path.name for path in LOGS} == set(RECORDED) != set()


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_an_old_log_folds_to_what_it_was(path) -> None:
    rows = read(path)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert folded(rows) == RECORDED[path.name]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_the_hash_sees_each_event(path) -> None:
    rows = read(path)
    assert folded(rows[:-1]) != RECORDED[path.name]
    calls = [row for row in rows if row["kind"] == "stage.called"]
    if not calls:
        return
    other = {**calls[-1], "payload": json.dumps({**json.loads(calls[-1]["payload"]), "position": 4})}
    assert folded([other if row is calls[-1] else row for row in rows]) != RECORDED[path.name]


def test_every_kind_and_version_of_today_is_in_some_log() -> None:
    """A new kind, or a new version of one: record a log of it with `python -m tests.server.domain.corpus VERSION`."""
    seen = {(row["kind"], row["v"]) for path in LOGS for row in read(path)}
    assert {(kind, cls.v) for kind, cls in PAYLOADS.items()} <= seen
