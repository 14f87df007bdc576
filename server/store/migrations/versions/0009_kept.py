"""Where the playable files of recordings are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.String(64)
_WORD = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "recording_kept",
        sa.Column("recording", _ID, nullable=False),
        sa.Column("folder", _ID, nullable=False),
        sa.Column("mark", _ID, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("place", _WORD, nullable=False, server_default="local"),
        sa.Column("key_id", _WORD, nullable=False, server_default=""),
        sa.Column("key", sa.LargeBinary),
        sa.Column("manifest", sa.LargeBinary),
        sa.Column("octets", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("due", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", _WORD, nullable=False, server_default=""),
        sa.Column("damaged", sa.Integer, nullable=False, server_default="0"),
        sa.Column("kept_at", sa.BigInteger),
        sa.Column("captured", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_recording_kept_recording_recording"),
        sa.PrimaryKeyConstraint("recording", "folder", name="pk_recording_kept"),
    )
    op.create_index("ix_recording_kept_state_due", "recording_kept", ["state", "due"])
    op.create_index("ix_recording_kept_key_id", "recording_kept", ["key_id"])


def downgrade() -> None:
    op.drop_table("recording_kept")
