"""Which file a frame belongs in."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from media.recording.group import Group, Shape, Unplayable, group_of
from media.recording.picture import Picture
from media.recording.stream import Frame
from tests.harness.captures import sounds

S = 1_000_000
TONE = sounds(5)[2]


@dataclass
class Made:
    """A file as it was asked for."""

    shape: Shape
    pictures: list[int] = field(default_factory=list)
    sounds: list[int] = field(default_factory=list)
    end: int = -1

    def picture(self, time: int, picture: Picture) -> None:
        self.pictures.append(time)

    def sound(self, tick: int, data: bytes, ticks: int) -> None:
        self.sounds.append(tick)

    def close(self, end: int) -> None:
        self.end = end


class Shelf:
    """Opens files; none for pictures whose setup is `bad`."""

    def __init__(self, audible: bool = True) -> None:
        self.files: list[Made] = []
        self.group = Group("teacher", audible, self.open)

    def open(self, shape: Shape) -> Made:
        if shape.first and shape.first.setup == b"bad":
            raise Unplayable
        self.files.append(Made(shape))
        return self.files[-1]

    def picture(self, time: float, key: bool = False, codec: str = "VP8", setup: bytes = b"") -> bool:
        return self.group.picture(codec, Frame(round(time * S), Picture(b"x", key, setup=setup)))

    def sound(self, begin: float, end: float) -> None:
        for n in range(round(begin * 50), round(end * 50)):
            self.group.sound(Frame(n * 20_000, None, TONE))

    def shapes(self) -> list[tuple[float, str, bool]]:
        self.group.close()
        assert all(file.end > 0 for file in self.files)
        return [(file.shape.begin / S, file.shape.codec, file.shape.sound) for file in self.files]


@pytest.mark.parametrize(
    ("source", "group"),
    [("camera", "teacher"), ("mic", "teacher"), ("screen", "screen"), ("stage.1.video", "stage.1"), ("stage.12.audio", "stage.12")],
)
def test_what_plays_together(source: str, group: str) -> None:
    assert group_of(source) == group


def test_a_file_begins_with_a_keyframe_and_the_sound_before_it() -> None:
    shelf = Shelf()
    assert not shelf.picture(0)
    shelf.sound(1, 2)
    assert shelf.picture(2, key=True)
    assert shelf.picture(2.1)
    assert shelf.shapes() == [(1.0, "VP8", True)]
    (file,) = shelf.files
    assert file.pictures == [1 * S, 1.1 * S]
    assert file.sounds[0] == 0
    assert len(file.sounds) == 57, "silence up to the last picture"


def test_without_a_picture_for_long_there_is_only_sound_until_one_comes() -> None:
    shelf = Shelf()
    shelf.sound(0, 20)
    assert not shelf.picture(20)
    assert shelf.picture(20, key=True)
    shelf.sound(20, 21)
    assert shelf.shapes() == [(0, "", True), (20, "VP8", True)]


def test_another_codec_or_setup_is_another_file_at_its_keyframe() -> None:
    shelf = Shelf(audible=False)
    assert shelf.picture(0, key=True, codec="H264", setup=b"a")
    assert shelf.picture(1, key=True, codec="H264", setup=b"a")
    assert shelf.picture(2, key=True, codec="H264", setup=b"b")
    assert not shelf.picture(3, codec="VP8")
    assert shelf.picture(4, key=True, codec="VP8")
    assert shelf.shapes() == [(0, "H264", False), (2, "H264", False), (4, "VP8", False)]


def test_a_long_hole_ends_the_file_a_short_one_does_not() -> None:
    shelf = Shelf()
    assert shelf.picture(0, key=True)
    assert shelf.picture(10)
    assert not shelf.picture(20.1)
    shelf.sound(21, 22)
    assert shelf.picture(22, key=True)
    shelf.sound(40, 41)
    assert shelf.shapes() == [(0, "VP8", True), (21, "VP8", True), (40, "", True)]


def test_sound_holds_a_file_open_over_a_hole_of_the_picture() -> None:
    shelf = Shelf()
    assert shelf.picture(0, key=True)
    shelf.sound(0, 30)
    assert shelf.picture(30)
    assert shelf.shapes() == [(0, "VP8", True)]


def test_what_no_file_holds_leaves_the_open_one_alone() -> None:
    shelf = Shelf()
    shelf.sound(0, 5)
    assert not shelf.picture(5, key=True, setup=b"bad")
    assert shelf.group.was_refused()
    assert not shelf.group.was_refused()
    shelf.sound(5, 6)
    assert shelf.shapes() == [(0, "", True)]
    assert len(shelf.files[0].sounds) == 300


def test_pictures_of_two_tracks_never_run_back() -> None:
    shelf = Shelf(audible=False)
    for time in (0, 1, 0.5, 0.6, 1.2):
        assert shelf.picture(time, key=True)
    shelf.shapes()
    assert shelf.files[0].pictures == [0, S, S + 1000, S + 2000, 1.2 * S]
