"""Cuts of recordings that resources are played from; thin films."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("recording", sa.Column("thin", sa.String(32), nullable=False, server_default="waiting"))
    op.add_column("recording", sa.Column("thin_lease", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("recording", sa.Column("thin_tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "recording_cut",
        sa.Column("recording", sa.String(64), nullable=False),
        sa.Column("begin_ms", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("state", sa.String(32), nullable=False, server_default="waiting"),
        sa.Column("lease_until", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("made", sa.BigInteger()),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_recording_cut_recording_recording"),
        sa.PrimaryKeyConstraint("recording", "begin_ms", "end_ms", name="pk_recording_cut"),
    )
    op.create_index("ix_recording_cut_state_lease_until", "recording_cut", ["state", "lease_until"])
    op.create_index("ix_recording_thin_thin_lease", "recording", ["thin", "thin_lease"])


def downgrade() -> None:
    op.drop_table("recording_cut")
    op.drop_index("ix_recording_thin_thin_lease", "recording")
    with op.batch_alter_table("recording") as batch:
        for column in ("thin", "thin_lease", "thin_tries"):
            batch.drop_column(column)
