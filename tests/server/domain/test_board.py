from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from server.domain import commands as lesson
from server.domain.audience import project_event, project_state
from server.domain.board import commands as c
from server.domain.board import rules
from server.domain.board.codec import MOST_POINTS, decode, encode
from server.domain.board.digest import board_hash
from server.domain.board.state import page_key
from server.domain.command import Command, Giver, Moment
from server.domain.decide import decide
from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold
from server.domain.lookup import Lookup
from server.domain.refused import Refused
from server.domain.seen import audience_of
from tests.client_web.test_fold import life
from tests.server.domain.logs import LOOKUP, START, TEXTS, act

MASTER = Giver("master", "master", 0, "t")
ROOM = Giver("classroom", "p1", 0, "r")
OTHER = Giver("classroom", "p2", 0, "o")
PAGE: dict[str, Any] = {"sheet": "c1", "page": 1}
LINE = encode([[(0, 0), (100, 100)]])


def run(state: LessonState, *commands: Command, giver: Giver = MASTER) -> LessonState:
    for command in commands:
        state = act(state, command, state.at + 1, giver=giver if command.roles else None)
    return state


def refused(state: LessonState, command: Command, giver: Giver = MASTER) -> str:
    with pytest.raises(Refused) as caught:
        decide(state, command, giver, Moment(state.at + 1, b"x"))
    return caught.value.code


def stroke(item: str = "i1", points: str = LINE, **more: Any) -> c.DrawStroke:
    return c.DrawStroke(**PAGE | more, item=item, points=points, color="#000000", width=20)


def shape(points: str) -> c.DrawShape:
    return c.DrawShape(**PAGE, item="s", shape="rect", points=points, color="#000000", width=20)


def text(item: str = "t1", words: str = "一半") -> c.WriteText:
    return c.WriteText(**PAGE, item=item, x=1, y=2, size=300, color="#d02030", text=words)


def items(state: LessonState, **page: Any) -> list[str]:
    where = PAGE | page
    return [one.item for one in state.board.ink.get(page_key(where["sheet"], where["page"]), ())]


OPEN = run(START, c.AttachCourseware(courseware="c1"))
"""Courseware of two pages lies on the board."""
STAGE = run(
    OPEN,
    lesson.GoLive(),
    lesson.Join(participant="p1", role="classroom"),
    lesson.Join(participant="p2", role="classroom"),
    lesson.CallOnStage(participant="p1"),
)
PEN = run(STAGE, c.GivePen(participant="p1"))


def test_the_first_sheet_is_open_and_others_wait() -> None:
    assert OPEN.board.at == ("c1", 1)
    both = run(OPEN, c.AttachCourseware(courseware="c2"), c.AttachCourseware(courseware="c2"))
    assert [(one.id, one.pages, one.version) for one in both.board.sheets] == [("c1", 2, "v1"), ("c2", 1, "v2")]
    assert both.board.at == ("c1", 1)
    assert run(both, c.TurnPage(sheet="c2", page=1)).board.at == ("c2", 1)


def test_only_what_the_school_has_is_attached_and_only_pages_there_are_opened() -> None:
    assert refused(START, c.AttachCourseware(courseware="c9")) == "courseware.unknown"
    assert refused(OPEN, c.TurnPage(sheet="c1", page=3)) == "board.page"
    assert refused(OPEN, c.TurnPage(sheet="c2", page=1)) == "board.page"
    assert refused(OPEN, stroke(page=3)) == "board.page"


def test_a_blank_page_is_opened_and_taken_off_with_its_ink() -> None:
    blank = run(OPEN, c.AddBlank())
    sheet, page = blank.board.at or ("", 0)
    assert (sheet != "c1", page, blank.board.sheets[-1].version) == (True, 1, "")
    drawn = run(blank, stroke(sheet=sheet))
    gone = run(drawn, c.DetachSheet(sheet=sheet))
    assert (gone.board.at, gone.board.ink, gone.board.size, len(gone.board.sheets)) == (("c1", 1), {}, 0, 1)
    assert run(gone, c.DetachSheet(sheet="c1")).board.at is None


def test_a_stroke_is_drawn_on_under_its_own_id() -> None:
    longer = run(OPEN, stroke(), stroke("i2"), stroke(points=encode([[(100, 100), (90, 80)]])))
    first, second = longer.board.ink["c1/1"]
    assert decode(first.points) == [[(0, 0), (100, 100)], [(100, 100), (90, 80)]]
    assert second.points == LINE
    assert longer.board.size == first.weight + second.weight


def test_a_stroke_has_an_end() -> None:
    full = run(OPEN, stroke(points=encode([[(0, 0)] * (MOST_POINTS - 1)])))
    assert refused(full, stroke(points=LINE)) == "board.full"
    assert items(run(full, stroke(points=encode([[(0, 0)]])))) == ["i1"]
    for wrong in ("AAA", "A" * 20_000, encode([[(0, 0)] * (MOST_POINTS + 1)])):
        assert refused(OPEN, stroke(points=wrong)) == "request.malformed"


def test_a_shape_has_two_points_and_ids_are_used_once() -> None:
    assert refused(OPEN, shape(encode([[(0, 0)]]))) == "request.malformed"
    drawn = run(OPEN, shape(LINE))
    assert refused(drawn, shape(LINE)) == "request.malformed"
    assert refused(drawn, stroke("s")) == "request.malformed"
    assert items(drawn) == ["s"]


def test_a_text_lies_beside_the_log() -> None:
    log: list[Envelope] = []
    written = act(OPEN, text(), 5, log)
    assert "一半" not in str(log)
    master = audience_of("master", "master")
    shown = project_state(written, master, LOOKUP)["board"]["ink"]["c1/1"][0]
    assert shown == {"item": "t1", "participant": "master", "x": 1, "y": 2, "size": 300, "color": "#d02030", "text": "一半"}
    event = project_event(log[-1], master, 0, LOOKUP)
    assert event is not None
    assert event["payload"]["text"] == "一半"
    erased = Lookup({}, {key: value for key, value in TEXTS.items() if value != "一半"})
    assert project_state(written, master, erased)["board"]["ink"]["c1/1"][0]["text"] is None


def test_undo_takes_back_the_own_last_thing_of_the_page() -> None:
    state = run(PEN, stroke("m1"), stroke("m2"))
    state = run(state, stroke("r1"), giver=ROOM)
    state = run(state, stroke("m3", page=2), c.Undo(**PAGE))
    assert items(state) == ["m1", "r1"]
    state = run(state, c.Undo(**PAGE), c.Undo(**PAGE))
    assert items(state) == ["r1"]
    assert items(run(state, c.Undo(**PAGE), giver=ROOM)) == []
    assert items(state, page=2) == ["m3"]


def test_the_eraser_takes_a_rooms_own_ink_and_the_masters_takes_all() -> None:
    state = run(run(PEN, stroke("m1"), stroke("m2")), stroke("r1"), giver=ROOM)
    both = c.Erase(**PAGE, items=("m1", "r1", "nothing"))
    assert items(run(state, both, giver=ROOM)) == ["m1", "m2"]
    assert items(run(state, both)) == ["m2"]
    assert items(run(state, c.ClearPage(**PAGE))) == []
    assert refused(state, c.ClearPage(**PAGE), ROOM) == "forbidden"
    assert run(state, c.ClearPage(**PAGE)).board.size == 0


def test_a_room_draws_and_turns_only_with_the_pen() -> None:
    for command in (stroke(), text(), c.TurnPage(sheet="c1", page=2), c.Undo(**PAGE)):
        assert refused(STAGE, command, ROOM) == "pen.elsewhere"
        assert refused(PEN, command, OTHER) == "pen.elsewhere"
        run(PEN, command, giver=ROOM)
    assert refused(PEN, c.AddBlank(), ROOM) == "forbidden"
    assert refused(run(PEN, stroke("m1")), stroke("m1"), ROOM) == "request.malformed"


def test_only_a_room_on_stage_is_given_the_pen() -> None:
    assert refused(STAGE, c.GivePen(participant="p2")) == "pen.off_stage"
    assert refused(STAGE, c.GivePen(participant="p9")) == "participant.unknown"
    away = run(STAGE, lesson.Leave(participant="p1"))
    assert refused(away, c.GivePen(participant="p1")) == "pen.off_stage"
    both = run(PEN, lesson.CallOnStage(participant="p2"), c.GivePen(participant="p2"))
    assert both.board.pen == "p2"
    assert run(both, c.TakePen(), c.TakePen()).board.pen is None


@pytest.mark.parametrize(
    "command",
    [
        lesson.ReleaseFromStage(participant="p1"),
        lesson.Leave(participant="p1"),
        lesson.RemoveParticipant(participant="p1"),
        lesson.PauseLesson(),
        lesson.EndLesson(),
    ],
)
def test_whoever_leaves_the_stage_has_the_pen_no_more(command: Command) -> None:
    assert PEN.board.pen == "p1"
    assert run(PEN, command).board.pen is None


def test_another_rooms_leaving_takes_nothing() -> None:
    assert run(PEN, lesson.Leave(participant="p2")).board.pen == "p1"


def test_the_board_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_ITEMS", 2)
    assert refused(run(OPEN, stroke("a"), stroke("b")), stroke("c")) == "board.full"
    monkeypatch.setattr(rules, "MOST_SHEETS", 1)
    assert refused(OPEN, c.AddBlank()) == "board.full"
    monkeypatch.setattr(rules, "MOST_SHEETS", 9)
    monkeypatch.setattr(rules, "MOST_PAGES", 2)
    assert refused(OPEN, c.AddBlank()) == "board.full"
    monkeypatch.setattr(rules, "MOST_BYTES", 100)
    assert refused(run(OPEN, stroke("a")), stroke("b")) == "board.full"
    assert refused(run(OPEN, stroke("a")), stroke("a", points=encode([[(n, n) for n in range(20)]]))) == "board.full"


def test_pages_turn_when_nothing_more_can_be_drawn() -> None:
    drawn = replace(OPEN, board=replace(OPEN.board, events=rules.MOST_INK_EVENTS))
    assert refused(drawn, stroke()) == "board.full"
    assert run(drawn, c.TurnPage(sheet="c1", page=2)).board.at == ("c1", 2)
    full = replace(OPEN, board=replace(OPEN.board, events=rules.MOST_EVENTS))
    for command in (c.TurnPage(sheet="c1", page=2), c.AddBlank(), c.ShowBoard(on=False)):
        assert refused(full, command) == "board.full"
    assert run(replace(PEN, board=replace(PEN.board, events=rules.MOST_EVENTS)), c.TakePen()).board.pen is None


def test_what_is_so_already_writes_nothing() -> None:
    for state, command in (
        (OPEN, c.AttachCourseware(courseware="c1")),
        (OPEN, c.DetachSheet(sheet="c9")),
        (OPEN, c.TurnPage(sheet="c1", page=1)),
        (OPEN, c.Undo(**PAGE)),
        (OPEN, c.ClearPage(**PAGE)),
        (OPEN, c.Erase(**PAGE, items=("x",))),
        (OPEN, c.ShowBoard(on=True)),
        (OPEN, c.TakePen()),
        (PEN, c.GivePen(participant="p1")),
    ):
        assert run(state, command).seq == state.seq, command


def test_after_the_end_nothing_is_drawn() -> None:
    ended = run(PEN, lesson.EndLesson())
    assert refused(ended, stroke()) == "lesson.phase"
    assert refused(ended, c.AttachCourseware(courseware="c2")) == "lesson.phase"


def test_viewers_see_the_ink_and_not_whose_it_is() -> None:
    state = run(run(PEN, text()), stroke("r1"), giver=ROOM)
    viewer = project_state(state, audience_of("viewer", None), LOOKUP)["board"]
    room = project_state(state, audience_of("classroom", "p2"), LOOKUP)["board"]
    assert "pen" not in viewer
    assert room["pen"] == "p1"
    assert [sorted(one) for one in viewer["ink"]["c1/1"]] == [
        ["color", "item", "size", "text", "x", "y"],
        ["color", "item", "points", "tool", "width"],
    ]
    assert [one["participant"] for one in room["ink"]["c1/1"]] == ["master", "p1"]


def test_the_hash_tells_boards_apart() -> None:
    states = [
        START,
        OPEN,
        run(OPEN, stroke()),
        run(OPEN, stroke("i2")),
        run(OPEN, stroke(page=2)),
        run(OPEN, stroke(), stroke()),
        run(OPEN, shape(LINE)),
        run(OPEN, text()),
        run(OPEN, c.TurnPage(sheet="c1", page=2)),
        run(OPEN, c.AttachCourseware(courseware="c2")),
    ]
    assert len({board_hash(state.board) for state in states}) == len(states)
    assert board_hash(run(OPEN, stroke(), c.Undo(**PAGE)).board) == board_hash(OPEN.board)
    hidden = run(OPEN, c.ShowBoard(on=False))
    assert board_hash(hidden.board) == board_hash(OPEN.board)


def test_folding_never_fails_on_what_the_rules_would_not_write() -> None:
    draw = random.Random(3)
    for seed in range(5):
        log = life(seed)
        draw.shuffle(log)
        state = START
        for number, event in enumerate(log, 1):
            state = fold(state, replace(event, seq=number))
        assert state.board.size == sum(one.weight for ink in state.board.ink.values() for one in ink)


def test_a_command_with_more_than_it_needs_is_not_read() -> None:
    with pytest.raises(Refused, match="malformed"):
        lesson.parse_command("board.stroke", {**structs.asdict(stroke()), "participant": "p1"})
    for name, wrong in (("color", "red"), ("width", 0), ("points", "x"), ("item", "a b"), ("page", 0), ("sheet", "")):
        with pytest.raises(Refused, match="malformed"):
            lesson.parse_command("board.stroke", {**structs.asdict(stroke()), name: wrong})
    with pytest.raises(Refused, match="malformed"):
        lesson.parse_command("board.text", {**structs.asdict(text()), "text": "a\x00"})
