from __future__ import annotations

import pytest

from media.errors import BadSlots, UnacceptableOffer
from media.wire.negotiated import ExtensionIds
from tests.media.transport.sdp.golden import MASTER, offer, publish


def section(sdp: str, index: int) -> list[str]:
    return sdp.split("m=")[index + 1].splitlines()


def test_chromium_master_publishes_three_sources_with_one_codec_each() -> None:
    mic, camera, screen = publish(offer("chromium_master"), MASTER).media
    assert [media.source for media in (mic, camera, screen)] == ["mic", "camera", "screen"]
    assert [(found.number, found.codec.name, found.rtx) for found in camera.payload_types] == [(96, "VP8", 97)]
    assert camera.extensions == ExtensionIds(mid=4, rid=10, repaired_rid=11, abs_send_time=2, transport_cc=3)
    assert mic.extensions == ExtensionIds(mid=4, audio_level=1, abs_send_time=2, transport_cc=3)
    assert (camera.nack, camera.pli, camera.transport_cc) == (True, True, True)
    assert (mic.nack, mic.pli, mic.transport_cc) == (False, False, True)
    assert camera.rids == ("q", "f")
    assert camera.ssrcs == {}
    assert screen.ssrcs == {1676984874: 3019570896}
    assert mic.ssrcs == {1821836161: None}


def test_a_paused_layer_stays_paused_because_chrome_activates_it_otherwise() -> None:
    sdp = publish(offer("chromium_master"), MASTER).sdp
    assert "a=rid:q recv\r\na=rid:f recv\r\na=simulcast:recv q;~f\r\n" in sdp


def test_no_orientation_red_fec_or_comfort_noise_is_answered() -> None:
    for name in ("chromium_master", "safari_classroom", "firefox_classroom"):
        sdp = publish(offer(name), MASTER).sdp.lower()
        assert all(word not in sdp for word in ("orientation", "red/", "ulpfec", "flexfec", "cn/", "goog-remb", "playout-delay"))


def test_h264_takes_constrained_baseline_in_mode_1_before_high() -> None:
    camera = publish(offer("safari_classroom"), codecs=("H264", "VP8")).media[1]
    assert camera.payload_types[0].number == 98
    assert camera.payload_types[0].codec.parameters["profile-level-id"] == "42e01f"


def test_h264_is_answered_as_offered_without_parameter_sets() -> None:
    text = offer("ffmpeg_publish").replace("=42000c", "=42000c;sprop-parameter-sets=Z0LADNoFB+g=,aM4yyA==")
    answer = publish(text)
    assert answer.media[1].payload_types[0].codec.parameters["sprop-parameter-sets"] == "Z0LADNoFB+g=,aM4yyA=="
    assert "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42000c\r\n" in answer.sdp


def test_a_passive_offer_makes_us_the_dtls_client() -> None:
    answer = publish(offer("ffmpeg_publish"))
    assert answer.peer.setup == "passive"
    assert answer.peer.our_setup == "active"
    assert answer.sdp.count("a=setup:active\r\n") == 2
    first = next(line for line in answer.sdp.splitlines() if line.startswith("a=candidate:"))
    assert first == "a=candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host"


def test_transport_cc_needs_its_extension_and_remb_is_never_promised() -> None:
    assert "goog-remb" in offer("aiortc_publish")
    assert "goog-remb" not in publish(offer("aiortc_publish")).sdp
    no_extension = offer("chromium_master").replace("draft-holmer-rmcat-transport-wide-cc-extensions-01", "other")
    camera = publish(no_extension, MASTER).media[1]
    assert not camera.transport_cc
    assert all(word not in publish(no_extension, MASTER).sdp for word in ("goog-remb", "transport-cc"))


def test_opus_asks_for_fec_and_dtx_and_for_stereo_only_if_it_will_be_sent() -> None:
    assert "minptime=10;useinbandfec=1;usedtx=1;stereo=1\r\n" in publish(offer("obs_publish")).sdp
    assert "minptime=10;useinbandfec=1;usedtx=1\r\n" in publish(offer("firefox_classroom")).sdp


def test_names_and_m_lines_pair_by_kind_so_video_may_come_first() -> None:
    media = publish(offer("gstreamer_publish")).media
    assert [(found.mid, found.source) for found in media] == [("video0", "camera"), ("audio1", "mic")]


def test_an_m_line_without_a_name_is_rejected_in_its_place() -> None:
    answer = publish(offer("chromium_master"), ("mic", "camera"))
    assert [media.mid for media in answer.media] == ["0", "1"]
    assert section(answer.sdp, 2)[0].startswith("video 0 ")
    assert "a=group:BUNDLE 0 1\r\n" in answer.sdp


def test_a_name_without_an_m_line_is_no_error() -> None:
    assert [media.source for media in publish(offer("obs_publish"), MASTER).media] == ["mic", "camera"]


def test_the_tagged_m_line_is_held_inactive_not_rejected() -> None:
    answer = publish(offer("chromium_master"), ("camera",))
    assert [media.mid for media in answer.media] == ["1"]
    held = section(answer.sdp, 0)
    assert held[0] == "audio 7000 UDP/TLS/RTP/SAVPF 111"
    assert "a=inactive" in held
    assert "a=end-of-candidates" in held
    assert "a=group:BUNDLE 0 1\r\n" in answer.sdp


@pytest.mark.parametrize("names", [(), ("mic", "mic"), ("mic", "slides"), ("program.audio",)])
def test_bad_names(names: tuple[str, ...]) -> None:
    with pytest.raises(BadSlots):
        publish(offer("obs_publish"), names)


def test_names_of_another_kind_only() -> None:
    audio_only = offer("obs_publish").partition("m=video")[0]
    with pytest.raises(BadSlots):
        publish(audio_only, ("screen",))


@pytest.mark.parametrize("direction", ["recvonly", "inactive"])
def test_what_does_not_send_is_not_published(direction: str) -> None:
    with pytest.raises(UnacceptableOffer):
        publish(offer("obs_publish").replace("a=sendonly", f"a={direction}"))


def test_no_common_codec() -> None:
    video_only = offer("obs_publish").replace("m=audio 9", "m=audio 0").replace("H264", "H265")
    with pytest.raises(UnacceptableOffer):
        publish(video_only)


def test_payload_types_that_look_like_rtcp_are_not_chosen() -> None:
    text = offer("obs_publish").replace(":96 ", ":72 ").replace("SAVPF 96", "SAVPF 72")
    assert [media.kind for media in publish(text).media] == ["audio"]


def test_an_ssrc_declared_twice_belongs_to_the_first_m_line() -> None:
    mic, camera = publish(offer("obs_publish").replace("1923847562", "1923847561")).media
    assert mic.ssrcs == {1923847561: None}
    assert camera.ssrcs == {}


def test_one_extension_id_means_one_thing_in_the_bundle() -> None:
    text = offer("chromium_master").replace(
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"
    )
    mic, camera, _ = publish(text, MASTER).media
    assert mic.extensions.audio_level == 1
    assert mic.extensions.mid == 0
    assert camera.extensions.mid == 0
    assert camera.extensions.rid == 10


def test_extension_directions_turn_round() -> None:
    sdp = publish(offer("firefox_classroom")).sdp
    assert "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" in sdp
    assert "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n" in sdp
