from __future__ import annotations

import pytest

from media.errors import BadSdp
from media.transport.sdp.parse import Section, read_attributes
from media.transport.sdp.streams import read_simulcast, read_ssrcs


def section(*values: str) -> Section:
    return Section("video", 9, "UDP/TLS/RTP/SAVPF", ("96",), read_attributes([("a", value) for value in values]))


def simulcast(*values: str) -> list[str]:
    return read_simulcast(section(*values), [96]).answer()


def test_rids_keep_order_and_pause() -> None:
    assert simulcast("rid:f send", "rid:q send", "simulcast:send q;~f") == ["rid:q recv", "rid:f recv", "simulcast:recv q;~f"]


def test_first_usable_alternative_is_taken() -> None:
    assert simulcast("rid:a send", "rid:b send", "rid:c send", "simulcast:send x,a,b;c recv a")[-1] == "simulcast:recv a;c"


def test_restrictions_come_back_with_our_payload_types_only() -> None:
    assert simulcast("rid:q send pt=96,98;max-width=320", "rid:f send pt=98", "simulcast:send q;f") == [
        "rid:q recv pt=96;max-width=320",
        "simulcast:recv q",
    ]


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("simulcast:send q;f",),
        ("rid:q send",),
        ("rid:q recv", "simulcast:send q"),
        ("rid:q send", "simulcast: send rid=q"),
        ("rid:q send", "simulcast:"),
        ("rid:q/q send", "simulcast:send q/q"),
        ("rid:" + "q" * 17 + " send", "simulcast:send " + "q" * 17),
    ],
)
def test_no_usable_simulcast(values: tuple[str, ...]) -> None:
    assert simulcast(*values) == []


def test_at_most_eight_layers() -> None:
    names = [f"r{number}" for number in range(12)]
    found = read_simulcast(section(*(f"rid:{name} send" for name in names), f"simulcast:send {';'.join(names)}"), [96])
    assert found.rids == tuple(names[:8])


def test_fid_pairs() -> None:
    assert read_ssrcs(section("ssrc-group:FID 1 2", "ssrc:1 cname:x", "ssrc:1 msid:a b", "ssrc:2 cname:x", "ssrc:3")) == {1: 2, 3: None}


def test_rtx_need_not_be_declared_by_itself() -> None:
    assert read_ssrcs(section("ssrc-group:FID 1 2", "ssrc:1 cname:x")) == {1: 2}


def test_old_simulcast_counts_its_first_stream_only() -> None:
    lines = ["ssrc-group:SIM 1 3 5", "ssrc-group:FID 1 2", "ssrc-group:FID 3 4", "ssrc-group:FID 5 6"]
    assert read_ssrcs(section(*lines, *(f"ssrc:{ssrc} cname:x" for ssrc in range(1, 7)))) == {1: 2}


def test_fec_is_not_a_stream() -> None:
    assert read_ssrcs(section("ssrc-group:FEC-FR 1 9", "ssrc:1 cname:x", "ssrc:9 cname:x")) == {1: None}


def test_ssrcs_are_bounded() -> None:
    with pytest.raises(BadSdp):
        read_ssrcs(section(*(f"ssrc:{ssrc} cname:x" for ssrc in range(65))))
