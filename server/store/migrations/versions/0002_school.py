"""The school: organisations, people, timetable, audit; what the timetable says of a lesson."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.String(64)
_WORD = sa.String(32)
_NAME = sa.String(200)
_DAY = sa.String(10)
_PATH = sa.String(600)

_LESSON = (
    ("org", "VARCHAR(64)", "org"),
    ("course", "VARCHAR(64)", "course"),
    ("slot", "VARCHAR(64)", None),
    ("day", "VARCHAR(10)", None),
    ("period", "INTEGER", None),
    ("starts_at", "BIGINT", None),
    ("ends_at", "BIGINT", None),
    ("unit", "VARCHAR(200) DEFAULT '' NOT NULL", None),
    ("subject", "VARCHAR(32) DEFAULT '' NOT NULL", None),
    ("grade", "VARCHAR(32) DEFAULT '' NOT NULL", None),
    ("teacher", "VARCHAR(64)", "person"),
    ("instead_of", "VARCHAR(64)", "person"),
    ("master_classroom", "VARCHAR(64)", "classroom"),
    ("school_class", "VARCHAR(64)", "school_class"),
    ("rehearsal", "BOOLEAN DEFAULT false NOT NULL", None),
    ("cancelled_at", "BIGINT", None),
    ("version", "INTEGER DEFAULT 1 NOT NULL", None),
    ("phase", "VARCHAR(32) DEFAULT 'scheduled' NOT NULL", None),
    ("live_at", "BIGINT", None),
    ("ended_at", "BIGINT", None),
)
"""Columns added to `lesson`: name, type, table referred to. In SQL, since SQLite adds a column only together with its reference."""

_LAST = "SELECT kind FROM lesson_event WHERE lesson_event.lesson = lesson.id AND kind LIKE 'lesson.%' ORDER BY seq DESC LIMIT 1"
_FIRST_LIVE = "SELECT MIN(at) FROM lesson_event WHERE lesson_event.lesson = lesson.id AND kind = 'lesson.live'"
_PHASES = (
    f"UPDATE lesson SET live_at = ({_FIRST_LIVE})",  # noqa: S608 — our own words
    f"""UPDATE lesson SET phase = CASE ({_LAST}) WHEN 'lesson.opened' THEN 'open' WHEN 'lesson.live' THEN 'live' WHEN 'lesson.ended' THEN 'ended'
        WHEN 'lesson.reopened' THEN CASE WHEN live_at IS NULL THEN 'open' ELSE 'live' END ELSE 'scheduled' END""",  # noqa: S608
    "UPDATE lesson SET ended_at = (SELECT MAX(at) FROM lesson_event WHERE lesson_event.lesson = lesson.id AND kind = 'lesson.ended') WHERE phase = 'ended'",
)
"""What the log says, written beside it."""


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("key", _ID, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempt"),
    )
    op.create_table(
        "known_address",
        sa.Column("key", _ID, nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_known_address"),
    )
    op.create_index("ix_known_address_last_at", "known_address", ["last_at"])
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", _ID, nullable=False),
        sa.Column("actor_kind", _WORD, nullable=False),
        sa.Column("act", _ID, nullable=False),
        sa.Column("target_kind", _WORD, nullable=False),
        sa.Column("target", _ID, nullable=False),
        sa.Column("path", _PATH, nullable=False),
        sa.Column("origin", _ID, nullable=True),
        sa.Column("origin_digest", _ID, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("mac", _ID, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_path", "audit", ["path"])
    op.create_index("ix_audit_target", "audit", ["target"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "content",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("owner", _ID, nullable=False),
        sa.Column("key_id", _WORD, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_content"),
    )
    op.create_index("ix_content_key_id", "content", ["key_id"])
    op.create_index("ix_content_owner", "content", ["owner"])
    op.create_table(
        "org",
        sa.Column("id", _ID, nullable=False),
        sa.Column("parent", _ID, nullable=True),
        sa.Column("tier", _WORD, nullable=False),
        sa.Column("code", _WORD, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("path", _PATH, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["org.id"], name="fk_org_parent_org"),
        sa.PrimaryKeyConstraint("id", name="pk_org"),
        sa.UniqueConstraint("code", name="uq_org_code"),
        sa.UniqueConstraint("path", name="uq_org_path"),
    )
    op.create_index("ix_org_parent", "org", ["parent"])
    op.create_table(
        "slip",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("secret_hash", _ID, nullable=False),
        sa.Column("subject", _ID, nullable=False),
        sa.Column("payload", sa.Text(), server_default="{}", nullable=False),
        sa.Column("issued_by", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_slip"),
    )
    op.create_index("ix_slip_subject", "slip", ["subject"])
    op.create_table(
        "bell",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("valid_from", _DAY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_bell_org_org"),
        sa.PrimaryKeyConstraint("id", name="pk_bell"),
        sa.UniqueConstraint("org", "valid_from", name="uq_bell_org"),
    )
    op.create_index("ix_bell_org", "bell", ["org"])
    op.create_table(
        "person",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("login", _ID, nullable=True),
        sa.Column("name", _ID, nullable=False),
        sa.Column("number", _ID, nullable=True),
        sa.Column("number_index", _ID, nullable=True),
        sa.Column("password_hash", _NAME, nullable=True),
        sa.Column("must_change", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("totp", _ID, nullable=True),
        sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_person_org_org"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("login", name="uq_person_login"),
        sa.UniqueConstraint("number_index", name="uq_person_number_index"),
    )
    op.create_index("ix_person_org", "person", ["org"])
    op.create_table(
        "school_class",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("code", _WORD, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("grades", _ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_school_class_org_org"),
        sa.PrimaryKeyConstraint("id", name="pk_school_class"),
        sa.UniqueConstraint("org", "year", "code", name="uq_school_class_org"),
    )
    op.create_index("ix_school_class_org", "school_class", ["org"])
    op.create_table(
        "term",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("first_day", _DAY, nullable=False),
        sa.Column("last_day", _DAY, nullable=False),
        sa.Column("week_one", _DAY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_term_org_org"),
        sa.PrimaryKeyConstraint("id", name="pk_term"),
    )
    op.create_index("ix_term_org", "term", ["org"])
    op.create_table(
        "bell_period",
        sa.Column("bell", _ID, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["bell"], ["bell.id"], name="fk_bell_period_bell_bell"),
        sa.PrimaryKeyConstraint("bell", "period", name="pk_bell_period"),
    )
    op.create_table(
        "classroom",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("code", _WORD, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("seat_rows", sa.Integer(), nullable=False),
        sa.Column("seat_columns", sa.Integer(), nullable=False),
        sa.Column("join_code", _WORD, nullable=False),
        sa.Column("contact", _ID, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["person.id"], name="fk_classroom_contact_person"),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_classroom_org_org"),
        sa.PrimaryKeyConstraint("id", name="pk_classroom"),
        sa.UniqueConstraint("join_code", name="uq_classroom_join_code"),
        sa.UniqueConstraint("org", "code", name="uq_classroom_org"),
    )
    op.create_index("ix_classroom_org", "classroom", ["org"])
    op.create_table(
        "identity",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_identity_person_person"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identity"),
    )
    op.create_index("ix_identity_person", "identity", ["person"])
    op.create_table(
        "oidc_spent",
        sa.Column("state", _ID, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_oidc_spent"),
    )
    op.create_index("ix_oidc_spent_expires_at", "oidc_spent", ["expires_at"])
    op.create_table(
        "recovery_code",
        sa.Column("person", _ID, nullable=False),
        sa.Column("code_index", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_recovery_code_person_person"),
        sa.PrimaryKeyConstraint("person", "code_index", name="pk_recovery_code"),
    )
    op.create_table(
        "student",
        sa.Column("id", _ID, nullable=False),
        sa.Column("school_class", _ID, nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.Column("number_index", _ID, nullable=False),
        sa.Column("name", _ID, nullable=True),
        sa.Column("pin_hash", _NAME, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["school_class"], ["school_class.id"], name="fk_student_school_class_school_class"),
        sa.PrimaryKeyConstraint("id", name="pk_student"),
        sa.UniqueConstraint("school_class", "number_index", name="uq_student_school_class"),
    )
    op.create_index("ix_student_school_class", "student", ["school_class"])
    op.create_table(
        "term_day",
        sa.Column("term", _ID, nullable=False),
        sa.Column("day", _DAY, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("stands_for", _DAY, nullable=True),
        sa.Column("name", _NAME, nullable=False),
        sa.ForeignKeyConstraint(["term"], ["term.id"], name="fk_term_day_term_term"),
        sa.PrimaryKeyConstraint("term", "day", name="pk_term_day"),
    )
    op.create_table(
        "device",
        sa.Column("id", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("secret_hash", _ID, nullable=False),
        sa.Column("approved_by", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_device_classroom_classroom"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_index("ix_device_classroom", "device", ["classroom"])
    op.create_table(
        "seating_plan",
        sa.Column("id", _ID, nullable=False),
        sa.Column("school_class", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("valid_from", _DAY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_seating_plan_classroom_classroom"),
        sa.ForeignKeyConstraint(["school_class"], ["school_class.id"], name="fk_seating_plan_school_class_school_class"),
        sa.PrimaryKeyConstraint("id", name="pk_seating_plan"),
        sa.UniqueConstraint("school_class", "classroom", "valid_from", name="uq_seating_plan_school_class"),
    )
    op.create_index("ix_seating_plan_classroom", "seating_plan", ["classroom"])
    op.create_table(
        "session",
        sa.Column("id", _ID, nullable=False),
        sa.Column("person", _ID, nullable=True),
        sa.Column("student", _ID, nullable=True),
        sa.Column("secret_hash", _ID, nullable=False),
        sa.Column("second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_session_person_person"),
        sa.ForeignKeyConstraint(["student"], ["student.id"], name="fk_session_student_student"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    op.create_index("ix_session_person", "session", ["person"])
    op.create_index("ix_session_student", "session", ["student"])
    op.create_table(
        "standing_group",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("master_classroom", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["master_classroom"], ["classroom.id"], name="fk_standing_group_master_classroom_classroom"),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_standing_group_org_org"),
        sa.PrimaryKeyConstraint("id", name="pk_standing_group"),
    )
    op.create_index("ix_standing_group_org", "standing_group", ["org"])
    op.create_table(
        "course",
        sa.Column("id", _ID, nullable=False),
        sa.Column("org", _ID, nullable=False),
        sa.Column("term", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("subject", _WORD, nullable=False),
        sa.Column("stage", _WORD, nullable=False),
        sa.Column("grade", _WORD, nullable=False),
        sa.Column("edition", _NAME, nullable=False),
        sa.Column("volume", _WORD, nullable=False),
        sa.Column("teacher", _ID, nullable=False),
        sa.Column("master_classroom", _ID, nullable=False),
        sa.Column("school_class", _ID, nullable=True),
        sa.Column("standing_group", _ID, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["master_classroom"], ["classroom.id"], name="fk_course_master_classroom_classroom"),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_course_org_org"),
        sa.ForeignKeyConstraint(["school_class"], ["school_class.id"], name="fk_course_school_class_school_class"),
        sa.ForeignKeyConstraint(["standing_group"], ["standing_group.id"], name="fk_course_standing_group_standing_group"),
        sa.ForeignKeyConstraint(["teacher"], ["person.id"], name="fk_course_teacher_person"),
        sa.ForeignKeyConstraint(["term"], ["term.id"], name="fk_course_term_term"),
        sa.PrimaryKeyConstraint("id", name="pk_course"),
    )
    op.create_index("ix_course_org", "course", ["org"])
    op.create_index("ix_course_teacher", "course", ["teacher"])
    op.create_index("ix_course_term", "course", ["term"])
    op.create_table(
        "group_room",
        sa.Column("standing_group", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("school_class", _ID, nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_group_room_classroom_classroom"),
        sa.ForeignKeyConstraint(["school_class"], ["school_class.id"], name="fk_group_room_school_class_school_class"),
        sa.ForeignKeyConstraint(["standing_group"], ["standing_group.id"], name="fk_group_room_standing_group_standing_group"),
        sa.PrimaryKeyConstraint("standing_group", "classroom", name="pk_group_room"),
    )
    op.create_index("ix_group_room_classroom", "group_room", ["classroom"])
    op.create_table(
        "pairing",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", _WORD, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("secret_hash", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("device", _ID, nullable=True),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_pairing_classroom_classroom"),
        sa.ForeignKeyConstraint(["device"], ["device.id"], name="fk_pairing_device_device"),
        sa.PrimaryKeyConstraint("id", name="pk_pairing"),
        sa.UniqueConstraint("code", name="uq_pairing_code"),
    )
    op.create_index("ix_pairing_classroom", "pairing", ["classroom"])
    op.create_table(
        "seat",
        sa.Column("plan", _ID, nullable=False),
        sa.Column("seat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("student", _ID, nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["seating_plan.id"], name="fk_seat_plan_seating_plan"),
        sa.ForeignKeyConstraint(["student"], ["student.id"], name="fk_seat_student_student"),
        sa.PrimaryKeyConstraint("plan", "seat", name="pk_seat"),
        sa.UniqueConstraint("plan", "student", name="uq_seat_plan"),
    )
    op.create_table(
        "course_room",
        sa.Column("course", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("school_class", _ID, nullable=True),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_course_room_classroom_classroom"),
        sa.ForeignKeyConstraint(["course"], ["course.id"], name="fk_course_room_course_course"),
        sa.ForeignKeyConstraint(["school_class"], ["school_class.id"], name="fk_course_room_school_class_school_class"),
        sa.PrimaryKeyConstraint("course", "classroom", name="pk_course_room"),
    )
    op.create_index("ix_course_room_classroom", "course_room", ["classroom"])
    op.create_table(
        "course_slot",
        sa.Column("id", _ID, nullable=False),
        sa.Column("course", _ID, nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("weeks", _ID, nullable=False),
        sa.ForeignKeyConstraint(["course"], ["course.id"], name="fk_course_slot_course_course"),
        sa.PrimaryKeyConstraint("id", name="pk_course_slot"),
        sa.UniqueConstraint("course", "weekday", "period", "weeks", name="uq_course_slot_course"),
    )
    op.create_index("ix_course_slot_course", "course_slot", ["course"])
    op.create_table(
        "assignment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("person", _ID, nullable=False),
        sa.Column("role", _WORD, nullable=False),
        sa.Column("org", _ID, nullable=True),
        sa.Column("lesson", _ID, nullable=True),
        sa.Column("student", _ID, nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("granted_by", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_assignment_lesson_lesson"),
        sa.ForeignKeyConstraint(["org"], ["org.id"], name="fk_assignment_org_org"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_assignment_person_person"),
        sa.ForeignKeyConstraint(["student"], ["student.id"], name="fk_assignment_student_student"),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_lesson", "assignment", ["lesson"])
    op.create_index("ix_assignment_org", "assignment", ["org"])
    op.create_index("ix_assignment_person", "assignment", ["person"])
    op.create_index("ix_assignment_student", "assignment", ["student"])
    op.create_table(
        "booking",
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_booking_lesson_lesson"),
        sa.PrimaryKeyConstraint("resource", "lesson", name="pk_booking"),
    )
    op.create_index("ix_booking_lesson", "booking", ["lesson"])
    op.create_index("ix_booking_resource_starts_at", "booking", ["resource", "starts_at"])
    op.create_table(
        "lesson_room",
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("participant", _ID, nullable=False),
        sa.Column("school_class", _ID, nullable=True),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_lesson_room_classroom_classroom"),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_lesson_room_lesson_lesson"),
        sa.ForeignKeyConstraint(["school_class"], ["school_class.id"], name="fk_lesson_room_school_class_school_class"),
        sa.PrimaryKeyConstraint("lesson", "classroom", name="pk_lesson_room"),
    )
    op.create_index("ix_lesson_room_classroom", "lesson_room", ["classroom"])
    op.create_table(
        "knock",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lesson", _ID, nullable=False),
        sa.Column("classroom", _ID, nullable=False),
        sa.Column("picture", _ID, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("link", _ID, nullable=True),
        sa.ForeignKeyConstraint(["classroom"], ["classroom.id"], name="fk_knock_classroom_classroom"),
        sa.ForeignKeyConstraint(["lesson"], ["lesson.id"], name="fk_knock_lesson_lesson"),
        sa.ForeignKeyConstraint(["link"], ["link.id"], name="fk_knock_link_link"),
        sa.PrimaryKeyConstraint("id", name="pk_knock"),
    )
    op.create_index("ix_knock_lesson", "knock", ["lesson"])
    op.create_table(
        "feed",
        sa.Column("person", _ID, nullable=False),
        sa.Column("secret_hash", _ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_feed_person_person"),
        sa.PrimaryKeyConstraint("person", name="pk_feed"),
    )
    for name, kind, table in _LESSON:
        reference = f" CONSTRAINT fk_lesson_{name}_{table} REFERENCES {table} (id)" if table else ""
        op.execute(f"ALTER TABLE lesson ADD COLUMN {name} {kind}{reference}")
    for name in ("org", "course", "day", "teacher", "starts_at"):
        op.create_index(f"ix_lesson_{name}", "lesson", [name])
    op.create_index("ix_lesson_phase_ends_at", "lesson", ["phase", "ends_at"])
    op.create_index("ix_lesson_slot", "lesson", ["slot"], unique=True)
    for statement in _PHASES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the school's data would be lost: restore the backup made before the upgrade")
