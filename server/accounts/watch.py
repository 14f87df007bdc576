"""Watches over the audit in the web process: once a day and at start the head is exported and the chain verified (S20).

The head goes to `audit-heads.jsonl` and to the log, so that it also reaches whoever collects logs. Several processes may do so.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from server.accounts.heads import HEADS, VERIFIED, Head, Verified, keep_head, keep_verified, read_heads, read_verified
from server.accounts.verify import Report, Verifier

log = structlog.get_logger("audit")

LOOK_SECONDS = 600.0
"""How often it is looked whether a new day has begun."""


class Watch:
    """`folder`: the data directory; `now`: UTC ms; `pause`: waits so many seconds."""

    def __init__(
        self,
        verifier: Verifier,
        folder: Path,
        now: Callable[[], int],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.verifier = verifier
        self._heads = folder / HEADS
        self._verified = folder / VERIFIED
        self._now = now
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Go on in the background until `stop`."""
        self._task = asyncio.create_task(self._run(), name="audit watch")

    async def stop(self) -> None:
        """Leave off."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def verified(self) -> Verified | None:
        """The last verification of any process of this machine."""
        return read_verified(self._verified)

    async def export(self) -> Head | None:
        """Append the head to the file and the log; None: nothing was ever written. Raises `OSError`."""
        found = await self.verifier.head()
        if found is None:
            return None
        head = msgspec.structs.replace(found, date=self._today())
        if keep_head(self._heads, head):
            log.info("audit.head", date=head.date, seq=head.seq, mac=head.mac)
        return head

    async def verify(self, more: tuple[Head, ...] = ()) -> Report:
        """Verify against the file's heads and `more`, and remember the result. Raises `OSError`."""
        kept = read_heads(self._heads)
        if kept.unreadable:
            log.warning("audit.heads_unreadable", lines=kept.unreadable)
        report = await self.verifier.verify((*kept.heads, *more))
        fault = report.fault
        keep_verified(
            self._verified, Verified(self._now(), report.lines, report.ok, fault.kind if fault else "", fault.seq if fault else 0)
        )
        if fault:
            log.error("audit.fault", seq=fault.seq, kind=fault.kind, lines=report.lines)
        else:
            log.info("audit.verified", lines=report.lines, origins=report.origins, erased=report.erased)
        return report

    async def once(self) -> bool:
        """What is done at start and each day; False: it could not be done. A fault of the audit stops no lesson: it is logged and
        shown on its page.

        It is verified first: a tail that was cut off before the export must not pass as today's head.
        """
        try:
            await self.verify()
            await self.export()
        except Exception as error:
            log.exception("audit.watch_failed", why=type(error).__name__)
            return False
        return True

    async def _run(self) -> None:
        done = ""
        while True:
            today = self._today()
            if today != done and await self.once():
                done = today
            await self._pause(LOOK_SECONDS)

    def _today(self) -> str:
        return dt.datetime.fromtimestamp(self._now() / 1000, dt.UTC).date().isoformat()
