"""All rows of a worker: who owns which SSRC, which rows are live on a layer, and when a new segment begins."""

from __future__ import annotations

from collections.abc import Collection

from media.fanout.counters import Counters
from media.fanout.ring import Ring
from media.fanout.send import Origin, Sender
from media.fanout.session import RowState, Session
from media.fanout.stream import OutStream
from media.wire.rows import NO_LAYER, Row


class RowTable:
    """Rows by id and by layer."""

    def __init__(self, sender: Sender, counters: Counters) -> None:
        self._sender = sender
        self._counters = counters
        self._rows: dict[int, RowState] = {}
        self._on_layer: dict[int, dict[int, RowState]] = {}
        self._live: dict[int, dict[int, RowState]] = {}
        sender.on_lost = self._lost

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row: int) -> RowState | None:
        """The row, if it exists."""
        return self._rows.get(row)

    def live(self, layer: int) -> Collection[RowState]:
        """Rows that take the layer's packets as they come."""
        return self._live.get(layer, {}).values()

    def set(self, row: Row, session: Session, ring: Ring | None) -> None:
        """Create or replace a row; a change of session or SSRC makes a new one. An SSRC of another row is refused (M5)."""
        state = self._rows.get(row.row)
        if state is not None and (state.session is not session or state.row.ssrc != row.ssrc):
            self.remove(row.row)
            state = None
        if state is None:
            state = self._create(row, session)
            if state is None:
                return
        else:
            self._unlist(state)
            self._set_rtx(state, row)
        if state.row.layer != row.layer:
            state.unserve()
        state.row = row
        state.begin(ring)
        self._list(state)

    def _create(self, row: Row, session: Session) -> RowState | None:
        stream = session.stream(row.ssrc, row.row)
        if stream is None:
            self._counters["ssrc_conflicts"] += 1
            return None
        state = RowState(row, session, stream, None, Origin(session.number, row.row, not row.audio))
        self._set_rtx(state, row)
        self._rows[row.row] = session.rows[row.row] = state
        return state

    def _set_rtx(self, state: RowState, row: Row) -> None:
        current: OutStream | None = state.rtx
        if current is not None and current.ssrc == row.rtx_ssrc:
            return
        if current is not None:
            current.owner = None
        state.rtx = None
        if row.rtx_ssrc is not None and row.rtx_ssrc != row.ssrc:
            state.rtx = state.session.stream(row.rtx_ssrc, row.row)
        if row.rtx_ssrc is not None and state.rtx is None:
            self._counters["ssrc_conflicts"] += 1

    def remove(self, row: int) -> None:
        """Forget the row; its SSRCs remember how far they were used."""
        state = self._rows.pop(row, None)
        if state is None:
            return
        self._unlist(state)
        del state.session.rows[row]
        state.stream.forget(None)
        state.stream.owner = None
        if state.rtx is not None:
            state.rtx.owner = None
        self._sender.discard_row(state.session.number, row)
        self._sender.overflowed.discard(row)

    def forget(self, row: int) -> None:
        """Nothing sent so far is sent again, and nothing that waits leaves."""
        state = self._rows.get(row)
        if state is not None:
            state.segment = state.stream.forget(state.segment)
            self._sender.discard_row(state.session.number, row)

    def layer_added(self, layer: int, ring: Ring) -> None:
        """Rows that named the layer before it came use its ring from now on."""
        for state in self._on_layer.get(layer, {}).values():
            state.unserve()
            state.begin(ring)

    def layer_removed(self, layer: int) -> None:
        """Rows still on the layer send nothing."""
        for state in self._on_layer.get(layer, {}).values():
            state.segment = None

    def _list(self, state: RowState) -> None:
        row = state.row
        if row.layer != NO_LAYER:
            self._on_layer.setdefault(row.layer, {})[row.row] = state
            if row.live:
                self._live.setdefault(row.layer, {})[row.row] = state

    def _unlist(self, state: RowState) -> None:
        for table in (self._on_layer, self._live):
            rows = table.get(state.row.layer)
            if rows is not None:
                rows.pop(state.row.row, None)
                if not rows:
                    del table[state.row.layer]

    def _lost(self, row: int, count: int) -> None:
        state = self._rows.get(row)
        if state is not None:
            state.dropped += count
