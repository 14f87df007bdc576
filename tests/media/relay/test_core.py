from __future__ import annotations

from media.relay import SlotWish, SourceUpdate
from media.wire.reports import SenderReport
from media.wire.rtcp import Pli
from tests.media.relay.stage import Camera, Stage, plan, play, video, video_slot

CAMERA = {"program.camera": SlotWish(("cam",))}


def publishing(stage: Stage) -> Camera:
    stage.publisher(1, "master", [video()], [plan("camera", "cam")])
    return Camera(0xA)


def test_publish_row_forward():
    stage = Stage()
    camera = publishing(stage)
    stage.subscriber(2, [video_slot()], CAMERA)
    assert stage.slot_events() == [("program.camera", None, "waiting")]
    play(stage, 1, camera, 3, key_first=True)
    sent = stage.fake.to(2)
    assert [s.content for s in sent] == [(0xA, f, p) for f in range(3) for p in range(2)]
    assert [s.seq - sent[0].seq for s in sent] == list(range(6))
    assert 0 < sent[0].seq < 2**15
    assert {s.ssrc for s in sent} == {0x1000}
    assert {s.payload_type for s in sent} == {100}
    assert stage.slot_events() == [("program.camera", "cam", "playing")]


def test_waits_for_keyframe_and_asks_for_one():
    stage = Stage()
    camera = publishing(stage)
    stage.subscriber(2, [video_slot()], CAMERA)
    play(stage, 1, camera, 2)
    assert stage.fake.to(2) == []
    assert len(stage.fake.feedback(1, Pli)) == 1
    play(stage, 1, camera, 1, key_first=True)
    assert stage.fake.to(2)[0].keyframe


def test_subscriber_before_publisher():
    stage = Stage()
    stage.subscriber(2, [video_slot()], CAMERA)
    camera = publishing(stage)
    play(stage, 1, camera, 2, key_first=True)
    assert len(stage.fake.to(2)) == 4


def test_late_join_from_the_cached_keyframe():
    stage = Stage()
    camera = publishing(stage)
    play(stage, 1, camera, 10, key_first=True)
    stage.subscriber(2, [video_slot()], CAMERA)
    assert [s.content for s in stage.fake.to(2)] == [(0xA, f, p) for f in range(10) for p in range(2)]
    play(stage, 1, camera, 1)
    sent = stage.fake.to(2)
    assert [s.seq - sent[0].seq for s in sent] == list(range(22))
    assert stage.fake.feedback(1, Pli) == []


def test_sender_report_leaves_right_after_a_switch():
    stage = Stage()
    camera = publishing(stage)
    stage.subscriber(2, [video_slot()], CAMERA)
    stage.pump(1, *camera.frame(keyframe=True))
    reports = stage.fake.feedback(2, SenderReport)
    assert len(reports) == 1
    assert reports[0].ssrc == 0x1000
    assert abs(reports[0].rtp - stage.fake.to(2)[0].timestamp) <= 90


def test_source_update_live_and_silent():
    stage = Stage()
    camera = publishing(stage)
    play(stage, 1, camera, 3, key_first=True)
    stage.run(2_000_000_000)
    updates = [e for e in stage.relay.take_events() if isinstance(e, SourceUpdate)]
    assert [(u.key, u.live, u.codec) for u in updates] == [("cam", True, "VP8"), ("cam", False, "VP8")]


def test_remove_sessions_leaves_nothing():
    stage = Stage()
    camera = publishing(stage)
    stage.subscriber(2, [video_slot()], CAMERA)
    play(stage, 1, camera, 3, key_first=True)
    stage.relay.remove_session(1, stage.now)
    stage.relay.remove_session(2, stage.now)
    stage.run(5_000_000_000)
    counters = stage.relay.counters()
    assert {counters[name] for name in ("publishers", "subscribers", "layers", "sources", "slots", "wanted", "timers")} == {0}
    assert stage.fake.rows == {}
    assert stage.fake.rings == {}


def test_unknown_and_malformed_input_is_counted():
    stage = Stage()
    stage.relay.on_arrivals(b"\0" * 7, stage.now)
    stage.relay.on_rtcp(5, b"\x81", stage.now)
    stage.relay.on_rtcp(5, Pli(1, 2).build(), stage.now)
    stage.relay.on_overflow([99], stage.now)
    stage.relay.remove_session(77, stage.now)
    counters = stage.relay.counters()
    assert counters["arrivals_malformed"] == 1
    assert counters["rtcp_malformed"] == 1
