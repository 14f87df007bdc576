"""The raw client against the product's own transport, in one process over loopback: ICE, DTLS, keys on both sides."""

from __future__ import annotations

import random
import sys
from collections.abc import AsyncIterator
from typing import cast

import pytest

from media.fanout.interface import Fanout
from media.fanout.srtp import PROFILES, rtcp_sealer
from media.transport import sdp
from media.transport.dtls import Identity
from media.transport.loop import LoopConfig, MediaLoop
from media.wire.rtcp import ReceiverReport, parse_compound
from tests.bench import bpf, offers
from tests.bench.peer import NoConnection, Peer
from tests.media.transport.support import FakeFanout, FakeHandler

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="filters on sockets are Linux's")


@pytest.fixture
def fanout() -> FakeFanout:
    return FakeFanout()


@pytest.fixture
def handler() -> FakeHandler:
    return FakeHandler()


@pytest.fixture
async def loop(fanout: FakeFanout, handler: FakeHandler) -> AsyncIterator[MediaLoop]:
    opened = await MediaLoop.open(cast(Fanout, fanout), handler, LoopConfig(tcp_port=-1))
    yield opened
    await opened.close()


def answer(loop: MediaLoop, peer: Peer) -> offers.Remote:
    local = loop.reserve()
    found = sdp.answer_subscriber(
        offers.watch_offer(peer.local), ("program.audio", "program.camera"), local, sdp.Policy(), random.Random(3)
    )
    loop.open_session(1, local, found.peer)
    return offers.read_answer(found.sdp)


async def test_connects_and_agrees_on_keys(loop: MediaLoop, fanout: FakeFanout) -> None:
    peer = Peer(Identity(), bpf.open_sampling(), lambda packet, at: None)
    try:
        await peer.connect(answer(loop, peer))
        assert peer.profile == "SRTP_AEAD_AES_128_GCM"
        profile, ours, theirs = fanout.keys[1]
        report = ReceiverReport(9, ()).build()
        sealed = peer.send_rtcp.protect(report, 5)
        assert rtcp_sealer(PROFILES[profile], theirs).unprotect(sealed) == report
        assert parse_compound(peer.receive_rtcp.unprotect(rtcp_sealer(PROFILES[profile], ours).protect(report, 1)))
    finally:
        peer.close()


async def test_nobody_there(loop: MediaLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.peer.CONNECT_SECONDS", 0.1)
    peer = Peer(Identity(), bpf.open_sampling(), lambda packet, at: None)
    try:
        remote = answer(loop, peer)
        loop.close_session(1)
        with pytest.raises(NoConnection):
            await peer.connect(remote)
    finally:
        peer.close()
