"""Many rows at once: on real sockets, packet for packet what one by one sends; what the kernel refuses goes the plain way."""

from __future__ import annotations

import dataclasses
import errno
import gc
import random
import socket
from collections.abc import Iterator

import pytest

from media.fanout import bulk, mmsg
from media.fanout.interface import Path
from media.fanout.reference import ReferenceFanout
from media.fanout.srtp import StreamKeys
from media.wire import extensions
from media.wire.rows import LayerSpec, Row
from tests.media.fanout.rig import CM, GCM, GCM256, IDS, OPUS, PUBLISHER, VP8, libsrtp, master, packet, split, vp8

ROWS = 70
"""More than two chunks."""
BASE = 65536

pytestmark = pytest.mark.skipif(mmsg.opener() is None, reason="no sendmmsg here")


@dataclasses.dataclass
class Crowd:
    """A publisher, and many subscribers on sockets of the loopback."""

    fanout: ReferenceFanout
    port: socket.socket
    sockets: list[socket.socket]
    profile: str
    want_write: list[bool]

    def push(self, *plain: bytes) -> None:
        publisher = self.publisher
        for one in plain:
            self.fanout.feed(PUBLISHER, publisher.protect(one), 1)
        self.fanout.flush(1)

    def received(self, number: int) -> list[bytes]:
        found = []
        try:
            while True:
                found.append(self.sockets[number].recv(3000))
        except BlockingIOError:
            return found

    def __post_init__(self) -> None:
        self.publisher = libsrtp(self.profile, master(self.profile, 2), True)


def build(profile: str, family: int = socket.AF_INET) -> Crowd:
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    port = socket.socket(family, socket.SOCK_DGRAM)
    port.setblocking(False)
    port.bind((host, 0))
    crowd = Crowd(ReferenceFanout(), port, [], profile, [])
    crowd.fanout.add_port(0, port, crowd.want_write.append)
    crowd.fanout.add_session(1)
    crowd.fanout.set_keys(1, profile, master(profile, 1), master(profile, 2))
    crowd.fanout.allow(PUBLISHER, 1)
    crowd.fanout.add_layer(LayerSpec(1, 1, 1000, (VP8,), IDS))
    crowd.fanout.add_layer(LayerSpec(2, 1, 2000, (OPUS,), IDS))
    rng = random.Random(4)
    for number in range(ROWS):
        receiver = socket.socket(family, socket.SOCK_DGRAM)
        receiver.setblocking(False)
        receiver.bind((host, 0))
        crowd.sockets.append(receiver)
        session = 10 + number
        crowd.fanout.add_session(session)
        crowd.fanout.set_keys(session, profile, master(profile, session), master(profile, 100 + session))
        crowd.fanout.set_path(session, Path(0, receiver.getsockname()))
        video, sound = rows(number, session, rng)
        crowd.fanout.set_row(video)
        crowd.fanout.set_row(sound)
    return crowd


def rows(number: int, session: int, rng: random.Random) -> tuple[Row, Row]:
    """Every kind of mapping: with and without MID, levels, picture offsets, near a rollover."""
    video = Row(
        row=2 * number, session=session, ssrc=rng.randrange(1, 1 << 32), audio=False, layer=1, payload_types={96: 96 + number % 5},
        seq_offset=rng.choice((0, 1, 65530, 3 * 65536 + 65533)) - BASE, ts_offset=rng.choice((-5, 0, 1 << 31, 1 << 33)), live=True,
        mid=b"v1", mid_id=number % 2 * 3, picture_id_offset=number % 3, tl0_offset=number % 3,
    )  # fmt: skip
    sound = Row(
        row=2 * number + 1, session=session, ssrc=rng.randrange(1, 1 << 32), audio=True, layer=2, payload_types={111: 100 + number % 7},
        seq_offset=-BASE, live=True, mid=b"a", mid_id=number % 2 * (1 + number % 4), audio_level_id=number % 3 and 5,
    )  # fmt: skip
    return video, sound


def traffic(crowd: Crowd) -> None:
    """A frame with a short last packet; another, longer at its end; sound with and without level."""
    sizes = (900, 900, 900, 300, 500, 900, 20)
    crowd.push(*(packet(n, vp8(9 + n, n, bytes(size)), timestamp=90 * n, marker=n % 4 == 3) for n, size in enumerate(sizes)))
    crowd.push(packet(0, b"opus-a", ssrc=2000, kind=111, extension=extensions.build([(IDS.audio_level, b"\x85")])))
    crowd.push(packet(1, b"opus-b", ssrc=2000, kind=111))


@pytest.fixture(autouse=True)
def few_rows_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MIN_ROWS", 8)


@pytest.fixture
def sent_in_bulk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each bulk send."""
    counts: list[int] = []
    send = bulk.Bulk.send

    def spy(self: bulk.Bulk, table: bulk.Table, plan: object, members: list[bulk.Member]) -> None:
        counts.append(len(members))
        send(self, table, plan, members)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk.Bulk, "send", spy)
    return counts


@pytest.fixture
def crowds() -> Iterator[list[Crowd]]:
    made: list[Crowd] = []
    yield made
    for crowd in made:
        for sock in (crowd.port, *crowd.sockets):
            sock.close()


@pytest.mark.parametrize(("profile", "family"), [(GCM, socket.AF_INET), (GCM256, socket.AF_INET6), (CM, socket.AF_INET)])
def test_same_packets_as_one_by_one(
    profile: str, family: int, crowds: list[Crowd], sent_in_bulk: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowds.append(many := build(profile, family))
    traffic(many)
    assert sum(sent_in_bulk) == 3 * ROWS
    monkeypatch.setattr(bulk, "MIN_ROWS", 1 << 30)
    crowds.append(single := build(profile, family))
    traffic(single)
    assert sum(sent_in_bulk) == 3 * ROWS
    for number in range(ROWS):
        wires = many.received(number)
        assert len(wires) == 9
        assert wires == single.received(number)
        peer = libsrtp(profile, master(profile, 10 + number), False)
        assert split(peer.unprotect(wires[-1]))[1] == b"opus-b"
        for row in (2 * number, 2 * number + 1):
            assert many.fanout.counters(row) == single.fanout.counters(row)


def test_tables_follow_changed_rows_and_paths(crowds: list[Crowd], sent_in_bulk: list[int]) -> None:
    crowds.append(crowd := build(GCM))
    traffic(crowd)
    for number in range(ROWS):
        crowd.received(number)
    crowd.fanout.set_path(10, Path(0, crowd.sockets[1].getsockname()))
    crowd.fanout.remove_session(12)
    crowd.push(packet(2, b"opus-c", ssrc=2000, kind=111))
    assert [len(crowd.received(number)) for number in range(4)] == [0, 2, 0, 1]


def test_a_session_that_ended_leaves_no_keys_behind(crowds: list[Crowd], sent_in_bulk: list[int]) -> None:
    def kept() -> int:
        gc.collect()
        return sum(type(found) is StreamKeys for found in gc.get_objects())

    empty = kept()
    crowds.append(crowd := build(GCM))
    traffic(crowd)
    assert sent_in_bulk
    assert kept() - empty > ROWS
    for number in range(ROWS):
        crowd.fanout.remove_session(10 + number)
    assert kept() - empty <= 4, "the publisher's own"


def test_a_refused_message_costs_only_its_own_row(crowds: list[Crowd], sent_in_bulk: list[int]) -> None:
    crowds.append(crowd := build(GCM))
    crowd.fanout.set_path(15, Path(0, ("240.0.0.1", 9)))  # No route: EINVAL or ENETUNREACH.
    traffic(crowd)
    assert sent_in_bulk[0] + sent_in_bulk[1] == ROWS
    assert [len(crowd.received(number)) for number in range(ROWS)] == [0 if number == 5 else 9 for number in range(ROWS)]


def test_a_full_socket_queues_the_rest(crowds: list[Crowd], monkeypatch: pytest.MonkeyPatch) -> None:
    crowds.append(crowd := build(GCM))
    room = [20]
    send = mmsg.SendMany.__call__

    def limited(self: mmsg.SendMany, descriptor: int, table: int, count: int, flags: int) -> int:
        count = min(count, room[0])
        room[0] -= count
        if not count:
            mmsg.ctypes.set_errno(errno.EAGAIN)
            crowd.fanout._sender.ports[0].blocked = True  # As the plain way finds it when it tries again.
            return -1
        return send(self, descriptor, table, count, flags)

    monkeypatch.setattr(mmsg.SendMany, "__call__", limited)
    crowd.push(packet(0, b"opus-a", ssrc=2000, kind=111))
    before = [len(crowd.received(number)) for number in range(ROWS)]
    assert sum(before) == 20
    assert crowd.fanout.stats()["queued"] == ROWS - 20
    crowd.fanout.writable(0, 2)
    after = [len(crowd.received(number)) for number in range(ROWS)]
    assert [sum(pair) for pair in zip(before, after, strict=True)] == [1] * ROWS


def test_without_the_call_everything_goes_one_by_one(crowds: list[Crowd], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUANGSHI_SENDMMSG", "0")
    crowds.append(crowd := build(GCM))
    traffic(crowd)
    assert {len(crowd.received(number)) for number in range(ROWS)} == {9}
