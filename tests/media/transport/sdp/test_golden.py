from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from tests.media.transport.sdp.golden import CASES, OFFERS, Case, answer, offer, watch

names = [case.offer for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=names)
def test_answer_is_the_golden_one(case: Case) -> None:
    assert answer(case).splitlines() == (OFFERS / f"{case.offer}.answer.sdp").read_bytes().decode().splitlines()


@pytest.mark.parametrize("case", CASES, ids=names)
def test_aiortc_reads_the_same_m_lines_in_the_same_places(case: Case) -> None:
    asked, given = SessionDescription.parse(offer(case.offer)), SessionDescription.parse(answer(case))
    assert [media.kind for media in given.media] == [media.kind for media in asked.media]
    assert [media.rtp.muxId for media in given.media] == [media.rtp.muxId for media in asked.media]
    for media in given.media:
        assert {str(payload) for payload in media.fmt} <= {str(payload) for payload in asked.media[given.media.index(media)].fmt}
        assert media.port == 0 or (media.rtcp_mux and media.dtls.role == ("client" if case.offer == "ffmpeg_publish" else "server"))


def test_every_offer_has_a_case() -> None:
    assert sorted(path.stem for path in OFFERS.glob("*.sdp") if not path.stem.endswith(".answer")) == sorted(names)


def test_answers_end_every_line_with_crlf_and_have_no_blank_ones() -> None:
    text = answer(CASES[2])
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(text.split("\r\n")[:-1])


def test_ssrcs_come_from_the_generator_only() -> None:
    text = offer("firefox_watch")
    assert watch(text).sdp == watch(text).sdp
    assert watch(text).sdp != watch(text, seed=8).sdp
