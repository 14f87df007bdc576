"""What stays of a lesson for later ones and for its pupils."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Integer, Table, Text

from server.store.tables.base import ID, metadata

lesson_calls = Table(
    "lesson_calls",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("classroom", ID, ForeignKey("classroom.id"), primary_key=True),
    Column("calls", Integer, nullable=False),
)
"""How often a room was called in a lesson that has ended (S22)."""

quiz_card = Table(
    "quiz_card",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("quiz", ID, primary_key=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("v", Integer, nullable=False),
    Column("payload", Text, nullable=False),
)
"""A card whose right answer was shown: `v` and `payload` are those of its `quiz.opened`, texts by reference (S20)."""

mistake = Table(
    "mistake",
    metadata,
    Column("lesson", ID, primary_key=True),
    Column("quiz", ID, primary_key=True),
    Column("student", ID, ForeignKey("student.id"), primary_key=True, index=True),
    Column("choice", Text, nullable=False),
    ForeignKeyConstraint(["lesson", "quiz"], ["quiz_card.lesson", "quiz_card.quiz"]),
)
"""Who answered it wrongly, and how: `domain.quiz.choice.Choice` as JSON."""
