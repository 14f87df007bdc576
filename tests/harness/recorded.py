"""A lesson that was held and recorded: its log, its row, and real playable files, for whatever is shown afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
from sqlalchemy import insert, update

from media.client import manifest
from media.synthetic.pictures import teacher
from server.domain import events as e
from server.domain.board.events import BlankAdded, PageTurned, StrokeDrawn
from server.domain.payload import Payload
from server.domain.recording import Thin
from server.store import Database
from server.store import tables as t
from server.store.events import row_of

SECOND = 1000
LENGTH = 60
"""Seconds of the recording."""
FPS = 5


def film(path: Path, seconds: int, size: tuple[int, int] = (320, 180)) -> None:
    """A moving picture with a tone: VP8 and Opus in WebM, a keyframe each second."""
    paint = teacher(*size)
    with av.open(str(path), "w", format="webm") as out:
        video = out.add_stream("libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "8"})
        video.width, video.height, video.pix_fmt, video.gop_size = *size, "yuv420p", FPS
        audio = out.add_stream("libopus", rate=48_000)
        audio.layout = "mono"
        for n in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(paint(n / FPS), format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, FPS)
            out.mux(video.encode(frame))
            at = np.arange(n * 48_000 // FPS, (n + 1) * 48_000 // FPS)
            tone = (3000 * np.sin(2 * np.pi * 330 * at / 48_000)).astype(np.int16)
            sound = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 48_000, int(at[0]), Fraction(1, 48_000)
            out.mux(audio.encode(sound))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def make(data: Path, recording: str, begin: int) -> manifest.Manifest:
    """Files of two takes, twelve seconds apart: the worker had died in between."""
    play = manifest.folder(data, recording) / manifest.PLAY
    play.mkdir(parents=True, exist_ok=True)
    first, second = 24, LENGTH - 36
    files = []
    for n, (start, seconds) in enumerate(((0, first), (36, second)), 1):
        path = play / f"teacher-{n:03}.webm"
        film(path, seconds)
        picture = f"teacher-{n:03}-0001.jpg"
        cv2.imwrite(str(play / picture), cv2.resize(teacher(320, 180)(1.0), (160, 90)))
        body = path.read_bytes()
        files.append(
            manifest.PlayFile(
                name=path.name,
                group="teacher",
                media_type='video/webm; codecs="vp8,opus"',
                begin=begin + start * SECOND,
                end=begin + (start + seconds) * SECOND,
                octets=len(body),
                sha256=hashlib.sha256(body).hexdigest(),
                video=True,
                audio=True,
                width=320,
                height=180,
                thumbnails=((begin + start * SECOND, picture),),
            )
        )
    missing = (manifest.Missing(begin=begin + first * SECOND, end=begin + 36 * SECOND, track="", why="worker"),)
    made = manifest.Manifest(recording=recording, begin=begin, end=begin + LENGTH * SECOND, takes=2, files=tuple(files), missing=missing)
    (play / manifest.MANIFEST).write_bytes(msgspec.json.encode(made))
    return made


def said(begin: int) -> list[tuple[int, Payload]]:
    """What happened in the lesson."""
    stroke = StrokeDrawn(sheet="blank1", page=1, item="i1", participant="master", points="AAKKoooo", color="#d02030", width=60, tool="pen")
    return [
        (begin - 5 * SECOND, e.LessonOpened()),
        (begin, e.LessonLive()),
        (begin + 2 * SECOND, e.ParticipantJoined(participant="pt.x2", role="classroom")),
        (begin + 10 * SECOND, BlankAdded(sheet="blank1")),
        (begin + 10 * SECOND, PageTurned(sheet="blank1", page=1)),
        (begin + 14 * SECOND, stroke),
        (begin + 40 * SECOND, e.StageCalled(participant="pt.x2", position=1)),
        (begin + LENGTH * SECOND, e.LessonEnded()),
    ]


async def recorded(
    database: Database,
    data: Path,
    begin: int,
    lesson: str = "lesson.x",
    log: Sequence[tuple[int, Payload]] = (),
    thin: Thin = "done",
) -> manifest.Manifest:
    """Write it all; `begin`: when the lesson went live, UTC ms and lesson clock alike. `thin`: `waiting`, where films shall be made thin."""
    recording = f"rec-{lesson.replace('.', '-')}"
    made = make(data, recording, begin)
    events = [e.Envelope(lesson, n, at, payload, "system", command_id=f"c{n}") for n, (at, payload) in enumerate(log or said(begin), 1)]
    row = {
        "id": recording,
        "lesson": lesson,
        "begun": begin,
        "ended": made.end,
        "state": "ready",
        "thin": thin,
        "octets": sum(one.octets for one in made.files),
        "duration_ms": made.end - made.begin,
        "missing_ms": 12 * SECOND,
    }
    await database.execute(insert(t.lesson_event).values([row_of(event) for event in events]))
    ended = {"phase": "ended", "live_at": begin, "ended_at": made.end, "head": len(events)}
    await database.execute(update(t.lesson).where(t.lesson.c.id == lesson).values(**ended))
    await database.execute(insert(t.recording).values(**row))
    return made
