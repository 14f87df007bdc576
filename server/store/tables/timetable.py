"""Terms, bells, courses. Lessons of a course are rows of `lesson`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from server.store.tables.base import DAY, ID, NAME, WORD, metadata, moment, version

term = Table(
    "term",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("first_day", DAY, nullable=False),
    Column("last_day", DAY, nullable=False),
    Column("week_one", DAY, nullable=False),
    moment("created", nullable=False),
    version(),
)
"""`week_one` is the Monday of teaching week 1."""

term_day = Table(
    "term_day",
    metadata,
    Column("term", ID, ForeignKey("term.id"), primary_key=True),
    Column("day", DAY, primary_key=True),
    Column("kind", WORD, nullable=False),
    Column("stands_for", DAY),
    Column("name", NAME, nullable=False),
)
"""`off`: a holiday. `work`: a make-up day (调休) that follows the timetable of the day it `stands_for`."""

bell = Table(
    "bell",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("valid_from", DAY, nullable=False),
    moment("created", nullable=False),
    version(),
    UniqueConstraint("org", "valid_from"),
)

bell_period = Table(
    "bell_period",
    metadata,
    Column("bell", ID, ForeignKey("bell.id"), primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("begins", String(5), nullable=False),
    Column("ends", String(5), nullable=False),
)

course = Table(
    "course",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("term", ID, ForeignKey("term.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("subject", WORD, nullable=False),
    Column("stage", WORD, nullable=False),
    Column("grade", WORD, nullable=False),
    Column("edition", NAME, nullable=False),
    Column("volume", WORD, nullable=False),
    Column("teacher", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("master_classroom", ID, ForeignKey("classroom.id"), nullable=False),
    Column("school_class", ID, ForeignKey("school_class.id")),
    Column("standing_group", ID, ForeignKey("standing_group.id")),
    moment("created", nullable=False),
    moment("closed_at"),
    version(),
)

course_room = Table(
    "course_room",
    metadata,
    Column("course", ID, ForeignKey("course.id"), primary_key=True),
    Column("classroom", ID, ForeignKey("classroom.id"), primary_key=True, index=True),
    Column("school_class", ID, ForeignKey("school_class.id")),
)

course_slot = Table(
    "course_slot",
    metadata,
    Column("id", ID, primary_key=True),
    Column("course", ID, ForeignKey("course.id"), nullable=False, index=True),
    Column("weekday", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("weeks", String(64), nullable=False),
    UniqueConstraint("course", "weekday", "period", "weeks"),
)
"""`weeks`: `all`, `odd`, `even`, or numbers such as `1-8,10`."""
