"""Who sees what of `talk` (S16): a held question only the own room's assistant and the asking device. The big screen is told that there
is one, not what it says nor whose it is: it shows an unlabelled dot (S3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import IN_THE_LESSON, Audience, Seen, View
from server.domain.talk.state import Announcement, Question

_SCREEN: frozenset[View] = frozenset({"room"})
_MASTER: frozenset[View] = frozenset({"master"})
_STAFF: frozenset[View] = frozenset({"staff"})
_SEAT: frozenset[View] = frozenset({"seat"})
_ROOM: frozenset[View] = frozenset({"staff", "room", "seat"})
_WHOSE = frozenset({"participant", "seat"})
_SEAT_FIELD = frozenset({"seat"})
_WORDS = frozenset({"seat", "text"})

AUDIENCE: Mapping[str, Seen] = {
    # in the master's own room the teacher is the assistant
    "question.asked": Seen(room=_STAFF | _MASTER | _SCREEN, seat=_SEAT, hidden={"room": _WORDS | {"plan"}}),
    "question.released": Seen(all=_MASTER, room=_STAFF | _SCREEN, seat=_SEAT, hidden={"room": _WORDS}),
    "question.answered": Seen(all=IN_THE_LESSON, hidden=dict.fromkeys(_ROOM, _SEAT_FIELD)),
    "question.discarded": Seen(all=_MASTER, room=_STAFF | _SCREEN, seat=_SEAT, hidden={"master": _WHOSE, "room": _SEAT_FIELD}),
    "announcement.made": Seen(all=IN_THE_LESSON),
    "announcement.posted": Seen(all=_MASTER, room=_ROOM),
    "announcement.withdrawn": Seen(all=IN_THE_LESSON),
    "announcement.cleared": Seen(all=_MASTER, room=_ROOM),
}


def project(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """`questions` and `announcements` by id, in the order in which they came."""
    talk = state.talk
    return {
        "questions": {id_: _question(one, who, lookup) for id_, one in talk.questions.items() if _sees(who, one)},
        "announcements": {id_: _line(line, lookup) for id_, line in talk.announcements.items() if _hears(who, line)},
    }


def _own(who: Audience, question: Question) -> bool:
    """The audience was told of it when it was asked."""
    if not who.participant or who.participant != question.participant:
        return False
    return who.view in ("staff", "master", "room") or (who.view == "seat" and who.seat == question.seat)


def _sees(who: Audience, question: Question) -> bool:
    if question.stage == "answered":
        return who.view in IN_THE_LESSON
    return _own(who, question) or (who.view == "master" and question.stage == "released")


def _question(question: Question, who: Audience, lookup: Lookup) -> dict[str, Any]:
    shown = {
        "participant": question.participant,
        "text": lookup.text(question.text) if who.view != "room" or question.stage == "answered" else None,
        "stage": question.stage,
        "mode": question.mode,
        "answer": lookup.plain(question.answer),
        "at": question.at,
    }
    told = who.view == "master" or (who.view != "room" and _own(who, question))
    return {**shown, "seat": question.seat} if told else shown


def _hears(who: Audience, line: Announcement) -> bool:
    if who.view == "viewer":
        return False
    return not line.participant or who.view == "master" or who.participant == line.participant


def _line(line: Announcement, lookup: Lookup) -> dict[str, Any]:
    return {"text": lookup.text(line.text), "participant": line.participant, "at": line.at}
