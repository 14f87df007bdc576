from __future__ import annotations

import dataclasses
import itertools

from media.relay import SlotWish
from media.wire.feedback import Nack, Pli
from media.wire.negotiated import Codec, PayloadType
from media.wire.reports import ReceiverReport, ReportBlock, SenderReport
from tests.media.relay.stage import H264, MS, SECOND, VP8, Camera, Stage, Voice, audio, audio_slot, plan, play, video, video_slot

WISH = {"program.camera": SlotWish(("cam",))}


def two_cameras(stage: Stage) -> tuple[Camera, Camera]:
    stage.publisher(1, "a", [video()], [plan("camera", "one")])
    stage.publisher(3, "b", [video()], [plan("camera", "two")])
    return Camera(0xA), Camera(0xB, seq=65530, timestamp=2**32 - 9000, picture_id=9)


def wish(stage: Stage, *keys: str, quality: str = "high") -> None:
    stage.relay.configure(2, frozenset({"all"}), {"program.camera": SlotWish(keys, quality)}, stage.now)  # type: ignore[arg-type]


def test_switch_only_at_a_keyframe_with_numbers_running_on():
    stage = Stage()
    one, two = two_cameras(stage)
    stage.subscriber(2, [video_slot()], {"program.camera": SlotWish(("one",))})
    for at in range(100):
        stage.pump(1, *one.frame(keyframe=at == 0))
        stage.pump(3, *two.frame(keyframe=at in (0, 90)))
        if at == 80:
            wish(stage, "two")
        stage.run(33 * MS)
    sent = stage.fake.to(2)
    assert [s.seq - sent[0].seq for s in sent] == list(range(len(sent)))
    switched = next(i for i, s in enumerate(sent) if s.content[0] == 0xB)
    assert sent[switched].keyframe
    assert sent[switched].content[1] == 90
    assert all(s.content[0] == 0xB for s in sent[switched:])
    assert all(b.timestamp >= a.timestamp for a, b in itertools.pairwise(sent))
    pictures = [s.picture_id for s in sent if s.marker]
    assert [p - pictures[0] for p in pictures] == list(range(len(pictures)))
    assert (sent[switched].tl0 - sent[switched - 1].tl0) & 0xFF == 1


def test_wish_withdrawn_empties_the_slot():
    stage = Stage()
    one, _ = two_cameras(stage)
    stage.subscriber(2, [video_slot()], {"program.camera": SlotWish(("one",))})
    play(stage, 1, one, 3, key_first=True)
    stage.relay.configure(2, frozenset({"all"}), {}, stage.now)
    count = len(stage.fake.to(2))
    play(stage, 1, one, 3, key_first=True)
    assert len(stage.fake.to(2)) == count
    assert stage.slot_events()[-1] == ("program.camera", None, "empty")


def test_slot_empty_for_five_minutes():
    stage = Stage()
    one, two = two_cameras(stage)
    stage.subscriber(2, [video_slot()], {"program.camera": SlotWish(("one",))})
    play(stage, 1, one, 3, key_first=True)
    last = stage.fake.to(2)[-1]
    stage.relay.configure(2, frozenset({"all"}), {}, stage.now)
    stage.run(300 * SECOND)
    assert stage.fake.to(2)[-1] == last
    wish(stage, "two")
    play(stage, 3, two, 2, key_first=True)
    after = [s for s in stage.fake.to(2) if s.at > last.at]
    assert after[0].seq == last.seq + 1
    assert abs(after[0].timestamp - last.timestamp - 300 * 90000) < 90000


def test_unplayable_is_said_and_counted():
    stage = Stage()
    stage.publisher(1, "a", [video(codec=Codec("AV1", 90000))], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    play(stage, 1, Camera(0xA), 2, key_first=True)
    assert stage.fake.to(2) == []
    assert stage.slot_events()[-1] == ("program.camera", None, "unplayable")
    assert stage.relay.counters()["unplayable"] == 1


def test_low_and_high_wishes_take_their_layers():
    stage = Stage()
    stage.publisher(1, "a", [video(rids=("q", "f"))], [plan("camera", "cam")])
    wall, big = video_slot("wall.1.video", 0x5000), video_slot("stage.1.video", 0x6000)
    stage.subscriber(2, [wall, big], {"wall.1.video": SlotWish(("cam",), "low"), "stage.1.video": SlotWish(("cam",))})
    small, full = Camera(0xA, rid="q"), Camera(0xB, rid="f")
    for at in range(3):
        stage.pump(1, *small.frame(keyframe=at == 0))
        stage.run(33 * MS)
    assert {s.content[0] for s in stage.fake.to(2)} == {0xA}, "only q lives: both slots show it"
    for at in range(5):
        stage.pump(1, *small.frame(), *full.frame(keyframe=at == 2))
        stage.run(33 * MS)
    now_shown = {s.ssrc: s.content[0] for s in stage.fake.to(2)}
    assert now_shown == {0x5000: 0xA, 0x6000: 0xB}
    # `f` ends: the stage falls back to `q` at its next keyframe.
    for _ in range(40):
        stage.pump(1, *small.frame(keyframe=True))
        stage.run(33 * MS)
    assert [s.content[0] for s in stage.fake.to(2) if s.ssrc == 0x6000][-1] == 0xA


def test_mid_is_sent_until_the_first_receiver_report():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 2, key_first=True)
    assert all(s.mid for s in stage.fake.to(2))
    stage.relay.on_rtcp(2, ReceiverReport(9, (ReportBlock(0x1000, 0, 0, 3, 0),)).build(), stage.now)
    play(stage, 1, camera, 1)
    assert [s.mid for s in stage.fake.to(2)[-2:]] == [False, False]


def test_overflow_stops_video_until_the_next_keyframe():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    stage.subscriber(4, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 3, key_first=True)
    row = stage.fake.to(2)[0].row
    stage.relay.on_overflow([row], stage.now)
    play(stage, 1, camera, 10)
    assert len(stage.fake.to(2)) == 6
    assert len(stage.fake.to(4)) == 26
    assert len(stage.fake.feedback(1, Pli)) == 0, "no keyframe is asked of the publisher at once"
    stage.run(1100 * MS)
    play(stage, 1, camera, 3)
    assert len(stage.fake.feedback(1, Pli)) >= 1
    play(stage, 1, camera, 2, key_first=True)
    sent = stage.fake.to(2)
    assert len(sent) == 10
    assert [s.seq - sent[0].seq for s in sent] == list(range(10))


def test_a_subscriber_that_stays_behind_costs_ever_fewer_keyframes():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 1, key_first=True)
    row, asked, seen = stage.fake.to(2)[0].row, 0, len(stage.fake.to(2))
    times = []
    for _ in range(60 * 30):
        answers = len(stage.fake.feedback(1, Pli)) > asked
        if answers:
            asked = len(stage.fake.feedback(1, Pli))
            times.append(stage.now)
        play(stage, 1, camera, 1, key_first=answers)
        if len(stage.fake.to(2)) > seen:
            stage.relay.on_overflow([row], stage.now)
            seen = len(stage.fake.to(2))
    gaps = [(after - before) / SECOND for before, after in itertools.pairwise(times)]
    assert len(times) in (5, 6)
    assert all(after > 1.8 * before for before, after in itertools.pairwise(gaps[:3]))


def test_a_number_is_left_out_where_a_parked_picture_was_cut_within_a_frame():
    for torn in (False, True):
        stage = Stage()
        stage.publisher(1, "a", [video()], [plan("camera", "cam")])
        stage.subscriber(2, [video_slot()], WISH)
        camera = Camera(0xA)
        play(stage, 1, camera, 2, key_first=True)
        if torn:
            stage.pump(1, camera.frame()[0])
        last = stage.fake.to(2)[-1].seq
        stage.relay.remove_session(1, stage.now)
        stage.publisher(3, "a", [video()], [plan("camera", "cam")])
        play(stage, 3, Camera(0xC), 1, key_first=True)
        assert stage.fake.to(2)[-2].seq - last == 1 + torn


def test_disconnected_video_pauses_and_audio_goes_on():
    stage = Stage()
    stage.publisher(1, "a", [audio(), video()], [plan("camera", "cam"), plan("mic", "m")])
    stage.subscriber(2, [audio_slot(), video_slot()], {**WISH, "program.audio": SlotWish(("m",))})
    camera, voice = Camera(0xA), Voice(0xB)
    stage.pump(1, *camera.frame(keyframe=True), voice.packet())
    stage.relay.set_connected(2, False, stage.now)
    stage.pump(1, *camera.frame(), voice.packet())
    assert [s.ssrc for s in stage.fake.to(2)].count(0x1000) == 2
    assert [s.ssrc for s in stage.fake.to(2)].count(0x2000) == 2
    for _ in range(70):
        stage.pump(1, *camera.frame())
        stage.run(33 * MS)
    stage.relay.set_connected(2, True, stage.now)
    assert len(stage.fake.feedback(1, Pli)) == 1
    stage.pump(1, *camera.frame(keyframe=True))
    assert [s.keyframe for s in stage.fake.to(2) if s.ssrc == 0x1000][2] is True


def test_takeover_by_a_newer_session_with_the_same_key():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    old, new = Camera(0xA), Camera(0xB, seq=65534)
    play(stage, 1, old, 3, key_first=True)
    stage.publisher(7, "a", [video()], [plan("camera", "cam")])
    play(stage, 1, old, 3)
    play(stage, 7, new, 3, key_first=True)
    stage.relay.remove_session(1, stage.now)
    play(stage, 7, new, 3)
    sent = stage.fake.to(2)
    assert [s.content[0] for s in sent] == [0xA] * 6 + [0xB] * 12
    assert [s.seq - sent[0].seq for s in sent] == list(range(18))
    assert stage.relay.counters()["takeovers"] == 1


def test_publisher_restarts_with_a_new_ssrc():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    play(stage, 1, Camera(0xA, seq=65533), 4, key_first=True)
    again = Camera(0xC, seq=65535, timestamp=77)
    play(stage, 1, again, 2)
    play(stage, 1, again, 4, key_first=True)
    sent = stage.fake.to(2)
    assert [s.seq - sent[0].seq for s in sent] == list(range(16))
    assert sent[8].keyframe
    assert sent[8].content[0] == 0xC
    assert all(b.timestamp >= a.timestamp for a, b in itertools.pairwise(sent))
    assert stage.relay.counters()["layers"] == 1


def test_sequence_restart_on_the_same_ssrc_waits_for_a_keyframe():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 4, key_first=True)
    camera.seq += 20_000
    play(stage, 1, camera, 2)
    play(stage, 1, camera, 4, key_first=True)
    sent = stage.fake.to(2)
    assert [s.seq - sent[0].seq for s in sent] == list(range(16))
    assert sent[8].keyframe


def test_what_the_publisher_never_sends_again_is_bridged_by_a_keyframe():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 4, key_first=True)
    camera.frame()  # lost, and its publisher answers no NACK
    before = len(stage.fake.feedback(1, Pli))
    play(stage, 1, camera, 30)
    assert len(stage.fake.feedback(1, Pli)) == before, "there is still hope"
    play(stage, 1, camera, 30)
    assert len(stage.fake.feedback(1, Pli)) == before + 1
    play(stage, 1, camera, 120, key_first=True)
    assert len(stage.fake.feedback(1, Pli)) == before + 1, "the keyframe led over it"


def test_an_outage_is_bridged_at_once():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 4, key_first=True)
    for _ in range(300):
        camera.frame()
    stage.run(10 * SECOND)
    before = len(stage.fake.feedback(1, Pli))
    play(stage, 1, camera, 1)
    assert len(stage.fake.feedback(1, Pli)) == before + 1


def test_a_loss_that_nobody_watches_or_a_keyframe_passed_costs_nothing():
    for keyframe in (True, False):
        stage = Stage()
        stage.publisher(1, "a", [video()], [plan("camera", "cam")])
        if keyframe:
            stage.subscriber(2, [video_slot()], WISH)
        camera = Camera(0xA)
        play(stage, 1, camera, 4, key_first=True)
        camera.frame()
        before = len(stage.fake.feedback(1, Pli))
        play(stage, 1, camera, 10)
        play(stage, 1, camera, 60, key_first=keyframe)
        assert len(stage.fake.feedback(1, Pli)) == before


def test_out_of_band_parameter_sets_go_before_the_keyframe():
    codec = dataclasses.replace(H264, parameters={**H264.parameters, "sprop-parameter-sets": "Z0LAHtkA2D3n,aMuMsg=="})
    stage = Stage()
    stage.publisher(1, "a", [video(codec=codec)], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    play(stage, 1, Camera(0xA, vp8=False), 2, key_first=True)
    sent = stage.fake.to(2)
    assert sent[0].content[0] == 0x78
    assert b"\x67\x42\xc0\x1e" in sent[0].content
    assert sent[0].payload_type == sent[1].payload_type == 102
    assert sent[0].timestamp == sent[1].timestamp
    assert [s.seq - sent[0].seq for s in sent] == list(range(5))


def test_nack_is_answered_three_times_and_not_before_the_keyframe():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 5, key_first=True)
    play(stage, 1, camera, 5, key_first=True)
    sent = stage.fake.to(2)
    old, new = sent[2].seq & 0xFFFF, sent[12].seq & 0xFFFF
    for _ in range(5):
        stage.relay.on_rtcp(2, Nack(1, 0x1000, (old, new)).build(), stage.now)
        stage.relay.on_rtcp(2, Nack(1, 0x1000, (old, new)).build(), stage.now)
        stage.run(150 * MS)
    resent = [s for s in stage.fake.to(2) if s.resent]
    assert [s.seq & 0xFFFF for s in resent] == [new] * 3


def test_round_trip_from_receiver_reports():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    play(stage, 1, Camera(0xA), 2, key_first=True)
    report = stage.fake.feedback(2, SenderReport)[-1]
    assert isinstance(report, SenderReport)
    sent_at = stage.now
    stage.relay.link_reports(stage.now)
    stage.run(80 * MS)
    block = ReportBlock(0x1000, 64, 5, 100, 0, lsr=report.ntp >> 16 & 0xFFFFFFFF, dlsr=0)
    stage.relay.on_rtcp(2, ReceiverReport(9, (block,)).build(), stage.now)
    link = next(r for r in stage.relay.link_reports(stage.now) if r.session == 2)
    elapsed = (stage.now - sent_at) / 1e6
    assert elapsed <= link.rtt_ms <= elapsed + 70
    assert link.loss == 0.25


def test_fifty_joins_in_a_second_cost_two_keyframe_requests_at_most():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    camera = Camera(0xA, packets=8)
    play(stage, 1, camera, 60, key_first=True)
    asked, answer_at = 0, None
    for at in range(60):
        if at < 50:
            stage.subscriber(100 + at, [video_slot()], WISH)
        stage.run(20 * MS)
        plis = len(stage.fake.feedback(1, Pli))
        if plis > asked:
            asked, answer_at = plis, at + 4
        if at % 2 == 0:
            stage.pump(1, *camera.frame(keyframe=answer_at is not None and at >= answer_at))
            answer_at = None if answer_at is not None and at >= answer_at else answer_at
    assert asked <= 2
    play(stage, 1, camera, 30)
    for session in range(100, 150):
        sent = stage.fake.to(session)
        assert sent
        assert sent[0].keyframe
        assert sent[-1].content == (0xA, camera.frames - 1, 7), "everybody is live"
        assert [s.seq - sent[0].seq for s in sent] == list(range(len(sent)))


def test_a_cached_keyframe_leaves_within_forty_milliseconds_but_not_in_one_burst():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    camera = Camera(0xA, packets=11)
    play(stage, 1, camera, 5, key_first=True)
    stage.subscriber(2, [video_slot()], WISH)
    joined = stage.now
    assert len(stage.fake.to(2)) == 22, "whole frames"
    stage.run(40 * MS)
    sent = stage.fake.to(2)
    assert [s.content[1:] for s in sent] == [(frame, at) for frame in range(5) for at in range(11)]
    assert {s.at - joined for s in sent} == {0, 20 * MS, 40 * MS}
    play(stage, 1, camera, 1)
    assert [s.seq - sent[0].seq for s in stage.fake.to(2)] == list(range(66))
    assert stage.fake.feedback(1, Pli) == []


def test_deaf_publisher_is_served_from_the_ring_within_three_seconds():
    stage = Stage()
    stage.publisher(1, "obs", [video(pli=True)], [plan("camera", "cam")])
    camera = Camera(0xA, packets=4)
    play(stage, 1, camera, 90, key_first=True)
    stage.subscriber(2, [video_slot()], WISH)
    joined = stage.now
    play(stage, 1, camera, 170)
    sent = stage.fake.to(2)
    assert sent[0].keyframe
    assert sent[0].at - joined < 3 * SECOND
    assert sent[-1].content == (0xA, 259, 3)
    assert [s.seq - sent[0].seq for s in sent] == list(range(len(sent)))
    # Not faster than 2.5 times its rate (120 packets/s), one step apart.
    second = [s for s in sent if s.at - sent[0].at < SECOND]
    assert len(second) <= 1.1 * 2.5 * 120
    # The next one need not wait.
    stage.subscriber(3, [video_slot()], WISH)
    assert stage.fake.to(3)[0].keyframe


def test_padding_closes_its_gap():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot()], WISH)
    camera = Camera(0xA)
    play(stage, 1, camera, 1, key_first=True)
    first = camera.frame()
    stage.pump(1, dataclasses.replace(first[0], padding=True, marker=False), dataclasses.replace(first[1], padding=True))
    play(stage, 1, camera, 1)
    sent = stage.fake.to(2)
    assert [s.seq - sent[0].seq for s in sent] == [0, 1, 2, 3]


def test_two_payload_type_maps():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.subscriber(2, [video_slot(codecs=((120, VP8),))], WISH)
    stage.subscriber(3, [video_slot(codecs=((35, H264), (36, VP8)))], WISH)
    play(stage, 1, Camera(0xA), 1, key_first=True)
    assert {s.payload_type for s in stage.fake.to(2)} == {120}
    assert {s.payload_type for s in stage.fake.to(3)} == {36}
    assert PayloadType(36, VP8, 37) in video_slot(codecs=((36, VP8),)).payload_types


def test_thousand_joins_and_leaves_leave_the_tables_flat():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    camera = Camera(0xA)
    play(stage, 1, camera, 2, key_first=True)
    stage.run(SECOND // 2)
    before = {k: v for k, v in stage.relay.counters().items() if k in ("slots", "timers", "wanted", "subscribers", "layers")}
    for session in range(10, 1010):
        stage.subscriber(session, [video_slot()], WISH)
        stage.relay.remove_session(session, stage.now)
    after = {k: v for k, v in stage.relay.counters().items() if k in before}
    assert after == before
    assert len(stage.fake.rows) == 0
