"""`make bench`: measure the media worker, the lesson log and the home page, each figure beside its baseline of the same run.

`python -m tests.bench [row …] [--viewers N,N,…]`; rows: `loop` (the baseline), `burst`, `even`, `feedback`,
`stalled`, `join`, `record` (`tests.bench.recording`), `log` (`tests.bench.log`), `home` (`tests.bench.home`), `remux`
(`tests.bench.remux`), `follow` (`tests.bench.follow`), `replay` (`tests.bench.replay`) and `sealed` (`tests.bench.sealed`); without any: all.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource

from tests.bench import follow, home, log, recording, remux, replay, report, rows, sealed
from tests.bench.worker import cores

ROWS = ("loop", *rows.VARIANTS, "stalled", "join", "record", "log", "home", "remux", "follow", "replay", "sealed")
LIMIT_SECONDS = 170.0


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the product.")
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {', '.join(ROWS)}; default: all")
    parser.add_argument("--viewers", default="50,100,300", help="numbers of viewers, rising (default: %(default)s)")
    given = parser.parse_args(words)
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    given.rows = given.rows or list(ROWS)
    given.viewers = sorted(int(word) for word in given.viewers.split(","))
    return given


async def run(chosen: list[str], sizes: list[int]) -> rows.Results:
    """Measure; at most `LIMIT_SECONDS`."""
    worker_core, own_core = cores()
    os.sched_setaffinity(0, {own_core})
    results = rows.Results()
    variants = [name for name in rows.VARIANTS if name in chosen]
    async with asyncio.timeout(LIMIT_SECONDS):
        if "loop" in chosen:
            await rows.run_baseline(results, worker_core, sizes)
        if variants:
            await rows.run_forwarding(results, worker_core, sizes, variants)
        if "stalled" in chosen:
            await rows.run_stalled(results, worker_core, rows.STALLED_VIEWERS)
        if "join" in chosen:
            await rows.run_joins(results, worker_core)
    return results


def main() -> None:
    """Entry of the command."""
    given = parse()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    own = os.sched_getaffinity(0)
    if set(given.rows) - {"home", "log", "record", "remux", "follow", "replay", "sealed"}:
        for line in report.lines(asyncio.run(run(given.rows, given.viewers))):
            print(line)
        os.sched_setaffinity(0, own)
    if "record" in given.rows:
        for line in recording.lines(asyncio.run(recording.measure())):
            print(line)
        os.sched_setaffinity(0, own)
    if "log" in given.rows:
        for line in log.lines(asyncio.run(log.measure())):
            print(line)
    if "home" in given.rows:
        for line in home.lines(asyncio.run(home.measure())):
            print(line)
    if "remux" in given.rows:
        for line in remux.lines(remux.measure()):
            print(line)
    if "follow" in given.rows:
        for line in follow.lines(follow.measure()):
            print(line)
    if "replay" in given.rows:
        for line in replay.lines(asyncio.run(replay.measure())):
            print(line)
    if "sealed" in given.rows:
        for line in sealed.lines(asyncio.run(sealed.measure())):
            print(line)


if __name__ == "__main__":
    main()
