"""Sinks: rows without encryption (M4). What a flush drains of a layer goes to them too, as it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from media.fanout.ring import Stored


class Taker(Protocol):
    """Where the packets of all sinks go; it is called within a flush and must not wait."""

    def __call__(self, sink: int, packets: Sequence[Stored], now: int) -> None:
        """Packets of the sink's layer in order of reception, retransmitted ones included. A payload may be patched in place later:
        whoever keeps one copies it. `now` is the time of the flush, at most a hold (M1) after reception.
        """


def take_nothing(sink: int, packets: Sequence[Stored], now: int) -> None:
    """The taker of a fan-out that nobody records from."""


class SinkTable:
    """Sinks by layer, each with the ring sequence it begins at."""

    def __init__(self) -> None:
        self.taker: Taker = take_nothing
        self._by_layer: dict[int, dict[int, int]] = {}
        self._layer_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._layer_of)

    def add(self, sink: int, layer: int, first_seq: int) -> None:
        """Hand on this layer; a known sink leaves its old one."""
        self.remove(sink)
        self._layer_of[sink] = layer
        self._by_layer.setdefault(layer, {})[sink] = first_seq

    def remove(self, sink: int) -> None:
        """Hand nothing more to it."""
        layer = self._layer_of.pop(sink, None)
        if layer is None:
            return
        sinks = self._by_layer[layer]
        del sinks[sink]
        if not sinks:
            del self._by_layer[layer]

    def layer_removed(self, layer: int) -> None:
        """Its sinks end with it."""
        for sink in self._by_layer.pop(layer, ()):
            del self._layer_of[sink]

    def hand(self, layer: int, packets: Sequence[Stored], now: int) -> None:
        """Give what was drained of a layer to its sinks."""
        sinks = self._by_layer.get(layer)
        if sinks is None:
            return
        for sink, first in tuple(sinks.items()):
            wanted = [packet for packet in packets if packet.seq >= first]
            if wanted:
                self.taker(sink, wanted, now)
