"""People and their dated roles (S2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from server.domain.orgs import Tier

SchoolRole = Literal["admin", "inspector", "teacher", "assistant", "librarian", "reviewer", "student", "parent", "device"]
"""What somebody is in the school; `principal.Role` is what one is in a lesson."""
ASSIGNABLE: tuple[SchoolRole, ...] = ("admin", "inspector", "teacher", "assistant", "librarian", "reviewer")
"""Roles one gets at an organisation; the others follow from being a student, a parent, a device."""
SCHOOL_ROLES: tuple[SchoolRole, ...] = get_args(SchoolRole)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role somebody has now, and where it reaches."""

    role: SchoolRole
    path: str = ""
    """The organisation's path; a device's and a student's school. Empty for a parent and for a role in one lesson."""
    tier: Tier | None = None
    """The organisation's tier."""
    subject: str = ""
    """`parent` and `student`: the student; `device`: its classroom; else the lesson of a role in one lesson."""
    school_class: str = ""
    """`parent` and `student`: the student's class."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A dated role: a row."""

    id: str
    person: str
    role: SchoolRole
    org: str | None
    lesson: str | None
    student: str | None
    valid_from: int
    """UTC ms."""
    valid_until: int | None
    granted_by: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `name`, `number`: ids of erasable contents."""

    id: str
    org: str
    """The organisation that keeps the account."""
    login: str | None
    name: str
    number: str | None
    epoch: int
    version: int
    has_password: bool
    must_change: bool
    has_totp: bool
    disabled_at: int | None = None
