"""Logs of every release (S19): rows as they lie in the table, and what they fold to. `python -m tests.server.domain.corpus VERSION` records one."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from server.domain import commands as c
from server.domain.command import Moment
from server.domain.decide import decide
from server.domain.director.commands import ChooseLayout
from server.domain.events import PAYLOADS, Envelope, decode_payload, encode_payload
from server.domain.hands.commands import CallHand, CallNextHand, CancelHand, ClearHands, OrderHands, RaiseHand
from server.domain.help.commands import AcknowledgeHelp, RingRoom, SignalHelp
from server.domain.lesson import LessonState, fold, fold_all
from server.domain.mic.commands import CloseMic, GrantMic, MuteMic, OpenMic, ReportEcho, RequestMic
from server.domain.plan import KEPT_MS
from server.domain.record.commands import PauseRecording, ResumeRecording, StartRecording, StopRecording
from server.domain.refused import Refused
from tests.server.domain.corpus_orders import boardwork, classwork
from tests.server.domain.logs import FACTS, aimed, giver_of

FOLDER = Path(__file__).resolve().parents[2] / "logs"
HASHES = FOLDER / "hashes.json"
START = LessonState("L1", "Fractions")


def events(rows: Iterable[Mapping[str, Any]]) -> Iterator[Envelope]:
    """Rows as today's program reads them."""
    for row in rows:
        payload = decode_payload(row["kind"], row["v"], row["payload"])
        yield Envelope(row["lesson"], row["seq"], row["at"], payload, row["actor"], row["on_behalf"], row["command_id"])


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def folded(rows: Iterable[Mapping[str, Any]]) -> str:
    """Hash over what a release knew of the lesson; a field added later must not change it."""
    state = fold_all(START, events(rows))
    people = {who.id: [who.role, who.present, who.wall] for who in state.participants.values()}
    stage = {str(position): who for position, who in state.stage.items()}
    known = [state.phase, state.seq, state.at, state.live_at, state.ended_at, people, stage, dict(state.away), sorted(state.removed)]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _rows(seed: int) -> Iterator[dict[str, Any]]:
    """A life in which everything happens, and which ends with people on stage and away."""
    draw, state, at = random.Random(seed), START, 1_770_000_000_000
    people = [f"room{n}" for n in range(1, 6)]
    orders: list[c.Command] = [c.OpenLesson(), c.Join(participant="master", role="master"), c.EndLesson(), c.ReopenLesson(), c.GoLive()]
    orders += [c.Join(participant=who, role="classroom") for who in people]
    many = (c.CallOnStage, c.ReleaseFromStage, c.Leave, c.CallOnStage)
    orders += [draw.choice(many)(participant=draw.choice(people)) for _ in range(30)]
    orders += [*_hands(), *_microphones(), *_signals(), *_recording()]
    orders += [*classwork.ORDERS, *boardwork.ORDERS]
    orders += [c.RemoveParticipant(participant="room5"), c.EndLesson(), c.ReopenLesson()]
    orders += [c.Join(participant=who, role="classroom") for who in people[:3]]
    orders += [c.PauseLesson(), c.GoLive(), c.AnchorClock(utc=at)]
    orders += [c.CallOnStage(participant="room1"), c.CallOnStage(participant="room2"), c.Leave(participant="room2")]
    yield from _lived(state, orders, at, draw)


def _hands() -> list[c.Command]:
    """Two rooms raise, one hand goes down, two are called, the rest is cleared."""
    up = [RaiseHand(participant=who, seat=seat) for who in ("room1", "room2") for seat in (3, 7)]
    free = [c.ReleaseFromStage(participant=f"room{n}") for n in (1, 2, 3, 4)]
    calls = [OrderHands(mode="least"), CallNextHand(), CallHand(participant="room3", seat=1), ClearHands()]
    here = [c.Join(participant=f"room{n}", role="classroom") for n in (1, 2, 3)]
    return [*here, *up, CancelHand(participant="room1", seat=7), *free, *calls]


def _microphones() -> list[c.Command]:
    """Room 3 on stage: closed by all who can, asked for, opened; moved to another position; a layout by hand."""
    who = "room3"
    own: list[c.Command] = [CloseMic(participant=who), OpenMic(participant=who), MuteMic(participant=who), RequestMic(participant=who)]
    asked: list[c.Command] = [
        MuteMic(participant=who),
        GrantMic(participant=who),
        ReportEcho(participant=who, correlation=0.9, delay_ms=420),
    ]
    return [*own, *asked, c.SwapStage(a=1, b=4), c.SwapStage(a=2, b=3), ChooseLayout(layout="side"), ChooseLayout(layout="auto")]


def _signals() -> list[c.Command]:
    return [SignalHelp(participant="room1", word="deaf"), AcknowledgeHelp(participant="room1"), RingRoom(participant="room2")]


def _recording() -> list[c.Command]:
    return [PauseRecording(), ResumeRecording(), StopRecording(), StartRecording()]


def _lives() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A whole one, and ones that end otherwise."""
    yield "", list(_rows(seed=1))
    at, ended = 1_770_000_000_000, [c.GoLive(), c.EndLesson(), c.ArchiveLesson()]
    yield "-archived", list(_lived(START, ended, at, random.Random(2), KEPT_MS))
    yield "-cancelled", list(_lived(START, [c.OpenLesson(), c.CancelLesson()], at, random.Random(3)))


def _lived(state: LessonState, orders: Sequence[c.Command], at: int, draw: random.Random, pause: int = 0) -> Iterator[dict[str, Any]]:
    for number, order in enumerate(orders):
        at += pause + draw.randrange(50, 20_000)
        order = aimed(state, order)
        try:
            decision = decide(state, order, giver_of(order), Moment(at, f"{number}".encode(), FACTS))
        except Refused:
            continue
        for payload in decision.events:
            event = Envelope(state.id, state.seq + 1, at, payload, "system" if not order.roles else "teacher", None, f"c{number}")
            state = fold(state, event)
            names = ("lesson", "seq", "at", "v", "kind", "actor", "on_behalf", "command_id")
            yield {**{name: getattr(event, name) for name in names}, "payload": encode_payload(payload)}


def record(version: str) -> None:
    """Write a release's logs and their hashes; a released one is never written again."""
    lives = {FOLDER / f"{version}{tail}.jsonl": rows for tail, rows in _lives()}
    if any(path.exists() for path in lives):
        sys.exit(f"{version} is there already")
    assert {row["kind"] for rows in lives.values() for row in rows} == set(PAYLOADS)
    hashes = json.loads(HASHES.read_text()) if HASHES.exists() else {}
    for path, rows in lives.items():
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        hashes[path.name] = folded(rows)
    HASHES.write_text(json.dumps(hashes, indent=2) + "\n")


if __name__ == "__main__":
    record(sys.argv[1])
