"""The node's commands, at its door: real offers, no peer needed unless media must flow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.client.messages import (
    Attach,
    Close,
    Configure,
    Label,
    Patch,
    Publish,
    Report,
    SessionChanged,
    SessionClosed,
    SessionState,
    SlotChanged,
    SlotState,
    SourceChanged,
    SourceSpec,
    Stats,
    Watch,
)
from media.errors import BadSdp, BadSlots, MediaError, NoSuchSession, TableFull, UnacceptableOffer
from media.worker import node as node_module
from media.worker import sessions
from tests.harness.node import NodeUnderTest, plan, running
from tests.harness.offers import OPUS, VP8, Format, Line
from tests.harness.raw import Answer, UdpWire
from tests.harness.sending import RawPublisher
from tests.harness.viewing import RawViewer, eventually

SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
KEYS = {"mic": "m/mic", "camera": "m/camera"}


@pytest.fixture
async def node(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NodeUnderTest]:
    monkeypatch.setattr(node_module, "REPORT_SECONDS", 0.4)
    async with running() as opened:
        yield opened


def publish(node: NodeUnderTest, offer: str | None = None, **changes: object) -> Publish:
    fields: dict[str, object] = {
        "id": node.next_id(),
        "offer": offer if offer is not None else RawPublisher((OPUS, VP8)).offer(),
        "names": tuple(KEYS),
        "sources": {name: SourceSpec(key=key, labels=("lesson",)) for name, key in KEYS.items()},
        "owner": "m",
        "tag": "place 7",
        "token_hash": "abc",
    }
    return Publish(**{**fields, **changes})  # type: ignore[arg-type]


def watch(node: NodeUnderTest, offer: str | None = None, **changes: object) -> Watch:
    fields: dict[str, object] = {
        "id": node.next_id(),
        "offer": offer if offer is not None else RawViewer().offer(),
        "names": tuple(SLOTS),
        "slots": SLOTS,
        "labels": ("lesson",),
        "owner": "v",
        "tag": "viewer 3",
        "token_hash": "def",
    }
    return Watch(**{**fields, **changes})  # type: ignore[arg-type]


async def test_publish_answers_and_is_in_the_snapshot(node: NodeUnderTest) -> None:
    command = publish(node)
    reply = await node.node.execute(command)
    assert reply.id == command.id
    assert reply.session.startswith("w0-")
    assert reply.etag.startswith('"')
    assert reply.etag.endswith('"')
    assert Answer.read(reply.answer).credentials.ufrag.startswith("w0")
    (state,) = node.node.sessions()
    assert (state.session, state.direction, state.state, state.etag) == (reply.session, "publish", "new", reply.etag)
    assert (state.owner, state.tag, state.token_hash) == ("m", "place 7", "abc")
    assert [(s.key, s.name, s.kind, s.live) for s in state.sources] == [
        ("m/mic", "mic", "audio", False),
        ("m/camera", "camera", "video", False),
    ]
    assert node.of(SessionChanged)[0].session == state


async def test_watch_answers_and_is_in_the_snapshot(node: NodeUnderTest) -> None:
    reply = await node.node.execute(watch(node))
    (state,) = node.node.sessions()
    assert (state.session, state.direction, state.labels, state.tag) == (reply.session, "watch", ("lesson",), "viewer 3")
    assert state.slots == {slot: SlotState(source=None, why="waiting") for slot in SLOTS}
    assert [len(ssrcs) for ssrcs in Answer.read(reply.answer).ssrcs] == [1, 2]
    assert "msid:program program.camera" in reply.answer


async def test_a_plain_offer_gets_slots_by_number(node: NodeUnderTest) -> None:
    await node.node.execute(watch(node, names=None, slots={"plain.2": plan("m/camera")}))
    (state,) = node.node.sessions()
    assert {name: slot.why for name, slot in state.slots.items()} == {"plain.1": "empty", "plain.2": "waiting"}


async def test_events_are_numbered_without_gaps_and_tell_what_the_snapshot_tells(node: NodeUnderTest) -> None:
    publisher, viewer = await publishing(node), RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await node.until(Report)
        assert [event.n for event in node.events] == list(range(1, len(node.events) + 1))
        told = {event.session.session: event.session.state for event in node.of(SessionChanged)}
        slots = {event.slot: event.state for event in node.of(SlotChanged)}
        sources = {event.source.key: event.source for event in node.of(SourceChanged)}
        states = {state.session: state for state in node.node.sessions()}
    assert told == dict.fromkeys(states, "connected")
    assert slots == states[viewer.session].slots == {n: SlotState(source=p.sources[0], why="playing") for n, p in SLOTS.items()}
    assert tuple(sources[key] for key in KEYS.values()) == states[publisher.session].sources
    assert [(s.live, s.codec) for s in states[publisher.session].sources] == [(True, "opus"), (True, "VP8")]


async def test_link_reports_say_rate_loss_and_level(node: NodeUnderTest) -> None:
    publisher, viewer = RawPublisher((OPUS, VP8)), RawViewer()
    await node.publish(publisher, KEYS, owner="m")
    await node.watch(viewer, SLOTS)
    publisher.stream(0, "mic")
    publisher.stream(1, "camera", fill=500)
    with publisher.playing():
        await eventually(lambda: len(node.of(Report)) == 2, 6)
    found = {report.session: report for report in node.of(Report)[1].sessions}
    assert 200 < found[publisher.session].kbit_in < 300
    assert 200 < found[viewer.session].kbit_out < 300
    assert found[publisher.session].audio_level == 0x14
    assert found[publisher.session].loss == found[viewer.session].loss == 0


async def test_a_source_key_is_taken_over_at_once(node: NodeUnderTest) -> None:
    first = await node.node.execute(publish(node))
    second = await node.node.execute(publish(node, owner="m"))
    assert [s.session for s in node.node.sessions()] == [second.session]
    closed = node.of(SessionClosed)
    assert [(event.session, event.reason) for event in closed] == [(first.session, "replaced")]
    assert (await node.stats())["relay.sources"] == 2


async def test_a_takeover_of_one_key_ends_the_whole_older_session(node: NodeUnderTest) -> None:
    await node.node.execute(publish(node))
    camera = {"camera": SourceSpec(key="m/camera", labels=("lesson",))}
    await node.node.execute(publish(node, RawPublisher((VP8,)).offer(), names=("camera",), sources=camera))
    assert [[s.key for s in state.sources] for state in node.node.sessions()] == [["m/camera"]]


async def test_a_refused_publish_does_not_end_the_one_that_has_the_place(node: NodeUnderTest) -> None:
    reply = await node.node.execute(publish(node))
    for broken in ("", "v=0", RawPublisher((Line("video", (Format(99, "theora/90000"),)),)).offer()):
        with pytest.raises((BadSdp, BadSlots, UnacceptableOffer)):
            await node.node.execute(publish(node, broken))
    assert [s.session for s in node.node.sessions()] == [reply.session]
    assert node.of(SessionClosed) == []


async def test_configure_replaces_slots_and_labels(node: NodeUnderTest) -> None:
    reply = await node.node.execute(watch(node))
    await node.configure(reply.session, {"program.audio": plan("n/mic")}, ("other",))
    (state,) = node.node.sessions()
    assert state.labels == ("other",)
    assert {name: slot.why for name, slot in state.slots.items()} == {"program.audio": "waiting", "program.camera": "empty"}


async def test_what_was_decided_on_an_older_state_comes_too_late(node: NodeUnderTest) -> None:
    """Two controllers: one that lags must not undo what the other said."""
    published = await node.node.execute(publish(node, as_of=5))
    watched = await node.node.execute(watch(node, as_of=5))

    def watching() -> SessionState:
        return next(state for state in node.node.sessions() if state.session == watched.session)

    async def configure(as_of: int, label: str) -> tuple[str, ...]:
        await node.node.execute(Configure(id=node.next_id(), session=watched.session, labels=(label,), slots=SLOTS, as_of=as_of))
        return watching().labels

    async def label(as_of: int, word: str) -> str:
        await node.node.execute(Label(id=node.next_id(), sources=(SourceSpec(key="m/camera", labels=(word,)),), as_of=as_of))
        return watching().slots["program.camera"].why

    assert await configure(7, "new") == ("new",)
    assert await configure(6, "lesson") == ("new",)
    assert await configure(7, "lesson") == ("lesson",)
    assert await label(7, "wall") == "refused"
    assert await label(6, "lesson") == "refused"
    assert await label(8, "lesson") == "waiting"
    await node.end(published.session)


async def test_labels_hold_for_the_source_that_is_fed_now(node: NodeUnderTest) -> None:
    """A publish brings the labels of its sources with it; what was said of the key before is older."""
    viewer = RawViewer()
    await node.label(SourceSpec(key="m/camera", labels=("wall",)))
    await node.watch(viewer, SLOTS)
    first = await publishing(node)
    with first.playing():
        await eventually(lambda: all(len(viewer.on(slot)) > 5 for slot in SLOTS))
        await node.label(SourceSpec(key="m/camera", labels=("wall",)), SourceSpec(key="nobody/camera", labels=("lesson",)))
        assert isinstance(viewer.wire, UdpWire)
        viewer.wire.drain()
        count = len(viewer.on("program.camera"))
        assert node.node.sessions()[0].slots["program.camera"].why == "refused"
        await eventually(lambda: len(viewer.on("program.audio")) > count + 10)
        assert len(viewer.on("program.camera")) == count
    second = await publishing(node)
    with second.playing():
        await eventually(lambda: len(viewer.on("program.camera")) > count)


async def publishing(node: NodeUnderTest) -> RawPublisher:
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic")
    publisher.stream(1, "camera")
    return publisher


async def test_close_tells_the_reason_and_twice_is_no_error(node: NodeUnderTest) -> None:
    reply = await node.node.execute(watch(node))
    await node.node.execute(Close(id="a", session=reply.session, reason="revoked"))
    again = await node.node.execute(Close(id="b", session=reply.session, reason="revoked"))
    assert again.session == reply.session
    assert [(event.session, event.reason) for event in node.of(SessionClosed)] == [(reply.session, "revoked")]
    assert node.node.sessions() == ()


async def test_a_peer_that_says_goodbye_is_gone_at_once(node: NodeUnderTest) -> None:
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    viewer.goodbye()
    event = await node.until(SessionClosed, session=viewer.session)
    assert event.reason == "closed"


async def test_shutdown_closes_every_session(node: NodeUnderTest) -> None:
    async with running() as other:
        await other.node.execute(watch(other))
        await other.node.execute(publish(other))
        await other.node.close()
        assert [event.reason for event in other.of(SessionClosed)] == ["shutdown", "shutdown"]


async def test_unknown_sessions_are_refused(node: NodeUnderTest) -> None:
    fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n"
    with pytest.raises(NoSuchSession):
        await node.node.execute(Configure(id="1", session="w0-none", labels=(), slots={}))
    with pytest.raises(NoSuchSession):
        await node.node.execute(Patch(id="2", session="w0-none", etag="*", fragment=fragment))
    with pytest.raises(MediaError):
        await node.node.execute(Attach(id="3"))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("kind", ["publish", "watch"])
async def test_refused_offers_leave_nothing_behind(node: NodeUnderTest, kind: str) -> None:
    make = publish if kind == "publish" else watch
    good = make(node).offer
    before, files = await node.stats(), descriptors()
    broken = [
        "",
        "hello",
        "\0\xff" * 50,
        good[: len(good) // 4],
        good.replace("a=ice-ufrag", "a=ice-nothing"),
        good.replace("a=fingerprint:sha-256", "a=fingerprint:md5"),
        good.replace("a=rtcp-mux", "a=rtcp-not"),
        good.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 7 8"),
        good.replace("opus/48000/2", "pcmu/8000").replace("VP8", "theora").replace("H264", "h261"),
    ]
    for offer in broken:
        with pytest.raises(MediaError) as error:
            await node.node.execute(make(node, offer))
        assert error.value.code.startswith("sdp.")
    for changes in ({"names": ("no such thing",)}, {"names": ("program.audio", "program.audio")}, {"names": ()}):
        with pytest.raises(BadSlots):
            await node.node.execute(make(node, **changes))
    assert node.node.sessions() == ()
    assert node.events == []
    after = await node.stats()
    for name, value in before.items():
        if name != "process.cpu_seconds":
            assert after[name] == value, name
    assert descriptors() == files


async def test_a_full_table_refuses_and_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions.SessionTable.__init__, "__defaults__", (2,))
    async with running() as node:
        for _ in range(2):
            await node.node.execute(watch(node))
        with pytest.raises(TableFull):
            await node.node.execute(watch(node))
        with pytest.raises(TableFull):
            await node.node.execute(publish(node))
        counted = await node.stats()
        assert counted["sessions"] == counted["transport.sessions"] == counted["fanout.sessions"] == 2
        await node.end(node.node.sessions()[0].session)
        await node.node.execute(watch(node))


async def test_stats_count_media(node: NodeUnderTest) -> None:
    publisher, viewer = RawPublisher((OPUS, VP8)), RawViewer()
    await node.publish(publisher, KEYS, owner="m")
    await node.watch(viewer, SLOTS)
    camera = publisher.stream(1, "camera")
    with publisher.playing():
        await eventually(lambda: len(viewer.on("program.camera")) > 20)
    await eventually(lambda: len(viewer.on("program.camera")) >= camera.sent)
    counted = (await node.node.execute(Stats(id="s"))).counters
    assert counted["fanout.received_rtp"] == camera.sent
    assert counted["fanout.sent_packets"] == viewer.total()
    assert counted["sessions"] == counted["transport.sessions"] == 2
    assert counted["process.cpu_seconds"] > 0
