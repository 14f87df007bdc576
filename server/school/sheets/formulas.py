"""Cells that a spreadsheet would take for a formula get an apostrophe in front when written, and lose it when read."""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"'* *[=+\-@\t\r\n＝＋－＠]")


def guarded(cell: str) -> str:
    """The cell as it is written. Apostrophes before a dangerous sign count too, so that `freed` always finds the original."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def freed(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell
