from __future__ import annotations

import pytest
from hypothesis import given

from server.domain.events import PAYLOADS, EventError, decode_payload, encode_payload
from tests.server.domain.logs import STEPS, live


@given(STEPS)
def test_payloads_survive_the_log(steps) -> None:
    for event in live(steps):
        assert decode_payload(event.kind, event.v, encode_payload(event.payload)) == event.payload


@pytest.mark.parametrize(
    ("kind", "v", "text"),
    [
        ("no.such", 1, "{}"),
        ("lesson.live", 2, "{}"),
        ("lesson.live", 0, "{}"),
        ("stage.called", 1, "{}"),
        ("stage.called", 1, '{"participant":"p","position":5}'),
        ("stage.called", 1, "]"),
        ("participant.joined", 1, '{"participant":"p","role":"viewer"}'),
    ],
)
def test_what_nobody_wrote_is_not_read(kind, v, text) -> None:
    with pytest.raises(EventError):
        decode_payload(kind, v, text)


def test_old_versions_are_raised_on_reading() -> None:
    upcasters = {("stage.released", 0): lambda raw: {"participant": raw["who"], "position": raw["position"]}}
    old = decode_payload("stage.released", 0, '{"who":"p1","position":2}', upcasters)
    assert old == PAYLOADS["stage.released"](participant="p1", position=2)


def test_every_kind_names_its_shape() -> None:
    assert all(cls.kind == kind and cls.v >= 1 and cls.__doc__ for kind, cls in PAYLOADS.items())
