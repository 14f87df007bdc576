"""Words of the wrong-answer book and columns of its file, choices of a school's rules."""

from server.web.book import COLUMNS

KEYS = (
    *(f"book.{word}" for word in ("aloud", "none", "end")),
    *(f"book.column.{column}" for column in COLUMNS),
    *(f"school.rules.{rule}.{choice}" for rule in ("calls", "phones", "record") for choice in "01"),
)
