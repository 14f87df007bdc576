"""The lessons of this process: what the web layer calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.bus import Bus, Revoked
from server.domain.commands import parse_command
from server.domain.decide import admits_media
from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.plan import NO_PLAN
from server.domain.principal import Principal, Role, Surface
from server.domain.seen import audience_of
from server.domain.slots import check_slots, check_sources, media_kinds
from server.errors import BadSlots, Forbidden, PlaceTaken, WrongPhase
from server.live import links
from server.live.clock import Clock
from server.live.connection import Connection, giver_of
from server.live.desk import MediaAnswer, MediaControl
from server.live.intercom import Intercom
from server.live.messages import PROTOCOL
from server.live.outbox import Outbox
from server.live.refusals import as_app_errors
from server.live.room import Room, plan_message
from server.live.rooms import Rooms
from server.live.seats import sit_down, stand_up
from server.live.tags import Tag, make_tag
from server.live.texts import Texts
from server.store import Store


@dataclass(frozen=True, slots=True)
class Ack:
    """A command was carried out, now or before."""

    seq: int


class Lessons:
    """Everything raises `server.errors.AppError`s. The store, the bus and the media client are the caller's to open and close."""

    def __init__(self, store: Store, texts: Texts, intercom: Intercom, bus: Bus, media: MediaControl, clock: Clock, build: str) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._build = build
        self.rooms = Rooms(store, texts, intercom, bus, media, clock, build)

    async def start(self) -> None:
        """Begin to listen, before the media client starts."""
        await self.rooms.start()

    async def stop(self) -> None:
        """Stop; media goes on."""
        await self.rooms.stop()

    def counts(self) -> dict[str, int]:
        """`lessons`, `pages`, `sessions` of this process."""
        return self.rooms.counts()

    # --- lessons and links -------------------------------------------------------------------------------------------

    async def create(self, name: str) -> LessonState:
        """A new scheduled lesson."""
        return await links.create_lesson(self._store, self._clock, name)

    async def find(self, id_or_name: str) -> LessonState:
        """The lesson of this id, else the newest of this name, at most a second old; raises `NoSuchLesson`."""
        running = self.rooms.running(id_or_name)
        return running.state if running else await links.read_lesson(self._store, id_or_name)

    async def make_link(self, lesson_id: str, role: Role, name: str | None = None, expires_at: int | None = None) -> Link:
        """A link; see `links.make_link`."""
        link = await links.make_link(self._store, self._clock, lesson_id, role, name, expires_at)
        await (await self.rooms.get(link.lesson)).learn_names()
        return link

    async def link(self, link_id: str) -> Link | None:
        """The link of this id."""
        return await self._store.link(link_id)

    async def revoke(self, link_id: str) -> bool:
        """Revoke; its sockets and sessions end everywhere within two seconds. False: no such link."""
        done = await self._store.revoke_link(link_id, self._clock.wall_ms())
        await self.tell_revoked(link_id)
        return done

    async def sit_down(self, lesson_id: str, participant: str, seat: int, expires_at: int) -> Link:
        """A pupil's device takes a free seat; raises `AppError`."""
        room = await self.rooms.get(lesson_id)
        return await sit_down(self._store, room, participant, seat, self._clock.wall_ms(), expires_at)

    async def stand_up(self, principal: Principal, seat: int) -> None:
        """The device of a seat of the principal's own room leaves, or is sent out. Raises `Forbidden` for another's seat."""
        room = await self._entitled(principal)
        own = principal.role in ("classroom", "assistant") or (principal.role == "seat" and principal.seat == seat)
        if not own or principal.participant is None:
            raise Forbidden
        for paper in await stand_up(self._store, room, principal.participant, seat, self._clock.wall_ms()):
            await self.tell_revoked(paper)

    async def tell_revoked(self, paper: str) -> None:
        """Say at once that a paper was revoked: a link's id, `device:ID`, or `session:ID:EPOCH`. The table says it within a second anyway."""
        await self._bus.publish(Revoked(link=paper))

    # --- the live socket ---------------------------------------------------------------------------------------------

    async def execute(self, principal: Principal, command_id: str, kind: str, payload: object) -> Ack:
        """Carry out a command once; a repeat of its id gets the first acknowledgement."""
        with as_app_errors():
            room = await self._entitled(principal)
            command = parse_command(kind, payload)
            seq = await room.execute(principal.id, giver_of(principal), command_id, command)
        self.rooms.poke(principal.lesson)
        return Ack(seq)

    async def attach(
        self,
        principal: Principal,
        surface: Surface,
        after: int | None,
        outbox: Outbox,
        page: str = "",
        sessions: Sequence[str] = (),
    ) -> Connection:
        """A page's socket: fills `outbox` from now on. One not entitled (any more) gets a `bye` and nothing else."""
        room = await self.rooms.get(principal.lesson)
        await room.catch_up()
        if principal.role in ("master", "wall"):
            await room.learn_names()  # links made on the command line: their rooms are missing until they come
        spoken = await self.rooms.services.intercom.recent(principal.lesson, audience_of(principal.role, principal.participant))
        # nothing is waited for from here on: whoever is sent out from now is found among the connections
        connection = Connection(room, principal, surface, outbox, page, sessions)
        if refusal := _refusal(room, principal):
            outbox.bye(refusal)
            return connection
        outbox.put(self._welcome(room, principal))
        if room.plan != NO_PLAN:
            outbox.put(plan_message(room.plan))
        room.send_state(connection, after)
        room.admit(connection)
        connection.hear(spoken)
        for session in self.rooms.desk.registry.of(principal.lesson):
            if not session.publishes and connection.owns(session):
                connection.show(session)
        connection.check_claims()
        self.rooms.poke(principal.lesson)
        return connection

    def _welcome(self, room: Room, principal: Principal) -> dict[str, object]:
        return {
            "type": "welcome",
            "protocol": PROTOCOL,
            "build": self._build,
            "you": {"participant": principal.participant, "role": principal.role, "name": principal.name, "seat": principal.seat},
            "lesson": {"id": room.state.id, "name": room.state.name},
            "at": room.log.now(),
            "seats": room.facts.room(principal.participant).seats if principal.participant else 0,
        }

    async def _entitled(self, principal: Principal) -> Room:
        room = await self.rooms.get(principal.lesson)
        if _refusal(room, principal):
            raise Forbidden
        return room

    # --- WHIP and WHEP -----------------------------------------------------------------------------------------------

    async def publish(
        self, principal: Principal, offer: str, names: tuple[str, ...], takeover: bool = False, page: str = ""
    ) -> MediaAnswer:
        """A WHIP offer for the sources `names`; raises `PlaceTaken` while another principal publishes one of them (S4)."""
        with as_app_errors():
            room = await self._open_to_media(principal)
            check_sources(principal.role, names)
            tag = make_tag(principal, "publish", page, names)
            async with room.publishing:
                self._check_places(tag, takeover)
                return await self.rooms.desk.publish(room.state, tag, offer)

    def _check_places(self, tag: Tag, takeover: bool) -> None:
        for session in self.rooms.desk.registry.holders(tag.lesson, tag.participant, tag.names):
            if session.tag.principal != tag.principal and session.state != "disconnected" and not takeover:
                raise PlaceTaken

    async def watch(
        self, principal: Principal, offer: str, slots: tuple[str, ...] | None, source: str | None = None, page: str = ""
    ) -> MediaAnswer:
        """A WHEP offer; `slots` names its m-lines, None: a plain offer, whose first video is `source` (camera, screen)."""
        if source not in (None, "camera", "screen"):
            raise BadSlots("no such source", field="source")
        with as_app_errors():
            room = await self._open_to_media(principal)
            check_slots(principal.role, slots)
            plain = media_kinds(offer) if slots is None else ()
            tag = make_tag(principal, "watch", page, slots or (), plain, source == "screen")
            return await self.rooms.desk.watch(room.state, tag, offer)

    async def patch(self, principal: Principal, session: str, etag: str, fragment: str) -> MediaAnswer:
        """Trickle, or ICE restart of one's own session; raises `NoSuchSession`, `StaleEtag`."""
        with as_app_errors():
            room = await self._entitled(principal)
            own = self.rooms.desk.session_of(room.state.id, principal.id, session)
            return await self.rooms.desk.patch(own, etag, fragment)

    async def close(self, principal: Principal, session: str) -> None:
        """End one's own session; raises `NoSuchSession`."""
        with as_app_errors():
            room = await self._entitled(principal)
            own = self.rooms.desk.session_of(room.state.id, principal.id, session)
            await self.rooms.desk.close(own, "closed")

    async def _open_to_media(self, principal: Principal) -> Room:
        room = await self._entitled(principal)
        await room.catch_up()
        if not admits_media(room.state, principal.participant):
            raise WrongPhase("no media now", phase=room.state.phase)
        return room


def _refusal(room: Room, principal: Principal) -> str:
    if principal.papers & room.revoked:
        return "revoked"
    return "removed" if principal.participant in room.state.removed else ""
