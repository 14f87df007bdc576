"""What lies in a span, cut out of playable files: all of it, and not one picture or packet of sound besides."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from media.client.manifest import MANIFEST, PLAY, Manifest, Missing, PlayFile, cut_of, read
from media.recording import cut, play
from media.recording.cut import Cutter
from media.recording.reader import Reader
from tests.harness.captures import MS, SECOND, START, Sender, Written, lesson, pictures, sounds
from tests.harness.played import file, look

FRAME_MS = 1000 / 15
SECONDS = 12
MARKS = 60


@dataclass(frozen=True)
class Shown:
    """A picture of a file. `at`: lesson time, ms."""

    at: float
    mark: int
    """Which of the source's pictures it is."""


@cache
def _patterns() -> np.ndarray:
    return np.stack([(np.arange(160) * 2 + number * 3) % 200 + 20.0 for number in range(MARKS)])


def shown(folder: Path, one: PlayFile) -> list[Shown]:
    """Each picture that a decoder gives."""
    found = []
    with av.open(str(folder / one.name)) as opened:
        for frame in opened.decode(video=0) if opened.streams.video else ():
            line = frame.reformat(160, 96, "gray").to_ndarray().astype(float)[8:88].mean(axis=0)
            mark = int(np.abs(_patterns() - line).mean(axis=1).argmin())
            found.append(Shown(one.begin + float(frame.pts * frame.time_base) * 1000, mark))
    return found


def heard(folder: Path, one: PlayFile) -> list[tuple[float, bytes]]:
    """Each packet of sound: lesson time, ms, and what is in it."""
    with av.open(str(folder / one.name)) as opened:
        if not opened.streams.audio:
            return []
        return [(one.begin + float(p.pts * p.time_base) * 1000, bytes(p)) for p in opened.demux(audio=0) if p.pts is not None and p.size]


@pytest.fixture(scope="module", params=["VP8", "VP9", "H264", "AV1"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Camera and microphone, a keyframe each two seconds; the sound by itself, too."""
    folder = tmp_path_factory.mktemp(request.param)
    lesson(Written(folder), request.param, seconds=SECONDS)
    Reader(folder, lambda _: None, sounds=True).run()
    return folder


def made(folder: Path, begin: int, end: int) -> Manifest:
    """Cut; what the manifest says is so."""
    found = Cutter(folder / PLAY, begin, end, lambda _: None).run(folder)
    into = folder / cut_of(begin, end)
    names = {one.name for one in found.files} | {name for one in found.files for _, name in one.thumbnails}
    assert {path.name for path in into.iterdir()} == names | {MANIFEST}
    assert msgspec.json.decode((into / MANIFEST).read_bytes(), type=Manifest) == found
    for one in found.files:
        data = (into / one.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.octets, one.sha256)
        assert begin <= one.begin < one.end <= end
        assert all(begin <= at < end for at, _ in one.thumbnails)
        assert look(into / one.name).kinds.keys() == {kind for kind, there in (("video", one.video), ("audio", one.audio)) if there}
    return found


def spans(seed: str) -> list[tuple[int, int]]:
    """Any, and those at the corners: on a keyframe, within one picture's time, over everything."""
    chance = random.Random(seed)
    some = [tuple(sorted(chance.sample(range(SECONDS * 1000), 2))) for _ in range(8)]
    return [*some, (4000, 8000), (3999, 4001), (4001, 4066), (5950, 6001), (1, SECONDS * 1000 - 1), (0, 3000), (7000, 99_000)]


def test_all_that_lies_in_a_span_and_nothing_else(recorded: Path) -> None:
    whole = read(recorded)
    film, alone = whole.files
    packets = heard(recorded / PLAY, film)
    for begin, end in spans(recorded.name):
        found, into = made(recorded, begin, end), recorded / cut_of(begin, end)
        assert found.missing == ()
        seen = [one for each in found.files if each.group == "teacher" for one in shown(into, each)]
        first = int(begin / FRAME_MS + 0.001)
        numbers = [n for n in range(first, SECONDS * 15) if n * FRAME_MS < end - 0.6]
        assert [one.mark for one in seen] == [n % MARKS for n in numbers], (begin, end)
        for n, one in zip(numbers, seen, strict=True):
            assert begin <= one.at < end, (begin, end, n)
            assert abs(one.at - max(n * FRAME_MS, begin)) <= 1, (begin, end, n)
        inside = [data for at, data in packets if begin <= max(at, 0) and (at + 20 <= end or end > alone.end)]
        for group in ("teacher", "sound"):
            sound = [one for each in found.files if each.group == group for one in heard(into, each)]
            near = [data for _, data in sound]
            assert near in (inside, *(inside[a : len(inside) - b] for a in (0, 1) for b in (0, 1, 2))), (begin, end, group)
            assert all(begin - 8 <= at and at + 20 <= end + 8 for at, _ in sound), (begin, end, group)


def test_what_was_copied_is_what_it_was_bit_by_bit(recorded: Path) -> None:
    with av.open(str(recorded / PLAY / read(recorded).files[0].name)) as opened:
        before = [bytes(p) for p in opened.demux(video=0) if p.size]
    found = made(recorded, 2500, 11_000)
    kept = []
    for one in found.files:
        with av.open(str(recorded / cut_of(2500, 11_000) / one.name)) as opened:
            kept += [bytes(p) for p in opened.demux(video=0) if p.size] if one.video else []
    assert kept[-105:] == before[60:165], "from the keyframe at 4 s on"
    assert not set(kept[:-105]) & set(before), "the rest of the two seconds before it is new"


def test_a_film_that_lies_in_the_span_is_the_same_file(recorded: Path) -> None:
    found = made(recorded, 0, 99_000)
    for one in found.files:
        assert (recorded / cut_of(0, 99_000) / one.name).stat().st_ino == (recorded / PLAY / one.name).stat().st_ino
    assert found.files == read(recorded).files


def test_a_file_tells_of_no_time_and_no_name(recorded: Path) -> None:
    found = made(recorded, 2500, 11_000)
    for one in found.files:
        with av.open(str(recorded / cut_of(2500, 11_000) / one.name)) as opened:
            told = {**opened.metadata, **{key: value for stream in opened.streams for key, value in stream.metadata.items()}}
        allowed = {"major_brand", "minor_version", "compatible_brands", "encoder", "handler_name", "language", "duration", "vendor_id"}
        assert {key.lower() for key in told} <= allowed, told
        assert "creation_time" not in told


def test_a_picture_that_stood_still_is_there_from_the_beginning(tmp_path: Path) -> None:
    """A shared screen sends a picture when something changes."""
    screen = Sender(1, "screen", "VP8")
    media = pictures("VP8", 160, 96, 60, gop=60)
    written = Written(tmp_path)
    written.take(
        [screen.began()], screen.maps(START, START + 60 * SECOND), screen.stream(media, 4 * SECOND, count=15), ended=START + 60 * SECOND
    )
    Reader(tmp_path, lambda _: None).run()
    found = made(tmp_path, 21_000, 23_500)
    (one,) = found.files
    assert [(round(each.at), each.mark) for each in shown(tmp_path / cut_of(21_000, 23_500), one)] == [(21_000, 5)]


def test_gaps_end_with_the_span(recorded: Path) -> None:
    whole = read(recorded)
    missing = (
        Missing(begin=0, end=900, track="", why="worker"),
        Missing(begin=800, end=2200, track="camera", why="publisher"),
        Missing(begin=1500, end=1500, track="", why="damage"),
        Missing(begin=1900, end=9000, track="mic", why="queue"),
    )
    told = msgspec.structs.replace(whole, missing=missing)
    assert cut.clipped(told, 1000, 2000) == [
        Missing(begin=1000, end=2000, track="camera", why="publisher"),
        missing[2],
        Missing(begin=1900, end=2000, track="mic", why="queue"),
    ]


def test_pictures_before_the_first_whole_one_that_do_not_decode_are_named(tmp_path: Path) -> None:
    lesson(Written(tmp_path), "VP8", seconds=SECONDS)
    Reader(tmp_path, lambda _: None).run()
    path = tmp_path / PLAY / "teacher-001.webm"
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as opened:
        key = next(bytes(p) for p in opened.demux(video=0) if p.is_keyframe and p.pts * p.time_base > Fraction(39, 10))
    at = data.index(key, data.index(key) + 1)  # the same picture is shown each four seconds
    data[at : at + len(key)] = bytes(len(key))
    path.write_bytes(bytes(data))
    found = made(tmp_path, 5000, 9000)
    assert [(one.begin, one.end, one.track, one.why) for one in found.missing] == [(5000, 6000, "camera", "unplayable")]
    (one,) = [each for each in found.files if each.video]
    assert len(shown(tmp_path / cut_of(5000, 9000), one)) == 45


def test_the_command_tells_what_it_does_and_is_one_beside_others(tmp_path: Path) -> None:
    lesson(Written(tmp_path), "H264")
    Reader(tmp_path, lambda _: None).run()
    (tmp_path / "cut-500-3000.killed").mkdir()

    def run(*words: str) -> tuple[int, list[dict[str, object]]]:
        command = [sys.executable, "-m", "media.recording.cut", str(tmp_path), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    with play.locked(tmp_path, alone=False):
        status, told = run("500", "3000")
    assert (status, told[-1]) == (0, {"done": True, "files": 2, "missing": 0})
    assert {path.name for path in tmp_path.iterdir()} == {"take-0001.capture", PLAY, "cut-500-3000"}
    for one in read(tmp_path, "cut-500-3000").files:
        assert one.media_type.startswith('video/mp4; codecs="avc1.42')
    with play.locked(tmp_path):
        status, told = run("500", "3000")
    assert (status, told[-1]["error"]) == (1, "busy")
    (tmp_path / PLAY / "teacher-001.mp4").unlink()
    status, told = run("500", "2000")
    assert (status, told[-1]["error"]) == (1, "files")
    assert not (tmp_path / "cut-500-2000").exists()


def test_one_long_stretch_without_a_keyframe_needs_no_memory_for_it(tmp_path: Path) -> None:
    """Its beginning is decoded picture by picture; the sound goes along."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    end = START + 40 * SECOND
    media = pictures("VP8", 160, 96, 600, gop=600)
    written = Written(tmp_path)
    written.take(
        [camera.began(), mic.began()],
        camera.maps(START, end),
        mic.maps(START, end),
        camera.stream(media, SECOND // 15),
        mic.stream(sounds(50), 20 * MS, count=2000),
        ended=end,
    )
    Reader(tmp_path, lambda _: None).run()
    found = made(tmp_path, 33_000, 38_000)
    (one,) = found.files
    seen = file(tmp_path / cut_of(33_000, 38_000) / "..", msgspec.structs.replace(one, name=f"../{cut_of(33_000, 38_000)}/{one.name}"))
    assert len(seen.pictures) == 75
