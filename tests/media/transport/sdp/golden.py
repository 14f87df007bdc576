"""The captured offers, how each is answered, and its golden answer. `python -m tests.media.transport.sdp.golden` writes the answers anew."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

from media.transport.sdp import (
    Candidate,
    Local,
    Policy,
    PublisherAnswer,
    SubscriberAnswer,
    answer_publisher,
    answer_subscriber,
)

OFFERS = Path(__file__).parent / "offers"
MASTER = ("mic", "camera", "screen")
CLASSROOM = ("mic", "camera")
PROGRAM = ("program.audio", "program.camera", "program.screen")
LOCAL = Local(
    ufrag="0a1b2c3d",
    pwd="0123456789abcdefghijkl",
    fingerprints=(("sha-256", ":".join(f"{octet:02X}" for octet in range(32))),),
    candidates=(
        Candidate("3", 1, "tcp", 1675886079, "192.0.2.1", 7000, "passive"),
        Candidate("2", 1, "udp", 2130706175, "2001:db8::1", 7000),
        Candidate("1", 1, "udp", 2130706431, "192.0.2.1", 7000),
    ),
    origin_id=4611686018427387904,
)


class Case(NamedTuple):
    offer: str
    names: tuple[str, ...] | None
    publishes: bool = False
    codecs: tuple[str, ...] = ("VP8", "H264")


CASES = (
    Case("aiortc_publish", CLASSROOM, True),
    Case("aiortc_watch", None),
    Case("chromium_master", MASTER, True),
    Case("chromium_watch", (*PROGRAM, "stage.1.audio", "stage.1.video"), codecs=("VP8", "H264", "VP9", "AV1")),
    Case("ffmpeg_publish", CLASSROOM, True),
    Case("firefox_classroom", CLASSROOM, True),
    Case("firefox_watch", PROGRAM),
    Case("gstreamer_publish", CLASSROOM, True),
    Case("obs_publish", CLASSROOM, True),
    Case("safari_classroom", CLASSROOM, True),
    Case("safari_watch", PROGRAM),
    Case("webrtcbin_publish", CLASSROOM, True),
    Case("webrtcbin_watch", None),
    Case("wrtc_watch", None),
)


def offer(name: str) -> str:
    return (OFFERS / f"{name}.sdp").read_bytes().decode()


def publish(text: str, names: tuple[str, ...] = CLASSROOM, codecs: tuple[str, ...] = ("VP8", "H264")) -> PublisherAnswer:
    return answer_publisher(text, names, LOCAL, Policy(codecs))


def watch(text: str, names: tuple[str, ...] | None = None, codecs: tuple[str, ...] = ("VP8", "H264"), seed: int = 7) -> SubscriberAnswer:
    return answer_subscriber(text, names, LOCAL, Policy(codecs), random.Random(seed))


def answer(case: Case) -> str:
    text = offer(case.offer)
    return publish(text, case.names or (), case.codecs).sdp if case.publishes else watch(text, case.names, case.codecs).sdp


def main() -> None:
    for case in CASES:
        (OFFERS / f"{case.offer}.answer.sdp").write_bytes(answer(case).encode())


if __name__ == "__main__":
    main()
