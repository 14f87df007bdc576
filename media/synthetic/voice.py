"""A voice to speak with: `espeak-ng` where it is installed, otherwise tones with the rhythm of speech."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
"""Mono, 48 kHz."""

RATE = 48_000
SENTENCE = "同学们好, 今天我们学习分数. 把一个圆平均分成四份, 其中的一份就是四分之一. 请大家想一想, 二分之一和四分之一, 哪一个大?"


def tones(seconds: float = 6.0, seed: int = 1) -> Samples:
    """Syllables of a gliding fundamental with harmonics, and pauses between words."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    syllable = (t * 4.2).astype(int)
    pitch = 140 + 60 * rng.random(int(syllable[-1]) + 1)[syllable]
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(np.sin(phase * k) / k for k in (1, 2, 3, 5))
    envelope = np.sin(np.pi * ((t * 4.2) % 1)) ** 0.5 * (rng.random(int(syllable[-1]) + 1)[syllable] > 0.18)
    return np.asarray(sound * envelope * 7000, np.int16)


def _resample(samples: Samples, rate: int) -> Samples:
    at = np.arange(0, len(samples), rate / RATE)
    return np.asarray(np.interp(at, np.arange(len(samples)), samples), np.int16)


def speech() -> Samples:
    """A sentence to repeat, ending in a second of silence."""
    program = shutil.which("espeak-ng")
    spoken = tones()
    if program:
        wav = subprocess.run([program, "-v", "cmn", "-s", "150", "--stdout", SENTENCE], capture_output=True, check=False).stdout  # noqa: S603
        if len(wav) > 10_000:
            spoken = _read_wav(wav)
    return np.concatenate([spoken, np.zeros(RATE, np.int16)])


def _read_wav(wav: bytes) -> Samples:
    with wave.open(io.BytesIO(wav)) as file:
        rate = file.getframerate()
        # A streamed WAV states a wrong length: take what is there.
        frames = wav[44:]
        samples = np.frombuffer(frames[: len(frames) // 2 * 2], np.int16)
    return _resample(samples, rate)
