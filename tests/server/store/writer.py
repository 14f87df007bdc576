"""A process of its own that writes: `python -m tests.server.store.writer URL COUNT NAME…` prints `NAME COMMAND SEQ` for each acknowledgement."""

from __future__ import annotations

import asyncio
import sys

from server.domain.events import Envelope, LessonOpened
from server.store import Append, Appended, Conflict, Store

LESSON = "L1"


async def once(store: Store, name: str, command_id: str) -> Appended:
    """One command, decided again as long as others come first."""
    while True:
        head = (await store.standings([LESSON]))[LESSON].head
        event = Envelope(LESSON, head + 1, 10, LessonOpened(), name, None, command_id)
        try:
            return await store.append(Append(LESSON, head, name, command_id, (event,)))
        except Conflict:
            continue


async def write(store: Store, name: str, count: int) -> None:
    for n in range(count):
        done = await once(store, name, f"c{n}")
        print(name, f"c{n}", done.seq, flush=True)


async def main(url: str, count: str, *names: str) -> None:
    store = await Store.open(url)
    await asyncio.gather(*(write(store, name, int(count)) for name in names))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
