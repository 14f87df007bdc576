"""One DTLS-SRTP handshake as a sans-IO object (M24, M25, RFC 5764).

aiortc makes the certificate, its fingerprints, the OpenSSL context and names the SRTP profiles; the `SSL.Connection` is driven
here and not by `RTCDtlsTransport`, which is a coroutine per session with timers of its own, keeps the SRTP profiles that
libsrtp was built with, joins several records into one read of its BIO, and would also unprotect media. So a session costs
no task, one timer serves all, and tests run twins in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from aiortc import rtcdtlstransport as aiortc_dtls
from OpenSSL import SSL
from OpenSSL._util import lib as _openssl

Role = Literal["active", "passive"]

PROFILES = (
    aiortc_dtls.SRTP_AEAD_AES_128_GCM,
    aiortc_dtls.SRTP_AEAD_AES_256_GCM,
    aiortc_dtls.SRTP_AES128_CM_SHA1_80,
)
"""In our order of preference (M24)."""
EXPORTER = b"EXTRACTOR-dtls_srtp"
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
)
"""aiortc's, and the RSA ones a peer that insists on being the server may need."""
CLIENT_GROUPS = b"X25519:P-256:P-384:P-521:?P-224"
"""As the client we must name the curve of the server's certificate (RFC 8422 5.1.1), and FFmpeg built on an older GnuTLS glue makes
one on P-224. `?`: where OpenSSL still has it (4.0 has not: such an FFmpeg then needs `cert_file` and `key_file` on P-256)."""
MAX_DATAGRAM = 1200
"""Octets of one datagram we send: fits every path in use."""
RECORD_HEADER = 13
LIFETIME = 30_000_000_000
"""A handshake that is not done after this long has failed, ns."""
_READ = 65536


@dataclass(frozen=True, slots=True)
class Connected:
    """The handshake is done and the peer is who the offer said."""

    profile: str
    """`SRTP_AEAD_AES_128_GCM`, `SRTP_AEAD_AES_256_GCM` or `SRTP_AES128_CM_SHA1_80`."""
    ours: bytes
    """Master key and salt of what we send (RFC 5764 4.2)."""
    theirs: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """No handshake: wrong fingerprint, no common profile, a TLS error, or 30 s passed."""

    detail: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer said goodbye (close_notify)."""


Event = Connected | Failed | Closed


class Identity:
    """Our certificate: one per process, a context per role shared by all sessions."""

    def __init__(self, profiles: Sequence[aiortc_dtls.SRTPProtectionProfile] = PROFILES) -> None:
        self.certificate = aiortc_dtls.RTCCertificate.generateCertificate()
        self._contexts: dict[Role, SSL.Context] = {"active": self._new_context(profiles), "passive": self._new_context(profiles)}
        # pyOpenSSL has no name for it; a failure leaves OpenSSL's own list, without P-224.
        _openssl.SSL_CTX_set1_curves_list(self._contexts["active"]._context, CLIENT_GROUPS)

    def context(self, role: Role) -> SSL.Context:
        """For our role."""
        return self._contexts[role]

    def _new_context(self, profiles: Sequence[aiortc_dtls.SRTPProtectionProfile]) -> SSL.Context:
        context = self.certificate._create_ssl_context(list(profiles))
        context.set_cipher_list(CIPHERS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return context

    @property
    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        """(hash function, upper-case hex with colons) for the answer: SHA-256, which every client knows."""
        return tuple((f.algorithm, f.value) for f in self.certificate.getFingerprints() if f.algorithm == "sha-256")


class Dtls:
    """One DTLS association. Feed it datagrams, then drain `take_datagrams` and `take_events`; times are monotonic ns."""

    def __init__(self, identity: Identity, role: Role, fingerprints: Sequence[tuple[str, str]], now: int) -> None:
        """`fingerprints` are the peer's (hash function, hex); the role is ours. An active side sends nothing before `start`."""
        self.role: Role = role
        self._fingerprints = fingerprints
        self._ssl = SSL.Connection(identity.context(role))
        if role == "passive":
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._give_up = now + LIFETIME
        self._deadline: int | None = None
        self._started = False
        self._connected = False
        self._over = False
        self.profile = ""
        """SRTP profile, once connected."""
        self._datagrams: list[bytes] = []
        self._events: list[Event] = []

    @property
    def connected(self) -> bool:
        """Keys were exported and the peer has not closed."""
        return self._connected and not self._over

    def start(self, now: int) -> None:
        """Begin; the lifetime of the handshake counts from here. Repeated calls do nothing."""
        if not self._started and not self._over:
            self._started = True
            self._give_up = now + LIFETIME
            self._step(now)

    def receive(self, datagram: bytes, now: int) -> None:
        """Take in one datagram whose first byte is 20–63; garbage is ignored by OpenSSL, as RFC 6347 4.1.2.7 wants."""
        if self._over or not datagram or not 20 <= datagram[0] <= 63:
            return
        self.start(now)
        try:
            self._ssl.bio_write(datagram)
        except SSL.Error:
            return
        self._step(now)

    def poll_timeout(self) -> int | None:
        """When `handle_timeout` is due."""
        if self._over or not self._started:
            return None
        if self._connected:
            return self._deadline
        return self._give_up if self._deadline is None else min(self._deadline, self._give_up)

    def handle_timeout(self, now: int) -> None:
        """Retransmit the last flight (RFC 6347 4.2.4), or give up."""
        if self._over or not self._started:
            return
        if not self._connected and now >= self._give_up:
            self._fail("no handshake within 30 s")
        elif self._deadline is not None and now >= self._deadline:
            try:
                self._ssl.DTLSv1_handle_timeout()
            except SSL.Error as error:
                if not self._connected:
                    self._fail(f"retransmission: {error}")
                return
            self._drain(now)

    def take_datagrams(self) -> list[bytes]:
        """What is to be sent, in order; each fits a path MTU."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """What happened since the last call."""
        taken, self._events = self._events, []
        return taken

    def close(self, now: int) -> None:
        """Say goodbye if there is somebody to say it to; then `take_datagrams` once more."""
        if self._connected and not self._over:
            with suppress(SSL.Error):
                self._ssl.shutdown()
            self._drain(now)
        self._over = True

    def _step(self, now: int) -> None:
        try:
            if self._connected:
                self._read()
            else:
                self._ssl.do_handshake()
                self._finish()
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self._over = True
            self._events.append(Closed() if self._connected else Failed("closed during the handshake"))
        except SSL.Error as error:
            if not self._connected:
                self._fail(f"handshake: {error}")
        self._drain(now)

    def _read(self) -> None:
        """Let OpenSSL see alerts and repeated handshake flights; application data has no meaning here."""
        for _ in range(8):
            self._ssl.recv(_READ)

    def _finish(self) -> None:
        if not self._peer_is_right():
            self._fail("fingerprint mismatch")
            return
        name = self._ssl.get_selected_srtp_profile()
        profile = next((known for known in PROFILES if known.openssl_profile == name), None)
        if profile is None:
            self._fail("no common SRTP profile")
            return
        material = self._ssl.export_keying_material(EXPORTER, 2 * (profile.key_length + profile.salt_length))
        client, server = profile.get_key_and_salt(material, 0), profile.get_key_and_salt(material, 1)
        ours, theirs = (server, client) if self.role == "passive" else (client, server)
        self._connected = True
        self.profile = name.decode()
        self._events.append(Connected(name.decode(), ours, theirs))

    def _peer_is_right(self) -> bool:
        """At least one known hash, and all of the known ones match (RFC 8122 5)."""
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        known = [(a.lower(), value.upper()) for a, value in self._fingerprints if a.lower() in aiortc_dtls.X509_DIGEST_ALGORITHMS]
        if certificate is None or not known:
            return False
        return all(value == aiortc_dtls.certificate_digest(certificate, algorithm) for algorithm, value in known)

    def _fail(self, detail: str) -> None:
        self._over = True
        self._events.append(Failed(detail))

    def _drain(self, now: int) -> None:
        try:
            written = self._ssl.bio_read(_READ)
        except SSL.Error:
            written = b""
        self._datagrams.extend(pack_records(written))
        seconds = None if self._over else self._ssl.DTLSv1_get_timeout()
        self._deadline = None if seconds is None else now + int(seconds * 1_000_000_000)


def pack_records(flight: bytes) -> list[bytes]:
    """Cut what OpenSSL wrote into datagrams of whole records (a memory BIO keeps no boundaries), each ≤ `MAX_DATAGRAM` if it can be."""
    datagrams: list[bytes] = []
    start = at = 0
    while at < len(flight):
        end = min(len(flight), _record_end(flight, at))
        if end - start > MAX_DATAGRAM and at > start:
            datagrams.append(flight[start:at])
            start = at
        at = end
    if at > start:
        datagrams.append(flight[start:at])
    return datagrams


def _record_end(flight: bytes, at: int) -> int:
    if not 20 <= flight[at] <= 26 or at + RECORD_HEADER > len(flight):
        return len(flight)
    return at + RECORD_HEADER + int.from_bytes(flight[at + 11 : at + 13], "big")
