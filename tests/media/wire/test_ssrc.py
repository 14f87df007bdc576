from __future__ import annotations

from random import Random

from media.wire.ssrc import draw


class Constant:
    def __init__(self, value: int) -> None:
        self.value = value

    def getrandbits(self, k: int, /) -> int:
        return self.value & (1 << k) - 1


def test_unique_and_never_zero():
    taken: set[int] = set()
    random = Random(7)
    for _ in range(1000):
        ssrc = draw(random, taken)
        assert 0 < ssrc < 2**32
        assert ssrc not in taken
        taken.add(ssrc)


def test_collisions_end_even_with_a_broken_source():
    assert draw(Constant(0), ()) == 1
    assert draw(Constant(5), {5, 6}) == 7
    assert draw(Constant(2**32 - 1), {2**32 - 1, 1}) == 2
