"""Events of lessons as the log's table keeps them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.events import Envelope, decode_payload, encode_payload
from server.store.tables import lesson_event


def tail_of(lesson_id: str, after: int, limit: int | None = None) -> Select[Any]:
    """The rows after seq `after`, in order."""
    query = select(lesson_event).where(lesson_event.c.lesson == lesson_id, lesson_event.c.seq > after)
    return query.order_by(lesson_event.c.seq).limit(limit)


async def events_after(connection: AsyncConnection, lesson_id: str, after: int) -> list[Envelope]:
    """The same as events, within a transaction."""
    return [event_of(row) for row in await connection.execute(tail_of(lesson_id, after))]


def event_of(row: Any) -> Envelope:
    """The event of a row."""
    return Envelope(row.lesson, row.seq, row.at, decode_payload(row.kind, row.v, row.payload), row.actor, row.on_behalf, row.command_id)


def row_of(event: Envelope) -> dict[str, Any]:
    """The row of an event."""
    return {
        "lesson": event.lesson,
        "seq": event.seq,
        "at": event.at,
        "v": event.v,
        "kind": event.kind,
        "actor": event.actor,
        "on_behalf": event.on_behalf,
        "command_id": event.command_id,
        "payload": encode_payload(event.payload),
    }
