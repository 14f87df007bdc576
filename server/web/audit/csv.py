"""The lines as CSV (RFC 4180), UTF-8 with a byte order mark, which spreadsheets need to read Chinese."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from server.web.audit.shown import ShownLine, Words

COLUMNS = ("seq", "at", "actor", "actor_id", "act", "kind", "target", "target_id", "origin", "details")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(lines: Iterable[ShownLine], words: Words, zone: ZoneInfo) -> bytes:
    """A header in the reader's language, then a row for each line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words(f"audit.column.{column}") for column in COLUMNS])
    for one in lines:
        line = one.line
        at = dt.datetime.fromtimestamp(line.at / 1000, zone).isoformat(" ", "seconds")
        removed = words("audit.removed")
        names = [removed if text is None else text for text in (one.actor, one.target, one.origin)]
        details = " ".join(f"{key}={value}" for key, value in one.details)
        row = [names[0], line.actor, line.act, line.target_kind, names[1], line.target, names[2], details]
        writer.writerow([str(line.seq), at, *(plain(cell) for cell in row)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
