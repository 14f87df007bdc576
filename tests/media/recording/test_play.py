"""`play/` is there whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from media.recording import folder, play


def make(folder: Path, word: str) -> None:
    with play.made_anew(folder) as into:
        play.write(into / "file", word.encode())


@pytest.mark.parametrize("can", [True, False])
def test_the_new_takes_the_place_of_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can: bool) -> None:
    """Also where kernel or file system cannot exchange two names."""
    if not can:
        never: Callable[[Path, Path], bool] = lambda one, other: False  # noqa: E731
        monkeypatch.setattr(play, "_exchange", never)
    for word in ("one", "two", "three"):
        make(tmp_path, word)
        assert (tmp_path / "play" / "file").read_text() == word
        assert [path.name for path in tmp_path.iterdir()] == ["play"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    make(tmp_path, "old")

    def fail() -> None:
        with play.made_anew(tmp_path) as into:
            play.write(into / "file", b"new")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert (tmp_path / "play" / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["play"]


def test_takes_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("take-10000.capture", "take-0002.capture", "take-9999.capture", "take-0001.capture.part", "take-x.capture", "play"):
        (tmp_path / name).touch()
    assert [(number, path.name) for number, path in folder.takes(tmp_path)] == [
        (2, "take-0002.capture"),
        (9999, "take-9999.capture"),
        (10000, "take-10000.capture"),
    ]
