"""`python -m media.recording FOLDER [--live] [--sounds]`: make a recording's takes playable; with `--follow` while class goes on. One line of JSON for each step, on standard output."""

from __future__ import annotations

import argparse
from pathlib import Path

from media.recording.live.command import follow
from media.recording.live.hls import televise
from media.recording.live.shelf import Limit
from media.recording.play import Busy
from media.recording.reader import Reader
from media.recording.telling import quiet, tell


def main(words: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused, with a last line `{"error": code, "detail": …}`: `busy` or `files`."""
    parser = argparse.ArgumentParser(prog="python -m media.recording", description="Make a recording playable.")
    parser.add_argument("folder", type=Path, help="of the recording: take-0001.capture, …; play/ is made in it")
    parser.add_argument("--live", action="store_true", help="its last take is still being written: its end is not a gap")
    parser.add_argument("--sounds", action="store_true", help="the sound of each film by itself too, for weak links")
    parser.add_argument(
        "--follow", action="store_true", help="write live/ while it is captured, a few seconds behind (media/client/live.py)"
    )
    parser.add_argument(
        "--hls", action="store_true", help="write live/hls/ out of what --follow writes: AAC, and H.264 where the film is none"
    )
    parser.add_argument("--patience", type=float, default=60.0, help="with --follow and --hls: seconds after live/asked was touched last")
    parser.add_argument("--most-mb", type=int, default=0, help="with --follow: keep no more in live/; 0: everything")
    parser.add_argument("--most-minutes", type=int, default=0, help="with --follow: keep nothing older; 0: everything")
    given = parser.parse_args(words)
    quiet()
    try:
        if given.follow or given.hls:
            limit = Limit(given.most_mb << 20, given.most_minutes * 60_000)
            (follow if given.follow else televise)(given.folder, limit, given.patience, tell)
            return 0
        manifest = Reader(given.folder, tell, given.live, given.sounds).run()
    except Busy:
        tell({"error": "busy", "detail": "another process reads this recording"})
        return 1
    except OSError as error:
        tell({"error": "files", "detail": str(error)})
        return 1
    tell({"done": True, "files": len(manifest.files), "missing": len(manifest.missing)})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
