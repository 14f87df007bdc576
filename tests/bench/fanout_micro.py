"""Pure fan-out, run by hand: `python -m tests.bench.fanout_micro [--profile …]` prints forwarded packets per CPU-second.

One publisher's plain packets go through `ReferenceFanout` to N subscribers on a loopback socket that drops what it gets (nobody
reads: the receive buffer overflows in the kernel). Ingest is included. The baseline is a plain loop of encrypt + sendto.
"""

from __future__ import annotations

import argparse
import os
import socket
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from media.fanout.interface import Path
from media.fanout.reference import ReferenceFanout
from media.fanout.srtp import PROFILES, rtp_keys
from media.wire import rtp
from media.wire.negotiated import Codec, ExtensionIds, PayloadType
from media.wire.rows import LayerSpec, Row

VP8 = PayloadType(96, Codec("VP8", 90000))
PAYLOAD = 1122
"""With header and tag 1150 octets a packet."""
PUBLISHER = ("127.0.0.1", 9)


def build(profile: str, subscribers: int, sock: socket.socket, sink: socket.socket, picture_offset: int, mid_id: int):
    sizes = PROFILES[profile]
    master = bytes(range(sizes.key + sizes.salt))
    fanout = ReferenceFanout()
    fanout.add_port(0, sock, lambda on: None)
    fanout.add_session(1)
    fanout.set_keys(1, profile, master, master)
    fanout.allow(Path(0, PUBLISHER), 1)
    fanout.add_layer(LayerSpec(1, 1, 1000, (VP8,), ExtensionIds(mid=4)))
    for number in range(2, subscribers + 2):
        fanout.add_session(number)
        fanout.set_keys(number, profile, master, master)
        fanout.set_path(number, Path(0, sink.getsockname()))
        fanout.set_row(
            Row(
                number, number, 5000 + number, False, 1, {96: 100}, -65000, 7, 0, True,
                picture_id_offset=picture_offset, mid=b"v", mid_id=mid_id,
            )
        )  # fmt: skip
    return fanout, rtp_keys(sizes, master)


def source(keys, frames: int, per_frame: int):
    """Protected packets of the publisher, made before the clock starts."""
    payload = bytes((0x90, 0xE0, 0x80, 1, 1, 0x20)) + os.urandom(PAYLOAD - 6)
    sequence = 0
    for frame in range(frames):
        packets = []
        for part in range(per_frame):
            head = bytearray(12)
            rtp.write_header(head, 0, payload_type=96, sequence=sequence, timestamp=frame * 3000, ssrc=1000, marker=part == per_frame - 1)
            sealed = bytearray(PAYLOAD + keys.tag)
            keys.cipher.encrypt_into(keys.nonce_of(1000, sequence), payload, bytes(head), sealed)
            packets.append(bytes(head + sealed))
            sequence += 1
        yield packets


def measure(profile: str, subscribers: int, per_frame: int, packets: int, picture_offset: int = 0, mid_id: int = 0) -> float:
    sock, sink = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for each in (sock, sink):
        each.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    fanout, keys = build(profile, subscribers, sock, sink, picture_offset, mid_id)
    frames = list(source(keys, max(1, packets // per_frame // subscribers), per_frame))
    path = Path(0, PUBLISHER)
    begin = time.process_time()
    for at, frame in enumerate(frames):
        for packet in frame:
            fanout.feed(path, packet, at)
        fanout.flush(at)
    spent = time.process_time() - begin
    stats = fanout.stats()
    sent = sum(fanout.counters(number).packets for number in range(2, subscribers + 2))
    assert sent == len(frames) * per_frame * subscribers, stats
    assert stats["send_errors"] == stats["queued"] == 0, stats
    return sent / spent


def baseline(packets: int) -> float:
    sock, sink = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    sink.bind(("127.0.0.1", 0))
    address, key, payload = sink.getsockname(), AESGCM(bytes(16)), os.urandom(PAYLOAD)
    begin = time.process_time()
    for sequence in range(packets):
        head = bytearray(12)
        rtp.write_header(head, 0, payload_type=96, sequence=sequence, timestamp=0, ssrc=1)
        sock.sendto(bytes(head) + key.encrypt(sequence.to_bytes(12, "big"), payload, bytes(head)), address)
    return packets / (time.process_time() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="SRTP_AEAD_AES_128_GCM", choices=sorted(PROFILES))
    parser.add_argument("--packets", type=int, default=200_000)
    options = parser.parse_args()
    print(f"plain encrypt + sendto loop:            {baseline(options.packets // 4):>9,.0f} packets/CPU-s")
    for subscribers in (50, 300):
        for per_frame in (8, 1):
            figure = measure(options.profile, subscribers, per_frame, options.packets)
            print(f"{subscribers:>3} subscribers, {per_frame} packets per frame:     {figure:>9,.0f} packets/CPU-s")
    print(f"300, 8 per frame, VP8 picture rewrite:   {measure(options.profile, 300, 8, options.packets, 5):>9,.0f} packets/CPU-s")
    print(f"300, 8 per frame, with MID:              {measure(options.profile, 300, 8, options.packets, 0, 4):>9,.0f} packets/CPU-s")


if __name__ == "__main__":
    main()
