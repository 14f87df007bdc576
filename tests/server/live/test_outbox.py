"""What waits for one page: order, bounds, what may wait for others, and in which signals the latest wins (S17)."""

from __future__ import annotations

import asyncio
from typing import Any

from server.live import outbox as module
from server.live.outbox import Outbox, Shared


def event(seq: int) -> dict[str, Any]:
    return {"type": "event", "seq": seq}


def signal(number: int, kind: str = "pointer") -> dict[str, Any]:
    return {"type": "signal", "kind": kind, "by": "master", "payload": number}


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_slow_page_is_told_to_come_back() -> None:
    outbox = Outbox(limit=3)
    for number in range(5):
        outbox.put(event(number))
    assert outbox.slow
    assert await outbox.batch() == [{"type": "bye", "code": "slow"}]
    assert await outbox.batch() == []


async def test_everything_is_handed_out_in_order_and_ends() -> None:
    outbox = Outbox()
    for number in range(3):
        outbox.put(event(number))
    outbox.bye("removed")
    outbox.put(event(9))
    outbox.put_latest(signal(9))
    assert await outbox.batch() == [*map(event, range(3)), {"type": "bye", "code": "removed"}]
    assert await outbox.batch() == []
    assert not outbox.slow


async def test_events_wait_for_each_other_after_a_frame_and_an_answer_does_not(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 3600)
    outbox = Outbox()
    outbox._sent = -3600.0
    outbox.put(event(1))
    assert await outbox.batch() == [event(1)], "the first event after a pause goes at once"
    waiting = asyncio.create_task(outbox.batch())
    outbox.put(event(2))
    outbox.put(event(3))
    await turns()
    assert not waiting.done()
    outbox.put({"type": "ack", "id": "c1"})
    assert await waiting == [event(2), event(3), {"type": "ack", "id": "c1"}]
    waiting = asyncio.create_task(outbox.batch())
    outbox.put({"type": "pong"})
    assert await waiting == [{"type": "pong"}], "an answer alone waits for nothing"


async def test_what_waits_goes_when_the_pause_is_over() -> None:
    outbox = Outbox()
    outbox.put(event(1))
    await outbox.batch()
    begun = asyncio.get_running_loop().time()
    outbox.put(event(2))
    outbox.put_latest(signal(1))
    assert await outbox.batch() == [event(2), signal(1)]
    assert asyncio.get_running_loop().time() - begun <= module.PAUSE_SECONDS + 1
    outbox.close()
    assert await outbox.batch() == []


async def test_of_signals_about_the_same_the_latest_is_sent() -> None:
    outbox = Outbox(limit=4)
    for number in range(600):
        outbox.put_latest(signal(number))
        outbox.put_latest(signal(number, "ink"))
        outbox.put_latest(Shared({"type": "presence", "participants": {"n": number}}))
    outbox.put(event(1))
    taken = await outbox.batch()
    assert taken[:3] == [event(1), signal(599), signal(599, "ink")]
    assert isinstance(taken[3], Shared)
    assert taken[3].message["participants"] == {"n": 599}
    assert not outbox.slow


async def test_a_page_that_is_behind_misses_signals_first() -> None:
    outbox = Outbox(limit=2)
    outbox.put(event(1))
    outbox.put(event(2))
    outbox.put_latest(signal(1))
    assert outbox.take() == [event(1), event(2)]


def test_a_shared_message_is_encoded_once() -> None:
    shared = Shared({"type": "event", "seq": 7})
    assert shared.data() == b'{"type":"event","seq":7}'
    shared.message["seq"] = 8
    assert shared.data() is shared.data()
    assert b"7" in shared.data()
