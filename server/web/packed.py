"""Static files as they go over the wire: scripts without their comments, text packed once (RFC 9110 section 8.4.1.3); a room has 2 Mbit/s."""

from __future__ import annotations

import gzip
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

SMALLEST = 600
"""Bytes below which packing saves no packet."""
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*$", re.MULTILINE | re.DOTALL)


MOST_JOINED = 64
"""Answers of several files that are kept: pages have a dozen, whoever makes up others pushes out the oldest."""
Stamp = tuple[int, int]
"""When a file was written (ns) and how long it is."""


class Packed:
    """Files packed so far: as many as there are static files of one build."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, bytes]] = {}
        self._joined: OrderedDict[tuple[Path, ...], tuple[tuple[Stamp, ...], bytes, bytes]] = OrderedDict()

    def file(self, path: Path) -> bytes | None:
        """The file, packed anew if it has changed; None: not worth it. Raises `OSError`."""
        stamp = _stamp(path)
        if stamp[1] < SMALLEST:
            return None
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            data = bare(path.read_text()).encode() if path.suffix == ".js" else path.read_bytes()
            known = self._known[path] = (stamp, pack(data))
        return known[1]

    def joined(self, paths: Sequence[Path]) -> tuple[bytes, bytes]:
        """Text files in one, each begun on its own line; and the same packed. Raises `OSError`."""
        key, stamps = tuple(paths), tuple(_stamp(path) for path in paths)
        known = self._joined.get(key)
        if known is None or known[0] != stamps:
            body = "\n".join(path.read_text() for path in paths).encode()
            known = self._joined[key] = (stamps, body, pack(body))
        self._joined.move_to_end(key)
        if len(self._joined) > MOST_JOINED:
            self._joined.popitem(last=False)
        return known[1:]


def _stamp(path: Path) -> Stamp:
    about = path.stat()
    return about.st_mtime_ns, about.st_size


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
