from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.client import Refused, WorkerClient, WorkerGone
from media.client.frames import FrameError, frame, read_frame
from media.client.messages import (
    MAX_FRAME,
    AnyCommand,
    Attach,
    Close,
    Hello,
    RecordingState,
    Refusal,
    Reply,
    SessionClosed,
    SessionState,
    Shutdown,
    Snapshot,
    Stats,
    decode_from_worker,
    encode,
)
from media.errors import NoSuchSession
from media.worker import control
from media.worker.control import PENDING, QUEUE, ControlServer


class Commands:
    """Carries commands out by counting them."""

    def __init__(self) -> None:
        self.seen: list[AnyCommand] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def execute(self, command: AnyCommand) -> Reply:
        self.seen.append(command)
        await self.gate.wait()
        if isinstance(command, Close) and command.session == "gone":
            raise NoSuchSession(command.session)
        if isinstance(command, Close) and command.session == "broken":
            raise RuntimeError("a fault of ours")
        return Reply(id=command.id, session=f"s{len(self.seen)}")

    def sessions(self) -> tuple[SessionState, ...]:
        return (SessionState(session="w0-1", direction="watch", state="new", etag='"x"', owner="o", tag="t", token_hash="h"),)

    def recordings(self) -> tuple[RecordingState, ...]:
        return (RecordingState(recording="r", take=3),)


class Worker:
    def __init__(self, path: Path) -> None:
        self.commands = Commands()
        self.shut = asyncio.Event()
        self.control = ControlServer(path, "w0", self.commands, self.shut.set)

    def emit(self, session: str) -> None:
        self.control.emit(SessionClosed(n=self.control.next_event(), session=session, reason="closed"))


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker]:
    made = Worker(tmp_path / "run" / "media-0.sock")
    await made.control.start()
    yield made
    await made.control.close()


@pytest.fixture
async def client(worker: Worker, tmp_path: Path) -> AsyncIterator[tuple[WorkerClient, asyncio.Queue[object]]]:
    made = WorkerClient(tmp_path / "run" / "media-0.sock", "test")
    heard: asyncio.Queue[object] = asyncio.Queue()
    made.subscribe(heard.put_nowait)
    await made.start()
    yield made, heard
    await made.stop()


async def test_greets_with_hello_and_snapshot_then_numbered_events(worker, client) -> None:
    _, heard = client
    hello, snapshot = await heard.get(), await heard.get()
    assert isinstance(hello, Hello)
    assert hello.worker_id == "w0"
    assert isinstance(snapshot, Snapshot)
    assert snapshot.n == 0
    assert [s.session for s in snapshot.sessions] == ["w0-1"]
    assert [(r.recording, r.take) for r in snapshot.recordings] == [("r", 3)]
    worker.emit("a")
    worker.emit("b")
    assert [(await heard.get()).n, (await heard.get()).n] == [1, 2]


async def test_a_repeated_id_gets_the_first_reply(worker, client) -> None:
    made, heard = client
    await heard.get()
    first = await made.command(Stats(id="same"))
    second = await made.command(Stats(id="same"))
    assert first == second
    assert len([c for c in worker.commands.seen if isinstance(c, Stats)]) == 1


async def test_a_repeat_while_the_first_runs_waits_for_it(worker, client) -> None:
    made, heard = client
    await heard.get()
    worker.commands.gate.clear()
    first = asyncio.ensure_future(worker.control.answer(Stats(id="slow")))
    second = asyncio.ensure_future(worker.control.answer(Stats(id="slow")))
    await asyncio.sleep(0)
    first.cancel()  # the controller that asked first leaves
    worker.commands.gate.set()
    assert isinstance(await second, Reply)
    assert len(worker.commands.seen) == 1
    assert made.connected


async def test_refusals_carry_codes_and_faults_stay_inside(worker, client) -> None:
    made, heard = client
    await heard.get()
    with pytest.raises(Refused) as refused:
        await made.command(Close(id="1", session="gone"))
    assert refused.value.code == "session.unknown"
    with pytest.raises(Refused) as refused:
        await made.command(Close(id="2", session="broken"))
    assert refused.value.code == "media.error"
    assert (await made.command(Stats(id="3"))).id == "3"


async def test_shutdown_is_for_the_process(worker, client) -> None:
    made, heard = client
    await heard.get()
    await made.command(Shutdown(id="1"))
    assert worker.shut.is_set()


async def test_a_controller_that_reads_too_slowly_gets_a_snapshot(worker, tmp_path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "media-0.sock")
    for _ in range(2):
        await read_frame(reader)
    for i in range(3 * QUEUE):  # without giving the writer task a turn
        worker.emit(str(i))
    message = decode_from_worker(await read_frame(reader))
    while not isinstance(message, Snapshot):
        message = decode_from_worker(await read_frame(reader))
    assert message.n == 3 * QUEUE
    worker.emit("after")
    assert decode_from_worker(await read_frame(reader)).n == 3 * QUEUE + 1
    writer.close()


async def test_the_last_events_reach_controllers_before_the_end(worker, tmp_path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "media-0.sock")
    for _ in range(2):
        await read_frame(reader)
    for i in range(300):
        worker.emit(str(i))
    await worker.control.close()
    last = [decode_from_worker(await read_frame(reader)).n for _ in range(300)]
    assert last == list(range(1, 301))
    assert await reader.read() == b""
    writer.close()


async def test_no_handler_is_left_for_the_end_of_the_loop(worker, client) -> None:
    """One that is cancelled there makes asyncio log a traceback."""
    _, heard = client
    await heard.get()
    handlers = [task for task in asyncio.all_tasks() if "_accept" in repr(task.get_coro())]
    assert handlers
    await worker.control.close()
    assert all(task.done() and not task.cancelled() for task in handlers)


async def test_a_handler_that_is_cancelled_ends_quietly(worker, client) -> None:
    _, heard = client
    await heard.get()
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
    for task in asyncio.all_tasks():
        if "_accept" in repr(task.get_coro()):
            task.cancel()
    assert await asyncio.wait_for(last_of(heard), 5) is None
    assert faults == []


async def last_of(heard: asyncio.Queue[object]) -> object:
    while (message := await heard.get()) is not None:
        pass
    return message


async def test_who_sends_commands_without_reading_replies_is_read_no_more(worker, tmp_path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "media-0.sock")
    worker.commands.gate.clear()
    writer.write(b"".join(frame(encode(Stats(id=f"n{i}"))) for i in range(2 * PENDING)))
    for _ in range(20 * PENDING):
        await asyncio.sleep(0)
    assert len(worker.commands.seen) == PENDING
    worker.commands.gate.set()
    for _ in range(2 + 2 * PENDING):
        last = decode_from_worker(await read_frame(reader))
    assert last.id == f"n{2 * PENDING - 1}"
    writer.close()


async def test_remembered_replies_are_bounded_in_octets(worker, client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "REPLY_OCTETS", 1000)

    async def answer(command: AnyCommand) -> Reply:
        worker.commands.seen.append(command)
        return Reply(id=command.id, answer="x" * 400)

    worker.commands.execute = answer
    for name in ("a", "b", "c"):
        await worker.control.answer(Stats(id=name))
    await asyncio.sleep(0)
    for name in ("b", "c", "a"):
        await worker.control.answer(Stats(id=name))
    assert [command.id for command in worker.commands.seen] == ["a", "b", "c", "a"]


async def test_a_neighbouring_version_is_welcome(worker, tmp_path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "media-0.sock")
    writer.write(frame(encode(Attach(id="1", oldest=1, newest=2))))
    for _ in range(2):
        await read_frame(reader)
    assert decode_from_worker(await read_frame(reader)) == Reply(id="1")
    writer.close()


async def test_another_protocol_is_refused(worker, tmp_path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "media-0.sock")
    writer.write(frame(encode(Attach(id="1", oldest=7, newest=9))))
    for _ in range(2):
        await read_frame(reader)
    assert decode_from_worker(await read_frame(reader)) == Refusal(id="1", code="media.protocol", detail="this worker speaks 1 to 1")
    writer.close()


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"\0\0\0\0", frame(b"no json"), frame(b'{"type":"unheard"}')])
async def test_garbage_ends_only_its_own_connection(worker, client, tmp_path: Path, garbage: bytes) -> None:
    made, heard = client
    await heard.get()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "media-0.sock")
    writer.write(garbage)
    for _ in range(2):
        await read_frame(reader)
    assert await reader.read() == b""
    assert (await made.command(Stats(id="still"))).id == "still"
    writer.close()


async def test_the_client_finds_a_restarted_worker_again(worker, client, tmp_path: Path) -> None:
    made, heard = client
    first = await heard.get()
    await heard.get()
    await worker.control.close()
    assert await heard.get() is None
    with pytest.raises(WorkerGone):
        await made.command(Stats(id="1"))
    again = Worker(tmp_path / "run" / "media-0.sock")
    await again.control.start()
    second = await heard.get()
    assert isinstance(second, Hello)
    assert second.epoch != first.epoch
    assert (await made.command(Stats(id="1"))).id == "1"
    await again.control.close()


async def test_a_command_whose_worker_dies_fails_at_once(worker, client) -> None:
    made, heard = client
    await heard.get()
    worker.commands.gate.clear()
    waiting = asyncio.ensure_future(made.command(Stats(id="1")))
    while not worker.commands.seen:
        await asyncio.sleep(0)
    await worker.control.close()
    with pytest.raises(WorkerGone):
        await waiting


async def test_the_socket_is_for_the_owner_alone(worker, tmp_path: Path) -> None:
    assert (tmp_path / "run" / "media-0.sock").stat().st_mode & 0o777 == 0o600


def test_a_frame_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(FrameError):
        frame(bytes(MAX_FRAME + 1))
