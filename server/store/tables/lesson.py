"""Lessons and their log, who takes part, links."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, false, text

from server.store.tables.base import DAY, ID, NAME, WORD, metadata, moment, version

CANCELLED = "cancelled_at IS NOT NULL"

lesson = Table(
    "lesson",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False, index=True),
    Column("head", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    # what the timetable says; all empty for a lesson made by hand
    Column("org", ID, ForeignKey("org.id"), index=True),
    Column("course", ID, ForeignKey("course.id"), index=True),
    Column("slot", ID),
    Column("day", DAY, index=True),
    Column("period", Integer),
    moment("starts_at"),
    moment("ends_at"),
    Column("unit", NAME, nullable=False, server_default=""),
    Column("subject", WORD, nullable=False, server_default=""),
    Column("stage", WORD, nullable=False, server_default=""),
    Column("grade", WORD, nullable=False, server_default=""),
    Column("edition", NAME, nullable=False, server_default=""),
    Column("volume", WORD, nullable=False, server_default=""),
    Column("teacher", ID, ForeignKey("person.id"), index=True),
    Column("instead_of", ID, ForeignKey("person.id")),
    Column("master_classroom", ID, ForeignKey("classroom.id")),
    Column("school_class", ID, ForeignKey("school_class.id")),
    Column("rehearsal", Boolean, nullable=False, server_default=false()),
    Column("moved", Boolean, nullable=False, server_default=false()),
    moment("cancelled_at"),
    version(),
    # what the log says, kept beside it so that lists need not fold
    Column("phase", WORD, nullable=False, server_default="scheduled"),
    moment("live_at"),
    moment("ended_at"),
    Index("ix_lesson_slot", "slot", unique=True),
    Index("ix_lesson_starts_at", "starts_at"),
    Index("ix_lesson_phase_ends_at", "phase", "ends_at"),
    # few rows, asked for by every list
    Index("ix_lesson_cancelled", "starts_at", sqlite_where=text(CANCELLED), postgresql_where=text(CANCELLED)),
)

lesson_room = Table(
    "lesson_room",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("classroom", ID, ForeignKey("classroom.id"), primary_key=True, index=True),
    Column("participant", ID, nullable=False),
    Column("school_class", ID, ForeignKey("school_class.id")),
)

booking = Table(
    "booking",
    metadata,
    Column("resource", String(80), primary_key=True),
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True, index=True),
    moment("starts_at", nullable=False),
    moment("ends_at", nullable=False),
    Index("ix_booking_resource_starts_at", "resource", "starts_at"),
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

lesson_snapshot = Table(
    "lesson_snapshot",
    metadata,
    Column("lesson", ID, ForeignKey("lesson.id"), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("fold", ID, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""A cache: what the log up to `seq` folds to, as the program with this version of the fold wrote it."""

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
    Column("seat", Integer, nullable=False, server_default="0"),
    Index("ix_link_lesson_participant_seat", "lesson", "participant", "seat"),
)

Index("ix_participant_lesson_name", participant.c.lesson, participant.c.name)
