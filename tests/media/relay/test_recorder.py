"""What a recording captures: the best live layer of permitted sources, from a keyframe that came after it was asked for."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import TableFull
from media.relay.plans import CaptureEvent, CapturePlan, TrackBegun, TrackMoment, TrackOver, TracksKnown
from media.relay.recorder import MAX_RECORDINGS, MAX_TRACKS
from media.wire.feedback import Nack, Pli
from media.wire.ntp import ntp_from_ns
from media.wire.reports import SenderReport
from tests.media.relay.stage import H264, MS, SECOND, Camera, Stage, Voice, audio, plan, play, video

CAMERA, MIC = CapturePlan("camera", "cam", "video"), CapturePlan("mic", "mic", "audio")


class Taped(Stage):
    """A stage with one recording, and what was told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[CaptureEvent] = []

    def record(self, *tracks: CapturePlan, labels: Sequence[str] = ("all",), name: str = "r") -> None:
        self.relay.record(name, tracks, frozenset(labels), self.now)
        self.settle()

    def settle(self) -> None:
        super().settle()
        self.told += self.relay.take_captured() if hasattr(self, "told") else []

    def of(self, kind: type) -> list:
        return [event for event in self.told if isinstance(event, kind)]

    def taken(self, sink: int | None = None) -> list[object]:
        return [stored.packet.content for number, stored in self.fake.sunk if sink in (None, number)]

    def flow(self) -> list[tuple[str, str]]:
        """Beginnings and ends by name, in order."""
        names = {event.sink: event.name for event in self.of(TrackBegun)}
        shape = {TrackBegun: "begun", TrackOver: "over"}
        return [(names[event.sink], shape[type(event)]) for event in self.told if isinstance(event, TrackBegun | TrackOver)]


def published(*, record: bool = True) -> tuple[Taped, Camera, Voice]:
    stage = Taped()
    if record:
        stage.record(CAMERA, MIC)
    stage.publisher(1, "master", [audio(), video()], [plan("mic", "mic"), plan("camera", "cam")])
    return stage, Camera(0xA), Voice(0xB)


def test_camera_and_microphone_from_the_first_keyframe_on_without_a_request_that_is_not_needed():
    stage, camera, voice = published()
    stage.pump(1, voice.packet())
    stage.pump(1, *camera.frame(keyframe=True))
    play(stage, 1, camera, 3)
    stage.pump(1, voice.packet())
    assert stage.flow() == [("mic", "begun"), ("camera", "begun")]
    mic, cam = stage.of(TrackBegun)
    assert (mic.codec.name, mic.payload_type, cam.codec.name, cam.payload_type, cam.layer) == ("opus", 111, "VP8", 96, 0)
    assert stage.taken(mic.sink) == [(0xB, 1), (0xB, 2)]
    assert stage.taken(cam.sink) == [(0xA, frame, at) for frame in range(4) for at in range(2)]
    assert stage.fake.feedback(1, Pli) == []
    assert stage.of(TracksKnown)[-1].names == ("camera", "mic")
    assert [event.sink for event in stage.of(TrackMoment)] == [mic.sink, cam.sink]


def test_nothing_that_came_before_it_was_asked_for():
    """S13: the keyframe in the ring is older than the wish; one is asked for, and what follows it is captured."""
    stage, camera, voice = published(record=False)
    play(stage, 1, camera, 5, key_first=True)
    stage.pump(1, voice.packet())
    stage.record(CAMERA, MIC)
    assert len(stage.fake.feedback(1, Pli)) == 1
    play(stage, 1, camera, 2)
    assert stage.taken() == []
    stage.pump(1, voice.packet(), *camera.frame(keyframe=True))
    assert sorted(stage.taken()) == [(0xA, 7, 0), (0xA, 7, 1), (0xB, 2)]


def test_video_that_waits_for_a_flush_since_before_the_wish_is_not_captured():
    stage, camera, _ = published(record=False)
    play(stage, 1, camera, 2, key_first=True)
    stage.holding = True
    stage.pump(1, *camera.frame(keyframe=True))
    stage.record(CAMERA)
    stage.holding = False
    stage.pump(1, *camera.frame())
    assert stage.taken() == []
    stage.pump(1, *camera.frame(keyframe=True))
    assert stage.taken() == [(0xA, 4, 0), (0xA, 4, 1)]


def test_a_keyframe_whose_beginning_was_lost_is_captured_whole_once_it_is_resent():
    stage, camera, _ = published(record=False)
    play(stage, 1, camera, 2, key_first=True)
    stage.record(CAMERA)
    first, second = camera.frame(keyframe=True)
    stage.pump(1, second)
    stage.run(5 * MS)
    stage.pump(1, first)
    assert sorted(stage.taken()) == [(0xA, 2, 0), (0xA, 2, 1)]


def test_the_resent_beginning_of_a_keyframe_from_before_is_none():
    stage, camera, _ = published(record=False)
    play(stage, 1, camera, 2, key_first=True)
    first, second = camera.frame(keyframe=True)
    stage.pump(1, second)
    stage.record(CAMERA)
    stage.run(SECOND)
    asked = len(stage.fake.feedback(1, Pli))
    stage.pump(1, first)
    stage.run(2 * SECOND)
    assert stage.taken() == []
    assert len(stage.fake.feedback(1, Pli)) > asked


def test_a_lost_packet_is_asked_for_without_any_subscriber_and_captured_when_it_comes():
    stage, camera, _ = published()
    play(stage, 1, camera, 2, key_first=True)
    lost, rest = camera.frame()
    stage.pump(1, rest)
    play(stage, 1, camera, 3)
    (nack,) = stage.fake.feedback(1, Nack)[:1]
    assert nack.sequences == (lost.seq,)
    stage.pump(1, lost)
    assert stage.taken()[-1] == lost.content
    assert stage.taken().count(lost.content) == 1


def test_a_loss_that_stays_is_bridged_by_a_keyframe():
    stage, camera, _ = published()
    play(stage, 1, camera, 2, key_first=True)
    camera.frame()
    play(stage, 1, camera, 200)
    assert len(stage.fake.feedback(1, Pli)) >= 1


@pytest.mark.parametrize("how", ["label", "mute", "wish", "session", "stop", "labels"])
def test_not_a_packet_more_when_it_may_not_be_captured(how):
    stage, camera, voice = published()
    stage.pump(1, voice.packet(), *camera.frame(keyframe=True))
    held = camera.frame()
    records = stage.fake.receive(1, [*held, voice.packet()], stage.now)
    stage.relay.on_arrivals(records, stage.now)
    before = stage.taken()
    {
        "label": lambda: stage.relay.label_sources([plan("", "cam", "wall"), plan("", "mic", "wall")], stage.now),
        "mute": lambda: stage.relay.label_sources([plan("", "cam", muted=True), plan("", "mic", muted=True)], stage.now),
        "wish": lambda: stage.record(),
        "session": lambda: stage.relay.remove_session(1, stage.now),
        "stop": lambda: stage.relay.stop_recording("r", stage.now),
        "labels": lambda: stage.record(CAMERA, MIC, labels=("other",)),
    }[how]()
    stage.flush()
    play(stage, 1, camera, 30, key_first=True)
    assert stage.taken() == before
    assert sorted(stage.flow()[2:]) == [("camera", "over"), ("mic", "over")]
    assert {one.gone for one in stage.of(TrackOver)} == {how == "session"}
    if how not in ("wish", "stop"):
        assert stage.of(TracksKnown)[-1].names == ()


def test_a_source_of_another_kind_or_without_a_common_label_is_never_captured():
    stage = Taped()
    stage.record(CapturePlan("mic", "cam", "audio"), CapturePlan("stage.1.video", "room", "video"))
    stage.publisher(1, "master", [video()], [plan("camera", "cam")])
    stage.publisher(2, "room", [video()], [plan("camera", "room", "wall")])
    play(stage, 1, Camera(0xA), 5, key_first=True)
    play(stage, 2, Camera(0xC), 5, key_first=True)
    assert stage.taken() == []
    assert stage.of(TrackBegun) == []
    stage.relay.label_sources([plan("", "room", "wall", "all")], stage.now)
    play(stage, 2, Camera(0xC, seq=1010, timestamp=20000), 5, key_first=True)
    assert stage.flow() == [("stage.1.video", "begun")]


def test_the_largest_live_layer_one_at_a_time_and_at_a_keyframe():
    stage = Taped()
    stage.record(CAMERA)
    stage.publisher(1, "room", [video(rids=("q", "f"))], [plan("camera", "cam")])
    small, large = Camera(0xA, rid="q"), Camera(0xB, rid="f")
    stage.pump(1, *small.frame(keyframe=True, size=300))
    stage.pump(1, *large.frame())
    stage.pump(1, *small.frame(size=300))
    assert [event.layer for event in stage.of(TrackBegun)] == [0]
    stage.pump(1, *large.frame(keyframe=True))
    for _ in range(3):
        stage.pump(1, *small.frame(size=300), *large.frame())
    assert stage.flow() == [("camera", "begun"), ("camera", "over"), ("camera", "begun")]
    one, two = stage.of(TrackBegun)
    assert (two.layer, {content[0] for content in stage.taken(one.sink)}) == (1, {0xA})
    assert {content[0] for content in stage.taken(two.sink)} == {0xB}
    assert len(stage.taken(two.sink)) == 8
    for _ in range(60):
        stage.pump(1, *small.frame(keyframe=True, size=300))
        stage.run(small.interval)
    assert stage.of(TrackBegun)[-1].layer == 0
    assert stage.taken()[-1][0] == 0xA


def test_another_codec_is_another_track_from_its_keyframe():
    stage = Taped()
    stage.record(CAMERA)
    types = (*video().payload_types, *video(codec=H264, pt=102).payload_types)
    media = dataclasses.replace(video(), payload_types=types)
    stage.publisher(1, "master", [media], [plan("camera", "cam")])
    camera = Camera(0xA)
    play(stage, 1, camera, 2, key_first=True)
    camera.pt = 102
    play(stage, 1, camera, 2)
    play(stage, 1, camera, 2, key_first=True)
    assert stage.flow() == [("camera", "begun"), ("camera", "over"), ("camera", "begun")]
    assert [event.codec.name for event in stage.of(TrackBegun)] == ["VP8", "H264"]
    assert [content[1] for content in stage.taken(stage.of(TrackBegun)[1].sink)] == [4, 4, 5, 5]


def test_a_new_ssrc_and_a_publisher_that_comes_back_go_on_as_new_tracks():
    stage, camera, voice = published()
    stage.pump(1, voice.packet(), *camera.frame(keyframe=True))
    stage.pump(1, *Camera(0xAA).frame(keyframe=True))
    assert stage.flow() == [("mic", "begun"), ("camera", "begun"), ("camera", "over"), ("camera", "begun")]
    stage.publisher(5, "master", [audio(), video()], [plan("mic", "mic"), plan("camera", "cam")])
    stage.pump(5, Voice(0xB5).packet(), *Camera(0xA5).frame(keyframe=True))
    assert sorted(stage.flow()[4:6]) == [("camera", "over"), ("mic", "over")]
    assert stage.flow()[6:] == [("mic", "begun"), ("camera", "begun")]
    assert {content[0] for content in stage.taken()[-3:]} == {0xB5, 0xA5}


def test_a_stream_that_begins_anew_is_another_track():
    stage, camera, voice = published()
    stage.pump(1, voice.packet(), *camera.frame(keyframe=True))
    camera.seq += 20_000
    voice.seq += 20_000
    stage.pump(1, voice.packet(), *camera.frame())
    assert stage.flow()[2:] == [("mic", "over"), ("mic", "begun"), ("camera", "over")]
    stage.pump(1, *camera.frame(keyframe=True))
    assert stage.flow()[5:] == [("camera", "begun")]


def test_a_keyframe_is_asked_for_when_there_was_none_for_ten_seconds_and_not_more_often():
    stage, camera, _ = published()
    play(stage, 1, camera, 1, key_first=True)
    asked = 0
    for _ in range(35 * 30):
        now = len(stage.fake.feedback(1, Pli))
        play(stage, 1, camera, 1, key_first=now > asked)
        asked = now
    assert asked == 3


def test_a_publisher_that_answers_no_request_is_asked_once_a_second_at_most():
    stage, camera, _ = published()
    play(stage, 1, camera, 30 * 20, key_first=True)
    assert 5 <= len(stage.fake.feedback(1, Pli)) <= 11


def test_sound_and_picture_of_one_publisher_share_one_clock_by_its_reports():
    """The picture is on its way 300 ms longer than the sound: arrivals say 300 ms, reports say the truth."""
    stage, camera, voice = published()
    stage.pump(1, voice.packet())
    stage.run(300 * MS)
    stage.pump(1, *camera.frame(keyframe=True))
    sent = 1_600_000_000 * SECOND
    stage.relay.on_rtcp(1, SenderReport(0xB, ntp_from_ns(sent), 0, 1, 1).build(), stage.now)
    stage.relay.on_rtcp(1, SenderReport(0xA, ntp_from_ns(sent), 5000, 1, 1).build(), stage.now)
    stage.run(SECOND)
    last = {event.sink: event for event in stage.of(TrackMoment)}
    mic, cam = (last[event.sink] for event in stage.of(TrackBegun))
    assert (mic.rtp & 0xFFFFFFFF, cam.rtp & 0xFFFFFFFF) == (0, 5000)
    assert mic.at == cam.at
    assert len(stage.of(TrackMoment)) in (3, 4)


def test_moments_come_every_ten_seconds_and_with_each_wish():
    stage, _, voice = published()
    for _ in range(45 * 50):
        stage.pump(1, voice.packet())
        stage.run(20 * MS)
    assert 4 <= len(stage.of(TrackMoment)) <= 5
    before = len(stage.of(TrackMoment))
    stage.record(CAMERA, MIC)
    assert len(stage.of(TrackMoment)) == before + 1


def test_tables_are_bounded_and_forget():
    stage = Taped()
    with pytest.raises(TableFull):
        stage.record(*(CapturePlan(f"stage.{n}.video", f"k{n}", "video") for n in range(MAX_TRACKS + 1)))
    for n in range(MAX_RECORDINGS):
        stage.record(CAMERA, name=f"r{n}")
    with pytest.raises(TableFull):
        stage.record(CAMERA, name="one more")
    stage.record(CAMERA, MIC, name="r0")
    assert stage.relay.counters()["captures"] == MAX_RECORDINGS + 1
    for n in range(MAX_RECORDINGS):
        stage.relay.stop_recording(f"r{n}", stage.now)
    stage.relay.stop_recording("never", stage.now)
    stage.run(3 * SECOND)
    assert (stage.relay.counters()["recordings"], stage.relay.counters()["captures"], stage.relay.counters()["timers"]) == (0, 0, 0)


def test_live_while_a_permitted_source_sends():
    stage, camera, _ = published()
    assert not stage.relay.recording_live("r")
    play(stage, 1, camera, 2)
    assert stage.relay.recording_live("r")
    assert not stage.relay.recording_live("other")
    stage.run(3 * SECOND)
    assert not stage.relay.recording_live("r")


STEPS = st.lists(
    st.sampled_from(["frame", "key", "lost", "voice", "on", "off", "mute", "heard", "leave", "come", "ssrc", "wait", "jump"]), max_size=60
)


@given(STEPS, st.integers(0, 1000))
def test_whatever_happens_each_sink_is_one_stream_from_a_keyframe_while_it_may_be(steps, seed):
    rng = random.Random(seed)
    stage, camera, voice = published()
    session, wanted, muted, here = 1, True, False, True
    for step in steps:
        allowed_before = len(stage.fake.sunk)
        if step in ("frame", "key", "lost") and here:
            frame = camera.frame(keyframe=step == "key")
            stage.pump(session, *(frame[1:] if step == "lost" else frame))
        elif step == "voice" and here:
            stage.pump(session, voice.packet())
        elif step in ("on", "off"):
            wanted = step == "on"
            stage.record(*((CAMERA, MIC) if wanted else ()))
        elif step in ("mute", "heard") and here:
            muted = step == "mute"
            stage.relay.label_sources([plan("", "cam", muted=muted), plan("", "mic", muted=muted)], stage.now)
        elif step == "leave" and here:
            here = False
            stage.relay.remove_session(session, stage.now)
        elif step == "come":
            session, here, muted = session + 1, True, False
            stage.publisher(session, "master", [audio(), video()], [plan("mic", "mic"), plan("camera", "cam")])
            camera, voice = Camera(rng.randrange(1 << 20, 1 << 30)), Voice(rng.randrange(1 << 10, 1 << 19))
        elif step == "ssrc":
            camera = Camera(rng.randrange(1 << 20, 1 << 30))
        elif step == "wait":
            stage.run(rng.randrange(1, 3) * SECOND)
        elif step == "jump":
            camera.seq += rng.randrange(4000, 20_000)
        if not wanted or muted or not here:
            assert len(stage.fake.sunk) == allowed_before
    stage.settle()
    begun = {event.sink: event for event in stage.of(TrackBegun)}
    assert len(begun) == len(stage.of(TrackBegun))
    for sink, event in begun.items():
        packets = [stored for number, stored in stage.fake.sunk if number == sink]
        assert len({stored.packet.ssrc for stored in packets}) <= 1
        assert len({stored.seq for stored in packets}) == len(packets)
        assert not packets or event.name == "mic" or min(packets, key=lambda stored: stored.seq).packet.keyframe
    ended = [event.sink for event in stage.of(TrackOver)]
    assert len(set(ended)) == len(ended)
    assert set(stage.fake.sinks) == set(begun) - set(ended)
