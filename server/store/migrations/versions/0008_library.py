"""The resource library: a lesson's resource, and versions of what is said about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.String(64)
_NAME = sa.String(200)
_WORD = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "resource",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("shared", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", _ID, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("live", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("published_at", sa.BigInteger()),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("reason", _ID),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_resource_org_org"),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_resource_lesson_lesson"),
        sa.ForeignKeyConstraint(["shared"], ["org.id"], name="fk_resource_shared_org"),
        sa.PrimaryKeyConstraint("id", name="pk_resource"),
    )
    op.create_index("ix_resource_org", "resource", ["org"])
    op.create_index("ix_resource_lesson", "resource", ["lesson"])
    op.create_index("ix_resource_shared_published_at", "resource", ["shared", "published_at"])
    op.create_index("ix_resource_draft", "resource", ["draft"])
    op.create_table(
        "resource_version",
        sa.Column("resource", _ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("title", _NAME, nullable=False),
        sa.Column("summary", _ID),
        sa.Column("subject", _WORD, nullable=False),
        sa.Column("stage", _WORD, nullable=False),
        sa.Column("grade", _WORD, nullable=False),
        sa.Column("edition", _NAME, nullable=False),
        sa.Column("volume", _WORD, nullable=False),
        sa.Column("unit", _NAME, nullable=False),
        sa.Column("teacher", _ID),
        sa.Column("begin_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", _ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("submitted_at", sa.BigInteger()),
        sa.Column("published_at", sa.BigInteger()),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("reason", _ID),
        sa.ForeignKeyConstraint(["resource"], ["resource.id"], name="fk_resource_version_resource_resource"),
        sa.ForeignKeyConstraint(["teacher"], ["person.id"], name="fk_resource_version_teacher_person"),
        sa.PrimaryKeyConstraint("resource", "n", name="pk_resource_version"),
    )


def downgrade() -> None:
    for table in ("resource_version", "resource"):
        op.drop_table(table)
