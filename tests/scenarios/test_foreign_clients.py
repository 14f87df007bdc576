"""What one pastes the URL and token of `shuangshi link` into: other people's clients publish and watch for real."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiortc import RTCRtpSender

from media.synthetic.peer import Peer, Rejected, publisher, watcher
from media.synthetic.pictures import slides, teacher
from media.synthetic.tracks import PictureTrack, VoiceTrack
from media.synthetic.voice import tones
from tests.harness.ffmpeg_whip import GOP_SECONDS, ffmpeg_publishing
from tests.harness.gstreamer import GStreamer, missing
from tests.harness.product import Link, Product
from tests.harness.socket import LessonSocket, go_live
from tests.harness.watching import flows, watching
from tests.harness.wrtc_client import engine_publishing, engine_watching, has_h264, plays

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]
needs_gstreamer = pytest.mark.skipif(bool(missing()), reason=f"no GStreamer webrtcbin here: {missing()}")
CAMERA = ("audio", "video")


class School:
    """A live lesson with the links a tool needs."""

    def __init__(self, product: Product, lesson: str, master: Link, viewer: Link) -> None:
        self.product, self.lesson, self.master, self.viewer = product, lesson, master, viewer


async def _live(product: Product) -> School:
    lesson = await product.lesson()
    master, viewer = await asyncio.gather(product.link(lesson, "master"), product.link(lesson, "viewer"))
    await go_live(product, lesson, master)
    return School(product, lesson, master, viewer)


@pytest_asyncio.fixture(loop_scope="module")
async def live(school: Product) -> School:
    return await _live(school)


@contextlib.asynccontextmanager
async def camera(master: Link, codec: str = "VP8") -> AsyncIterator[Peer]:
    """A microphone and a camera, by aiortc."""
    async with aiohttp.ClientSession() as http:
        peer = publisher(http, master.whip, master.token, [VoiceTrack(tones()), PictureTrack(teacher(320, 180), 15)])
        wanted = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType in (f"video/{codec}", "video/rtx")]
        peer.pc.getTransceivers()[1].setCodecPreferences(wanted)
        async with peer:
            await peer.connect()
            yield peer


async def test_links_of_every_role_say_what_a_tool_needs(live: School) -> None:
    classroom, wall = await asyncio.gather(live.product.link(live.lesson, "classroom", "East"), live.product.link(live.lesson, "wall"))
    base = live.product.url
    for link, may_publish in ((live.master, True), (classroom, True), (live.viewer, False), (wall, False)):
        assert link.page == f"{base}/join/{link.token}"
        assert link.whep == f"{base}/whep/{live.lesson}"
        assert link.whip == (f"{base}/whip/{live.lesson}" if may_publish else "")
        assert link.expires_at > "2026"
    for link in (live.viewer, wall):
        async with aiohttp.ClientSession() as http:
            async with publisher(http, live.master.whip, link.token, [VoiceTrack(tones())]) as peer:
                with pytest.raises(Rejected, match=r"^403: "):
                    await peer.connect()
            async with watcher(http, live.viewer.whep, "v1.nothing", CAMERA) as stranger:
                with pytest.raises(Rejected, match=r"^401: "):
                    await stranger.connect()


async def test_aiortc_publishes_and_watches(live: School) -> None:
    async with aiohttp.ClientSession() as http:
        tracks = [VoiceTrack(tones()), PictureTrack(teacher(320, 180), 15), PictureTrack(slides(640, 360), 5)]
        async with publisher(http, f"{live.master.whip}?sources=mic,camera,screen", live.master.token, tracks) as peer:
            await peer.connect()
            async with watching(live.viewer) as everything, watching(live.viewer, CAMERA, "?source=screen") as screen:
                assert await everything.until(flows) < 5
                await screen.until(flows)
                assert [s.size for s in everything.seen[1:]] == [(320, 180), (640, 360)]
                assert screen.seen[1].size == (640, 360)


async def test_a_viewer_that_comes_first_sees_the_publisher_who_comes_later(live: School) -> None:
    async with watching(live.viewer, CAMERA) as seen, camera(live.master):
        await seen.until(flows)


def _media(heard: list[dict[str, Any]]) -> list[str]:
    """What presence said, one after the other, of the media of the socket's own participant."""
    me = next(m for m in heard if m["type"] == "welcome")["you"]["participant"]
    told = [m["participants"].get(me) for m in heard if m["type"] == "presence"]
    return [entry["media"] for entry in told if entry]


async def test_ffmpeg_publishes_with_one_keyframe_in_ten_seconds(live: School, tmp_path: Path) -> None:
    """It answers no PLI and sends no consent checks: viewers start from the kept GOP, and its media keeps the session."""
    async with ffmpeg_publishing(live.master, tmp_path) as ffmpeg, LessonSocket(live.product, live.lesson, live.master) as socket:
        async with watching(live.viewer, CAMERA) as early:
            await early.until(flows, 5)
            await asyncio.sleep(7 - ffmpeg.age)
            asked = time.monotonic()
            async with watching(live.viewer, CAMERA) as late:
                await late.until(lambda s: s[1].frames > 0, 5)
                assert late.seen[1].first - asked < 3
                print(f"{ffmpeg.age:.1f} s after the keyframe: first picture after {late.seen[1].first - asked:.2f} s")
                assert ffmpeg.age < GOP_SECONDS
                await late.until(flows)
                await asyncio.sleep(13 - ffmpeg.age)
                assert await late.peer.alive()
                for seen in (early.seen, late.seen):
                    assert all(s.longest_gap < 1 for s in seen), seen
            frames = early.seen[1].frames
            await early.until(lambda s: s[1].frames > frames + 5)
        told = _media(socket.heard)
        assert told[-1] == "connected"
        assert "disconnected" not in told


@pytest.mark.parametrize("rids", [(), (("q", 2.0), ("f", 1.0))], ids=["one layer", "two layers"])
async def test_chromes_engine_publishes_and_watches(live: School, rids: tuple[tuple[str, float], ...]) -> None:
    async with (
        engine_publishing(live.master, tones(), teacher(640, 360), rids=rids),
        engine_watching(live.viewer) as engine,
        watching(live.viewer, CAMERA) as seen,
    ):
        await engine.until(plays)
        await seen.until(flows)
        await engine.until(lambda found: found[1].size == (640, 360))
        await seen.until(lambda found: found[1].size == (640, 360))
        assert [r.codec for r in await engine.received()] == ["opus", "VP8"]
        assert await engine.path() == "udp"


async def test_chromes_engine_speaks_h264(live: School) -> None:
    if not has_h264():
        pytest.skip("the engine carries no H.264, and this system has no OpenH264 of the release it takes")
    async with (
        engine_publishing(live.master, tones(), teacher(320, 180), codec="H264"),
        engine_watching(live.viewer) as engine,
        watching(live.viewer, CAMERA) as seen,
    ):
        await engine.until(plays)
        await seen.until(flows)
        assert [r.codec for r in await engine.received()] == ["opus", "H264"]


def _only_tcp(answer: str) -> str:
    return "".join(line for line in answer.splitlines(True) if not line.startswith("a=candidate:") or " tcp " in line)


async def test_chromes_engine_where_udp_is_blocked(live: School) -> None:
    async with camera(live.master), engine_watching(live.viewer, change=_only_tcp) as engine:
        await engine.until(plays)
        assert await engine.path() == "tcp"
        before = await engine.received()
        await engine.until(lambda now: now[1].frames > before[1].frames + 15)


async def test_h264_for_a_viewer_that_has_only_vp8(live: School) -> None:
    """The picture's slot says so; sound and session go on; VP8 in the same place plays in the same session."""
    async with LessonSocket(live.product, live.lesson, live.viewer) as socket, engine_watching(live.viewer, codec="VP8") as engine:
        session = engine.resource.rpartition("/")[2].partition("?")[0]
        async with camera(live.master, "H264"):
            told = await socket.until(lambda m: _whys(m) == {"plain.1": "playing", "plain.2": "unplayable"})
            assert told["session"] == session
            await engine.until(lambda found: found[0].energy > 1e-4)
            assert (await engine.received())[1].packets == 0
            assert engine.pc.connection_state == "connected"
        begun = len(socket.heard)
        async with camera(live.master, "VP8"):
            await socket.until(lambda m: _whys(m) == {"plain.1": "playing", "plain.2": "playing"}, after=begun)
            await engine.until(plays)


def _whys(message: dict[str, Any]) -> dict[str, str]:
    return {slot: shown["why"] for slot, shown in message.get("slots", {}).items()}


@needs_gstreamer
@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_gstreamer_publishes_and_watches(live: School, codec: str) -> None:
    async with GStreamer("publish", codec, live.master) as sender, GStreamer("watch", codec, live.viewer) as receiver:
        await sender.until(lambda g: "connected" in g.states)
        async with watching(live.viewer, CAMERA) as seen:
            await seen.until(flows)
            await receiver.until(lambda g: g.video > 15 and g.audio > 25 and g.loud > 5000)
            assert seen.seen[1].size == (320, 180)
        assert sender.states[-1] == receiver.states[-1] == "connected"


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
async def test_media_over_ipv6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["::1"])  # aioice leaves loopback out
    async with Product(tmp_path / "data", {"SHUANGSHI_MEDIA_HOST": "::1"}) as product:
        live = await _live(product)
        async with camera(live.master) as peer:
            lines = peer.pc.remoteDescription.sdp.splitlines()
            assert {line.split()[4] for line in lines if line.startswith("a=candidate:")} == {"::1"}
            async with watching(live.viewer, CAMERA) as seen, engine_watching(live.viewer) as engine:
                await seen.until(flows)
                await engine.until(plays)
