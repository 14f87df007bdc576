from __future__ import annotations

from media.relay import SlotWish
from media.wire.feedback import Nack
from media.wire.rows import NO_LAYER
from tests.media.relay.stage import SECOND, Camera, Stage, Voice, audio, audio_slot, plan, play, video, video_slot

WISH = {"program.camera": SlotWish(("cam",))}


def playing(labels=("stage",)) -> tuple[Stage, Camera]:
    stage = Stage()
    stage.publisher(1, "class-1", [video()], [plan("camera", "cam", "stage", "wall")])
    stage.subscriber(2, [video_slot()], WISH, labels=labels)
    camera = Camera(0xA)
    play(stage, 1, camera, 5, key_first=True)
    return stage, camera


def test_revocation_cuts_at_the_next_packet():
    stage, camera = playing()
    before = stage.fake.to(2)
    assert len(before) == 10
    stage.relay.label_sources([plan("", "cam", "wall")], stage.now)
    row = before[0].row
    assert stage.fake.forgotten == [row]
    assert stage.fake.rows[row].row.layer == NO_LAYER
    stage.relay.on_rtcp(2, Nack(1, 0x1000, tuple(s.seq & 0xFFFF for s in before)).build(), stage.now)
    play(stage, 1, camera, 40, key_first=True)
    stage.run(3 * SECOND)
    assert stage.fake.to(2) == before
    assert stage.slot_events()[-1] == ("program.camera", None, "refused")
    assert stage.relay.counters()["refused"] == 1


def test_revocation_while_the_batch_is_not_forwarded_yet():
    stage, camera = playing()
    count = len(stage.fake.to(2))
    records = stage.fake.receive(1, camera.frame(), stage.now)
    stage.relay.on_arrivals(records, stage.now)
    stage.relay.configure(2, frozenset({"other"}), WISH, stage.now)
    stage.fake.flush()
    assert len(stage.fake.to(2)) == count


def test_numbers_run_on_after_the_label_is_given_back():
    stage, camera = playing()
    last = stage.fake.to(2)[-1]
    stage.relay.label_sources([plan("", "cam", "wall")], stage.now)
    play(stage, 1, camera, 20)
    stage.relay.label_sources([plan("", "cam", "stage")], stage.now)
    play(stage, 1, camera, 1, key_first=True)
    after = [s for s in stage.fake.to(2) if s.at > last.at]
    assert after[0].seq == last.seq + 1
    assert after[0].timestamp > last.timestamp
    assert after[0].keyframe


def test_owner_never_gets_its_own_source():
    stage = Stage()
    stage.publisher(1, "class-1", [video()], [plan("camera", "cam", "stage")])
    stage.subscriber(2, [video_slot()], WISH, labels=("stage",), owner="class-1")
    play(stage, 1, Camera(0xA), 5, key_first=True)
    assert stage.fake.to(2) == []


def test_no_common_label_no_packet():
    stage, camera = playing(labels=("lesson-2",))
    play(stage, 1, camera, 30, key_first=True)
    assert stage.fake.to(2) == []


def test_muted_microphone_goes_to_nobody_until_unmuted():
    stage = Stage()
    stage.publisher(1, "class-1", [audio()], [plan("mic", "m", "stage", muted=True)])
    stage.subscriber(2, [audio_slot()], {"program.audio": SlotWish(("m",))}, labels=("stage",))
    voice = Voice(0xB)
    stage.pump(1, voice.packet())
    assert stage.fake.to(2) == []
    stage.relay.label_sources([plan("", "m", "stage")], stage.now)
    stage.pump(1, voice.packet())
    assert len(stage.fake.to(2)) == 1
    stage.relay.label_sources([plan("", "m", "stage", muted=True)], stage.now)
    stage.pump(1, voice.packet())
    assert len(stage.fake.to(2)) == 1


def test_a_publisher_brings_the_latest_labels_of_its_keys():
    """Off stage since it was last here: what a label said then must not let it through now."""
    stage, _ = playing()
    stage.relay.label_sources([plan("", "cam", "stage")], stage.now)
    stage.relay.remove_session(1, stage.now)
    stage.relay.label_sources([plan("", "cam", "stage")], stage.now)
    count = len(stage.fake.to(2))
    stage.publisher(3, "class-1", [video()], [plan("camera", "cam", "wall")])
    play(stage, 3, Camera(0xC), 5, key_first=True)
    assert len(stage.fake.to(2)) == count
    stage.relay.label_sources([plan("", "cam", "stage")], stage.now)
    play(stage, 3, Camera(0xC, seq=5000), 1, key_first=True)
    assert len(stage.fake.to(2)) > count


def test_a_microphone_muted_when_it_left_is_heard_if_it_comes_back_on_stage():
    stage = Stage()
    stage.publisher(1, "class-1", [audio()], [plan("mic", "m", "stage")])
    stage.subscriber(2, [audio_slot()], {"program.audio": SlotWish(("m",))}, labels=("stage",))
    stage.relay.label_sources([plan("", "m", "stage", muted=True)], stage.now)
    stage.relay.remove_session(1, stage.now)
    stage.publisher(3, "class-1", [audio()], [plan("mic", "m", "stage")])
    stage.pump(3, Voice(0xB).packet())
    assert len(stage.fake.to(2)) == 1
