"""The small nouns of relay, each by itself."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import TableFull
from media.relay import SlotWish
from media.relay.answers import Answers
from media.relay.clock import LayerClock, SenderClock, unix_ns
from media.relay.codecs import parameter_sets, payload_map
from media.relay.keyframes import KeyframeRequests
from media.relay.losses import PublisherLosses
from media.relay.publisher import Publisher
from media.relay.received import ReceivedLayer
from media.relay.source import Source
from media.relay.timers import Timers
from media.relay.transport_log import TransportLog
from media.wire.negotiated import Codec, PayloadType
from media.wire.ntp import ntp_from_ns
from media.wire.rows import ArrivalFlag
from tests.media.relay.stage import IDS, VP8, Stage, plan, video, video_slot
from tests.network import MS, SECOND


def layer(rid: str = "", **more) -> ReceivedLayer:
    source = Source(1, "a", video(**more), plan("camera", "cam"))
    made = ReceivedLayer(1, source, rid, 0xA, LayerClock(90000, SenderClock()))
    source.add(made)
    return made


def h264(profile: str, mode: str = "1", **more: str) -> Codec:
    return Codec("H264", 90000, 1, {"profile-level-id": profile, "packetization-mode": mode, **more})


# --- timers


def test_timers_run_in_order_and_once():
    timers, ran = Timers(), []
    for name, at in (("b", 20), ("a", 10), ("c", 30)):
        timers.at(name, at, lambda now, name=name: ran.append(name))
    timers.at("b", 40, lambda now: ran.append("b late"))
    timers.cancel("c")
    assert timers.deadline() == 10
    timers.run(25)
    assert ran == ["a"]
    assert timers.deadline() == 40
    timers.run(40)
    timers.run(99)
    assert ran == ["a", "b late"]
    assert timers.deadline() is None


def test_timers_set_again_a_million_times_stay_small():
    timers = Timers()
    for at in range(10_000):
        timers.at("x", at, lambda now: None)
    assert len(timers) == 1
    assert len(timers._heap) < 200


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100)), max_size=60))
def test_timers_deadline_is_the_least(entries):
    timers, expected = Timers(), {}
    for name, at in entries:
        timers.at(name, at, lambda now: None)
        expected[name] = at
    assert timers.deadline() == min(expected.values(), default=None)


# --- received


def test_reception_report_counts_loss_as_rfc3550():
    received = layer()
    for seq in [*range(100, 110), *range(112, 120)]:
        received.take(0, seq, seq, seq * 3000, seq * 33 * MS, 1000, 96)
    block = received.report(SECOND)
    assert (block.lost, block.fraction_lost, block.highest) == (2, 2 * 256 // 20, 119)
    for seq in range(120, 130):
        received.take(0, seq, seq, seq * 3000, seq * 33 * MS, 1000, 96)
    assert received.report(SECOND).fraction_lost == 0
    assert received.expected() == (30, 28)


def test_retransmissions_do_not_hide_loss():
    received = layer()
    received.take(0, 100, 100, 0, 0, 1000, 96)
    received.take(0, 102, 102, 0, 0, 1000, 96)
    received.take(int(ArrivalFlag.RECOVERED), 101, 101, 0, 0, 1000, 96)
    assert received.report(0).lost == 1


def test_jitter_of_a_steady_stream_is_nothing_and_of_an_unsteady_one_is_its_size():
    steady, unsteady = layer(), layer()
    rng = random.Random(1)
    for seq in range(500):
        arrival = seq * 20 * MS
        steady.take(0, seq, seq, seq * 1800, arrival, 1000, 96)
        unsteady.take(0, seq, seq, seq * 1800, arrival + rng.choice((0, 10 * MS)), 1000, 96)
    assert steady.report(0).jitter == 0
    assert 200 < unsteady.report(0).jitter < 700, "10 ms are 900 ticks, half of the time"


def test_liveness_cycles():
    camera, screen = layer(), layer(source="screen")
    for received in (camera, screen):
        received.take(0, 1, 1, 1, 1000 * MS, 1000, 96)
        assert received.cycle(500 * MS, 1100 * MS)
        assert received.live
    assert camera.cycle(500 * MS, 1600 * MS)
    assert not screen.cycle(500 * MS, 1600 * MS)
    assert screen.cycle(500 * MS, 3100 * MS)


def test_report_echoes_the_last_sender_report():
    received = layer()
    received.take(0, 1, 1, 1, 0, 1000, 96)
    received.sender_report(0x1234_5678_9ABC_DEF0, SECOND)
    block = received.report(3 * SECOND)
    assert (block.lsr, block.dlsr) == (0x5678_9ABC, 2 * 65536)


# --- losses


def test_first_nack_waits_for_two_packets_and_twenty_ms():
    losses = PublisherLosses()
    losses.arrived(10, 0)
    assert losses.arrived(12, 0)
    assert losses.due(10 * MS) == []
    assert losses.due(20 * MS) == [], "only one later packet"
    losses.arrived(13, 25 * MS)
    assert losses.due(40 * MS) == [11]
    assert losses.due(60 * MS) == []
    assert losses.due(80 * MS) == [11]
    losses.arrived(11, 90 * MS)
    assert losses.deadline() is None


def test_nack_gives_up_after_ten_tries_with_growing_waits():
    losses = PublisherLosses()
    for seq in (1, 3, 4):
        losses.arrived(seq, 0)
    asked = []
    while (deadline := losses.deadline()) is not None:
        asked += [deadline] * len(losses.due(deadline))
    waits = [b - a for a, b in itertools.pairwise(asked)]
    assert len(asked) == 10
    assert waits[0] == 40 * MS
    assert all(b > a for a, b in itertools.pairwise(waits))


def test_long_gaps_and_many_losses_are_bounded():
    losses = PublisherLosses()
    losses.arrived(0, 0)
    losses.arrived(10_000, 0)
    assert len(losses) == 0
    for seq in range(10_100, 60_000, 100):
        losses.arrived(seq, 0)
    assert len(losses) <= 1024


# --- keyframes


def test_keyframe_requests_are_throttled_and_retried():
    requests = KeyframeRequests(able=True, low=False)
    requests.want()
    assert requests.take(0)
    assert not requests.take(1)
    assert requests.take(SECOND), "unanswered: again after a second"
    requests.keyframe()
    assert requests.deadline() is None
    requests.want()
    assert not requests.take(SECOND + 500 * MS)
    assert requests.take(2 * SECOND)
    assert not requests.deaf


def test_low_layers_are_throttled_at_half_a_second():
    requests = KeyframeRequests(able=True, low=True)
    requests.want()
    assert requests.take(0)
    requests.keyframe()
    requests.want()
    assert requests.deadline() == 500 * MS


def test_two_unanswered_requests_make_it_deaf():
    requests = KeyframeRequests(able=True, low=False)
    requests.want()
    assert [requests.take(at * SECOND) for at in range(3)] == [True] * 3
    assert requests.deaf
    requests.keyframe()
    assert not requests.deaf
    assert KeyframeRequests(able=False, low=False).deaf


# --- clock


def test_sender_clock_takes_the_least_delay_and_follows_a_step():
    clock = SenderClock()
    for at, delay in ((0, 50), (1, 20), (2, 80)):
        clock.report(at * SECOND, at * SECOND + delay * MS)
    assert clock.offset == 20 * MS
    clock.report(100 * SECOND, 3 * SECOND)
    assert clock.offset == -97 * SECOND


def test_layer_clock_falls_back_to_arrivals_and_prefers_reports():
    sender = SenderClock()
    clock = LayerClock(90000, sender)
    assert clock.capture(0) is None
    clock.arrived(90000, 11 * SECOND)
    clock.arrived(180000, 12 * SECOND - 30 * MS)
    assert abs(clock.capture(180000) - (12 * SECOND - 30 * MS)) < 100
    sender.report(500 * SECOND, 12 * SECOND)
    clock.reported(500 * SECOND, 180000)
    assert clock.capture(180000) == 12 * SECOND
    assert clock.timestamp(13 * SECOND) == 270000


def test_a_nonsense_report_is_not_believed():
    sender = SenderClock()
    clock = LayerClock(90000, sender)
    clock.arrived(90000, 11 * SECOND)
    sender.report(500 * SECOND, 12 * SECOND)
    clock.reported(500 * SECOND, 90000 * 100)
    assert abs(clock.capture(90000) - 11 * SECOND) < 100


def test_unix_ns_undoes_ntp():
    at = 1_700_000_000 * SECOND + 123_456_789
    assert abs(unix_ns(ntp_from_ns(at)) - at) <= 1


# --- codecs


def test_h264_profiles_fit_upwards_and_never_across_modes():
    offered = (PayloadType(96, h264("42001f")), PayloadType(97, h264("640028")), PayloadType(98, h264("42e01f", "0")))
    slot = (PayloadType(10, h264("64001f")), PayloadType(11, h264("42e01f")), PayloadType(12, h264("42e01f", "0")))
    assert payload_map(offered, slot) == {96: 11, 97: 10, 98: 12}
    assert payload_map(offered, slot[1:2]) == {96: 11}, "High does not fit Baseline"
    assert payload_map(offered[:1], slot[:1]) == {96: 10}, "Baseline fits High"


def test_h264_without_parameters_takes_every_packetization_mode():
    bare = Codec("H264", 90000)
    source = [PayloadType(102, h264("42e01f", "1")), PayloadType(104, h264("42e01f", "0")), PayloadType(106, bare)]
    assert payload_map(source, [PayloadType(103, bare)]) == {102: 103, 104: 103, 106: 103}
    named = [PayloadType(90, bare), PayloadType(91, h264("42e01f", "0")), PayloadType(92, h264("42e01f", "1"))]
    assert payload_map(source, named) == {102: 92, 104: 91, 106: 90}
    assert payload_map(source[:1], named[1:2]) == {}
    assert payload_map([PayloadType(102, h264("640c1f"))], [PayloadType(103, bare)]) == {}


def test_malformed_profile_counts_as_baseline():
    assert payload_map((PayloadType(1, h264("zz")),), (PayloadType(2, h264("42e01f")),)) == {1: 2}


def test_vp9_profiles_must_match():
    one = (PayloadType(1, Codec("VP9", 90000, 1, {"profile-id": "2"})),)
    assert payload_map(one, (PayloadType(2, Codec("VP9", 90000)),)) == {}
    assert payload_map(one, (PayloadType(2, Codec("vp9", 90000, 1, {"profile-id": "2"})),)) == {1: 2}


def test_parameter_sets_as_one_packet_or_single_units():
    sprop = {"sprop-parameter-sets": "Z0LAHg==,aMuM"}
    assert parameter_sets(h264("42e01f", **sprop)) == [b"\x78\x00\x04\x67\x42\xc0\x1e\x00\x03\x68\xcb\x8c"]
    assert parameter_sets(h264("42e01f", "0", **sprop)) == [b"\x67\x42\xc0\x1e", b"\x68\xcb\x8c"]


@pytest.mark.parametrize("text", ["", ",", "!!", "Z0LAHg==,a", "Z0LAHg==," * 9])
def test_malformed_parameter_sets_are_left_out(text):
    assert parameter_sets(h264("42e01f", **{"sprop-parameter-sets": text})) == []
    assert parameter_sets(VP8) == []


# --- answers


def test_nack_answers_three_times_each_a_while_apart():
    answers = Answers()
    times = [answers.allow([5], 1000, 0, 20 * MS, at * 10 * MS) for at in range(20)]
    given = [at for at, allowed in enumerate(times) if allowed]
    assert given == [0, 4, 8], "2 · RTT apart, three times"


def test_nack_answers_nothing_before_the_keyframe_also_across_the_wrap():
    answers = Answers()
    assert answers.allow([65534, 65535, 0, 1], 1000, 0x1FFFF, None, 0) == [65535, 0, 1]


def test_nack_answers_are_a_share_of_what_is_sent():
    answers = Answers()
    total = 0
    for at in range(100):
        total += len(answers.allow(range(at * 100, at * 100 + 50), at * 100, at * 100, None, at * SECOND))
    assert total <= 0.15 * 9_900 + 64


# --- transport log


def test_feedback_covers_every_packet_once_and_losses():
    log = TransportLog()
    for seq in (65534, 65535, 1, 2):
        log.arrived(seq, seq % 7 * MS + SECOND)
    (feedback,) = log.take(1, 2)
    assert feedback.base_sequence == 65534
    assert [at is not None for _, at in feedback.arrivals()] == [True, True, False, True, True]
    assert log.take(1, 2) == []
    log.arrived(5, SECOND + 60 * MS)
    (feedback,) = log.take(1, 2)
    assert (feedback.base_sequence, len(feedback.deltas), feedback.feedback_count) == (3, 3, 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 10**11)), min_size=1, max_size=50))
def test_feedback_of_anything_is_built_and_bounded(packets):
    log = TransportLog()
    for seq, at in packets:
        log.arrived(seq, at)
    messages = log.take(1, 2)
    assert sum(len(message.deltas) for message in messages) <= 2048
    for message in messages:
        assert message.build()
    assert not log.pending


# --- source and publisher


def test_layers_are_ordered_by_measured_size():
    source = Source(1, "a", video(rids=("x", "y")), plan("camera", "cam"))
    layers = [ReceivedLayer(at, source, rid, at, LayerClock(90000, SenderClock())) for at, rid in enumerate(("x", "y"))]
    for each, rate in zip(layers, (900e3, 100e3), strict=True):
        source.add(each)
        each.live, each.bitrate = True, rate
    source.order()
    assert (source.choose("low"), source.choose("high")) == (layers[1], layers[0])
    layers[1].live = False
    assert source.choose("low") is layers[0]


def test_ssrc_is_located_by_declaration_mid_rid_or_payload_type():
    plain, simulcast = video("1", ssrcs={5: 6}), video("2", "screen", pt=110, rids=("q", "f"))
    publisher = Publisher(1, "a", (plain, simulcast), 9)
    assert publisher.locate(5, 96, None, None, None) == (plain, "", None)
    assert publisher.locate(6, 97, None, None, None) == (plain, "", 5)
    assert publisher.locate(7, 96, "1", None, None) == (plain, "", None)
    assert publisher.locate(7, 110, "2", "f", None) == (simulcast, "f", None)
    assert publisher.locate(7, 111, "2", None, "f") == (simulcast, "f", -1)
    assert publisher.locate(7, 110, None, "q", None) == (simulcast, "q", None)
    assert publisher.locate(7, 110, "2", None, None) is None
    assert publisher.locate(7, 110, "2", "h", None) is None
    assert publisher.locate(7, 77, "1", None, None) is None
    assert publisher.locate(7, 96, "9", None, None) is None


def test_layers_of_a_session_are_bounded_and_the_newest_ssrc_wins():
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    for ssrc in range(100, 200):
        stage.relay.bind(1, ssrc, 96, "1", None, None)
    assert stage.relay.counters()["layers"] == 1
    assert list(stage.fake.streams) == [(1, 199)]


def test_tables_are_bounded():
    stage = Stage()
    stage.subscriber(2, [video_slot()], {})
    before = stage.relay.counters()
    for key in range(500):
        stage.relay.label_sources([plan("", f"k{key}")], stage.now)
        stage.relay.configure(
            2, frozenset({"all"}), {"program.camera": SlotWish((f"k{key}", f"j{key}")), f"x{key}": SlotWish(("a",))}, stage.now
        )
    stage.run(SECOND)
    after = stage.relay.counters()
    assert after["wanted"] == 2
    assert {**after, "wanted": 0} == before
    stage.relay.remove_session(2, stage.now)
    assert stage.relay.counters()["wanted"] == 0
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    with pytest.raises(TableFull):
        stage.relay.add_publisher(1, "a", (), (), stage.now)
    assert ("set_extensions", (1, IDS)) in stage.fake.calls


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_rtcp_and_records_never_raise(data):
    stage = Stage()
    stage.publisher(1, "a", [video()], [plan("camera", "cam")])
    stage.relay.on_rtcp(1, data, stage.now)
    stage.relay.on_arrivals(data, stage.now)
