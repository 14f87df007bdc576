"""The filter and the drop counter, on real sockets."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator

import pytest

from tests.bench import bpf

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="filters on sockets are Linux's")
UDP_SEGMENT = 103


def rtp(sequence: int, payload_type: int = 96, size: int = 40) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence, 0, 1).ljust(size, b"\0")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    receiver = bpf.open_sampling()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(receiver.getsockname())
    yield sender, receiver
    sender.close()
    receiver.close()


def drain(sock: socket.socket) -> list[bytes]:
    found = []
    try:
        while True:
            found.append(bpf.receive(sock)[0])
    except BlockingIOError:
        return found


@pytest.mark.parametrize(
    "packet",
    [
        b"\x00\x01\x00\x00" + bytes(16),
        b"\x16\xfe\xfd" + bytes(20),
        b"\x3f" + bytes(20),
        struct.pack("!BBHI", 0x80, 192, 1, 1),
        struct.pack("!BBHI", 0x81, 201, 7, 1),
        struct.pack("!BBHI", 0x80, 223, 1, 1),
        rtp(0),
        rtp(32),
        rtp(65504, payload_type=0x80 | 63),
        b"\xc0" + bytes(20),
    ],
)
def test_passes(pair: tuple[socket.socket, socket.socket], packet: bytes) -> None:
    sender, receiver = pair
    sender.send(packet)
    assert drain(receiver) == [packet]
    assert bpf.drops(receiver) == 0


@pytest.mark.parametrize("packet", [rtp(1), rtp(31), rtp(65535), rtp(5, payload_type=191), rtp(5, payload_type=224)])
def test_drops_and_counts(pair: tuple[socket.socket, socket.socket], packet: bytes) -> None:
    sender, receiver = pair
    sender.send(packet)
    assert drain(receiver) == []
    assert bpf.drops(receiver) == 1


def test_read_and_dropped_add_up_over_a_wrap(pair: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = pair
    for sequence in range(65_400, 66_400):
        sender.send(rtp(sequence & 0xFFFF))
    read = drain(receiver)
    assert [struct.unpack_from("!H", packet, 2)[0] % bpf.SAMPLE for packet in read] == [0] * len(read)
    assert len(read) == sum(sequence % bpf.SAMPLE == 0 for sequence in range(65_400, 66_400))
    assert len(read) + bpf.drops(receiver) == 1000


def test_segments_of_one_send_are_counted_one_by_one(pair: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = pair
    try:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 200)
    except OSError:
        pytest.skip("no UDP segmentation offload on this kernel")
    sender.send(b"".join(rtp(sequence, size=200) for sequence in range(30, 40)))
    assert [packet[:4] for packet in drain(receiver)] == [rtp(32)[:4]]
    assert bpf.drops(receiver) == 9


def test_kernel_time_of_arrival(pair: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = pair
    sender.send(b"\0" * 20)
    sender.send(b"\0" * 20)
    first, second = bpf.receive(receiver)[1], bpf.receive(receiver)[1]
    assert 1_700_000_000_000_000_000 < first <= second
