"""Playlists: one timeline, nothing told otherwise later, breaks alike in both renditions."""

from __future__ import annotations

import random
import re

import msgspec
import pytest

from media.client.live import Dropped, Ended, Line, Opened, Run, Segment
from server.replay import hls
from server.replay.hls import Presentation
from server.replay.journal import Journal, Unreadable

BEGIN = 1_795_000_000_000


def opened() -> Opened:
    return Opened(recording="r", edition="e", origin=BEGIN - 5_000)


def run(number: int, kind: str, codec: str, begin: int, group: str = "teacher") -> Run:
    text = {"AAC": "mp4a.40.2", "H264": "avc1.4d4014", "VP8": "vp8", "OPUS": "opus"}[codec]
    return Run(
        run=number,
        group=group,
        kind=kind,  # type: ignore[arg-type]  # of the test's own
        codec=codec,
        media_type=f'{kind}/mp4; codecs="{text}"',
        name=f"e.{number}.m4s",
        octets=700,
        begin=BEGIN + begin,
        width=640 if kind == "video" else 0,
        height=360 if kind == "video" else 0,
    )


def parts(number: int, begin: int, count: int, keys: int = 1, length: int = 2_000) -> list[Line]:
    """Segments end to end; each `keys`-th begins with a keyframe."""
    return [
        Segment(
            run=number,
            name=f"e.{number}-{n + 1:06}.m4s",
            begin=BEGIN + begin + n * length,
            end=BEGIN + begin + (n + 1) * length,
            octets=1000,
            key=n % keys == 0,
        )
        for n in range(count)
    ]


def journal(*lines: Line) -> Journal:
    made = Journal()
    made.add(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return made


def entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def told(shown: Presentation, since: int = 0, window: int = 0) -> tuple[str, str]:
    return tuple(hls.media(shown, part, since, window, event=not window) for part in (shown.sound, shown.film))  # type: ignore[return-value]


def test_sound_and_film_encoded_here() -> None:
    there = journal(opened(), run(1, "video", "VP8", 0), *parts(1, 0, 5), run(2, "audio", "OPUS", 0), *parts(2, 0, 5))
    made = journal(opened(), run(1, "audio", "AAC", 0), *parts(1, 0, 4), run(2, "video", "H264", 0), *parts(2, 0, 3))
    shown = hls.presentation(there, made, "teacher")
    many = hls.multivariant(shown, "teacher")
    assert 'CODECS="avc1.4d4014,mp4a.40.2",RESOLUTION=640x360,AUDIO="sound"\nteacher.film.m3u8\n' in many
    sound, film = told(shown)
    assert entries(film) == [f"e.2-{n:06}.m4s" for n in (1, 2, 3)]
    assert len(entries(sound)) == 3, "no further than both are known"
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in film
    assert '#EXT-X-MAP:URI="e.2.m4s"' in film
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:40.000Z" in film
    assert "ENDLIST" not in film
    assert film.count("#EXTINF:2.000,") == 3


def test_h264_passes_from_keyframe_to_keyframe() -> None:
    there = journal(opened(), run(1, "video", "H264", -10_000), *parts(1, -10_000, 14, keys=2), Ended())
    made = journal(opened(), run(1, "audio", "AAC", 0), *parts(1, 0, 9), Ended())
    shown = hls.presentation(there, made, "teacher")
    assert [one.name for one in shown.film][:3] == ["e.1-000007~2.m4s", "e.1-000009~2.m4s", "e.1-000011~2.m4s"]
    assert shown.ended
    assert told(shown)[1].endswith("#EXT-X-ENDLIST\n")
    endless = journal(opened(), run(1, "video", "H264", 0), *parts(1, 0, 20, keys=100))
    long = hls.presentation(endless, journal(opened(), run(1, "audio", "AAC", 0), *parts(1, 0, 20)), "teacher")
    assert {(one.end - one.begin) for one in long.film} == {6_000}, "without a keyframe, as long as a segment may be"


def test_breaks_are_alike_in_both() -> None:
    there = journal(opened())
    made = journal(
        opened(),
        run(1, "audio", "AAC", 0),
        run(2, "video", "H264", 100),
        *parts(1, 0, 5),
        *parts(2, 100, 3),
        run(3, "video", "H264", 6_500),
        *parts(3, 6_500, 3),
        run(4, "audio", "AAC", 60_000),
        *parts(4, 60_000, 3),
        run(5, "video", "H264", 60_050),
        *parts(5, 60_050, 3),
    )
    sound, film = told(hls.presentation(there, made, "teacher"))
    assert sound.count("#EXT-X-DISCONTINUITY\n") == film.count("#EXT-X-DISCONTINUITY\n") == 3
    assert sound.count("#EXT-X-MAP") == 2
    assert film.count("#EXT-X-MAP") == 3


def test_the_screen_has_the_teachers_sound() -> None:
    made = journal(
        opened(),
        run(1, "audio", "AAC", 0),
        *parts(1, 0, 5),
        run(2, "video", "H264", 0, "screen"),
        *parts(2, 0, 5),
        run(3, "video", "H264", 0),
        *parts(3, 0, 5),
    )
    assert entries(told(hls.presentation(journal(opened()), made, "screen"))[1])[0] == "e.2-000001.m4s"
    assert entries(told(hls.presentation(journal(opened()), made, "teacher"))[1])[0] == "e.3-000001.m4s"


def test_sound_alone_and_nothing() -> None:
    made = journal(opened(), run(1, "audio", "AAC", 0), *parts(1, 0, 13))
    shown = hls.presentation(journal(opened()), made, "teacher")
    assert len(shown.sound) == 5, "a film is waited for sixteen seconds"
    assert 'CODECS="mp4a.40.2",AUDIO="sound"\nteacher.sound.m3u8' in hls.multivariant(shown, "teacher")
    empty = hls.presentation(journal(), journal(), "teacher")
    assert entries(hls.multivariant(empty, "teacher")) == entries(told(empty)[0]) == []


@pytest.mark.parametrize("window", [0, 20_000])
def test_whoever_came_later_and_a_window(window: int) -> None:
    made = journal(
        opened(), run(1, "audio", "AAC", 0), *parts(1, 0, 50), run(2, "video", "H264", 0), *parts(2, 0, 50), Dropped(before=BEGIN + 30_000)
    )
    shown = hls.presentation(journal(opened()), made, "teacher")
    sound = told(shown, BEGIN + 50_500, window)[0]
    first = {0: 26, 20_000: 40}[window]
    assert f"#EXT-X-MEDIA-SEQUENCE:{first}\n" in sound
    assert entries(sound)[0] == f"e.1-{first + 1:06}.m4s"
    assert ("EVENT" in sound) is (not window)
    whole = told(shown, 0, 0)[0]
    assert "#EXT-X-MEDIA-SEQUENCE:15\n" in whole, "what is deleted is in none"


@pytest.mark.parametrize("seed", range(20))
def test_what_was_told_is_never_told_otherwise(seed: int) -> None:
    """Line by line, in any order in which the two journals may grow: what a playlist had stays, and stands where it stood."""
    chance = random.Random(seed)
    there: list[Line] = [opened()]
    made: list[Line] = [opened(), run(1, "audio", "AAC", 0)]
    audio, video, at = parts(1, 0, 30), list[Line](), 0
    number = 2
    while at < 60_000:
        count = chance.randrange(2, 8)
        passed = chance.random() < 0.5
        there += [run(number, "video", "H264" if passed else "VP8", at), *parts(number, at, count, keys=chance.choice((1, 2, 5)))]
        if not passed:  # it is encoded here
            video += [run(number, "video", "H264", at), *parts(number, at, count)]
        at, number = at + 2_000 * count, number + 1
    lines: list[tuple[int, int, Line]] = []
    for which, found in ((0, there), (1, [*made, *audio]), (1, video)):
        lines += [(getattr(one, "end", getattr(one, "begin", 0)), which, one) for one in found]
    lines.sort(key=lambda one: one[0])
    grown = (journal(), journal())
    before: tuple[list[str], ...] = ([], [])
    for _, which, line in lines:
        grown[which].add(msgspec.json.encode(line) + b"\n")
        if any(one.opened is None for one in grown):
            continue
        now = tuple([line for line in text.splitlines() if "TARGET" not in line] for text in told(hls.presentation(*grown, "teacher")))
        for old, new in zip(before, now, strict=True):
            assert new[: len(old)] == old
        before = now
        for text in now:
            for length in re.findall(r"#EXTINF:([\d.]+)", "\n".join(text)):
                assert round(float(length)) <= hls.TARGET_SECONDS


def test_a_journal_of_another_version_or_that_is_broken() -> None:
    for wrong in (b"{\n", msgspec.json.encode(Opened(version=9, recording="r", edition="e", origin=0)) + b"\n"):
        with pytest.raises(Unreadable):
            Journal().add(wrong)
    half = Journal()
    text = msgspec.json.encode(opened()) + b"\n"
    half.add(text[:9])
    assert half.opened is None
    half.add(text[9:])
    assert half.opened == opened()
