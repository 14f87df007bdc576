"""Certificates: a real one from the settings, or in LAN mode one of a local CA made here.

Browsers give camera and microphone only to secure pages. The CA's key stays in the data directory (mode 0600); the server's
certificate is made again when the machine's addresses change or it ends within thirty days. RFC 5280.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import secrets
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.accounts.secret import write_private
from server.settings import Settings

CA_YEARS = 10
LEAF_DAYS = 397
"""Longer ones are refused by Safari."""
RENEW_DAYS = 30
PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Tls:
    """How this process serves; `context` None: plain HTTP."""

    context: ssl.SSLContext | None = None
    ca_pem: bytes = b""
    """The local CA's certificate, empty without one."""

    @property
    def ca_fingerprint(self) -> str:
        """SHA-256 of the CA's certificate, in pairs of hex digits."""
        der = x509.load_pem_x509_certificate(self.ca_pem).public_bytes(serialization.Encoding.DER) if self.ca_pem else b""
        return ":".join(f"{byte:02X}" for byte in hashlib.sha256(der).digest())


def prepare(settings: Settings, addresses: Sequence[str], now: dt.datetime) -> Tls:
    """The certificate the settings ask for. Raises `OSError` and `ssl.SSLError` for files that cannot be used."""
    if settings.tls_cert and settings.tls_key:
        return Tls(_context(settings.tls_cert, settings.tls_key))
    if not settings.lan:
        return Tls()
    directory = settings.data_dir / "tls"
    ca_cert, ca_key = local_ca(directory, now)
    leaf = directory / "server.pem"
    names = ("localhost", socket.gethostname())
    if not _leaf_fits(leaf, ca_cert, names, addresses, now):
        _replace(leaf, make_leaf(ca_cert, ca_key, names, addresses, now))
    return Tls(_context(leaf, leaf), ca_cert.public_bytes(PEM))


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(cert, key)
    return context


def local_ca(directory: Path, now: dt.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The CA in `directory`, made if there is none."""
    file = directory / "ca.pem"
    if not file.exists():
        write_private(file, _make_ca(now))
    content = file.read_bytes()
    key = serialization.load_pem_private_key(content, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise OSError(f"{file}: not a key of ours")
    return x509.load_pem_x509_certificate(content), key


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "shuangshi"), x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _make_ca(now: dt.datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"shuangshi local CA {secrets.token_hex(3)} ({socket.gethostname()})")
    cert = (
        _builder(name, name, key.public_key(), now, dt.timedelta(days=365 * CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _private_pem(key) + cert.public_bytes(PEM)


def make_leaf(
    ca_cert: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, names: Sequence[str], addresses: Sequence[str], now: dt.datetime
) -> bytes:
    """A server's key, certificate and CA certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    cert = (
        _builder(_name(names[-1]), ca_cert.subject, key.public_key(), now, dt.timedelta(days=LEAF_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names, addresses)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return _private_pem(key) + cert.public_bytes(PEM) + ca_cert.public_bytes(PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: dt.datetime, life: dt.timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=24))  # school PCs have wrong clocks
        .not_valid_after(now + life)
    )


def _alternatives(names: Sequence[str], addresses: Sequence[str]) -> list[x509.GeneralName]:
    known = ["127.0.0.1", "::1", *addresses]
    dns = [x509.DNSName(name) for name in dict.fromkeys(names) if name.isascii()]
    return [*dns, *(x509.IPAddress(ipaddress.ip_address(address)) for address in dict.fromkeys(known))]


def _leaf_fits(file: Path, ca: x509.Certificate, names: Sequence[str], addresses: Sequence[str], now: dt.datetime) -> bool:
    try:
        leaf = x509.load_pem_x509_certificate(file.read_bytes())
        leaf.verify_directly_issued_by(ca)
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:
        return False
    return set(_alternatives(names, addresses)) <= set(held) and leaf.not_valid_after_utc - now > dt.timedelta(days=RENEW_DAYS)


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    if write_private(draft, content):
        os.replace(draft, file)  # noqa: PTH105 — atomic by name
