"""`shuangshi admin …`: the acts of administrators from the command line, by whoever may read the data directory."""

from __future__ import annotations

import argparse

from server.cli import accounts, admin_audit, admin_keys, exchange
from server.cli.hall import Word, teach

WORDS: tuple[Word, ...] = (
    *accounts.WORDS,
    *admin_audit.WORDS,
    *admin_keys.WORDS,
    *exchange.WORDS,
)
"""Every word. A part of the product adds its module's `WORDS` here and nothing else."""


def add_words(parser: argparse.ArgumentParser) -> None:
    """Teach the command line the words."""
    teach(parser, WORDS)
