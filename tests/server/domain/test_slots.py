from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.refused import Refused
from server.domain.slots import PLAIN_LIMIT, SLOTS, SOURCES, check_slots, check_sources, media_kinds

HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


@pytest.mark.parametrize(
    ("offer", "kinds"),
    [
        (HEAD + "m=audio 9 X 111\r\na=recvonly\r\nm=video 9 X 96\r\na=sendrecv\r\n", ("audio", "video")),
        (HEAD + "m=video 9 X 96\r\na=sendonly\r\nm=audio 9 X 111\r\na=inactive\r\nm=video 9 X 96\r\n", ("video",)),
        (HEAD + "a=recvonly\r\nm=audio 9 X 111\r\nm=video 9 X 96\r\na=sendonly\r\n", ("audio",)),
        (HEAD + "m=audio 0 X 111\r\nm=video 0 X 96\r\na=bundle-only\r\n", ("video",)),
        (HEAD.replace("\r", "") + "m=video 9 X 96\na=recvonly\n", ("video",)),
        (HEAD + "m=application 9 X webrtc-datachannel\r\nm=text 9 X 98\r\n", ()),
        ("nonsense", ()),
    ],
)
def test_kinds_of_the_m_lines_that_receive(offer, kinds) -> None:
    assert media_kinds(offer) == kinds


def test_kinds_are_bounded() -> None:
    assert len(media_kinds(HEAD + "m=video 9 X 96\r\n" * 1_000)) == PLAIN_LIMIT


@given(st.text())
def test_any_text_has_kinds(text: str) -> None:
    assert set(media_kinds(text)) <= {"audio", "video"}


@pytest.mark.parametrize("role", SLOTS)
def test_a_role_gets_exactly_its_own(role) -> None:
    for other, slots in SLOTS.items():
        if slots and slots <= SLOTS[role]:
            check_slots(role, sorted(slots))
        elif slots:
            with pytest.raises(Refused, match="forbidden"):
                check_slots(role, sorted(slots))
        if SOURCES[other] and set(SOURCES[other]) <= set(SOURCES[role]):
            check_sources(role, SOURCES[other])
        elif SOURCES[other]:
            with pytest.raises(Refused, match="forbidden"):
                check_sources(role, SOURCES[other])


@pytest.mark.parametrize("role", [role for role, slots in SLOTS.items() if not slots])
def test_a_page_without_media_gets_none(role) -> None:
    for names in (None, ["program.audio"]):
        with pytest.raises(Refused, match="forbidden"):
            check_slots(role, names)
