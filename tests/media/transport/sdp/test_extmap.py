from __future__ import annotations

from media.transport.sdp.extmap import FROM_VIDEO, ONE_BYTE_IDS, TO_VIDEO, Extmap, choose, extension_ids, read_extmaps
from media.transport.sdp.parse import Section, read_attributes
from media.wire.extensions import MID, RID, TRANSPORT_CC
from media.wire.negotiated import ExtensionIds

SENDING = ("sendrecv", "sendonly")


def section(*values: str, mid: str = "0") -> Section:
    attributes = read_attributes([("a", f"extmap:{value}") for value in values] + [("a", f"mid:{mid}")])
    return Section("video", 9, "UDP/TLS/RTP/SAVPF", ("96",), attributes)


def test_first_of_each_uri_and_id_with_a_usable_id() -> None:
    values = (f"0 {RID}", f"15 {RID}", f"4096 {RID}", f"3 {MID} vad=on", f"4 {MID}", f"3 {RID}", f"200 {RID}")
    assert read_extmaps(section(*values)) == [Extmap(3, MID), Extmap(200, RID)]


def test_direction_must_suit_and_turns_round() -> None:
    chosen = choose(section(f"1/sendonly {MID}", f"2/recvonly {RID}"), FROM_VIDEO, SENDING, range(256), {})
    assert [found.answer() for found in chosen] == [f"1/recvonly {MID}"]


def test_an_id_keeps_its_meaning_over_the_bundle() -> None:
    meanings: dict[int, str] = {}
    assert choose(section(f"1 {MID}"), FROM_VIDEO, SENDING, range(256), meanings) == [Extmap(1, MID)]
    assert choose(section(f"1 {RID}", f"2 {MID}"), FROM_VIDEO, SENDING, range(256), meanings) == [Extmap(2, MID)]


def test_only_what_is_wanted_and_can_be_written() -> None:
    chosen = choose(section(f"1 {TRANSPORT_CC}", f"16 {MID}"), TO_VIDEO, SENDING, ONE_BYTE_IDS, {})
    assert extension_ids(chosen) == ExtensionIds()


def test_a_mid_too_long_for_the_header_is_not_asked_for() -> None:
    assert choose(section(f"1 {MID}", mid="m" * 17), FROM_VIDEO, SENDING, range(256), {}) == []
