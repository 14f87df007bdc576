"""Roles, slips, codes of password fields."""

from server.domain.people import SCHOOL_ROLES

KEYS = (
    *(f"role.school.{role}" for role in SCHOOL_ROLES),
    *(f"slip.{kind}{tail}" for kind in ("first_admin", "invitation", "reset") for tail in ("", ".words")),
    "field.common",
    "field.wrong",
    "field.narrow",
    "people.narrow",
)
