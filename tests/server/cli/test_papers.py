"""Lessons and links made by hand are written together with their lines in the audit, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.__main__ import main
from server.accounts import demo
from server.accounts.audit import Audit
from server.cli import papers
from server.settings import read
from server.store import Store

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """A word of the command line in an installation of its own; what it printed."""
    monkeypatch.setenv("SHUANGSHI_DATA_DIR", str(tmp_path))

    def tell(*words: str) -> str:
        main(words)
        return capsys.readouterr().out

    return tell


def acts(told: Told) -> list[str]:
    """The audit, oldest first, without the lines of reading it."""
    found = [str(json.loads(line)["act"]) for line in told("admin", "audit", "--json").splitlines()]
    return [act for act in reversed(found) if act != "audit.read"]


def kept(lesson: str) -> dict[str, bool]:
    """Links of the lesson: id → revoked."""

    async def work() -> dict[str, bool]:
        store = await Store.open(read().database_url)
        try:
            return {link.id: link.revoked_at is not None for link in await store.links(lesson)}
        finally:
            await store.close()

    return asyncio.run(work())


async def full(*_: Any) -> None:
    """Stands for a process that dies, or a disk that is full, at this point."""
    raise OSError("no space left on device")


def refused(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 1


def test_what_leaves_no_line_is_not_done(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = json.loads(told("lesson", "create", "分数的认识", "--json"))["id"]
    paper = json.loads(told("link", lesson, "--role", "viewer", "--json"))["id"]
    with monkeypatch.context() as broken:
        broken.setattr(Audit, "append", full)
        refused("lesson", "create", "另一节")
        refused("link", lesson, "--role", "master")
        refused("link", "revoke", paper)
    assert "另一节" not in told("lesson", "list")
    assert kept(lesson) == {paper: False}
    assert acts(told) == ["lesson.create", "link.create"]


def test_what_is_not_done_leaves_no_line(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = json.loads(told("lesson", "create", "分数的认识", "--json"))["id"]
    paper = json.loads(told("link", lesson, "--role", "viewer", "--json"))["id"]
    with monkeypatch.context() as broken:
        broken.setattr(papers, "put_revocation", full)
        refused("link", "revoke", paper)
    assert acts(told) == ["lesson.create", "link.create"]
    told("link", "revoke", paper)
    assert kept(lesson) == {paper: True}
    assert acts(told)[-1] == "link.revoke"


def test_links_that_the_demo_makes_leave_lines_as_well(told: Told) -> None:
    async def work() -> str:
        async with papers.open_desk(read()) as desk:
            lesson = await desk.demo_lesson()
            await desk.kept(lesson, "master", demo.SYNTHETIC_MASTER)
            await desk.kept(lesson, "master", demo.SYNTHETIC_MASTER)
        return lesson

    lesson = asyncio.run(work())
    assert acts(told) == ["lesson.create", "link.create"]
    assert demo.LESSON in told("lesson", "list")
    told("link", "demo", "--role", "viewer")
    assert len(kept(lesson)) == 2, "the command line knows it as `demo`"


def test_somebody_s_own_lesson_may_be_called_demo(told: Told) -> None:
    lesson = json.loads(told("lesson", "create", "demo", "--json"))["id"]
    told("link", "demo", "--role", "viewer")
    assert len(kept(lesson)) == 1
