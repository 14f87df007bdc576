"""What events leave for after class, written in their own transaction: the wrong-answer book, calls of the term,
the row of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.events import Envelope, LessonEnded
from server.domain.facts import Facts
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.payload import TextRef
from server.domain.quiz.book import mistakes
from server.domain.quiz.events import QuizDiscarded, QuizRevealed
from server.domain.quiz.tally import results
from server.domain.record.events import RecordStarted, RecordStopped
from server.store.book import drop_card, keep_card
from server.store.calls import keep_calls
from server.store.recorded import begin_recording, end_recording

_LEAVING = (LessonEnded, QuizRevealed, QuizDiscarded, RecordStarted, RecordStopped)


def leaves(events: Sequence[Envelope]) -> bool:
    """Whether one of them leaves anything."""
    return any(isinstance(event.payload, _LEAVING) for event in events)


def texts_in(state: LessonState, events: Sequence[Envelope]) -> set[str]:
    """Texts of the answers that are about to be judged."""
    shown = {event.payload.quiz for event in events if isinstance(event.payload, QuizRevealed)}
    given = (one.choice for quiz in shown & state.quiz.cards.keys() for one in results(state.quiz, quiz))
    return {choice.id for choice in given if isinstance(choice, TextRef)}


async def leave(
    connection: AsyncConnection, state: LessonState, events: Sequence[Envelope], facts: Facts, lookup: Lookup, utc: int
) -> None:
    """Write it. `state`: the lesson after all of them; `utc`: now, which the lesson's clock may be ahead of."""
    for event in events:
        said = event.payload
        if isinstance(said, QuizRevealed) and said.quiz in state.quiz.cards:
            await keep_card(connection, state.id, state.quiz.cards[said.quiz], mistakes(state.quiz, said.quiz, facts, lookup))
        elif isinstance(said, QuizDiscarded):
            await drop_card(connection, state.id, said.quiz)
        elif isinstance(said, LessonEnded):
            await keep_calls(connection, state.id, {who: state.hands.calls_of(who) for who in state.hands.calls})
        elif isinstance(said, RecordStarted):
            await begin_recording(connection, said.recording, state.id, min(event.at, utc))
        elif isinstance(said, RecordStopped):
            await end_recording(connection, state.record.recording, min(event.at, utc))
