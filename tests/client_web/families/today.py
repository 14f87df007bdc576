"""States of a lesson on the home page."""

from server.school.today import ORDER

KEYS = (*(f"today.{state}" for state in ORDER), "today.waiting", "today.board", "today.all")
