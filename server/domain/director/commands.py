"""Commands of `director`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.director.events import Choice
from server.domain.principal import Role


class ChooseLayout(Command, frozen=True, kw_only=True):
    """Choose what the rooms see; `auto` gives it back to the rules."""

    kind: ClassVar[str] = "director.layout"
    roles: ClassVar[frozenset[Role]] = frozenset({"master"})
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    layout: Choice


COMMANDS: tuple[type[Command], ...] = (ChooseLayout,)
