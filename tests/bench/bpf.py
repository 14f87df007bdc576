"""Sockets that are cheap to receive on: the kernel reads, counts and drops all RTP packets but a few.

A classic BPF filter (`SO_ATTACH_FILTER`) passes STUN, DTLS, RTCP and one RTP packet in `SAMPLE`, chosen by sequence number.
What it drops raises the socket's drop counter, which `SO_MEMINFO` tells: packets that arrived = packets read + drops.
UDP segments of one GSO send are filtered and counted one by one.

The counter would also count datagrams lost to a full receive buffer. Only packets that pass the filter can be lost that way,
so a viewer that misses no sampled sequence number lost none; `Meter` in `viewer.py` watches for that.
"""

from __future__ import annotations

import ctypes
import socket
import struct

SAMPLE = 32
"""One RTP packet in so many passes; a power of two."""
RECEIVE_BUFFER = 4 * 1024 * 1024

_SO_RCVBUFFORCE = 33
_SO_ATTACH_FILTER = 26
_SO_TIMESTAMPNS = 35
_SO_MEMINFO = 55
_MEMINFO_DROPS = 8
_MEMINFO = struct.Struct("=9I")

_UDP_HEADER = 8
"""A filter on a UDP socket sees the UDP header first."""
_LOAD_BYTE, _LOAD_HALF = 0x30, 0x28
_JUMP_GE, _JUMP_SET, _RETURN = 0x35, 0x45, 0x06
_PASS, _DROP = 0x0004_0000, 0

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, constant (`struct sock_filter`)."""


def program(sample: int = SAMPLE) -> list[Instruction]:
    """The filter: pass unless the first octet is 128–191, the second not 192–223 (RFC 5761 4), and `sequence % sample` ≠ 0."""
    return [
        (_LOAD_BYTE, 0, 0, _UDP_HEADER),
        (_JUMP_GE, 0, 6, 128),
        (_JUMP_GE, 5, 0, 192),
        (_LOAD_BYTE, 0, 0, _UDP_HEADER + 1),
        (_JUMP_GE, 0, 1, 192),
        (_JUMP_GE, 0, 2, 224),
        (_LOAD_HALF, 0, 0, _UDP_HEADER + 2),
        (_JUMP_SET, 1, 0, sample - 1),
        (_RETURN, 0, 0, _PASS),
        (_RETURN, 0, 0, _DROP),
    ]


def attach(sock: socket.socket, instructions: list[Instruction]) -> None:
    """Put the filter on the socket; raises OSError if the kernel refuses it."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in instructions))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(instructions), ctypes.addressof(code)))


def open_sampling(host: str = "127.0.0.1") -> socket.socket:
    """A non-blocking UDP socket with the filter, kernel timestamps and a large receive buffer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    attach(sock, program())
    grow(sock)
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sock.bind((host, 0))
    return sock


def grow(sock: socket.socket) -> None:
    """Ask for `RECEIVE_BUFFER`, beyond the system's limit if we may."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def drops(sock: socket.socket) -> int:
    """Datagrams the kernel dropped on this socket since it was made (32 bits)."""
    return int(_MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_MEMINFO_DROPS])


def receive(sock: socket.socket) -> tuple[bytes, int]:
    """Next datagram and the realtime (ns) when the kernel received it, 0 if it did not say; raises BlockingIOError."""
    data, ancillary, _, _ = sock.recvmsg(2048, 64)
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("@qq", value[:16])
            return data, int(seconds * 1_000_000_000 + nanoseconds)
    return data, 0
