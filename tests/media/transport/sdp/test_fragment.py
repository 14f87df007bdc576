from __future__ import annotations

import pytest

from media.errors import BadSdp
from media.transport.sdp import Candidate, Fragment, read_fragment, write_fragment
from tests.media.transport.sdp.golden import LOCAL

TRICKLE = """a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ srflx raddr 0.0.0.0 rport 0
a=candidate:473322822 1 tcp 1518280447 a1b2.local 9 typ host tcptype active generation 0
a=candidate:473322822 2 udp 1518280447 192.0.2.1 61766 typ host
a=candidate:473322822 1 ssltcp 1518280447 192.0.2.1 443 typ host
a=end-of-candidates
"""


def test_trickle_of_rfc_9725() -> None:
    found = read_fragment(TRICKLE.replace("\n", "\r\n"))
    assert (found.ufrag, found.pwd, found.end_of_candidates) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", True)
    assert found.candidates == (
        Candidate("1387637174", 1, "udp", 2122260223, "192.0.2.1", 61764),
        Candidate("3471623853", 1, "udp", 2122194687, "198.51.100.2", 61765, None, "srflx"),
        Candidate("473322822", 1, "tcp", 1518280447, "a1b2.local", 9, "active"),
    )
    assert found.candidates[2].version == 0


def test_credentials_at_session_level_and_end_only() -> None:
    assert read_fragment("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n").ufrag == "EsAw"
    assert read_fragment("m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n") == Fragment(end_of_candidates=True)


def test_restart_answer_is_itself_a_fragment() -> None:
    text = write_fragment(LOCAL, ["0", "1"])
    found = read_fragment(text)
    assert (found.ufrag, found.pwd, found.end_of_candidates) == (LOCAL.ufrag, LOCAL.pwd, True)
    assert [candidate.foundation for candidate in found.candidates] == ["1", "2", "3"]
    assert set(found.candidates) == set(LOCAL.candidates)
    assert text.startswith("a=ice-lite\r\na=ice-options:ice2 trickle\r\na=group:BUNDLE 0 1\r\nm=audio 9 ")


def test_restart_answer_without_mids() -> None:
    assert "a=group" not in write_fragment(LOCAL, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "a=ice-ufrag:EsAw\r\n",
        "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
        "a=ice-ufrag:E w\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 9\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 99999 typ host\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1/24 9 typ host\r\n",
        "a=candidate:1 0 udp 1 192.0.2.1 9 typ host\r\n",
        "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype \x01\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n" * 257,
        "m=audio 9 RTP/AVP 0\r\n" * 65,
        "z=1\r\n",
    ],
)
def test_what_is_no_fragment_is_refused(text: str) -> None:
    with pytest.raises(BadSdp):
        read_fragment(text)
