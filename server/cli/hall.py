"""What the words of `shuangshi admin` and `shuangshi recording` work in: the store and the school's services, without a web process or beside a running one.

Every part of the product brings its words as `WORDS`, a tuple of `Word`, and stands in `server/cli/admin.py`. A word does its acts
as `hall.who` (the caller `system`), so each leaves a line in the audit.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from server.accounts.acts import Acts, Target
from server.accounts.audit import Audit
from server.accounts.caller import Caller, system
from server.accounts.contents import Contents
from server.accounts.keys import Keys, load_keys
from server.accounts.office import Office
from server.settings import Settings
from server.store import Store


@dataclass(frozen=True, slots=True)
class Hall:
    """One open installation."""

    settings: Settings
    store: Store
    keys: Keys
    contents: Contents
    audit: Audit
    acts: Acts
    office: Office
    who: Caller

    async def everything(self) -> Target:
        """The installation as a whole: its line is seen by the admins of the one office at the root."""
        return Target("installation", "shuangshi", await self.office.orgs.whole())


@dataclass(frozen=True, slots=True)
class Word:
    """`shuangshi admin NAME …`. `run` returns the status to end with (None: 0) and raises `AppError` or `OSError`."""

    name: str
    help: str
    run: Callable[[Hall, argparse.Namespace], Awaitable[int | None]] | None
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None
    show: Callable[[argparse.Namespace], None] = lambda _: None
    """In place of `run` (None): a word that needs no installation."""


@asynccontextmanager
async def open_hall(settings: Settings) -> AsyncIterator[Hall]:
    """Open the installation of the settings. Raises `OSError`."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = load_keys(settings)
    store = await Store.open(settings.database_url)
    try:
        contents = Contents(store.database, keys.vault, utc_ms, keys.fresh)
        await contents.check()
        audit = Audit(contents, keys.audit_key, utc_ms)
        acts = Acts(store.database, audit)
        office = Office(store.database, acts, contents, utc_ms)
        yield Hall(settings, store, keys, contents, audit, acts, office, system(f"cli {user()}"))
    finally:
        await store.close()


def teach(parser: argparse.ArgumentParser, words: Sequence[Word]) -> None:
    """Teach the command line words; each ends the process with its status unless that is 0."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for word in words:
        one = commands.add_parser(word.name, help=word.help, description=word.help)
        word.arguments(one)
        one.set_defaults(run=_run, word=word)


def _run(settings: Settings, arguments: argparse.Namespace) -> None:
    word: Word = arguments.word
    if word.run is None:
        word.show(arguments)
        return

    async def work() -> int:
        assert word.run is not None
        async with open_hall(settings) as hall:
            return await word.run(hall, arguments) or 0

    if status := asyncio.run(work()):
        sys.exit(status)


def user() -> str:
    """Whose command this is, for the audit."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such user: a container
        name = str(os.getuid())
    return re.sub(r"[^\w.@-]", "?", name)[:64]


def utc_ms() -> int:
    """Now."""
    return time.time_ns() // 1_000_000


def say(*lines: str) -> None:
    """Print."""
    sys.stdout.write("".join(line + "\n" for line in lines))


def say_json(body: object) -> None:
    """Print one JSON document in one line."""
    say(msgspec.json.encode(body).decode())
