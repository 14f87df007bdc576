"""A running installation with the two counties of `tests.server.world` in its tables, and the browsers and sockets of their people."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from sqlalchemy import insert, update

from server.cli.hall import open_hall
from server.settings import read
from server.store import tables as t
from tests.harness.product import Product
from tests.harness.socket import LessonSocket
from tests.server import world as worlds

LINK = re.compile(r'(?:href|src|action)="(/[^"#]*)')
LEFT_OUT = ("/static/", "/logout", "/ws/", "/whip/", "/whep/")


async def furnish(product: Product) -> worlds.World:
    """Write the counties, and where the pupils of `x2.c1` and `y1.c1` sit today: seat n is the class's n-th; devices may come in. Before the product starts."""
    now = time.time_ns() // 1_000_000
    async with open_hall(read(product.environment)) as hall:
        world = await worlds.build(hall.store.database, hall.contents, now)

        async def seats(connection: Any) -> None:
            await connection.execute(update(t.org).values(seat_phones=True))
            for school in ("x2", "y1"):
                plan = {"id": f"plan.{school}", "school_class": f"{school}.c1", "classroom": f"{school}.r1", "valid_from": "2026-01-05"}
                await connection.execute(insert(t.seating_plan).values(**plan, created=now))
                for n in range(1, 6):
                    await connection.execute(insert(t.seat).values(plan=plan["id"], seat=n, student=f"{school}.c1.s{n}"))

        await hall.store.database.write(seats)
    return world


@dataclass
class Visitor:
    """Somebody's browser: cookies, and whatever it was ever sent."""

    product: Product
    name: str
    cookies: dict[str, str] = field(default_factory=dict)
    admission: str = ""
    """What the pages of the lesson are asked with."""
    seen: list[str] = field(default_factory=list)
    """Text of every page, file and frame."""
    visited: dict[str, int] = field(default_factory=dict)
    """Address → status."""

    async def ask(self, method: str, path: str, **how: Any) -> tuple[int, str, str]:
        """Status, text and `Location` of an answer; its cookies are kept."""
        cookies = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        headers = {"Origin": self.product.url, "Cookie": cookies, "Accept": "text/html", **how.pop("headers", {})}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, self.product.url + path, headers=headers, allow_redirects=False, **how) as answer,
        ):
            text = _text(await answer.read())
            self.cookies |= {key: morsel.value for key, morsel in answer.cookies.items()}
            self.visited[path] = answer.status
            self.seen.append(text)
            return answer.status, text, answer.headers.get("Location", "")

    async def enter(self, address: str) -> None:
        """By a link: where it leads to, and the admission for it."""
        _, _, place = await self.ask("GET", address)
        self.admission = place.partition("?a=")[2]
        await self.ask("GET", place)

    async def sit(self, screen: Visitor, lesson: str, seat: int) -> None:
        """As a phone does: the code on the big screen, a free seat; from then on its pages and its socket are the seat's."""
        tail = f"?a={screen.admission}"
        _, text, _ = await screen.ask("GET", f"/class/{lesson}/code{tail}", headers={"Accept": "application/json"})
        _, _, choose = await self.ask("GET", json.loads(text)["address"].removeprefix(self.product.url))
        status, text, place = await self.ask("POST", choose, data={"seat": str(seat)})
        assert (status, place.partition("?")[0]) == (303, f"/seat/{lesson}"), text
        self.admission = place.partition("?a=")[2]

    async def walk(self, first: Iterable[str], most: int = 150) -> None:
        """From these addresses on through every link, each kind of page twice."""
        waiting, kinds = list(first), dict[str, int]()
        while waiting and len(self.visited) < most:
            path = waiting.pop(0)
            kind = re.sub(r"[0-9a-f]{12,}|\b\w+\d?\.\w[\w.]*\b|\d{4}-\d\d-\d\d", "ID", path.partition("?next=")[0])
            if path in self.visited or path.startswith(LEFT_OUT) or kinds.get(kind, 0) >= 2:
                continue
            kinds[kind] = kinds.get(kind, 0) + 1
            _, text, place = await self.ask("GET", path)
            waiting += [place] if place.startswith("/") else []
            waiting += [found.replace("&amp;", "&") for found in LINK.findall(text)]

    def socket(self, lesson: str, surface: str = "screen", after: int | None = None) -> LessonSocket:
        """The lesson's socket as this browser opens it. Use `async with`; `hear` keeps what came."""
        return LessonSocket.of_browser(self.product, lesson, self.admission, self.cookies, surface, after)

    def hear(self, frames: Collection[str]) -> None:
        """What came on a socket."""
        self.seen += frames

    def has(self, marker: str) -> bool:
        """Whether it was ever sent this."""
        return any(marker in text for text in self.seen)


def _text(body: bytes) -> str:
    """What can be read in an answer, workbooks unpacked."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    return body.decode("utf-8", "replace")
