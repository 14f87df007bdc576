"""How much of a recording is missing."""

from __future__ import annotations

from media.client.manifest import Manifest, Missing
from server.replay.making import missing_ms


def test_what_is_missing_twice_counts_once_and_a_pause_is_wanted() -> None:
    gaps = [(0, 10, "publisher"), (5, 20, "disk"), (7, 9, "queue"), (20, 40, "clock"), (40, 90, "pause"), (80, 95, "worker")]
    missing = tuple(Missing(begin=begin, end=end, track="", why=why) for begin, end, why in gaps)  # type: ignore[arg-type]
    assert missing_ms(Manifest(recording="r", begin=0, end=100, takes=1, files=(), missing=missing)) == 20 + 15
