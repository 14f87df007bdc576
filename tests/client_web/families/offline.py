"""Words of check-in without network."""

KEYS = (
    *(f"offline.reach.{reach}" for reach in ("ready", "open", "none")),
    *(f"error.{code}" for code in ("checkin.late", "paper.revoked", "paper.removed")),
    "seat.unknown",
)
