"""Tables of the school. Portable SQL: the same on SQLite and PostgreSQL. Times are UTC ms, ids opaque."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(64)

lesson = Table(
    "lesson",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False, index=True),
    Column("head", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
)

lesson_event = Table(
    "lesson_event",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("v", Integer, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("actor", ID, nullable=False),
    Column("on_behalf", ID),
    Column("command_id", ID, nullable=False),
    Column("payload", Text, nullable=False),
)

command_receipt = Table(
    "command_receipt",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("principal", ID, primary_key=True),
    Column("command_id", ID, primary_key=True),
    Column("seq", Integer, nullable=False),
)

participant = Table(
    "participant",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("id", ID, primary_key=True),
    Column("role", String(16), nullable=False),
    Column("name", String(200), nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("id", ID, primary_key=True),
    Column("lesson", ID, ForeignKey("lesson.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("participant", ID),
    Column("name", String(200), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

Index("ix_participant_lesson_name", participant.c.lesson, participant.c.name)
