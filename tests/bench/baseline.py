"""The loop everything is compared with: per packet and subscriber a new header, one AES-GCM call, one `sendto`.

It sends what the publisher's `burst` would have it forward, at the same times (frames and sound of the same sizes), so that it
wakes up as often and finds its caches as cold as the worker does; or the frames alone at full speed.

Run as a process of its own (`python -m tests.bench.baseline`): reads a JSON line with `ports`, `seconds` and `paced`, sends,
writes a JSON line with the packets sent, and waits to be measured until its input closes.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.bench import bpf
from tests.bench.frames import FRAMES_PER_SECOND, PACKETS_PER_FRAME
from tests.bench.publisher import AUDIO_PAYLOAD, AUDIO_PER_SECOND, PACKET
from tests.bench.worker import cpu_seconds, spawn, stop

SECONDS = 4.0
FULL_SECONDS = 2.0
_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """One run of the plain loop."""

    viewers: int
    sent: int
    arrived: int
    seconds: float
    cpu_seconds: float

    @property
    def load(self) -> float:
        """Share of one core."""
        return self.cpu_seconds / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Packets that arrived for each second of CPU."""
        return self.arrived / self.cpu_seconds


async def measure(viewers: int, core: int, paced: bool) -> BaselineResult:
    """Run the loop in a process on `core`, towards so many sockets of ours with the viewers' filter."""
    seconds = SECONDS if paced else FULL_SECONDS
    sockets = [bpf.open_sampling() for _ in range(viewers)]
    loop = asyncio.get_running_loop()
    read = [0]
    for sock in sockets:
        loop.add_reader(sock.fileno(), _drain, sock, read)
    process = spawn("tests.bench.baseline", core, output=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        process.stdout.readline()
        before = cpu_seconds(process.pid)
        ports = [sock.getsockname()[1] for sock in sockets]
        process.stdin.write(json.dumps({"ports": ports, "seconds": seconds, "paced": paced}) + "\n")
        process.stdin.flush()
        sent = int(json.loads(await asyncio.to_thread(process.stdout.readline))["sent"])
        used = cpu_seconds(process.pid) - before
        await asyncio.sleep(0.2)
        return BaselineResult(viewers, sent, read[0] + sum(bpf.drops(sock) for sock in sockets), seconds, used)
    finally:
        stop(process)
        for sock in sockets:
            loop.remove_reader(sock.fileno())
            sock.close()


def _drain(sock: socket.socket, read: list[int]) -> None:
    for _ in range(32):
        try:
            sock.recv(2048)
        except BlockingIOError:
            return
        read[0] += 1


class Subscriber:
    """What the loop keeps of one receiver."""

    def __init__(self, port: int) -> None:
        self.address = ("127.0.0.1", port)
        self.cipher = AESGCM(os.urandom(16))
        self.salt = int.from_bytes(os.urandom(12), "big")
        self.ssrc = int.from_bytes(os.urandom(4), "big")
        self.sequence = 0


class Loop:
    """A plain server of one publisher's packets."""

    def __init__(self, ports: list[int]) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._subscribers = [Subscriber(port) for port in ports]
        self.sent = 0

    def forward(self, packets: list[bytes]) -> None:
        """Send the packets to everybody."""
        for subscriber in self._subscribers:
            for payload in packets:
                send_one(self._sock, subscriber, payload)
        self.sent += len(self._subscribers) * len(packets)


def send_paced(loop: Loop, frame: list[bytes], sound: list[bytes], seconds: float) -> None:
    """Frames and sound at the publisher's times."""
    begin = time.monotonic()
    times = [(index / FRAMES_PER_SECOND, frame) for index in range(int(seconds * FRAMES_PER_SECOND))]
    times += [(index / AUDIO_PER_SECOND, sound) for index in range(int(seconds * AUDIO_PER_SECOND))]
    for due, packets in sorted(times, key=lambda entry: entry[0]):
        time.sleep(max(0.0, begin + due - time.monotonic()))
        loop.forward(packets)


def send_at_full_speed(loop: Loop, frame: list[bytes], seconds: float) -> None:
    """Frames without a pause."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        loop.forward(frame)


def send_one(sock: socket.socket, subscriber: Subscriber, payload: bytes) -> None:
    """Rewrite, encrypt, send: the plain way."""
    sequence = subscriber.sequence
    header = _HEADER.pack(0x80, 96, sequence & 0xFFFF, sequence * 375 & 0xFFFFFFFF, subscriber.ssrc)
    nonce = (subscriber.salt ^ (subscriber.ssrc << 48) ^ sequence).to_bytes(12, "big")
    sock.sendto(header + subscriber.cipher.encrypt(nonce, payload, header), subscriber.address)
    subscriber.sequence = sequence + 1


def main() -> None:
    """Entry of the process."""
    print("ready", flush=True)
    order = json.loads(sys.stdin.readline())
    loop = Loop(order["ports"])
    frame = [os.urandom(PACKET - _HEADER.size) for _ in range(PACKETS_PER_FRAME)]
    if order["paced"]:
        send_paced(loop, frame, [os.urandom(AUDIO_PAYLOAD)], order["seconds"])
    else:
        send_at_full_speed(loop, frame, order["seconds"])
    print(json.dumps({"sent": loop.sent}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
