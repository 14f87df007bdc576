"""Static files as they go over the wire: scripts without their comments, text packed once (RFC 9110 section 8.4.1.3); a room has 2 Mbit/s."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

SMALLEST = 600
"""Bytes below which packing saves no packet."""
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*$", re.MULTILINE | re.DOTALL)


class Packed:
    """Files packed so far: as many as there are static files of one build."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], bytes]] = {}

    def file(self, path: Path) -> bytes | None:
        """The file, packed anew if it has changed; None: not worth it. Raises `OSError`."""
        about = path.stat()
        if about.st_size < SMALLEST:
            return None
        stamp = (about.st_mtime_ns, about.st_size)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            data = bare(path.read_text()).encode() if path.suffix == ".js" else path.read_bytes()
            known = self._known[path] = (stamp, pack(data))
        return known[1]


def bare(script: str) -> str:
    """A script without the comments that have lines of their own; what is left stays in its line and column, for error messages."""
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), script)


def pack(data: bytes) -> bytes:
    """The same bytes for the same data, whenever it is."""
    return gzip.compress(data, 9, mtime=0)


def takes_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip, and not as what is not wanted (RFC 9110 section 12.5.3)."""
    for one in accepted.lower().split(","):
        name, _, weight = one.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
