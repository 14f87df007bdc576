"""FFmpeg's own WHIP client, through PyAV: passive DTLS, no consent checks, no answer to PLI, a keyframe each 10 s."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import threading
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from media.synthetic.pictures import teacher
from media.synthetic.voice import RATE, tones
from tests.harness.product import Link

RATE_OF_FRAMES = 15
GOP_SECONDS = 10


def _p256(folder: Path) -> dict[str, str]:
    """A certificate for FFmpeg: one built with GnuTLS makes P-224 keys by itself, which OpenSSL 4 does not take."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "whip")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(1), now + dt.timedelta(1)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "whip.crt").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "whip.key").write_bytes(private)
    return {"cert_file": str(folder / "whip.crt"), "key_file": str(folder / "whip.key")}


class FFmpeg:
    """A running `ffmpeg -f whip`, as a thread."""

    def __init__(self) -> None:
        self.began = 0.0
        """When the first frame was handed over, s of the monotonic clock."""
        self._stop = threading.Event()

    @property
    def age(self) -> float:
        """Seconds since the first frame: the only keyframe so far, until `GOP_SECONDS`."""
        return time.monotonic() - self.began if self.began else 0.0

    def stop(self) -> None:
        self._stop.set()

    def run(self, link: Link, certificate: dict[str, str]) -> None:
        """Publish until told to stop."""
        options = {"authorization": link.token, **certificate}
        encoder = {"preset": "ultrafast", "tune": "zerolatency", "bf": "0", "g": str(RATE_OF_FRAMES * GOP_SECONDS)}
        with av.open(link.whip, "w", format="whip", options=options) as out:
            video = out.add_stream("libx264", rate=RATE_OF_FRAMES, options=encoder)
            video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
            video.codec_context.time_base = Fraction(1, RATE_OF_FRAMES)
            audio = out.add_stream("libopus", rate=RATE, layout="stereo")
            self._paced(out, video, audio)

    def _paced(self, out: av.container.OutputContainer, video: av.VideoStream, audio: av.AudioStream) -> None:
        paint, sound, step = teacher(320, 180), tones().reshape(1, -1), RATE // RATE_OF_FRAMES
        due, i = time.monotonic(), 0
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            frame = av.VideoFrame.from_ndarray(paint(i / RATE_OF_FRAMES), format="bgr24")
            frame.pts = i
            out.mux(video.encode(frame))
            at = i % (sound.shape[1] // step) * step
            voice = av.AudioFrame.from_ndarray(sound[:, at : at + step].repeat(2, 1).copy(), "s16", "stereo")
            voice.sample_rate, voice.pts = RATE, i * step
            out.mux(audio.encode(voice))
            self.began = self.began or time.monotonic()
            due += 1 / RATE_OF_FRAMES
            i += 1


@contextlib.asynccontextmanager
async def ffmpeg_publishing(link: Link, folder: Path) -> AsyncIterator[FFmpeg]:
    """Publish with FFmpeg until the block ends; what goes wrong in FFmpeg is raised there."""
    running = FFmpeg()
    task = asyncio.create_task(asyncio.to_thread(running.run, link, _p256(folder)))
    try:
        async with asyncio.timeout(10):
            while not running.began and not task.done():
                await asyncio.sleep(0.02)
        yield running
    finally:
        running.stop()
        await task
