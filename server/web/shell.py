"""Which files an assistant's pages are made of: what its service worker keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable

from server.web.assets import Assets
from server.web.catalogue import LANGUAGES

SCRIPT = "js/offline/worker.js"
_ADDRESS = re.compile(r'/static/[0-9a-f]{12}/[^"#]+')


def shell_files(assets: Assets, pages: Iterable[str]) -> tuple[str, ...]:
    """Addresses of this build's files that the pages (HTML) name, and the sentences of every language."""
    named = {address for page in pages for address in _ADDRESS.findall(page)}
    return tuple(sorted(named | {assets.url(f"locale/{lang}.json") for lang in LANGUAGES}))
