"""`python -m media.recording` as the server starts it."""

from __future__ import annotations

import fcntl
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from media.client import manifest
from media.recording.records import Record
from tests.harness.captures import MS, SECOND, START, Sender, Written, lesson, pictures, sounds

ROOT = Path(__file__).resolve().parents[3]


def command(*words: str | Path) -> tuple[int, list[dict[str, object]]]:
    """Exit status and what was told."""
    found = subprocess.run(
        [sys.executable, "-m", "media.recording", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.stderr == ""
    return found.returncode, [json.loads(line) for line in found.stdout.splitlines()]


def test_it_tells_each_step_and_leaves_play(tmp_path: Path) -> None:
    lesson(Written(tmp_path), "H264")
    status, told = command(tmp_path)
    assert status == 0
    assert told[0] == {"take": 1, "of": 1}
    assert told[1]["file"] == "teacher-001.mp4"
    assert told[-1] == {"done": True, "files": 1, "missing": 0}
    assert manifest.read(tmp_path).files[0].name == "teacher-001.mp4"
    assert {path.name for path in tmp_path.iterdir()} == {"take-0001.capture", "play"}


def test_again_it_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    written = Written(tmp_path)
    lesson(written)
    assert command(tmp_path)[0] == 0
    (tmp_path / "play" / "old").touch()
    (tmp_path / "play.killed").mkdir()
    (tmp_path / "play.killed" / "half.webm").touch()
    before = (tmp_path / "play" / "teacher-001.webm").open("rb")
    lesson(written, "VP9")
    assert command(tmp_path)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"take-0001.capture", "take-0002.capture", "play"}
    assert not (tmp_path / "play" / "old").exists()
    assert len(manifest.read(tmp_path).files) == 2
    with before:
        assert before.read(4) == b"\x1aE\xdf\xa3", "who plays the old one goes on"


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    status, told = command(tmp_path / "none")
    assert status == 1
    assert told[-1]["error"] == "files"
    (tmp_path / "take-0001.capture").mkdir()
    status, told = command(tmp_path)
    assert status == 1
    assert told[-1]["error"] == "files"
    assert not (tmp_path / "play").exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_one_at_a_time(tmp_path: Path) -> None:
    lesson(Written(tmp_path))
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    status, told = command(tmp_path)
    os.close(held)
    assert (status, told) == (1, [{"error": "busy", "detail": "another process reads this recording"}])
    assert command(tmp_path)[0] == 0


def test_a_folder_without_takes(tmp_path: Path) -> None:
    assert command(tmp_path) == (0, [{"done": True, "files": 0, "missing": 0}])
    assert manifest.read(tmp_path).recording == tmp_path.name


def test_a_take_that_is_still_written(tmp_path: Path) -> None:
    camera = Sender(1, "camera", "VP8")
    Written(tmp_path).take([camera.began(), camera.map(START, 0)], camera.stream(pictures("VP8", 64, 48, 10), SECOND // 5))
    assert command(tmp_path, "--live")[1][-1] == {"done": True, "files": 1, "missing": 0}
    assert command(tmp_path)[1][-1] == {"done": True, "files": 1, "missing": 1}


def test_it_is_killed_at_any_moment_and_what_was_there_stays_whole(tmp_path: Path) -> None:
    """The next one makes it anew, and leaves nothing of those that died."""
    chance = random.Random(8)
    written = Written(tmp_path)
    lesson(written, seconds=300)
    assert command("--sounds", tmp_path)[0] == 0
    lesson(written, "H264", seconds=300)
    for _ in range(8):
        words = [sys.executable, "-m", "media.recording", str(tmp_path), "--sounds"]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(4)):
                process.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
        found = manifest.read(tmp_path)
        assert len(found.files) in (2, 4), "the one before, or the next if it was done"
        assert all((tmp_path / "play" / one.name).stat().st_size == one.octets for one in found.files)
    assert command("--sounds", tmp_path)[0] == 0
    assert [one.name for one in manifest.read(tmp_path).files] == [
        "teacher-001.webm",
        "teacher-002.mp4",
        "sound-001.webm",
        "sound-002.webm",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"take-0001.capture", "take-0002.capture", "play"}


def small_files() -> None:
    """As a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_a_disk_that_takes_no_more(tmp_path: Path, codec: str) -> None:
    lesson(Written(tmp_path), codec)
    words = [sys.executable, "-m", "media.recording", str(tmp_path)]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, preexec_fn=small_files)
    assert (found.returncode, found.stderr) == (1, "")
    assert json.loads(found.stdout.splitlines()[-1])["error"] == "files"
    assert {path.name for path in tmp_path.iterdir()} == {"take-0001.capture"}


PEAK = """
import resource, sys
from media.recording.__main__ import main
main([sys.argv[1]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def sparse(hours: float) -> tuple[Iterator[Record], ...]:
    """Two pictures a second, and sound with pauses, as a slide with a voice."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    end = START + round(hours * 3600) * SECOND
    seconds = (end - START) // SECOND
    video = camera.stream(pictures("VP8", 64, 48, 30), SECOND // 2, count=2 * seconds)
    sound = mic.stream(sounds(50), 400 * MS, count=seconds * 10 // 4)
    return iter([camera.began(), mic.began()]), camera.maps(START, end), mic.maps(START, end), video, sound


def peak(folder: Path, hours: float) -> int:
    """Kilobytes at most, reading so long a lesson."""
    folder.mkdir()
    Written(folder).take(*sparse(hours), ended=START + round(hours * 3600) * SECOND)
    found = subprocess.run([sys.executable, "-c", PEAK, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert manifest.read(folder).end >= hours * 3_600_000 - 1000
    return int(found.stdout.splitlines()[-1])


def test_four_hours_take_no_more_memory_than_a_quarter(tmp_path: Path) -> None:
    """But for the index of keyframes and the reports of clocks: some hundred octets each ten seconds."""
    assert peak(tmp_path / "four", 4) - peak(tmp_path / "quarter", 0.25) < 16 * 1024


def test_the_sound_of_each_film_by_itself(tmp_path: Path) -> None:
    lesson(Written(tmp_path), "H264")
    assert command("--sounds", tmp_path)[0] == 0
    film, sound = manifest.read(tmp_path).files
    assert (film.name, sound.name, sound.group, sound.video) == ("teacher-001.mp4", "sound-001.webm", "sound", False)
    assert (sound.begin, sound.end) == (film.begin, film.end)
    assert sound.octets < film.octets / 2
    with av.open(str(tmp_path / "play" / sound.name)) as file, av.open(str(tmp_path / "play" / film.name)) as whole:
        alone = [bytes(packet) for packet in file.demux(audio=0) if packet.size]
        assert alone == [bytes(packet) for packet in whole.demux(audio=0) if packet.size]
