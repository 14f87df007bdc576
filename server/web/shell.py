"""Which files an assistant's pages are made of: what its service worker keeps."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

from server.web.assets import Assets
from server.web.catalogue import LANGUAGES

SCRIPT = "js/offline/worker.js"
ENTRIES = ("js/pages/assist.js", "js/pages/kept.js")
COMPONENTS = ("button", "band", "chip", "picture", "meter", "tile", "field", "side", "tabs", "intercom", "seatmap", "board")
SHEETS = ("css/tokens.css", "css/base.css", *(f"css/components/{name}.css" for name in COMPONENTS), "css/pages/assist.css")
_IMPORT = re.compile(r'^(?:import|export)\s[^"]*?from\s+"(\.[^"]+)";|^import\s+"(\.[^"]+)";', re.MULTILINE)


@lru_cache(maxsize=4)
def shell_files(assets: Assets) -> tuple[str, ...]:
    """Addresses of this build's files, scripts with everything they import."""
    scripts = modules(assets.static, ENTRIES)
    others = (*SHEETS, "icons.svg", "favicon.svg", *(f"locale/{lang}.json" for lang in LANGUAGES))
    return tuple(assets.url(path) for path in (*sorted(scripts), *others))


def modules(static: Path, entries: tuple[str, ...]) -> set[str]:
    """The scripts and all that they import, by path under `static`. Raises `OSError` for one that is not there."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        text = (static / path).read_text(encoding="utf-8")
        waiting += [_resolved(PurePosixPath(path).parent, first or second) for first, second in _IMPORT.findall(text)]
    return found


def _resolved(folder: PurePosixPath, relative: str) -> str:
    parts: list[str] = []
    for part in (folder / relative).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
