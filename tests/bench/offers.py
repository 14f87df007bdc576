"""The smallest offers a raw client can make, and what it needs of their answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from media.wire import extensions as uri

AUDIO, VIDEO = 111, 96
"""Payload types offered."""
MID_ID, LEVEL_ID, SEND_TIME_ID, TRANSPORT_ID = 1, 2, 3, 4
"""Header extension ids offered."""
AUDIO_SSRC, VIDEO_SSRC = 0x0A0D_1001, 0x51DE_0002
"""What the bench's publisher sends on."""


@dataclass(frozen=True, slots=True)
class Local:
    """The offering side's transport."""

    ufrag: str
    pwd: str
    fingerprint: str
    """SHA-256, upper-case hex with colons."""


@dataclass(frozen=True, slots=True)
class Remote:
    """The answering side's transport, and the SSRCs it will send on."""

    address: tuple[str, int]
    ufrag: str
    pwd: str
    fingerprint: str
    ssrcs: tuple[int, ...]
    """First SSRC of each m-line, in order; empty in an answer to a publisher."""


def publish_offer(local: Local) -> str:
    """One Opus and one VP8 m-line, sendonly, with the header extensions and feedback a browser offers."""
    audio = [
        f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO}",
        *_transport("0", local, "sendonly"),
        f"a=extmap:{MID_ID} {uri.MID}",
        f"a=extmap:{LEVEL_ID} {uri.AUDIO_LEVEL}",
        f"a=extmap:{SEND_TIME_ID} {uri.ABS_SEND_TIME}",
        f"a=extmap:{TRANSPORT_ID} {uri.TRANSPORT_CC}",
        f"a=rtpmap:{AUDIO} opus/48000/2",
        f"a=rtcp-fb:{AUDIO} transport-cc",
        f"a=ssrc:{AUDIO_SSRC} cname:bench",
    ]
    video = [
        f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO}",
        *_transport("1", local, "sendonly"),
        f"a=extmap:{MID_ID} {uri.MID}",
        f"a=extmap:{SEND_TIME_ID} {uri.ABS_SEND_TIME}",
        f"a=extmap:{TRANSPORT_ID} {uri.TRANSPORT_CC}",
        f"a=rtpmap:{VIDEO} VP8/90000",
        *(f"a=rtcp-fb:{VIDEO} {kind}" for kind in ("transport-cc", "nack", "nack pli", "ccm fir")),
        f"a=ssrc:{VIDEO_SSRC} cname:bench",
    ]
    return _offer(audio, video)


def watch_offer(local: Local) -> str:
    """One Opus and one VP8 m-line, recvonly. With RTX, as browsers offer it, so that the worker keeps what it would resend."""
    audio = [
        f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO}",
        *_transport("0", local, "recvonly"),
        f"a=extmap:{MID_ID} {uri.MID}",
        f"a=extmap:{LEVEL_ID} {uri.AUDIO_LEVEL}",
        f"a=rtpmap:{AUDIO} opus/48000/2",
    ]
    video = [
        f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO} {VIDEO + 1}",
        *_transport("1", local, "recvonly"),
        f"a=extmap:{MID_ID} {uri.MID}",
        f"a=rtpmap:{VIDEO} VP8/90000",
        *(f"a=rtcp-fb:{VIDEO} {kind}" for kind in ("nack", "nack pli", "ccm fir")),
        f"a=rtpmap:{VIDEO + 1} rtx/90000",
        f"a=fmtp:{VIDEO + 1} apt={VIDEO}",
    ]
    return _offer(audio, video)


def read_answer(text: str) -> Remote:
    """What a raw client needs of an answer; raises ValueError if it is not there."""
    candidate = re.search(r"^a=candidate:\S+ 1 udp \d+ (127\.\S+) (\d+) typ host", text, re.MULTILINE | re.IGNORECASE)
    if candidate is None:
        raise ValueError("the answer has no UDP candidate on the loopback")
    sections = re.split(r"^m=", text, flags=re.MULTILINE)[1:]
    ssrcs = [re.search(r"^a=ssrc:(\d+) ", section, re.MULTILINE) for section in sections]
    return Remote(
        address=(candidate[1], int(candidate[2])),
        ufrag=_value(text, "ice-ufrag"),
        pwd=_value(text, "ice-pwd"),
        fingerprint=_value(text, "fingerprint").split()[1],
        ssrcs=tuple(int(found[1]) for found in ssrcs if found),
    )


def _offer(*sections: list[str]) -> str:
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=msid-semantic: WMS *"]
    return "\r\n".join([*head, *(line for section in sections for line in section), ""])


def _transport(mid: str, local: Local, direction: str) -> list[str]:
    return [
        "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.pwd}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        "a=setup:actpass",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]


def _value(text: str, name: str) -> str:
    found = re.search(rf"^a={name}:(.*?)\r?$", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"the answer has no {name}")
    return found[1].strip()
