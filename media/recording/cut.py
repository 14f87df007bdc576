"""`python -m media.recording.cut FOLDER BEGIN END [--play DIR]`: a folder `cut-BEGIN-END/` beside `play/` with a manifest of its own, in which
nothing lies but what was captured from BEGIN up to END (ms on the lesson clock). One line of JSON for each step, on standard output.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from media.client.manifest import MANIFEST, PLAY, Manifest, Missing, PlayFile, cut_of
from media.recording import play, snip
from media.recording.telling import Tell, quiet, report, tell


class Cutter:
    """Makes one cut."""

    def __init__(self, source: Path, begin: int, end: int, tell: Tell) -> None:
        """`source`: `play/` or a folder with the same files; `tell` hears of progress."""
        self._source = source
        self._begin = begin
        self._end = end
        self._tell = tell
        self._lost: list[Missing] = []

    def run(self, folder: Path) -> Manifest:
        """Raises `Busy`, `OSError`, and `msgspec.MsgspecError` for a manifest that is none."""
        with play.made_beside(folder, cut_of(self._begin, self._end)) as into:
            whole = msgspec.json.decode((self._source / MANIFEST).read_bytes(), type=Manifest)
            files = [one for film in whole.files if overlaps(film, self._begin, self._end) for one in self._film(film, into)]
            made = Manifest(
                recording=whole.recording,
                begin=max(whole.begin, self._begin),
                end=max(min(whole.end, self._end), max(whole.begin, self._begin)),
                takes=whole.takes,
                files=tuple(files),
                missing=tuple(
                    sorted([*clipped(whole, self._begin, self._end), *self._lost], key=lambda one: (one.begin, one.end, one.track))
                ),
            )
            play.write(into / MANIFEST, msgspec.json.encode(made))
        return made

    def _film(self, film: PlayFile, into: Path) -> Iterator[PlayFile]:
        source = self._source / film.name
        thumbnails = tuple((at, name) for at, name in film.thumbnails if self._begin <= at < self._end)
        for _, name in thumbnails:
            take(self._source / name, into / name)
        if self._begin <= film.begin and film.end <= self._end:
            take(source, into / film.name)
            made = [msgspec.structs.replace(film, thumbnails=thumbnails)]
        else:
            made = [one for one in self._pieces(film, source, into) if one is not None]
            made = [msgspec.structs.replace(one, thumbnails=within(thumbnails, one)) for one in made]
        for one in made:
            self._tell({"file": one.name, "octets": one.octets, "begin": one.begin, "end": one.end})
            yield one

    def _pieces(self, film: PlayFile, source: Path, into: Path) -> Iterator[PlayFile | None]:
        begin, end = max(self._begin - film.begin, 0) * 1000, (min(self._end, film.end) - film.begin) * 1000
        if film.end <= self._end:
            end += snip.BEFORE_US  # all that there is
        bits = film.octets * 8000 // max(film.end - film.begin, 1)
        head = snip.look(source, begin, end)
        self._tell({"cutting": film.name})
        for piece in snip.plan(head, begin, end):
            target = into / f"{source.stem}{piece.suffix}{snip.ending(piece, source)}"
            yield self._kept(film, snip.cut(source, target, head, piece, bits))

    def _kept(self, film: PlayFile, found: snip.Cut) -> PlayFile | None:
        piece = found.piece
        begin, end = film.begin + piece.begin // 1000, min(film.begin + piece.end // 1000, film.end, self._end)
        if found.lost and not film.quality:
            until = min(film.begin + (piece.encode[1] if piece.encode else piece.copy or 0) // 1000, end)
            self._lost.append(Missing(begin=begin, end=until, track=track_of(film.group), why="unplayable"))
        if not found.pictures and not found.sounds:
            found.path.unlink(missing_ok=True)  # libavformat writes no head for nothing
            return None
        return msgspec.structs.replace(film, **told(found, film), name=found.path.name, begin=begin, end=max(end, begin + 1))


def told(found: snip.Cut, film: PlayFile) -> dict[str, object]:
    """What the manifest says of a file that was written, onto the disk."""
    with found.path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        octets = file.tell()
    video, audio = found.pictures > 0, found.sounds > 0
    media_type = film.media_type
    if found.piece.copy is None or not (video and audio):
        codecs = film.media_type.partition('codecs="')[2].rstrip('"').split(",")
        first = _codec(found) if found.piece.copy is None else codecs[0]
        named = [name for name, there in ((first, video), (codecs[-1], audio)) if there]
        media_type = f'{"video" if video else "audio"}/{found.path.suffix[1:]}; codecs="{",".join(named)}"'
    return {"octets": octets, "sha256": digest, "video": video, "audio": audio, "media_type": media_type}


def _codec(found: snip.Cut) -> str:
    """RFC 6381, of what was encoded."""
    return f"avc1.{found.config[5:8].hex()}" if found.piece.codec == "h264" else found.piece.codec


def overlaps(film: PlayFile, begin: int, end: int) -> bool:
    """Whether something of it lies in the span."""
    return film.end > begin and film.begin < end


def within(thumbnails: tuple[tuple[int, str], ...], one: PlayFile) -> tuple[tuple[int, str], ...]:
    """Those of its time."""
    return tuple((at, name) for at, name in thumbnails if one.begin <= at < one.end)


def clipped(whole: Manifest, begin: int, end: int) -> list[Missing]:
    """What is missing in the span."""
    found = (one for one in whole.missing if one.begin < end and (one.end > begin or one.begin == one.end >= begin))
    return [msgspec.structs.replace(one, begin=max(one.begin, begin), end=min(one.end, end)) for one in found]


def track_of(group: str) -> str:
    """The pictures of a group, as `Record.tracks` names them."""
    return "camera" if group == "teacher" else f"{group}.video" if group.startswith("stage.") else group


def take(source: Path, target: Path) -> None:
    """All of a file: linked, or copied where that cannot be."""
    source = source.resolve()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def main(words: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused, with a last line `{"error": code, "detail": …}`: `busy` or `files`."""
    parser = argparse.ArgumentParser(
        prog="python -m media.recording.cut", description="Cut a span out of a recording that was made playable."
    )
    parser.add_argument("folder", type=Path, help="of the recording; cut-BEGIN-END/ is made in it")
    parser.add_argument("begin", type=int, help="ms on the lesson clock")
    parser.add_argument("end", type=int, help="ms on the lesson clock, not in it any more")
    parser.add_argument("--play", type=Path, help="folder with the playable files and their manifest; without it FOLDER/play")
    given = parser.parse_args(words)
    if not 0 <= given.begin < given.end:
        parser.error("the span ends before it begins")
    quiet()
    return report(lambda: Cutter(given.play or given.folder / PLAY, given.begin, given.end, tell).run(given.folder))


if __name__ == "__main__":
    raise SystemExit(main())
