"""PATCH of a session: trickle and ICE restart (RFC 8840, RFC 9725 4.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from media.client.messages import SessionChanged
from media.errors import BadSdp, StaleEtag
from tests.harness.node import NodeUnderTest, plan, running
from tests.harness.raw import read_credentials
from tests.harness.viewing import RawViewer

SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
RESTART = "a=ice-ufrag:fresh{n}\r\na=ice-pwd:freshpasswordfreshpassword{n}\r\n"
CANDIDATE = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag x\r\n"


@pytest.fixture
async def node() -> AsyncIterator[NodeUnderTest]:
    async with running() as opened:
        yield opened


@pytest.fixture
async def viewer(node: NodeUnderTest) -> RawViewer:
    joined = RawViewer()
    await node.watch(joined, SLOTS)
    return joined


def etag(node: NodeUnderTest) -> str:
    return node.node.sessions()[0].etag


def trickle(viewer: RawViewer) -> str:
    credentials = f"a=ice-ufrag:{viewer.local.ufrag}\r\na=ice-pwd:{viewer.local.pwd}\r\n"
    return f"{credentials}a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n{CANDIDATE}a=end-of-candidates\r\n"


async def test_trickled_candidates_are_accepted_without_an_answer(node: NodeUnderTest, viewer: RawViewer) -> None:
    reply = await node.patch(viewer.session, etag(node), trickle(viewer))
    assert (reply.answer, reply.etag) == ("", etag(node))
    bare = await node.patch(viewer.session, etag(node), f"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n{CANDIDATE}")
    assert bare.answer == ""


@pytest.mark.parametrize("stale", ['"w0-other-1"', "", '"x"', "*"])
async def test_trickle_with_another_etag_is_refused(node: NodeUnderTest, viewer: RawViewer, stale: str) -> None:
    with pytest.raises(StaleEtag):
        await node.patch(viewer.session, stale, trickle(viewer))


async def test_a_restart_is_answered_with_new_credentials_and_a_new_etag(node: NodeUnderTest, viewer: RawViewer) -> None:
    before = etag(node)
    reply = await node.patch(viewer.session, "*", RESTART.format(n=1))
    assert reply.etag == etag(node) != before
    credentials = read_credentials(reply.answer)
    assert credentials.ufrag.startswith("w0")
    assert "a=candidate:" in reply.answer
    assert "a=ice-lite" in reply.answer
    assert node.of(SessionChanged)[-1].session.etag == reply.etag
    await viewer.restart(credentials, "fresh1")


async def test_a_restart_may_name_the_current_etag_but_no_older_one(node: NodeUnderTest, viewer: RawViewer) -> None:
    first = etag(node)
    second = (await node.patch(viewer.session, first, RESTART.format(n=1))).etag
    with pytest.raises(StaleEtag):
        await node.patch(viewer.session, first, RESTART.format(n=2))
    assert etag(node) == second


async def test_the_same_restart_twice_is_one_restart(node: NodeUnderTest, viewer: RawViewer) -> None:
    """A client that did not get our answer sends its fragment again with `*`."""
    first = await node.patch(viewer.session, "*", RESTART.format(n=1))
    again = await node.patch(viewer.session, first.etag, RESTART.format(n=1))
    assert again.answer == ""
    assert again.etag == first.etag


@pytest.mark.parametrize("fragment", ["", "nonsense", "a=ice-ufrag:abcd\r\n", f"m=audio\r\n{CANDIDATE}", "a=candidate:x\r\n"])
async def test_broken_fragments_change_nothing(node: NodeUnderTest, viewer: RawViewer, fragment: str) -> None:
    before = etag(node)
    with pytest.raises((BadSdp, StaleEtag)):
        await node.patch(viewer.session, "*", fragment)
    assert etag(node) == before


async def test_many_restarts_keep_two_generations(node: NodeUnderTest, viewer: RawViewer) -> None:
    for number in range(50):
        await node.patch(viewer.session, "*", RESTART.format(n=number))
    reply = await node.patch(viewer.session, "*", RESTART.format(n="last"))
    await viewer.restart(read_credentials(reply.answer), "freshlast")
    assert (await node.stats())["transport.paths"] == 1
