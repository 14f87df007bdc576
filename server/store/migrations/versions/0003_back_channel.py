"""Students' devices: a link may name a seat, a school may allow them; the intercom; an inspector's notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.String(64)


def upgrade() -> None:
    op.add_column("link", sa.Column("seat", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_link_lesson_participant_seat", "link", ["lesson", "participant", "seat"])
    op.add_column("org", sa.Column("seat_phones", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "intercom",
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("principal", _ID, nullable=False),
        sa.Column("message", _ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.Column("target", _ID, nullable=False),
        sa.Column("text", _ID, nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_intercom_lesson_lesson"),
        sa.PrimaryKeyConstraint("lesson", "principal", "message", name="pk_intercom"),
    )
    op.create_index("ix_intercom_lesson_at", "intercom", ["lesson", "at"])
    op.create_table(
        "inspection_note",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("person", _ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("text", _ID, nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_inspection_note_lesson_lesson"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_inspection_note_person_person"),
        sa.PrimaryKeyConstraint("id", name="pk_inspection_note"),
    )
    op.create_index("ix_inspection_note_lesson", "inspection_note", ["lesson"])
    op.create_index("ix_inspection_note_person", "inspection_note", ["person"])


def downgrade() -> None:
    raise NotImplementedError("devices of students would enter as whole rooms: restore the backup made before the upgrade")
