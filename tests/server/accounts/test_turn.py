from __future__ import annotations

import base64
import hashlib
import hmac

from server.accounts.turn import IcePlan, as_link_header, as_rtc
from server.reading import IceServer


def test_credentials_are_what_coturn_checks() -> None:
    plan = IcePlan(turn=("turn:t:3478",), secret="north", hours=2)
    (server,) = plan.servers("somebody", 1_000)
    assert server.username.split(":")[0] == str(1_000 + 7200)
    expected = base64.b64encode(hmac.new(b"north", server.username.encode(), hashlib.sha1).digest()).decode()
    assert server.credential == expected
    assert "somebody" not in server.username
    (other,) = plan.servers("somebody else", 1_000)
    assert other.username != server.username


def test_fixed_servers_come_first_and_alone_without_turn() -> None:
    stun = IceServer("stun:s:3478")
    assert IcePlan((stun,)).servers("x", 0) == (stun,)
    assert IcePlan((stun,), ("turn:t:1",), "k").servers("x", 0)[0] == stun


def test_spellings() -> None:
    stun, turn = IceServer("stun:s"), IceServer("turn:t?transport=udp", "u", "c")
    assert as_rtc((stun, turn)) == [{"urls": "stun:s"}, {"urls": "turn:t?transport=udp", "username": "u", "credential": "c"}]
    assert as_link_header(stun) == '<stun:s>; rel="ice-server"'
    assert as_link_header(turn) == '<turn:t?transport=udp>; rel="ice-server"; username="u"; credential="c"; credential-type="password"'
    hostile = as_link_header(IceServer("turn:t", "u", 'a"; x="b\\'))
    assert hostile == '<turn:t>; rel="ice-server"; username="u"; credential="a\\"; x=\\"b\\\\"; credential-type="password"'
