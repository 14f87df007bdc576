"""Row `remux`: how fast a recording becomes playable, beside a plain copy of the file that comes out.

The command runs as the server starts it: its own process, Python's start included.
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

import av

from media.client import manifest
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.product import ROOT

SECONDS = 300
BITS = 1_500_000
TIMES_REAL = 100.0
RUNS = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """The best of some runs."""

    name: str
    seconds: float
    cpu: float
    """CPU seconds of the process; of the copy those of the bench."""
    octets: int
    """Of what was read."""

    @property
    def speed(self) -> float:
        """Times real time."""
        return SECONDS / self.seconds


def measure() -> list[Seen]:
    """The command, then the copy of what it made."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        take = _record(folder)
        command = min((_run(folder, take) for _ in range(RUNS)), key=lambda one: one.seconds)
        one, *_ = manifest.read(folder).files
        plain = min((_copy(folder / manifest.PLAY / one.name) for _ in range(RUNS)), key=lambda one: one.seconds)
    return [plain, command]


def _record(folder: Path) -> Path:
    """Five minutes of 640 x 360 at 30 frames a second and a voice, as a worker writes them."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    end = START + SECONDS * SECOND
    film = pictures("VP8", 640, 360, 60, bits=BITS, detail=40)
    video = camera.stream(film, SECOND // 30, count=30 * SECONDS)
    sound = mic.stream(sounds(50), 20 * MS, count=50 * SECONDS)
    return Written(folder).take([camera.began(), mic.began()], camera.maps(START, end), mic.maps(START, end), video, sound, ended=end)


def _run(folder: Path, take: Path) -> Seen:
    begun, cpu = time.perf_counter(), _children()
    run_command(folder)
    return Seen("remux", time.perf_counter() - begun, _children() - cpu, take.stat().st_size)


def run_command(folder: Path) -> None:
    """Make a recording playable, as the server does."""
    subprocess.run([sys.executable, "-m", "media.recording", "--sounds", str(folder)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _copy(path: Path) -> Seen:
    """Packet by packet into another file, nothing looked at."""
    begun, cpu = time.perf_counter(), time.process_time()
    with av.open(str(path)) as source, av.open(str(path.with_suffix(".copy.webm")), "w") as copy:
        streams = [copy.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                copy.mux_one(packet)
    return Seen("plain", time.perf_counter() - begun, time.process_time() - cpu, path.stat().st_size)


def lines(found: list[Seen]) -> Iterator[str]:
    """The report."""
    yield ""
    yield f"recording made playable: {SECONDS} s of VP8 and Opus, {found[-1].octets * 8 / SECONDS / 1e6:.1f} Mbit/s; best of {RUNS}"
    yield f"{'row':<12}{'x real time':>12}{'seconds':>9}{'cpu s':>8}"
    for one in found:
        yield f"{one.name:<12}{one.speed:>12,.0f}{one.seconds:>9.2f}{one.cpu:>8.2f}"
    yield "plain: libavformat copies the finished file, packet by packet"
    yield f"load of the machine: {os.getloadavg()[0]:.1f}"
    speed = found[-1].speed
    yield f"{'met ' if speed >= TIMES_REAL else 'MISSED'}  remux >= {TIMES_REAL:.0f} x real time: {speed:,.0f}"
