"""The baselines of the row `log`: a database written to one command at a time, and a plain server that passes messages on.

`python -m tests.bench.plain PORT` is that server: whatever one socket says goes to all as JSON. No log, no rights, no order.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import sys
import time
from pathlib import Path

import asyncpg
from aiohttp import web

PAYLOAD = json.dumps({"participant": "p" * 16, "seat": 3})
_SQL = "INSERT INTO plain VALUES ({})"
_TABLE = "CREATE TABLE plain (lesson VARCHAR(64), seq INTEGER, at BIGINT, kind VARCHAR(64), payload TEXT, PRIMARY KEY (lesson, seq))"


def sqlite_commits(path: Path, seconds: float) -> list[float]:
    """One INSERT and a commit for each; journal and synchronous as the product has them. How long each took, ms."""
    base = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        base.execute(f"PRAGMA {pragma}")
    base.execute(_TABLE)
    sql, stamps = _SQL.format("?, ?, ?, ?, ?"), [time.perf_counter()]
    while stamps[-1] - stamps[0] < seconds:
        base.execute(sql, ("L1", len(stamps), 1, "hand.raised", PAYLOAD))
        stamps.append(time.perf_counter())
    base.close()
    return [(after - before) * 1e3 for before, after in itertools.pairwise(stamps)]


async def postgres_commits(url: str, seconds: float) -> list[float]:
    """The same over one connection to PostgreSQL."""
    base = await asyncpg.connect(url)
    await base.execute(_TABLE)
    insert = await base.prepare(_SQL.format("$1, $2, $3, $4, $5"))
    stamps = [time.perf_counter()]
    while stamps[-1] - stamps[0] < seconds:
        await insert.fetch("L1", len(stamps), 1, "hand.raised", PAYLOAD)
        stamps.append(time.perf_counter())
    await base.close()
    return [(after - before) * 1e3 for before, after in itertools.pairwise(stamps)]


def _app() -> web.Application:
    sockets: set[web.WebSocketResponse] = set()
    numbers = itertools.count(1)

    async def socket(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        sockets.add(ws)
        await ws.send_json({"type": "welcome", "you": {"participant": "p" * 16}})
        await ws.send_json({"type": "state", "seq": 0, "state": {"participants": {"p" * 16: {}}}})
        async for frame in ws:
            message = frame.json()
            if message["type"] == "command":
                seq = next(numbers)
                event = {"type": "event", "seq": seq, "prev": seq - 1, "at": 1, "kind": message["kind"], "payload": message["payload"]}
                for other in list(sockets):
                    await other.send_json(event)
                await ws.send_json({"type": "ack", "id": message["id"], "seq": seq})
        sockets.discard(ws)
        return ws

    app = web.Application()
    app.router.add_get("/ws", socket)
    return app


async def _serve(port: int) -> None:
    runner = web.AppRunner(_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
