"""Tiers, kinds of rooms and groups, what is done with a student."""

from server.domain.orgs import TIERS

KEYS = (
    *(f"tier.{tier}" for tier in TIERS),
    *(f"room.kind.{kind}" for kind in ("master", "remote", "both")),
    *(f"group.kind.{kind}" for kind in ("points", "schools", "paired")),
    *(f"class.{act}" for act in ("pin", "leave", "erase", "mask", "unmask", "pin.set", "pin.none")),
    *(f"school.pin.{state}" for state in ("set", "none")),
    "school.close",
    "school.reopen",
    "field.above",
    "field.children",
)
