"""One page's socket, as the lesson sees it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from server.domain.command import Giver
from server.domain.commands import parse_command
from server.domain.media_plan import place_of
from server.domain.principal import Principal, Surface
from server.domain.seen import Audience, audience_of
from server.errors import AppError, BadRequest
from server.live import messages as m
from server.live.intercom import Said, addressed
from server.live.outbox import Outbox
from server.live.refusals import as_app_errors, error_body
from server.live.registry import Session

if TYPE_CHECKING:
    from media.client.messages import SlotState
    from server.live.room import Room

_numbers = itertools.count(1)
_SHOWN_WHY = {"refused": "empty"}


class Connection:
    """Made by `Lessons.attach`; `handle` each message of the page, `close` when its socket is gone."""

    def __init__(
        self,
        room: Room,
        principal: Principal,
        surface: Surface,
        outbox: Outbox,
        page: str = "",
        sessions: Sequence[str] = (),
    ) -> None:
        self.number = next(_numbers)
        """Ascending: a later socket has a higher one."""
        self.principal = principal
        self.surface = surface
        self.page = page
        self.outbox = outbox
        self.audience: Audience = audience_of(principal.role, principal.participant, principal.seat)
        self._room = room
        self._claims = set(sessions)
        self._stale: dict[str, Session] = {}
        self._shown: dict[str, Any] = {}

    async def handle(self, message: Any) -> None:
        """Take one message of the page. Refusals are answered, never raised; after a `bye` nothing is heard."""
        if self.outbox.closed:
            return
        identity = message.get("id") if isinstance(message, dict) else None
        try:
            await self._handle(m.parse_message(message))
        except AppError as error:
            answer = {"type": "refused", "id": identity if isinstance(identity, str) else "", "error": error_body(error)}
            self.outbox.put(answer)

    async def close(self) -> None:
        """The socket is gone."""
        self._room.dismiss(self)
        self.outbox.close()

    def bye(self, code: str) -> None:
        """Send the page away."""
        self.outbox.bye(code)
        self._room.dismiss(self)

    def owns(self, session: Session) -> bool:
        """Whether a session was made by this page."""
        tag = session.tag
        if tag.page or self.page:
            return tag.page == self.page and tag.principal == self.principal.id
        return tag.principal == self.principal.id and tag.admission == self.principal.admission

    def show(self, session: Session) -> None:
        """Soon say what the session's slots show; changes of one turn of the loop go together."""
        if not self._stale:
            asyncio.get_running_loop().call_soon(self._show)
        self._stale[session.id] = session

    def lose(self, session: str) -> None:
        """Say that a session is gone."""
        self._claims.discard(session)
        self._shown.pop(session, None)
        self.outbox.put({"type": "media.lost", "session": session})

    def check_claims(self) -> None:
        """Say which of the sessions the page believes in are gone; once the worker's snapshot is in."""
        if self._room.services.desk.ready:
            registry = self._room.services.desk.registry
            for session in sorted(self._claims):
                if registry.get(session) is None:
                    self.lose(session)
            self._claims.clear()

    async def _handle(self, message: m.AnyFromPage) -> None:
        if isinstance(message, m.Hello):
            self._room.send_state(self, message.after)
        elif isinstance(message, m.CommandMessage):
            await self._command(message)
        elif isinstance(message, m.Speak):
            await self._speak(message)
        elif isinstance(message, m.Signal):
            self._signal(m.parse_signal(message))
        else:
            self.outbox.put({"type": "pong", "t": message.t, "at": self._room.log.now()})

    async def _command(self, message: m.CommandMessage) -> None:
        with as_app_errors():
            command = parse_command(message.kind, message.payload)
            seq = await self._room.execute(self.principal.id, giver_of(self.principal), message.id, command)
        self.outbox.put({"type": "ack", "id": message.id, "seq": seq})
        await self._room.settle()

    async def _speak(self, message: m.Speak) -> None:
        who, room = self.principal, self._room
        source, target = addressed(who.role, who.participant, message.to, room.names)
        said = Said(who.lesson, who.id, message.id, room.log.now(), source, target, message.text)
        with as_app_errors():
            await room.speak(said)
        self.outbox.put({"type": "ack", "id": message.id, "seq": 0})

    def hear(self, messages: Sequence[Said]) -> None:
        """Words of the intercom that this page may hear."""
        heard = [said.shown() for said in messages if said.reaches(self.audience)]
        if heard:
            self.outbox.put({"type": "intercom", "messages": heard})

    def _signal(self, signal: m.AnySignal) -> None:
        room, now = self._room, self._room.services.clock.monotonic_ms()
        if isinstance(signal, m.Played):
            plays = {"audio": signal.audio, "camera": signal.camera, "screen": signal.screen}
            room.presence.played(self.number, plays, now)
        elif isinstance(signal, m.Mic):
            room.presence.mic(self.number, signal.silent, now)
        elif isinstance(signal, m.WallRooms):
            self._turn_wall(signal.rooms)
        else:
            room.relay.pass_on(self, signal, room.state.board.pen, now)

    def _turn_wall(self, rooms: tuple[str, ...]) -> None:
        if self.principal.role not in ("master", "wall"):
            raise BadRequest("no wall here")
        for session in self._room.services.desk.registry.of(self.principal.lesson):
            if not session.publishes and self.owns(session):
                session.wall_rooms = rooms
        self._room.unsettled = True

    def _show(self) -> None:
        stale, self._stale = self._stale, {}
        for session in stale.values():
            slots = {name: _shown(state) for name, state in sorted(session.slots.items())}
            if self._shown.get(session.id) != slots:
                self._shown[session.id] = slots
                self.outbox.put({"type": "slots", "session": session.id, "slots": slots})


def giver_of(principal: Principal) -> Giver:
    """The principal as the domain sees it."""
    return Giver(principal.role, principal.participant, principal.seat, principal.id)


def _shown(state: SlotState) -> dict[str, str | None]:
    place = place_of(state.source) if state.source else None
    return {
        "participant": place.participant if place else None,
        "source": place.source if place else None,
        "why": _SHOWN_WHY.get(state.why, state.why),
    }
