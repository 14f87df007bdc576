"""Events of `board`."""

from __future__ import annotations

from server.domain.payload import Payload

EVENTS: tuple[type[Payload], ...] = ()
