"""Video that waits in the executor for a larger batch (M1): nothing but its time changes."""

from __future__ import annotations

import itertools
import random

import pytest

from media.relay import SlotWish
from tests.media.relay.memory import Sent
from tests.media.relay.stage import MS, Camera, Stage, Voice, audio, audio_slot, plan, play, video, video_slot

ONE, TWO = {"program.camera": SlotWish(("one",))}, {"program.camera": SlotWish(("two",))}


def test_a_viewer_that_joins_while_a_keyframe_waits_gets_it_once():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "one")])
    camera = Camera(0xA)
    play(stage, 1, camera, 3, key_first=True)
    stage.holding = True
    stage.pump(1, *camera.frame(keyframe=True))
    stage.pump(1, *camera.frame())
    stage.subscriber(2, [video_slot()], ONE)
    stage.pump(1, *camera.frame())
    assert stage.fake.to(2) == []
    stage.holding = False
    stage.flush()
    sent = stage.fake.to(2)
    assert [s.content[1:] for s in sent] == [(frame, at) for frame in (3, 4, 5) for at in (0, 1)]
    assert [s.seq - sent[0].seq for s in sent] == list(range(6))


def test_a_frame_whose_end_waits_counts_as_cut_when_the_slot_goes_on_to_another_source():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "one")])
    stage.publisher(3, "b", [video()], [plan("camera", "two")])
    stage.subscriber(2, [video_slot()], ONE)
    one, two = Camera(0xA), Camera(0xB)
    stage.pump(3, *two.frame(keyframe=True))
    play(stage, 1, one, 2, key_first=True)
    first, second = one.frame()
    stage.pump(1, first)
    stage.holding = True
    stage.pump(1, second)
    stage.relay.configure(2, frozenset({"all"}), TWO, stage.now)
    stage.flush()
    stage.holding = False
    stage.flush()
    before, after = [s for s in stage.fake.to(2) if s.content[0] == 0xA], [s for s in stage.fake.to(2) if s.content[0] == 0xB]
    assert before[-1].content == first.content
    assert after[0].keyframe
    assert after[0].seq == before[-1].seq + 2


def test_sound_never_waits():
    stage = Stage()
    stage.publisher(1, "a", [audio(), video()], [plan("mic", "m"), plan("camera", "one")])
    stage.subscriber(2, [audio_slot(), video_slot()], {**ONE, "program.audio": SlotWish(("m",))})
    voice, camera = Voice(0xC), Camera(0xA)
    stage.holding = True
    for at in range(5):
        stage.pump(1, *camera.frame(keyframe=at == 0), voice.packet())
        assert len(stage.fake.to(2)) == at + 1
    stage.subscriber(3, [audio_slot()], {"program.audio": SlotWish(("m",))})
    stage.pump(1, voice.packet())
    assert len(stage.fake.to(3)) == 1
    assert [s.seq - stage.fake.to(2)[0].seq for s in stage.fake.to(2)] == list(range(6))


def position(sent: Sent) -> tuple[int, int]:
    """(source, packets before it)."""
    source, frame, at = sent.content
    return source, frame * (2 if source == 0xA else 3) + at


def runs(sent: list[Sent]) -> list[list[Sent]]:
    """Cut where a packet does not follow the one before it."""
    found = [[sent[0]]]
    for before, after in itertools.pairwise(sent):
        if position(after) == (position(before)[0], position(before)[1] + 1):
            found[-1].append(after)
        else:
            found.append([after])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_whatever_waits_numbers_run_on_and_every_run_is_whole(seed: int):
    rng = random.Random(seed)
    stage = Stage(seed)
    stage.publisher(1, "a", [video()], [plan("camera", "one")])
    stage.publisher(3, "b", [video()], [plan("camera", "two")])
    one, two = Camera(0xA), Camera(0xB, packets=3)
    joined: list[int] = []
    for at in range(300):
        stage.holding = rng.random() < 0.7
        stage.pump(1, *one.frame(keyframe=rng.random() < 0.1 or at % 15 == 0))
        for packet in two.frame(keyframe=rng.random() < 0.1 or at % 15 == 0):
            stage.holding = rng.random() < 0.7
            stage.pump(3, packet)
        if at % 20 == 5:
            joined.append(100 + at)
            stage.subscriber(100 + at, [video_slot()], rng.choice((ONE, TWO)))
        for session in joined:
            if rng.random() < 0.05:
                stage.relay.configure(session, frozenset({"all"}), rng.choice((ONE, TWO)), stage.now)
        stage.run(33 * MS)
    stage.holding = False
    stage.flush()
    switches = 0
    for session in joined:
        sent = stage.fake.to(session)
        assert len(sent) > 20
        for run in runs(sent):
            assert run[0].keyframe
            assert [s.seq - run[0].seq for s in run] == list(range(len(run)))
        for before, after in itertools.pairwise(runs(sent)):
            switches += 1
            assert after[0].seq - before[-1].seq == (1 if before[-1].marker else 2)
    assert switches > 20
