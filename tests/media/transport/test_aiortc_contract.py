"""What we use of aiortc 1.16 below its public surface; when this fails, read `media/transport/dtls.py` before updating."""

from __future__ import annotations

from importlib.metadata import version

from aioice import stun
from aiortc import rtcdtlstransport as subject
from OpenSSL import SSL
from OpenSSL._util import lib

from media.transport.dtls import CLIENT_GROUPS


def test_the_version_is_the_pinned_one() -> None:
    assert version("aiortc") == "1.16.0"


def test_profiles_have_rfc_5764_and_7714_lengths() -> None:
    assert [
        (p.openssl_profile, p.key_length, p.salt_length)
        for p in (subject.SRTP_AEAD_AES_128_GCM, subject.SRTP_AEAD_AES_256_GCM, subject.SRTP_AES128_CM_SHA1_80)
    ] == [(b"SRTP_AEAD_AES_128_GCM", 16, 12), (b"SRTP_AEAD_AES_256_GCM", 32, 12), (b"SRTP_AES128_CM_SHA1_80", 16, 14)]


def test_key_material_is_cut_as_rfc_5764_says() -> None:
    material = bytes(range(2 * (16 + 12)))
    cut = subject.SRTP_AEAD_AES_128_GCM.get_key_and_salt
    assert cut(material, 0) == material[0:16] + material[32:44]
    assert cut(material, 1) == material[16:32] + material[44:56]


def test_certificates_give_context_and_fingerprints() -> None:
    certificate = subject.RTCCertificate.generateCertificate()
    assert isinstance(certificate._create_ssl_context([subject.SRTP_AEAD_AES_128_GCM]), SSL.Context)
    known = {fingerprint.algorithm: fingerprint.value for fingerprint in certificate.getFingerprints()}
    assert set(known) == set(subject.X509_DIGEST_ALGORITHMS) == {"sha-256", "sha-384", "sha-512"}
    assert known["sha-256"] == subject.certificate_digest(certificate._cert, "sha-256")


def test_stun_keeps_the_integrity_check_apart_from_parsing() -> None:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, None, {"USERNAME": "a:b"})
    message.add_message_integrity(b"key")
    parsed = stun.parse_message(bytes(message))
    assert parsed.check_message_integrity(b"key")
    assert not parsed.check_message_integrity(b"other")
    assert not stun.parse_message(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))).check_message_integrity(b"")


def test_openssl_takes_our_list_of_groups() -> None:
    assert lib.SSL_CTX_set1_curves_list(SSL.Context(SSL.DTLS_METHOD)._context, CLIENT_GROUPS) == 1
