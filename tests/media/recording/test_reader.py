"""Takes become files that play, and a manifest that says what is not in them."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import pytest

from media.client.manifest import PLAY, Missing, Why
from media.recording import reader
from media.recording.records import Gap, TrackBegan, TrackEnded
from tests.harness.captures import MS, SECOND, START, Sender, Written, lesson, pictures, sounds
from tests.harness.played import file, made

FRAME = SECOND // 15
KINDS = {
    "VP8": ("teacher-001.webm", 'video/webm; codecs="vp8,opus"'),
    "VP9": ("teacher-001.webm", 'video/webm; codecs="vp9,opus"'),
    "AV1": ("teacher-001.webm", 'video/webm; codecs="av01.0.08M.08,opus"'),
    "H264": ("teacher-001.mp4", 'video/mp4; codecs="avc1.42c00d,opus"'),
}


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def gap(begin: int, end: int, track: str, why: Why = "publisher") -> Missing:
    return Missing(begin=begin, end=end, track=track, why=why)


def near(found: tuple[Missing, ...], *expected: Missing, within: int = 150) -> bool:
    """The same gaps, their ends to so many milliseconds."""
    assert [(one.track, one.why) for one in found] == [(one.track, one.why) for one in expected]
    return all(abs(a.begin - b.begin) <= within and abs(a.end - b.end) <= within for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("codec", KINDS)
def test_camera_and_microphone_of_each_codec(written: Written, codec: str) -> None:
    lesson(written, codec)
    manifest = made(written.folder)
    (one,) = manifest.files
    assert (one.name, one.media_type) == KINDS[codec]
    assert (one.begin, one.end, one.width, one.height) == (0, 4020, 160, 96)
    assert (manifest.recording, manifest.begin, manifest.end, manifest.takes, manifest.missing) == ("r1", 0, 4020, 1, ())
    seen = file(written.folder, one)
    assert len(seen.pictures) == 60
    assert seen.kinds["audio"] == "opus"
    ((at, name),) = one.thumbnails
    picture = cv2.imread(str(written.folder / PLAY / name))
    assert at == 0
    assert picture is not None
    assert picture.shape == (96, 160, 3)


def test_camera_screen_and_stage_are_files_of_their_own(written: Written) -> None:
    senders = [
        Sender(n, name, codec) for n, (name, codec) in enumerate([("screen", "VP8"), ("stage.2.video", "VP8"), ("stage.2.audio", "opus")])
    ]
    media = [pictures("VP8", 160, 96, 60), pictures("VP8", 160, 96, 60), sounds(50)]
    steps = [SECOND // 5, FRAME, 20 * MS]
    streams = [s.stream(m, step, count=3 * SECOND // step) for s, m, step in zip(senders, media, steps, strict=True)]
    written.take([s.began() for s in senders], *[s.maps(START, START + SECOND) for s in senders], *streams, ended=START + 3 * SECOND)
    manifest = made(written.folder)
    assert [(one.name, one.group, one.video, one.audio) for one in manifest.files] == [
        ("screen-001.webm", "screen", True, False),
        ("stage.2-001.webm", "stage.2", True, True),
    ]
    for one in manifest.files:
        file(written.folder, one)
    assert manifest.missing == ()


def test_only_sound(written: Written) -> None:
    mic = Sender(1, "mic", "opus")
    written.take(
        [mic.began()], mic.maps(START, START + 5 * SECOND, 90_000), mic.stream(sounds(50), 20 * MS, count=250), ended=START + 5 * SECOND
    )
    (one,) = made(written.folder).files
    assert (one.name, one.media_type, one.begin, one.end) == ("teacher-001.webm", 'audio/webm; codecs="opus"', 90_000, 95_000)
    file(written.folder, one)


def test_nothing_arrived(written: Written) -> None:
    camera = Sender(1, "camera", "VP8")
    written.take([camera.began()], camera.maps(START, START + 1), ended=START + 8 * SECOND)
    written.take(epoch="f", started=START + 9 * SECOND, ended=START + 10 * SECOND)
    manifest = made(written.folder)
    assert (manifest.begin, manifest.end, manifest.takes, manifest.files) == (0, 0, 2, ())
    assert manifest.missing[0] == gap(0, 8000, "camera")


def test_a_microphone_before_the_camera(written: Written) -> None:
    """A second before: one file. A minute before: sound alone first."""
    for take, head in enumerate((1, 20)):
        at = START + take * 100 * SECOND
        camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
        video = camera.stream(pictures("VP8", 160, 96, 60), FRAME, at + head * SECOND, count=30)
        maps = mic.map(at, (at - START) // MS), camera.map(at, (at - START) // MS)
        sound = mic.stream(sounds(50), 20 * MS, at, count=50 * (head + 2))
        began = camera.began(at + head * SECOND)
        written.take([mic.began(at), *maps], [began], sound, video, started=at, ended=at + (head + 2) * SECOND)
    manifest = made(written.folder)
    assert [(one.begin // 100, one.end // 100, one.video) for one in manifest.files] == [
        (0, 30, True),
        (1000, 1200, False),
        (1200, 1220, True),
    ]
    for one in manifest.files:
        file(written.folder, one)
    assert near(manifest.missing, gap(3000, 100_000, "", "pause"))


def test_codec_and_resolution_change_in_mid_lesson(written: Written) -> None:
    mic = Sender(9, "mic", "opus")
    steps = [("VP8", 160, 96), ("VP8", 320, 192), ("H264", 160, 96), ("H264", 192, 96), ("VP9", 160, 96)]
    records = []
    camera = Sender(1, "camera", "VP8")
    for number, (codec, width, height) in enumerate(steps):
        camera.codec = codec
        at = START + number * 4 * SECOND
        records += [camera.began(at), *camera.stream(pictures(codec, width, height, 60), FRAME, at)]
    sound = mic.stream(sounds(50), 20 * MS, count=1000)
    written.take([mic.began(), *camera.maps(START, START + 1)], records, sound, ended=START + 20 * SECOND)
    manifest = made(written.folder)
    assert [(one.name, one.width, one.begin // 100) for one in manifest.files] == [
        ("teacher-001.webm", 320, 0),
        ("teacher-002.mp4", 160, 80),
        ("teacher-003.mp4", 192, 120),
        ("teacher-004.webm", 160, 160),
    ]
    seen = [file(written.folder, one) for one in manifest.files]
    assert [len(one.pictures) for one in seen] == [120, 60, 60, 60]
    assert seen[0].sizes == [(160, 96), (320, 192)]
    assert manifest.missing == ()


def test_the_layer_changes_at_a_keyframe(written: Written) -> None:
    low, high = Sender(1, "camera", "VP8", rtp=77), Sender(1, "camera", "VP8", layer=1, seq=9_000_000, rtp=1 << 40)
    first = list(low.stream(pictures("VP8", 160, 96, 60), FRAME, count=45))
    middle = START + 2 * SECOND + FRAME // 2
    maps = [low.map(START, 0), high.map(middle, 2033)]
    second = list(high.stream(pictures("VP8", 320, 192, 60), FRAME, middle, count=60))
    written.take([low.began()], maps, first, second, ended=START + 6 * SECOND)
    manifest = made(written.folder)
    (one,) = manifest.files
    seen = file(written.folder, one)
    assert seen.sizes == [(160, 96), (320, 192)]
    assert len(seen.pictures) == 31 + 60
    assert manifest.missing == ()


def test_disorder_and_duplicates_change_nothing(written: Written) -> None:
    camera = Sender(1, "camera", "VP8", mtu=100)
    packets = list(camera.stream(pictures("VP8", 160, 96, 60, detail=60), FRAME))
    eights = [packets[at : at + 8] for at in range(0, len(packets), 8)]
    shuffled = [eight[n] for eight in eights for n in ((0, 2, 1, 1, 7, 5, 6, 4, 3) if len(eight) == 8 else range(len(eight)))]
    assert len(shuffled) > len(packets) > 300
    written.take([camera.began(), camera.map(START, 0)], shuffled, ended=START + 4 * SECOND)
    manifest = made(written.folder)
    assert len(file(written.folder, manifest.files[0]).pictures) == 60
    assert manifest.missing == ()


def test_lost_packets_cost_pictures_until_the_next_keyframe(written: Written) -> None:
    camera = Sender(1, "camera", "VP8")
    stream = [camera.packets(START + n * FRAME, data) for n, data in enumerate(pictures("VP8", 160, 96, 60))]
    del stream[10][0]
    del stream[58][0]
    written.take([camera.began(), camera.map(START, 0)], [one for packets in stream for one in packets], ended=START + 4 * SECOND)
    manifest = made(written.folder)
    seen = file(written.folder, manifest.files[0])
    assert [round(at * 15) for at in seen.pictures] == [*range(10), *range(30, 58)]
    assert manifest.missing == (gap(600, 2000, "camera"),)


def test_silence_that_was_not_sent_is_no_loss_and_is_heard_as_silence(written: Written) -> None:
    mic = Sender(1, "mic", "opus")
    one = sounds(50)
    spoken = [p for n in range(250) if n % 50 < 20 or n % 20 == 0 for p in mic.packets(START + n * 20 * MS, one[n % 50])]
    written.take([mic.began(), mic.map(START, 0)], spoken, ended=START + 5 * SECOND)
    manifest = made(written.folder)
    assert manifest.missing == ()
    assert len(file(written.folder, manifest.files[0]).sound) == 241
    assert manifest.files[0].end == 4820


def test_lost_sound_is_named_when_it_is_long(written: Written) -> None:
    mic = Sender(1, "mic", "opus")
    packets = list(mic.stream(sounds(50), 20 * MS, count=250))
    written.take([mic.began(), mic.map(START, 0)], packets[:50] + packets[60:100] + packets[150:], ended=START + 5 * SECOND)
    manifest = made(written.folder)
    assert near(manifest.missing, gap(2000, 3000, "mic"))
    assert len(file(written.folder, manifest.files[0]).sound) == 250


def test_a_track_that_is_silent_and_one_that_left(written: Written) -> None:
    camera, screen = Sender(1, "camera", "VP8"), Sender(2, "screen", "VP8")
    media = pictures("VP8", 160, 96, 60)
    video = [*camera.stream(media, FRAME, count=30), *camera.stream(media, FRAME, START + 6 * SECOND, count=30)]
    shared = [screen.began(), screen.map(START, 0), *screen.stream(media, FRAME, count=30), TrackEnded(track=2, at=START + 2 * SECOND)]
    written.take([camera.began(), camera.map(START, 0)], video, shared, ended=START + 14 * SECOND)
    manifest = made(written.folder)
    assert near(manifest.missing, gap(2000, 6000, "camera"), gap(8000, 14_000, "camera"))
    assert [(one.name, one.end) for one in manifest.files if one.group == "screen"] == [("screen-001.webm", 1973)]


@pytest.mark.parametrize("gone", [True, False])
def test_a_teacher_who_comes_back_and_a_pause(written: Written, gone: bool) -> None:
    """The next track of a source is another number; the one before ended because its source was gone, or was not wanted."""
    records = []
    for number, at in enumerate((START, START + 8 * SECOND)):
        camera, mic = Sender(2 * number, "camera", "VP8", rtp=5 << number), Sender(2 * number + 1, "mic", "opus", rtp=7 << number)
        packets = [*camera.stream(pictures("VP8", 160, 96, 60), FRAME, at), *mic.stream(sounds(50), 20 * MS, at, count=200)]
        maps = [sender.map(at, (at - START) // MS) for sender in (camera, mic)]
        over = [TrackEnded(track=sender.track, at=at + 4 * SECOND + 40 * MS, gone=gone) for sender in (camera, mic)]
        records += [camera.began(at), mic.began(at), *maps, *sorted(packets, key=lambda one: one.arrival), *over]
    written.take(records, ended=START + 13 * SECOND)
    manifest = made(written.folder)
    (one,) = manifest.files
    seen = file(written.folder, one)
    assert len(seen.pictures) == 120
    if gone:
        assert near(manifest.missing, gap(4000, 8000, "camera"), gap(4000, 8000, "mic"))
    else:
        assert near(manifest.missing, gap(4000, 8000, "", "pause"))


def test_what_the_worker_says_is_missing_explains_what_is_not_there(written: Written) -> None:
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    media = pictures("VP8", 160, 96, 60)
    packets = [*camera.stream(media, FRAME, count=120), *mic.stream(sounds(50), 20 * MS, count=400)]
    begin, end = START + 3 * SECOND, START + 3 * SECOND + 2100 * MS
    kept = sorted((one for one in packets if not begin <= one.arrival < end), key=lambda one: one.arrival)
    hole = Gap(track=None, begin=begin, end=end, why="queue")
    written.take([camera.began(), mic.began(), camera.map(START, 0)], kept, [hole], ended=START + 8 * SECOND)
    manifest = made(written.folder)
    assert near(manifest.missing, gap(2950, 6000, "camera", "queue"), gap(3000, 5100, "", "queue"))
    assert len(manifest.files) == 1
    file(written.folder, manifest.files[0])


def test_a_codec_that_no_file_holds_is_named(written: Written) -> None:
    mic, camera = Sender(1, "mic", "opus"), Sender(2, "camera", "VP8")
    began = TrackBegan(track=1, source="mic", codec="PCMU", clock_rate=8000, payload_type=111, at=START)
    video = camera.stream(pictures("VP8", 160, 96, 60), FRAME)
    written.take([began, camera.began(), camera.map(START, 0)], mic.stream(sounds(50), 20 * MS), video, ended=START + 4 * SECOND)
    manifest = made(written.folder)
    assert [(one.video, one.audio) for one in manifest.files] == [(True, False)]
    assert near(manifest.missing, gap(30, 4000, "mic", "unplayable"))


def test_pictures_that_are_none_are_unplayable_or_lost_but_stop_nothing(written: Written) -> None:
    camera, mic = Sender(1, "camera", "H264"), Sender(2, "mic", "opus")
    nonsense = [b"\0\0\1\x67junk\0\0\1\x68j\0\0\1\x65\x88" + bytes(50)] * 60
    sound = mic.stream(sounds(50), 20 * MS, count=200)
    written.take([camera.began(), mic.began(), camera.map(START, 0)], camera.stream(nonsense, FRAME), sound, ended=START + 4 * SECOND)
    manifest = made(written.folder)
    assert [(one.video, one.audio) for one in manifest.files] == [(False, True)]
    assert near(manifest.missing, gap(0, 3933, "camera", "unplayable"))


def test_a_publisher_whose_parameters_always_change_fills_no_disk(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_FILES", 3)
    camera, mic = Sender(1, "camera", "H264"), Sender(2, "mic", "opus")
    turns = [pictures("H264", 160 + 32 * (n % 2), 96, 30)[0] for n in range(10)]
    sound = mic.stream(sounds(50), 20 * MS, count=250)
    written.take([camera.began(), mic.began(), camera.map(START, 0)], camera.stream(turns, SECOND // 2), sound, ended=START + 5 * SECOND)
    manifest = made(written.folder)
    assert [one.begin // 100 for one in manifest.files] == [0, 5, 10]
    assert near(manifest.missing, gap(1000, 4500, "camera", "unplayable"))


def test_a_clock_that_jumps(written: Written) -> None:
    """The lesson's clock was anchored anew, half a minute later: both sides of the jump keep their times."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    maps = [camera.map(START, 0), mic.map(START, 0), camera.map(START + 4 * SECOND, 34_000), mic.map(START + 4 * SECOND, 34_000)]
    video = camera.stream(pictures("VP8", 160, 96, 60), FRAME, count=120)
    sound = mic.stream(sounds(50), 20 * MS, count=400)
    written.take([camera.began(), mic.began(), *maps[:2]], maps[2:], video, sound, ended=START + 8 * SECOND)
    manifest = made(written.folder)
    assert [(one.begin // 100, one.end // 100) for one in manifest.files] == [(0, 40), (340, 380)]
    for one in manifest.files:
        file(written.folder, one)
    assert manifest.missing == (Missing(begin=4_000, end=34_000, track="", why="clock"),)


def test_a_clock_report_that_is_nonsense(written: Written) -> None:
    camera = Sender(1, "camera", "VP8")
    wrong = [camera.map(START + 2 * SECOND, -5_000_000)]
    video = camera.stream(pictures("VP8", 160, 96, 60), FRAME)
    written.take([camera.began(), camera.map(START, 0)], wrong, video, ended=START + 4 * SECOND)
    (one,) = made(written.folder).files
    assert (one.begin, one.end) == (0, 3973)


def test_ten_drops_are_one_recording(written: Written) -> None:
    """Five are of the publisher, five of the worker: each is named once, with its reason."""
    media, length = pictures("VP8", 160, 96, 60), 24 * SECOND
    for take in range(6):
        at = START + take * length
        camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
        dropped = range(at + 8 * SECOND, at + 12 * SECOND) if take < 5 else range(0)
        packets = [*camera.stream(media, FRAME, at, count=300), *mic.stream(sounds(50), 20 * MS, at, count=1000)]
        kept = sorted((one for one in packets if one.arrival not in dropped), key=lambda one: one.arrival)
        maps = [camera.map(at, (at - START) // MS), mic.map(at, (at - START) // MS)]
        ended = at + 20 * SECOND if take == 5 else None
        written.take([camera.began(at), mic.began(at), *maps], kept, epoch=str(take), started=at, ended=ended)
    manifest = made(written.folder)
    expected = []
    for take in range(5):
        at = take * 24_000
        expected += [gap(at + 8000, at + 12_000, "camera"), gap(at + 8000, at + 12_000, "mic"), gap(at + 20_000, at + 24_000, "", "worker")]
    assert near(tuple(sorted(manifest.missing, key=lambda one: (one.begin // 1000, one.track))), *expected)
    assert [one.name for one in manifest.files] == [f"teacher-{n:03}.webm" for n in range(1, 7)]
    assert manifest.takes == 6
    for one in manifest.files:
        file(written.folder, one)


def test_a_hole_of_all_tracks_ends_a_file(written: Written) -> None:
    media = pictures("VP8", 160, 96, 60)
    camera = Sender(1, "camera", "VP8")
    video = [*camera.stream(media, FRAME), *camera.stream(media, FRAME, START + 30 * SECOND)]
    written.take([camera.began(), camera.map(START, 0)], video, ended=START + 34 * SECOND)
    manifest = made(written.folder)
    assert [(one.begin // 100, one.end // 100) for one in manifest.files] == [(0, 39), (300, 339)]
    assert near(manifest.missing, gap(4000, 30_000, "camera"))


def test_a_take_without_reports_stands_by_the_wall_clock(written: Written) -> None:
    lesson(written)
    camera = Sender(1, "camera", "VP8", since=START + 60 * SECOND)
    written.take(
        [camera.began(START + 60 * SECOND)],
        camera.stream(pictures("VP8", 160, 96, 60), FRAME, START + 60 * SECOND),
        started=START + 60 * SECOND,
    )
    manifest = made(written.folder)
    assert [one.begin // 100 for one in manifest.files] == [0, 600]
    assert near(manifest.missing, gap(4000, 60_000, "", "pause"), gap(63_970, 63_970, "", "worker"))
    assert len(made(written.folder, live=True).missing) == 1


def test_a_thumbnail_a_minute(written: Written) -> None:
    camera = Sender(1, "camera", "VP8")
    video = camera.stream(pictures("VP8", 480, 270, 60), SECOND // 2, count=400)
    written.take([camera.began()], camera.maps(START, START + 200 * SECOND), video, ended=START + 200 * SECOND)
    (one,) = made(written.folder).files
    assert [at // 1000 for at, _ in one.thumbnails] == [0, 60, 120, 180]
    picture = cv2.imread(str(written.folder / PLAY / one.thumbnails[2][1]))
    assert picture is not None
    assert picture.shape == (134, 240, 3)


def test_sound_and_picture_stay_together_until_minute_44(written: Written) -> None:
    """The senders' clocks are wrong by 100 ppm, each in its own direction: 0.5 s in 44 minutes, if nobody looked."""
    camera, mic = Sender(1, "camera", "VP8", ppm=100), Sender(2, "mic", "opus", ppm=-100)
    end = START + 45 * 60 * SECOND
    media, tone, beep = pictures("VP8", 64, 48, 30), sounds(50), sounds(50, 3000.0)[20]
    flash = pictures("VP8", 96, 48, 1)[0]

    def moments(sender: Sender, every: int) -> list[int]:
        """Each so many ns of its own clock."""
        return [START + round(n * every / (1 + sender.ppm / 1e6)) for n in range(45 * 60 * SECOND // every)]

    shown, spoken = moments(camera, SECOND // 2), moments(mic, 20 * MS)
    flashed, beeped = 44 * 60 * 2, 44 * 60 * 50
    video = [p for n, at in enumerate(shown) for p in camera.packets(at, flash if n == flashed else media[n % 30])]
    sound = [p for n, at in enumerate(spoken) for p in mic.packets(at, beep if n == beeped else tone[n % 50])]
    written.take([camera.began(), mic.began()], camera.maps(START, end), mic.maps(START, end), video, sound, ended=end)
    manifest = made(written.folder)
    (one,) = manifest.files
    assert manifest.missing == ()
    counted, seen, heard = 0, 0.0, 0.0
    with av.open(str(written.folder / PLAY / one.name)) as opened:
        for packet in opened.demux():
            if packet.pts is None:
                continue
            if bytes(packet) == flash:
                seen = float(packet.pts * packet.time_base)
            elif packet.stream.type == "audio":
                if bytes(packet) == beep:
                    heard = counted * 0.02
                counted += 1
    assert spoken[beeped] - shown[flashed] > 500 * MS
    offset = (heard - seen) - (spoken[beeped] - shown[flashed]) / SECOND
    assert abs(seen - (shown[flashed] - START) / SECOND) < 0.02
    assert abs(offset) < 0.08


def test_what_a_disk_refused_before_the_first_packet_and_after_the_last_belongs_to_the_recording(written: Written) -> None:
    camera = Sender(1, "camera", "VP8")
    first, last = START - 60 * SECOND, START + 30 * SECOND
    early, late = (Gap(track=None, begin=begin, end=end, why="disk") for begin, end in ((first, START), (START + 4 * SECOND, last)))
    video = camera.stream(pictures("VP8", 160, 96, 60), FRAME, count=60)
    written.take([early, camera.began(), camera.map(START, 60_000)], video, [late], ended=last, started=first)
    manifest = made(written.folder)
    assert near(manifest.missing, gap(0, 60_000, "", "disk"), gap(64_000, 90_000, "", "disk"))
    assert (manifest.begin, manifest.end) == (0, 90_000)
    (one,) = manifest.files
    assert one.begin == 60_000
