"""Which scripts a page's script imports, and they in turn: told to the browser at once, it need not find out round trip by round trip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(r'^(?:import|export)\s+(?:[\w*{},\s]+?\sfrom\s+)?"(\.{1,2}/[^"]+)"', re.MULTILINE)


def imported(static: Path, script: str) -> tuple[str, ...]:
    """Paths under `static` of every module that `script` needs, itself not among them; those it names itself come first.

    Raises `FileNotFoundError` for an import that leads nowhere.
    """
    found: dict[str, None] = {script: None}
    waiting = [script]
    while waiting:
        fresh = [path for path in dict.fromkeys(_named(static, waiting.pop(0))) if path not in found]
        found |= dict.fromkeys(fresh)
        waiting += fresh
    return tuple(found)[1:]


def _named(static: Path, script: str) -> Iterator[str]:
    for relative in _IMPORT.findall((static / script).read_text()):
        yield _plain(PurePosixPath(script).parent / relative)


def _plain(path: PurePosixPath) -> str:
    """Without `..`."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
