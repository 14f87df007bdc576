from __future__ import annotations

from itertools import pairwise

from media.transport.addresses import Endpoint
from media.transport.candidates import announced, make_candidates, priority


def test_the_first_udp_host_has_the_usual_priority() -> None:
    assert priority("udp", 0) == 2130706431


def test_tcp_is_strictly_last_and_passive() -> None:
    made = make_candidates([("192.0.2.2", 7000), ("::1", 7000)], [("192.0.2.2", 7000), ("::1", 7000)])
    assert [(c.transport, c.ip, c.tcptype) for c in made] == [
        ("udp", "192.0.2.2", None),
        ("udp", "::1", None),
        ("tcp", "192.0.2.2", "passive"),
        ("tcp", "::1", "passive"),
    ]
    assert all(a.priority > b.priority for a, b in pairwise(made))
    assert len({c.foundation for c in made}) == 4
    assert priority("tcp", 0) < priority("udp", 65535)


def test_announced_takes_the_place_of_bound() -> None:
    assert announced(["10.0.0.2"], 7000, []) == [("10.0.0.2", 7000)]
    told = announced(["10.0.0.2"], 7000, [Endpoint("2001:db8::1", None), Endpoint("203.0.113.5", 443)])
    assert told == [("203.0.113.5", 443), ("2001:db8::1", 7000)]
    assert len(make_candidates([("203.0.113.5", 443)] * 2, ())) == 1
