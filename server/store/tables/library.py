"""The resource library: a lesson's resource and its versions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from server.store.tables.base import ID, NAME, WORD, metadata, moment, version

resource = Table(
    "resource",
    metadata,
    Column("id", ID, primary_key=True),
    Column("org", ID, ForeignKey("org.id"), nullable=False, index=True),
    Column("lesson", ID, ForeignKey("lesson.id"), nullable=False, index=True),
    Column("shared", ID, ForeignKey("org.id"), nullable=False),
    moment("created", nullable=False),
    Column("created_by", ID, nullable=False),
    Column("state", WORD, nullable=False),
    Column("head", Integer, nullable=False),
    Column("draft", Integer, nullable=False, server_default="0"),
    Column("live", Integer, nullable=False, server_default="0"),
    moment("published_at"),
    moment("withdrawn_at"),
    Column("reason", ID),
    version(),
    Index("ix_resource_shared_published_at", "shared", "published_at"),
    Index("ix_resource_draft", "draft"),
)
"""`org` owns it: the master's school. `shared`: the office in whose whole area a published one is seen. `head`, `draft`, `live`: numbers
of the latest version, of the one being worked on and of the one that everybody sees; 0: none. `reason`: id of an erasable content.
"""

resource_version = Table(
    "resource_version",
    metadata,
    Column("resource", ID, ForeignKey("resource.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("title", NAME, nullable=False),
    Column("summary", ID),
    Column("subject", WORD, nullable=False),
    Column("stage", WORD, nullable=False),
    Column("grade", WORD, nullable=False),
    Column("edition", NAME, nullable=False),
    Column("volume", WORD, nullable=False),
    Column("unit", NAME, nullable=False),
    Column("teacher", ID, ForeignKey("person.id")),
    Column("begin_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("made_by", ID, nullable=False),
    moment("made_at", nullable=False),
    Column("state", WORD, nullable=False),
    moment("submitted_at"),
    moment("published_at"),
    moment("withdrawn_at"),
    Column("reason", ID),
)
"""`begin_ms`, `end_ms`: the span on the lesson's clock. `summary`, `reason`: ids of erasable contents. A version that was submitted or
published keeps what it says.
"""
