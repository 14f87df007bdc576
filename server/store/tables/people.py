"""People, their roles, sessions and one-time slips."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from server.store.tables.base import ID, WORD, metadata, moment, version

person = Table(
    "person",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("login", String(64), unique=True),
    Column("name", ID, nullable=False),
    Column("number", ID),
    Column("number_index", String(64), unique=True),
    Column("password_hash", String(200)),
    Column("must_change", Boolean, nullable=False, server_default=false()),
    Column("totp", ID),
    Column("totp_step", BigInteger, nullable=False, server_default="0"),
    Column("epoch", Integer, nullable=False, server_default="1"),
    moment("created", nullable=False),
    moment("disabled_at"),
    version(),
)
"""`name`, `number` and `totp` are ids of content rows. `epoch` grows when rights are narrowed: what was entered before is closed."""

identity = Table(
    "identity",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("person", ID, ForeignKey("person.id"), nullable=False, index=True),
    moment("created", nullable=False),
)
"""Who somebody is at an OIDC provider."""

oidc_spent = Table(
    "oidc_spent",
    metadata,
    Column("state", String(64), primary_key=True),
    moment("expires_at", nullable=False),
    Index("ix_oidc_spent_expires_at", "expires_at"),
)
"""Logins through an OIDC provider that came back, by the hash of their state: none comes back twice."""

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("person", ID, ForeignKey("person.id"), primary_key=True),
    Column("code_index", String(64), primary_key=True),
    moment("created", nullable=False),
)
"""Codes that stand for a second factor, once, by their keyed blind index. A used one's row is gone."""

assignment = Table(
    "assignment",
    metadata,
    Column("id", ID, primary_key=True),
    Column("person", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("role", WORD, nullable=False),
    Column("org", ID, ForeignKey("org.id"), index=True),
    Column("lesson", ID, ForeignKey("lesson.id"), index=True),
    Column("student", ID, ForeignKey("student.id"), index=True),
    moment("valid_from", nullable=False),
    moment("valid_until"),
    Column("granted_by", ID, nullable=False),
    moment("created", nullable=False),
)
"""Exactly one of `org`, `lesson` and `student` (a parent's child) is set."""

session = Table(
    "session",
    metadata,
    Column("id", ID, primary_key=True),
    Column("person", ID, ForeignKey("person.id"), index=True),
    Column("student", ID, ForeignKey("student.id"), index=True),
    Column("secret_hash", String(64), nullable=False),
    Column("second_factor", Boolean, nullable=False, server_default=false()),
    moment("created", nullable=False),
    moment("seen", nullable=False),
    moment("expires_at", nullable=False),
    moment("ended_at"),
    Index("ix_session_expires_at", "expires_at"),
)

slip = Table(
    "slip",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", WORD, nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("subject", ID, nullable=False, index=True),
    Column("payload", Text, nullable=False, server_default="{}"),
    Column("issued_by", ID, nullable=False),
    moment("created", nullable=False),
    moment("expires_at", nullable=False),
    moment("used_at"),
)
"""One-time papers: `first_admin`, `invitation`, `reset`, `parent`."""

feed = Table(
    "feed",
    metadata,
    Column("person", ID, ForeignKey("person.id"), primary_key=True),
    Column("secret_hash", String(64), nullable=False),
    moment("created", nullable=False),
)
"""The address under which somebody's calendar program reads the own lessons."""

attempt = Table(
    "attempt",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    moment("last_at", nullable=False),
)
"""Failed logins by hashed key; shared by all web processes."""

known_address = Table(
    "known_address",
    metadata,
    Column("key", String(64), primary_key=True),
    moment("last_at", nullable=False),
    Index("ix_known_address_last_at", "last_at"),
)
"""Where accounts logged in from, by a keyed index of account and address; swept after 30 days."""
