"""What is kept beside a lesson's log: the intercom, which is no part of the lesson, and an inspector's notes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from server.store.tables.base import ID, metadata, moment

intercom = Table(
    "intercom",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("principal", ID, primary_key=True),
    Column("message", ID, primary_key=True),
    moment("at", nullable=False),
    Column("source", ID, nullable=False),
    Column("target", ID, nullable=False),
    Column("text", ID, nullable=False),
    Index("ix_intercom_lesson_at", "lesson", "at"),
)
"""`source`, `target`: participants; an empty target is every room's assistant. `text`: a row of `content`."""

inspection_note = Table(
    "inspection_note",
    metadata,
    Column("id", ID, primary_key=True),
    Column("lesson", ID, ForeignKey("lesson.id"), nullable=False, index=True),
    Column("person", ID, ForeignKey("person.id"), nullable=False, index=True),
    moment("at", nullable=False),
    moment("written", nullable=False),
    Column("text", ID, nullable=False),
)
"""`at`: the moment of the lesson it is about, on the lesson's clock."""
