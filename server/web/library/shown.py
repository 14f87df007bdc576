"""Addresses, times and pictures of the library's pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec

from server.library.fields import Wanted
from server.library.recorded import Picture
from server.library.search import FILTERS, Branch

STAGES = ("primary", "junior", "senior")

PLACEHOLDER = Picture(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="320" height="180">'
    b'<rect width="320" height="180" fill="#e4e0d8"/>'
    b'<g fill="none" stroke="#8b857a" stroke-width="5" stroke-linejoin="round" stroke-linecap="round">'
    b'<path d="M160 62c-18-12-42-14-66-8v70c24-6 48-4 66 8 18-12 42-14 66-8V54c-24-6-48-4-66 8z"/>'
    b'<path d="M160 62v70M110 74c12-2 24-1 34 4M110 92c12-2 24-1 34 4M210 74c-12-2-24-1-34 4M210 92c-12-2-24-1-34 4"/></g></svg>',
    "image/svg+xml",
)
"""An open book, where no picture was taken out of the recording."""


def linker(wanted: Wanted) -> Callable[[Mapping[str, str]], str]:
    """The address of the same search with other filters; the page begins anew."""
    now = {name: str(value) for name, value in msgspec.structs.asdict(wanted).items()}

    def link(changes: Mapping[str, str]) -> str:
        values = now | {"after": ""} | dict(changes)
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/library?{query}" if query else "/library"

    return link


def chosen(wanted: Wanted) -> dict[str, str]:
    """The filters that are set."""
    return {name: getattr(wanted, name) for name in FILTERS if getattr(wanted, name)}


def path_of(branch: Branch) -> dict[str, str]:
    """Filters of the tree as this branch sets them: those below it are open."""
    return {name: branch.chosen.get(name, "") for name in ("stage", "subject", "edition", "volume", "unit")}


def opened(branch: Branch, wanted: Wanted) -> bool:
    """Whether what is chosen lies in this branch."""
    return all(getattr(wanted, name) == value for name, value in branch.chosen.items())
