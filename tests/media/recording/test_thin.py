"""Films for weak links: few bits, the same times, made one by one and never twice."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import av
import msgspec
import pytest

from media.client.manifest import MANIFEST, PLAY, Manifest, PlayFile, cut_of, read
from media.recording import play, rendition
from media.recording.cut import Cutter
from media.recording.reader import Reader
from media.recording.thin import Thinner
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.played import file, look

SECONDS = 12
FRAME = SECOND // 30


def captured(
    written: Written, codec: str = "VP8", sound_bits: int = 32_000, seconds: int = SECONDS, source: str = "camera", begin: int = START
) -> Manifest:
    """A film of 2 Mbit/s with its sound."""
    video, mic = Sender(1, source, codec), Sender(2, "mic", "opus")
    end = begin + seconds * SECOND
    media = pictures(codec, 960, 540, 60, gop=60, bits=2_000_000, detail=20)
    written.take(
        [video.began(begin), mic.began(begin)],
        video.maps(begin, end),
        mic.maps(begin, end),
        video.stream(media, FRAME, begin, count=30 * seconds),
        mic.stream(sounds(50, bits=sound_bits), 20 * MS, begin, count=50 * seconds),
        started=begin,
        ended=end,
    )
    return Reader(written.folder, lambda _: None, sounds=True).run()


def thin_of(made: Manifest) -> PlayFile:
    (one,) = [one for one in made.files if one.quality == "thin"]
    return one


def rate(one: PlayFile) -> float:
    """kbit/s."""
    return one.octets * 8 / (one.end - one.begin)


@pytest.mark.parametrize(
    ("codec", "media_type"),
    [
        ("VP8", 'video/webm; codecs="vp8,opus"'),
        ("VP9", 'video/webm; codecs="vp9,opus"'),
        ("AV1", 'video/webm; codecs="vp9,opus"'),
        ("H264", 'video/mp4; codecs="avc1.42c016,opus"'),
    ],
)
def test_a_film_of_each_codec_becomes_thin(tmp_path: Path, codec: str, media_type: str) -> None:
    before = captured(Written(tmp_path), codec)
    made = Thinner(tmp_path, lambda _: None).run()
    assert read(tmp_path) == made
    one, film = thin_of(made), before.files[0]
    assert rendition.needed(film), "else this shows nothing"
    assert [each for each in made.files if not each.quality] == list(before.files)
    assert (one.media_type, one.width, one.height, one.group) == (media_type, 640, 360, "teacher")
    assert (one.begin, one.end) == (film.begin, film.end)
    data = (tmp_path / PLAY / one.name).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (one.octets, one.sha256)
    assert rate(one) <= 350
    seen, source = file(tmp_path, one), look(tmp_path / PLAY / film.name)
    assert abs(len(seen.pictures) - 15 * SECONDS) <= 2
    assert all(min(abs(at - other) for other in source.pictures) < 0.002 for at in seen.pictures), (
        "each is a picture of the source, at its time"
    )
    keys = [b - a for a, b in zip(seen.keys, [*seen.keys[1:], SECONDS], strict=True)]
    assert max(keys) <= 4, seen.keys
    assert not list((tmp_path / PLAY).glob(".*"))


def test_a_shared_screen_keeps_its_lines(tmp_path: Path) -> None:
    captured(Written(tmp_path), source="screen")
    one = thin_of(Thinner(tmp_path, lambda _: None).run())
    assert (one.group, one.width, one.height) == ("screen", 960, 540)
    assert rate(one) <= 320
    seen = look(tmp_path / PLAY / one.name)
    assert seen.decoded == len(seen.pictures)
    assert abs(seen.decoded - 5 * SECONDS) <= 3


def test_a_screen_that_stands_still_is_seen_as_it_is(tmp_path: Path) -> None:
    """The last of several pictures that come at once is the one that stays."""
    screen = Sender(1, "screen", "VP8")
    media = pictures("VP8", 960, 540, 60, gop=1, bits=2_000_000, detail=60)
    moments = [(0, 0), (50, 1), (100, 2), (4000, 3), (4070, 4), (8000, 5), (8100, 6)]
    packets = [packet for at, n in moments for packet in screen.packets(START + at * MS, media[n])]
    end = START + 9 * SECOND
    Written(tmp_path).take([screen.began()], screen.maps(START, end), packets, ended=end)
    before = Reader(tmp_path, lambda _: None).run()
    small = msgspec.structs.replace(before.files[0], octets=10**7)  # few pictures, and yet a film to be made thin
    (tmp_path / PLAY / MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(before, files=(small,))))
    one = thin_of(Thinner(tmp_path, lambda _: None).run())
    assert [round(at * 1000) for at in look(tmp_path / PLAY / one.name).pictures] == [0, 100, 4000, 4070, 8000, 8100]


def test_sound_of_many_bits_becomes_thin_with_the_film(tmp_path: Path) -> None:
    captured(Written(tmp_path), sound_bits=128_000)
    one = thin_of(Thinner(tmp_path, lambda _: None).run())
    with av.open(str(tmp_path / PLAY / one.name)) as opened:
        octets = sum(packet.size for packet in opened.demux(audio=0) if packet.size)
    assert octets * 8 / SECONDS < rendition.SOUND_BITS
    seen = look(tmp_path / PLAY / one.name)
    assert abs(seen.samples / 48_000 - SECONDS) < 0.1
    assert max(abs(at - counted) for at, counted in seen.sound) < 0.03


def test_what_is_thin_as_it_is_stays_alone(tmp_path: Path) -> None:
    camera = Sender(1, "camera", "VP8")
    Written(tmp_path).take(
        [camera.began()],
        camera.maps(START, START + 4 * SECOND),
        camera.stream(pictures("VP8", 160, 96, 60), SECOND // 15),
        ended=START + 4 * SECOND,
    )
    before = Reader(tmp_path, lambda _: None).run()
    assert Thinner(tmp_path, lambda _: None).run() == before


def test_whoever_is_killed_goes_on_with_the_next_film(tmp_path: Path) -> None:
    """Of two films the first is done when it dies in the second."""
    written = Written(tmp_path)
    captured(written, "H264")
    long = captured(written, "VP8", seconds=60, begin=START + 20 * SECOND)
    assert len([one for one in long.files if rendition.needed(one)]) == 2
    process = subprocess.Popen([sys.executable, "-m", "media.recording.thin", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    while "file" not in told:
        told = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    first = thin_of(read(tmp_path))
    kept = (tmp_path / PLAY / first.name).stat().st_mtime_ns
    again: list[dict[str, object]] = []
    made = Thinner(tmp_path, again.append).run()
    assert [one.quality for one in made.files if one.video] == ["", "thin", "", "thin"]
    assert [line["file"] for line in again if "file" in line] == [one.name for one in made.files if one.quality and one != first]
    assert (tmp_path / PLAY / first.name).stat().st_mtime_ns == kept
    assert not list((tmp_path / PLAY).glob(".*"))


def test_one_is_enough_and_a_reader_does_not_wait_beside_it(tmp_path: Path) -> None:
    captured(Written(tmp_path))
    with play.locked(tmp_path / PLAY), pytest.raises(play.Busy):
        Thinner(tmp_path, lambda _: None).run()
    with play.locked(tmp_path), pytest.raises(play.Busy):
        Thinner(tmp_path, lambda _: None).run()
    with play.locked(tmp_path, alone=False):
        Thinner(tmp_path, lambda _: None).run()


def test_a_film_that_does_not_decode_has_none(tmp_path: Path) -> None:
    made = captured(Written(tmp_path))
    path = tmp_path / PLAY / made.files[0].name
    path.write_bytes(bytes(path.stat().st_size))
    told: list[dict[str, object]] = []
    assert Thinner(tmp_path, told.append).run() == made
    assert told == [{"unplayable": "teacher-001.webm"}]
    assert not list((tmp_path / PLAY).glob("*thin*"))


def test_a_phone_that_was_turned_is_not_stretched() -> None:
    upright = av.VideoFrame(360, 640, "yuv420p")
    seen = rendition.boxed(upright, 640, 360)
    assert (seen.width, seen.height) == (640, 360)
    assert rendition.size_of("teacher", 720, 1280) == (360, 640)
    assert rendition.size_of("screen", 1919, 1079) == (960, 540)
    assert rendition.size_of("stage.1", 320, 180) == (320, 180)


def test_a_cut_has_a_thin_film_too(tmp_path: Path) -> None:
    captured(Written(tmp_path))
    Thinner(tmp_path, lambda _: None).run()
    made = Cutter(tmp_path / PLAY, 3500, 9500, lambda _: None).run(tmp_path)
    assert [(one.name, one.quality) for one in made.files] == [
        ("teacher-001.webm", ""),
        ("teacher-001-thin.webm", "thin"),
        ("sound-001.webm", ""),
    ]
    one = thin_of(made)
    seen = look(tmp_path / cut_of(3500, 9500) / one.name)
    assert (one.begin, one.end) == (3500, 9500)
    assert abs(len(seen.pictures) - 90) <= 1
    assert msgspec.json.decode((tmp_path / PLAY / MANIFEST).read_bytes(), type=Manifest).files[1].quality == "thin"
