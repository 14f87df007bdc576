"""What a full relay refuses leaves nothing behind."""

from __future__ import annotations

import pytest

from media.client.messages import Publish, SourceSpec, Watch
from media.errors import TableFull
from media.relay import delivery, intake
from tests.harness.node import running
from tests.harness.offers import OPUS, VP8
from tests.harness.sending import RawPublisher
from tests.harness.viewing import RawViewer


async def test_a_session_the_relay_has_no_room_for_is_closed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_PUBLISHERS", 0)
    monkeypatch.setattr(delivery, "MAX_SUBSCRIBERS", 0)
    async with running() as node:
        offer = RawPublisher((OPUS, VP8)).offer()
        publish = Publish(id="p", offer=offer, names=("mic",), sources={"mic": SourceSpec(key="m")}, owner="m")
        for command in (publish, Watch(id="w", offer=RawViewer().offer(), owner="v")):
            with pytest.raises(TableFull):
                await node.node.execute(command)
        assert (await node.stats())["transport.sessions"] == 0
        assert (await node.stats())["fanout.sessions"] == 0
        assert node.node.sessions() == ()
