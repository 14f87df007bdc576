"""What the commands that make files of a recording tell of their progress: one line of JSON for each step, on standard output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable

import av.error
import av.logging
import msgspec

from media.client.manifest import Manifest
from media.recording.play import Busy

Tell = Callable[[dict[str, object]], None]
"""Hears of a step."""


def quiet() -> None:
    """Nothing of what libavformat itself would say."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    av.logging.set_level(None)


def report(work: Callable[[], Manifest]) -> int:
    """Do it; the last line, and the exit status."""
    try:
        made = work()
    except Busy:
        tell({"error": "busy", "detail": "another process makes this recording"})
        return 1
    except (OSError, ValueError, av.error.FFmpegError, msgspec.MsgspecError) as error:
        tell({"error": "files", "detail": str(error)})
        return 1
    tell({"done": True, "files": len(made.files), "missing": len(made.missing)})
    return 0


def tell(line: dict[str, object]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
