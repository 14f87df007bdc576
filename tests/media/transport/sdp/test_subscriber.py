from __future__ import annotations

import re

import pytest

from media.errors import BadSlots, UnacceptableOffer
from media.transport.sdp import group_of
from media.wire.negotiated import ExtensionIds
from tests.media.transport.sdp.golden import PROGRAM, offer, watch

STAGED = (*PROGRAM, "stage.1.audio", "stage.1.video")


def wall() -> tuple[str, tuple[str, ...]]:
    """An offer of 33 m-lines, made of Chromium's own: four stage pairs and 25 tiles."""
    head, audio, video, *_ = re.split(r"(?=m=)", offer("chromium_watch"))
    kinds = [audio, video] * 4 + [video] * 25
    sections = [re.sub(r"a=mid:\d+", f"a=mid:{mid}", text) for mid, text in enumerate(kinds)]
    head = re.sub(r"BUNDLE [\d ]+", f"BUNDLE {' '.join(map(str, range(33)))}", head)
    stage = [f"stage.{number}.{kind}" for number in range(1, 5) for kind in ("audio", "video")]
    return head + "".join(sections), (*stage, *(f"wall.{number}.video" for number in range(1, 26)))


def test_every_slot_takes_every_listed_codec_with_its_rtx() -> None:
    answer = watch(offer("chromium_watch"), STAGED)
    audio, camera = answer.slots[:2]
    assert [found.codec.name for found in audio.payload_types] == ["opus"]
    assert camera.payload_types[0].codec.name == "VP8"
    assert {found.codec.name for found in camera.payload_types} == {"VP8", "H264"}
    assert all(found.rtx is not None for found in camera.payload_types)
    assert camera.extensions == ExtensionIds(mid=4)
    assert audio.extensions == ExtensionIds(mid=4, audio_level=1)
    assert camera.nack
    assert not audio.nack
    assert "transport-cc" not in answer.sdp
    assert "goog-remb" not in answer.sdp


def test_ssrcs_are_unique_cnames_are_one_for_each_group() -> None:
    slots = watch(offer("chromium_watch"), STAGED).slots
    ssrcs = [ssrc for slot in slots for ssrc in (slot.ssrc, slot.rtx_ssrc) if ssrc is not None]
    assert len(set(ssrcs)) == len(ssrcs) == 8
    assert slots[0].rtx_ssrc is None
    assert slots[0].cname == slots[1].cname == slots[2].cname
    assert slots[3].cname == slots[4].cname != slots[0].cname


def test_streams_are_announced() -> None:
    answer = watch(offer("chromium_watch"), STAGED)
    camera = answer.slots[1]
    assert f"a=msid:program program.camera\r\na=ssrc-group:FID {camera.ssrc} {camera.rtx_ssrc}\r\n" in answer.sdp
    assert f"a=ssrc:{camera.ssrc} cname:{camera.cname}\r\n" in answer.sdp
    assert "a=msid:stage.1 stage.1.video\r\n" in answer.sdp


def test_the_data_channel_is_rejected_in_its_place() -> None:
    answer = watch(offer("firefox_watch"), PROGRAM)
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" in answer.sdp
    assert "a=group:BUNDLE 0 1 2\r\n" in answer.sdp


def test_without_rtx_there_is_no_nack() -> None:
    text = re.sub(r"a=rtpmap:(124|125) rtx/90000\r\n", "", offer("firefox_watch"))
    answer = watch(text, PROGRAM)
    assert not answer.slots[1].nack
    assert answer.slots[1].rtx_ssrc is None
    assert "FID" not in answer.sdp
    assert not re.search(r"a=rtcp-fb:\d+ nack\r\n", answer.sdp)
    assert "a=rtcp-fb:120 nack pli\r\n" in answer.sdp


def test_nack_only_for_the_codecs_with_rtx() -> None:
    text = offer("chromium_watch").replace("a=fmtp:97 apt=96\r\n", "")
    answer = watch(text, STAGED)
    assert answer.slots[1].nack
    assert "a=rtcp-fb:96 nack\r\n" not in answer.sdp
    assert "a=rtcp-fb:102 nack\r\n" in answer.sdp


def test_a_plain_offer_gets_numbered_slots_of_the_program() -> None:
    slots = watch(offer("wrtc_watch")).slots
    assert [(slot.slot, slot.kind) for slot in slots] == [("plain.1", "audio"), ("plain.2", "video")]
    assert slots[0].cname == slots[1].cname


@pytest.mark.parametrize(
    ("slot", "group"),
    [("program.camera", "program"), ("stage.2.video", "stage.2"), ("wall.3.video", "wall.3"), ("plain.4", "program")],
)
def test_groups(slot: str, group: str) -> None:
    assert group_of(slot) == group


@pytest.mark.parametrize(
    "names",
    [
        (),
        PROGRAM[:2],
        (*PROGRAM, "stage.1.video"),
        ("program.audio", "program.camera", "program.camera"),
        ("program.camera", "program.audio", "program.screen"),
        ("program.audio", "program.camera", "stage.5.video"),
        ("program.audio", "program.camera", "wall.26.video"),
        ("program.audio", "program.camera", "plain.3"),
    ],
)
def test_names_must_fit(names: tuple[str, ...]) -> None:
    with pytest.raises(BadSlots):
        watch(offer("firefox_watch"), names)


def test_an_m_line_without_a_codec_of_ours_keeps_its_name() -> None:
    head, first, camera, screen, data = re.split(r"(?=m=)", offer("firefox_watch"))
    answer = watch(head + first + re.sub("VP8|VP9|AV1", "H265", camera) + screen + data, PROGRAM)
    assert [slot.slot for slot in answer.slots] == ["program.audio", "program.screen"]
    assert "m=video 0 " in answer.sdp
    assert "a=group:BUNDLE 0 2\r\n" in answer.sdp


def test_nothing_in_common() -> None:
    with pytest.raises(UnacceptableOffer):
        watch(re.sub("(?i)VP8|H264|opus", "other", offer("webrtcbin_watch")))


def test_a_publisher_cannot_watch() -> None:
    with pytest.raises(UnacceptableOffer):
        watch(offer("ffmpeg_publish"))


def test_our_ssrcs_avoid_the_peers() -> None:
    taken = watch(offer("wrtc_watch")).slots[0].ssrc
    text = offer("wrtc_watch").replace("a=rtcp-mux\r\n", f"a=rtcp-mux\r\na=ssrc:{taken} cname:x\r\n", 1)
    assert taken not in {slot.ssrc for slot in watch(text).slots}


def test_a_whole_wall_fits() -> None:
    text, names = wall()
    answer = watch(text, names, ("VP8", "H264", "VP9", "AV1"))
    assert [slot.slot for slot in answer.slots] == list(names)
    assert len({slot.ssrc for slot in answer.slots} | {slot.rtx_ssrc for slot in answer.slots if slot.rtx_ssrc}) == 33 + 29
    assert len(answer.sdp) < 256 * 1024
    assert answer.sdp.count("a=candidate:") == 3


def test_ids_beyond_the_one_byte_form_are_not_used_towards_subscribers() -> None:
    text = offer("firefox_watch").replace("a=extmap:3 urn", "a=extmap:20 urn")
    assert watch(text, PROGRAM).slots[0].extensions == ExtensionIds(audio_level=1)
