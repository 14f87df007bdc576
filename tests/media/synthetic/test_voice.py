from __future__ import annotations

import subprocess
from types import SimpleNamespace

import numpy as np

from media.synthetic import voice


def test_tones_are_audible_and_have_pauses() -> None:
    samples = voice.tones()
    frames = np.abs(samples[: len(samples) // 960 * 960].reshape(-1, 960).astype(int)).max(axis=1)
    assert frames.max() > 3000
    assert (frames < 500).mean() > 0.05


def test_without_a_speech_program_the_voice_is_tones(monkeypatch) -> None:
    monkeypatch.setattr(voice.shutil, "which", lambda name: None)
    samples = voice.speech()
    assert np.array_equal(samples[: -voice.RATE], voice.tones())
    assert not samples[-voice.RATE :].any()


def test_a_speech_program_that_fails_leaves_tones(monkeypatch) -> None:
    monkeypatch.setattr(voice.shutil, "which", lambda name: "/bin/false")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(stdout=b""))
    assert np.array_equal(voice.speech()[: -voice.RATE], voice.tones())


def test_tracks_speak_at_48_khz_and_show_at_their_rate() -> None:
    samples = voice.speech()
    assert samples.dtype == np.int16
    assert len(samples) > 2 * voice.RATE
