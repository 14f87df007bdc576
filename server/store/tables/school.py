"""Organisations, classrooms, classes, students, seating plans, standing groups, devices."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, false, true

from server.store.tables.base import DAY, ID, NAME, PATH, WORD, metadata, moment, version

org = Table(
    "org",
    metadata,
    Column("id", ID, primary_key=True),
    Column("parent", ID, ForeignKey("org.id"), index=True),
    Column("tier", WORD, nullable=False),
    Column("code", WORD, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("path", PATH, nullable=False, unique=True),
    moment("created", nullable=False),
    moment("closed_at"),
    Column("seat_phones", Boolean, nullable=False, server_default=false()),
    Column("term_calls", Boolean, nullable=False, server_default=false()),
    Column("auto_record", Boolean, nullable=False, server_default=true()),
    version(),
)
"""`seat_phones`: a school lets pupils' devices in by the code on the big screen (S5). `term_calls`: in its lessons calls of the
term's earlier ones count (S22). `auto_record`: its lessons are recorded from the moment they go live (S13).
"""

classroom = Table(
    "classroom",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("code", WORD, nullable=False),
    Column("name", NAME, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("seat_rows", Integer, nullable=False),
    Column("seat_columns", Integer, nullable=False),
    Column("join_code", WORD, nullable=False, unique=True),
    Column("contact", ID, ForeignKey("person.id")),
    Column("pin", String(128)),
    moment("created", nullable=False),
    moment("closed_at"),
    version(),
    UniqueConstraint("org", "code"),
)
"""`pin`: Argon2id hash of what opens the assistant's panel on the big screen (S3); null: it stays shut."""

school_class = Table(
    "school_class",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("code", WORD, nullable=False),
    Column("name", NAME, nullable=False),
    Column("grades", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    moment("created", nullable=False),
    moment("closed_at"),
    version(),
    UniqueConstraint("org", "year", "code"),
)

student = Table(
    "student",
    metadata,
    Column("id", ID, primary_key=True),
    Column("school_class", ID, ForeignKey("school_class.id"), nullable=False, index=True),
    Column("number", ID, nullable=False),
    Column("number_index", String(64), nullable=False),
    Column("name", ID),
    Column("pin_hash", String(200)),
    moment("created", nullable=False),
    moment("left_at"),
    version(),
    UniqueConstraint("school_class", "number_index"),
)
"""`number` and `name` are ids of content rows; `number_index` is the keyed blind index of the number."""

seating_plan = Table(
    "seating_plan",
    metadata,
    Column("id", ID, primary_key=True),
    Column("school_class", ID, ForeignKey("school_class.id"), nullable=False),
    Column("classroom", ID, ForeignKey("classroom.id"), nullable=False, index=True),
    Column("valid_from", DAY, nullable=False),
    moment("created", nullable=False),
    version(),
    UniqueConstraint("school_class", "classroom", "valid_from"),
)

seat = Table(
    "seat",
    metadata,
    Column("plan", ID, ForeignKey("seating_plan.id"), primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("student", ID, ForeignKey("student.id"), nullable=False),
    UniqueConstraint("plan", "student"),
)

standing_group = Table(
    "standing_group",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("master_classroom", ID, ForeignKey("classroom.id"), nullable=False),
    moment("created", nullable=False),
    moment("closed_at"),
    version(),
)

group_room = Table(
    "group_room",
    metadata,
    Column("standing_group", ID, ForeignKey("standing_group.id"), primary_key=True),
    Column("classroom", ID, ForeignKey("classroom.id"), primary_key=True, index=True),
    Column("school_class", ID, ForeignKey("school_class.id")),
    moment("accepted_at"),
)
"""A room without `accepted_at` was asked: it follows once its own school agrees."""

device = Table(
    "device",
    metadata,
    Column("id", ID, primary_key=True),
    Column("classroom", ID, ForeignKey("classroom.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("approved_by", ID, nullable=False),
    moment("created", nullable=False),
    moment("seen"),
    moment("revoked_at"),
)

pairing = Table(
    "pairing",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", WORD, nullable=False, unique=True),
    Column("classroom", ID, ForeignKey("classroom.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("secret_hash", String(64), nullable=False),
    moment("created", nullable=False),
    moment("expires_at", nullable=False),
    moment("answered_at"),
    Column("device", ID, ForeignKey("device.id")),
)

knock = Table(
    "knock",
    metadata,
    Column("id", ID, primary_key=True),
    Column("lesson", ID, ForeignKey("lesson.id"), nullable=False),
    Column("classroom", ID, ForeignKey("classroom.id"), nullable=False),
    Column("picture", ID),
    moment("created", nullable=False),
    moment("expires_at", nullable=False),
    moment("answered_at"),
    Column("link", ID, ForeignKey("link.id")),
    Index("ix_knock_lesson", "lesson"),
)
"""An unpaired device asks to be let into one lesson; its id is the pairing's. Without `link` after the answer it was refused.

`picture` names a row of `content`, gone as soon as somebody answered.
"""
