"""Stories over lossy links: SRTP in, relay and reference fan-out, SRTP out, decrypted by libsrtp."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from media.relay import SlotWish
from media.wire.negotiated import ExtensionIds, PayloadType, PublishedMedia, SubscribedSlot
from tests.media.relay.stage import H264, OPUS, VP8, plan
from tests.media.relay.twins import WALL, House, Sender, Track, Viewer
from tests.network import MS, SECOND, Shape

TCC = ExtensionIds(transport_cc=5)
PLAIN = ExtensionIds()
VIDEO, AUDIO = 0x1000, 0x2000


def camera_media(ssrc: int, codec=VP8, pt: int = 96) -> PublishedMedia:
    types = (PayloadType(pt, codec, pt + 1),)
    return PublishedMedia("1", "video", "camera", types, TCC, ssrcs={ssrc: ssrc + 1}, nack=True, pli=True, transport_cc=True)


def mic_media(ssrc: int) -> PublishedMedia:
    return PublishedMedia("0", "audio", "mic", (PayloadType(111, OPUS),), TCC, ssrcs={ssrc: None})


SLOTS = (
    SubscribedSlot("1", "video", "program.camera", (PayloadType(100, VP8, 101), PayloadType(102, H264, 103)), PLAIN, VIDEO, VIDEO + 1, "c"),
    SubscribedSlot("0", "audio", "program.audio", (PayloadType(109, OPUS),), PLAIN, AUDIO, None, "c"),
)


def publish(house: House, session: int, shape: Shape, codec=VP8, fps: int = 30, **more) -> Sender:
    video, audio = session * 100, session * 100 + 10
    pt = 96 if codec is VP8 else 110
    tracks = [
        Track(video, pt, 90000, SECOND // fps, codec.name, rtx_ssrc=video + 1, seq=65530 - session, timestamp=session * 0x3FFFFFFF),
        Track(audio, 111, 48000, 20 * MS, "opus", packets=1, seq=session, timestamp=2**32 - 48000 * session),
    ]
    house.relay.add_publisher(
        session, f"owner-{session}", (camera_media(video, codec, pt), mic_media(audio)),
        (plan("camera", f"cam-{session}"), plan("mic", f"mic-{session}")), house.clock.now,
    )  # fmt: skip
    house.relay.set_connected(session, True, house.clock.now)
    return Sender(house, session, shape, tracks, **more)


def watch(house: House, session: int, shape: Shape, show: int = 1) -> Viewer:
    viewer = Viewer(house, session, shape, SLOTS)
    house.relay.add_subscriber(session, f"viewer-{session}", SLOTS, house.clock.now)
    house.relay.set_connected(session, True, house.clock.now)
    switch(house, session, show)
    return viewer


def switch(house: House, session: int, show: int) -> None:
    wishes = {"program.camera": SlotWish((f"cam-{show}",)), "program.audio": SlotWish((f"mic-{show}",))}
    house.relay.configure(session, frozenset({"all"}), wishes, house.clock.now)
    house.fanout.flush(house.clock.now)
    house.arm()


@pytest.mark.parametrize("seed", [1, 2])
def test_loss_on_both_links_is_repaired(seed):
    house = House(seed)
    sender = publish(house, 1, Shape(delay=20 * MS, jitter=5 * MS, loss=0.05, reorder=0.01))
    viewer = watch(house, 50, Shape(delay=25 * MS, jitter=5 * MS, loss=0.03, burst=0.002))
    house.clock.run_for(20 * SECOND)
    stream = viewer.incoming[VIDEO]
    packets = viewer.ordered(VIDEO)
    assert len(packets) > 1500
    # What is still missing: lost too often on the way, or too fresh.
    missing = [seq for seq in stream.gaps() if seq < stream.sequences.last - 60]
    assert len(missing) / len(packets) < 0.005
    assert viewer.repaired > 30
    assert sender.nacked > 50
    assert sender.feedbacks > 150
    assert viewer.undecryptable == 0
    # Every packet kept its place: numbers of the source and of the viewer differ by one constant.
    places = {packet.seq - packet.number * 3 - packet.index for packet in packets}
    assert len(places) == 1


def test_two_hundred_switches_over_foreign_clocks_and_codecs():
    house = House(3)
    senders = {
        1: publish(house, 1, Shape(delay=10 * MS, jitter=3 * MS), fps=30, skew=2e-4, ntp_offset=-3 * SECOND),
        2: publish(house, 2, Shape(delay=40 * MS, jitter=8 * MS), codec=H264, fps=25, skew=-3e-4, ntp_offset=400 * SECOND),
        3: publish(house, 3, Shape(delay=5 * MS), fps=15, ntp_offset=-70 * 365 * 86400 * SECOND // 100),
    }
    viewer = watch(house, 50, Shape(delay=15 * MS), show=1)
    house.clock.run_for(2 * SECOND)
    for at in range(200):
        switch(house, 50, 1 + (at + 1) % 3)
        house.clock.run_for(500 * MS + house.rng.randrange(400) * MS)
    house.clock.run_for(SECOND)
    packets = viewer.ordered(VIDEO)
    changes = sum(a.source != b.source for a, b in itertools.pairwise(packets))
    assert changes == 200
    # A number is left out only where the frame before the switch was cut.
    steps = list(itertools.pairwise(packets))
    assert all(b.seq - a.seq == 1 or (b.seq - a.seq == 2 and a.source != b.source and a.index != 2) for a, b in steps)
    assert all(b.timestamp > a.timestamp or (b.timestamp == a.timestamp and b.number == a.number) for a, b in steps)
    assert all(b.index == 0 for a, b in steps if a.source != b.source), "a switch begins with a whole frame"
    assert {p.kind for p in packets if p.source == 200} == {102}
    assert {p.kind for p in packets if p.source != 200} == {100}
    arrivals = sorted(p.at for p in packets)
    assert max(b - a for a, b in itertools.pairwise(arrivals)) < SECOND
    sound = viewer.ordered(AUDIO)
    assert all(b.seq == a.seq + 1 and b.timestamp > a.timestamp for a, b in itertools.pairwise(sound))
    assert sum(a.source != b.source for a, b in itertools.pairwise(sound)) == 200
    assert viewer.undecryptable == 0
    assert senders[1].plis < 80


def played_at(viewer: Viewer, ssrc: int, rate: int) -> list[tuple[int, float]]:
    """(capture, presentation on the receiver's NTP clock minus capture, ms) by the report that was newest on arrival."""
    stream = viewer.incoming[ssrc]
    result = []
    for packet in viewer.ordered(ssrc):
        known = [report for report in stream.reports if report[0] <= packet.at]
        if known:
            _, unix, timestamp = known[-1]
            shown = unix - WALL + (packet.timestamp - timestamp) * SECOND // rate
            result.append((packet.captured, (shown - packet.captured) / MS))
    return result


def test_sound_and_picture_stay_together_over_switches():
    house = House(5)
    publish(house, 1, Shape(delay=30 * MS, jitter=20 * MS), ntp_offset=5 * SECOND, skew=1e-4)
    publish(house, 2, Shape(delay=80 * MS, jitter=30 * MS), codec=H264, fps=25, ntp_offset=-100 * SECOND)
    viewer = watch(house, 50, Shape(delay=15 * MS), show=1)
    house.clock.run_for(3 * SECOND)
    for at in range(10):
        switch(house, 50, 1 + (at + 1) % 2)
        house.clock.run_for(2 * SECOND)
    picture, sound = played_at(viewer, VIDEO, 90000), played_at(viewer, AUDIO, 48000)
    assert {p.source for p in viewer.ordered(VIDEO)} == {100, 200}
    assert len(picture) > 1000
    assert len(sound) > 800
    worst = 0.0
    at = 0
    for captured, late in picture:
        while at + 1 < len(sound) and sound[at + 1][0] <= captured:
            at += 1
        if abs(sound[at][0] - captured) < 25 * MS:
            worst = max(worst, abs(late - sound[at][1]))
    assert 0 < worst < 80


def test_revoked_in_the_middle_of_loss_nothing_more_arrives():
    house = House(6)
    publish(house, 1, Shape(delay=10 * MS, loss=0.05))
    viewer = watch(house, 50, Shape(delay=15 * MS, loss=0.1), show=1)
    house.clock.run_for(3 * SECOND)
    house.relay.label_sources([plan("", "cam-1", "wall"), plan("", "mic-1", "wall")], house.clock.now)
    house.fanout.flush(house.clock.now)
    cut = house.clock.now
    house.clock.run_for(5 * SECOND)
    late = [p for ssrc in (VIDEO, AUDIO) for p in viewer.ordered(ssrc) if p.at > cut + 15 * MS]
    assert late == []
    assert len(viewer.ordered(VIDEO)) > 200


def test_outage_of_ten_seconds_recovers():
    house = House(7)
    sender = publish(house, 1, Shape(delay=10 * MS))
    viewer = watch(house, 50, Shape(delay=15 * MS), show=1)
    house.clock.run_for(3 * SECOND)
    sender.box.left.link.down = True
    house.clock.run_for(10 * SECOND)
    sender.box.left.link.down = False
    back = house.clock.now
    house.clock.run_for(4 * SECOND)
    after = [p for p in viewer.ordered(VIDEO) if p.at >= back]
    assert after[0].at - back < SECOND
    assert len(after) > 300


def test_ffmpeg_without_parameter_sets_in_the_stream_is_joined_within_three_seconds():
    house = House(8)
    sprop = {**H264.parameters, "sprop-parameter-sets": "Z0LAHtkA2D3n,aMuMsg=="}
    media = camera_media(100, dataclasses.replace(H264, parameters=sprop), 110)
    house.relay.add_publisher(1, "ffmpeg", (media,), (plan("camera", "cam-1"),), house.clock.now)
    track = Track(100, 110, 90000, SECOND // 25, "H264", packets=4, rtx_ssrc=101, gop=250)
    sender = Sender(house, 1, Shape(delay=10 * MS), [track])
    house.clock.run_for(5 * SECOND)
    viewer = watch(house, 50, Shape(delay=15 * MS))
    joined = house.clock.now
    house.clock.run_for(8 * SECOND)
    packets, stream = viewer.ordered(VIDEO), viewer.incoming[VIDEO]
    assert packets[0].number == 0
    assert packets[0].at - joined < 3 * SECOND
    # SPS and PPS went before the cached keyframe, and before the next one, which cut the catching up short.
    after = [stream.packets[seq + 1] for seq in sorted(stream.injected)]
    assert [(packet.number, packet.index) for packet in after] == [(0, 0), (250, 0)]
    assert stream.gaps() == []
    assert packets[-1].captured > house.clock.now - 100 * MS, "caught up"
    assert sender.plis <= 3
