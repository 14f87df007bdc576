from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.transport.addresses import BadAnnounce, Endpoint, enumerate_local, parse_announce, to_bind, usable


@pytest.mark.parametrize(
    ("text", "ip", "port"),
    [
        ("203.0.113.5", "203.0.113.5", None),
        (" 203.0.113.5:40000 ", "203.0.113.5", 40000),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:DB8:0::1]:443", "2001:db8::1", 443),
        ("[2001:db8::1]", "2001:db8::1", None),
    ],
)
def test_announced_addresses(text: str, ip: str, port: int | None) -> None:
    assert parse_announce(text) == Endpoint(ip, port)


@pytest.mark.parametrize("text", ["", "example.org", "203.0.113.5:", "203.0.113.5:0", "203.0.113.5:65536", "[::1", "[::1]443", "1.2.3.4:٣"])
def test_unreadable_announced_addresses(text: str) -> None:
    with pytest.raises(BadAnnounce):
        parse_announce(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadAnnounce):
        assert parse_announce(text).ip


def test_loopback_last_and_ipv4_first() -> None:
    given_order = ["::1", "fd00::2", "127.0.0.1", "fe80::1", "192.0.2.2", "10.0.0.1", "169.254.3.4", "192.0.2.2", "::ffff:1.2.3.4", "x"]
    assert usable(given_order) == ["192.0.2.2", "10.0.0.1", "fd00::2", "127.0.0.1", "::1"]


def test_the_host_setting() -> None:
    local = ["127.0.0.1", "192.0.2.2"]
    assert to_bind("0.0.0.0", local) == ["192.0.2.2", "127.0.0.1"]
    assert to_bind("127.0.0.1", local) == ["127.0.0.1"]
    assert to_bind("localhost", local) == ["127.0.0.1", "::1"]
    assert to_bind("192.0.2.7, 127.0.0.1", local) == ["192.0.2.7", "127.0.0.1"]


def test_this_machine_has_a_loopback() -> None:
    assert "127.0.0.1" in enumerate_local()
