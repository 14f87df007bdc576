"""Students' devices: a link may name a seat; a school may allow them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("link", sa.Column("seat", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_link_lesson_participant_seat", "link", ["lesson", "participant", "seat"])
    op.add_column("org", sa.Column("seat_phones", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    raise NotImplementedError("devices of students would enter as whole rooms: restore the backup made before the upgrade")
