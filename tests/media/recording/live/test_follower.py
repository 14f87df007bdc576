"""A recording that grows is followed: what comes out is what comes out afterwards, whenever and in whatever pieces it is read."""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path

import av
import pytest

from media.client import live
from media.client.manifest import PLAY
from media.recording.live import shelf as shelves
from media.recording.live.follower import Follower
from media.recording.live.shelf import Differs, Limit, Shelf
from media.recording.records import Packet, TrackEnded
from tests.harness.captures import MS, SECOND, START, Sender, Written, lesson, pictures, sounds
from tests.harness.followed import Followed, follow
from tests.harness.played import made

TYPES = {
    "VP8": 'video/webm; codecs="vp8"',
    "VP9": 'video/webm; codecs="vp9"',
    "AV1": 'video/mp4; codecs="av01.0.08M.08"',
    "H264": 'video/mp4; codecs="avc1.42c00d"',
}


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def follows(seen: Followed, run: int) -> None:
    """Its segments are end to end."""
    segments = seen.segments(run)
    for before, after in itertools.pairwise(segments):
        assert abs(after.begin - before.end) <= 1


@pytest.mark.parametrize("codec", TYPES)
def test_the_same_pictures_and_sounds_as_afterwards(written: Written, codec: str) -> None:
    lesson(written, codec, seconds=7)
    follow(written.folder)
    seen = Followed(written.folder)
    assert (seen.opened.recording, seen.opened.origin, seen.over) == ("r1", -5000, True)
    assert {(run.group, run.kind, run.media_type) for run in seen.runs} == {
        ("teacher", "video", TYPES[codec]),
        ("teacher", "audio", 'audio/mp4; codecs="opus"'),
    }
    assert live.missing(written.folder) == made(written.folder).missing == ()
    (film,) = (written.folder / PLAY).glob("teacher-001.*")
    for run in seen.runs:
        with av.open(str(film)) as file:
            afterwards = [(float(p.pts * p.time_base), bytes(p), p.is_keyframe) for p in file.demux(**{run.kind: 0}) if p.size]
        now = seen.packets(run)
        assert [data for _, data, _ in now] == [data for _, data, _ in afterwards]
        assert [key for *_, key in now] == [key for *_, key in afterwards]
        assert max(abs(a[0] - 5 - b[0]) for a, b in zip(now, afterwards, strict=True)) < 0.003
        assert seen.frames(run) >= len(now) - 1, "the first of sound is its pre-skip"
        assert [(one.begin, one.key) for one in seen.segments(run.run)] == [(0, True), (2000, True), (4000, True), (6000, True)]
        follows(seen, run.run)


def takes(written: Written) -> None:
    """A camera that changes its codec, a room on stage, a worker that dies, a pause, sound alone."""
    chance = random.Random(4)
    camera, mic, stage = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus"), Sender(3, "stage.2.video", "H264")
    other = Sender(4, "camera", "H264")
    film = list(camera.stream(pictures("VP8", 64, 48, 30), SECOND // 10, count=60))
    film = [one for one in film if chance.random() > 0.03]
    written.take(
        [camera.began(), mic.began(), stage.began(START + 2 * SECOND)],
        *(one.maps(START, START + 12 * SECOND) for one in (camera, mic)),
        stage.maps(START + 2 * SECOND, START + 12 * SECOND),
        film,
        mic.stream(sounds(50), 20 * MS, count=600),
        stage.stream(pictures("H264", 64, 48, 30), SECOND // 10, START + 2 * SECOND, 40),
        [TrackEnded(track=3, at=START + 6 * SECOND)],
        [other.began(START + 6 * SECOND)],
        other.maps(START + 6 * SECOND, START + 12 * SECOND),
        other.stream(pictures("H264", 96, 64, 30), SECOND // 10, START + 6 * SECOND, 60),
    )
    later = START + 20 * SECOND
    mic = Sender(1, "mic", "opus", rtp=77, since=later)
    written.take([mic.began(later), mic.map(later, 20_000)], mic.stream(sounds(50), 20 * MS, later, 300), epoch="f", started=later)
    again = later + 30 * SECOND
    camera = Sender(1, "camera", "VP8", rtp=99, since=again)
    written.take(
        [camera.began(again), camera.map(again, 50_000)],
        camera.stream(pictures("VP8", 64, 48, 30), SECOND // 10, again, 45),
        epoch="f",
        started=again,
        ended=again + 5 * SECOND,
    )


def test_codecs_epochs_and_sound_alone_are_runs_on_one_timeline(written: Written) -> None:
    takes(written)
    follow(written.folder)
    seen = Followed(written.folder)
    teacher = {(run.codec, run.begin // 1000) for run in seen.runs if run.group == "teacher"}
    assert teacher == {("VP8", 0), ("OPUS", 0), ("H264", 6), ("OPUS", 6), ("OPUS", 20), ("VP8", 50)}
    (stage,) = [run for run in seen.runs if run.group == "stage.2"]
    assert (stage.kind, stage.begin) == ("video", 2000)
    for run in seen.runs:
        packets = seen.packets(run)
        assert abs(packets[0][0] - 5 - run.begin / 1000) < 0.002
        assert packets[0][2], "a run begins with a keyframe"
        assert seen.frames(run) >= len(packets) - 1
    afterwards = made(written.folder)
    assert [(one.why, one.track) for one in live.missing(written.folder)] == [(one.why, one.track) for one in afterwards.missing]
    for now, then in zip(live.missing(written.folder), afterwards.missing, strict=True):
        assert max(abs(now.begin - then.begin), abs(now.end - then.end)) < 100


def grown(source: Path, into: Path, seed: int) -> None:
    """The folder is captured once more, in pieces of any size, and followed meanwhile by one process after the other."""
    chance = random.Random(seed)
    into.mkdir()
    shelf = Shelf(into)
    follower = Follower(into, shelf)
    for path in sorted(source.glob("take-*.capture")):
        data, at = path.read_bytes(), 0
        with (into / path.name).open("wb") as file:
            while at < len(data):
                size = chance.choice((1, 7, 300, 5_000, 60_000))
                file.write(data[at : at + size])
                file.flush()
                at += size
                for _ in range(chance.randrange(3)):
                    follower.step()
                if chance.random() < 0.1:
                    follower.close()
                    shelf.__exit__(None, None, None)
                    shelf = Shelf(into)
                    follower = Follower(into, shelf)
    while follower.step():
        pass
    follower.finish()
    shelf.end()
    shelf.__exit__(None, None, None)


@pytest.mark.parametrize("seed", range(4))
def test_it_does_not_depend_on_when_it_is_read(written: Written, seed: int) -> None:
    takes(written)
    follow(written.folder)
    whole = written.folder / "grown"
    grown(written.folder, whole, seed)
    assert Followed(whole).same() == Followed(written.folder).same()


def test_a_picture_is_told_soon_after_it_arrived(written: Written) -> None:
    """However long a group of pictures is: of 20 s without a keyframe nothing waits for more than the segment and the block it is in."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    end = START + 20 * SECOND
    path = written.take(
        [camera.began(), mic.began()],
        camera.maps(START, end),
        mic.maps(START, end),
        camera.stream(pictures("VP8", 64, 48, 200, gop=300), SECOND // 10),
        mic.stream(sounds(50), 20 * MS, count=1000),
    )
    data, growing = path.read_bytes(), written.folder / "grown"
    growing.mkdir()
    worst = 0
    with Shelf(growing) as shelf, (growing / path.name).open("wb") as file:
        follower = Follower(growing, shelf)
        for at in range(0, len(data), 500):
            file.write(data[at : at + 500])
            file.flush()
            while follower.step():
                pass
            found = Followed(growing)
            if (growing / live.LIVE / live.JOURNAL).exists() and len(found.segments()) > 4:
                reached = min(max(one.end for one in found.segments(run.run)) for run in found.runs)
                worst = max(worst, follower.at - reached)
        follower.close()
    assert 1_000 < worst < 2_700
    segments = found.segments(next(run.run for run in found.runs if run.kind == "video"))
    assert [one.key for one in segments[:3]] == [True, False, False]


def test_a_picture_that_stands_still_does_not_hide_what_was_before(written: Written) -> None:
    """A camera stops; the sound goes on, and the last picture is told though none follows."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    end = START + 9 * SECOND
    written.take(
        [camera.began(), mic.began()],
        camera.maps(START, end),
        mic.maps(START, end),
        camera.stream(pictures("VP8", 64, 48, 15), SECOND // 10),
        mic.stream(sounds(50), 20 * MS, count=450),
    )
    with Shelf(written.folder) as shelf:
        follower = Follower(written.folder, shelf)
        while follower.step():
            pass
        follower.close()
    seen = Followed(written.folder)
    (video,) = [run.run for run in seen.runs if run.kind == "video"]
    assert [(one.begin, one.end > 3_500) for one in seen.segments(video)] == [(0, True)]


def test_what_does_not_come_out_the_same_is_made_anew(written: Written) -> None:
    lesson(written, seconds=5)
    follow(written.folder)
    before = Followed(written.folder).opened.edition
    journal = written.folder / live.LIVE / live.JOURNAL
    journal.write_bytes(journal.read_bytes().replace(b'"end":2000', b'"end":2001', 1))
    with pytest.raises(Differs):
        follow(written.folder)
    with Shelf(written.folder) as shelf:
        shelf.clear()
    follow(written.folder)
    seen = Followed(written.folder)
    assert seen.opened.edition != before
    names = {one.name for one in (*seen.runs, *seen.segments())}
    parts = {path.name for path in (written.folder / live.LIVE).iterdir() if path.suffix in (".m4s", ".webm")}
    assert parts == names, "nothing of the edition before is left"


@pytest.mark.parametrize("broken", [b"", b"{", b'{"line":"opened"', b'{"line":"run"}\n', b"\xff\n", b'{"line":"ended","over":true}\n'])
def test_a_journal_that_cannot_be_read_is_begun_anew(written: Written, broken: bytes) -> None:
    lesson(written, seconds=3)
    (written.folder / live.LIVE).mkdir()
    (written.folder / live.LIVE / live.JOURNAL).write_bytes(broken)
    follow(written.folder)
    seen = Followed(written.folder)
    assert seen.over
    assert len(seen.segments()) == 4


def test_a_last_line_that_was_cut_and_parts_that_are_gone_are_written_again(written: Written) -> None:
    lesson(written, seconds=7)
    follow(written.folder)
    seen = Followed(written.folder)
    before, (first, *_) = seen.same(), seen.segments()
    journal = written.folder / live.LIVE / live.JOURNAL
    for cut in (1, 30, 200, 400):
        journal.write_bytes(journal.read_bytes()[:-cut])
        (written.folder / live.LIVE / first.name).unlink()
        follow(written.folder)
        assert Followed(written.folder).same() == before, cut


def test_a_lesson_that_is_reopened_goes_on(written: Written) -> None:
    lesson(written, seconds=3)
    follow(written.folder)
    assert Followed(written.folder).over
    later = START + 60 * SECOND
    camera = Sender(1, "camera", "VP8", rtp=5, since=later)
    written.take(
        [camera.began(later), camera.map(later, 60_000)], camera.stream(pictures("VP8", 64, 48, 45), SECOND // 15, later), started=later
    )
    with Shelf(written.folder) as shelf:
        follower = Follower(written.folder, shelf)
        while follower.step():
            pass
        assert not Followed(written.folder).over
        follower.finish()
        shelf.end()
    assert Followed(written.folder).over
    assert Followed(written.folder).segments()[-1].end > 62_000


@pytest.mark.parametrize("limit", [Limit(octets=60_000), Limit(ms=20_000)])
def test_what_is_beyond_the_limit_goes(written: Written, limit: Limit) -> None:
    lesson(written, seconds=90)
    follow(written.folder, limit)
    seen = Followed(written.folder)
    segments = seen.segments()
    assert 5_000 < segments[0].begin < 80_000
    for one in segments:
        seen.part(one)
    parts = [path for path in (written.folder / live.LIVE).iterdir() if path.suffix in (".m4s", ".webm")]
    assert len(parts) <= len(segments) + len(seen.runs) + 2
    before = seen.same()
    follow(written.folder, limit)
    assert Followed(written.folder).same() == before, "what went is not written again"


def test_a_run_for_every_picture_fills_no_disk(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_RUNS", 5)
    camera = Sender(1, "camera", "H264")
    films = [pictures("H264", 64 + 16 * (n % 2), 48, 1) for n in range(20)]
    written.take(
        [camera.began()],
        camera.maps(START, START + 20 * SECOND),
        [one for n, film in enumerate(films) for one in camera.packets(START + n * SECOND, film[0])],
        ended=START + 20 * SECOND,
    )
    follow(written.folder)
    assert len(Followed(written.folder).runs) == 4
    assert "unplayable" in {one.why for one in live.missing(written.folder)}


def test_a_take_without_reports_or_without_a_head(written: Written) -> None:
    camera = Sender(1, "camera", "VP8")
    written.take([camera.began()], camera.stream(pictures("VP8", 64, 48, 60), SECOND // 10))
    broken = written.take([camera.began()], camera.stream(pictures("VP8", 64, 48, 30), SECOND // 10))
    broken.write_bytes(b"\0" * 300)
    later = START + 60 * SECOND
    camera = Sender(1, "camera", "VP8", rtp=5, since=later)
    written.take(
        [camera.began(later), camera.map(later, 60_000)], camera.stream(pictures("VP8", 64, 48, 45), SECOND // 15, later), started=later
    )
    follow(written.folder)
    seen = Followed(written.folder)
    assert [run.begin // 1000 for run in seen.runs] == [0, 60]
    assert "damage" in {one.why for one in live.missing(written.folder)}


def test_captures_that_are_hit_anywhere_are_followed_to_their_end(tmp_path: Path) -> None:
    """Seeded positions of a small capture, each bit and byte of them; nothing raises, what is told decodes as far as it is."""
    source = Written(tmp_path / "source")
    source.folder.mkdir()
    camera, mic, end = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus"), START + 6 * SECOND
    told = [one for at in range(START, end, SECOND) for one in (camera.began(at), mic.began(at), camera.map(at, (at - START) // MS))]
    path = source.take(
        told, camera.stream(pictures("VP8", 64, 48, 30, gop=5), SECOND // 5), mic.stream(sounds(10), 100 * MS, count=60), ended=end
    )
    data, chance = path.read_bytes(), random.Random(11)
    for number in range(60):
        hit = bytearray(data)
        at = chance.randrange(len(data))
        if number % 3:
            hit[at] ^= 1 << chance.randrange(8)
        else:
            del hit[at : at + chance.choice((1, 100, 3_000))]
        folder = tmp_path / f"{number}"
        folder.mkdir()
        (folder / path.name).write_bytes(hit)
        follow(folder)
        seen = Followed(folder)
        assert seen.over
        for run in seen.runs:
            assert seen.packets(run)[0][2], at
        shutil.rmtree(folder)


def test_records_before_their_report_wait_for_it(written: Written) -> None:
    """They are placed by the first that comes, not by their arrival."""
    camera = Sender(1, "camera", "VP8")
    film = list(camera.stream(pictures("VP8", 64, 48, 45), SECOND // 15))
    early: list[Packet] = [one for one in film if one.arrival < START + SECOND // 2]
    written.take([camera.began()], early, [camera.map(START + SECOND // 2, 7_500)], film[len(early) :], ended=START + 3 * SECOND)
    follow(written.folder)
    (run,) = Followed(written.folder).runs
    assert run.begin == 7_000
