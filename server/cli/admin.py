"""`shuangshi admin …`: the acts of administrators from the command line, by whoever may read the data directory."""

from __future__ import annotations

import argparse
import asyncio
import sys

from server.cli import accounts, admin_audit, admin_keys, exchange
from server.cli.hall import Word, open_hall
from server.settings import Settings

WORDS: tuple[Word, ...] = (
    *accounts.WORDS,
    *admin_audit.WORDS,
    *admin_keys.WORDS,
    *exchange.WORDS,
)
"""Every word. A part of the product adds its module's `WORDS` here and nothing else."""


def add_words(parser: argparse.ArgumentParser) -> None:
    """Teach the command line the words."""
    words = parser.add_subparsers(required=True, metavar="COMMAND")
    for word in WORDS:
        one = words.add_parser(word.name, help=word.help, description=word.help)
        word.arguments(one)
        one.set_defaults(run=run, word=word)


def run(settings: Settings, arguments: argparse.Namespace) -> None:
    """Do the word that was given; ends the process with its status unless that is 0."""
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
