"""The worker as a process of its own: its controller goes and comes back, it is killed, it is asked to end (M33)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
from pathlib import Path

import pytest

from media.client import Refused
from media.client.messages import Close, Configure, Patch
from tests.harness.node import LABELS
from tests.harness.offers import OPUS, VP8
from tests.harness.sending import RawPublisher
from tests.harness.viewing import RawViewer, eventually, step16
from tests.harness.worker import SLOTS, Controller, closing, worker

pytestmark = pytest.mark.scenario


async def flowing(viewer: RawViewer, count: int = 10) -> None:
    before = {slot: len(viewer.on(slot)) for slot in SLOTS}
    await eventually(lambda: all(len(viewer.on(slot)) >= before[slot] + count for slot in SLOTS))


def longest_gap(viewer: RawViewer, slot: str) -> float:
    packets = viewer.on(slot)
    return max(b.at - a.at for a, b in itertools.pairwise(packets))


async def test_media_flows_on_while_the_web_process_is_away(tmp_path: Path) -> None:
    publisher, viewer, leaver = RawPublisher((OPUS, VP8)), RawViewer(), RawViewer()
    async with worker(tmp_path), contextlib.AsyncExitStack() as stack:
        stack.enter_context(closing(publisher, viewer, leaver))
        async with Controller(tmp_path) as web:
            await web.publish(publisher)
            stack.enter_context(publisher.playing())
            await web.watch(viewer)
            await web.watch(leaver)
            await flowing(viewer)
        leaver.goodbye()
        await asyncio.sleep(1.0)
        async with Controller(tmp_path) as web:
            _, snapshot = await web.greeted(1)
            assert {s.session: s.state for s in snapshot.sessions} == {publisher.session: "connected", viewer.session: "connected"}
            await flowing(viewer)
            etag = next(s.etag for s in snapshot.sessions if s.session == viewer.session)
            fragment = f"a=ice-ufrag:{viewer.local.ufrag}\r\na=ice-pwd:{viewer.local.pwd}\r\n"
            reply = await web.client.command(Patch(id="p", session=viewer.session, etag=etag, fragment=fragment))
            assert reply.etag == etag
            assert max(longest_gap(viewer, slot) for slot in SLOTS) < 0.1
            assert all(set(step16(viewer.on(slot))) == {1} for slot in SLOTS)
            await web.client.command(Configure(id="s", session=viewer.session, labels=LABELS, slots={}))
            await web.client.command(Close(id="d", session=viewer.session))
            with pytest.raises(Refused):
                await web.client.command(Configure(id="gone", session=viewer.session, labels=LABELS, slots=SLOTS))


async def test_a_killed_worker_leaves_a_new_one_that_knows_nobody(tmp_path: Path) -> None:
    publisher, viewer = RawPublisher((OPUS, VP8)), RawViewer()
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(worker(tmp_path))
        web = await stack.enter_async_context(Controller(tmp_path))
        stack.enter_context(closing(publisher, viewer))
        await web.publish(publisher)
        await web.watch(viewer)
        with publisher.playing():
            await flowing(viewer)
            old, _ = await web.greeted(1)
            first.kill()
            await eventually(lambda: None in web.heard)
        await stack.enter_async_context(worker(tmp_path))
        new, snapshot = await web.greeted(2)
        assert (new.worker_id, new.epoch != old.epoch, snapshot.sessions) == ("w0", True, ())
        again, seen = RawPublisher((OPUS, VP8)), RawViewer()
        stack.enter_context(closing(again, seen))
        await web.publish(again)
        await web.watch(seen)
        with again.playing():
            await flowing(seen)


async def test_a_worker_that_is_told_to_end_says_goodbye(tmp_path: Path) -> None:
    publisher, viewer = RawPublisher((OPUS, VP8)), RawViewer()
    async with worker(tmp_path) as process, Controller(tmp_path) as web:
        with closing(publisher, viewer):
            await web.publish(publisher)
            await web.watch(viewer)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 5) == 0
            await eventually(lambda: viewer.dismissed and publisher.dismissed)
    assert not (tmp_path / "run" / "media-0.sock").exists()
