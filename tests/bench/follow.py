"""Row `follow`: what it costs to follow one recording while it is captured, and how far behind it is; beside a process that only copies the same
bytes as they come.

A writer appends the blocks of a capture at the pace of its clock, as the media worker does. The command runs as the server starts it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from media.client import live
from media.recording import blocks
from media.recording.records import Packet, decode
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.product import ROOT

SECONDS = 25
WARM_SECONDS = 5
BITS = 1_500_000
PERCENT = 5.0
"""Of a core, for one recording that is followed."""
BEHIND_MS = 4_000
COPY = """
import sys, time
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    while True:
        data = source.read(1 << 20)
        if data:
            target.write(data)
            target.flush()
        else:
            time.sleep(0.2)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one process."""

    name: str
    cpu: float
    """Share of a core."""
    behind: tuple[int, ...] = ()
    """From a packet's arrival at the worker until it is in a part that the journal names, ms, rising."""


def measure() -> list[Seen]:
    """The copy, then the command; about a minute."""
    with tempfile.TemporaryDirectory() as name:
        capture = _record(Path(name))
        plain = _paced(Path(name) / "plain", capture, copy=True)
        command = _paced(Path(name) / "follow", capture, copy=False)
    return [plain, command]


def _record(folder: Path) -> list[tuple[int, bytes]]:
    """A camera of 640 x 360 at 30 frames a second and a voice, block by block; when each was written, ns from the beginning."""
    camera, mic, end = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus"), START + SECONDS * SECOND
    video = camera.stream(pictures("VP8", 640, 360, 60, bits=BITS, detail=40), SECOND // 30, count=30 * SECONDS)
    sound = mic.stream(sounds(50), 20 * MS, count=50 * SECONDS)
    path = Written(folder).take([camera.began(), mic.began()], camera.maps(START, end), mic.maps(START, end), video, sound)
    data = path.read_bytes()
    found, at = [], 0
    with path.open("rb") as file:
        for block in blocks.read(file):
            assert isinstance(block, blocks.Block)
            arrivals = [one.arrival for one in decode(block.body) if isinstance(one, Packet)] if block.number else []
            at = max([at, *(arrival - START for arrival in arrivals)])
            found.append((at, data[block.offset : block.end]))
    return found


def _paced(folder: Path, capture: list[tuple[int, bytes]], *, copy: bool) -> Seen:
    folder.mkdir()
    take = folder / "take-0001.capture"
    take.touch()
    words = ["-c", COPY, str(take), str(folder / "copy")] if copy else ["-m", "media.recording", "--follow", str(folder)]
    behind: list[int] = []
    read = 0
    with take.open("ab", buffering=0) as file, subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        time.sleep(1)  # Python's start is not what is measured
        began, used, used_at = time.monotonic_ns(), 0.0, 0.0
        for at, data in capture:
            while (left := at - (time.monotonic_ns() - began)) > 0:
                time.sleep(min(left / SECOND, 0.02))
                read = _named(folder, read, began, behind)
            file.write(data)
            if not used_at and at > WARM_SECONDS * SECOND:
                used, used_at = _cpu(process.pid), time.monotonic()
        share = (_cpu(process.pid) - used) / (time.monotonic() - used_at)
        process.kill()
    return Seen("plain" if copy else "follow", share, tuple(sorted(behind)))


def _named(folder: Path, read: int, began: int, behind: list[int]) -> int:
    """Lines of the journal since; how old the first and the last picture of each new part is."""
    try:
        with (folder / live.LIVE / live.JOURNAL).open("rb") as file:
            file.seek(read)
            data = file.read().rpartition(b"\n")[0]
    except FileNotFoundError:
        return read
    now = (time.monotonic_ns() - began) // MS
    for text in data.splitlines():
        line = live.line(text)
        if isinstance(line, live.Segment):
            behind += [now - line.begin, now - line.end]
    return read + len(data) + 1 if data else read


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lines(found: list[Seen]) -> Iterator[str]:
    """The report."""
    command = found[-1]
    yield ""
    yield f"recording followed while it is captured: {SECONDS} s of VP8 and Opus, {BITS / 1e6:.1f} Mbit/s"
    yield f"{'row':<12}{'% of a core':>12}"
    for one in found:
        yield f"{one.name:<12}{100 * one.cpu:>12.2f}"
    yield "plain: a process copies the bytes of the capture as they come"
    worst, middle = command.behind[-1], command.behind[len(command.behind) // 2]
    yield f"behind: a picture is in the index {command.behind[0] / 1000:.1f} to {worst / 1000:.1f} s after it was captured, mostly {middle / 1000:.1f} s"
    yield f"load of the machine: {os.getloadavg()[0]:.1f}; memory at most {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB"
    good = 100 * command.cpu <= PERCENT
    yield f"{'met ' if good else 'MISSED'}  following one recording <= {PERCENT:.0f} % of a core: {100 * command.cpu:.2f}"
    yield f"{'met ' if worst <= BEHIND_MS else 'MISSED'}  behind what is live <= {BEHIND_MS / 1000:.0f} s: {worst / 1000:.1f}"
