"""`--follow`: until nobody asks any more, or everything is there."""

from __future__ import annotations

import time
from pathlib import Path

from media.client import live
from media.recording.live.follower import Follower
from media.recording.live.shelf import Differs, Limit, Shelf
from media.recording.telling import Tell

POLL_SECONDS = 0.2
TELL_SECONDS = 5.0
"""So often it says how far it is; where nobody listens any more, it ends."""


def follow(folder: Path, limit: Limit, patience: float, tell: Tell) -> None:
    """Write `live/`. `patience`: seconds since somebody asked last, or since it began. Raises `Busy` and `OSError`."""
    with Shelf(folder, limit) as shelf:
        tell({"following": folder.name})
        while True:
            follower = Follower(folder, shelf)
            try:
                over = _run(folder, follower, patience, tell)
                if over:
                    shelf.end()
                tell({"done": True, "over": over, "octets": shelf.octets, "at": follower.at})
                return
            except Differs:
                shelf.clear()
                tell({"anew": True})
            finally:
                follower.close()


def _run(folder: Path, follower: Follower, patience: float, tell: Tell) -> bool:
    """Whether everything is there."""
    began, told = time.time(), time.monotonic()
    while True:
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            tell({"at": follower.at})
        over = (folder / live.LIVE / live.OVER).exists()  # asked before what there is to read
        if follower.step():
            continue
        if over:
            follower.finish()
            return True
        if time.time() - max(began, _asked(folder)) > patience:
            return False
        time.sleep(POLL_SECONDS)


def _asked(folder: Path) -> float:
    try:
        return (folder / live.LIVE / live.ASKED).stat().st_mtime
    except FileNotFoundError:
        return 0.0
