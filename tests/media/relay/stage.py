"""A relay over the executor in memory, with publishers and subscribers that tests speak through."""

from __future__ import annotations

import random
from collections.abc import Sequence

from media.relay import Relay, SlotUpdate, SlotWish, SourcePlan
from media.wire.negotiated import Codec, ExtensionIds, PayloadType, PublishedMedia, SubscribedSlot
from tests.media.relay.memory import MemoryExecutor, Rtp
from tests.network import MS, SECOND, Clock

VP8 = Codec("VP8", 90000)
OPUS = Codec("opus", 48000, 2)
H264 = Codec("H264", 90000, 1, {"packetization-mode": "1", "profile-level-id": "42e01f"})
IDS = ExtensionIds(mid=1, rid=2, repaired_rid=3, audio_level=4, transport_cc=5)
START = 1_000 * SECOND


def video(mid: str = "1", source: str = "camera", codec: Codec = VP8, pt: int = 96, **more: object) -> PublishedMedia:
    values: dict[str, object] = {"nack": True, "pli": True, "transport_cc": True, **more}
    return PublishedMedia(mid, "video", source, (PayloadType(pt, codec, pt + 1),), IDS, **values)  # type: ignore[arg-type]


def audio(mid: str = "0", source: str = "mic") -> PublishedMedia:
    return PublishedMedia(mid, "audio", source, (PayloadType(111, OPUS),), IDS)


def video_slot(
    name: str = "program.camera", ssrc: int = 0x1000, codecs: Sequence[tuple[int, Codec]] = ((100, VP8), (102, H264))
) -> SubscribedSlot:
    types = tuple(PayloadType(number, codec, number + 1) for number, codec in codecs)
    return SubscribedSlot(name, "video", name, types, IDS, ssrc, ssrc + 1, "class", nack=True)


def audio_slot(name: str = "program.audio", ssrc: int = 0x2000) -> SubscribedSlot:
    return SubscribedSlot(name, "audio", name, (PayloadType(109, OPUS),), IDS, ssrc, None, "class")


def plan(name: str, key: str, *labels: str, muted: bool = False) -> SourcePlan:
    return SourcePlan(name, key, frozenset(labels or ("all",)), muted)


class Stage:
    """Time stands at `clock.now`; `pump` brings packets in as one batch, `run` lets deadlines pass."""

    def __init__(self, seed: int = 1, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(START)
        self.fake = MemoryExecutor()
        self.fake.now = self.clock.now
        self.relay = Relay(self.fake, rng=random.Random(seed), wall_offset=1_700_000_000 * SECOND)
        self.fake.binder = self.relay.bind
        self.holding = False
        """Video waits in the executor."""

    @property
    def now(self) -> int:
        return self.clock.now

    def publisher(self, session: int, owner: str, media: Sequence[PublishedMedia], plans: Sequence[SourcePlan]) -> None:
        self.relay.add_publisher(session, owner, tuple(media), tuple(plans), self.now)
        self.relay.set_connected(session, True, self.now)

    def subscriber(
        self,
        session: int,
        slots: Sequence[SubscribedSlot],
        wishes: dict[str, SlotWish],
        labels: Sequence[str] = ("all",),
        owner: str = "viewer",
    ) -> None:
        self.relay.add_subscriber(session, owner, tuple(slots), self.now)
        self.relay.configure(session, frozenset(labels), wishes, self.now)
        self.relay.set_connected(session, True, self.now)

    def pump(self, session: int, *packets: Rtp) -> None:
        self.settle()
        records = self.fake.receive(session, packets, self.now)
        self.relay.on_arrivals(records, self.now)
        self.flush()
        self.settle()

    def flush(self, hold_video: bool = False) -> None:
        self.relay.on_hold(self.fake.flush(hold_video or self.holding))

    def settle(self) -> None:
        """Run what is due now."""
        self.fake.now = self.now
        while (deadline := self.relay.poll_timeout()) is not None and deadline <= self.now:
            self.relay.handle_timeout(self.now)

    def run(self, duration: int) -> None:
        """Let virtual time pass, deadline by deadline."""
        end = self.now + duration
        while (deadline := self.relay.poll_timeout()) is not None and deadline <= end:
            self.clock.run_until(max(deadline, self.now))
            self.settle()
        self.clock.run_until(end)
        self.settle()

    def slot_events(self) -> list[tuple[str, str | None, str]]:
        return [(e.slot, e.key, e.why) for e in self.relay.take_events() if isinstance(e, SlotUpdate)]


class Camera:
    """Makes the packets of one video stream."""

    def __init__(
        self, ssrc: int, *, pt: int = 96, mid: str | None = "1", rid: str | None = None, seq: int = 1000, timestamp: int = 5000,
        fps: int = 30, packets: int = 2, picture_id: int = 100, vp8: bool = True,
    ) -> None:  # fmt: skip
        self.ssrc, self.pt, self.mid, self.rid = ssrc, pt, mid, rid
        self.seq, self.timestamp, self.fps, self.packets = seq, timestamp, fps, packets
        self.picture_id = picture_id if vp8 else -1
        self.tl0 = 7 if vp8 else -1
        self.frames = 0

    @property
    def interval(self) -> int:
        return SECOND // self.fps

    def frame(self, keyframe: bool = False, size: int = 1000) -> list[Rtp]:
        """The packets of the next frame."""
        made = []
        for at in range(self.packets):
            made.append(
                Rtp(
                    self.ssrc,
                    self.pt,
                    self.seq & 0xFFFF,
                    self.timestamp & 0xFFFFFFFF,
                    at == self.packets - 1,
                    keyframe and at == 0,
                    mid=self.mid,
                    rid=self.rid,
                    picture_id=self.picture_id,
                    tl0=self.tl0,
                    size=size,
                    content=(self.ssrc, self.frames, at),
                )
            )
            self.seq += 1
        self.frames += 1
        self.timestamp += 90000 // self.fps
        if self.picture_id >= 0:
            self.picture_id = (self.picture_id + 1) & 0x7FFF
            self.tl0 = (self.tl0 + 1) & 0xFF
        return made


class Voice:
    """Makes the packets of one audio stream, 20 ms each."""

    def __init__(self, ssrc: int, mid: str = "0", seq: int = 1, timestamp: int = 0) -> None:
        self.ssrc, self.mid, self.seq, self.timestamp = ssrc, mid, seq, timestamp

    def packet(self, level: int = 127) -> Rtp:
        made = Rtp(
            self.ssrc,
            111,
            self.seq & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            mid=self.mid,
            level=level,
            size=100,
            content=(self.ssrc, self.seq),
        )
        self.seq += 1
        self.timestamp += 960
        return made


def play(stage: Stage, session: int, camera: Camera, frames: int, key_first: bool = False) -> None:
    """Pump frames at the camera's pace."""
    for at in range(frames):
        stage.pump(session, *camera.frame(keyframe=key_first and at == 0))
        stage.run(camera.interval)


__all__ = ["MS", "SECOND", "Camera", "Stage", "Voice", "audio", "audio_slot", "plan", "play", "video", "video_slot"]
