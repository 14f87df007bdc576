"""`python -m media.recording FOLDER --follow` as the server starts it."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from media.client import live
from tests.harness.captures import MS, SECOND, START, Sender, Written, lesson, pictures, sounds
from tests.harness.followed import Followed, follow

ROOT = Path(__file__).resolve().parents[4]


def words(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "media.recording", str(folder), "--follow", *more]


def command(folder: Path, *more: str, **how: object) -> tuple[int, list[dict[str, object]]]:
    """Exit status and what was told."""
    found = subprocess.run(words(folder, *more), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, **how)  # type: ignore[call-overload]
    assert found.stderr == ""
    return found.returncode, [json.loads(line) for line in found.stdout.splitlines()]


def over(folder: Path) -> None:
    """Nothing more is captured."""
    (folder / live.LIVE).mkdir(exist_ok=True)
    (folder / live.LIVE / live.OVER).touch()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_ends_when_everything_is_there(tmp_path: Path) -> None:
    lesson(Written(tmp_path), seconds=5)
    over(tmp_path)
    status, told = command(tmp_path)
    assert (status, told[0], told[-1]["done"], told[-1]["over"]) == (0, {"following": tmp_path.name}, True, True)
    assert Followed(tmp_path).over
    assert command(tmp_path)[1][-1]["octets"] == 0, "nothing is written twice"


def test_it_ends_when_nobody_asks(tmp_path: Path) -> None:
    lesson(Written(tmp_path), seconds=5)
    status, told = command(tmp_path, "--patience", "0.5")
    assert (status, told[-1]["over"]) == (0, False)
    seen = Followed(tmp_path)
    assert not seen.over
    assert (tmp_path / live.LIVE).stat().st_mode & 0o077 == 0, "nobody else on the machine reads it"
    assert len(seen.segments()) == 4, "what is not whole yet is not told"
    follow(tmp_path)
    assert len(Followed(tmp_path).segments()) == 6


def test_one_at_a_time_and_no_longer_than_somebody_listens(tmp_path: Path) -> None:
    lesson(Written(tmp_path), seconds=5)
    with subprocess.Popen(words(tmp_path), cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"following": tmp_path.name}
        assert command(tmp_path) == (1, [{"error": "busy", "detail": "another process reads this recording"}])
        process.stdout.close()
        process.wait(20)
    over(tmp_path)
    assert command(tmp_path)[0] == 0


def test_a_folder_that_is_not_there_or_takes_nothing(tmp_path: Path) -> None:
    assert command(tmp_path / "none")[1][-1]["error"] == "files"
    lesson(Written(tmp_path), seconds=20)
    over(tmp_path)

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, 1_500))

    status, told = command(tmp_path, preexec_fn=small_files)
    assert (status, told[-1]["error"]) == (1, "files")
    assert command(tmp_path)[0] == 0, "with room again"
    seen = Followed(tmp_path)
    assert seen.over
    for one in (*seen.runs, *seen.segments()):
        seen.part(one)


def test_it_is_killed_at_any_moment_and_the_next_goes_on(tmp_path: Path) -> None:
    """Twenty times while it runs through a lesson: whatever the journal named is there, nothing named changes, and the end is the same."""
    chance = random.Random(20)
    lesson(Written(tmp_path), seconds=600)
    over(tmp_path)
    named: list[bytes] = []
    journal = tmp_path / live.LIVE / live.JOURNAL
    for _ in range(20):
        with subprocess.Popen(words(tmp_path), cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.08))  # a moment, not a condition
            process.kill()
        whole = journal.read_bytes().rpartition(b"\n")[0].splitlines() if journal.exists() else []
        assert whole[: len(named)] == named
        named = whole
        for text in named:
            line = live.line(text)
            if isinstance(line, live.Run | live.Segment):
                assert (tmp_path / live.LIVE / line.name).stat().st_size == line.octets
    assert command(tmp_path)[0] == 0
    once = tmp_path / "once"
    once.mkdir()
    os.link(tmp_path / "take-0001.capture", once / "take-0001.capture")
    follow(once)
    assert Followed(tmp_path).same() == Followed(once).same()


PEAK = """
import resource, sys
from media.recording.__main__ import main
main([sys.argv[1], "--follow"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(folder: Path, hours: float) -> int:
    """Kilobytes at most, following so long a lesson."""
    folder.mkdir()
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    seconds = round(hours * 3600)
    end = START + seconds * SECOND
    video = camera.stream(pictures("VP8", 64, 48, 30), SECOND // 2, count=2 * seconds)
    sound = mic.stream(sounds(50), 400 * MS, count=seconds * 10 // 4)
    Written(folder).take([camera.began(), mic.began()], camera.maps(START, end), mic.maps(START, end), video, sound, ended=end)
    over(folder)
    found = subprocess.run([sys.executable, "-c", PEAK, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    assert Followed(folder).segments()[-1].end >= seconds * 1000 - 1000
    return int(found.stdout.splitlines()[-1])


def test_four_hours_take_no_more_memory_than_a_quarter(tmp_path: Path) -> None:
    """But for the reports of clocks, and some hundred octets for each part that a limit may take away."""
    assert peak(tmp_path / "four", 4) - peak(tmp_path / "quarter", 0.25) < 16 * 1024
