from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.transport import dtls
from media.transport.dtls import Closed, Connected, Dtls, Failed, Identity

ALL = {profile.openssl_profile.decode(): profile for profile in dtls.PROFILES}
OURS, THEIRS = Identity(), Identity()


@dataclass
class Twins:
    """Two associations and the datagrams between them; `drop(n)` tells whether the n-th datagram is lost."""

    client: Dtls
    server: Dtls
    lost: frozenset[int] = frozenset()
    sent: int = 0
    events: dict[str, list[dtls.Event]] = field(default_factory=lambda: {"client": [], "server": []})

    def pump(self, now: int) -> None:
        moved = True
        while moved:
            moved = self.carry(self.client, self.server, now) or self.carry(self.server, self.client, now)
        self.events["client"] += self.client.take_events()
        self.events["server"] += self.server.take_events()

    def carry(self, sender: Dtls, receiver: Dtls, now: int) -> bool:
        datagrams = sender.take_datagrams()
        for datagram in datagrams:
            assert len(datagram) <= dtls.MAX_DATAGRAM
            if self.sent not in self.lost:
                receiver.receive(datagram, now)
            self.sent += 1
        return bool(datagrams)

    @property
    def done(self) -> bool:
        return self.client.connected and self.server.connected


def twins(ours: Identity = OURS, theirs: Identity = THEIRS, lost: frozenset[int] = frozenset(), now: int = 0) -> Twins:
    client = Dtls(theirs, "active", ours.fingerprints, now)
    server = Dtls(ours, "passive", theirs.fingerprints, now)
    client.start(now)
    server.start(now)
    return Twins(client, server, lost)


@pytest.mark.parametrize("name", ALL)
def test_each_profile_gives_both_sides_the_same_keys(name: str) -> None:
    pair = twins(theirs=Identity([ALL[name]]))
    pair.pump(0)
    client, server = pair.events["client"][0], pair.events["server"][0]
    assert isinstance(client, Connected)
    assert isinstance(server, Connected)
    assert client.profile == server.profile == name
    assert (client.ours, client.theirs) == (server.theirs, server.ours)
    assert client.ours != client.theirs
    assert len(client.ours) == ALL[name].key_length + ALL[name].salt_length


def test_gcm_128_is_preferred_whatever_the_client_prefers() -> None:
    pair = twins(theirs=Identity(list(reversed(dtls.PROFILES))))
    pair.pump(0)
    assert pair.server.profile == "SRTP_AEAD_AES_128_GCM"


def test_a_wrong_fingerprint_fails() -> None:
    pair = twins()
    pair.server._fingerprints = Identity().fingerprints
    pair.pump(0)
    assert isinstance(pair.events["server"][0], Failed)
    assert not pair.server.connected


def test_every_known_fingerprint_must_match() -> None:
    wrong = (*THEIRS.fingerprints, ("sha-512", "00:11"))
    server = Dtls(OURS, "passive", wrong, 0)
    client = Dtls(THEIRS, "active", OURS.fingerprints, 0)
    client.start(0)
    pair = Twins(client, server)
    pair.pump(0)
    assert isinstance(pair.events["server"][0], Failed)


@pytest.mark.parametrize("fingerprints", [(), (("md5", "00"),)])
def test_no_known_fingerprint_fails(fingerprints: tuple[tuple[str, str], ...]) -> None:
    client = Dtls(THEIRS, "active", OURS.fingerprints, 0)
    client.start(0)
    pair = Twins(client, Dtls(OURS, "passive", fingerprints, 0))
    pair.pump(0)
    assert isinstance(pair.events["server"][0], Failed)


def test_the_active_side_waits_for_start() -> None:
    client = Dtls(OURS, "active", THEIRS.fingerprints, 0)
    assert client.take_datagrams() == []
    assert client.poll_timeout() is None
    client.start(5)
    hello = client.take_datagrams()
    assert hello[0][0] == 22
    client.start(6)
    assert client.take_datagrams() == []
    assert client.poll_timeout() is not None


def test_goodbye_reaches_the_peer() -> None:
    pair = twins()
    pair.pump(0)
    pair.server.close(1)
    pair.pump(1)
    assert pair.events["client"][-1] == Closed()
    assert not pair.client.connected
    assert pair.client.poll_timeout() is None


def test_a_handshake_without_answer_gives_up_after_30_seconds() -> None:
    client = Dtls(OURS, "active", THEIRS.fingerprints, 0)
    client.start(0)
    client.handle_timeout(dtls.LIFETIME - 1)
    assert client.take_events() == []
    client.handle_timeout(dtls.LIFETIME)
    assert isinstance(client.take_events()[0], Failed)
    assert client.poll_timeout() is None


def test_any_lost_datagram_is_repaired() -> None:
    """OpenSSL keeps the retransmission clock itself, so this test takes its real second; all cases share it."""
    patterns = [frozenset({n}) for n in range(5)] + [frozenset({0, 2}), frozenset({1, 3})]
    pairs = [twins(lost=lost, now=time.monotonic_ns()) for lost in patterns]
    stop = time.monotonic() + 12
    for pair in pairs:
        pair.pump(time.monotonic_ns())
    assert not all(pair.done for pair in pairs)
    while not all(pair.done for pair in pairs) and time.monotonic() < stop:
        due = min(t for pair in pairs for t in (pair.client.poll_timeout(), pair.server.poll_timeout()) if t is not None)
        time.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9) + 0.001)
        for pair in pairs:
            now = time.monotonic_ns()
            pair.client.handle_timeout(now)
            pair.server.handle_timeout(now)
            pair.pump(now)
    assert all(pair.done for pair in pairs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(0, 3))
def test_garbage_at_any_point_raises_nothing(garbage: list[bytes], when: int) -> None:
    pair = twins()
    for step in range(6):
        if step == when:
            for datagram in garbage:
                pair.server.receive(b"\x16\xfe\xfd" + datagram, 0)
                pair.client.receive(b"\x17" + datagram, 0)
                pair.server.receive(datagram, 0)
        pair.carry(pair.client, pair.server, 0)
        pair.carry(pair.server, pair.client, 0)
    events = pair.client.take_events() + pair.server.take_events()
    assert all(isinstance(event, Connected | Failed) for event in events)


@given(st.binary(max_size=5000))
def test_packing_loses_nothing(flight: bytes) -> None:
    assert b"".join(dtls.pack_records(flight)) == flight


def test_packing_cuts_at_records() -> None:
    record = b"\x16\xfe\xfd" + bytes(8) + (500).to_bytes(2, "big") + bytes(500)
    assert [len(datagram) for datagram in dtls.pack_records(record * 5)] == [1026, 1026, 513]
