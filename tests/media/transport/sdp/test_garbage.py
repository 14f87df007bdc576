"""Whatever a stranger posts: a refusal of ours or an answer, never another exception, never slowly."""

from __future__ import annotations

import contextlib
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.errors import BadSdp, MediaError
from media.transport.sdp import read_fragment
from media.transport.sdp.parse import MAX_BYTES, parse
from tests.media.transport.sdp.golden import CASES, MASTER, offer, publish, watch

HEAD = "v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0\n"
FIRST = "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=rtcp-mux\na=rtpmap:96 VP8/90000\n"
PIECES = ("", " ", ":", ";", "=", "~", "/", "0", "-1", "99999999999", "é", "\u2028", "\x00", "a=", "m=", "\r\n", "\n\n", "rid:q send", "*")


def answered(text: str) -> None:
    """Everything that reads strangers' text, over this text; what is answered must be SDP again."""
    for call in (lambda: publish(text, MASTER).sdp, lambda: watch(text).sdp):
        try:
            result = call()
        except MediaError:
            continue
        parse(result)
    with contextlib.suppress(MediaError):
        read_fragment(text)


def mutate(text: str, rng: random.Random) -> str:
    lines = text.split("\r\n")
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(lines))
        kind = rng.randrange(5)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, rng.choice(lines))
        elif kind == 2:
            place = rng.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:place] + rng.choice(PIECES) + lines[at][place + rng.randrange(3) :]
        elif kind == 3:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        else:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        lines = lines or [""]
    return "\r\n".join(lines)


@given(st.text(max_size=400))
def test_random_text(text: str) -> None:
    answered(text)


@given(
    st.lists(
        st.sampled_from(["v=0", "o=- 1 2 IN IP4 x", "s=-", "t=0 0", "a=mid:0", "a=rtcp-mux", *FIRST.split("\n"), *PIECES]), max_size=30
    )
)
def test_random_lines(lines: list[str]) -> None:
    answered(HEAD + "\n".join(lines))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([case.offer for case in CASES]), st.integers(0, 2**32))
def test_mutated_offers(name: str, seed: int) -> None:
    answered(mutate(offer(name), random.Random(seed)))


def fill(line: str) -> str:
    """As many different such lines as 256 KiB, and the number of lines, allow."""
    count = min(16_000, (MAX_BYTES - 400) // (len(line) + 6))
    return HEAD + FIRST + "".join(f"{line.replace('#', str(number))}\n" for number in range(count))


@pytest.mark.parametrize(
    "line",
    [
        "a=x",
        "a=x#:1",
        "a=rtpmap:96 VP8/90000",
        "a=fmtp:96 " + ";".join("abcdefgh"),
        "a=fmtp:96 " + ";" * 8000,
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:* x#",
        "a=extmap:1 urn:x#",
        "a=ssrc:# cname:x",
        "a=ssrc-group:FID " + " ".join(["1"] * 4000),
        "a=ssrc-group:SIM 1 2",
        "a=rid:r# send",
        "a=rid:r send " + "pt=96;" * 1300,
        "a=simulcast:send " + ",".join(["q"] * 4000),
        "a=group:BUNDLE " + "0 " * 4000,
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
        "a=fingerprint:sha-256 " + "AA:" * 2600,
        "a=mid:#",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "m=video 9 UDP/TLS/RTP/SAVPF " + "96 " * 2600,
        "a=rtpmap:" + "9" * 8000,
        "a=rtpmap:96" + " " * 8000,
        "a= ",
    ],
)
def test_the_largest_bodies_take_no_time(line: str) -> None:
    text = fill(line)
    assert len(text.encode()) <= MAX_BYTES
    began = time.process_time()
    answered(text)
    assert time.process_time() - began < 1.0


def test_a_larger_body_is_not_looked_at() -> None:
    with pytest.raises(BadSdp):
        read_fragment("a=x\n" * (MAX_BYTES // 4 + 1))
