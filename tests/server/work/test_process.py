"""Real child processes: heard, given something, without our secrets, and ended with what they started."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from server.work.process import child

HERE = "tests.server.work.words"


def gone(pid: int) -> bool:
    """Whether the process ended: its parent may not have asked yet how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_it_is_given_something_and_heard_line_by_line() -> None:
    async with child(HERE, "echo", given=b"one\ntwo\n") as made:
        assert [await made.line(20), await made.line(20), await made.line(20)] == [b"one\n", b"two\n", b""]
        assert await made.ended() == 0


async def test_it_knows_nothing_that_it_need_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUANGSHI_SECRET", "a secret")
    async with child(HERE, "environment", environment={"ONE": "1"}, cwd=tmp_path, nice=3) as made:
        told = json.loads(await made.line(20))
    assert (told["environment"]["ONE"], told["folder"], told["nice"]) == ("1", str(tmp_path), os.nice(0) + 3)
    assert "a secret" not in told["environment"].values()


async def test_a_silent_one_is_found_and_a_long_line_refused() -> None:
    async with child(HERE, "silent") as made:
        assert await made.line(20) == b"begun\n"
        with pytest.raises(TimeoutError):
            await made.line(0.05)
    async with child(HERE, "long") as made:
        with pytest.raises(ValueError, match="limit"):
            await made.line(20)


async def test_its_status_and_the_end_of_what_it_complained() -> None:
    async with child(HERE, "complain") as made:
        assert await made.line(20) == b""
        assert await made.ended() == 3
        words = await made.last_words()
    assert words.endswith("the last word")
    assert len(words) <= 2000


async def test_it_is_ended_with_what_it_started() -> None:
    async with child(HERE, "parent") as made:
        pids = [int(word) for word in (await made.line(20)).split()]
        assert len(pids) == 2
    async with asyncio.timeout(5):
        while not all(map(gone, pids)):
            await asyncio.sleep(0.01)
