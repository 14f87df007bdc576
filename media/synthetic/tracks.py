"""aiortc tracks that show generated pictures and speak a generated voice, paced by the clock."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack

from media.synthetic.pictures import Painter
from media.synthetic.voice import RATE, Samples

VIDEO_CLOCK = 90_000
AUDIO_FRAME = RATE // 50


class _Paced(MediaStreamTrack):
    """Yields one frame a period; falls behind without catching up in bursts."""

    def __init__(self, period: float) -> None:
        super().__init__()
        self._period = period
        self._start: float | None = None
        self._count = 0

    async def _next_moment(self) -> float:
        now = time.monotonic()
        if self._start is None:
            self._start = now
        due = self._start + self._count * self._period
        if now - due > 1.0:
            self._start += now - due
            due = now
        self._count += 1
        await asyncio.sleep(max(0.0, due - now))
        return (self._count - 1) * self._period


class PictureTrack(_Paced):
    """Video from a painter, at a fixed rate."""

    kind = "video"

    def __init__(self, painter: Painter, frames_per_second: float) -> None:
        super().__init__(1 / frames_per_second)
        self._painter = painter

    async def recv(self) -> av.VideoFrame:
        """The next frame, when it is due."""
        moment = await self._next_moment()
        frame = av.VideoFrame.from_ndarray(self._painter(moment), format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(moment * VIDEO_CLOCK), Fraction(1, VIDEO_CLOCK)
        return frame


class VoiceTrack(_Paced):
    """20 ms of the voice at a time, repeated for ever."""

    kind = "audio"

    def __init__(self, samples: Samples) -> None:
        super().__init__(AUDIO_FRAME / RATE)
        whole = len(samples) // AUDIO_FRAME * AUDIO_FRAME
        self._frames = samples[:whole].reshape(-1, 1, AUDIO_FRAME)
        self._at = 0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when they are due."""
        moment = await self._next_moment()
        samples = np.ascontiguousarray(self._frames[self._at % len(self._frames)])
        self._at += 1
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, round(moment * RATE), Fraction(1, RATE)
        return frame
