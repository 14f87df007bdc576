"""The whole web process in this process: real store, real lessons, real worker client; the worker behind the socket is a double."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from media.client import Refused
from media.client import messages as m
from media.client.frames import frame, read_frame
from server import settings as settings_module
from server.accounts.tokens import Signer
from server.app import create_app
from server.domain.link import Link
from server.settings import Settings
from server.web import keys
from server.web.assets import Assets
from tests.harness.zones import SCHOOL_DAY
from tests.server import world as worlds
from tests.server.live.doubles import FakeWorker


class WorkerOnSocket:
    """The live tests' worker, behind a real control socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fake = FakeWorker()
        self.fake.up = True
        self.server: asyncio.Server | None = None
        self.writers: list[asyncio.StreamWriter] = []
        self.fake.listeners.append(self._tell)

    async def start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.server = await asyncio.start_unix_server(self._accept, self.path)

    async def stop(self) -> None:
        if self.server:
            self.server.close()
        for writer in self.writers:
            writer.close()
        self.path.unlink(missing_ok=True)

    def _tell(self, message: Any) -> None:
        for writer in self.writers:
            writer.write(frame(m.encode(message)))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(m.encode(m.Hello(worker_id="w0", epoch="1", protocol=1, pid=1))))
        writer.write(frame(m.encode(m.Snapshot(n=0, sessions=tuple(self.fake.sessions.values())))))
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                writer.write(frame(m.encode(await self._answer(m.decode_command(await read_frame(reader))))))

    async def _answer(self, command: Any) -> m.Reply | m.Refusal:
        if isinstance(command, m.Attach):
            return m.Reply(id=command.id)
        if isinstance(command, m.Stats):
            return m.Reply(id=command.id, counters={"fanout.sent": 7})
        try:
            return await self.fake.command(command)
        except Refused as refused:
            return m.Refusal(id=command.id, code=refused.code)


class Web:
    """A running web process and what a test does with it."""

    def __init__(self, client: TestClient, worker: WorkerOnSocket) -> None:
        self.client, self.worker = client, worker
        self.app = client.server.app  # type: ignore[attr-defined]
        self.origin = f"http://{client.host}:{client.port}"

    @property
    def signer(self) -> Signer:
        return self.app[keys.SIGNER]

    async def until_media(self, ready: bool) -> None:
        """Wait until the worker is, or is not, in sight."""
        desk = self.app[keys.LESSONS].rooms.desk
        async with asyncio.timeout(5):
            while desk.ready is not ready:
                await asyncio.sleep(0.005)

    async def lesson(self, name: str = "分数的认识") -> str:
        return (await self.app[keys.LESSONS].create(name)).id

    async def link(self, lesson: str, role: Any = "viewer", name: str | None = None, expires_at: int | None = None) -> Link:
        return await self.app[keys.LESSONS].make_link(lesson, role, name, expires_at)

    def bearer(self, link: Link) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signer.link_token(link)}"}

    async def join(self, link: Link) -> str:
        """Open the link as a browser; the address of its page."""
        response = await self.client.get(f"/join/{self.signer.link_token(link)}", allow_redirects=False)
        assert response.status == 303, await response.text()
        return response.headers["Location"]

    async def post(self, door: str, lesson: str, headers: dict[str, str], query: str = "", body: Any = None) -> aiohttp.ClientResponse:
        from tests.server.live.doubles import OFFER

        sent = {"Content-Type": "application/sdp", **headers}
        return await self.client.post(f"/{door}/{lesson}{query}", data=OFFER if body is None else body, headers=sent)

    async def socket(self, lesson: str, headers: dict[str, str] | None = None, query: str = "") -> aiohttp.ClientWebSocketResponse:
        return await self.client.ws_connect(f"/ws/{lesson}{query}", headers=headers or {})


async def error_code(response: aiohttp.ClientResponse) -> str:
    body = await response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "params", "message"}
    assert all(body["error"]["message"][lang] for lang in ("zh", "en"))
    return str(body["error"]["code"])


@pytest.fixture(scope="session")
def assets() -> Assets:
    return Assets()


@pytest.fixture
def environment(tmp_path: Path, database: str) -> dict[str, str]:
    """`both_databases` runs a module's tests on PostgreSQL too."""
    found = {"SHUANGSHI_DATA_DIR": str(tmp_path), "SHUANGSHI_SECRET_KEY": "k" * 40, "SHUANGSHI_TIMEZONE": SCHOOL_DAY}
    return found if database.startswith("sqlite") else found | {"SHUANGSHI_DATABASE_URL": database.replace("+asyncpg", "")}


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return settings_module.read(environment)


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[WorkerOnSocket]:
    worker = WorkerOnSocket(settings.control_path)
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture
async def web(settings: Settings, worker: WorkerOnSocket, assets: Assets) -> AsyncIterator[Web]:
    app = create_app(settings, assets=assets)
    jar = aiohttp.CookieJar(unsafe=True)
    async with TestClient(TestServer(app), cookie_jar=jar) as client:
        web = Web(client, worker)
        await web.until_media(True)
        yield web


class Browser:
    """Somebody's browser in the two counties of `tests.server.world`: own cookies, own-origin forms with their CSRF token."""

    def __init__(self, web: Web, cookies: dict[str, str]) -> None:
        self.web = web
        self.cookies = cookies

    async def _ask(self, method: str, path: str, **how: Any) -> aiohttp.ClientResponse:
        headers = {"Origin": self.web.origin, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **how.pop("headers", {})}
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            response = await http.request(method, self.web.origin + path, headers=headers, allow_redirects=False, **how)
            await response.read()
        return response

    async def get(self, path: str, *, page: bool = False, **how: Any) -> aiohttp.ClientResponse:
        """A page (`page`: as a browser goes there) or data."""
        headers = {"Accept": "text/html" if page else "application/json", **how.pop("headers", {})}
        return await self._ask("GET", path, headers=headers, **how)

    async def post(self, path: str, form: dict[str, Any] | None = None, *, page: bool = False, csrf: bool = True) -> aiohttp.ClientResponse:
        """Send a form with this login's CSRF token; the answer is JSON unless `page`."""
        values = dict(form or {})
        if csrf:
            values["csrf"] = self.token
        return await self._ask("POST", path, data=values, headers={"Accept": "text/html" if page else "application/json"})

    @property
    def token(self) -> str:
        session = next(iter(self.cookies.values()), "").rpartition(".")[0]
        if "ss_session" in self.cookies:
            session = self.cookies["ss_session"].rpartition(".")[0]
        return hmac.digest(self.web.app[keys.CSRF_KEY], session.encode(), "sha256").hex()


@dataclass
class Town:
    """A web process over the two counties."""

    web: Web
    world: worlds.World

    def browser(self, who: str | None) -> Browser:
        """Somebody's browser; None: nobody's."""
        return Browser(self.web, self.world.cookies(who) if who else {})


@pytest.fixture
async def town(web: Web) -> Town:
    """The web process with the two counties in its store; their sessions are valid now."""
    world = await worlds.build(web.app[keys.STORE].database, web.app[keys.CONTENTS], time.time_ns() // 1_000_000)
    return Town(web, world)
