"""GStreamer in a process of its own: `gstreamer_peer.py`, run and read."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.product import Link

PYTHON = "/usr/bin/python3"
"""The one the distribution's bindings are for; `-I` keeps it away from the modules beside the program."""
PROGRAM = Path(__file__).with_name("gstreamer_peer.py")
ELEMENTS = (
    "webrtcbin",
    "nicesrc",
    "dtlssrtpenc",
    "srtpenc",
    "opusenc",
    "vp8enc",
    "x264enc",
    "avdec_h264",
    "rtpvp8pay",
    "audiotestsrc",
)
_CHECK = f"""
import gi
gi.require_version("Gst", "1.0"), gi.require_version("GstWebRTC", "1.0"), gi.require_version("GstSdp", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC
Gst.init(None)
print(" ".join(e for e in {ELEMENTS!r} if not Gst.ElementFactory.find(e)))
"""


@functools.cache
def missing() -> str:
    """What this machine lacks for GStreamer's webrtcbin; nothing if it is all there."""
    try:
        done = subprocess.run([PYTHON, "-c", _CHECK], capture_output=True, text=True, timeout=60, env=_environment())
    except OSError as error:
        return str(error)
    return done.stdout.strip() if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no bindings"])[-1]


def _environment() -> dict[str, str]:
    """Without what belongs to the tests' own Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


@dataclass
class GStreamer:
    """One `webrtcbin` session. Use `async with GStreamer("publish", "VP8", link)`."""

    role: str
    codec: str
    link: Link = field(repr=False)
    states: list[str] = field(default_factory=list)
    audio: int = 0
    video: int = 0
    loud: int = 0
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def __aenter__(self) -> GStreamer:
        url = self.link.whip if self.role == "publish" else self.link.whep
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *(PYTHON, "-I", str(PROGRAM), self.role, self.codec, url),
            env={**_environment(), "TOKEN": self.link.token, "GST_DEBUG": "1", "GST_DEBUG_NO_COLOR": "1"},
            stdin=pipe,
            stdout=pipe,
        )
        self._task = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._task is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            raise AssertionError("GStreamer did not end") from None
        finally:
            await self._task
        assert code == 0, f"GStreamer ended with {code}"

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            said = json.loads(line)
            if "state" in said:
                self.states.append(said["state"])
            else:
                self.audio, self.video, self.loud = said["audio"], said["video"], said["loud"]

    async def until(self, wanted: Callable[[GStreamer], bool], seconds: float = 15) -> float:
        """Wait until it holds; how long it took, s."""
        began = time.monotonic()
        while not wanted(self):
            assert time.monotonic() - began < seconds, f"after {seconds} s: {self}"
            assert not self._task or not self._task.done(), f"ended: {self}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began
