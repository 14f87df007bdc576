"""What stays of a lesson for later: calls by room for the fairness of a term, wrong answers for the wrong-answer book; a room's PIN."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.String(64)


def upgrade() -> None:
    op.add_column("classroom", sa.Column("pin", sa.String(128)))
    op.add_column("org", sa.Column("term_calls", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "lesson_calls",
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_lesson_calls_lesson_lesson"),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_lesson_calls_classroom_classroom"),
        sa.PrimaryKeyConstraint("lesson", "classroom", name="pk_lesson_calls"),
    )
    op.create_table(
        "quiz_card",
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("quiz", _ID, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("v", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_quiz_card_lesson_lesson"),
        sa.PrimaryKeyConstraint("lesson", "quiz", name="pk_quiz_card"),
    )
    op.create_table(
        "mistake",
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("quiz", _ID, nullable=False),
        sa.Column("student", _ID, nullable=False),
        sa.Column("choice", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["lesson", "quiz"], ["quiz_card.lesson", "quiz_card.quiz"], name="fk_mistake_lesson_quiz_card"),
        sa.ForeignKeyConstraint(["student"], ["student.id"], name="fk_mistake_student_student"),
        sa.PrimaryKeyConstraint("lesson", "quiz", "student", name="pk_mistake"),
    )
    op.create_index("ix_mistake_student", "mistake", ["student"])


def downgrade() -> None:
    for table in ("mistake", "quiz_card", "lesson_calls"):
        op.drop_table(table)
    op.drop_column("org", "term_calls")
    op.drop_column("classroom", "pin")
