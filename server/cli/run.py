"""`shuangshi serve` and `shuangshi run`: the processes of one machine, in the foreground."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import aiohttp
import segno
from sqlalchemy.exc import DBAPIError

from server.accounts import demo
from server.cli import county
from server.cli.demo import visitor_papers
from server.cli.hall import open_hall
from server.cli.papers import Paper, base_url, open_desk
from server.settings import PREFIX, Settings
from server.supervisor import Program, Supervisor

READY_SECONDS = 60.0
WORDS = {"classroom": "教室 classroom", "master": "主讲 master", "viewer": "观众 viewer", "wall": "教室墙 wall"}
FIRST_ADMIN = "shuangshi admin create-admin --org CODE --org-name NAME --tier county"


def programs(settings: Settings, *, with_demo: bool) -> list[Program]:
    """The sibling processes."""
    python = sys.executable
    siblings = [Program("media", (python, "-m", "media")), Program("web", (python, "-m", "server", "web"))]
    return [*siblings, Program("demo", (python, "-m", "server", "demo"), essential=False)] if with_demo else siblings


async def serve(settings: Settings, *, with_demo: bool = False) -> None:
    """Run everything until SIGTERM or SIGINT; say where it is as soon as it answers."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    logins = await county.prepare(settings) if with_demo else []
    papers = await _papers(settings) if with_demo else []  # before the processes start: they must find one lesson, not make two
    environment = settings.child_environment(os.environ)
    if logins:
        environment.setdefault(PREFIX + "ADMIN_TOTP", "0")  # made-up people have no phones
    supervisor = Supervisor(programs(settings, with_demo=with_demo), environment)

    async def announce() -> None:
        if await answers(settings):
            say(settings, papers, logins, nobody=await _empty(settings))

    await supervisor.run(announce)


async def _empty(settings: Settings) -> bool:
    """Nobody was made here yet; False also when the database went away since the web process answered."""
    with suppress(OSError, DBAPIError):
        async with open_hall(settings) as hall:
            return not await hall.office.orgs.count()
    return False


async def _papers(settings: Settings) -> list[Paper]:
    async with open_desk(settings) as desk:
        return await visitor_papers(desk, await desk.demo_lesson())


async def answers(settings: Settings) -> bool:
    """Wait until store and worker answer; False if they do not within a minute."""
    url = f"{base_url(settings)}/healthz"
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http, asyncio.timeout(READY_SECONDS):
            while not await _healthy(http, url):
                await asyncio.sleep(0.2)
    except TimeoutError:
        return False
    return True


async def _healthy(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def say(settings: Settings, papers: list[Paper], logins: Sequence[str] = (), *, nobody: bool = False) -> None:
    """Print addresses, how to begin where there is `nobody` yet and, in LAN mode, a QR code for the PC next door."""
    base = base_url(settings)
    lines = ["", f"  双师 shuangshi  {base}/", ""]
    lines += [f"  {WORDS[paper.role]}\n    {paper.page}" for paper in papers]
    if papers:
        lines += ["", f"  演示课 lesson “{demo.WORD}” 正在进行 is going on: 打开教室链接即可加入 open the classroom link to join."]
    if logins:
        lines += ["", f"  演示账号 demo logins ({base}/login)", *(f"    {line}" for line in logins)]
    if nobody:
        lines += ["", "  还没有管理员，先建第一个 nobody is here yet, make the first admin:", f"    {FIRST_ADMIN}"]
    if not settings.lan or settings.tls_cert:
        _print("\n".join([*lines, ""]))
        return
    host = base.removeprefix("https://").rsplit(":", 1)[0]
    guide = f"http://{host}:{settings.guide_port}/guide"
    lines += ["", f"  隔壁电脑先看 the PC next door reads first: {guide}", ""]
    _print("\n".join(lines))
    _qr(guide)
    rooms = [paper for paper in papers if paper.role == "classroom"]
    if rooms:
        _print(f"\n  再打开教室链接 and then opens the classroom link: {rooms[0].name}\n")
        _qr(rooms[0].page)


def _qr(address: str) -> None:
    segno.make(address, error="l").terminal(out=sys.stdout, compact=True)
    _print("")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
