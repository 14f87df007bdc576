"""Lessons, their log, receipts, participants, links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "lesson",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("head", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_lesson_name", "lesson", ["name"])
    op.create_table(
        "lesson_event",
        sa.Column("lesson", _ID, sa.ForeignKey("lesson.id", name="fk_lesson_event_lesson_lesson"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("v", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("actor", _ID, nullable=False),
        sa.Column("on_behalf", _ID),
        sa.Column("command_id", _ID, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_table(
        "command_receipt",
        sa.Column("lesson", _ID, sa.ForeignKey("lesson.id", name="fk_command_receipt_lesson_lesson"), primary_key=True),
        sa.Column("principal", _ID, primary_key=True),
        sa.Column("command_id", _ID, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    op.create_table(
        "participant",
        sa.Column("lesson", _ID, sa.ForeignKey("lesson.id", name="fk_participant_lesson_lesson"), primary_key=True),
        sa.Column("id", _ID, primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
    )
    op.create_index("ix_participant_lesson_name", "participant", ["lesson", "name"])
    op.create_table(
        "link",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("lesson", _ID, sa.ForeignKey("lesson.id", name="fk_link_lesson_lesson"), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("participant", _ID),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("ix_link_lesson", "link", ["lesson"])


def downgrade() -> None:
    for table in ("link", "participant", "command_receipt", "lesson_event", "lesson"):
        op.drop_table(table)
