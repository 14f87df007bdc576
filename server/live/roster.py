"""Who may take part in a lesson, and what people call them: the log has ids only (S20)."""

from __future__ import annotations

from server.store import PersonRole, Store


class Roster:
    """The roster of one lesson, as it was read last."""

    def __init__(self, store: Store, lesson: str) -> None:
        self._store = store
        self._lesson = lesson
        self.names: dict[str, str] = {}
        """Participant → name; always the same mapping."""
        self.roles: dict[str, PersonRole] = {}

    async def learn(self) -> None:
        """Read it again."""
        people = await self._store.people(self._lesson)
        self.names.clear()
        self.names.update({person.id: person.name for person in people})
        self.roles = {person.id: person.role for person in people}
