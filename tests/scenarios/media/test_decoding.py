"""Real decoders show what publishers of every kind send."""

from __future__ import annotations

import dataclasses

import pytest

from tests.harness.clips import Clip
from tests.harness.node import NodeUnderTest, plan
from tests.harness.offers import H264, OPUS, VP8, Line
from tests.harness.sending import RawPublisher, read_mark
from tests.harness.viewing import RawViewer, eventually, step16

SLOTS = {"program.camera": plan("m/camera")}


@pytest.mark.parametrize("line", [VP8, H264], ids=["VP8", "H264"])
async def test_an_aiortc_viewer_decodes(node: NodeUnderTest, line: Line) -> None:
    publisher = RawPublisher([OPUS, line])
    await node.publish(publisher, {"mic": "m/mic", "camera": "m/camera"}, owner="m")
    codec = line.formats[0].name.partition("/")[0]
    publisher.stream(1, "camera", clip=Clip(codec))
    with publisher.playing():
        viewer = await node.decode(SLOTS)
        await viewer.more(10)
        assert viewer.sizes == [(320, 180)]


async def test_h264_whose_parameter_sets_are_only_in_the_offer(node: NodeUnderTest) -> None:
    clip = Clip("H264", in_band=False)
    form = dataclasses.replace(H264.formats[0], parameters=f"{H264.formats[0].parameters};sprop-parameter-sets={clip.sprop}")
    publisher = RawPublisher([dataclasses.replace(H264, formats=(form,))])
    await node.publish(publisher, {"camera": "m/camera"}, owner="m")
    publisher.stream(0, "camera", clip=clip)
    with publisher.playing():
        first = await node.decode(SLOTS)
        await first.more(5)
        late = await node.decode(SLOTS)
        await late.more(5)
        assert late.sizes == [(320, 180)]


@pytest.mark.scenario
async def test_a_publisher_that_answers_no_keyframe_request(node: NodeUnderTest) -> None:
    """FFmpeg with its GOP of 10 s: who joins late gets the whole GOP from the ring, within 3 s (M12)."""
    publisher = RawPublisher([VP8])
    await node.publish(publisher, {"camera": "m/camera"}, owner="m")
    publisher.deaf = True
    camera = publisher.stream(0, "camera", packets_per_frame=4)
    with publisher.playing():
        await eventually(lambda: camera.frames > 18)
        viewer = RawViewer((VP8,))
        await node.watch(viewer, SLOTS)
        assert await eventually(lambda: viewer.on("program.camera")) < 3
        assert read_mark(viewer.on("program.camera")[0].payload).count == 1
        await eventually(lambda: read_mark(viewer.on("program.camera")[-1].payload).count == camera.frames)
    assert set(step16(viewer.on("program.camera"))) == {1}
    assert publisher.keyframe_requests[camera.ssrc] >= 2
