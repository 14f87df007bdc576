"""The product as a user starts it: `shuangshi serve` in a process of its own, with its own data directory and ports."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from server.cli.papers import open_desk
from server.domain.principal import Role
from server.settings import read
from tests.harness.ports import free_media_port, free_tcp_port
from tests.harness.zones import SCHOOL_DAY

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Link:
    """What `shuangshi link --json` prints."""

    page: str
    whip: str
    whep: str
    token: str
    expires_at: str
    id: str

    @classmethod
    def read(cls, text: str) -> Link:
        found = json.loads(text)
        return cls(**{name: found[name] for name in cls.__dataclass_fields__})


@dataclass
class Product:
    """A running installation. Use `async with Product(tmp_path)`."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    http_port: int = field(default_factory=free_tcp_port)
    media_port: int = field(default_factory=free_media_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SHUANGSHI_")}
        return {
            **clean,
            "PYTHONPATH": str(ROOT),
            "SHUANGSHI_DATA_DIR": str(self.data),
            "SHUANGSHI_HTTP_PORT": str(self.http_port),
            "SHUANGSHI_MEDIA_PORT": str(self.media_port),
            "SHUANGSHI_TIMEZONE": SCHOOL_DAY,
            **self.settings,
        }

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        return self.data / "serve.log"

    async def __aenter__(self) -> Product:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, command: str = "serve") -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server", command], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )
        await self.wait_healthy()

    async def wait_healthy(self, seconds: float = 30) -> dict[str, Any]:
        """Until /healthz says 200; what it said."""
        deadline = time.monotonic() + seconds
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < deadline:
                assert self.running, self.log.read_text()
                try:
                    async with http.get(f"{self.url}/healthz") as response:
                        if response.status == 200:
                            return dict(await response.json())
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(f"not healthy after {seconds} s:\n{self.log.read_text()[-5000:]}")

    async def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, 15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise AssertionError(f"did not stop on SIGTERM:\n{self.log.read_text()[-5000:]}") from None

    async def cli(self, *words: str) -> str:
        """Run `shuangshi WORDS…` against the same data directory; its standard output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", *words, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, error = await process.communicate()
        assert process.returncode == 0, f"shuangshi {' '.join(words)}: {error.decode()}"
        return out.decode()

    async def lesson(self, name: str = "Fractions") -> str:
        """Create a lesson; its id."""
        return str(json.loads(await self.cli("lesson", "create", name, "--json"))["id"])

    async def link(self, lesson: str, role: str, name: str = "", hours: float | None = None) -> Link:
        words = ["link", lesson, "--role", role, "--json", *(["--name", name] if name else [])]
        words += [] if hours is None else ["--hours", str(hours)]
        return Link.read(await self.cli(*words))

    async def invite(self, people: Sequence[tuple[Role, str]], name: str = "Fractions") -> tuple[str, list[Link]]:
        """A new lesson and a link for each (role, name): what the two commands above do, without a process for each."""
        async with open_desk(read(self.environment)) as desk:
            lesson = (await desk.lesson(name)).id
            papers = [await desk.link(lesson, role, person or None) for role, person in people]
        return lesson, [Link(p.page, p.whip, p.whep, p.token, str(p.expires_at), p.id) for p in papers]

    def child(self, words: str) -> int:
        """Process id of the supervised process whose command line contains `words`."""
        assert self._process
        for pid in _descendants(self._process.pid):
            if words in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode():
                return pid
        raise AssertionError(f"no child {words!r}")

    def kill(self) -> None:
        """SIGKILL for the process itself; what it supervises ends by itself."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def kill_web(self) -> None:
        os.kill(self.child("server web"), signal.SIGKILL)

    def kill_worker(self) -> None:
        os.kill(self.child("-m media"), signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found
