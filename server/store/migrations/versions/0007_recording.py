"""Recordings of lessons, who watched them, and whether a school's lessons are recorded by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.String(64)


def _count(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def upgrade() -> None:
    op.add_column("org", sa.Column("auto_record", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_table(
        "recording",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("state", sa.String(32), nullable=False, server_default="live"),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        _count("lease_until"),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        _count("octets"),
        _count("duration_ms"),
        _count("missing_ms"),
        sa.Column("keep_until", sa.BigInteger),
        sa.Column("removed", sa.BigInteger),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_recording_lesson_lesson"),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
        sa.UniqueConstraint("lesson", name="uq_recording_lesson"),
    )
    op.create_index("ix_recording_state_lease_until", "recording", ["state", "lease_until"])
    op.create_table(
        "recording_view",
        sa.Column("recording", _ID, nullable=False),
        sa.Column("person", _ID, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        _count("position_ms"),
        sa.Column("times", sa.Integer, nullable=False, server_default="1"),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_recording_view_recording_recording"),
        sa.PrimaryKeyConstraint("recording", "person", name="pk_recording_view"),
    )


def downgrade() -> None:
    op.drop_table("recording_view")
    op.drop_table("recording")
    op.drop_column("org", "auto_record")
