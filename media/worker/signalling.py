"""WHIP and WHEP sessions of one worker: SDP answers, ICE restarts, who may see what, ends.

Sessions are opaque strings outside (`w0-…`) and small integers inside.
"""

from __future__ import annotations

import contextlib
import logging
import random
import time
from collections.abc import Iterator

from media.client.messages import Close, Configure, Label, Patch, Publish, Reply, SlotPlan, SlotState, SourceSpec, SourceState, Watch
from media.errors import BadSlots, MediaError, StaleEtag
from media.relay import Relay, SlotWish, SourcePlan
from media.transport import sdp
from media.transport.loop import MediaLoop
from media.transport.session import SessionEvent
from media.worker.news import News
from media.worker.sessions import Session, SessionTable

log = logging.getLogger(__name__)


class Signalling:
    """Every method runs on the event loop's thread, never waits for a peer, and raises `MediaError`."""

    def __init__(self, table: SessionTable, policy: sdp.Policy, relay: Relay, media: MediaLoop, news: News) -> None:
        self._table = table
        self._policy = policy
        self._relay = relay
        self._media = media
        self._news = news
        self._rng = random.SystemRandom()

    def publish(self, command: Publish) -> Reply:
        """Answer a publisher; whoever fed one of its sources ends."""
        now = time.monotonic_ns()
        session = self._table.new("publish", command.owner, command.tag, command.token_hash)
        local = self._media.reserve()
        answer = sdp.answer_publisher(command.offer, command.names, local, self._policy)
        media = tuple(m for m in answer.media if m.source in command.sources)
        if not media:
            raise BadSlots(f"nothing of {sorted(command.sources)} in the offer")
        plans = tuple(_plan(m.source, command.sources[m.source]) for m in media)
        for plan in plans:
            if older := self._table.feeding(plan.key):
                self.end(older, "replaced")
        session.as_of = command.as_of
        session.mids = tuple(m.mid for m in answer.media)
        session.sources = {
            p.key: SourceState(key=p.key, session=session.name, name=p.name, kind=m.kind, live=False)
            for p, m in zip(plans, media, strict=True)
        }
        self._media.open_session(session.number, local, answer.peer)
        with self._closing_on_refusal(session):
            self._relay.add_publisher(session.number, command.owner, media, plans, now)
        return self._added(session, command.id, answer.sdp)

    def watch(self, command: Watch) -> Reply:
        """Answer a subscriber."""
        now = time.monotonic_ns()
        session = self._table.new("watch", command.owner, command.tag, command.token_hash)
        local = self._media.reserve()
        answer = sdp.answer_subscriber(command.offer, command.names, local, self._policy, self._rng)
        session.as_of = command.as_of
        session.mids = tuple(slot.mid for slot in answer.slots)
        session.slots = {slot.slot: SlotState() for slot in answer.slots}
        session.labels = command.labels
        self._media.open_session(session.number, local, answer.peer)
        with self._closing_on_refusal(session):
            self._relay.add_subscriber(session.number, command.owner, answer.slots, now)
        self._relay.configure(session.number, frozenset(command.labels), _wishes(command.slots), now)
        return self._added(session, command.id, answer.sdp)

    @contextlib.contextmanager
    def _closing_on_refusal(self, session: Session) -> Iterator[None]:
        """What the relay refuses leaves no half of a session behind."""
        try:
            yield
        except MediaError:
            self._media.close_session(session.number)
            raise

    def _added(self, session: Session, command_id: str, answer: str) -> Reply:
        self._table.add(session)
        self._news.session_changed(session)
        return Reply(id=command_id, session=session.name, answer=answer, etag=session.etag)

    def patch(self, command: Patch) -> Reply:
        """Trickle, or an ICE restart."""
        session = self._table.named(command.session)
        fragment = sdp.read_fragment(command.fragment)
        restarts = fragment.ufrag is not None and self._media.remote_ufrag(session.number) != fragment.ufrag
        # RFC 9725 4.3.3: a restart is sent with If-Match "*", trickle with the ETag of the ICE session it belongs to.
        if command.etag != session.etag and not (command.etag == "*" and restarts):
            raise StaleEtag(f"{command.etag} is not {session.etag}")
        if not restarts:
            return Reply(id=command.id, session=session.name, etag=session.etag)
        local = self._media.restart_ice(session.number, fragment.ufrag or "", fragment.pwd or "")
        session.generation += 1
        self._news.session_changed(session)
        return Reply(id=command.id, session=session.name, etag=session.etag, answer=sdp.write_fragment(local, session.mids))

    def close(self, command: Close) -> Reply:
        """End a session; one that is gone already is no error."""
        try:
            self.end(self._table.named(command.session), command.reason)
        except MediaError:
            log.debug("close of %s: gone already", command.session)
        return Reply(id=command.id, session=command.session)

    def configure(self, command: Configure) -> Reply:
        """What a subscriber is to see from now on, unless something newer was said already."""
        session = self._table.named(command.session)
        if session.overtaken(command.as_of):
            return Reply(id=command.id, session=session.name)
        session.labels = command.labels
        self._relay.configure(session.number, frozenset(command.labels), _wishes(command.slots), time.monotonic_ns())
        return Reply(id=command.id, session=session.name)

    def label(self, command: Label) -> Reply:
        """Who may see sources from now on; those of a session that something newer was said of are left out."""
        feeding = {spec.key: self._table.feeding(spec.key) for spec in command.sources}
        late = {session.number for session in feeding.values() if session and session.overtaken(command.as_of)}
        plans = (_plan("", spec) for spec in command.sources if (session := feeding[spec.key]) and session.number not in late)
        self._relay.label_sources(tuple(plans), time.monotonic_ns())
        return Reply(id=command.id)

    def end(self, session: Session, reason: str) -> None:
        """Nothing of it remains."""
        if not self._table.remove(session):
            return
        self._relay.remove_session(session.number, time.monotonic_ns())
        self._media.close_session(session.number)
        self._news.session_closed(session, reason)

    def transport_event(self, number: int, event: SessionEvent) -> None:
        """Its link came, went, or is over."""
        session = self._table.numbered(number)
        if session is None:
            return
        if event.state == "closed":
            self.end(session, event.reason)
            return
        session.state, session.transport = event.state, event.transport
        self._relay.set_connected(number, event.state == "connected", time.monotonic_ns())
        self._news.session_changed(session)


def _plan(name: str, spec: SourceSpec) -> SourcePlan:
    return SourcePlan(name=name, key=spec.key, labels=frozenset(spec.labels), muted=spec.muted)


def _wishes(slots: dict[str, SlotPlan]) -> dict[str, SlotWish]:
    return {slot: SlotWish(sources=plan.sources, quality=plan.quality) for slot, plan in slots.items()}
