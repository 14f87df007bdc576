from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.lesson import fold_all
from server.domain.media_plan import (
    Place,
    Watcher,
    owner_of,
    place_of,
    source_key,
    wanted_labels,
    wanted_recording,
    wanted_slots,
    wanted_sources,
)
from server.domain.record.commands import PauseRecording, ResumeRecording, StartRecording, StopRecording
from server.domain.slots import SLOTS, media_kinds
from tests.server.domain.logs import COMMANDS, PEOPLE, START, STEPS, act, live

PLACES = [Place(who, source) for who in PEOPLE for source in ("mic", "camera")]
PLACES += [Place("master", source) for source in ("mic", "camera", "screen")]
ROLES = ("master", "classroom", "viewer", "wall")


def reached(state, watcher):
    """Places whose packets could reach the watcher: planned, with a common label, not muted."""
    sources, labels = wanted_sources(state, PLACES), set(wanted_labels(state, watcher.role))
    plan = wanted_slots(state, watcher, PLACES)
    return {place_of(key) for slot in plan.values() for key in slot.sources if labels & set(sources[key].labels) and not sources[key].muted}


@given(STEPS, st.sampled_from(ROLES), st.sampled_from([None, *PEOPLE]))
def test_privacy(steps, role, participant) -> None:
    state = fold_all(START, live(steps))
    who = {"master": "master", "classroom": participant or "p0"}.get(role)
    got = reached(state, Watcher(role, who, tuple(SLOTS[role])))
    on_stage = set(state.stage.values())
    assert not {place for place in got if place.participant == who}
    if state.phase != "live":
        assert all(role in ("master", "wall") and place.source == "camera" for place in got)
    off = {place for place in got if place.participant not in on_stage and place.participant != "master"}
    assert not off or role in ("master", "wall")
    assert not {place for place in off if place.source == "mic"}
    assert not {place for place in got if place.participant in state.removed}
    if state.phase in ("ended",):
        assert not got


RECORDED = [
    *(c.OpenLesson(), c.GoLive(), c.PauseLesson(), c.EndLesson(), c.ReopenLesson()),
    *(StartRecording(), PauseRecording(), ResumeRecording(), StopRecording()),
]


@given(st.lists(st.tuples(st.one_of(COMMANDS, st.sampled_from(RECORDED)), st.integers(0, 400_000)), max_size=40))
def test_the_recorder_gets_what_everybody_sees_and_nothing_else(steps) -> None:
    state = fold_all(START, live(steps))
    wanted = wanted_recording(state)
    runs = state.record.mode == "on" and state.phase == "live"
    assert (wanted is not None) == (state.record.mode != "off")
    if wanted is None or not runs:
        assert wanted is None or wanted.tracks == {}
        return
    sources = wanted_sources(state, PLACES)
    got = {place_of(key) for key in wanted.tracks.values() if set(wanted.labels) & set(sources[key].labels)}
    seen = {p for p in PLACES if p.participant == "master" or p.participant in state.stage.values()}
    assert got == seen
    assert {f"stage.{n}.{kind}" for n in state.stage for kind in ("video", "audio")} | {"mic", "camera", "screen"} == set(wanted.tracks)


@given(STEPS)
def test_everybody_sees_the_stage_and_the_program_while_live(steps) -> None:
    state = fold_all(START, live(steps))
    if state.phase != "live":
        return
    got = reached(state, Watcher("viewer", None, tuple(SLOTS["viewer"])))
    assert {p for p in got if p.participant == "master"} == {Place("master", s) for s in ("mic", "camera", "screen")}
    assert {p.participant for p in got if p.source == "camera"} == {"master", *state.stage.values()}


@given(STEPS)
def test_plans_name_only_what_labels_allow(steps) -> None:
    state = fold_all(START, live(steps))
    sources = wanted_sources(state, PLACES)
    for role in ROLES:
        labels = set(wanted_labels(state, role))
        for slot in wanted_slots(state, Watcher(role, None, tuple(SLOTS[role])), PLACES).values():
            assert all(labels & set(sources[key].labels) for key in slot.sources)


def live_with_stage():
    state = act(START, c.GoLive(), 1)
    for who in ("p0", "p1"):
        state = act(state, c.Join(participant=who, role="classroom"), 2)
        state = act(state, c.CallOnStage(participant=who), 3)
    return state


def test_a_plain_offer() -> None:
    plain = media_kinds("v=0\r\nm=video 9 X\r\nm=audio 9 X\r\nm=audio 9 X\r\nm=video 9 X\r\nm=video 9 X\r\nm=application 9 X\r\n")
    assert plain == ("video", "audio", "audio", "video", "video")
    plan = wanted_slots(live_with_stage(), Watcher("viewer", None, plain=plain), PLACES)
    assert {name: slot.sources for name, slot in plan.items()} == {
        "plain.1": ("L1/master/camera",),
        "plain.2": ("L1/master/mic", "L1/p0/mic", "L1/p1/mic"),
        "plain.3": (),
        "plain.4": ("L1/master/screen",),
        "plain.5": ("L1/p0/camera",),
    }
    first = wanted_slots(live_with_stage(), Watcher("viewer", None, plain=("video",), screen_first=True), PLACES)
    assert first["plain.1"].sources == ("L1/master/screen",)


def test_a_slot_without_a_publisher_is_there_and_empty() -> None:
    plan = wanted_slots(live_with_stage(), Watcher("viewer", None, ("program.screen", "stage.1.video", "stage.4.audio")), [])
    assert {name: slot.sources for name, slot in plan.items()} == {"program.screen": (), "stage.1.video": (), "stage.4.audio": ()}


def test_wall_slots_take_the_low_layer_and_stage_slots_the_high() -> None:
    plan = wanted_slots(live_with_stage(), Watcher("master", "master", ("wall.1.video", "wall.2.video", "stage.1.video")), PLACES)
    assert plan["wall.2.video"].sources == ("L1/p1/camera",)
    assert (plan["wall.1.video"].low, plan["stage.1.video"].low) == (True, False)


def test_a_microphone_on_stage_is_closed_while_its_room_is_away() -> None:
    state = act(live_with_stage(), c.Leave(participant="p0"), 9)
    assert wanted_sources(state, PLACES)["L1/p0/mic"].muted
    assert not wanted_sources(state, PLACES)["L1/p1/mic"].muted


def test_keys_and_owners() -> None:
    place = Place("p0", "mic")
    assert place_of(source_key("L1", place)) == place
    assert place_of("what") is None
    assert owner_of("L1", "p0", "a") == owner_of("L1", "p0", "b")
    assert owner_of("L1", None, "a") != owner_of("L1", None, "b")
    assert owner_of("L1", None, "p0") != owner_of("L1", "p0", "a")
