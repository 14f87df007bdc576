"""Commands of `hands`."""

from __future__ import annotations

from server.domain.command import Command

COMMANDS: tuple[type[Command], ...] = ()
