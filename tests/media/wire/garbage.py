"""What every parser of `wire` must survive: random octets, and valid packets with octets changed, cut or added."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st

from media.errors import MalformedPacket

T = TypeVar("T")


def mutated(*packets: bytes) -> st.SearchStrategy[bytes]:
    """One of the packets with a few octets overwritten and its length changed."""

    @st.composite
    def draw(pick: st.DrawFn) -> bytes:
        data = bytearray(pick(st.sampled_from(packets)))
        for _ in range(pick(st.integers(0, 4))):
            if data:
                data[pick(st.integers(0, len(data) - 1))] = pick(st.integers(0, 255))
        cut = pick(st.integers(0, len(data)))
        return bytes(data[:cut] if pick(st.booleans()) else data) + pick(st.binary(max_size=8))

    return draw()


def garbage(*packets: bytes) -> st.SearchStrategy[bytes]:
    return st.one_of(st.binary(max_size=200), mutated(*packets))


def survives(parse: Callable[..., T], *arguments: object) -> T | None:
    """The result, or None for `MalformedPacket`; any other exception fails the test."""
    try:
        return parse(*arguments)
    except MalformedPacket:
        return None
