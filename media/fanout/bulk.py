"""The same batch for many rows at once: numpy writes all headers and nonces, one loop seals, one system call sends (M1).

Row by row it does exactly what `rewrite.seal` and `Sender.transmit` do, and `tests/media/fanout/test_bulk.py` holds it to that;
it exists because calling, unpacking and packing in Python cost more than the cipher. A chunk of rows is sealed into one arena
small enough to stay in the processor's cache, then leaves in one `sendmmsg`.
"""

from __future__ import annotations

import socket
import struct
from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from media.fanout.mmsg import Messages, Name, Part, opener
from media.fanout.plan import SOL_UDP, UDP_SEGMENT, Call, Plan, partition
from media.fanout.rewrite import patch
from media.fanout.send import Destination, Sender
from media.fanout.session import RowState
from media.fanout.srtp import StreamKeys
from media.fanout.stream import INDEX_LIMIT, Segment
from media.wire.rtp import HEADER_SIZE

MIN_ROWS = 64
"""Below, setting up costs more than it saves, if each frame has packets of another size."""
CHUNK = 32
"""Rows sealed before they are sent."""
ARENA = 512 * 1024
"""Octets of cipher text written before they are sent; a plan of one row fits."""
LAYOUTS = 32
TABLES = 128
_INDEX_OCTETS = 6
"""An SRTP index has 48 bits, at the end of the nonce."""
_MASK_32 = 0xFFFFFFFF

Octets = npt.NDArray[np.uint8]
Member = tuple[RowState, Segment, StreamKeys, Destination]
"""A row and what it needs to send now; every part of it may be another one at the next batch."""
_SIZE = struct.Struct("=H")

_drain = deque[int](maxlen=0).extend


class Layout:
    """Where the packets of one shape of batch lie in the arena, for each row of a chunk."""

    def __init__(self, arena: Octets, rows: int, sizes: Sequence[int], head: int) -> None:
        self.stride = sum(sizes)
        self.rows = max(1, min(rows, len(arena) // self.stride))
        self.starts = [0, *accumulate(sizes)][:-1]
        self.cells = arena[: self.rows * self.stride].reshape(self.rows, self.stride)
        view = memoryview(arena)  # type: ignore[arg-type]
        ends = [start + size for start, size in zip(self.starts, sizes, strict=True)]
        begins = range(0, self.rows * self.stride, self.stride)
        self.views = [view[at : at + self.stride] for at in begins]
        self.headers = [[view[at + start : at + start + head] for start in self.starts] for at in begins]
        self.bodies = [[view[at + start + head : at + end] for start, end in zip(self.starts, ends, strict=True)] for at in begins]
        parts = [_part(self.starts, sizes, first, count) for first, count in partition(sizes)]
        self.messages = Messages(arena.ctypes.data, self.rows, self.stride, parts)

    def calls(self, row: int, first: int) -> list[Call]:
        """The parts of a row from `first` on, for `Sender.transmit`."""
        return [_call(self.views[row], part) for part in self.messages.parts[first:]]


def _call(view: memoryview, part: Part) -> Call:
    octets = view[part.start : part.start + part.size]
    if not part.segment:
        return Call([octets], [], octets, part.size, 1)
    count = -(-part.size // part.segment)
    return Call([octets], [(SOL_UDP, UDP_SEGMENT, _SIZE.pack(part.segment))], octets, part.segment, count)


def _part(starts: Sequence[int], sizes: Sequence[int], first: int, count: int) -> Part:
    return Part(starts[first], sum(sizes[first : first + count]), sizes[first] if count > 1 else 0)


class Table:
    """The constant numbers of a group of rows, one line each."""

    def __init__(self, members: Sequence[Member], names: Sequence[Name]) -> None:
        _, segments, keys, destinations = zip(*members, strict=True)
        self.segments: tuple[Segment, ...] = segments
        self.keys: tuple[StreamKeys, ...] = keys
        self.destinations: tuple[Destination, ...] = destinations
        self.names = names
        self.seq_offsets = np.array([segment.seq_offset for segment in segments], np.int64)[:, None]
        self.highest_offset = max(segment.seq_offset for segment in segments)
        self.ts_offsets = np.array([segment.ts_offset & _MASK_32 for segment in segments], np.int64)[:, None]
        self.ssrcs = np.array([segment.ssrc for segment in segments], np.uint32)[:, None]
        self.width = members[0][2].nonce
        bases = b"".join((owned.salt ^ segment.base).to_bytes(owned.nonce, "big") for _, segment, owned, _ in members)
        self.bases = np.frombuffer(bases, np.uint8).reshape(len(members), 1, self.width)
        self.heads = _blocks([segment.head for segment in segments])
        self.silents = _blocks([segment.silent for segment in segments])
        self.level_at = [segment.level_at for segment in segments]
        self._words: dict[int, npt.NDArray[np.uint32]] = {}

    def words(self, kind: int) -> npt.NDArray[np.uint32]:
        """First four octets of the rows' headers for packets of this kind."""
        found = self._words.get(kind)
        if found is None:
            found = self._words[kind] = np.array([segment.words[kind] for segment in self.segments], np.uint32)
        return found

    def headers(self, plan: Plan) -> tuple[Octets, list[list[bytes]]]:
        """Fixed headers, rows × packets × 12 octets, and nonces, rows × packets."""
        rows, count = len(self.segments), plan.count
        out = self.seq_offsets + np.array([slot[0] for slot in plan.slots], np.int64)
        words = np.empty((rows, count, 3), ">u4")
        words[:, :, 0] = np.stack([self.words(slot[2]) for slot in plan.slots], axis=1) | (out & 0xFFFF)
        words[:, :, 1] = (self.ts_offsets + np.array([slot[1] & _MASK_32 for slot in plan.slots], np.int64)) & _MASK_32
        words[:, :, 2] = self.ssrcs
        nonces = np.repeat(self.bases, count, axis=1)
        nonces[:, :, -_INDEX_OCTETS:] ^= out.astype(">u8").view(np.uint8).reshape(rows, count, 8)[:, :, 2:]
        return words.view(np.uint8).reshape(rows, count, HEADER_SIZE), nonces.view(f"V{self.width}").reshape(rows, count).tolist()


def _blocks(blocks: Sequence[bytes]) -> Octets:
    return np.frombuffer(b"".join(blocks), np.uint8).reshape(len(blocks), len(blocks[0]))


class Bulk:
    """Seals and sends one plan for many rows with one header and tag size, over one port."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._call = opener()
        self._arena = np.zeros(ARENA, np.uint8)
        self._layouts: OrderedDict[tuple[int, ...], Layout] = OrderedDict()
        self._tables: OrderedDict[tuple[int, int, int, int], Table] = OrderedDict()

    def prepare(self, plan: Plan, members: Sequence[Member]) -> Table | None:
        """What `send` needs; None if the rows must go one by one.

        That is: few rows, no GSO, a socket that is full or not a real one, an address or an index that cannot be written down.
        """
        if len(members) < MIN_ROWS or self._call is None:
            return None
        to = members[0][3]
        if to.port is None or not to.gso or to.port.blocked or not isinstance(to.port.sock, socket.socket):
            return None
        table = self._table(members)
        return table if table is not None and plan.max_seq + table.highest_offset < INDEX_LIMIT else None

    def forget(self) -> None:
        """Rows ended: keep nothing of them, least of all their keys. What goes on is tabled again at its next batch."""
        self._tables.clear()

    def send(self, table: Table, plan: Plan, members: Sequence[Member]) -> None:
        """Seal and send.

        All packets of the plan belong to each member's segment; all members have one header and tag size, one port and GSO in common.
        """
        layout = self._layout(plan, members[0][1].head_size, min(len(members), CHUNK))
        headers, nonces = table.headers(plan)
        for first in range(0, len(members), layout.rows):
            last = min(first + layout.rows, len(members))
            _write_headers(layout, table, plan, headers, first, last)
            _seal(layout, plan, members[first:last], nonces[first:last])
            layout.messages.address([name.at for name in table.names[first:last]], table.names[0].size)
            self._transmit(layout, members[first:last])

    def _transmit(self, layout: Layout, members: Sequence[Member]) -> None:
        """Send a sealed chunk. What the kernel refuses goes the plain way, which knows what to do about it."""
        port = members[0][3].port
        parts = len(layout.messages.parts)
        at, end = 0, len(members) * parts
        while at < end and port is not None and self._call is not None:
            sent = 0 if port.blocked else layout.messages.send(self._call, port.sock.fileno(), at, end)
            if sent > 0:
                at += sent
                continue
            row, part = divmod(at, parts)
            self._sender.transmit(members[row][3], layout.calls(row, part), members[row][0].origin)
            at = (row + 1) * parts

    def _layout(self, plan: Plan, head: int, rows: int) -> Layout:
        key = (rows, head, *(len(slot[5]) + len(slot[6]) for slot in plan.slots))
        layout = self._layouts.pop(key, None) or Layout(self._arena, rows, key[2:], head)
        self._layouts[key] = layout
        if len(self._layouts) > LAYOUTS:
            self._layouts.popitem(last=False)
        return layout

    def _table(self, members: Sequence[Member]) -> Table | None:
        """The last one of this ring and shape, if the rows are still the same; None if an address cannot be written down."""
        first = members[0]
        key = (id(first[1].ring), first[3].path.port, first[1].head_size, first[2].tag)
        table = self._tables.pop(key, None)
        _, segments, keys, destinations = zip(*members, strict=True)
        if table is None or (table.segments, table.keys, table.destinations) != (segments, keys, destinations):
            names = [name for name in map(_name, destinations) if name is not None]
            if len(names) < len(members):
                return None
            table = Table(members, names)
        self._tables[key] = table
        if len(self._tables) > TABLES:
            self._tables.popitem(last=False)
        return table


def _write_level(cells: Octets, start: int, level_at: Sequence[int], level: int) -> None:
    places = set(level_at)
    if len(places) == 1:
        at = places.pop()
        if at:
            cells[:, start + at] = level
        return
    for row, at in enumerate(level_at):
        if at:
            cells[row, start + at] = level


def _patch(plan: Plan, picture_offset: int, tl0_offset: int) -> None:
    for slot in plan.slots:
        if slot[8] is not None:
            patch(slot[3], slot[8], picture_offset, tl0_offset)


def _write_headers(layout: Layout, table: Table, plan: Plan, headers: Octets, first: int, last: int) -> None:
    """Into the arena: fixed headers, extension blocks, audio levels."""
    cells = layout.cells[: last - first]
    for index, (start, slot) in enumerate(zip(layout.starts, plan.slots, strict=True)):
        cells[:, start : start + HEADER_SIZE] = headers[first:last, index]
        if not table.heads.shape[1]:
            continue
        blocks = table.heads if slot[7] >= 0 else table.silents
        cells[:, start + HEADER_SIZE : start + HEADER_SIZE + blocks.shape[1]] = blocks[first:last]
        if slot[7] >= 0:
            _write_level(cells, start, table.level_at[first:last], slot[7])


def _seal(layout: Layout, plan: Plan, members: Sequence[Member], nonces: Sequence[list[bytes]]) -> None:
    """Encrypt the plan for each member, after its headers were written."""
    payloads = [slot[3] for slot in plan.slots]
    for (_, segment, keys, _), nonce, header, body in zip(members, nonces, layout.headers, layout.bodies, strict=False):
        patched = plan.pictures and (segment.picture_offset or segment.tl0_offset)
        if patched:
            _patch(plan, segment.picture_offset, segment.tl0_offset)
        _drain(map(keys.cipher.encrypt_into, nonce, payloads, header, body))
        if patched:
            _patch(plan, 0, 0)


def _name(to: Destination) -> Name | None:
    if to.port is None or to.path.address is None:
        return None
    return Name.of(to.port.sock.family, to.path.address)
