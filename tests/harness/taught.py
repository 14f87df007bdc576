"""A lesson with courseware on its board and as much in its log as a teacher writes in ten minutes, by commands on a socket."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import aiohttp

from server.domain.board.codec import Point, encode
from tests.harness.product import Link, Product
from tests.harness.socket import LessonSocket
from tests.server.courseware.files import pdf

PAGES = 30
STROKES = 400
"""One every second and a half."""
AT_ONCE = 20
COLORS = ("#d02030", "#1040c0", "#108040")


def courseware(pages: int = PAGES, seed: int = 5) -> bytes:
    """A PDF with pages full of text, boxes and circles of lines, none like another."""
    draw = random.Random(seed)
    return pdf([_page(draw, n) for n in range(1, pages + 1)])


def _page(draw: random.Random, number: int) -> str:
    parts = [f"BT /F1 40 Tf 40 350 Td (Page {number}: {number}/2 + 1/{number}) Tj ET"]
    for line in range(14):
        words = " ".join("".join(draw.choices("aeinorstlu", k=draw.randint(2, 9))) for _ in range(7))
        parts.append(f"BT /F1 13 Tf 40 {320 - 20 * line} Td ({words}) Tj ET")
    for _ in range(25):
        red, green, blue = (draw.random() for _ in range(3))
        box = (draw.randint(380, 660), draw.randint(20, 280), draw.randint(10, 60), draw.randint(10, 60))
        parts.append(f"{red:.2f} {green:.2f} {blue:.2f} rg {box[0]} {box[1]} {box[2]} {box[3]} re f")
    return "\n".join(parts)


async def bring(product: Product, lesson: str, master: Link, file: bytes) -> str:
    """Upload courseware and wait until its pages are drawn; its id."""
    headers = {"Authorization": f"Bearer {master.token}", "Accept": "application/json"}
    url = f"{product.url}/courseware/{lesson}"
    async with aiohttp.ClientSession(headers=headers) as http:
        form = aiohttp.FormData()
        form.add_field("file", file, filename="分数的认识.pdf", content_type="application/pdf")
        async with http.post(url, data=form) as answer:
            assert answer.status == 201, await answer.text()
            identity = str((await answer.json())["id"])
        async with asyncio.timeout(60):
            while True:
                async with http.get(url) as answer:
                    found = {one["id"]: one["state"] for one in (await answer.json())["courseware"]}
                if found[identity] == "ready":
                    return identity
                assert found[identity] != "failed"
                await asyncio.sleep(0.05)


async def teach(socket: LessonSocket, sheet: str, pages: int = PAGES, strokes: int = STROKES, seed: int = 9) -> int:
    """Ten minutes at the board: every page in its turn with its share of strokes, shapes, words, and what was rubbed out again.

    Ends on the last page but two. Returns how many commands were acknowledged.
    """
    draw, given = random.Random(seed), 0
    for page in range(1, pages - 1):
        place = {"sheet": sheet, "page": page}
        await _all(socket, [("board.page", place)])
        orders = [_stroke(draw, page, n) for n in range(strokes // (pages - 2) + 1)]
        orders += [_shape(draw, page), _words(draw, page)]
        for begin in range(0, len(orders), AT_ONCE):
            await _all(socket, [(kind, {**place, **payload}) for kind, payload in orders[begin : begin + AT_ONCE]])
        await _all(socket, [("board.undo", place), ("board.erase", {**place, "items": [f"s{page}-1"]})])
        given += len(orders) + 3
    return given


async def _all(socket: LessonSocket, orders: list[tuple[str, dict[str, Any]]]) -> None:
    for answer in await asyncio.gather(*(socket.command(kind, **payload) for kind, payload in orders)):
        assert answer["type"] == "ack", answer


def _stroke(draw: random.Random, page: int, number: int) -> tuple[str, dict[str, Any]]:
    at, points = (draw.randint(500, 9000), draw.randint(300, 5000)), list[Point]()
    for _ in range(draw.randint(8, 40)):
        at = (at[0] + draw.randint(-120, 160), at[1] + draw.randint(-140, 140))
        points.append(at)
    look = {"color": draw.choice(COLORS), "width": 30, "tool": "pen"}
    return "board.stroke", {"item": f"s{page}-{number}", "points": encode([points]), **look}


def _shape(draw: random.Random, page: int) -> tuple[str, dict[str, Any]]:
    corners = [(draw.randint(500, 4000), draw.randint(300, 2000)), (draw.randint(5000, 9000), draw.randint(2500, 5000))]
    look = {"shape": "ellipse", "color": COLORS[1], "width": 30}
    return "board.shape", {"item": f"f{page}", "points": encode([corners]), **look}


def _words(draw: random.Random, page: int) -> tuple[str, dict[str, Any]]:
    place = {"x": draw.randint(500, 8000), "y": draw.randint(300, 4500), "size": 340, "color": COLORS[2]}
    return "board.text", {"item": f"t{page}", "text": f"第 {page} 页：三分之二", **place}
