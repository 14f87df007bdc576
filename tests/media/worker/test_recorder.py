"""The recorder: real files by a real disk thread, the time simulated, the relay a list of what it would tell."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from media.client.messages import Moment, Record, RecordingState
from media.errors import BadRecording
from media.fanout.ring import Stored
from media.recording import disk as disk_module
from media.recording.records import ClockMap, Gap, Packet, TakeEnded, TrackBegan, TrackEnded
from media.recording.records import Record as Written
from media.recording.take import Head, TakeReader
from media.relay import CaptureEvent, CapturePlan, TrackBegun, TrackMoment, TrackOver, TracksKnown
from media.wire.negotiated import Codec
from media.worker.recorder import ALONE, SILENT, Recorder
from tests.media.recording.test_disk import until

SECOND = 1_000_000_000
START = 1_000 * SECOND
BEAT = SECOND // 4
VP8 = Codec("VP8", 90000)
H264 = Codec("H264", 90000, 1, {"packetization-mode": "1", "profile-level-id": "42e01f"})


class Relay:
    """What the recorder asks of a relay."""

    def __init__(self) -> None:
        self.events: list[CaptureEvent] = []
        self.plans: dict[str, tuple[tuple[CapturePlan, ...], frozenset[str]]] = {}
        self.live = False

    def record(self, recording: str, tracks: object, labels: frozenset[str], now: int) -> None:
        self.plans[recording] = (tuple(tracks), labels)

    def stop_recording(self, recording: str, now: int) -> None:
        self.plans.pop(recording, None)

    def recording_live(self, recording: str) -> bool:
        return self.live

    def take_captured(self) -> list[CaptureEvent]:
        events, self.events = self.events, []
        return events


class Room:
    """A recorder in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.relay = Relay()
        self.now = START
        self.told: list[RecordingState] = []
        self.closed: list[str] = []
        self.recorder = Recorder(self.relay, folder, self.told.append, self.closed.append)
        self.recorder.epoch = "epoch"
        self.sent = 0

    def record(self, name: str = "r", *, as_of: int = 0, lesson: int = 5_000, **tracks: str) -> None:
        clock = Moment(at=self.now, lesson=lesson)
        names = {key.replace("_", "."): value for key, value in tracks.items()}
        self.recorder.record(Record(id="1", recording=name, tracks=names, labels=("program",), clock=clock, as_of=as_of), self.now)

    def begin(self, sink: int = 1, name: str = "camera", codec: Codec = VP8, recording: str = "r") -> None:
        self.relay.events += [
            TrackBegun(recording, sink, name, codec, 96, 1, self.now),
            TrackMoment(recording, sink, 90 * sink, self.now - 40_000_000),
        ]

    def packet(self, sink: int = 1, size: int = 20) -> int:
        """Returns its arrival."""
        self.sent += 1
        stored = Stored(self.sent, 900 * self.sent, 96, bytearray(self.sent.to_bytes(4, "big")) + bytes(size), -1, None)
        self.recorder.take(sink, [stored], self.now)
        return self.now

    def beat(self, times: int = 1) -> None:
        """Let the disk come to rest, then a quarter of a second pass."""
        for _ in range(times):
            self.settle()
            self.now += BEAT
            self.recorder.beat(self.now)
            self.settle()

    def settle(self) -> None:
        disk = self.recorder._disk
        until(lambda: disk is None or not (disk._state.waiting or disk._state.writing_since))

    def until_closed(self, count: int = 1) -> None:
        def closed() -> bool:
            self.recorder.beat(self.now)
            return len(self.closed) >= count

        until(closed)

    def read(self, take: int = 1, recording: str = "r") -> tuple[Head, list[Written]]:
        with (self.folder / recording / f"take-{take:04}.capture").open("rb") as file:
            reader = TakeReader(file)
            return reader.head, list(reader.records())

    def records(self, take: int = 1) -> list[Written]:
        return self.read(take)[1]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "recordings")
    yield made
    asyncio.run(made.recorder.close(made.now))


def test_a_take_from_the_first_word_to_the_last(room: Room) -> None:
    room.record(camera="cam", mic="m")
    assert room.relay.plans["r"] == ((CapturePlan("camera", "cam", "video"), CapturePlan("mic", "m", "audio")), frozenset({"program"}))
    room.relay.events.append(TracksKnown("r", ("camera",)))
    room.begin(codec=H264)
    began = room.now
    first = room.packet()
    room.beat()
    clock = Moment(at=began, lesson=5_000)
    assert room.told == [RecordingState(recording="r", take=1, tracks=("camera",), octets=room.told[0].octets, clock=clock)]
    assert room.recorder.states() == (room.recorder.states()[0],)
    room.relay.events.append(TrackOver("r", 1, room.now))
    over = room.now
    room.packet()
    room.recorder.stop("r", room.now)
    room.until_closed()
    head, records = room.read()
    assert (head.recording, head.take, head.epoch, head.started) == ("r", 1, "epoch", START)
    assert abs(head.wall - time.time() * 1000) < 60_000
    assert records == [
        TrackBegan(
            track=1, source="camera", codec="H264", clock_rate=90000, payload_type=96,
            parameters="packetization-mode=1;profile-level-id=42e01f", at=began,
        ),
        ClockMap(track=1, rtp=90, at=began - 40_000_000, lesson=4_960),
        Packet(1, 1, 96, 1, 900, first, (1).to_bytes(4, "big") + bytes(20)),
        TrackEnded(track=1, at=over),
        TakeEnded(at=over),
    ]  # fmt: skip
    assert room.closed == ["r"]
    assert not room.recorder.busy
    counted = room.recorder.counters()
    assert (counted["packets"], counted["gaps"], counted["recordings"], counted["takes"]) == (1, 0, 0, 1)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a.b", "a\n", "ä", "x" * 65])
def test_a_name_that_is_no_folder_name_is_refused(room: Room, name: str) -> None:
    with pytest.raises(BadRecording):
        room.record(name, camera="cam")
    assert not room.folder.exists()


@pytest.mark.parametrize("track", ["camera2", "stage_0_video", "stage_1_screen", "stage_1", "plain_1", "Mic", "stage_100_audio"])
def test_a_track_that_has_no_place_in_a_program_is_refused(room: Room, track: str) -> None:
    with pytest.raises(BadRecording):
        room.record(**{track: "cam"})
    assert room.relay.plans == {}


def test_places_on_stage_have_their_kinds(room: Room) -> None:
    room.record(stage_1_video="v", stage_12_audio="a", screen="s")
    assert [(plan.name, plan.kind) for plan in room.relay.plans["r"][0]] == [
        ("stage.1.video", "video"), ("stage.12.audio", "audio"), ("screen", "video"),
    ]  # fmt: skip


def test_what_was_decided_on_an_older_state_changes_nothing(room: Room) -> None:
    room.record(as_of=7, camera="new")
    room.record(as_of=6, camera="old")
    assert room.relay.plans["r"][0][0].key == "new"
    room.recorder.stop("r", room.now)
    room.record(as_of=6, camera="old")
    assert room.relay.plans == {}
    room.record(as_of=7, camera="again")
    room.beat()
    assert room.recorder.states()[0].take == 2


def test_a_pause_ends_the_tracks_and_not_the_take(room: Room) -> None:
    room.record(camera="cam")
    room.begin()
    room.packet()
    room.relay.events.append(TrackOver("r", 1, room.now))
    room.record()
    room.beat(400)
    room.record(camera="cam", lesson=6_000)
    room.begin(sink=2)
    room.packet(sink=2)
    room.beat(2)
    kinds = [type(one) for one in room.records()]
    assert kinds == [TrackBegan, ClockMap, Packet, TrackEnded, TrackBegan, ClockMap, Packet]
    assert [one.track for one in room.records() if isinstance(one, TrackBegan)] == [1, 2]
    assert [one.lesson for one in room.records() if isinstance(one, ClockMap)] == [4_960, 5_960]
    assert room.recorder.counters()["gaps"] == 0


def test_a_later_moment_tells_the_track_again_by_the_newest_lesson_clock(room: Room) -> None:
    room.record(camera="cam")
    room.begin()
    room.packet()
    room.now += 10 * SECOND
    room.record(camera="cam", lesson=9_000)
    room.relay.events.append(TrackMoment("r", 1, 5_000, room.now))
    room.recorder.drain(room.now)
    room.beat(2)
    one, _, _, again, moment = room.records()
    assert one == again
    assert moment == ClockMap(track=1, rtp=5_000, at=START + 10 * SECOND, lesson=9_000)


def test_a_clock_that_is_put_forward_is_known_of_every_track_at_once(room: Room) -> None:
    room.record(camera="cam", mic="m")
    room.begin()
    room.begin(2, "mic", Codec("opus", 48000))
    room.packet()
    room.now += 3 * SECOND
    room.record(camera="cam", mic="m", lesson=8_001)
    room.record(camera="cam", mic="m", lesson=3_608_000)
    room.beat(2)
    maps = [one for one in room.records() if isinstance(one, ClockMap) and one.at == START + 3 * SECOND]
    assert [(one.track, one.rtp, one.lesson) for one in maps] == [
        (1, 90 + 90_000 * 304 // 100, 3_608_000),
        (2, 180 + 48_000 * 304 // 100, 3_608_000),
    ]


def test_where_no_file_can_be_made_it_is_told_and_named_once_it_can(room: Room) -> None:
    room.folder.write_text("a file where a folder should be")
    room.record(camera="cam")
    room.begin()
    first = room.packet()
    room.beat(3)
    assert [(state.take, state.failing) for state in room.told] == [(0, "disk")]
    for _ in range(4):
        last = room.packet()
        room.beat()
    room.folder.unlink()
    room.beat(2)
    kept = room.packet()
    room.beat(3)
    assert [(state.take, state.failing) for state in room.told][-1] == (1, "")
    records = room.records()
    assert [type(one) for one in records if not isinstance(one, TrackBegan | ClockMap)] == [Gap, Packet]
    gap = next(one for one in records if isinstance(one, Gap))
    assert (gap.why, gap.track, gap.begin <= first, last <= gap.end < kept) == ("disk", None, True, True)
    assert [type(one) for one in records][:3] == [Gap, TrackBegan, ClockMap]
    counted = room.recorder.counters()
    assert (counted["gaps"], counted["failing"]) == (1, 0)
    assert counted["disk_failures"] > 3


def test_a_queue_that_is_full_is_told_and_named(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.record(camera="cam")
    room.begin()
    room.packet()
    room.beat(2)
    with monkeypatch.context() as patch:
        patch.setattr(disk_module, "QUEUE_BYTES", 10)
        lost = room.packet()
        room.beat(2)
        assert room.told[-1].failing == "queue"
        also = room.packet()
        room.beat(2)
    kept = room.packet()
    room.beat(3)
    assert room.told[-1].failing == ""
    records = room.records()
    assert [one.arrival for one in records if isinstance(one, Packet)] == [START, kept]
    (gap,) = (one for one in records if isinstance(one, Gap))
    assert (gap.why, gap.begin, gap.end >= also) == ("queue", lost, True)


def test_its_end_waits_for_a_queue_that_is_full(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.record(camera="cam")
    room.beat()
    with monkeypatch.context() as patch:
        patch.setattr(disk_module, "QUEUE_BYTES", 1)
        room.recorder.stop("r", room.now)
        room.beat(3)
        assert room.closed == []
    room.beat(1)
    room.until_closed()
    assert isinstance(room.records()[-1], TakeEnded)


def test_a_recording_tells_its_size_every_ten_seconds(room: Room) -> None:
    room.record(camera="cam")
    room.begin()
    for _ in range(4 * 30 + 8):
        room.packet(size=1000)
        room.beat()
    assert len(room.told) == 4
    sizes = [state.octets for state in room.told]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 100_000


def test_each_recording_has_its_own_folder_and_goes_on_as_the_next_take(room: Room) -> None:
    room.record("a", camera="cam")
    room.record("b", camera="cam")
    room.beat()
    room.recorder.stop("a", room.now)
    room.record("a", camera="cam")
    room.beat(2)
    assert {(state.recording, state.take) for state in room.recorder.states()} == {("a", 2), ("b", 1)}
    assert sorted(path.relative_to(room.folder).as_posix() for path in room.folder.glob("*/*")) == [
        "a/take-0001.capture", "a/take-0002.capture", "b/take-0001.capture",
    ]  # fmt: skip
    room.recorder.stop("never", room.now)


def test_an_orphan_goes_on_while_it_lives_and_ends_ten_minutes_after(room: Room) -> None:
    room.record(camera="cam")
    room.recorder.attended = lambda: False
    room.relay.live = True
    for seconds in (ALONE, SILENT, SILENT):
        room.now += seconds
        room.beat()
    assert room.recorder.busy
    room.relay.live = False
    room.now += SILENT - SECOND
    room.beat()
    assert len(room.recorder.states()) == 1
    room.now += SECOND
    room.beat()
    room.until_closed()
    assert isinstance(room.records()[-1], TakeEnded)


def test_with_a_controller_a_silent_recording_goes_on(room: Room) -> None:
    room.record(camera="cam")
    for _ in range(5):
        room.now += SILENT
        room.beat()
    assert len(room.recorder.states()) == 1
    room.recorder.attended = lambda: False
    room.now += ALONE - SECOND
    room.beat()
    assert len(room.recorder.states()) == 1


def test_the_end_of_the_worker_closes_every_take(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.record("a", camera="cam")
    room.record("b", camera="cam")
    room.begin(recording="b")
    kept = room.packet()
    asyncio.run(room.recorder.close(room.now))
    assert sorted(room.closed) == ["a", "b"]
    assert room.read(recording="a")[1] == [TakeEnded(at=room.now)]
    kinds = [type(one) for one in room.read(recording="b")[1]]
    assert kinds == [TrackBegan, ClockMap, Packet, TrackEnded, TakeEnded]
    assert kept == START


def test_a_packet_of_a_sink_that_is_over_is_dropped(room: Room) -> None:
    room.record(camera="cam")
    room.packet(sink=9)
    room.beat(2)
    assert room.records() == []


STEPS = st.lists(st.sampled_from(["packet", "beat", "break", "mend", "full", "room", "again"]), max_size=40)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.booleans())
@example(["packet", "break", "beat", "packet"], False)  # what fails told of a track that is over when all ends
@example(["packet", "break", "beat", "packet", "again", "packet"], True)  # what fails told of a track that is over when it is told again
def test_each_packet_is_in_the_file_or_in_a_gap(steps: list[str], patient: bool) -> None:
    broken = False
    write_all, queue = disk_module.write_all, disk_module.QUEUE_BYTES

    def write(descriptor: int, data: bytes) -> None:
        if broken:
            raise OSError(errno.EIO, "broken")
        write_all(descriptor, data)

    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(disk_module, "write_all", write)
        room = Room(Path(folder))
        room.record(camera="cam")
        room.begin()
        room.settle()
        arrivals, sink = [], 1
        for step in steps:
            if step == "packet":
                arrivals.append(room.packet(sink))
                room.now += 20_000_000
            elif step == "beat":
                room.beat()
            elif step in ("break", "mend"):
                broken = step == "break"
            elif step in ("full", "room"):
                patch.setattr(disk_module, "QUEUE_BYTES", 10 if step == "full" else queue)
            else:
                room.relay.events.append(TrackOver("r", sink, room.now))
                sink += 1
                room.begin(sink)
        broken = False
        patch.setattr(disk_module, "QUEUE_BYTES", queue)
        if patient:
            room.beat(4)
            assert room.recorder.counters()["failing"] == 0
        else:
            room.settle()
        asyncio.run(room.recorder.close(room.now))
        records = room.records()
    kept = [one.arrival for one in records if isinstance(one, Packet)]
    gaps = [one for one in records if isinstance(one, Gap)]
    assert {gap.why for gap in gaps} <= {"disk", "queue"}
    assert kept == [at for at in arrivals if at in set(kept)]
    assert all(any(gap.begin <= at <= gap.end for gap in gaps) for at in arrivals if at not in set(kept))
    known = set()
    for one in records:
        if isinstance(one, TrackBegan):
            known.add(one.track)
        assert not isinstance(one, Packet) or one.track in known
    assert isinstance(records[-1], TakeEnded)
