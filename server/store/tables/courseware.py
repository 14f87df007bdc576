"""Courseware of lessons. The files themselves lie in the courseware directory, under the SHA-256 of their bytes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Table, Text, false

from server.store.tables.base import ID, NAME, WORD, metadata, moment

courseware = Table(
    "courseware",
    metadata,
    Column("id", ID, primary_key=True),
    Column("lesson", ID, ForeignKey("lesson.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("source", ID, nullable=False, index=True),
    Column("by", ID, nullable=False),
    moment("created", nullable=False),
    Column("state", WORD, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("drawn", Integer, nullable=False, server_default="0"),
    Column("version", ID, nullable=False, server_default=""),
    Column("error", ID, nullable=False, server_default=""),
    Column("params", Text, nullable=False, server_default="{}"),
    Column("lease", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Index("ix_courseware_state_lease", "state", "lease"),
    Index("ix_courseware_lesson_version", "lesson", "version"),
)

courseware_page = Table(
    "courseware_page",
    metadata,
    Column("courseware", ID, ForeignKey("courseware.id"), primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("picture", ID, nullable=False, index=True),
    Column("preview", ID, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("flattened", Boolean, nullable=False, server_default=false()),
    Column("report", Text, nullable=False, server_default="{}"),
)
"""`report`: fonts and unplayable media, JSON."""

courseware_media = Table(
    "courseware_media",
    metadata,
    Column("courseware", ID, primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("blob", ID, nullable=False, index=True),
    Column("type", WORD, nullable=False),
    ForeignKeyConstraint(["courseware", "page"], ["courseware_page.courseware", "courseware_page.page"]),
)
