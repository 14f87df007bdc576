"""`shuangshi lesson …` and `shuangshi link …`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable

import msgspec

from server.cli.papers import Paper, open_desk
from server.domain.principal import Role
from server.live import links
from server.settings import Settings


async def lesson_create(settings: Settings, arguments: argparse.Namespace) -> None:
    """Make a lesson and print its id."""
    async with open_desk(settings) as desk:
        lesson = await desk.lesson(arguments.name)
    _show({"id": lesson.id, "name": lesson.name, "phase": lesson.phase}, as_json=arguments.json)


async def lesson_list(settings: Settings, arguments: argparse.Namespace) -> None:
    """Print every lesson: id, phase, name."""
    async with open_desk(settings) as desk:
        states = [await links.read_lesson(desk.store, lesson) for lesson in await desk.store.lesson_ids()]
    for state in states:
        if arguments.json:
            _write([msgspec.json.encode({"id": state.id, "name": state.name, "phase": state.phase}).decode()])
        else:
            _write([f"{state.id}  {state.phase:10}  {state.name}"])


async def link(settings: Settings, arguments: argparse.Namespace) -> None:
    """Make a link and print what is needed to join."""
    role: Role = arguments.role
    async with open_desk(settings) as desk:
        lesson = await desk.find(arguments.lesson)
        paper = await desk.link(lesson.id, role, arguments.name, arguments.hours)
    show_paper(paper, as_json=arguments.json)


async def link_revoke(settings: Settings, arguments: argparse.Namespace) -> None:
    """Revoke a link; a running web process ends its sockets and sessions within two seconds."""
    async with open_desk(settings) as desk:
        await desk.revoke(arguments.id)
    _write([f"revoked {arguments.id}"])


def show_paper(paper: Paper, *, as_json: bool) -> None:
    """Print a link."""
    expires = "" if paper.expires_at is None else dt.datetime.fromtimestamp(paper.expires_at / 1000, dt.UTC).isoformat(timespec="seconds")
    shown = {
        "id": paper.id,
        "role": paper.role,
        "name": paper.name,
        "page": paper.page,
        "whip": paper.whip,
        "whep": paper.whep,
        "hls": paper.hls,
    }
    _show({**shown, "token": paper.token, "expires_at": expires}, as_json=as_json)


def _show(fields: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        _write([msgspec.json.encode(fields).decode()])
    else:
        _write(f"{key:<12}{value}" for key, value in fields.items() if value)


def _write(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(line + "\n" for line in lines))
