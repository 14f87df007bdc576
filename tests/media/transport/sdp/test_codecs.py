from __future__ import annotations

import pytest

from media.errors import BadSdp
from media.transport.sdp.codecs import answer_parameters, choose_for_publisher, choose_for_subscriber, read_formats, read_parameters
from media.transport.sdp.parse import Section, read_attributes
from media.wire.negotiated import PayloadType


def section(formats: str, *values: str, kind: str = "video") -> Section:
    return Section(kind, 9, "UDP/TLS/RTP/SAVPF", tuple(formats.split()), read_attributes([("a", value) for value in values]))


def h264(*variants: tuple[int, str]) -> list[str]:
    return [line for payload, fmtp in variants for line in (f"rtpmap:{payload} H264/90000", f"fmtp:{payload} {fmtp}")]


def numbers(found: tuple[PayloadType, ...]) -> list[int]:
    return [payload.number for payload in found]


def test_h264_by_mode_then_profile_then_place_never_level() -> None:
    lines = h264(
        (100, "packetization-mode=0;profile-level-id=42e01f"),
        (101, "packetization-mode=1;profile-level-id=640c1f"),
        (102, "packetization-mode=1;profile-level-id=42001f"),
        (103, "packetization-mode=1;profile-level-id=42e034"),
        (104, "packetization-mode=1;profile-level-id=4d001f"),
    )
    formats = read_formats(section("100 101 102 103 104", *lines))
    assert numbers(choose_for_publisher(formats, "video", ("VP8", "H264"))) == [102]
    assert numbers(choose_for_subscriber(formats, "video", ("VP8", "H264"))) == [102, 103, 104, 101, 100]


def test_broken_profile_is_not_answered() -> None:
    lines = h264((100, "packetization-mode=1;profile-level-id=nothex"), (101, "packetization-mode=1 x;profile-level-id=42e01f"))
    assert choose_for_publisher(read_formats(section("100 101", *lines)), "video", ("H264",)) == ()


def test_h264_without_parameters_is_taken_as_it_is() -> None:
    formats = read_formats(section("100", "rtpmap:100 h264/90000"))
    chosen = choose_for_publisher(formats, "video", ("H264",))[0]
    assert chosen.codec.name == "H264"
    assert answer_parameters(chosen.codec) == "level-asymmetry-allowed=1"


def test_order_of_the_policy_then_of_the_offer() -> None:
    formats = read_formats(
        section("98 96 100", "rtpmap:96 VP8/90000", "rtpmap:98 VP9/90000", "rtpmap:100 VP9/90000", "fmtp:98 profile-id=2")
    )
    assert numbers(choose_for_publisher(formats, "video", ("VP8", "VP9"))) == [96]
    assert numbers(choose_for_publisher(formats, "video", ("VP9", "VP8"))) == [100]
    assert numbers(choose_for_subscriber(formats, "video", ("VP9", "VP8"))) == [100, 98, 96]
    assert choose_for_publisher(formats, "video", ("AV1",)) == ()


def test_rtx_belongs_to_its_apt() -> None:
    lines = ["rtpmap:96 VP8/90000", "rtpmap:97 rtx/90000", "fmtp:97 rtx-time=500; APT=96", "rtpmap:99 rtx/90000", "fmtp:99 apt=98"]
    assert choose_for_publisher(read_formats(section("96 97 99", *lines)), "video", ("VP8",))[0].rtx == 97
    assert choose_for_publisher(read_formats(section("96 99", *lines)), "video", ("VP8",))[0].rtx is None


def test_audio_is_opus_at_48_khz_in_two_channels() -> None:
    lines = ["rtpmap:96 opus/48000", "rtpmap:97 OPUS/16000/2", "rtpmap:98 multiopus/48000/6", "rtpmap:99 OPUS/48000/2"]
    formats = read_formats(section("96 97 98 99 0", *lines, kind="audio"))
    assert numbers(choose_for_publisher(formats, "audio", ("VP8",))) == [99]


def test_feedback_for_all_payload_types() -> None:
    formats = read_formats(section("96", "rtpmap:96 VP8/90000", "rtcp-fb:* nack", "rtcp-fb:96 NACK  pli"))
    assert formats[0].feedback == {"nack", "nack pli"}


@pytest.mark.parametrize("payload", [64, 72, 95])
def test_rtcp_range_is_avoided(payload: int) -> None:
    assert read_formats(section(str(payload), f"rtpmap:{payload} VP8/90000")) == []


def test_parameters() -> None:
    assert read_parameters(" A=1; b = x=y ;;0-15") == {"a": "1", "b": "x=y", "0-15": ""}
    with pytest.raises(BadSdp):
        read_parameters(";" * 64)
