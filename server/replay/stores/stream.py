"""Sealed files: AES-256-GCM in chunks, so that any part of a large file can be opened by itself. Pure.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance,
CRYPTO 2015, section 6), with a key of its own for each file drawn from the folder's key, as Tink's streaming AEAD has it:

    file    = header chunk…                       header = magic(4) chunk-size-log2(1) salt(32)
    chunk n = AES-256-GCM(key, prefix(7) n(4) last(1), plain, associated data: what the file is)
    key(32) prefix(7) = HKDF-SHA-256(folder's key, salt, header's first five bytes and what the file is)

Every chunk but the last is full, and only the last is marked so: a file that is cut, put together anew, or another one's in its place does
not open. An empty file is one empty chunk.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"SSR1"
SALT = 32
HEADER = len(MAGIC) + 1 + SALT
CHUNK_BITS = 16
"""64 KiB."""
TAG = 16
KEY = 32
_PREFIX = 7
_MOST = 2**32
"""Chunks of one file."""


class Damaged(Exception):
    """It is not what was sealed."""


def new_header(bits: int = CHUNK_BITS) -> bytes:
    """What a new file begins with."""
    return MAGIC + bytes([bits]) + secrets.token_bytes(SALT)


class Stream:
    """The chunks of one file. `about`: what the file is, which nobody can change."""

    def __init__(self, key: bytes, header: bytes, about: str) -> None:
        """Raises `Damaged` for what begins no sealed file."""
        if len(header) != HEADER or header[: len(MAGIC)] != MAGIC or not 6 <= header[len(MAGIC)] <= 20:
            raise Damaged("no header of a sealed file")
        info = header[: len(MAGIC) + 1] + about.encode()
        drawn = HKDF(SHA256(), KEY + _PREFIX, header[-SALT:], info).derive(key)
        self._cipher = AESGCM(drawn[:KEY])
        self._prefix = drawn[KEY:]
        self._about = about.encode()
        self.chunk = 1 << header[len(MAGIC)]
        """Plain bytes of a full one."""

    def seal(self, n: int, last: bool, plain: bytes) -> bytes:
        """Chunk `n`, from 0 on."""
        return self._cipher.encrypt(self._nonce(n, last), plain, self._about)

    def open(self, n: int, last: bool, sealed: bytes) -> bytes:
        """The same plain. Raises `Damaged`."""
        try:
            return self._cipher.decrypt(self._nonce(n, last), sealed, self._about)
        except InvalidTag as error:
            raise Damaged(f"chunk {n}") from error

    def _nonce(self, n: int, last: bool) -> bytes:
        return self._prefix + n.to_bytes(4, "big") + bytes([last])

    def offset(self, n: int) -> int:
        """Where chunk `n` begins in the sealed file."""
        return HEADER + n * (self.chunk + TAG)

    def chunks(self, stored: int) -> int:
        """Of a sealed file of so many bytes. Raises `Damaged` for a length that none has."""
        body, whole = stored - HEADER, self.chunk + TAG
        count = max(1, -(-body // whole))
        if body < TAG or (count > 1 and body - (count - 1) * whole <= TAG) or count > _MOST:
            raise Damaged("no length of a sealed file")
        return count

    def size(self, stored: int) -> int:
        """Plain bytes of it. Raises `Damaged`."""
        return stored - HEADER - TAG * self.chunks(stored)
