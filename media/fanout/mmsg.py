"""Many datagrams in one system call: `sendmmsg(2)`, each message for an address of its own and, with UDP-GSO, of many packets (M1, M2).

Python's socket module does not have it, so it is called through ctypes over a table of `struct mmsghdr` that numpy fills. Where
the C library or the platform lacks it, `opener` gives None and every message has its own `sendmsg`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SOL_UDP = 17
UDP_SEGMENT = 103
_NAME, _NAME_SIZE, _IOV, _IOV_COUNT, _CONTROL, _CONTROL_SIZE = range(6)
"""Words of 8 octets of one `struct mmsghdr` on a 64-bit Linux; two more, flags and the result, stay as the kernel left them."""
_WORDS = 8
_CMSG = struct.Struct("@QiiH6x")
_CMSG_LENGTH = 18


class Name(NamedTuple):
    """A socket address in the kernel's own form, at a fixed place in memory."""

    buffer: ctypes.Array[ctypes.c_char]
    at: int
    size: int

    @classmethod
    def of(cls, family: int, address: tuple[str, int] | tuple[str, int, int, int]) -> Name | None:
        """`struct sockaddr_in` or `sockaddr_in6` of a numeric address; None for one that is not numeric."""
        try:
            raw = socket.inet_pton(family, address[0].partition("%")[0])
        except OSError:
            return None
        port = struct.pack("!H", address[1])
        if family == socket.AF_INET6:
            flow, scope = (address[2], address[3]) if len(address) == 4 else (0, 0)
            packed = struct.pack("=H", family) + port + struct.pack("!I", flow) + raw + struct.pack("=I", scope)
        else:
            packed = struct.pack("=H", family) + port + raw + bytes(8)
        buffer = ctypes.create_string_buffer(packed, len(packed))
        return cls(buffer, ctypes.addressof(buffer), len(packed))


class Part(NamedTuple):
    """One message of a row: where its octets lie, from the row's beginning, and the size of its packets."""

    start: int
    size: int
    segment: int
    """Octets of each packet but perhaps the last; 0: a single packet."""


class Messages:
    """A table of messages over one arena in memory: `rows` rows of `stride` octets, of each row the same `parts`."""

    def __init__(self, arena_at: int, rows: int, stride: int, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._table = np.zeros((rows, len(parts), _WORDS), np.uint64)
        self._vectors = np.zeros((rows, len(parts), 2), np.uint64)
        begins = arena_at + np.arange(rows, dtype=np.uint64)[:, None] * np.uint64(stride)
        self._vectors[:, :, 0] = begins + np.array([part.start for part in parts], np.uint64)
        self._vectors[:, :, 1] = [part.size for part in parts]
        self._controls = [ctypes.create_string_buffer(_CMSG.pack(_CMSG_LENGTH, SOL_UDP, UDP_SEGMENT, part.segment)) for part in parts]
        counted = np.arange(rows * len(parts), dtype=np.uint64).reshape(rows, len(parts))
        self._table[:, :, _IOV] = self._vectors.ctypes.data + counted * np.uint64(16)
        self._table[:, :, _IOV_COUNT] = 1
        for index, (part, control) in enumerate(zip(parts, self._controls, strict=True)):
            if part.segment:
                self._table[:, index, _CONTROL] = ctypes.addressof(control)
                self._table[:, index, _CONTROL_SIZE] = _CMSG.size
        self._at = self._table.ctypes.data

    def address(self, names: Sequence[int], name_size: int) -> None:
        """The first rows go to these addresses (`Name.at`), all of one family."""
        count = len(names)
        self._table[:count, :, _NAME] = np.array(names, np.uint64)[:, None]
        self._table[:count, :, _NAME_SIZE] = name_size

    def send(self, call: SendMany, descriptor: int, first: int, last: int) -> int:
        """Send messages `first` … `last` − 1, counted over rows and their parts; returns how many left, or −errno if not even one."""
        sent = call(descriptor, self._at + first * _WORDS * 8, last - first, 0)
        return sent if sent >= 0 else -(ctypes.get_errno() or errno.EIO)


class SendMany:
    """The C function."""

    def __init__(self) -> None:
        """Raises AttributeError or OSError where there is none."""
        self._function = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]

    def __call__(self, descriptor: int, table: int, count: int, flags: int) -> int:
        """Messages sent, −1 with errno set if none was."""
        return int(self._function(descriptor, table, count, flags))


def opener() -> SendMany | None:
    """The call, if this is a 64-bit Linux with it; the environment variable `SHUANGSHI_SENDMMSG=0` turns it off."""
    if not sys.platform.startswith("linux") or sys.maxsize < 2**32 or os.environ.get("SHUANGSHI_SENDMMSG") == "0":
        return None
    try:
        return SendMany()
    except (AttributeError, OSError):
        return None
