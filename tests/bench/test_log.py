"""The bench of the log counts right: every receipt, every gap, and says what missed its mark."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
from aiohttp.test_utils import TestServer

from tests.bench import log, plain
from tests.bench.log import Seen
from tests.bench.sockets import Tally, pages, raise_and_lower


async def test_every_receipt_of_every_socket_is_counted() -> None:
    tally = Tally()
    async with TestServer(plain._app()) as server, pages([(str(server.make_url("/ws")), "", "L1")] * 5, tally) as opened:
        done = sum(await asyncio.gather(*(raise_and_lower(page, 1, time.perf_counter()) for page in opened[:2])), 0)
        done += await raise_and_lower(opened[2], 1, time.perf_counter() + 0.02, 0.005)
        async with asyncio.timeout(5):
            while min(len(page.heard) for page in opened) < done:
                await asyncio.sleep(0)
        assert done % 2 == 0, "every hand is down again"
        assert sum(page.settle() for page in opened) == 5 * done == len(tally.events)
        assert min(tally.events) > 0
        assert len(tally.acks) == len(tally.sent) == done
        assert (tally.gaps, tally.refused) == (0, 0)
        opened[0]._take({"type": "event", "seq": done + 5, "prev": done + 4, "kind": "x"}, 0.0)
        assert tally.gaps == 1


def test_the_plain_database_is_written_to(tmp_path: Path) -> None:
    times = plain.sqlite_commits(tmp_path / "plain.db", 0.05)
    assert times
    assert log._commits(times).per_second > 0


def test_what_missed_its_mark_is_said() -> None:
    base, commits = Seen("plain", 1_000, np.array([1.0]), 1e-5, 0.1, 0.0), log._commits([1.0, 1.0])
    good = Seen("commands, SQLite", 2_500, np.array([10.0, 20.0]), 1e-4, 0.5, 0.0, base=commits)
    bad = Seen("deliveries", 9_000, np.array([10.0, 90.0]), 2e-5, 0.5, 0.3, base=base)
    verdicts = [line.split("  ")[:2] for line in log.lines([good, bad]) if line.startswith(("met", "MISSED"))]
    assert [(word.strip(), "p99" in what) for word, what in verdicts] == [
        ("met", False),
        ("met", True),
        ("MISSED", False),
        ("MISSED", True),
    ]
    text = "\n".join(log.lines([good, bad]))
    assert "2.50" in text, "commands are compared by number"
    assert "0.50" in text, "deliveries by CPU"
