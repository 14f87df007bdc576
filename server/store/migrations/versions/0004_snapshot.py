"""What a lesson's log folds to, kept so that long logs need not be folded from their beginning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "lesson_snapshot",
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("fold", _ID, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_lesson_snapshot_lesson_lesson"),
        sa.PrimaryKeyConstraint("lesson", name="pk_lesson_snapshot"),
    )


def downgrade() -> None:
    op.drop_table("lesson_snapshot")
