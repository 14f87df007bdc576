"""What every room of a process shares."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from server.bus import Bus
from server.live.announcer import Announcer
from server.live.clock import Clock
from server.live.desk import Desk
from server.live.intercom import Intercom
from server.live.recorder import Recorder
from server.live.texts import Texts
from server.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """Made once, by `Rooms`."""

    store: Store
    texts: Texts
    intercom: Intercom
    bus: Bus
    announcer: Announcer
    desk: Desk
    recorder: Recorder
    clock: Clock
    node: str
    build: str
    started: int
    """UTC ms at which this process carried on the clock of lessons that run already (S18)."""
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    """Begins work in the background; what it raises is logged."""
