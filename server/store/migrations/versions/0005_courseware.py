"""Courseware of lessons: files, pages, sound and film of pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.String(64)
_WORD = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "courseware",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.Column("by", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("version", _ID, nullable=False, server_default=""),
        sa.Column("error", _ID, nullable=False, server_default=""),
        sa.Column("params", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("lease", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_courseware_lesson_lesson"),
        sa.PrimaryKeyConstraint("id", name="pk_courseware"),
    )
    op.create_index("ix_courseware_lesson", "courseware", ["lesson"])
    op.create_index("ix_courseware_source", "courseware", ["source"])
    op.create_index("ix_courseware_state_lease", "courseware", ["state", "lease"])
    op.create_index("ix_courseware_lesson_version", "courseware", ["lesson", "version"])
    op.create_table(
        "courseware_page",
        sa.Column("courseware", _ID, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("picture", _ID, nullable=False),
        sa.Column("preview", _ID, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("flattened", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("report", sa.Text(), nullable=False, server_default="{}"),
        sa.ForeignKeyConstraint(["courseware"], ["courseware.id"], name="fk_courseware_page_courseware_courseware"),
        sa.PrimaryKeyConstraint("courseware", "page", name="pk_courseware_page"),
    )
    op.create_index("ix_courseware_page_picture", "courseware_page", ["picture"])
    op.create_index("ix_courseware_page_preview", "courseware_page", ["preview"])
    op.create_table(
        "courseware_media",
        sa.Column("courseware", _ID, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("blob", _ID, nullable=False),
        sa.Column("type", _WORD, nullable=False),
        sa.ForeignKeyConstraint(
            ["courseware", "page"],
            ["courseware_page.courseware", "courseware_page.page"],
            name="fk_courseware_media_courseware_courseware_page",
        ),
        sa.PrimaryKeyConstraint("courseware", "page", "place", name="pk_courseware_media"),
    )
    op.create_index("ix_courseware_media_blob", "courseware_media", ["blob"])


def downgrade() -> None:
    for table in ("courseware_media", "courseware_page", "courseware"):
        op.drop_table(table)
