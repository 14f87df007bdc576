from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.fanout.interface import Path
from media.transport.directory import Directory
from tests.media.transport.support import request

PATH = Path(0, ("192.0.2.9", 4000))


def test_a_check_finds_its_session_by_our_fragment() -> None:
    directory = Directory()
    directory.add_fragment("w0abc", 7)
    assert directory.by_check(request("w0abc", "pwd")) == 7
    assert directory.by_check(request("w0abd", "pwd")) is None
    assert directory.by_check(request("w0abc", "pwd")[:-4]) is None
    directory.remove_fragment("w0abc")
    directory.remove_fragment("w0abc")
    assert directory.by_check(request("w0abc", "pwd")) is None


def test_answers_and_indications_find_nobody() -> None:
    directory = Directory()
    directory.add_fragment("w0abc", 7)
    packet = request("w0abc", "pwd")
    assert directory.by_check(b"\x01\x01" + packet[2:]) is None
    assert directory.by_check(b"\x00\x11" + packet[2:]) is None


def test_a_path_taken_over_is_not_given_back_by_the_former() -> None:
    directory = Directory()
    assert directory.take_path(PATH, 1) is None
    assert directory.take_path(PATH, 1) is None
    assert directory.take_path(PATH, 2) == 1
    assert not directory.leave_path(PATH, 1)
    assert directory.by_path(PATH) == 2
    assert directory.paths_on(0) == [(PATH, 2)]
    assert directory.leave_path(PATH, 2)
    assert len(directory) == 0


@given(st.binary(max_size=200))
def test_garbage_finds_nobody(packet: bytes) -> None:
    directory = Directory()
    directory.add_fragment("", 1)
    directory.add_fragment("w0", 2)
    assert directory.by_check(packet) is None
