from __future__ import annotations

import re

import pytest

from media.errors import BadSdp, UnacceptableOffer
from media.transport.sdp.offer import read_offer
from tests.media.transport.sdp.golden import offer, publish, watch

OBS = offer("obs_publish")


def test_transport_at_session_level() -> None:
    peer = read_offer(OBS).peer
    assert (peer.ufrag, peer.pwd, peer.setup, peer.trickle) == ("T9cJ", "pWq3MzbU7X0sKf2nLdYh5a", "actpass", True)
    assert peer.fingerprints[0][0] == "sha-256"
    assert peer.our_setup == "passive"
    assert not peer.ice_lite


def test_transport_of_the_tagged_m_line_wins() -> None:
    text = offer("chromium_master").replace("a=ice-ufrag:X33b", "a=ice-ufrag:other", 3).replace("BUNDLE 0 1 2", "BUNDLE 1 0 2")
    text = text.replace("a=mid:1\r\n", "a=mid:1\r\na=setup:active\r\n").replace("a=ice-ufrag:other", "a=ice-ufrag:X33b", 1)
    answer = publish(text, ("mic", "camera", "screen"))
    assert answer.peer.ufrag == "other"
    assert "a=group:BUNDLE 1 0 2\r\n" in answer.sdp
    assert "a=candidate" in answer.sdp.split("m=")[2]
    assert "a=candidate" not in answer.sdp.split("m=")[1]


def test_every_strong_fingerprint_is_read_and_weak_ones_are_not() -> None:
    names = [name for name, _ in read_offer(offer("aiortc_publish")).peer.fingerprints]
    assert names == ["sha-256", "sha-384", "sha-512"]
    weak = re.sub(r"a=fingerprint:.*", "a=fingerprint:sha-1 " + ":".join(["0A"] * 20) + "\r", OBS)
    with pytest.raises(UnacceptableOffer):
        read_offer(weak)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=group:BUNDLE 0 1\r\n", ""),
        ("a=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 5 6\r\n"),
        ("a=rtcp-mux\r\n", ""),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=ice-ufrag:T9cJ\r\na=ice-pwd:pWq3MzbU7X0sKf2nLdYh5a\r\n", ""),
    ],
)
def test_unacceptable(old: str, new: str) -> None:
    assert old in OBS
    with pytest.raises(UnacceptableOffer):
        publish(OBS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=mid:1", "a=mid:0"),
        ("a=mid:1", "a=mid:a b"),
        ("a=ice-pwd:pWq3MzbU7X0sKf2nLdYh5a\r\n", ""),
        ("a=ice-ufrag:T9cJ", "a=ice-ufrag:T9c"),
        ("a=ice-pwd:pWq3", "a=ice-pwd:"),
        ("5D:9A", "5D9A"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:opus"),
        ("a=fmtp:111 ", "a=fmtp:1111 "),
        ("a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:all nack\r\n"),
        ("SAVPF 111", "SAVPF 111 opus"),
        ("a=ssrc:1923847561", "a=ssrc:19238475610"),
        ("a=mid:1\r\n", "a=mid:1\r\na=extmap:4/up urn:x\r\n"),
        ("a=mid:1\r\n", "a=mid:1\r\na=extmap:4\r\n"),
    ],
)
def test_malformed(old: str, new: str) -> None:
    assert old in OBS
    with pytest.raises(BadSdp):
        publish(OBS.replace(old, new))


def test_no_m_lines() -> None:
    with pytest.raises(UnacceptableOffer):
        read_offer(offer("obs_publish").partition("m=")[0])


def test_one_m_line_needs_neither_bundle_nor_mid() -> None:
    text = OBS.partition("m=video")[0].replace("a=group:BUNDLE 0 1\r\n", "").replace("a=mid:0\r\n", "")
    answer = publish(text)
    assert answer.media[0].mid == ""
    assert "BUNDLE" not in answer.sdp
    assert "a=mid" not in answer.sdp


def test_an_m_line_outside_the_bundle_or_with_port_0_is_not_usable() -> None:
    assert [media.mid for media in publish(OBS.replace("BUNDLE 0 1", "BUNDLE 0")).media] == ["0"]
    assert [media.mid for media in publish(OBS.replace("m=video 9", "m=video 0")).media] == ["0"]
    assert [media.mid for media in publish(OBS.replace("m=video 9 UDP/TLS/RTP/SAVPF", "m=video 9 RTP/AVP")).media] == ["0"]


def test_direction_of_the_session_is_inherited() -> None:
    text = OBS.replace("a=sendonly\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=recvonly\r\n")
    assert [slot.slot for slot in watch(text).slots] == ["plain.1", "plain.2"]
