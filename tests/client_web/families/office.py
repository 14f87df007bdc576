"""Menu, fields of forms."""

from server.web.menu import _PLACES

CODES = ("required", "long", "short", "format", "number", "choice", "low", "high", "unknown", "taken", "missing")
KEYS = (
    *(f"office.{name}" for name, _, _ in _PLACES),
    *(f"field.{code}" for code in CODES),
    "office.save",
    "office.cancel",
    "office.back",
    "office.login",
)
