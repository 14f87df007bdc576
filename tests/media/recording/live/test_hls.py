"""What televisions play of a recording that goes on: without a hole, near what is live, and by one process after the other."""

from __future__ import annotations

import io
import itertools
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from media.client import live
from media.client.live import Run
from media.recording.live import hls
from media.recording.live.hls import Tail
from media.recording.live.shelf import Shelf
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.followed import Followed, follow
from tests.media.recording.live.test_command import ROOT


class Televised(Followed):
    """`live/hls/`, looked at as `live/` is."""

    name = f"{live.LIVE}/{live.HLS}"

    def spans(self, group: str, kind: str) -> list[tuple[int, int]]:
        """Of all segments, ms."""
        runs = {run.run for run in self.runs if (run.group, run.kind) == (group, kind)}
        return [(one.begin, one.end) for one in self.segments() if one.run in runs]

    def times(self, run: Run) -> list[float]:
        """Of what decodes, seconds of the lesson."""
        with av.open(io.BytesIO(self.all(run))) as file:
            return [float(frame.time or 0) + self.opened.origin / 1000 for frame in file.decode()]


def televise(folder: Path, *groups: str, more: tuple[str, ...] = ()) -> dict[str, object]:
    """To its end; what it told last."""
    ask(folder, *groups)
    words = [sys.executable, "-m", "media.recording", str(folder), "--hls", *more]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert found.stderr == ""
    return dict(json.loads(found.stdout.splitlines()[-1]))


def ask(folder: Path, *groups: str) -> None:
    place = folder / live.LIVE / live.HLS
    place.mkdir(exist_ok=True)
    for group in groups:
        (place / f"{live.ASKED}.{group}").touch()


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def camera_and_microphone(written: Written, codec: str, seconds: int, begin: int = START, screen: str = "") -> None:
    senders = [Sender(1, "camera", codec, since=begin), Sender(2, "mic", "opus", since=begin)]
    streams = [senders[0].stream(pictures(codec, 320, 180, 30, gop=30), SECOND // 10, begin, 10 * seconds)]
    streams.append(senders[1].stream(sounds(50), 20 * MS, begin, 50 * seconds))
    if screen:
        senders.append(Sender(3, "screen", screen, since=begin))
        streams.append(senders[2].stream(pictures(screen, 640, 480, 10, gop=10), SECOND // 2, begin, 2 * seconds))
    lesson = (begin - START) // MS
    reports = [one for sender in senders for one in (sender.began(begin), sender.map(begin, lesson))]
    written.take(reports, *streams, ended=begin + seconds * SECOND, started=begin, epoch=f"e{begin}")


def end_to_end(spans: list[tuple[int, int]]) -> bool:
    return all(abs(after[0] - before[1]) <= 70 for before, after in itertools.pairwise(spans))


def test_it_begins_near_what_is_live_and_has_no_hole(written: Written) -> None:
    camera_and_microphone(written, "VP8", 60)
    follow(written.folder)
    assert televise(written.folder, "teacher")["over"] is True
    seen = Televised(written.folder)
    assert seen.opened.edition == Followed(written.folder).opened.edition + "h"
    assert {(run.kind, run.codec) for run in seen.runs} == {("audio", "AAC"), ("video", "H264")}
    for kind in ("audio", "video"):
        spans = seen.spans("teacher", kind)
        assert 47_500 < spans[0][0] < 50_500
        assert spans[-1][1] > 59_500
        assert end_to_end(spans)
    for run in seen.runs:
        times = seen.times(run)
        assert max(after - before for before, after in itertools.pairwise(times)) < 0.3
        assert all(one.key for one in seen.segments(run.run))
    (video,) = [run for run in seen.runs if run.kind == "video"]
    assert (video.width, video.height, video.media_type) == (640, 360, 'video/mp4; codecs="avc1.4d4016"')


def test_what_is_h264_is_not_encoded_again(written: Written) -> None:
    camera_and_microphone(written, "H264", 20, screen="VP8")
    follow(written.folder)
    televise(written.folder, "teacher")
    assert {(run.group, run.codec) for run in Televised(written.folder).runs} == {("teacher", "AAC")}, "nor what nobody watches"


def test_the_screen_where_somebody_watches_it(written: Written) -> None:
    camera_and_microphone(written, "VP8", 20, screen="VP9")
    follow(written.folder)
    televise(written.folder, "screen")
    seen = Televised(written.folder)
    assert {(run.group, run.codec) for run in seen.runs} == {("teacher", "AAC"), ("screen", "H264")}
    (video,) = [run for run in seen.runs if run.group == "screen"]
    assert (video.width, video.height) == (480, 360), "small, in its own shape"


def test_silence_and_the_last_picture_stand_where_nothing_came(written: Written) -> None:
    """The microphone is off for five seconds and the camera for six; the other goes on, and no television waits."""
    camera, mic, end = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus"), START + 30 * SECOND
    film = list(camera.stream(pictures("VP8", 320, 180, 30, gop=30), SECOND // 10, count=300))
    sound = list(mic.stream(sounds(50), 20 * MS, count=1500))
    film = [one for one in film if not 24 * SECOND < one.arrival - START < 28 * SECOND]
    sound = [one for one in sound if not 20 * SECOND < one.arrival - START < 23 * SECOND]
    written.take([camera.began(), mic.began()], camera.maps(START, end), mic.maps(START, end), film, sound, ended=end)
    follow(written.folder)
    televise(written.folder, "teacher")
    seen = Televised(written.folder)
    for kind in ("audio", "video"):
        assert end_to_end(seen.spans("teacher", kind)), kind
    for run in seen.runs:
        assert max(after - before for before, after in itertools.pairwise(seen.times(run))) < 1.1


def test_a_pause_is_a_break(written: Written) -> None:
    camera_and_microphone(written, "VP8", 6)
    follow(written.folder)
    source = written.folder / live.LIVE
    with Shelf(source, name=live.HLS) as shelf:
        tail = Tail(source)
        made = hls.Televised(tail, shelf, lambda group: group == "teacher")
        assert tail.read()
        assert made.step()
        camera_and_microphone(written, "VP8", 8, START + 120 * SECOND)
        follow(written.folder)
        assert tail.read()
        assert made.step()
        made.finish()
    seen = Televised(written.folder)
    assert [(run.kind, run.begin // 1000) for run in sorted(seen.runs, key=lambda run: (run.begin // 1000, run.kind))] == [
        ("audio", 0),
        ("video", 0),
        ("audio", 120),
        ("video", 120),
    ]
    for kind in ("audio", "video"):
        assert max(end - begin for begin, end in seen.spans("teacher", kind)) < 2_100, kind


def test_it_is_killed_at_any_moment_and_the_next_goes_on(written: Written) -> None:
    """What was told stays; nothing is told twice, and little is left out."""
    chance = random.Random(3)
    camera_and_microphone(written, "VP8", 120)
    (grown := written.folder / "grown").mkdir()
    (path,) = written.files
    data, at = path.read_bytes(), 0
    with (grown / path.name).open("wb") as file:
        file.write(data[: len(data) // 6])
        file.flush()
        follow_on(grown)
        for number in range(7):
            ask(grown, "teacher")
            words = [sys.executable, "-m", "media.recording", str(grown), "--hls"]
            with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                at = len(data) * (number + 2) // 8
                file.write(data[file.tell() : at])
                file.flush()
                follow_on(grown)
                time.sleep(chance.uniform(0.1, 0.6))  # a moment, not a condition
                process.kill()
    follow(grown)
    televise(grown, "teacher")
    seen = Televised(grown)
    assert seen.over
    for kind in ("audio", "video"):
        spans = seen.spans("teacher", kind)
        assert spans == sorted(spans)
        for before, after in itertools.pairwise(spans):
            assert -100 < after[0] - before[1] < 3_000, kind
        assert spans[-1][1] > 119_000
    for one in (*seen.runs, *seen.segments()):
        seen.part(one)


def follow_on(folder: Path) -> None:
    """What is there now."""
    words = [sys.executable, "-m", "media.recording", str(folder), "--follow", "--patience", "0"]
    subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=60)


def test_what_was_made_of_another_edition_is_thrown_away(written: Written) -> None:
    camera_and_microphone(written, "H264", 20)
    follow(written.folder)
    televise(written.folder, "teacher")
    before = Televised(written.folder).opened.edition
    journal = written.folder / live.LIVE / live.JOURNAL
    journal.unlink()
    follow(written.folder)
    televise(written.folder, "teacher")
    seen = Televised(written.folder)
    assert seen.opened.edition != before
    assert seen.opened.edition.startswith(Followed(written.folder).opened.edition)
    for one in (*seen.runs, *seen.segments()):
        seen.part(one)
