from __future__ import annotations

import itertools

from media.relay import SlotWish
from media.wire.reports import SenderReport
from tests.media.relay.stage import MS, SECOND, Stage, Voice, audio, audio_slot, plan

LOUD, QUIET = 20, 100


class Room:
    """A master and two classrooms that may speak, and one listener."""

    def __init__(self, *wishes: str) -> None:
        self.stage = Stage()
        self.voices = {}
        for session, key in ((1, "m"), (3, "a"), (4, "b")):
            self.stage.publisher(session, key, [audio()], [plan("mic", key)])
            self.voices[session] = Voice(0xA0 + session, seq=65530 * session, timestamp=session * 2**30)
        self.stage.subscriber(2, [audio_slot()], {"program.audio": SlotWish(wishes or ("m", "a", "b"))})

    def speak(self, duration: int, **levels: int) -> None:
        for _ in range(duration // (20 * MS)):
            for session, name in ((1, "m"), (3, "a"), (4, "b")):
                self.stage.pump(session, self.voices[session].packet(levels.get(name, QUIET)))
            self.stage.run(20 * MS)

    def heard(self) -> str:
        return {0xA1: "m", 0xA3: "a", 0xA4: "b"}[self.stage.fake.to(2)[-1].content[0]]


def test_default_when_nobody_speaks():
    room = Room()
    room.speak(SECOND)
    assert room.heard() == "m"


def test_loudest_is_heard_and_the_first_wins():
    room = Room()
    room.speak(SECOND, a=LOUD, b=30)
    assert room.heard() == "a"
    room.speak(SECOND, a=LOUD, b=LOUD, m=30)
    assert room.heard() == "m"
    room.speak(200 * MS, a=LOUD)
    assert room.heard() == "m", "held for 300 ms"
    room.speak(400 * MS, a=LOUD)
    assert room.heard() == "a"


def test_a_louder_challenger_must_last():
    room = Room()
    room.speak(SECOND, a=30)
    room.speak(200 * MS, a=30, b=5)
    assert room.heard() == "a"
    room.speak(800 * MS, a=30, b=5)
    assert room.heard() == "b"


def test_numbers_run_on_and_the_clock_follows():
    room = Room()
    for at in range(20):
        room.speak(500 * MS, a=LOUD if at % 2 else QUIET, m=QUIET if at % 2 else LOUD)
    sent = room.stage.fake.to(2)
    assert len({s.content[0] for s in sent}) == 2
    assert [s.seq - sent[0].seq for s in sent] == list(range(len(sent)))
    assert all(0 < b.timestamp - a.timestamp < 48000 for a, b in itertools.pairwise(sent))
    assert len(room.stage.fake.feedback(2, SenderReport)) >= 10
    elapsed = (sent[-1].timestamp - sent[0].timestamp) / 48000
    assert abs(elapsed - (sent[-1].at - sent[0].at) / SECOND) < 0.1


def test_speaker_without_a_common_label_is_never_heard():
    room = Room()
    room.stage.relay.label_sources([plan("", "a", "wall")], room.stage.now)
    room.speak(SECOND, a=LOUD)
    assert {s.content[0] for s in room.stage.fake.to(2)} == {0xA1}


def test_link_report_has_the_loudest_level():
    room = Room()
    room.speak(SECOND, a=LOUD)
    levels = {r.session: r.audio_level for r in room.stage.relay.link_reports(room.stage.now)}
    assert (levels[1], levels[3]) == (100, 20)
    assert {r.audio_level for r in room.stage.relay.link_reports(room.stage.now)} == {127}
    room.speak(SECOND)
    rates = {r.session: (r.kbit_in, r.kbit_out) for r in room.stage.relay.link_reports(room.stage.now)}
    assert 38 < rates[1][0] < 42
    assert 38 < rates[2][1] < 42
