"""A publisher of media that decodes: real pictures and sounds, timed as encoders time them."""

from __future__ import annotations

from tests.harness.clips import Clip, Tone
from tests.harness.sending import RawPublisher, Stream


class EncodedPublisher(RawPublisher):
    """As a browser: every m-line carries what its first codec says."""

    def stream(self, mid: int, name: str, **options: object) -> Stream:
        """A new SSRC on an m-line, with a clip of that line's first codec."""
        made = super().stream(mid, name, **options)
        made.clip = Tone() if made.codec == "opus" else Clip(made.codec, 160, 96)
        return made
