from __future__ import annotations

import asyncio
import inspect

import aiortc.rtcrtpreceiver
import numpy as np

from media.synthetic import tracks, undecoded
from media.synthetic.pictures import teacher
from media.synthetic.voice import RATE, tones


class Clock:
    """Virtual time: sleeping moves it."""

    def __init__(self, monkeypatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(tracks.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(tracks.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_a_voice_comes_in_frames_of_20_ms(monkeypatch) -> None:
    clock = Clock(monkeypatch)
    track = tracks.VoiceTrack(tones())
    frames = [await track.recv() for _ in range(50)]
    assert [f.pts for f in frames] == [960 * i for i in range(50)]
    assert abs(clock.now - 100.0 - 49 * 0.02) < 1e-9
    assert np.abs(np.concatenate([f.to_ndarray() for f in frames], axis=1)).max() > 3000


async def test_pictures_come_at_their_rate(monkeypatch) -> None:
    Clock(monkeypatch)
    track = tracks.PictureTrack(teacher(320, 180), 10)
    assert [(await track.recv()).pts for _ in range(4)] == [0, 9000, 18000, 27000]


async def test_a_late_track_does_not_catch_up_in_a_burst(monkeypatch) -> None:
    clock = Clock(monkeypatch)
    track = tracks.VoiceTrack(np.ones(RATE, np.int16))
    await track.recv()
    clock.now += 30
    await track.recv()
    before = clock.now
    await track.recv()
    assert abs(clock.now - before - 0.02) < 1e-9


def test_what_is_replaced_in_aiortc_is_still_there() -> None:
    theirs = inspect.signature(aiortc.rtcrtpreceiver.decoder_worker)
    ours = inspect.signature(undecoded.discard_worker)
    assert list(theirs.parameters) == list(ours.parameters)
    assert "target=decoder_worker" in inspect.getsource(aiortc.rtcrtpreceiver.RTCRtpReceiver)
    assert asyncio.iscoroutinefunction(aiortc.rtcrtpreceiver.RTCRtpReceiver.receive)
