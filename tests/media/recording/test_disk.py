"""The thread that writes capture files: real files, a full device, a disk that does not answer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media.recording import disk as module
from media.recording import folder as folder_module
from media.recording.disk import QUEUE_BYTES, Disk

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait for the other thread."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 10
        time.sleep(0.002)


def test_what_is_put_is_appended_in_order(tmp_path: Path, disk: Disk) -> None:
    one, two = disk.open(tmp_path / "a" / "one"), disk.open(tmp_path / "two")
    for n in range(500):
        assert disk.put(one, b"%d," % n)
        assert disk.put(two, b"x")
    disk.close_file(one)
    assert not disk.put(one, b"late")
    until(lambda: (tmp_path / "a" / "one").exists() and (tmp_path / "a" / "one").read_bytes().endswith(b"499,"))
    assert (tmp_path / "a" / "one").read_bytes() == b"".join(b"%d," % n for n in range(500))
    assert (tmp_path / "a" / "one").stat().st_mode & 0o777 == 0o600
    disk.close()
    assert (tmp_path / "two").read_bytes() == b"x" * 500
    assert disk.take_failures() == []


def test_a_file_that_exists_is_appended_to(tmp_path: Path) -> None:
    for part in (b"one", b"two"):
        disk = Disk()
        disk.put(disk.open(tmp_path / "f"), part)
        disk.close()
    assert (tmp_path / "f").read_bytes() == b"onetwo"


def test_a_full_disk_is_told_and_other_files_go_on(tmp_path: Path, disk: Disk) -> None:
    full, good = disk.open(Path("/dev/full")), disk.open(tmp_path / "good")
    disk.put(full, b"lost")
    disk.put(good, b"kept")
    until(lambda: (tmp_path / "good").exists() and (tmp_path / "good").read_bytes() == b"kept")
    (failure,) = disk.take_failures()
    assert (failure.file, failure.error.errno, failure.lost) == (full, errno.ENOSPC, 4)
    assert disk.take_failures() == []


def test_where_no_file_can_be_made_it_is_told_and_tried_again(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "wall").write_text("a file where a folder should be")
    file = disk.open(tmp_path / "wall" / "take")
    disk.put(file, b"lost")
    until(lambda: bool(disk._state.failures))
    assert [one.lost for one in disk.take_failures()] == [4]
    (tmp_path / "wall").unlink()
    disk.put(file, b"kept")
    until(lambda: (tmp_path / "wall" / "take").exists() and (tmp_path / "wall" / "take").read_bytes() == b"kept")
    assert disk.take_failures() == []


def test_a_disk_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    now = [0.0]
    disk = Disk(lambda: now[0])
    os.mkfifo(tmp_path / "stuck")
    reader = os.open(tmp_path / "stuck", os.O_RDONLY | os.O_NONBLOCK)
    file = disk.open(tmp_path / "stuck")
    assert disk.put(file, bytes(1 << 20))  # more than a pipe holds
    until(lambda: disk._state.writing_since is not None)
    assert disk.put(file, bytes(QUEUE_BYTES - (1 << 20)))
    assert not disk.put(file, b"x"), "the queue is full"
    now[0] += module.QUEUE_SECONDS + 0.1
    os.set_blocking(reader, True)
    read = 0
    while read < 1 << 20:
        read += len(os.read(reader, 1 << 16))
    until(lambda: disk._state.size < QUEUE_BYTES)
    while read < QUEUE_BYTES:
        read += len(os.read(reader, 1 << 16))
    until(lambda: disk._state.size == 0)
    assert disk.put(file, b"x"), "it answers again"
    disk.close()
    assert os.read(reader, 10) == b"x"
    os.close(reader)


def test_one_that_is_too_slow_is_refused_although_there_is_room(tmp_path: Path) -> None:
    now = [0.0]
    disk = Disk(lambda: now[0])
    os.mkfifo(tmp_path / "stuck")
    reader = os.open(tmp_path / "stuck", os.O_RDONLY | os.O_NONBLOCK)
    file = disk.open(tmp_path / "stuck")
    assert disk.put(file, bytes(1 << 20))
    until(lambda: disk._state.writing_since is not None)
    assert disk.put(file, b"y")
    now[0] += module.QUEUE_SECONDS + 0.1
    assert not disk.put(file, b"z")
    os.close(reader)  # the pipe breaks: the write fails, and is told
    until(lambda: disk._state.size == 0)
    assert {one.error.errno for one in disk.take_failures()} == {errno.EPIPE}
    disk.close()


def test_a_killed_process_leaves_what_was_synced(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom media.recording.disk import Disk\n"
        "disk = Disk(); file = disk.open(Path(sys.argv[1]))\n"
        "for n in range(10 ** 9):\n    disk.put(file, b'%08d' % n); print(n, flush=True); time.sleep(0.001)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "take")],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout
    for _ in range(300):
        last = int(child.stdout.readline())
    child.kill()
    child.wait()
    data = (tmp_path / "take").read_bytes()
    whole = [int(data[at : at + 8]) for at in range(0, len(data) - 7, 8)]
    assert whole == list(range(len(whole)))
    assert len(whole) >= last - 50, "all but what was under way"


def test_takes_are_numbered_by_what_is_there_and_begin_with_their_head(tmp_path: Path, disk: Disk) -> None:
    folder = tmp_path / "recordings" / "r"
    one = disk.create(folder, lambda number: b"<%d>" % number)
    two = disk.create(folder, lambda number: b"<%d>" % number)
    disk.put(two, b"data")
    disk.close()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"take-0001.capture": b"<1>", "take-0002.capture": b"<2>data"}
    (folder / "take-0041.capture").touch()
    (folder / "take-x.capture").touch()
    again = Disk()
    file = again.create(folder, lambda number: b"<%d>" % number)
    until(lambda: (found := again.progress(file)) is not None and found.take == 42)
    again.close()
    assert again.progress(file) is None
    assert one != two


def test_a_take_that_cannot_be_made_is_tried_again_and_never_without_its_head(tmp_path: Path, disk: Disk) -> None:
    wall = tmp_path / "recordings"
    wall.write_text("a file where a folder should be")
    file = disk.create(wall / "r", lambda number: b"head")
    disk.put(file, b"lost", (3, 7))
    until(lambda: (found := disk.progress(file)) is not None and found.puts == 2)
    assert [(one.lost, one.span) for one in disk.take_failures()] == [(0, (0, 0)), (4, (3, 7))]
    wall.unlink()
    disk.put(file, b"")
    until(lambda: (found := disk.progress(file)) is not None and found.take == 1)
    disk.put(file, b"kept")
    disk.close()
    assert (wall / "r" / "take-0001.capture").read_bytes() == b"headkept"


def test_a_head_that_does_not_fit_leaves_no_file(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "write_all", full)
        file = disk.create(tmp_path, lambda number: b"head")
        until(lambda: (found := disk.progress(file)) is not None and found.puts == 1)
    assert list(tmp_path.iterdir()) == []
    disk.put(file, b"x")
    disk.close()
    assert (tmp_path / "take-0001.capture").read_bytes() == b"headx"


def test_progress_counts_what_is_written(tmp_path: Path, disk: Disk) -> None:
    file = disk.create(tmp_path, lambda number: b"head")
    for _ in range(3):
        disk.put(file, b"12345")
    until(lambda: (found := disk.progress(file)) is not None and (found.puts, found.octets, found.take) == (4, 19, 1))
    disk.close_file(file)
    until(lambda: disk.progress(file) is None)
