"""Sessions in virtual time: ICE and DTLS joined, what the fan-out is told, what the owner hears."""

from __future__ import annotations

import pytest

from media.fanout.interface import Path
from media.transport import dtls
from media.transport.directory import Directory
from media.transport.sdp import Local, Peer
from media.transport.session import MediaSession, PathNews, SessionEvent
from media.transport.stun import Check
from tests.media.transport.support import SECOND, FakeFanout, request

OURS, THEIRS = dtls.Identity(), dtls.Identity()
LOCAL = Local("w0abcdefgh", "p" * 24, OURS.fingerprints, ())
SOURCE = ("192.0.2.9", 5000)
PATH = Path(0, SOURCE)
OTHER = Path(70000, None)


class Box:
    """A session and its peer's DTLS, without sockets."""

    def __init__(self, setup: str = "actpass", number: int = 1, directory: Directory | None = None) -> None:
        self.fanout, self.directory = FakeFanout(), directory or Directory()
        peer = Peer("peer", "x" * 22, THEIRS.fingerprints, setup)  # type: ignore[arg-type]
        self.session = MediaSession(number, LOCAL, peer, OURS, self.fanout, self.directory, 0)
        self.peer = dtls.Dtls(THEIRS, "active" if setup == "actpass" else "passive", OURS.fingerprints, 0)

    def check(self, now: int, path: Path = PATH, nominate: bool = True, local: Local = LOCAL) -> bool:
        packet = request(local.ufrag, local.pwd, nominate=nominate)
        return self.session.on_check(Check(packet), path, SOURCE, now)

    def shake(self, now: int, path: Path = PATH) -> None:
        """Carry DTLS both ways until nothing moves."""
        self.peer.start(now)
        seen = 0
        while True:
            out = [packet for _, packet in self.fanout.sent[seen:] if 20 <= packet[0] <= 63]
            seen = len(self.fanout.sent)
            for packet in out:
                self.peer.receive(packet, now)
            back = self.peer.take_datagrams()
            for packet in back:
                self.session.on_dtls(packet, path, now)
            if not back and seen == len(self.fanout.sent):
                return

    def run(self, until: int) -> list[tuple[int, SessionEvent]]:
        """Ring the session's timer up to this time."""
        heard = [(0, event) for event in self.session.take_events()]
        while (due := self.session.poll_timeout()) is not None and due <= until and self.session.state != "closed":
            self.session.handle_timeout(due)
            heard += [(due // SECOND, event) for event in self.session.take_events()]
        return heard


def connected(setup: str = "actpass") -> Box:
    box = Box(setup)
    box.check(0)
    box.shake(0)
    return box


def test_both_roles_connect_and_install_keys() -> None:
    for setup in ("actpass", "passive"):
        box = connected(setup)
        assert box.session.take_events() == [SessionEvent("connected", "udp")]
        event = box.peer.take_events()[0]
        assert isinstance(event, dtls.Connected)
        assert box.fanout.keys[1] == (event.profile, event.theirs, event.ours)
        assert box.fanout.paths[1] == PATH
        assert box.session.take_paths() == [PathNews(PATH, True)]


def test_the_active_role_sends_nothing_before_the_first_valid_check() -> None:
    box = Box("passive")
    box.session.handle_timeout(SECOND)
    assert box.fanout.sent == []
    box.check(2 * SECOND, nominate=False)
    assert [packet[0] for _, packet in box.fanout.sent] == [1, 22]


def test_dtls_before_nomination_answers_where_it_came_from() -> None:
    box = Box()
    box.check(0, nominate=False)
    box.check(0, path=OTHER, nominate=False)
    box.shake(0)
    assert {path for path, packet in box.fanout.sent if packet[0] >= 20} == {PATH}
    assert box.session.take_events() == []
    box.check(1)
    assert box.session.take_events() == [SessionEvent("connected", "udp")]


def test_silence_disconnects_then_stops_then_ends() -> None:
    box = connected()
    heard = [(at, event.state, event.reason) for at, event in box.run(100 * SECOND)]
    assert heard == [(0, "connected", ""), (10, "disconnected", ""), (75, "closed", "timeout")]
    assert box.fanout.paths[1] is None


def test_media_keeps_a_publisher_without_consent_checks() -> None:
    box = connected()
    box.session.take_events()
    for second in range(1, 60):
        box.session.on_media(second * SECOND)
        assert box.run(second * SECOND) == []
    assert [event.state for _, event in box.run(70 * SECOND)] == ["disconnected"]
    box.session.on_media(71 * SECOND)
    assert [event.state for _, event in box.run(72 * SECOND)] == ["connected"]
    assert box.fanout.paths[1] == PATH


def test_a_check_revives_after_forty_seconds() -> None:
    box = connected()
    box.run(40 * SECOND)
    assert box.fanout.paths[1] is None
    box.check(41 * SECOND)
    assert box.session.take_events() == [SessionEvent("connected", "udp")]
    assert box.fanout.paths[1] == PATH


@pytest.mark.parametrize(("outage", "told"), [(9, False), (10, True), (20, True), (29, True), (31, True), (60, True), (74, True)])
def test_an_outage_ends_with_the_first_check_after_it(outage: int, told: bool) -> None:
    """The same session, keys and path: nobody signals anything. From 30 s on nothing was sent meanwhile (RFC 7675)."""
    box = connected()
    box.run(outage * SECOND)
    assert box.session.state == ("disconnected" if told else "connected")
    assert (box.fanout.paths[1] is None) == (outage >= 30)
    box.check(outage * SECOND + 1)
    assert box.session.state == "connected"
    assert box.fanout.paths[1] == PATH
    assert len(box.fanout.keys) == 1


def test_moving_to_tcp_is_told() -> None:
    box = connected()
    box.session.take_events()
    box.check(SECOND, path=OTHER)
    assert box.session.take_events() == [SessionEvent("connected", "tcp")]
    box.session.drop_path(OTHER, 2 * SECOND)
    assert box.session.take_events() == [SessionEvent("disconnected", "tcp")]


def test_a_handshake_that_never_ends_fails_after_thirty_seconds() -> None:
    box = Box()
    box.check(0)
    for second in range(1, 40):
        box.check(second * SECOND)
        for at, event in box.run(second * SECOND):
            assert (at, event.state, event.reason) == (30, "closed", "failed")
            return
    raise AssertionError("it went on")


def test_close_leaves_nothing() -> None:
    box = connected()
    box.session.restart(Local("w0second00", "q" * 24, OURS.fingerprints, ()), "peer2", SECOND)
    assert box.session.remote_ufrag == "peer2"
    box.session.close(2 * SECOND)
    assert len(box.directory) == 0
    assert box.directory.by_check(request(LOCAL.ufrag, LOCAL.pwd)) is None
    assert box.directory.by_check(request("w0second00", "q")) is None
    assert not box.fanout.sessions
    assert not box.fanout.allowed
    box.peer.receive(box.fanout.sent[-1][1], 2 * SECOND)
    assert box.peer.take_events()[-1] == dtls.Closed()
