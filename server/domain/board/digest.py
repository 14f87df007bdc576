"""One word for what lies on the board: sheets, the open page, the ink. A page computes the same (`js/board/digest.js`).

What a text says is not in it: whether it was erased meanwhile is no difference of the board.
"""

from __future__ import annotations

import zlib

from server.domain.board.state import Board, Item


def board_hash(board: Board) -> str:
    """CRC-32 and length of the board in one canonical text, in hex."""
    data = "\n".join(_lines(board)).encode()
    return f"{zlib.crc32(data):08x}{len(data):08x}"


def _lines(board: Board) -> list[str]:
    sheets = [f"sheet {one.id} {one.version} {one.pages}" for one in board.sheets]
    at = f"at {board.at[0]}/{board.at[1]}" if board.at else "at"
    pages = sorted(board.ink.items())
    return [*sheets, at, *(line for page, items in pages for line in (f"page {page}", *map(_item, items)))]


def _item(item: Item) -> str:
    if item.look == "text":
        return f"text {item.item} {item.x} {item.y} {item.width} {item.color}"
    return f"{item.look} {item.item} {item.width} {item.color} {item.points}"
