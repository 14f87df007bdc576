"""Erasable personal data, and the audit chain that holds opaque ids only (S20)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from server.store.tables.base import ID, PATH, WORD, metadata, moment

content = Table(
    "content",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", WORD, nullable=False),
    Column("owner", ID, nullable=False, index=True),
    Column("key_id", WORD, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    moment("created", nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("at", nullable=False),
    Column("actor", ID, nullable=False),
    Column("actor_kind", WORD, nullable=False),
    Column("act", String(64), nullable=False),
    Column("target_kind", WORD, nullable=False),
    Column("target", ID, nullable=False),
    Column("path", PATH, nullable=False),
    Column("origin", ID),
    Column("origin_digest", String(64)),
    Column("details", Text, nullable=False),
    Column("mac", String(64), nullable=False),
    Index("ix_audit_path", "path"),
    Index("ix_audit_target", "target"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),
)
"""One row: the last link of the chain. Whoever writes the audit locks it first."""
