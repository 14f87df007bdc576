"""What is in a playable file, looked at with libavformat and its decoders."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
from aiohttp import web

from media.client.manifest import PLAY, Manifest, PlayFile
from media.recording.reader import Reader


@dataclass
class Seen:
    """All of one file. Times in seconds from its time 0."""

    kinds: dict[str, str] = field(default_factory=dict)
    pictures: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """Of the decoded pictures, without repetitions."""
    decoded: int = 0
    samples: int = 0
    """Of the decoded sound."""
    sound: list[tuple[float, float]] = field(default_factory=list)
    """Begin of each packet by the file, and by counting samples, as browsers do."""


def look(path: Path) -> Seen:
    """Demux and decode everything; times within a stream rise."""
    seen = Seen()
    with av.open(str(path)) as file:
        seen.kinds = {stream.type: stream.codec_context.codec.canonical_name for stream in file.streams}
        last: dict[int, int] = {}
        counted = 0.0
        for packet in file.demux():
            if packet.pts is None or not packet.size:
                continue
            assert packet.dts is not None
            assert packet.dts > last.get(packet.stream.index, -(10**9)), path.name
            last[packet.stream.index] = packet.dts
            at = float(packet.pts * packet.time_base)
            if packet.stream.type == "video":
                seen.pictures.append(at)
                if packet.is_keyframe:
                    seen.keys.append(at)
            else:
                seen.sound.append((at, counted))
                counted += 0.02
    with av.open(str(path)) as file:
        for frame in file.decode():
            if isinstance(frame, av.VideoFrame):
                seen.decoded += 1
                if not seen.sizes or seen.sizes[-1] != (frame.width, frame.height):
                    seen.sizes.append((frame.width, frame.height))
            elif isinstance(frame, av.AudioFrame):
                seen.samples += frame.samples
    return seen


def made(folder: Path, live: bool = False) -> Manifest:
    """Read the recording; what the manifest says of its files is so."""
    told: list[dict[str, object]] = []
    manifest = Reader(folder, told.append, live).run()
    names = {file.name for file in manifest.files}
    thumbnails = {name for file in manifest.files for _, name in file.thumbnails}
    assert {path.name for path in (folder / PLAY).iterdir()} == names | thumbnails | {"manifest.json"}
    assert [line["file"] for line in told if "file" in line and line["file"] not in names] == []
    for file in manifest.files:
        data = (folder / PLAY / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.octets, file.sha256)
        assert file.end > file.begin
        assert manifest.begin <= file.begin
        assert file.end <= manifest.end
    assert list(manifest.missing) == sorted(manifest.missing, key=lambda one: (one.begin, one.end, one.track))
    return manifest


def file(folder: Path, one: PlayFile) -> Seen:
    """Everything in it decodes, and is what the manifest says."""
    seen = look(folder / PLAY / one.name)
    assert ("video" in seen.kinds, "audio" in seen.kinds) == (one.video, one.audio)
    if one.video:
        assert seen.keys
        assert seen.keys[0] == seen.pictures[0]
        assert seen.decoded == len(seen.pictures)
        assert one.width == max(width for width, _ in seen.sizes)
        assert one.height == max(height for _, height in seen.sizes)
    length = (one.end - one.begin) / 1000
    assert abs(max([*seen.pictures, *(at for at, _ in seen.sound)]) - length) < 0.1
    if one.audio:
        assert abs(seen.samples / 48_000 - length) < 0.1
        assert max(abs(at - counted) for at, counted in seen.sound) < 0.02
    return seen


@asynccontextmanager
async def served(**folders: Path) -> AsyncIterator[str]:
    """An empty page, and files with byte ranges: those of `play=folder` under `/play`."""

    async def empty(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>-</title><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    for name, folder in folders.items():
        app.router.add_static(f"/{name}", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
