"""`python -m media.recording.thin FOLDER`: beside each film in `play/` that a weak link could not carry a thin one, named by the manifest as
soon as it is whole. Whoever was killed goes on with the first film that has none. One line of JSON for each step, on standard output.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import av.error
import msgspec

from media.client import manifest
from media.client.manifest import MANIFEST, PLAY, Manifest, PlayFile
from media.recording import play, rendition
from media.recording.alone import group_of_sound
from media.recording.telling import Tell, quiet, report, tell

TELL_SECONDS = 5.0
_PART = ".part"


class Thinner:
    """Makes all that one recording lacks."""

    def __init__(self, folder: Path, tell: Tell, clock: Callable[[], float] = time.monotonic) -> None:
        """`tell` hears of progress."""
        self._folder = folder
        self._play = folder / PLAY
        self._tell = tell
        self._clock = clock
        self._told = clock()

    def run(self) -> Manifest:
        """Raises `Busy`, `OSError`, `msgspec.MsgspecError`."""
        with play.locked(self._folder, alone=False), play.locked(self._play):
            for left in self._play.glob(f".*{_PART}"):
                left.unlink()
            made = manifest.read(self._folder)
            for film in made.files:
                if rendition.needed(film) and not any(one.name.startswith(f"{thin_name(film)}.") for one in made.files):
                    made = self._with(made, film)
        return made

    def _with(self, made: Manifest, film: PlayFile) -> Manifest:
        alone = group_of_sound(film.group), film.begin
        sounds = [one for one in made.files if (one.group, one.begin) == alone]
        thin = self._thin(film, sounds[0].octets * 8000 // max(sounds[0].end - sounds[0].begin, 1) if sounds else rendition.SOUND_BITS + 1)
        if thin is None:
            self._tell({"unplayable": film.name})
            return made
        at = made.files.index(film) + 1
        made = msgspec.structs.replace(made, files=(*made.files[:at], thin, *made.files[at:]))
        play.replace(self._play / MANIFEST, msgspec.json.encode(made))
        self._tell({"file": thin.name, "octets": thin.octets, "begin": thin.begin, "end": thin.end})
        return made

    def _thin(self, film: PlayFile, sound_bits: int) -> PlayFile | None:
        source = self._play / film.name
        part = self._play / f".{thin_name(film)}{_PART}"
        try:
            path = self._play / f"{thin_name(film)}{rendition.suffix_of(source)}"
            found = rendition.encode(source, part, path.suffix[1:], film.group, sound_bits, lambda at: self._goes_on(film, at))
        except (av.error.FFmpegError, ValueError) as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise
            return None
        with part.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            octets = file.tell()
        part.rename(path)
        return msgspec.structs.replace(
            film,
            name=path.name,
            quality="thin",
            octets=octets,
            sha256=digest,
            media_type=_media_type(found, path, film),
            width=found.width,
            height=found.height,
            thumbnails=(),
        )

    def _goes_on(self, film: PlayFile, at: int) -> None:
        if self._clock() - self._told >= TELL_SECONDS:
            self._told = self._clock()
            self._tell({"thinning": film.name, "at": at // 1000})


def thin_name(film: PlayFile) -> str:
    """Of the thin one, without its ending."""
    return f"{Path(film.name).stem}-thin"


def _media_type(found: rendition.Made, path: Path, film: PlayFile) -> str:
    video = f"avc1.{found.config[5:8].hex()}" if found.codec == "h264" else found.codec
    return f'video/{path.suffix[1:]}; codecs="{video}{",opus" if film.audio else ""}"'


def main(words: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused, with a last line `{"error": code, "detail": …}`: `busy` or `files`."""
    parser = argparse.ArgumentParser(prog="python -m media.recording.thin", description="Make films of a recording for weak links.")
    parser.add_argument("folder", type=Path, help="of the recording, with play/ in it")
    given = parser.parse_args(words)
    quiet()
    return report(Thinner(given.folder, tell).run)


if __name__ == "__main__":
    raise SystemExit(main())
