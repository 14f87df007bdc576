"""The sound of a film by itself, packet by packet as it is: what a weak link fetches in place of the film."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import av

from media.client.manifest import PlayFile


def group_of_sound(group: str) -> str:
    """`sound` for the teacher's, `sound.stage.N` for a room's."""
    return "sound" if group == "teacher" else f"sound.{group}"


def sound_alone(folder: Path, film: PlayFile) -> PlayFile | None:
    """A WebM of its Opus; None: it has no sound that can be read. Raises `OSError`."""
    group = group_of_sound(film.group)
    path = folder / f"{group}-{Path(film.name).stem.rpartition('-')[2]}.webm"
    if not film.audio or not _copied(folder / film.name, path):
        path.unlink(missing_ok=True)
        return None
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        octets = file.tell()
    return PlayFile(
        name=path.name,
        group=group,
        media_type='audio/webm; codecs="opus"',
        begin=film.begin,
        end=film.end,
        octets=octets,
        sha256=digest,
        video=False,
        audio=True,
    )


def _copied(source: Path, target: Path) -> bool:
    copied = 0
    try:
        with av.open(str(source)) as film, av.open(str(target), "w", format="webm") as out:
            sound = film.streams.audio[0]
            stream = out.add_stream_from_template(sound, opaque=True)
            for packet in film.demux(sound):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux_one(packet)
                    copied += 1
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        return False
    return copied > 0
