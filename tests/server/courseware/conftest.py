from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.accounts.acts import Acts, Target
from server.accounts.audit import Audit
from server.accounts.caller import Caller
from server.accounts.contents import Contents
from server.accounts.vault import Vault
from server.courseware.blobs import Blobs
from server.courseware.service import CoursewareService, Hand
from server.store import Store
from server.store.courseware import CoursewareStore


class Clock:
    """UTC ms, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now


def soffice() -> str:
    """LibreOffice's program, empty where there is none."""
    return os.environ.get("SOFFICE") or shutil.which("soffice") or ""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    opened = await Store.open(database)
    for lesson in ("L1", "L2"):
        await opened.create_lesson(lesson, "Fractions", 1)
    yield opened
    await opened.close()


@pytest.fixture
def shelf(store: Store) -> CoursewareStore:
    return CoursewareStore(store.database)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "courseware")


@pytest.fixture
def acts(store: Store, clock: Clock) -> Acts:
    contents = Contents(store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), clock)
    return Acts(store.database, Audit(contents, b"a" * 32, clock))


@pytest.fixture
def service(shelf: CoursewareStore, blobs: Blobs, acts: Acts, clock: Clock) -> CoursewareService:
    """Nothing is drawn by itself: `service.drawing.draw_next()` does it."""
    return CoursewareService(shelf, blobs, acts, soffice(), clock)


def hand(lesson: str = "L1") -> Hand:
    """The teacher's."""
    return Hand(Caller("person", "t1", origin="test"), "t1", Target("lesson", lesson, "/x/"))
