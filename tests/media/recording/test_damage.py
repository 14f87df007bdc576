"""A capture that is hit or cut anywhere: the rest plays, and the hole has its name."""

from __future__ import annotations

import io
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import msgspec
import pytest

from media.client.manifest import PLAY, Manifest
from media.recording import blocks, records
from media.recording.blocks import MAGIC
from media.recording.reader import Reader
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds

SECONDS = 2
CAMERA, MIC = "camera", "mic"


def small(folder: Path) -> Path:
    """Two seconds, some 3,000 octets, 10 blocks; what began is told again with each report, as the worker does."""
    camera, mic = Sender(1, CAMERA, "VP8"), Sender(2, MIC, "opus")
    end = START + SECONDS * SECOND
    told = [one for at in range(START, end, SECOND) for one in (camera.began(at), mic.began(at), camera.map(at, (at - START) // MS))]
    video = camera.stream(pictures("VP8", 64, 48, 10, gop=5, bits=60_000), SECOND // 5, count=5 * SECONDS)
    sound = mic.stream(sounds(10, bits=6_000), 100 * MS, count=10 * SECONDS)
    return Written(folder).take(told, video, sound, ended=end)


def read(folder: Path, data: bytes) -> tuple[Manifest, list[tuple[int, int]]]:
    """The manifest, and the spans that decode, lesson time."""
    (folder / "take-0001.capture").write_bytes(data)
    manifest = Reader(folder, lambda line: None).run()
    assert msgspec.json.decode((folder / PLAY / "manifest.json").read_bytes(), type=Manifest) == manifest
    spans = []
    for one in manifest.files:
        with av.open(str(folder / PLAY / one.name)) as file:
            assert sum(1 for _ in file.decode()) > 0
        spans.append((one.begin, one.end))
    return manifest, spans


def covered(manifest: Manifest, spans: list[tuple[int, int]], slack: int = 450) -> bool:
    """Each moment of the two seconds is in a file or in a gap that says so; `slack`: a block's length and the arrival's delay."""
    known = sorted([*spans, *((one.begin, one.end) for one in manifest.missing)])
    at = 0
    for begin, end in known:
        if begin > at + slack:
            return False
        at = max(at, end)
    return at >= SECONDS * 1000 - slack or any(one.end == manifest.end for one in manifest.missing)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where there is such a place: thousands of recordings are synced."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


def seconds_until(capture: bytes, length: int) -> float:
    """What was captured in the blocks that are whole."""
    bodies = [one.body for one in blocks.read(io.BytesIO(capture[:length])) if isinstance(one, blocks.Block) and one.number]
    arrivals = [one.arrival for body in bodies for one in records.decode(body) if isinstance(one, records.Packet)]
    return max((arrival - START) / SECOND for arrival in [START, *arrivals])


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return small(tmp_path_factory.mktemp("small")).read_bytes()


def test_whole(capture: bytes, tmp_path: Path) -> None:
    manifest, spans = read(tmp_path, capture)
    assert 2_000 < len(capture) < 4_500
    assert manifest.missing == ()
    assert len(spans) == 1
    assert covered(manifest, spans, slack=100)


@pytest.mark.parametrize("part", range(8))
def test_any_byte_is_hit(capture: bytes, tmp_path: Path, part: int) -> None:
    for position in range(part, len(capture), 8):
        data = bytearray(capture)
        data[position] ^= 0x41
        manifest, spans = read(tmp_path, bytes(data))
        assert manifest.missing, position
        assert covered(manifest, spans), (position, manifest.missing, spans)
        assert sum(end - begin for begin, end in spans) >= (SECONDS - 1) * 1000, position


@pytest.mark.parametrize("part", range(8))
def test_cut_at_any_byte(capture: bytes, tmp_path: Path, part: int) -> None:
    head = capture.index(MAGIC, 1)
    for length in range(part, len(capture), 8):
        manifest, spans = read(tmp_path, capture[:length])
        (end,) = manifest.missing
        assert (end.track, end.why) == ("", "worker" if length >= head else "damage")
        assert end.begin == end.end
        assert abs(end.end - manifest.end) < 100
        assert sum(last - first for first, last in spans) / 1000 >= seconds_until(capture, length) - 0.1, length


def test_a_hole_of_several_blocks_says_when(capture: bytes, tmp_path: Path) -> None:
    begin, end = len(capture) * 2 // 5, len(capture) * 3 // 5
    before, after = seconds_until(capture, begin) * 1000, seconds_until(capture, end) * 1000
    manifest, spans = read(tmp_path, capture[:begin] + capture[end:])
    (one,) = [one for one in manifest.missing if one.track == ""]
    assert one.why == "damage"
    assert abs(one.begin - before) < 100
    assert after <= one.end < after + 700
    assert covered(manifest, spans)


def test_a_take_of_which_nothing_is_left_between_two(tmp_path: Path) -> None:
    written = Written(tmp_path)
    for take in range(3):
        at = START + take * 10 * SECOND
        camera = Sender(1, CAMERA, "VP8")
        video = camera.stream(pictures("VP8", 64, 48, 10, gop=5), SECOND // 5, at, count=20)
        written.take([camera.began(at), camera.map(at, (at - START) // MS)], video, started=at, ended=at + 4 * SECOND)
    written.files[1].write_bytes(bytes(5_000))
    manifest = Reader(tmp_path, lambda line: None).run()
    assert [one.begin for one in manifest.files] == [0, 20_000]
    assert [(one.begin, one.end, one.why) for one in manifest.missing] == [(4000, 20_000, "damage")]
    assert manifest.takes == 3


def test_what_a_track_is_was_damaged_and_is_known_from_the_take_beside(tmp_path: Path) -> None:
    written = Written(tmp_path)
    camera = Sender(1, CAMERA, "VP8")
    media = pictures("VP8", 64, 48, 10, gop=5)
    written.take(camera.stream(media, SECOND // 5, count=20), ended=START + 4 * SECOND)
    at = START + 4 * SECOND
    written.take([camera.began(at), camera.map(at, 4000)], camera.stream(media, SECOND // 5, at), started=at, ended=at + 2 * SECOND)
    manifest = Reader(tmp_path, lambda line: None).run()
    assert [one.begin // 100 for one in manifest.files] == [0, 40]
    written.files[1].unlink()
    alone = Reader(tmp_path, lambda line: None).run()
    assert alone.files == ()
    assert [one.why for one in alone.missing] == ["damage"]


def test_an_empty_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "take-0001.capture").write_bytes(b"")
    manifest = Reader(tmp_path, lambda line: None).run()
    assert (manifest.takes, manifest.files) == (1, ())
    assert [one.why for one in manifest.missing] == ["damage"]
    shutil.rmtree(tmp_path / PLAY)


@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264", "AV1", "opus"])
def test_whatever_a_publisher_sends_the_rest_is_played(tmp_path: Path, codec: str) -> None:
    """Checksums say that it arrived like this: payloads are a stranger's."""
    chance = random.Random(codec)
    bad, mic = Sender(1, CAMERA if codec != "opus" else "stage.1.audio", codec), Sender(2, MIC, "opus")
    media = sounds(20) if codec == "opus" else pictures(codec, 64, 64, 10, gop=5)
    for run in range(60):
        packets = []
        for one in bad.stream(media, SECOND // 10, count=30):
            payload = bytearray(one.payload)
            for _ in range(chance.choice((0, 0, 1, 3))):
                payload[chance.randrange(min(len(payload), chance.choice((4, 20, 2000))))] = chance.randrange(256)
            packets.append(msgspec.structs.replace(one, payload=bytes(payload[: chance.choice((None, None, None, 0, 3, 30))])))
        sound = mic.stream(sounds(50), 20 * MS, count=150)
        folder = tmp_path / str(run)
        folder.mkdir()
        written = Written(folder)
        written.take([bad.began(), mic.began(), bad.map(START, 0), mic.map(START, 0)], packets, sound, ended=START + 3 * SECOND)
        manifest = Reader(folder, lambda line: None).run()
        heard = sum(one.end - one.begin for one in manifest.files if one.group == "teacher" and one.audio)
        assert heard > 2900, manifest
        for one in manifest.files:
            with av.open(str(folder / PLAY / one.name)) as file:
                assert sum(1 for _ in file.demux()) > 0
