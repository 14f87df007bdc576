"""The media worker under test: a process of its own, pinned to one core, measured from outside."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from media.client import WorkerClient

TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 20.0


def cores() -> tuple[int, int]:
    """The core of what is measured and the core of everything else; one and the same if there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, from its own accounting.

    /proc/PID/task/*/schedstat counts it in ns; /proc/PID/stat, where the kernel has no schedstat, in ticks of 10 ms.
    """
    try:
        return _schedstat(pid, 0)
    except (OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def waited_seconds(pid: int) -> float:
    """How long the process was ready to run and another had the core: what spoils its latency; 0 where the kernel does not say."""
    try:
        return _schedstat(pid, 1)
    except (OSError, IndexError):
        return 0.0


def _schedstat(pid: int, field: int) -> float:
    return sum(int(path.read_text().split()[field]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


def spawn(module: str, core: int, *arguments: str, env: dict[str, str] | None = None, output: int | None = None) -> subprocess.Popen[str]:
    """Start `python -m module` on one core."""
    words = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(words, env={**os.environ, **(env or {})}, stdin=subprocess.PIPE, stdout=output, text=True)
    os.sched_setaffinity(process.pid, {core})
    return process


def stop(process: subprocess.Popen[str]) -> None:
    """End a process that `spawn` started, at the latest after three seconds."""
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


class Worker:
    """`python -m media` on loopback and free ports, with a data directory of its own. An async context manager."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._directory = tempfile.TemporaryDirectory(prefix="shuangshi-bench-")
        self._process: subprocess.Popen[str] | None = None
        self.client = WorkerClient(Path(self._directory.name) / "run" / "media-0.sock", "bench")

    async def __aenter__(self) -> Worker:
        env = {
            "SHUANGSHI_DATA_DIR": self._directory.name,
            "SHUANGSHI_MEDIA_HOST": "127.0.0.1",
            "SHUANGSHI_MEDIA_PORT": "0",
            "SHUANGSHI_LOG_LEVEL": "WARNING",
        }
        self._process = spawn("media", self._core, env=env)
        await self.client.start()
        limit = time.monotonic() + START_SECONDS
        while not self.client.connected:
            if self._process.poll() is not None or time.monotonic() > limit:
                await self.__aexit__()
                raise RuntimeError("the media worker did not start")
            await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.stop()
        if self._process:
            stop(self._process)
        self._directory.cleanup()

    @property
    def pid(self) -> int:
        """Process id."""
        assert self._process
        return self._process.pid

    def cpu_seconds(self) -> float:
        """CPU time used so far."""
        return cpu_seconds(self.pid)

    def waited_seconds(self) -> float:
        """Time lost to other processes so far."""
        return waited_seconds(self.pid)

    def resident_bytes(self) -> int:
        """Resident memory now."""
        return resident_bytes(self.pid)
