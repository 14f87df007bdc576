"""temp"""

from __future__ import annotations

from alembic import op

from server.store.tables.recording import recording, recording_view

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    recording.create(op.get_bind())
    recording_view.create(op.get_bind())


def downgrade() -> None:
    recording_view.drop(op.get_bind())
    recording.drop(op.get_bind())
