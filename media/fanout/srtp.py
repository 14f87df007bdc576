"""SRTP keys and ciphers with the 48-bit packet index as an argument: the rollover counter is ours, on both sides (M5, M6).

The nonce of every profile is `salt XOR (SSRC << 48 | index)`: 12 bytes for AES-GCM (RFC 7714 8.1, 9.1), 14 bytes — followed by
a 16-bit block counter — for AES-CM (RFC 3711 4.1.1). So one packet loop serves all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

Buffer = bytes | bytearray | memoryview

INDEX_MASK = (1 << 48) - 1
_RTP_LABELS = (0, 1, 2)
_RTCP_LABELS = (3, 4, 5)
"""Cipher key, authentication key, salt (RFC 3711 4.3.1, 4.3.2)."""


class Cipher(Protocol):
    """An AEAD over one packet; `AESGCM` is one as it stands."""

    def encrypt_into(self, nonce: bytes, data: Buffer, associated_data: Buffer, buf: bytearray | memoryview) -> int:
        """Write ciphertext and tag to `buf` (exactly as long); returns the length."""

    def decrypt(self, nonce: bytes, data: Buffer, associated_data: Buffer) -> bytes:
        """Plain text of ciphertext and tag; `InvalidTag` if it was not sealed so."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes in bytes of one SRTP protection profile."""

    name: str
    key: int
    salt: int
    nonce: int
    tag: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("SRTP_AEAD_AES_128_GCM", 16, 12, 12, 16),
        Profile("SRTP_AEAD_AES_256_GCM", 32, 12, 12, 16),
        Profile("SRTP_AES128_CM_SHA1_80", 16, 14, 14, 10),
    )
}


@dataclass(frozen=True, slots=True)
class StreamKeys:
    """What seals the packets of one direction, RTP or RTCP."""

    cipher: Cipher
    salt: int
    """Session salt as the big-endian number that is XORed with `SSRC << 48 | index`."""
    nonce: int
    tag: int

    def nonce_of(self, ssrc: int, index: int) -> bytes:
        """Nonce of one packet (RFC 7714 8.1, RFC 3711 4.1.1)."""
        return (self.salt ^ (ssrc << 48) ^ index).to_bytes(self.nonce, "big")


def derive(master_key: bytes, master_salt: bytes, label: int, size: int) -> bytes:
    """Key derivation of RFC 3711 4.3.1 with AES-CM and a zero derivation rate; a 96-bit salt is padded (RFC 7714 11)."""
    start = int.from_bytes(master_salt.ljust(14, b"\0"), "big") ^ (label << 48)
    return BlockCipher(algorithms.AES(master_key), modes.CTR((start << 16).to_bytes(16, "big"))).encryptor().update(bytes(size))


def split_master(profile: Profile, master: bytes) -> tuple[bytes, bytes]:
    """Master key and master salt of `set_keys`; ValueError on a wrong length."""
    if len(master) != profile.key + profile.salt:
        raise ValueError(f"{profile.name} needs {profile.key + profile.salt} bytes of key and salt, not {len(master)}")
    return master[: profile.key], master[profile.key :]


def rtp_keys(profile: Profile, master: bytes) -> StreamKeys:
    """Session keys for RTP packets from a master key followed by its salt."""
    return _session_keys(profile, master, _RTP_LABELS)


def _session_keys(profile: Profile, master: bytes, labels: tuple[int, int, int]) -> StreamKeys:
    key, salt = split_master(profile, master)
    cipher_key = derive(key, salt, labels[0], profile.key)
    session_salt = derive(key, salt, labels[2], profile.salt)
    gcm = profile.tag == 16
    cipher: Cipher = AESGCM(cipher_key) if gcm else CmHmacCipher(cipher_key, derive(key, salt, labels[1], 20), session_salt)
    return StreamKeys(cipher, int.from_bytes(session_salt, "big"), profile.nonce, profile.tag)


class CmHmacCipher:
    """AES_CM_128_HMAC_SHA1_80 behind the signature of an AEAD: the rollover counter is read back from the nonce (RFC 3711 4.2)."""

    def __init__(self, key: bytes, auth_key: bytes, salt: bytes) -> None:
        # One context re-keyed by counter block costs a fifth of a new one per packet.
        self._stream = BlockCipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
        self._mac = HMAC(auth_key, hashes.SHA1())  # noqa: S303 - the profile's own MAC
        self._salt = int.from_bytes(salt, "big")

    def encrypt_into(self, nonce: bytes, data: Buffer, associated_data: Buffer, buf: bytearray | memoryview) -> int:
        """See `Cipher`."""
        size = len(data)
        self.keystream_into(nonce, data, buf)
        buf[size : size + 10] = self.tag(associated_data, memoryview(buf)[:size], self._rollover(nonce))
        return size + 10

    def decrypt(self, nonce: bytes, data: Buffer, associated_data: Buffer) -> bytes:
        """See `Cipher`."""
        body = memoryview(data)
        self.check(body[-10:], associated_data, body[:-10], self._rollover(nonce))
        out = bytearray(len(body) - 10)
        self.keystream_into(nonce, body[:-10], out)
        return bytes(out)

    def keystream_into(self, nonce: bytes, data: Buffer, buf: bytearray | memoryview) -> None:
        """XOR `data` with the key stream of this nonce into `buf`."""
        self._stream.reset_nonce(nonce + b"\0\0")
        self._stream.update_into(data, buf)

    def tag(self, *parts: Buffer) -> bytes:
        """First 80 bits of the HMAC over the parts."""
        mac = self._mac.copy()
        for part in parts:
            mac.update(part)
        return mac.finalize()[:10]

    def check(self, tag: Buffer, *parts: Buffer) -> None:
        """`InvalidTag` unless `tag` seals the parts."""
        if not constant_time.bytes_eq(bytes(tag), self.tag(*parts)):
            raise InvalidTag

    def _rollover(self, nonce: bytes) -> bytes:
        return ((int.from_bytes(nonce, "big") ^ self._salt) >> 16 & 0xFFFFFFFF).to_bytes(4, "big")


class RtcpSealer(Protocol):
    """SRTCP of one direction; `index` is the 31-bit SRTCP index."""

    def protect(self, compound: bytes, index: int) -> bytes:
        """Encrypted and sealed compound packet with E flag and index."""

    def index_of(self, packet: bytes) -> int:
        """The SRTCP index a received packet claims; -1 if it is too short."""

    def unprotect(self, packet: bytes) -> bytes:
        """The compound packet; `InvalidTag` if it was not sealed so. The index is checked for replay by the caller."""


_E_FLAG = 0x80000000


class GcmRtcp:
    """SRTCP with AES-GCM (RFC 7714 9): header, ciphertext and tag, then E flag and index."""

    def __init__(self, keys: StreamKeys) -> None:
        self._keys = keys

    def protect(self, compound: bytes, index: int) -> bytes:
        """See `RtcpSealer`."""
        trailer = (_E_FLAG | index).to_bytes(4, "big")
        nonce = self._keys.nonce_of(int.from_bytes(compound[4:8], "big"), index)
        sealed = bytearray(len(compound) - 8 + 16)
        self._keys.cipher.encrypt_into(nonce, compound[8:], compound[:8] + trailer, sealed)
        return compound[:8] + sealed + trailer

    def index_of(self, packet: bytes) -> int:
        """See `RtcpSealer`."""
        return -1 if len(packet) < 28 else int.from_bytes(packet[-4:], "big") & ~_E_FLAG

    def unprotect(self, packet: bytes) -> bytes:
        """See `RtcpSealer`."""
        trailer = packet[-4:]
        nonce = self._keys.nonce_of(int.from_bytes(packet[4:8], "big"), self.index_of(packet))
        if trailer[0] & 0x80:
            return packet[:8] + self._keys.cipher.decrypt(nonce, packet[8:-4], packet[:8] + trailer)
        # Sealed but not encrypted: everything is associated data (RFC 7714 9.3).
        self._keys.cipher.decrypt(nonce, packet[-20:-4], packet[:-20] + trailer)
        return packet[:-20]


class CmRtcp:
    """SRTCP with AES-CM and HMAC-SHA1 (RFC 3711 3.4): header, ciphertext, E flag and index, then the tag over all of it."""

    def __init__(self, profile: Profile, master: bytes) -> None:
        key, salt = split_master(profile, master)
        cipher, auth, salting = _RTCP_LABELS
        session_salt = derive(key, salt, salting, profile.salt)
        self._salt = int.from_bytes(session_salt, "big")
        self._cipher = CmHmacCipher(derive(key, salt, cipher, profile.key), derive(key, salt, auth, 20), session_salt)

    def protect(self, compound: bytes, index: int) -> bytes:
        """See `RtcpSealer`."""
        sealed = compound[:8] + self._crypt(compound, index) + (_E_FLAG | index).to_bytes(4, "big")
        return sealed + self._cipher.tag(sealed)

    def index_of(self, packet: bytes) -> int:
        """See `RtcpSealer`."""
        return -1 if len(packet) < 22 else int.from_bytes(packet[-14:-10], "big") & ~_E_FLAG

    def unprotect(self, packet: bytes) -> bytes:
        """See `RtcpSealer`."""
        self._cipher.check(packet[-10:], packet[:-10])
        body = packet[:-14]
        return body[:8] + self._crypt(body, self.index_of(packet)) if packet[-14] & 0x80 else body

    def _crypt(self, compound: bytes, index: int) -> bytearray:
        out = bytearray(len(compound) - 8)
        nonce = (self._salt ^ int.from_bytes(compound[4:8], "big") << 48 ^ index).to_bytes(14, "big")
        self._cipher.keystream_into(nonce, compound[8:], out)
        return out


def rtcp_sealer(profile: Profile, master: bytes) -> RtcpSealer:
    """SRTCP keys of one direction from a master key followed by its salt."""
    return GcmRtcp(_session_keys(profile, master, _RTCP_LABELS)) if profile.tag == 16 else CmRtcp(profile, master)
