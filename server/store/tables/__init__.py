"""Every table, one module per noun."""

from server.store.tables.after import lesson_calls, mistake, quiz_card
from server.store.tables.base import metadata
from server.store.tables.beside import inspection_note, intercom
from server.store.tables.courseware import courseware, courseware_media, courseware_page
from server.store.tables.lesson import booking, command_receipt, lesson, lesson_event, lesson_room, lesson_snapshot, link, participant
from server.store.tables.library import resource, resource_version
from server.store.tables.people import assignment, attempt, feed, identity, known_address, oidc_spent, person, recovery_code, session, slip
from server.store.tables.privacy import audit, audit_head, content
from server.store.tables.recording import recording, recording_cut, recording_kept, recording_view
from server.store.tables.school import (
    classroom,
    device,
    group_room,
    knock,
    org,
    pairing,
    school_class,
    seat,
    seating_plan,
    standing_group,
    student,
)
from server.store.tables.timetable import bell, bell_period, course, course_room, course_slot, term, term_day

__all__ = [
    "assignment",
    "attempt",
    "audit",
    "audit_head",
    "bell",
    "bell_period",
    "booking",
    "classroom",
    "command_receipt",
    "content",
    "course",
    "course_room",
    "course_slot",
    "courseware",
    "courseware_media",
    "courseware_page",
    "device",
    "feed",
    "group_room",
    "identity",
    "inspection_note",
    "intercom",
    "knock",
    "known_address",
    "lesson",
    "lesson_calls",
    "lesson_event",
    "lesson_room",
    "lesson_snapshot",
    "link",
    "metadata",
    "mistake",
    "oidc_spent",
    "org",
    "pairing",
    "participant",
    "person",
    "quiz_card",
    "recording",
    "recording_cut",
    "recording_kept",
    "recording_view",
    "recovery_code",
    "resource",
    "resource_version",
    "school_class",
    "seat",
    "seating_plan",
    "session",
    "slip",
    "standing_group",
    "student",
    "term",
    "term_day",
]
