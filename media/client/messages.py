"""The control protocol between the web process and a media worker (M33), version 1.

Frames on the Unix socket are a 4-byte big-endian length and one JSON object, at most `MAX_FRAME` bytes. The worker speaks
first: `Hello`, then `Snapshot`, then events numbered from the snapshot's `n` upwards. Commands carry an `id`; a repeated id
gets the first reply again. `docs/protocol.md` defines the nouns.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

PROTOCOL = 1
OLDEST = max(1, PROTOCOL - 1)
"""Web and workers are upgraded one after the other, so each speaks the version before its own too."""
MAX_FRAME = 16 * 1024 * 1024
"""A snapshot of a full worker is some megabytes."""

Quality = Literal["low", "high"]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Key = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=4096)]
Sdp = Annotated[str, Meta(max_length=262_144)]


class Message(Struct, frozen=True, tag_field="type", forbid_unknown_fields=False, kw_only=True):
    """Base of every message; its `type` is the class's tag."""


class SlotPlan(Struct, frozen=True, kw_only=True):
    """What should feed one slot."""

    sources: Annotated[tuple[Key, ...], Meta(max_length=64)] = ()
    """Source keys; the first is the default. Several audio keys: the loudest, the first wins ties (M30)."""
    quality: Quality = "high"


class SourceSpec(Struct, frozen=True, kw_only=True):
    """One source a publisher's session feeds, by the server's own opaque key."""

    key: Key
    labels: tuple[Key, ...] = ()
    muted: bool = False
    """The worker drops its packets (an off-stage microphone, M32)."""


# --- commands: server → worker -------------------------------------------------------------------------------------


class Command(Message, frozen=True, kw_only=True):
    """Base of every command."""

    id: Id


class Attach(Command, frozen=True, kw_only=True, tag="attach"):
    """First message of a controller: the range of protocol versions it speaks."""

    oldest: int = OLDEST
    newest: int = PROTOCOL
    name: Text = ""


class Publish(Command, frozen=True, kw_only=True, tag="publish"):
    """A WHIP offer. A source key already fed by another session is taken over: that session closes with `replaced`."""

    offer: Sdp
    names: tuple[Key, ...]
    """Names of the offer's m-lines in order (M31)."""
    sources: dict[Key, SourceSpec]
    """Name → source, for the names it may publish."""
    owner: Key
    """Opaque: a source never reaches a session of the same owner (M27)."""
    tag: Text = ""
    """Opaque, handed back in snapshots."""
    token_hash: Text = ""
    as_of: int = 0
    """Counts up with the controller's own state: what was decided on an older one comes too late and changes nothing."""


class Watch(Command, frozen=True, kw_only=True, tag="watch"):
    """A WHEP offer."""

    offer: Sdp
    names: tuple[Key, ...] | None = None
    """Slot names of the offer's m-lines in order (M30); None: a plain offer, whose m-lines become `plain.N`."""
    slots: dict[Key, SlotPlan] = field(default_factory=dict)
    labels: tuple[Key, ...] = ()
    owner: Key
    tag: Text = ""
    token_hash: Text = ""
    as_of: int = 0


class Patch(Command, frozen=True, kw_only=True, tag="patch"):
    """A trickle or ICE-restart fragment (RFC 8840). `etag` is the If-Match value, `*` allowed."""

    session: Id
    etag: Text
    fragment: Sdp


class Close(Command, frozen=True, kw_only=True, tag="close"):
    """End a session; one that is gone already is no error."""

    session: Id
    reason: Text = "closed"


class Configure(Command, frozen=True, kw_only=True, tag="configure"):
    """What a subscriber should get now: replaces labels and slot plans. A lost label cuts at the next packet (M27)."""

    session: Id
    labels: tuple[Key, ...]
    slots: dict[Key, SlotPlan]
    as_of: int = 0


class Label(Command, frozen=True, kw_only=True, tag="label"):
    """New labels and mute of source keys that are fed now; `publish` brings those of its sources with it."""

    sources: tuple[SourceSpec, ...]
    as_of: int = 0


class Moment(Struct, frozen=True, kw_only=True):
    """One moment by two clocks (S18). Worker and server share a machine, and with it the monotonic clock."""

    at: int
    """CLOCK_MONOTONIC, ns."""
    lesson: int
    """Milliseconds on the lesson clock."""


class Record(Command, frozen=True, kw_only=True, tag="record"):
    """What is to be captured of a lesson from now on; replaces what was said of this recording before. Sent again after every change and
    every reconnect: an unknown recording begins, a known one goes on, after a crash as its next take.
    """

    recording: Id
    """Opaque, letters, digits, `_` and `-`: also the name of its folder."""
    tracks: dict[Key, Key]
    """Where it belongs (`camera`, `screen`, `mic`, `stage.N.video`, `stage.N.audio`) → source key. Empty: paused."""
    labels: tuple[Key, ...]
    """Program labels only: a source without a common label is not captured (M27)."""
    clock: Moment
    as_of: int = 0


class StopRecording(Command, frozen=True, kw_only=True, tag="record.stop"):
    """Close the recording's take. One that is not known is no error."""

    recording: Id


class Stats(Command, frozen=True, kw_only=True, tag="stats"):
    """Ask for counters."""


class Shutdown(Command, frozen=True, kw_only=True, tag="shutdown"):
    """Close all sessions and exit."""


AnyCommand = Attach | Publish | Watch | Patch | Close | Configure | Label | Record | StopRecording | Stats | Shutdown

# --- replies ---------------------------------------------------------------------------------------------------------


class Reply(Message, frozen=True, kw_only=True, tag="ok"):
    """The command was carried out. Fields beyond `id` are set where the command has such a result."""

    id: Id
    session: str = ""
    answer: str = ""
    """SDP answer, or the fragment that answers an ICE restart (empty: 204)."""
    etag: str = ""
    counters: dict[str, float] = field(default_factory=dict)


class Refusal(Message, frozen=True, kw_only=True, tag="refused"):
    """The command was not carried out; `code` as in `media.errors`."""

    id: Id
    code: str
    detail: str = ""
    """For the log, English."""


# --- worker → server ---------------------------------------------------------------------------------------------------


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """First message of the worker on a connection."""

    worker_id: str
    epoch: str
    """Random per process start: a new epoch means that every session is gone."""
    protocol: int
    pid: int
    oldest: int = OLDEST


class SourceState(Struct, frozen=True, kw_only=True):
    """One source as the worker sees it."""

    key: str
    session: str
    name: str
    kind: Literal["audio", "video"]
    live: bool
    """Packets arrive now (M11 liveness)."""
    codec: str = ""
    layers: tuple[str, ...] = ()


class SlotState(Struct, frozen=True, kw_only=True):
    """What one slot shows now."""

    source: str | None = None
    """Key of the source whose packets are being sent."""
    why: Literal["playing", "empty", "waiting", "refused", "unplayable"] = "empty"


class SessionState(Struct, frozen=True, kw_only=True):
    """One WHIP or WHEP session."""

    session: str
    direction: Literal["publish", "watch"]
    state: Literal["new", "connected", "disconnected"]
    etag: str
    owner: str
    tag: str
    token_hash: str
    labels: tuple[str, ...] = ()
    sources: tuple[SourceState, ...] = ()
    slots: dict[str, SlotState] = field(default_factory=dict)
    transport: Literal["", "udp", "tcp"] = ""


class Snapshot(Message, frozen=True, kw_only=True, tag="snapshot"):
    """Everything the worker holds; events after it are numbered from `n` + 1."""

    n: int
    sessions: tuple[SessionState, ...]
    recordings: tuple[RecordingState, ...] = ()


class Event(Message, frozen=True, kw_only=True):
    """Base of numbered events."""

    n: int


class SessionChanged(Event, frozen=True, kw_only=True, tag="session"):
    """A session was made or changed state; the whole session is given."""

    session: SessionState


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    """A session is gone. `reason`: `closed`, `replaced`, `timeout`, `failed`, `revoked`, `orphan`, `shutdown`."""

    session: str
    reason: str


class SourceChanged(Event, frozen=True, kw_only=True, tag="source"):
    """A source went live or silent, or changed codec or layers."""

    source: SourceState


class SlotChanged(Event, frozen=True, kw_only=True, tag="slot"):
    """A slot shows something else now."""

    session: str
    slot: str
    state: SlotState


class RecordingState(Struct, frozen=True, kw_only=True):
    """How the capture of one recording is doing."""

    recording: str
    take: int
    tracks: tuple[str, ...] = ()
    """Names whose source is known and may be captured; of the others nothing arrives."""
    octets: int = 0
    """Written in this take."""
    failing: Literal["", "disk", "queue"] = ""
    """Why what arrives now is lost: the disk refuses it, or is too slow."""
    clock: Moment | None = None
    """The newest moment that was told: a server that was started anew carries the lesson's clock on from there."""


class RecordingChanged(Event, frozen=True, kw_only=True, tag="recording"):
    """A recording began, changed its tracks, or began or ceased to fail; told every ten seconds too, for its size."""

    state: RecordingState


class RecordingClosed(Event, frozen=True, kw_only=True, tag="recording.closed"):
    """Its take is on disk and closed."""

    recording: str


class SessionReport(Struct, frozen=True, kw_only=True):
    """Link health of one session over the last interval."""

    session: str
    rtt_ms: float = -1
    loss: float = 0
    """Fraction of packets lost towards or from us, 0 … 1."""
    kbit_in: float = 0
    kbit_out: float = 0
    audio_level: float = 127
    """Loudest level in the interval, −dBov; 127 silent."""


class Report(Event, frozen=True, kw_only=True, tag="report"):
    """Every two seconds, a signal: the link health of every connected session."""

    sessions: tuple[SessionReport, ...]


AnyEvent = SessionChanged | SessionClosed | SourceChanged | SlotChanged | RecordingChanged | RecordingClosed | Report
FromWorker = Hello | Snapshot | Reply | Refusal | AnyEvent

encode = msgspec.json.Encoder().encode
decode_command = msgspec.json.Decoder(AnyCommand).decode
decode_from_worker = msgspec.json.Decoder(FromWorker).decode
