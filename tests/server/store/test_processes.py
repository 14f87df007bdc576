"""Real processes on one database: one is killed in the middle, and what was acknowledged stays, once (S14)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from server.store import Store
from tests.harness.postgres import both_databases

pytestmark = both_databases

ROOT = Path(__file__).resolve().parents[3]
COUNT = 20
FIRST, SECOND = ("a0", "a1", "a2", "a3"), ("b0", "b1", "b2", "b3")


async def writer(url: str, names: tuple[str, ...]) -> Process:
    words = ("-m", "tests.server.store.writer", url, str(COUNT), *names)
    return await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdout=PIPE)


async def acknowledged(process: Process, limit: int = 10**9) -> list[tuple[str, str, int]]:
    """What a writer says until it ends, or has said `limit` lines."""
    assert process.stdout
    said: list[tuple[str, str, int]] = []
    while len(said) < limit and (line := await process.stdout.readline()):
        name, command, seq = line.decode().split()
        said.append((name, command, int(seq)))
    return said


async def test_one_of_two_writing_processes_is_killed(store: Store, database: str) -> None:
    doomed, other = await asyncio.gather(writer(database, FIRST), writer(database, SECOND))
    others = asyncio.create_task(acknowledged(other))
    told = await acknowledged(doomed, limit=2 * COUNT)
    doomed.kill()
    told += await acknowledged(doomed)
    assert await doomed.wait() == -9
    assert len(told) < COUNT * len(FIRST), "it was killed in the middle"
    told += await others
    assert await other.wait() == 0

    events = await store.tail("L1", 0)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert (await store.standings(["L1"]))["L1"].head == len(events)
    kept = {(event.actor, event.command_id): event.seq for event in events}
    assert len(kept) == len(events), "a command was written twice"
    assert {(name, command): seq for name, command, seq in told}.items() <= kept.items()

    again = await writer(database, FIRST)  # the page sends what it has no answer to, and more
    repeated = {(name, command): seq for name, command, seq in await acknowledged(again)}
    assert await again.wait() == 0
    assert {key: seq for key, seq in kept.items() if key[0] in FIRST}.items() <= repeated.items()
    events = await store.tail("L1", 0)
    assert [event.seq for event in events] == list(range(1, COUNT * 8 + 1))
    assert {(e.actor, e.command_id): e.seq for e in events} == kept | repeated


async def test_processes_that_start_at_once_make_the_tables_once(database: str, tmp_path: Path) -> None:
    settings = {**os.environ, "SHUANGSHI_DATABASE_URL": database, "SHUANGSHI_DATA_DIR": str(tmp_path)}
    words = ("-m", "server", "lesson", "create", "--json")
    started = [
        await asyncio.create_subprocess_exec(sys.executable, *words, f"Lesson {n}", cwd=ROOT, env=settings, stdout=PIPE) for n in range(3)
    ]
    said = await asyncio.gather(*(process.communicate() for process in started))
    assert [process.returncode for process in started] == [0, 0, 0]
    store = await Store.open(database)
    assert sorted(json.loads(out)["id"] for out, _ in said) == sorted(await store.lesson_ids())
    await store.close()
