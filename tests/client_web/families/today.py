"""States of a lesson on the home page."""

from server.web.home import BOARD

KEYS = (*(f"today.{state}" for state in BOARD), "today.board", "today.all")
