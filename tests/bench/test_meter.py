"""Counting of samples over loss, reordering and wraps; decryption; stamps."""

from __future__ import annotations

import pytest

from media.fanout.srtp import PROFILES, StreamKeys, rtp_keys
from media.wire import extensions, rtp
from tests.bench.meter import STAMP, STAMP_AT, STAMP_MAGIC, Meter, Stream

SSRC = 77


@pytest.fixture
def keys() -> StreamKeys:
    return rtp_keys(PROFILES["SRTP_AEAD_AES_128_GCM"], bytes(range(28)))


def protect(keys: StreamKeys, index: int, sent: int, extension: bytes = b"") -> bytes:
    payload = bytearray(60)
    STAMP.pack_into(payload, STAMP_AT, STAMP_MAGIC, sent)
    start = 12 + len(extension)
    packet = bytearray(start + len(payload) + keys.tag)
    rtp.write_header(packet, 0, payload_type=96, sequence=index, timestamp=0, ssrc=SSRC, extension=extension)
    keys.cipher.encrypt_into(keys.nonce_of(SSRC, index), payload, memoryview(packet)[:start], memoryview(packet)[start:])
    return bytes(packet)


def test_no_sample_is_missing_over_a_wrap() -> None:
    stream = Stream()
    assert [stream.extend(index & 0xFFFF) for index in range(32, 3 * 65536, 32)] == list(range(32, 3 * 65536, 32))
    assert stream.missing == 0


def test_missing_samples_are_counted_and_late_ones_taken_back() -> None:
    stream = Stream()
    for index in (64, 96, 192, 128):
        stream.extend(index)
    assert (stream.missing, stream.highest) == (1, 192)


@pytest.mark.parametrize("extension", [b"", extensions.build([(1, b"0")])])
def test_latency_is_read_from_the_payload_beyond_a_rollover(keys: StreamKeys, extension: bytes) -> None:
    meter = Meter((SSRC,))
    for index in range(32_000, 66_560, 32):
        meter.take(protect(keys, index, 1000, extension), 1500, keys)
    assert (meter.broken, meter.read) == (0, 1080)
    assert set(meter.latencies) == {500}


def test_strangers_and_forgeries_are_broken(keys: StreamKeys) -> None:
    packet = bytearray(protect(keys, 32, 0))
    packet[-1] ^= 1
    meter = Meter((SSRC,))
    meter.take(bytes(packet), 1, keys)
    other = Meter((SSRC + 1,))
    other.take(protect(keys, 32, 0), 1, keys)
    assert (meter.broken, other.broken, len(meter.latencies)) == (1, 1, 0)
