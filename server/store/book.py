"""The wrong-answer book: cards whose right answer was shown, and who had answered them wrongly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.events import decode_payload, encode_payload
from server.domain.quiz.choice import Choice
from server.domain.quiz.events import QuizOpened
from server.domain.quiz.state import Quiz
from server.store.database import Database
from server.store.tables import lesson, mistake, quiz_card

PAGE = 500
"""Answers that are read at once: of a full class some ten cards or more."""
_CHOICE: msgspec.json.Decoder[Choice] = msgspec.json.Decoder(Choice)


@dataclass(frozen=True, slots=True)
class BookCard:
    """One card with who was wrong."""

    lesson: str
    lesson_name: str
    subject: str
    opened_at: int
    """UTC ms of the lesson's clock: the second at which it was taught."""
    card: QuizOpened
    wrong: Mapping[str, Choice]
    """Student → the answer."""


@dataclass(frozen=True, slots=True)
class BookPage:
    """The latest card first."""

    cards: tuple[BookCard, ...] = ()
    before: int | None = None
    """What to ask for to read on; None: that was all."""


class BookStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, students: Collection[str], before: int | None = None, limit: int = PAGE) -> BookPage:
        """Of lessons that are over, no rehearsals. `before`: cards that were opened earlier, UTC ms."""
        if not students:
            return BookPage()
        query = _query().where(mistake.c.student.in_(sorted(students)))
        if before is not None:
            query = query.where(quiz_card.c.opened_at < before)
        order = (quiz_card.c.opened_at.desc(), mistake.c.lesson, mistake.c.quiz, mistake.c.student)
        rows = list(await self._database.read(query.order_by(*order).limit(limit + 1)))
        if len(rows) <= limit:
            return BookPage(_cards(rows))
        last = rows[-1].opened_at
        whole = [row for row in rows if row.opened_at != last] or rows[:-1]  # the last card may go on
        return BookPage(_cards(whole), whole[-1].opened_at)


async def keep_card(connection: AsyncConnection, lesson_id: str, card: Quiz, wrong: Mapping[str, Choice]) -> None:
    """The right answer was shown: the card goes into the book, with who had answered it wrongly."""
    if not wrong:
        return
    quiz = card.card.quiz
    row = {"lesson": lesson_id, "quiz": quiz, "opened_at": card.opened_at, "v": card.card.v, "payload": encode_payload(card.card)}
    await connection.execute(insert(quiz_card).values(**row))
    said = [{"student": who, "choice": msgspec.json.encode(choice).decode()} for who, choice in sorted(wrong.items())]
    await connection.execute(insert(mistake), [{"lesson": lesson_id, "quiz": quiz, **one} for one in said])


async def drop_card(connection: AsyncConnection, lesson_id: str, quiz: str) -> None:
    """The card counts as not asked."""
    for table in (mistake, quiz_card):
        await connection.execute(delete(table).where(table.c.lesson == lesson_id, table.c.quiz == quiz))


async def forget_mistakes(connection: AsyncConnection, student: str) -> None:
    """Nothing of this student stays in the book (S20)."""
    await connection.execute(delete(mistake).where(mistake.c.student == student))


def _query() -> Select[Any]:
    c, names = quiz_card.c, (lesson.c.name, lesson.c.subject)
    joined = mistake.join(quiz_card, (c.lesson == mistake.c.lesson) & (c.quiz == mistake.c.quiz)).join(lesson, lesson.c.id == c.lesson)
    over = (lesson.c.phase.in_(("ended", "archived")), lesson.c.rehearsal.is_(False))
    return select(mistake, c.opened_at, c.v, c.payload, *names).select_from(joined).where(*over)


def _cards(rows: Collection[Any]) -> tuple[BookCard, ...]:
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.lesson, row.quiz), []).append(row)
    return tuple(_card(same) for same in found.values())


def _card(rows: list[Any]) -> BookCard:
    one = rows[0]
    card = cast(QuizOpened, decode_payload(QuizOpened.kind, one.v, one.payload))
    wrong = {row.student: _CHOICE.decode(row.choice) for row in rows}
    return BookCard(one.lesson, one.name, one.subject, one.opened_at, card, wrong)
