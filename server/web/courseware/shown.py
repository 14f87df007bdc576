"""Courseware as pages read it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from server.domain.board.state import Board
from server.domain.courseware import Courseware, Page
from server.web.catalogue import Catalogue


def to_room(one: Courseware, pages: list[Page], lesson: str) -> dict[str, Any]:
    """What a page needs to show it and to fetch it before class: nothing of what the file was called."""
    return {"id": one.id, "version": one.version, "pages": [_page(page, one, lesson) for page in pages]}


def to_teacher(one: Courseware, pages: list[Page], lesson: str, catalogue: Catalogue) -> dict[str, Any]:
    """The same, how far it is, why it failed, and the report on each page."""
    told = {"name": one.name, "kind": one.kind, "size": one.size, "state": one.state, "count": one.pages, "drawn": one.drawn}
    error = None
    if one.error:
        error = {"code": one.error, "params": dict(one.params), "message": catalogue.explain(one.error, one.params)}
    reports = [
        {**_page(page, one, lesson), "flattened": page.flattened, "fonts": list(page.fonts), "unplayable": list(page.unplayable)}
        for page in pages
    ]
    return {**to_room(one, pages, lesson), **told, "error": error, "pages": reports}


def ahead(board: Board, lesson: str, admission: str) -> list[str]:
    """Addresses of the open page's pictures, the small one first, as a page with this admission will ask for them: told to the browser at
    once, it fetches them while the scripts come. Empty: there is no picture.
    """
    sheet = board.sheet(board.at[0]) if board.at else None
    if board.at is None or sheet is None or not sheet.version:
        return []
    one = f"/courseware/{lesson}/{sheet.version}/{board.at[1]}"
    return [f"{one}{kind}?a={quote(admission, safe='')}" for kind in ("/preview", ".webp")]


def _page(page: Page, one: Courseware, lesson: str) -> dict[str, Any]:
    media = [{"type": each.type, "address": f"/courseware/{lesson}/{one.version}/media/{each.blob}"} for each in page.media]
    return {"page": page.page, "width": page.width, "height": page.height, "bytes": page.size, "media": media}
