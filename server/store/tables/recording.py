"""Recordings of lessons, and who watched them. What was captured lies in the data directory (`media/client/manifest.py`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from server.store.tables.base import ID, WORD, metadata, moment

recording = Table(
    "recording",
    metadata,
    Column("id", ID, primary_key=True),
    Column("lesson", ID, ForeignKey("lesson.id"), nullable=False, unique=True),
    moment("begun", nullable=False),
    moment("ended"),
    Column("state", WORD, nullable=False, server_default="live"),
    Column("error", Text, nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("octets", BigInteger, nullable=False, server_default="0"),
    Column("duration_ms", BigInteger, nullable=False, server_default="0"),
    Column("missing_ms", BigInteger, nullable=False, server_default="0"),
    moment("keep_until"),
    moment("removed"),
    Column("thin", WORD, nullable=False, server_default="waiting"),
    Column("thin_lease", BigInteger, nullable=False, server_default="0"),
    Column("thin_tries", Integer, nullable=False, server_default="0"),
    Index("ix_recording_state_lease_until", "state", "lease_until"),
    Index("ix_recording_thin_thin_lease", "thin", "thin_lease"),
)
"""`thin`: how its films for weak links stand, once it is `ready` (`domain.recording.Thin`)."""

recording_cut = Table(
    "recording_cut",
    metadata,
    Column("recording", ID, ForeignKey("recording.id"), primary_key=True),
    Column("begin_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("end_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("state", WORD, nullable=False, server_default="waiting"),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    moment("made"),
    Index("ix_recording_cut_state_lease_until", "state", "lease_until"),
)
"""What resources are played from: a span of the lesson clock. `made`: since then there is one, whether or not it is made anew."""

recording_view = Table(
    "recording_view",
    metadata,
    Column("recording", ID, ForeignKey("recording.id"), primary_key=True),
    Column("person", ID, primary_key=True),
    moment("first_at", nullable=False),
    moment("last_at", nullable=False),
    Column("position_ms", BigInteger, nullable=False, server_default="0"),
    Column("times", Integer, nullable=False, server_default="1"),
)
"""`person`: a person's or a student's id, no name. `position_ms`: on the lesson clock."""

recording_kept = Table(
    "recording_kept",
    metadata,
    Column("recording", ID, ForeignKey("recording.id"), primary_key=True),
    Column("folder", ID, primary_key=True),
    Column("mark", ID, nullable=False),
    Column("state", WORD, nullable=False),
    Column("place", WORD, nullable=False, server_default="local"),
    Column("key_id", WORD, nullable=False, server_default=""),
    Column("key", LargeBinary),
    Column("manifest", LargeBinary),
    Column("octets", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("due", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("error", WORD, nullable=False, server_default=""),
    Column("damaged", Integer, nullable=False, server_default="0"),
    moment("kept_at"),
    Column("captured", Boolean, nullable=False),
    Index("ix_recording_kept_state_due", "state", "due"),
    Index("ix_recording_kept_key_id", "key_id"),
)
"""`key`: of the folder's files, sealed under `key_id`; without it they say nothing, wherever copies of them may lie."""
