"""What a worker tells its controllers: each event has its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from media.client.messages import (
    AnyEvent,
    RecordingChanged,
    RecordingClosed,
    RecordingState,
    Report,
    SessionChanged,
    SessionClosed,
    SessionReport,
    SlotChanged,
    SlotState,
    SourceChanged,
    SourceState,
)
from media.relay import LinkReport, RelayEvent, SlotUpdate, SourceUpdate
from media.worker.sessions import Session, SessionTable


class News:
    """Turns what was noticed into numbered events, and keeps the table of sessions as told."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table
        self._next: Callable[[], int] = lambda: 0
        self._emit: Callable[[AnyEvent], None] = lambda event: None

    def connect(self, next_event: Callable[[], int], emit: Callable[[AnyEvent], None]) -> None:
        """Where events go and who numbers them."""
        self._next, self._emit = next_event, emit

    def session_changed(self, session: Session) -> None:
        """It is new, or its state is."""
        self._emit(SessionChanged(n=self._next(), session=session.describe()))

    def session_closed(self, session: Session, reason: str) -> None:
        """It is gone."""
        self._emit(SessionClosed(n=self._next(), session=session.name, reason=reason))

    def recording_changed(self, state: RecordingState) -> None:
        """See `Recorder`."""
        self._emit(RecordingChanged(n=self._next(), state=state))

    def recording_closed(self, recording: str) -> None:
        """See `Recorder`."""
        self._emit(RecordingClosed(n=self._next(), recording=recording))

    def relayed(self, updates: Iterable[RelayEvent]) -> None:
        """What the relay noticed of sources and slots."""
        for update in updates:
            session = self._table.numbered(update.session)
            if session is None:
                continue
            if isinstance(update, SourceUpdate):
                self._source_changed(session, update)
            else:
                self._slot_changed(session, update)

    def _source_changed(self, session: Session, update: SourceUpdate) -> None:
        state = SourceState(
            key=update.key,
            session=session.name,
            name=update.name,
            kind=update.kind,
            live=update.live,
            codec=update.codec,
            layers=update.layers,
        )
        session.sources[update.key] = state
        self._emit(SourceChanged(n=self._next(), source=state))

    def _slot_changed(self, session: Session, update: SlotUpdate) -> None:
        state = SlotState(source=update.key, why=update.why)
        session.slots[update.slot] = state
        self._emit(SlotChanged(n=self._next(), session=session.name, slot=update.slot, state=state))

    def links(self, links: Iterable[LinkReport]) -> None:
        """How the sessions' links are; nothing is told where there are none."""
        reports = tuple(_report(session, link) for link in links if (session := self._table.numbered(link.session)))
        if reports:
            self._emit(Report(n=self._next(), sessions=reports))


def _report(session: Session, link: LinkReport) -> SessionReport:
    return SessionReport(
        session=session.name,
        rtt_ms=link.rtt_ms,
        loss=link.loss,
        kbit_in=link.kbit_in,
        kbit_out=link.kbit_out,
        audio_level=link.audio_level,
    )
