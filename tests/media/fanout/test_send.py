from __future__ import annotations

import dataclasses
import errno
import socket

import pytest

from media.fanout.backlog import MAX_AGE, Backlog, Waiting
from media.fanout.interface import Path
from media.fanout.plan import BATCH
from media.fanout.send import gso_available
from media.wire.rows import Row
from tests.media.fanout.rig import GCM, OPUS, PUBLISHER, Rig, libsrtp, master, packet, split, vp8

BASE = 65536
ROW = Row(2, 2, 77, False, 1, {96: 96}, -BASE, 0, 0, True)
SOUND = Row(3, 2, 78, True, 2, {111: 111}, -BASE, 0, 0, True)


def crowd(count: int, gso: bool = True):
    rig = Rig()
    if not gso:
        rig.sock.gso = False
        rig.fanout.add_port(0, rig.sock, rig.want_write.append)
    rig.layer()
    peers = {}
    for number in range(2, 2 + count):
        peers[number] = rig.subscribe(number)
        rig.fanout.set_row(dataclasses.replace(ROW, row=number, session=number))
    return rig, peers


def frame(rig: Rig, first: int, count: int = 8) -> None:
    for n in range(first, first + count):
        rig.push(packet(n, vp8(1, 1, bytes(300))), flush=False)
    rig.fanout.flush(rig.now)


def test_a_destination_that_refuses_gso_gets_single_packets_for_good():
    rig, peers = crowd(3)
    bad = peers[3][0]
    rig.sock.errors[bad] = OSError(errno.EIO, "no checksum offload")
    frame(rig, 0)
    for number, (address, peer) in peers.items():
        assert [split(peer.unprotect(wire))[0].sequence for wire in rig.sock.take(address)] == list(range(8)), number
    assert rig.fanout.stats()["gso_refused"] == 1
    rig.sock.calls = 0
    frame(rig, 8)
    assert rig.sock.calls == 1 + 8 + 1
    assert rig.fanout.stats()["gso_refused"] == 1
    rig.fanout.set_path(3, Path(0, bad))  # The same path again: what was learnt stays.
    frame(rig, 16)
    assert rig.fanout.stats()["gso_refused"] == 1


def test_without_gso_in_the_kernel_every_packet_has_its_call():
    rig, peers = crowd(2, gso=False)
    frame(rig, 0)
    assert rig.sock.calls == 16
    address, peer = peers[2]
    assert [split(peer.unprotect(wire))[0].sequence for wire in rig.sock.take(address)] == list(range(8))


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EPERM, errno.ECONNREFUSED])
def test_a_bad_destination_never_affects_another(code):
    rig, peers = crowd(3)
    rig.sock.errors[peers[2][0]] = rig.sock.single_errors[peers[2][0]] = OSError(code, "bad")
    frame(rig, 0)
    assert [len(rig.sock.take(peers[number][0])) for number in peers] == [0, 8, 8]
    assert rig.fanout.stats()["send_errors"] == 1


def test_more_than_a_batch_in_one_flush_arrives_in_order():
    rig, peers = crowd(1)
    frame(rig, 0, 2 * BATCH + 3)
    address, peer = peers[2]
    assert [split(peer.unprotect(wire))[0].sequence for wire in rig.sock.take(address)] == list(range(2 * BATCH + 3))


def test_a_full_socket_queues_and_resumes_in_order():
    rig, peers = crowd(2)
    rig.sock.room = 1
    frame(rig, 0)
    assert rig.want_write == [True]
    frame(rig, 8)
    assert rig.fanout.stats()["waiting_octets"] > 0
    rig.sock.room = 5
    rig.fanout.writable(0, rig.now)
    assert rig.want_write == [True]
    rig.sock.room = 1 << 30
    rig.fanout.writable(0, rig.now)
    assert rig.want_write == [True, False]
    for address, peer in peers.values():
        assert [split(peer.unprotect(wire))[0].sequence for wire in rig.sock.take(address)] == list(range(16))
    assert rig.fanout.take_overflows() == []
    assert rig.fanout.stats()["waiting_octets"] == 0


def test_sound_leaves_before_pictures_that_waited_longer():
    rig, _ = crowd(1)
    rig.layer(2, 1001, (OPUS,))
    rig.fanout.set_row(SOUND)
    rig.sock.room = 0
    frame(rig, 0)
    rig.push(packet(0, b"sound", ssrc=1001, kind=111))
    rig.sock.room = 1 << 30
    rig.fanout.writable(0, rig.now)
    kinds = [wire[1] & 0x7F for wire in rig.sock.take()]
    assert kinds == [111] + [96] * 8


def test_what_waited_too_long_is_dropped_and_reported():
    rig, _ = crowd(1)
    rig.layer(2, 1001, (OPUS,))
    rig.fanout.set_row(SOUND)
    rig.sock.room = 0
    frame(rig, 0)
    rig.sock.room = 1 << 30
    rig.fanout.writable(0, rig.now + MAX_AGE + 1)
    assert rig.sock.take() == []
    assert rig.fanout.take_overflows() == [2]
    assert rig.fanout.take_overflows() == []
    assert rig.fanout.counters(2).dropped == 8
    assert rig.fanout.stats()["queue_dropped_video"] == 8


def test_a_revoked_row_leaves_the_queue():
    rig, peers = crowd(2)
    rig.sock.room = 0
    frame(rig, 0)
    rig.fanout.forget(2)
    rig.fanout.remove_session(3)
    rig.sock.room = 1 << 30
    rig.fanout.writable(0, rig.now)
    assert rig.sock.take() == []
    assert rig.fanout.stats()["queue_discarded"] == 16
    assert peers


def waiting(since: int, size: int, video: bool, row: int = 1) -> Waiting:
    return Waiting(since, ("127.0.0.1", 1), bytes(size), size, 1, 1, row, video)


def test_the_queue_is_bounded_in_octets_and_pictures_give_way_first():
    lost: list[Waiting] = []
    backlog = Backlog(lost.append, max_octets=1000)
    for n in range(4):
        backlog.push(waiting(n, 200, video=True, row=n))
    for n in range(4):
        backlog.push(waiting(n, 200, video=False, row=10 + n))
    assert [entry.row for entry in lost] == [0, 1, 2]
    backlog.push(waiting(9, 900, video=False, row=20))
    assert [entry.row for entry in lost] == [0, 1, 2, 3, 10, 11, 12, 13]
    assert backlog.octets == 900
    backlog.push(waiting(9, 300, video=True, row=21))  # No room but for itself: it is the one that goes.
    assert lost[-1].row == 21


class Sink:
    def __init__(self, room: int) -> None:
        self.room = room
        self.packets: list[tuple[bytes, bool]] = []
        self.rows: list[int | None] = []
        self.discarded: list[int] = []

    def send(self, packet: bytes, droppable: bool, row: int | None = None) -> bool:
        if self.room <= 0:
            return False
        self.room -= 1
        self.packets.append((bytes(packet), droppable))
        self.rows.append(row)
        return True

    def discard(self, row: int) -> int:
        self.discarded.append(row)
        return self.rows.count(row)


def test_what_waits_on_a_tcp_path_is_taken_back_with_its_row():
    rig, _ = crowd(1)
    sink = Sink(100)
    rig.fanout.add_stream(7, sink)
    rig.fanout.set_path(2, Path(7, None))
    frame(rig, 0)
    rig.fanout.send_slow(Path(7, None), b"\x16")
    assert sink.rows == [2] * 8 + [None]
    rig.fanout.forget(2)
    assert sink.discarded == [2]
    assert rig.fanout.stats()["queue_discarded"] == 8


def test_a_tcp_path_gets_packets_one_by_one_and_reports_what_its_queue_refused():
    rig, _ = crowd(1)
    sink = Sink(5)
    rig.fanout.add_stream(7, sink)
    rig.fanout.set_path(2, Path(7, None))
    frame(rig, 0)
    peer = libsrtp(GCM, master(GCM, 2), False)
    assert [split(peer.unprotect(wire))[0].sequence for wire, _ in sink.packets] == list(range(5))
    assert all(droppable for _, droppable in sink.packets)
    assert rig.fanout.take_overflows() == [2]
    assert rig.fanout.counters(2).dropped == 3
    rig.fanout.remove_stream(7)
    frame(rig, 8)
    rig.fanout.send_slow(Path(7, None), b"\x16")
    assert len(sink.packets) == 5


def test_a_removed_port_takes_its_paths():
    rig, _ = crowd(1)
    rig.fanout.remove_port(0)
    frame(rig, 0)
    assert rig.sock.take() == []
    assert rig.fanout.receive(0, 1).arrivals == b""
    assert rig.fanout.stats()["untrusted"] == 8
    rig.fanout.writable(0, 1)
    assert PUBLISHER.port == 0


def test_over_a_real_socket_a_frame_arrives_as_separate_datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
        for each in (ours, theirs):
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        rig, _ = crowd(1)
        rig.fanout.add_port(1, ours, rig.want_write.append)
        rig.fanout.set_path(2, Path(1, theirs.getsockname()))
        frame(rig, 0)
        peer = libsrtp(GCM, master(GCM, 2), False)
        assert [split(peer.unprotect(theirs.recv(2048)))[0].sequence for _ in range(8)] == list(range(8))
        theirs.sendto(b"\0stun", ours.getsockname())
        assert rig.fanout.receive(1, 5).slow == [(Path(1, theirs.getsockname()), b"\0stun")]
        assert isinstance(gso_available(ours), bool)
